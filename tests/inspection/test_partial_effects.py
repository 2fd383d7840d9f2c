"""Effects of one and two parameters, on searches whose score is a formula of them."""

import numpy as np
import pytest
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import RandomizedSearchCV

from skbayes import BayesSearchCV
from skbayes.inspection import partial_effect
from skbayes.inspection.partial_effects import N_GRID, N_GRID_2D

X = np.zeros((4, 1))


class Formula(BaseEstimator):
    """A model whose score is a formula of its parameters."""

    def __init__(self, formula=None, x=0.5, y=1.0, k="a", depth=None, n=1, c=0):
        self.formula, self.x, self.y, self.k = formula, x, y, k
        self.depth, self.n, self.c = depth, n, c

    def fit(self, X, y=None):
        return self

    def score(self, X, y=None):
        return self.formula(self)


PARTS = {
    "x": lambda x: 1.5 * np.sin(2 * x),
    "y": lambda y: np.log10(y) / 2 - np.log10(y) ** 2 / 6,
    "k": lambda k: {"a": 0.0, "b": 0.8, "c": 0.3}[k],
    "depth": lambda depth: {None: 1.0, 1: 0.0, 2: 0.4, 4: 0.9}[depth],
    "n": lambda n: -0.02 * (n - 6) ** 2,
}
SPACE = {
    "x": uniform(0, 1),
    "y": loguniform(1e-2, 1e1),
    "k": ["a", "b", "c"],
    "depth": [None, 1, 2, 4],
    "n": randint(1, 11),
    "c": [0],
}


def additive(model):
    return sum(part(getattr(model, name)) for name, part in PARTS.items())


def searched(formula=additive, space=SPACE, n_iter=120, kind=RandomizedSearchCV):
    search = kind(Formula(formula), space, n_iter=n_iter, cv=2, random_state=0, refit=False)
    return search.fit(X)


@pytest.fixture(scope="module")
def search():
    return searched()


def is_up_to_a_constant(found, truth):
    error = found - truth
    return np.abs(error - error.mean()).max() < 0.02 * np.ptp(truth)


@pytest.mark.parametrize("name", PARTS)
def test_the_part_of_one_parameter_is_found(search, name):
    effect = partial_effect(search, name)
    assert effect.names == (name,)
    (values,) = effect.values
    assert is_up_to_a_constant(effect.mean, np.array([PARTS[name](value) for value in values]))
    assert effect.std.shape == effect.mean.shape == effect.positions[0].shape
    assert (effect.std > 0).all()


def test_values_are_those_of_the_user(search):
    values = {name: partial_effect(search, name).values[0] for name in PARTS}
    assert values["k"] == ["a", "b", "c"]
    assert values["depth"] == [None, 1, 2, 4]
    assert values["n"] == list(range(1, 11))
    assert len(values["y"]) == N_GRID
    np.testing.assert_allclose(np.diff(np.log10(values["y"])), 3 / (N_GRID - 1), rtol=0.01)
    assert min(values["y"]) == pytest.approx(1e-2, rel=0.02)


@pytest.mark.parametrize("names", [("x", "y"), ("k", "x"), ["depth", "k"]])
def test_the_parts_of_two_parameters_are_found(search, names):
    effect = partial_effect(search, names)
    one, two = ([PARTS[n](v) for v in vs] for n, vs in zip(names, effect.values, strict=True))
    assert effect.mean.shape == effect.std.shape == (len(one), len(two))
    assert is_up_to_a_constant(effect.mean, np.add.outer(one, two))
    assert max(effect.mean.shape) <= N_GRID_2D


def test_the_level_is_that_of_the_scores(search):
    """The average over a parameter of the average over all others."""
    level = partial_effect(search, "n").mean.mean()
    assert level == pytest.approx(search.cv_results_["mean_test_score"].mean(), abs=0.15)


def test_two_parameters_that_interact_are_no_sum():
    def product(model):
        return 4 * (model.x - 0.5) * np.log10(model.y)

    effect = partial_effect(searched(product, {n: SPACE[n] for n in "xy"}, 60), ("x", "y"))
    x, y = map(np.array, effect.values)
    assert is_up_to_a_constant(effect.mean, np.outer(4 * (x - 0.5), np.log10(y)))


def test_it_is_less_certain_where_no_candidate_is():
    search = searched(lambda model: np.sin(6 * model.x), {"x": [*np.linspace(0, 1, 201)]}, 30)
    table = search.cv_results_
    is_near = np.array([params["x"] < 0.4 for params in table["params"]])
    search.cv_results_ = {name: np.asarray(column)[is_near] for name, column in table.items()}
    effect = partial_effect(search, "x")
    x = np.array(effect.values[0])
    assert effect.std[x > 0.7].min() > 10 * effect.std[x < 0.3].max()


@pytest.mark.parametrize("name", ["x", "k"])
def test_a_bayesian_search_has_one_too(name):
    search = searched(additive_of_two, {"x": SPACE["x"], "k": SPACE["k"]}, 40, BayesSearchCV)
    effect = partial_effect(search, name)
    truth = np.array([PARTS[name](value) for value in effect.values[0]])
    assert is_up_to_a_constant(effect.mean, truth)


def additive_of_two(model):
    return PARTS["x"](model.x) + PARTS["k"](model.k)


UNION = [
    {"x": uniform(0, 1), "k": ["a"]},
    {"y": loguniform(1e-2, 1e1), "k": ["b"], "depth": [None, 1, 2, 4]},
]


def test_a_parameter_of_one_dict_is_averaged_over_that_dict():
    def union(model):
        if model.k == "a":
            return model.x
        return PARTS["y"](model.y) + PARTS["depth"](model.depth)

    search = searched(union, UNION, 120)
    for name in ("y", "depth"):
        effect = partial_effect(search, name)
        truth = np.array([PARTS[name](value) for value in effect.values[0]])
        assert is_up_to_a_constant(effect.mean, truth)
    effect = partial_effect(search, "x")
    np.testing.assert_allclose(effect.mean, effect.values[0], atol=0.02)
    effect = partial_effect(search, "dict")
    assert effect.values == [[0, 1]]
    assert effect.mean[0] == pytest.approx(0.5, abs=0.02)
    with pytest.raises(ValueError, match="no dict of the space has 'x' and 'y'"):
        partial_effect(search, ("x", "y"))
    with pytest.raises(ValueError, match="'k' has one value only; give one or two of 'dict', 'x'"):
        partial_effect(search, "k")


def test_a_parameter_of_several_dicts_is_that_of_the_best():
    def union(model):
        return model.x if model.k == "a" else 3.0 - model.x

    dicts = [{"x": uniform(0, 1), "k": [k]} for k in ("a", "b")]
    search = searched(union, dicts, 60)
    x = partial_effect(search, "x").values[0]
    assert search.best_params_["k"] == "b"
    np.testing.assert_allclose(partial_effect(search, "x").mean, 3.0 - np.array(x), atol=0.05)
    del search.best_params_  # as if several metrics had none that selects
    np.testing.assert_allclose(partial_effect(search, "x").mean, x, atol=0.05)


def test_the_same_search_has_the_same_effect(search):
    one, same, other = (partial_effect(search, "x", random_state=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal([one.mean, one.std], [same.mean, same.std])
    np.testing.assert_array_equal(one.mean, other.mean)
    assert not np.array_equal(one.std, other.std)


def test_what_is_wrong_is_said(search):
    known = "give one or two of 'depth', 'k', 'n', 'x', 'y'"
    with pytest.raises(ValueError, match=f"names: 'gamma' was not searched; {known}"):
        partial_effect(search, "gamma")
    with pytest.raises(ValueError, match=f"names: 'gamma' was not searched; {known}"):
        partial_effect(search, ("x", "gamma"))
    with pytest.raises(ValueError, match=f"names: 'c' has one value only; {known}"):
        partial_effect(search, "c")
    for names in ((), ("x", "y", "k")):
        with pytest.raises(ValueError, match="give one or two parameters"):
            partial_effect(search, names)
    with pytest.raises(ValueError, match="names: 'x' is given twice"):
        partial_effect(search, ("x", "x"))
    with pytest.raises(NotFittedError):
        partial_effect(BayesSearchCV(Formula(additive), SPACE), "x")
    with pytest.raises(ValueError, match="metric='r2' is not a metric"):
        partial_effect(search, "x", metric="r2")
