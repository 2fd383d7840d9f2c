"""Warnings of fits: once each, from wherever they come."""

import warnings

import pytest
from joblib import parallel_config
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from skbayes import BayesSearchCV
from skbayes.evaluation.fit_warnings import FitWarning, collect_warnings, show_warnings_once

X, Y = load_iris(return_X_y=True)


class Chatty(LogisticRegression):
    """Warns at every fit, of the same thing."""

    def fit(self, X, y, sample_weight=None):
        warnings.warn("the same every time", RuntimeWarning, stacklevel=1)
        return super().fit(X, y)


@pytest.mark.parametrize(("backend", "n_jobs"), [("loky", 1), ("loky", 2), ("threading", 2)])
def test_a_warning_of_every_fit_is_shown_once(backend, n_jobs):
    search = BayesSearchCV(
        Chatty(max_iter=500), {"C": [1, 2, 3]}, n_iter=3, cv=3, n_jobs=n_jobs, refit=False
    )
    with parallel_config(backend), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.fit(X, Y)
    assert [str(warning.message) for warning in caught] == ["the same every time"]
    assert caught[0].category is RuntimeWarning
    assert caught[0].filename == __file__


def test_a_warning_made_an_error_fails_the_fit():
    search = BayesSearchCV(Chatty(), {"C": [1, 2]}, cv=3, error_score="raise")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning, match="the same every time"):
            search.fit(X, Y)


def test_what_was_collected_is_shown_also_after_an_error():
    def fail():
        with show_warnings_once([]):
            warnings.warn("before the error", UserWarning, stacklevel=1)
            raise KeyError

    with pytest.warns(UserWarning, match="before the error"), pytest.raises(KeyError):
        fail()


def test_ignored_warnings_are_not_collected():
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with collect_warnings(found):
            warnings.warn("unheard", UserWarning, stacklevel=1)
    assert found == []


def test_warnings_brought_from_elsewhere_are_shown_with_the_others():
    brought = [FitWarning("from a worker", UserWarning, "fit.py", 3)] * 2
    with pytest.warns(UserWarning, match="from a worker") as caught, show_warnings_once(brought):
        pass
    assert len(caught) == 1
