"""Can a model-based search beat the grid with a ninth of its fits?
================================================================

A support vector machine on the breast-cancer data has two parameters that matter, ``C`` and
``gamma``. `GridSearchCV` walks through 15 × 15 values of them; `BayesSearchCV` gets 25 candidates
in the same box, and so does `RandomizedSearchCV`. Who finds the better model?
"""

# %%
# The data, the pipeline, and a baseline: the estimator as it comes.
import json
import time

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=1)
model = make_pipeline(StandardScaler(), SVC())

# %%
# The three searches. A grid is a list of values; the other two take distributions, in which
# ``loguniform`` says that every order of magnitude is equally likely to hold the best value.
grid = {"svc__C": np.logspace(-2, 3, 15), "svc__gamma": np.logspace(-5, 1, 15)}
box = {"svc__C": loguniform(1e-2, 1e3), "svc__gamma": loguniform(1e-5, 1e1)}
searches = {
    "GridSearchCV": GridSearchCV(model, param_grid=grid),
    "RandomizedSearchCV": RandomizedSearchCV(model, box, n_iter=25, random_state=0),
    "BayesSearchCV": BayesSearchCV(model, param_distributions=box, n_iter=25, random_state=0),
}

rows = [
    (
        "no search",
        cross_val_score(model, X_train, y_train).mean(),
        model.fit(X_train, y_train).score(X_test, y_test),
        5,
        None,
    )
]
for name, search in searches.items():
    begin = time.perf_counter()
    search.fit(X_train, y_train)
    seconds = time.perf_counter() - begin
    n_fits = search.n_splits_ * len(search.cv_results_["params"])
    rows.append((name, search.best_score_, search.score(X_test, y_test), n_fits, seconds))

print(f"{'':20s} {'best CV score':>14s} {'held-out score':>15s} {'fits':>6s} {'seconds':>8s}")
for name, cv_score, held_out, n_fits, spent in rows:
    shown = "" if spent is None else f"{spent:.1f}"
    print(f"{name:20s} {cv_score:14.4f} {held_out:15.4f} {n_fits:6d} {shown:>8s}")
best_params = searches["BayesSearchCV"].best_params_
print("Best parameters of BayesSearchCV:", json.dumps(best_params))

# %%
# How good the best model was after so many fits.
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
for name, search in searches.items():
    best_so_far = np.maximum.accumulate(search.cv_results_["mean_test_score"])
    n_fits = search.n_splits_ * np.arange(1, len(best_so_far) + 1)
    axes.step(n_fits, best_so_far, where="post", label=name)
axes.axhline(rows[0][1], color="grey", linestyle=":", label="no search")
axes.set(
    xscale="log",
    xlabel="number of fits",
    ylabel="best cross-validated accuracy so far",
    ylim=(0.9, None),
    title="Breast cancer, SVC over C and gamma",
)
axes.legend(loc="lower right")
if plt.get_backend().lower() == "agg":
    figure.savefig("quickstart.png", dpi=120)
    print("The figure is in quickstart.png")
else:
    plt.show()

# %%
# Start with `BayesSearchCV` and two dozen candidates; keep the grid for spaces so small that you
# would look at every point of them anyway.
