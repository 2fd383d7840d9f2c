"""What counts as which dimension, and that values survive the way there and back."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from skbayes.space.dimensions import (
    Constant,
    Continuous,
    Finite,
    Integers,
    Kind,
    NoneOr,
    is_same_value,
    make_dimension,
)
from skbayes.space.distributions import log_randint


def make(values):
    return make_dimension(values, "param_distributions['p']", np.random.RandomState(0))


class OnlyRvs:
    """All that scikit-learn asks of a distribution."""

    def __init__(self, draw):
        self.draw = draw

    def rvs(self, random_state):
        return self.draw(random_state)


class Unhashable:
    """Cannot be compared, hashed or asked for its truth."""

    __hash__ = None

    def __eq__(self, other):
        raise TypeError("cannot be compared")

    def __bool__(self):
        raise TypeError("has no truth value")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.1, 1, 10, 100], Kind.ORDERED),
        ([100, 1, 10], Kind.ORDERED),
        (range(5), Kind.ORDERED),
        (np.logspace(-2, 2, 5), Kind.ORDERED),
        (pd.Series([3, 1, 2]), Kind.ORDERED),
        ((1, 2, Fraction(1, 3)), Kind.ORDERED),
        ([1, 2], Kind.CATEGORICAL),
        ([None, 1], Kind.CATEGORICAL),
        ([True, False], Kind.CATEGORICAL),
        ([True, 1, 2, 3], Kind.CATEGORICAL),
        ([1, 2, "auto"], Kind.CATEGORICAL),
        ([1.0, 2.0, np.nan], Kind.CATEGORICAL),
        (np.eye(3), Kind.CATEGORICAL),
        ([{}, [], Unhashable()], Kind.CATEGORICAL),
    ],
)
def test_lists_are_ordered_if_and_only_if_they_are_three_numbers(values, kind):
    dimension = make(values)
    assert isinstance(dimension, Finite)
    assert dimension.columns[0].kind is kind


def test_numbers_with_none_are_ordered_and_one_separate_level():
    dimension = make([10, None, 3, 5])
    assert isinstance(dimension, NoneOr)
    assert dimension.size == 4
    assert [column.kind for column in dimension.columns] == [Kind.CATEGORICAL, Kind.ORDERED]
    decoded = [dimension.decode(dimension.encode(value)) for value in (None, 3, 5, 10)]
    assert decoded == [None, 3, 5, 10]
    rows = dimension.snap(np.array([[0.1, 0.2], [0.1, 0.9], [0.9, 0.2]]))
    assert (rows[0] == rows[1]).all()  # the number of a None does not matter
    assert dimension.active(rows).tolist() == [[True, False], [True, False], [True, True]]


def test_one_value_is_a_constant():
    dimension = make(["rbf"])
    assert isinstance(dimension, Constant)
    assert (dimension.columns, dimension.size, dimension.decode(np.empty(0))) == ((), 1, "rbf")


def test_the_listed_object_itself_is_decoded():
    values = [Unhashable(), Unhashable(), [1], np.arange(2), 3, True]
    dimension = make(values)
    for value, position in zip(values, dimension.positions, strict=True):
        assert dimension.decode(np.array([position])) is value
        assert dimension.encode(value) == position


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (stats.randint(2, 6), int),
        (stats.randint(0, 10**9), int),
        (stats.poisson(3), int),
        (log_randint(1, 100), int),
        (stats.loguniform(1e-3, 1), float),
        ([1, 2, 3], int),
        ([1, 2.5, 3], float),
        (["a", "b"], str),
    ],
)
def test_decoded_values_have_the_types_a_user_expects(values, type_):
    assert type(make(values).decode(np.array([0.5]))) is type_


@pytest.mark.parametrize(
    "distribution",
    [stats.randint(10, 100), stats.binom(9, 0.3), log_randint(2, 50), stats.poisson(3)],
)
def test_a_listed_integer_sits_in_the_middle_of_its_probability_cell(distribution):
    dimension = make(distribution)
    k = np.array(dimension.values)
    total = distribution.cdf(k[-1]) - distribution.cdf(k[0] - 1)
    middle = (distribution.cdf(k) + distribution.cdf(k - 1)) / 2 - distribution.cdf(k[0] - 1)
    np.testing.assert_allclose(dimension.positions, middle / total, atol=2e-3)


def test_integers_without_probability_are_no_values():
    dimension = make(stats.rv_discrete(values=([1, 5, 9], [0.2, 0.3, 0.5])))
    assert dimension.values == [1, 5, 9]
    with pytest.raises(ValueError, match="the values are 1, 5, 9"):
        dimension.encode(2)


def test_many_integers_are_not_listed():
    dimension = make(stats.randint(0, 10**9))
    assert isinstance(dimension, Integers)
    for value in (0, 1, 123_456_789, 10**9 - 1):
        assert dimension.decode(dimension.encode(value)) == value
    with pytest.raises(ValueError, match="integers"):
        dimension.encode(0.5)


def test_loguniform_round_trips_stay_inside():
    dimension = make(stats.loguniform(1e-2, 1e2))
    assert dimension.decode(np.array([1.0])) == 100.0
    assert dimension.decode(np.array([0.0])) == 0.01


def test_an_object_with_rvs_alone_works_through_its_quantiles():
    dimension = make(OnlyRvs(lambda rng: rng.normal(10, 2)))
    assert isinstance(dimension, Continuous)
    assert abs(dimension.decode(np.array([0.5])) - 10) < 0.3


def test_repeated_draws_are_atoms():
    dimension = make(OnlyRvs(lambda rng: int(rng.binomial(3, 0.5))))
    assert isinstance(dimension, Finite)
    assert dimension.values == [0, 1, 2, 3]
    assert dimension.columns[0].kind is Kind.ORDERED
    np.testing.assert_allclose(np.diff(dimension.inner_edges), [3 / 8, 3 / 8], atol=0.06)


def test_draws_that_are_no_numbers_are_categories():
    dimension = make(OnlyRvs(lambda rng: ["a", "b", None][rng.randint(3)]))
    assert {str(value) for value in dimension.values} == {"a", "b", "None"}
    assert dimension.columns[0].kind is Kind.CATEGORICAL


def test_unhashable_draws_are_taken():
    dimension = make(OnlyRvs(lambda rng: [rng.randint(3)]))
    assert isinstance(dimension.decode(np.array([0.3])), list)


def test_draws_of_one_value_are_a_constant():
    assert isinstance(make(OnlyRvs(lambda rng: "x")), Constant)
    assert isinstance(make(OnlyRvs(lambda rng: 3.0)), Constant)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ([], ValueError, "is empty; give at least one value"),
        (np.array([]), ValueError, "is empty"),
        ("rbf", TypeError, "'rbf' of type str"),
        (3, TypeError, "put a single value in a list"),
        (None, TypeError, "of type NoneType"),
        (np.array(3), TypeError, "of type ndarray"),
        ({"a": 1}, TypeError, "give the values as a list"),
        ({1, 2}, TypeError, "give the values as a list"),
        (int, TypeError, "give an instance of it"),
        (pd.DataFrame({"a": [1]}), TypeError, "of type DataFrame"),
        (stats.uniform([0, 1], [1, 2]), ValueError, "median"),
    ],
    ids=repr,
)
def test_what_is_no_values_is_refused_by_name(values, error, message):
    with pytest.raises(error, match=message) as caught:
        make(values)
    assert "param_distributions['p']" in str(caught.value)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (1, 1.0, True),
        (True, 1, False),
        ("a", "a", True),
        ((1, [2, "x"]), (1, [2, "x"]), True),
        ((1, 2), [1, 2], False),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"b": 1}, False),
        (np.arange(3), np.arange(3), True),
        (np.arange(3), np.arange(4), False),
        (None, None, True),
        (object(), object(), False),
        (Unhashable(), Unhashable(), False),
    ],
)
def test_values_are_the_same_by_what_they_hold(a, b, expected):
    assert is_same_value(a, b) is expected


DIMENSIONS = [
    stats.uniform(0, 1),
    stats.loguniform(1e-4, 1e4),
    stats.norm(0, 3),
    stats.randint(2, 9),
    stats.randint(0, 10**6),
    log_randint(1, 1000),
    [1, 2, 3, 4],
    [None, 1, 2, 3],
    ["a", "b", "c"],
]


@given(values=st.sampled_from(DIMENSIONS), data=st.data())
def test_snapping_is_where_the_decoded_value_sits(values, data):
    """Snapping twice changes nothing, and neither does decoding what was snapped."""
    dimension = make(values)
    shape = (5, len(dimension.columns))
    cells = data.draw(hnp.arrays(float, shape, elements=st.floats(0, 1)))
    snapped = dimension.snap(cells)
    assert np.array_equal(dimension.snap(snapped), snapped)
    for before, after in zip(cells, snapped, strict=True):
        value = dimension.decode(before)
        assert dimension.decode(after) == value
        np.testing.assert_allclose(dimension.encode(value), after, atol=1e-9)
