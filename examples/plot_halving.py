"""When does halving pay?
======================

Boosting needs many rounds, and most candidates show early that they are no good. Four searches
tune the same model on the same splits for about the same number of boosting rounds: two evaluate
every candidate with all rounds, two give most candidates few rounds and the better ones more.
"""

# %%
# The data, the model, and what is searched.
import time

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform, uniform
from sklearn.datasets import make_friedman1
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingRandomSearchCV, RandomizedSearchCV

from skbayes import BayesSearchCV, HalvingBayesSearchCV, log_randint

X, y = make_friedman1(400, 10, noise=1.0, random_state=0)
MOST = 81
model = GradientBoostingRegressor(random_state=0, n_estimators=MOST)
space = {
    "learning_rate": loguniform(1e-3, 1),
    "max_depth": log_randint(1, 9),
    "min_samples_leaf": log_randint(1, 60),
    "max_features": uniform(0.1, 0.9),
    "subsample": uniform(0.3, 0.7),
}

# %%
# Successive halving with a factor of 3: 108 candidates get 3 rounds, 36 of them 9, 12 of those 27,
# and 4 the full 81. That costs as much as 16 candidates with all rounds, and so do five small
# brackets: of 9 candidates that begin with 9 rounds, of 5 that begin with 27, of 3 with all 81, and
# the first two kinds again.
halving = {"resource": "n_estimators", "max_resources": MOST, "cv": 3}
full = {"n_iter": 16, "cv": 3}
searches = {
    "RandomizedSearchCV": lambda seed: RandomizedSearchCV(model, space, random_state=seed, **full),
    "BayesSearchCV": lambda seed: BayesSearchCV(model, space, random_state=seed, **full),
    "HalvingRandomSearchCV": lambda seed: HalvingRandomSearchCV(
        model, space, n_candidates=108, min_resources=3, random_state=seed, **halving
    ),
    "HalvingBayesSearchCV": lambda seed: HalvingBayesSearchCV(
        model, space, n_brackets=5, random_state=seed, **halving
    ),
}

# %%
# Three seeds each. What counts is the score of the best candidate that had all rounds.
mean_curves = {}
print(f"{'':24s} {'best score':>10s} {'rounds a split':>15s} {'seconds':>8s}")
for name, make_search in searches.items():
    scores, spent, seconds, curves = [], [], [], []
    for seed in range(3):
        begin = time.perf_counter()
        columns = make_search(seed).set_params(refit=False).fit(X, y).cv_results_
        seconds.append(time.perf_counter() - begin)
        n_rounds = np.asarray(columns.get("n_resources", np.full(16, MOST)))
        at_the_top = n_rounds == n_rounds.max()
        so_far = np.where(at_the_top, columns["mean_test_score"], -np.inf)
        curves.append((np.cumsum(n_rounds), np.maximum.accumulate(so_far)))
        scores.append(so_far.max())
        spent.append(n_rounds.sum())
    print(f"{name:24s} {np.mean(scores):10.4f} {np.mean(spent):15.0f} {np.mean(seconds):8.1f}")
    grid = np.unique(np.concatenate([rounds for rounds, _ in curves]))
    mean = np.mean(
        [best[np.searchsorted(rounds, grid, side="right") - 1] for rounds, best in curves], axis=0
    )
    mean_curves[name] = grid[np.isfinite(mean)], mean[np.isfinite(mean)]

# %%
# The best score with all rounds, against the rounds spent.
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
for name, (n_rounds, mean) in mean_curves.items():
    axes.step(n_rounds, mean, where="post", label=name)
axes.set(
    xlabel="boosting rounds spent on each split",
    ylabel="best score with all rounds (R²), mean of 3 seeds",
    ylim=(0.75, None),
    title="Gradient boosting on Friedman's first problem",
)
axes.legend(loc="lower right")
plt.show()

# %%
# Here halving with a model is best. Sixteen candidates of `BayesSearchCV` with all rounds and 108
# candidates that were halved without a model come out equal; single seeds differ by 0.02. A small
# learning rate looks bad after three rounds and good after 81, so the first rungs throw good
# candidates away. Halving pays where a part of the resource tells the good from the bad, and where
# even a few fits with all of it are too expensive. Several brackets guard against the rest, and so
# does a model that knows how much each score was given.
