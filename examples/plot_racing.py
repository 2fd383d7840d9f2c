"""What does racing skip, and what does it risk?
=============================================

Most candidates of a search are bad, and one or two of the five splits show it. The same search
runs twice, without and with racing. Afterwards the splits that racing skipped are evaluated too,
so that we see what it could have missed.
"""

# %%
# The data, the model, and what is searched.
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV

X, y = load_digits(return_X_y=True)
X, y = X[:600], y[:600]
model = make_pipeline(StandardScaler(), SVC())
space = {"svc__C": loguniform(1e-2, 1e4), "svc__gamma": loguniform(1e-6, 1e1)}
cv = StratifiedKFold(5, shuffle=True, random_state=0)
options = {"n_iter": 40, "cv": cv, "random_state": 0, "refit": False}

# %%
# From the first dropped candidate on, the two searches propose different candidates, because they
# know different scores.
whole = BayesSearchCV(model, space, racing=False, **options).fit(X, y)
raced = BayesSearchCV(model, space, **options).fit(X, y)
n_run = raced.cv_results_["n_splits_evaluated"]
print(f"without racing: {40 * 5} fits, best score {whole.best_score_:.4f}")
print(f"with racing:    {n_run.sum()} fits, best score {raced.best_score_:.4f}")

# %%
# What was skipped is evaluated now. A candidate was wrongly dropped if it is better than the best
# one that was not.
table = np.array([raced.cv_results_[f"split{split}_test_score"] for split in range(5)]).T
params = raced.cv_results_["params"]
full = [cross_val_score(clone(model).set_params(**p), X, y, cv=cv).mean() for p in params]
n_missed = sum(np.array(full)[n_run < 5] > raced.best_score_)
print(f"dropped candidates: {(n_run < 5).sum()}, of which better than the best: {n_missed}")

# %%
# Each row is a candidate, each column a split; white was not run.

figure, axis = plt.subplots(figsize=(4.5, 6.5), layout="constrained")
image = axis.imshow(table, aspect="auto", cmap="viridis", vmin=np.nanquantile(table, 0.3))
best = raced.best_index_
axis.add_patch(plt.Rectangle((-0.5, best - 0.5), 5, 1, fill=False, edgecolor="tab:red"))
axis.set(
    xlabel="split",
    ylabel="candidate, in the order they were proposed",
    xticks=range(5),
    title=f"{n_run.sum()} of {table.size} fits were run\n(the best candidate in red)",
)
figure.colorbar(image, label="accuracy on the split")
plt.show()

# %%
# Racing is on by default with four splits or more. Spend what it saves on more candidates.
