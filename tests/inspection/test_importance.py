"""Importance of parameters, on searches whose score is a formula of them."""

import re

import numpy as np
import pytest
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

from skbayes import BayesSearchCV
from skbayes.inspection import parameter_importance

X = np.zeros((4, 1))
LEVELS = {"a": 0.0, "b": 0.3, "c": 1.0}
DIGITS = {"abs": 0.01, "rel": 0}


class Formula(BaseEstimator):
    """A model whose score is a formula of its parameters."""

    def __init__(self, formula=None, x=0.5, y=1.0, k="a"):
        self.formula, self.x, self.y, self.k = formula, x, y, k

    def fit(self, X, y=None):
        return self

    def score(self, X, y=None):
        return self.formula(self)


class Many(BaseEstimator):
    """A model with forty parameters, three of which matter."""

    def __init__(self, **params):
        self.__dict__.update(dict.fromkeys(FORTY, 0.0) | params)

    @classmethod
    def _get_param_names(cls):
        return list(FORTY)

    def fit(self, X, y=None):
        return self

    def score(self, X, y=None):
        return 2 * self.p00 + self.p01 - self.p02


FORTY = {f"p{i:02}": uniform(0, 1) for i in range(40)}
SPACE = {"x": uniform(0, 1), "y": loguniform(1e-2, 1e1), "k": list(LEVELS)}


def additive(model):
    return 2 * model.x + np.log10(model.y) + LEVELS[model.k]


def interacting(model):
    return 4 * (model.x - 0.5) * np.log10(model.y * np.sqrt(10)) + LEVELS[model.k]


def searched(formula, space=SPACE, n_iter=60, kind=RandomizedSearchCV, **params):
    search = kind(Formula(formula), space, n_iter=n_iter, cv=2, random_state=0, **params)
    return search.set_params(refit=False).fit(X)


def by_name(importance, values):
    return dict(zip(importance.names, values, strict=True))


@pytest.mark.parametrize(("kind", "n_iter"), [(RandomizedSearchCV, 60), (BayesSearchCV, 30)])
def test_that_of_an_additive_score_is_the_closed_form(kind, n_iter):
    """The variances are 4 / 12, 9 / 12, and that of three numbers."""
    parts = {"x": 4 / 12, "y": 9 / 12, "k": np.var(list(LEVELS.values()))}
    expected = {name: part / sum(parts.values()) for name, part in parts.items()}
    importance = parameter_importance(searched(additive, n_iter=n_iter, kind=kind))
    assert importance.names == ["y", "x", "k"]
    assert by_name(importance, importance.main) == pytest.approx(expected, **DIGITS)
    assert by_name(importance, importance.total) == pytest.approx(expected, **DIGITS)
    assert max(importance.interactions.values()) < 0.01
    assert importance.among == "all"
    assert re.match(r"y   (59|60|61)% \[", str(importance))


def test_that_of_an_interaction_is_the_closed_form():
    """The variance of the product is 16 (1 / 12) (9 / 12), all of it in both together."""
    product, category = 1.0, np.var(list(LEVELS.values()))
    both = product / (product + category)
    importance = parameter_importance(searched(interacting, n_iter=100))
    main, total = (by_name(importance, each) for each in (importance.main, importance.total))
    assert main == pytest.approx({"x": 0, "y": 0, "k": 1 - both}, **DIGITS)
    assert total == pytest.approx({"x": both, "y": both, "k": 1 - both}, **DIGITS)
    assert next(iter(importance.interactions)) == ("x", "y")
    assert importance.interactions["x", "y"] == pytest.approx(both, **DIGITS)
    assert sorted(importance.interactions) == [("k", "x"), ("k", "y"), ("x", "y")]


def test_a_bayesian_search_tells_of_the_whole_space_not_only_of_the_best():
    def smooth(model):
        return -((model.x - 0.5) ** 2) - 0.3 * (np.log10(model.y) / 3) ** 2

    space = SPACE | {"k": ["a", "b"]}
    importance = parameter_importance(searched(smooth, space, 40, BayesSearchCV))
    assert importance.names == ["x", "y", "k"]
    u = 3 * np.random.default_rng(0).random(200_000) - 2
    parts = np.array([1 / 180, np.var(0.3 * (u / 3) ** 2), 0])
    assert importance.total == pytest.approx(parts / parts.sum(), abs=0.05)  # few are bad


def threshold(model):
    """Below a quarter of `x` all is bad; among the good ones `y` counts."""
    return -3.0 * (model.x < 0.5) + 0.5 * np.log10(model.y)


def test_among_the_best_a_parameter_that_only_decides_what_is_bad_counts_less():
    search = searched(threshold, n_iter=120)
    everywhere = parameter_importance(search)
    among_best = parameter_importance(search, among="best")
    assert everywhere.names == ["x", "y", "k"]
    assert among_best.among == "best"
    shares, best = (by_name(each, each.total) for each in (everywhere, among_best))
    assert shares["x"] > 2 * shares["y"]
    assert best["y"] > best["x"]
    assert best["k"] < 0.1


def test_intervals_contain_the_point_and_shrink_with_the_trials():
    widths = []
    for n_iter in (8, 25, 100):
        importance = parameter_importance(searched(interacting, n_iter=n_iter))
        assert (importance.low <= importance.total).all()
        assert (importance.total <= importance.high).all()
        assert (importance.main <= importance.total).all()
        assert ((importance.low >= 0) & (importance.high <= 1)).all()
        widths.append((importance.high - importance.low).mean())
    assert widths[0] > 2 * widths[1] > 4 * widths[2]


def test_the_same_search_has_the_same_importance():
    search = searched(additive, n_iter=15)
    one, same = parameter_importance(search), parameter_importance(search)
    other = parameter_importance(search, random_state=1)
    np.testing.assert_array_equal([one.low, one.high], [same.low, same.high])
    np.testing.assert_array_equal(one.total, other.total)
    assert not np.array_equal(one.low, other.low)


@pytest.mark.parametrize("among", ["all", "best"])
def test_a_constant_has_no_importance(among):
    search = searched(additive, {"x": [0.5]}, n_iter=1)
    search.cv_results_ = {name: np.repeat(v, 2) for name, v in search.cv_results_.items()}
    importance = parameter_importance(search, among=among)
    assert importance.names == []
    assert importance.total.shape == importance.low.shape == (0,)
    assert importance.interactions == {}
    assert str(importance) == ""


@pytest.mark.parametrize("among", ["all", "best"])
def test_equal_scores_have_zeros(among):
    importance = parameter_importance(searched(lambda model: 0.5, n_iter=10), among=among)
    assert sorted(importance.names) == ["k", "x", "y"]
    assert importance.main.tolist() == importance.total.tolist() == [0, 0, 0]
    assert set(importance.interactions.values()) == {0}


@pytest.mark.slow
def test_three_of_forty_parameters_are_found():
    search = RandomizedSearchCV(Many(), FORTY, n_iter=120, cv=2, random_state=0, refit=False)
    importance = parameter_importance(search.fit(X))
    assert importance.names[:3] == ["p00", "p01", "p02"] or importance.names[:3] == [
        "p00",
        "p02",
        "p01",
    ]
    assert importance.total[0] == pytest.approx(4 / 6, abs=0.05)
    assert importance.total[3:].max() < 0.02
    assert len(importance.interactions) == 15


def test_numbers_and_none_are_one_parameter():
    """Five values, each of which is drawn as often."""

    def depth(model):
        return {None: 0.0, 1: 3.0, 2: 1.0, 4: 0.0}[model.k] + model.x

    space = {"k": [None, 1, 2, 4], "x": uniform(0, 1)}
    importance = parameter_importance(searched(depth, space, 80))
    of_depth, of_x = np.var([0, 3, 1, 0]), 1 / 12
    assert importance.names == ["k", "x"]
    assert importance.total == pytest.approx(
        np.array([of_depth, of_x]) / (of_depth + of_x), **DIGITS
    )


def test_the_choice_of_a_dict_is_a_parameter():
    """Half of the candidates have `x` and no `y`; the others score 3 more."""

    def union(model):
        return 3.0 + np.log10(model.y) / 3 if model.k == "b" else model.x

    space = [{"x": uniform(0, 1), "k": ["a"]}, {"y": loguniform(1e-2, 1e1), "k": ["b"]}]
    importance = parameter_importance(searched(union, space, 80))
    assert importance.names[0] == "dict"
    assert sorted(importance.names) == ["dict", "x", "y"]
    # Means 0.5 and 2.83; within each half a uniform number of width 1.
    of_dict, within = (2.5 - 1 / 6) ** 2 / 4, 1 / 12
    main, total = (by_name(importance, each) for each in (importance.main, importance.total))
    V = of_dict + within
    assert main["dict"] == pytest.approx(of_dict / V, **DIGITS)
    assert total["x"] == pytest.approx(within / 2 / V, **DIGITS)
    assert total["y"] == pytest.approx(within / 2 / V, **DIGITS)
    assert main["x"] == pytest.approx(within / 4 / V, **DIGITS)


def test_grids_of_scikit_learn_have_it():
    grid = GridSearchCV(Formula(additive), {"x": [0, 0.5, 1], "k": list("abc")}, cv=2, refit=False)
    importance = parameter_importance(grid.fit(X))
    parts = np.array([4 / 6, np.var(list(LEVELS.values()))])
    assert importance.names == ["x", "k"]
    assert importance.total == pytest.approx(parts / parts.sum(), abs=0.02)


def two_metrics(model, X, y=None):
    return {"a": model.x, "b": np.log10(model.y)}


def test_metrics_are_told_apart():
    search = searched(additive, n_iter=20, scoring=two_metrics)
    assert parameter_importance(search, metric="a").names[0] == "x"
    assert parameter_importance(search, metric="b").names[0] == "y"
    with pytest.raises(ValueError, match=r"no metric selects .* give 'a' or 'b'"):
        parameter_importance(search)
    with pytest.raises(ValueError, match=r"metric='c' is not a metric .* give 'a' or 'b'"):
        parameter_importance(search, metric="c")


def test_what_is_wrong_is_said():
    with pytest.raises(NotFittedError):
        parameter_importance(BayesSearchCV(Formula(additive), SPACE))
    with pytest.raises(ValueError, match="among='top': give 'all' or 'best'"):
        parameter_importance(searched(additive, n_iter=2), among="top")
    with pytest.raises(ValueError, match="at least two candidates with a score"):
        parameter_importance(searched(additive, n_iter=1))
