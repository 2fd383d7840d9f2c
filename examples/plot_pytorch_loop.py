"""How do I tune a PyTorch training loop?
======================================

`Study` proposes, your own loop trains, and you tell it the score. There is no scikit-learn in it. A
loop that reports its score after every epoch need not finish the trials that have lost.
"""

# %%
# The loop: a small network is trained, and says its accuracy on validation data after every epoch.
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
    for epoch in range(1, n_epochs + 1):
        model.train()
        for batch in torch.randperm(len(X_train)).split(params["batch_size"]):
            loss = torch.nn.functional.cross_entropy(model(X_train[batch]), y_train[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            yield epoch, (model(X_valid).argmax(1) == y_valid).float().mean().item()


# %%
# The search. A greater score is better. A trial is ended where it is unlikely to come out above the
# best one. If a run diverges or raises an error, tell the study NaN, and it learns to avoid such
# parameters.
study = Study(
    {
        "learning_rate": loguniform(1e-4, 1e1),
        "n_units": log_randint(8, 128),
        "dropout": uniform(0, 0.6),
        "batch_size": [32, 64, 128, 256],
    },
    pruning="gp",
    random_state=0,
)
n_epochs = 0
for _ in range(25):
    trial = study.ask()
    for epoch, accuracy in train(trial.params):
        study.report(trial, epoch, accuracy)
        n_epochs += 1
        if study.should_prune(trial):
            break
    study.tell(trial)
print(study.best_trial.params, round(study.best_trial.score, 3))
print(f"{n_epochs} of {25 * 8} epochs")

# %%
# The curves of all trials, and the last scores by learning rate. Small dots are of trials that were
# ended early.
scores = np.array([trial.score for trial in study.trials])
rates = [trial.params["learning_rate"] for trial in study.trials]
is_ended = np.array([trial.outcome.is_pruned for trial in study.trials])
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True, layout="constrained")
for trial in study.trials:
    curve, color = trial.outcome.curve, "C7" if trial.outcome.is_pruned else "C0"
    left.plot(list(curve), list(curve.values()), marker=".", color=color, alpha=0.6)
left.set(xlabel="epoch", ylabel="validation accuracy", title="Grey trials were ended early")
right.scatter(rates, scores, s=np.where(is_ended, 8, 40), alpha=0.5)
right.set(xscale="log", xlabel="learning rate", title="The same trials by learning rate")
plt.show()

# %%
# If a loop is yours, keep it, and let a `Study` say what to train next, and what to give up.
