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
)
from skbayes.space.distributions import log_randint
from skbayes.space.parameters import read_parameter
from skbayes.space.values import is_same_value


def make(values):
    return read_parameter(values, "param_distributions['p']").dimension


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
        (list(np.eye(3)), Kind.CATEGORICAL),
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


def listing(values):
    dimension, entries, _ = read_parameter(values, "param_distributions['p']")
    return dimension, [(value, dimension.decode(cells)) for value, cells in entries]


@pytest.mark.parametrize(
    ("values", "in_order"),
    [
        ([1, 1.0, 2, 3], [1.0, 1, 2, 3]),
        ([1.0, 1, 0.5, None], [0.5, 1.0, 1]),
        ([2**53 + 1, 2**53, 2**53 + 2], [2**53, 2**53 + 1, 2**53 + 2]),
        ([10**400, 1, 1e300, -(10**400)], [-(10**400), 1, 1e300, 10**400]),
        ([np.inf, 0, -np.inf], [-np.inf, 0, np.inf]),
        ([Fraction(1, 3), 0.3333333333333333, 1], [0.3333333333333333, Fraction(1, 3), 1]),
        ([np.longdouble(0.5), 2, 3], [np.longdouble(0.5), 2, 3]),
        ([3, 3, 1, 2], [1, 2, 3]),
    ],
    ids=str,
)
def test_numbers_are_ordered_exactly_and_by_type(values, in_order):
    dimension, decoded = listing(values)
    ordered = dimension.numbers if isinstance(dimension, NoneOr) else dimension
    assert ordered.columns[0].kind is Kind.ORDERED
    assert [(type(v), v) for v in ordered.values] == [(type(v), v) for v in in_order]
    for value, back in decoded:
        assert (type(value), value) == (type(back), back)


@pytest.mark.parametrize(
    "values",
    [
        np.array([1.0, np.nan, 2.0]),
        [np.nan, float("nan"), 1.0],
        np.array([1, 2, 3], dtype="m8[D]"),
        pd.Series([1.0, np.nan]),
        [Unhashable(), Unhashable(), np.nan],
    ],
    ids=["array", "nans", "timedelta", "series", "incomparable"],
)
def test_entries_are_told_apart_by_their_position(values):
    dimension, decoded = listing(values)
    assert dimension.columns[0].kind is Kind.CATEGORICAL
    assert dimension.size == len(values)
    assert all(value is back for value, back in decoded)


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


def test_a_discrete_distribution_may_hold_fractions():
    dimension = make(stats.rv_discrete(values=([0.1, 0.5, 0.9], [0.2, 0.3, 0.5])))
    assert dimension.values == [0.1, 0.5, 0.9]
    np.testing.assert_allclose(np.diff(dimension.columns[0].edges), [0.2, 0.3, 0.5])
    assert make(stats.rv_discrete(values=([1, 2, 2.5], [0.5, 0.499, 0.001]))).values == [1, 2, 2.5]
    assert make(stats.rv_discrete(values=([0.5], [1.0]))).value == 0.5


def test_more_fractions_than_one_would_list_are_known_by_draws():
    values = np.linspace(0, 1, 10_101) + 1e-7
    dimension = make(stats.rv_discrete(values=(values, np.full(10_101, 1 / 10_101))))
    assert dimension.decode(np.array([0.3])) in values


@pytest.mark.parametrize(
    "distribution",
    [
        stats.zipf(1.01),
        stats.zipf(1.1),
        stats.zipf(4),
        stats.yulesimon(0.3),
        stats.skellam(3, 5),
        stats.betabinom(10**6, 2, 3),
        stats.logser(0.999),
    ],
    ids=lambda d: f"{d.dist.name}{d.args}",
)
def test_heavy_tails_take_no_time_and_give_values_of_the_distribution(distribution):
    dimension = make(distribution)
    values = [dimension.decode(np.array([place])) for place in (0.0, 0.3, 0.7, 1.0)]
    assert all(type(value) is int and distribution.pmf(value) > 0 for value in values)
    assert values == sorted(values)
    assert values[0] < values[-1]


def test_integers_up_to_the_largest_are_integers_inside():
    dimension = make(stats.randint(0, 2**63))
    values = [dimension.decode(np.array([place])) for place in (0.0, 0.5, 1.0)]
    assert [type(value) for value in values] == [int, int, int]
    assert 0 <= values[0] < values[1] < values[2] < 2**63


def test_many_integers_are_not_listed():
    dimension = make(stats.randint(0, 10**9))
    assert isinstance(dimension, Integers)
    for value in (0, 1, 123_456_789, 10**9 - 1):
        assert dimension.decode(dimension.encode(value)) == value
    with pytest.raises(ValueError, match="integers"):
        dimension.encode(0.5)


@pytest.mark.parametrize(
    "distribution",
    [
        stats.uniform(0, 1),
        stats.expon(),
        stats.loguniform(1e-2, 1e2),
        stats.beta(2, 0.5),
        stats.gamma(3),
        stats.lognorm(2),
        stats.halfnorm(),
        stats.triang(0.0),
        stats.truncnorm(-1, 2),
        stats.weibull_min(0.7),
    ],
    ids=lambda d: d.dist.name,
)
def test_an_end_that_no_draw_gives_is_never_decoded(distribution):
    dimension = make(distribution)
    low, high = distribution.support()
    values = [dimension.decode(np.array([place])) for place in (0.0, 1e-300, 0.5, 1.0)]
    assert low < min(values) <= max(values) < high


def test_an_end_with_a_probability_of_its_own_is_a_value():
    class Dropout:
        """No dropout in one case of four, else some; never all."""

        def cdf(self, x):
            return np.clip(0.25 + 0.75 * np.asarray(x), 0.0, 1.0) * (np.asarray(x) >= 0)

        def ppf(self, q):
            return np.clip((np.asarray(q) - 0.25) / 0.75, 0.0, 1.0)

    dimension = make(Dropout())
    assert dimension.decode(np.array([0.0])) == 0.0
    assert 0.99 < dimension.decode(np.array([1.0])) < 1.0


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
        (np.eye(3), TypeError, "give the values as a list"),
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


def test_a_quantile_function_may_take_one_number_at_a_time():
    class Scalar:
        def cdf(self, x):
            if x < 0:
                return 0.0
            return x if x < 1 else 1.0

        def ppf(self, q):
            return q if 0 < q < 1 else float(q >= 1)

    dimension = make(Scalar())
    assert dimension.decode(np.array([0.5])) == 0.5
    np.testing.assert_allclose(dimension.encode(0.5), 0.5)


class Broken:
    """A distribution with a function that does not do what it should."""

    def __init__(self, name, answer):
        self.name, self.answer = name, answer

    def _of(self, name, value):
        if name != self.name:
            return value
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def cdf(self, x):
        return self._of("cdf", np.asarray(x, dtype=float))

    def ppf(self, q):
        return self._of("ppf", np.asarray(q, dtype=float))


@pytest.mark.parametrize("name", ["cdf", "ppf"])
@pytest.mark.parametrize(
    "answer", [None, "half", KeyError("x"), [0.1, 0.2], IndexError(), object()], ids=repr
)
def test_a_broken_distribution_is_refused_by_name(name, answer):
    with pytest.raises(
        ValueError, match=rf"^param_distributions\['p'\]: the distribution's {name}"
    ):
        make(Broken(name, answer))


def test_quantiles_that_do_not_increase_are_refused():
    class Falling(Broken):
        def ppf(self, q):
            return 1.0 - np.asarray(q, dtype=float)

    with pytest.raises(ValueError, match=r"\['p'\]: the quantiles of .*numbers that increase"):
        make(Falling("", None))


def test_draws_that_fail_are_refused_by_name():
    def fail(rng):
        raise KeyError("no such thing")

    with pytest.raises(ValueError, match=r"\['p'\]: .* cannot be drawn from .* KeyError"):
        make(OnlyRvs(fail))


@pytest.mark.parametrize(
    ("distribution", "message"),
    [
        (stats.loguniform(0, 10), "the lower end must be positive"),
        (stats.loguniform(10, 1), "below the upper"),
        (log_randint(0, 5), "the lower end must be positive"),
        (stats.uniform(0, -1), "scale must be positive"),
        (stats.randint(5, 5), "low must be below high"),
        (stats.zipf(0.5), "check the arguments"),
    ],
)
def test_impossible_arguments_are_explained(distribution, message):
    with pytest.raises(ValueError, match=message):
        make(distribution)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (1, 1.0, False),
        (1, np.int64(1), True),
        (0.5, np.float32(0.5), True),
        (2**53, 2**53 + 1, False),
        (10**400, 10**400, True),
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
