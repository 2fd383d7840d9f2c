"""How do I tune a PyTorch training loop?
======================================

`Study` proposes, your own loop trains, and you tell it the score. Nothing about the loop has to
change, and there is no scikit-learn in it.
"""

# %%
# The loop: a small network is trained, and the accuracy on validation data is returned.
import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.stats import loguniform, uniform
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skbayes import Study, log_randint

torch.set_num_threads(1)  # so small a network is no faster on two
X, y = load_digits(return_X_y=True)
X_train, X_valid, y_train, y_valid = (
    torch.as_tensor(part)
    for part in train_test_split(X.astype("float32") / 16, y, test_size=0.3, random_state=0)
)


def train(params, n_epochs=8):
    torch.manual_seed(0)
    n_units = params["n_units"]
    model = torch.nn.Sequential(
        torch.nn.Linear(64, n_units),
        torch.nn.ReLU(),
        torch.nn.Dropout(params["dropout"]),
        torch.nn.Linear(n_units, 10),
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=params["learning_rate"], momentum=0.9)
    for _ in range(n_epochs):
        model.train()
        for batch in torch.randperm(len(X_train)).split(params["batch_size"]):
            loss = torch.nn.functional.cross_entropy(model(X_train[batch]), y_train[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        return (model(X_valid).argmax(1) == y_valid).float().mean().item()


# %%
# The search. A greater score is better. If a run diverges or raises an error, tell the study NaN,
# and it learns to avoid such parameters.
study = Study(
    {
        "learning_rate": loguniform(1e-4, 1e1),
        "n_units": log_randint(8, 128),
        "dropout": uniform(0, 0.6),
        "batch_size": [32, 64, 128, 256],
    },
    random_state=0,
)
for _ in range(25):
    trial = study.ask()
    study.tell(trial, train(trial.params))
print(study.best_trial.params, round(study.best_trial.score, 3))

# %%
# All trials, by their learning rate and in their order.
scores = np.array([trial.score for trial in study.trials])
rates = [trial.params["learning_rate"] for trial in study.trials]
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True, layout="constrained")
left.plot(scores, "o", alpha=0.5)
left.plot(np.maximum.accumulate(scores), drawstyle="steps-post", color="C3")
left.set(xlabel="trial", ylabel="validation accuracy", title="Trials, and the best so far")
right.plot(rates, scores, "o", alpha=0.5)
right.set(xscale="log", xlabel="learning rate", title="The same trials by learning rate")
plt.show()

# %%
# If a loop is yours, keep it, and let a `Study` say what to train next.
