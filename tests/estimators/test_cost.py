"""`cost`: candidates are chosen by what they are worth for their price."""

import numpy as np
import pytest
from joblib import parallel_config
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor

from skbayes import BayesSearchCV, TPESearchCV, log_randint

X, y = load_diabetes(return_X_y=True)
X, y = X[:120], y[:120]
SPACE = {"learning_rate": loguniform(0.01, 1), "max_depth": log_randint(1, 6)}


class Priced(RegressorMixin, BaseEstimator):
    """Is as good with few rounds as with many."""

    def __init__(self, x=0.5, n_rounds=10):
        self.x, self.n_rounds = x, n_rounds

    def fit(self, X, y):
        return self

    def score(self, X, y):
        return -((self.x - 0.3) ** 2)


@pytest.mark.parametrize("cls", [pytest.param(BayesSearchCV, marks=pytest.mark.slow), TPESearchCV])
def test_a_function_of_the_parameters_keeps_the_candidates_cheap(cls):
    space = {"x": uniform(0, 1), "n_rounds": log_randint(1, 1000)}
    n_rounds = {True: 0, False: 0}
    for seed in range(3):
        for cost in (None, lambda params: params["n_rounds"]):
            search = cls(Priced(), space, n_iter=25, cv=2, random_state=seed, cost=cost).fit(X, y)
            n_rounds[cost is None] += np.sum(search.cv_results_["param_n_rounds"][12:])
            assert search.best_score_ > -0.02
    assert n_rounds[False] < 0.7 * n_rounds[True]


def staged(**options):
    model = GradientBoostingRegressor(n_estimators=120, random_state=0)
    options = {"n_iter": 12, "cv": 3, "random_state": 0, "cost": "rounds"} | options
    return BayesSearchCV(model, SPACE, staged="n_estimators", **options).fit(X, y)


@pytest.mark.slow
def test_with_rounds_as_the_cost_the_search_is_the_same_for_every_number_of_workers(tmp_path):
    path = tmp_path / "journal.jsonl"
    search = staged(checkpoint=path)
    with parallel_config("threading"):
        other = staged(n_jobs=2)
    assert other.cv_results_["params"] == search.cv_results_["params"]
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:9]))
    assert staged(checkpoint=path).cv_results_["params"] == search.cv_results_["params"]
    assert staged(cost=None).cv_results_["params"] != search.cv_results_["params"]


def test_measured_time_can_be_the_cost():
    search = BayesSearchCV(Priced(), {"x": uniform(0, 1)}, n_iter=10, cv=2, cost="fit_time")
    assert search.fit(X, y).best_score_ > -0.05


@pytest.mark.parametrize(
    ("cost", "message"),
    [
        ("rounds", "cost='rounds' are the rounds of a model that grows"),
        ("time", "The 'cost' parameter of BayesSearchCV must be"),
        (lambda params: 0, r"cost: 0 came for \{'x': 0\.5\}; return a positive number"),
    ],
)
def test_a_cost_that_cannot_be_is_refused_before_anything_is_fitted(cost, message):
    with pytest.raises(ValueError, match=message):
        BayesSearchCV(Priced(), {"x": uniform(0, 1)}, cost=cost).fit(X, y)
