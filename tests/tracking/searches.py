"""Searches that the tests of all trackers send."""

import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from skbayes import BayesSearchCV, HalvingBayesSearchCV

X, Y = load_iris(return_X_y=True)
SPACE = {"C": loguniform(1e-2, 1e3), "kernel": ["rbf", "linear"], "shrinking": [True, False]}


def search_of(callback, **options):
    """Return a small search."""
    options = {"n_iter": 4, "cv": 3, "random_state": 0} | options
    return BayesSearchCV(SVC(), SPACE, callbacks=callback, **options)


def halving_of(callback):
    """Return a small search with rungs."""
    options = {"n_candidates": 4, "min_resources": 30, "cv": 3, "random_state": 0}
    return HalvingBayesSearchCV(SVC(), SPACE, callbacks=callback, **options)


class FailsForLargeC(SVC):
    def fit(self, X, y):
        if self.C > 10:
            raise ValueError("C is too large")
        return super().fit(X, y)


def stops_at(number):
    """Return a callback that interrupts a search as Ctrl-C does."""

    def stop(search, trial):
        if trial.number == number:
            raise KeyboardInterrupt

    return stop


def scores_of(search, number):
    """Return what a tracker has to have as metrics of the scores of a trial."""
    results = search.cv_results_
    names = ["mean_test_score", "std_test_score", *(f"split{k}_test_score" for k in range(3))]
    return {name: float(results[name][number]) for name in names}


def is_plain(params):
    """Whether the values have Python's own types."""
    return all(type(value) in (bool, int, float, str) for value in params.values())


def assert_same(metrics, expected):
    """Check metrics that were read back."""
    for name, value in expected.items():
        np.testing.assert_allclose(metrics[name], value, rtol=1e-6, err_msg=name)
