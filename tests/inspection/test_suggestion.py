"""The next space reaches beyond edges, leaves out what was never good, and keeps its kinds."""

import numpy as np
import pytest
from scipy import stats
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from skbayes import BayesSearchCV, log_randint
from skbayes.inspection import suggest_space
from skbayes.space import Space

X, Y = np.zeros((20, 1)), np.repeat([0, 1], 10)


class Formula(BaseEstimator):
    """Its score is a function of its parameters alone."""

    def __init__(self, x=0.0, n=1, kind="a", size=1):
        self.x, self.n, self.kind, self.size = x, n, kind, size

    def fit(self, X, y):
        return self

    def score(self, X, y):
        penalty = {"a": 0.0, "b": 5.0, "c": 0.1}[self.kind]
        return -abs(np.log10(self.x)) - abs(self.n - 50) / 50 - penalty - abs(self.size - 3)


def found(space, **options):
    return BayesSearchCV(Formula(x=1.0), space, cv=2, random_state=0, **options).fit(X, Y)


@pytest.mark.parametrize(
    "distribution, low, high",
    [
        (stats.loguniform(1e-6, 1e-2), 1e-6, 1.0),
        (stats.loguniform(1e2, 1e6), 1.0, 1e6),
        (stats.uniform(2, 8), 0.0, 10.0),
        (stats.uniform(0.01, 0.49), 0.01, 0.745),
    ],
)
def test_a_range_grows_where_the_best_lies_at_its_end(distribution, low, high):
    grown = suggest_space(found({"x": distribution}, n_iter=15))["x"]
    assert type(grown.dist) is type(distribution.dist)
    old_low, old_high = distribution.support()
    new_low, new_high = grown.support()
    assert new_low < old_low or new_high > old_high
    assert low <= new_low < new_high <= high * (1 + 1e-9)


def test_a_share_stays_at_most_one_and_a_positive_number_positive():
    shares = found({"x": stats.uniform(0.5, 0.5)}, n_iter=12)
    assert suggest_space(shares)["x"].support()[1] == 1.0
    counts = found({"n": stats.randint(60, 200)}, n_iter=12)
    assert suggest_space(counts)["n"].support()[0] < 60
    counts = found({"size": log_randint(4, 100)}, n_iter=12)
    new = suggest_space(counts)["size"]
    assert 1 <= new.support()[0] < 4
    assert new.dist.name == "log_randint"


def test_a_range_shrinks_to_what_was_good_and_a_margin():
    search = found({"x": stats.loguniform(1e-6, 1e6), "n": stats.randint(1, 1000)}, n_iter=40)
    new = suggest_space(search)
    low, high = new["x"].support()
    assert 1e-6 < low < 1.0 < high < 1e6
    low, high = new["n"].support()
    assert low < 50 < high < 999


def test_categories_are_left_out_only_if_they_were_tried_and_never_good():
    space = {"kind": ["a", "b", "c"], "x": stats.loguniform(1e-2, 1e2)}
    few = found(space, n_iter=8)
    assert suggest_space(few)["kind"] == ["a", "b", "c"]
    values = np.linspace(0.5, 2, 7)
    grid = GridSearchCV(Formula(), {"kind": ["a", "b", "c"], "x": list(values)}, cv=2).fit(X, Y)
    assert suggest_space(grid)["kind"] == ["a", "c"]


def test_listed_numbers_are_kept_between_the_good_ones():
    space = {"x": [1e-6, 1e-4, 0.1, 1, 10, 1e4, 1e6], "n": [10, 30, 50, 70, 90]}
    grid = GridSearchCV(Formula(), space, cv=2).fit(X, Y)
    new = suggest_space(grid)
    assert 1 in new["x"]
    assert set(new["x"]) < set(space["x"])
    assert new["x"] == sorted(new["x"])


def test_a_list_of_dicts_stays_one_without_those_that_were_never_good():
    x = stats.loguniform(1e-2, 1e2)
    space = [{"kind": ["b"], "x": x}, {"kind": ["a"], "x": x, "n": stats.randint(1, 100)}]
    new = suggest_space(found(space, n_iter=40))
    assert [grid["kind"] for grid in new] == [["a"]]
    assert Space(new).names == {"kind", "x", "n"}


def test_what_cannot_be_moved_stays_as_it_is():
    space = {"x": stats.lognorm(1.0), "kind": ["a"]}
    new = suggest_space(found(space, n_iter=12))
    assert new["x"] is space["x"]
    assert new["kind"] is space["kind"]


def test_a_search_goes_on_in_the_suggested_space():
    old = found({"x": stats.loguniform(1e-6, 1e-2)}, n_iter=12)
    search = found(suggest_space(old), n_iter=8, initial_trials=old)
    assert len(search.cv_results_["params"]) == 20
    assert search.best_score_ > old.best_score_


def test_without_results_there_is_no_suggestion():
    with pytest.raises(NotFittedError):
        suggest_space(BayesSearchCV(Formula(), {"x": [1, 2]}))


def test_integers_and_positive_numbers_stay_valid_at_the_lower_end():
    low = found({"size": stats.randint(4, 30)}, n_iter=12)
    assert suggest_space(low)["size"].support()[0] >= 1
    positive = found({"x": stats.uniform(1.5, 8)}, n_iter=12)
    assert suggest_space(positive)["x"].support()[0] > 0
