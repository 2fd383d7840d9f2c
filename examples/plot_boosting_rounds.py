"""How many boosting rounds: searched, by early stopping, or found on the way?
===========================================================================

The number of rounds and the learning rate belong together: half the rate needs about twice the
rounds. A search can tune both. It can tune everything but the rounds, and let each fit stop by
samples that were set aside. Or it can score each fit after every stage of its growth, and take the
number of rounds with the best mean over the splits: ``staged``.
"""

# %%
# Histogram gradient boosting holds out a tenth of its training samples to stop early. XGBoost wants
# an ``eval_set``, here a fifth of the data. ``staged`` sets nothing aside. All searches have the
# same other parameters and the same number of candidates.
import time

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import make_friedman1
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import train_test_split
from xgboost import XGBRegressor

from skbayes import BayesSearchCV, log_randint
from skbayes.inspection import StageCurvesDisplay

X, y = make_friedman1(3000, 10, noise=4.0, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=300, random_state=0)
X_fit, X_stop, y_fit, y_stop = train_test_split(X_train, y_train, test_size=0.2, random_state=0)
rounds = log_randint(10, 300)


def search_of(model, space, **options):
    return BayesSearchCV(model, space, n_iter=25, n_jobs=2, random_state=0, **options)


leaves = {
    "learning_rate": loguniform(1e-2, 1),
    "max_leaf_nodes": log_randint(2, 32),
    "min_samples_leaf": log_randint(2, 60),
}
trees = {
    "learning_rate": loguniform(1e-2, 1),
    "max_depth": log_randint(1, 8),
    "reg_lambda": loguniform(1e-2, 100),
}
histograms = HistGradientBoostingRegressor(max_iter=300, early_stopping=False, random_state=0)
stopping = HistGradientBoostingRegressor(
    max_iter=300, early_stopping=True, n_iter_no_change=20, random_state=0
)
xgboost = XGBRegressor(n_estimators=300, n_jobs=1, random_state=0)
xgboost_stopping = XGBRegressor(
    n_estimators=300, early_stopping_rounds=20, n_jobs=1, random_state=0
)
searches = {
    "histograms, rounds tuned": search_of(histograms, {**leaves, "max_iter": rounds}),
    "histograms, early stopping": search_of(stopping, leaves),
    "histograms, staged": search_of(histograms, leaves, staged="max_iter"),
    "histograms, pruned": search_of(histograms, leaves, staged="max_iter", pruning="gp"),
    "XGBoost, rounds tuned": search_of(xgboost, {**trees, "n_estimators": rounds}),
    "XGBoost, eval_set": search_of(xgboost_stopping, trees),
    "XGBoost, staged": search_of(xgboost, trees, staged="n_estimators"),
}


def n_rounds(model):
    if isinstance(model, HistGradientBoostingRegressor):
        return model.n_iter_
    return model.best_iteration + 1 if model.early_stopping_rounds else model.n_estimators


print(f"{'':28s}CV R2  held out  rounds   fits  seconds")
for name, search in searches.items():
    begin = time.perf_counter()
    if name.endswith("eval_set"):
        search.fit(X_fit, y_fit, eval_set=[(X_stop, y_stop)], verbose=False)
    else:
        search.fit(X_train, y_train)
    seconds = time.perf_counter() - begin
    n_fits = search.cv_results_["n_splits_evaluated"].sum()
    print(
        f"{name:28s}{search.best_score_:.3f}    {search.score(X_test, y_test):.3f}  "
        f"{n_rounds(search.best_estimator_):6d}  {n_fits:5d}  {seconds:7.1f}"
    )

# %%
# For XGBoost, rounds that were tuned or found are better than those at which a fifth of the data
# says stop: that fifth is not fitted to. For histograms, stopping by a tenth is as good here, and
# quickest. A staged search takes longer than the others here: it ends its fits when more rounds
# bring nothing, but it predicts after many rounds of each, which takes about as long as fits of
# models as small as these. With ``pruning="gp"`` it ends candidates that have lost while their
# first split grows: some more fits are saved.
#
# The mean scores of the ten best candidates of a staged search, as they grow; a dot marks the
# number of rounds of each. A curve ends where 30 rounds, a tenth of the most, have brought nothing.
figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
StageCurvesDisplay.from_search(searches["histograms, staged"], ax=ax)
plt.show()

# %%
# The same for the winners on held-out data: where each would have been best, and where it ended.
figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for name, search in list(searches.items())[:3]:
    stages = search.best_estimator_.staged_predict(X_test)
    errors = [np.mean((y_test - prediction) ** 2) for prediction in stages]
    [line] = ax.plot(np.arange(1, len(errors) + 1), errors, label=name)
    ax.plot(len(errors), errors[-1], "o", color=line.get_color())
ax.set(
    xscale="log",
    xlabel="round",
    ylabel="mean squared error on held-out data",
    title="The three winners, round by round",
)
ax.legend()
plt.show()
