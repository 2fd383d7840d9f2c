"""Dimensions: one parameter each, between the user's values and columns of the unit cube.

Every dimension maps to the unit interval through its own prior, so equal lengths are equally
likely before anything is known: `uniform` becomes linear, `loguniform` logarithmic, `norm` probit.
A discrete value sits in the middle of its probability cell.

=============  ==================================  ==========================================
dimension      what it holds                       columns
=============  ==================================  ==========================================
Constant       one value                           none
Continuous     a continuous prior                  one, continuous
Integers       more integers than one would list   one, ordered
Finite         listed values, ordered or not       one, ordered or categorical
NoneOr         ordered numbers, or None            two: which of both (categorical), the number
=============  ==================================  ==========================================
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skbayes.space.distributions import Prior, draw, empirical_prior, is_distribution, prior_of
from skbayes.trial import FloatArray

INACTIVE = 0.5
"""Where a column lies that a candidate does not use: the centre of every prior."""

MAX_LISTED = 10_000
"""Most integers of a distribution that are listed one by one."""


class Kind(Enum):
    """What a surrogate may assume of the distance between two places of a column."""

    CONTINUOUS = "continuous"
    ORDERED = "ordered"
    CATEGORICAL = "categorical"


@dataclass(frozen=True, eq=False)
class Column:
    """One axis of the unit cube.

    Parameters
    ----------
    kind : Kind
        Whether distance is meaningful along it, and whether all places are values.
    edges : ndarray of shape (n_values + 1,) or None
        Borders of the cells of its values, increasing from 0 to 1; None if every place is a
        value, or if they are too many.
    """

    kind: Kind
    edges: FloatArray | None = None

    @cached_property
    def positions(self) -> FloatArray | None:
        """Where the values sit, in the middle of their cells; None if there are no cells."""
        return None if self.edges is None else (self.edges[:-1] + self.edges[1:]) / 2


class Dimension(ABC):
    """One parameter; `cells` are the places of its columns in a row of the unit cube."""

    columns: tuple[Column, ...]
    size: int | None
    """Number of distinct values; None if they are not counted."""

    @abstractmethod
    def decode(self, cells: FloatArray) -> Any:
        """Return the user's value at `cells`, of shape (n_columns,)."""

    @abstractmethod
    def encode(self, value: Any) -> FloatArray:
        """Return the cells of a value; raises ValueError if it lies outside."""

    @abstractmethod
    def snap(self, cells: FloatArray) -> FloatArray:
        """Move cells, of shape (n, n_columns), to where the value they decode to sits."""

    @abstractmethod
    def is_same(self, other: Dimension) -> bool:
        """Whether `other` holds the same values with the same prior."""

    def active(self, cells: FloatArray) -> NDArray[np.bool_]:
        """Which of the snapped cells, of shape (n, n_columns), bear on the value."""
        return np.ones(cells.shape, dtype=bool)


class Constant(Dimension):
    """A parameter with one value, which no model needs to see."""

    columns = ()
    size = 1

    def __init__(self, value: Any) -> None:
        self.value = value

    def decode(self, cells: FloatArray) -> Any:
        return self.value

    def encode(self, value: Any) -> FloatArray:
        if not is_same_value(value, self.value):
            raise ValueError(f"the only value is {self.value!r}")
        return np.empty(0)

    def snap(self, cells: FloatArray) -> FloatArray:
        return cells

    def is_same(self, other: Dimension) -> bool:
        return isinstance(other, Constant) and is_same_value(self.value, other.value)


class _FromPrior(Dimension):
    """What continuous and integer dimensions share: a prior that is not listed."""

    size = None

    def __init__(self, prior: Prior) -> None:
        self.prior = prior

    def encode(self, value: Any) -> FloatArray:
        if not is_number(value) or not self.prior.low <= value <= self.prior.high:
            raise ValueError(f"the values lie between {self.prior.low:g} and {self.prior.high:g}")
        return self.prior.position_of([float(value)])

    def is_same(self, other: Dimension) -> bool:
        if type(other) is not type(self):
            return False
        grid = np.linspace(0.0, 1.0, 65)
        assert isinstance(other, _FromPrior)
        return np.array_equal(self.prior.value_at(grid), other.prior.value_at(grid))


class Continuous(_FromPrior):
    """A parameter with a continuous prior."""

    columns = (Column(Kind.CONTINUOUS),)

    def decode(self, cells: FloatArray) -> float:
        return float(self.prior.value_at(cells[0]))

    def snap(self, cells: FloatArray) -> FloatArray:
        return cells


class Integers(_FromPrior):
    """Integers, too many to list."""

    columns = (Column(Kind.ORDERED),)

    def decode(self, cells: FloatArray) -> int:
        return round(float(self.prior.value_at(cells[0])))

    def encode(self, value: Any) -> FloatArray:
        cells = super().encode(value)
        if float(value) != round(value):
            raise ValueError("the values are integers")
        return cells

    def snap(self, cells: FloatArray) -> FloatArray:
        return self.prior.position_of(np.round(self.prior.value_at(cells)))


class Finite(Dimension):
    """Listed values, each in a cell of the unit interval as wide as it is likely.

    Parameters
    ----------
    values : sequence of object
        In increasing order if ordered; distinct.
    is_ordered : bool
        Whether neighbours in the list are more alike than others.
    weights : array-like of shape (n_values,), default=None
        Their prior probabilities, up to a factor; equal by default.
    """

    def __init__(self, values: Sequence[Any], is_ordered: bool, weights: Any = None) -> None:
        self.values = list(values)
        self.size = n_values = len(self.values)
        shares = np.ones(n_values) if weights is None else np.asarray(weights, dtype=float)
        edges = np.concatenate([[0.0], np.cumsum(shares) / shares.sum()])
        column = Column(Kind.ORDERED if is_ordered else Kind.CATEGORICAL, edges)
        assert column.positions is not None
        self.columns, self.inner_edges, self.positions = (column,), edges[1:-1], column.positions

    def decode(self, cells: FloatArray) -> Any:
        return self.values[int(self._index(cells[0]))]

    def encode(self, value: Any) -> FloatArray:
        for candidates in (_is_identical, is_same_value):
            for position, known in zip(self.positions, self.values, strict=True):
                if candidates(value, known):
                    return np.array([position])
        shown = ", ".join(repr(known) for known in self.values[:8])
        raise ValueError(f"the values are {shown}{', …' if len(self.values) > 8 else ''}")

    def snap(self, cells: FloatArray) -> FloatArray:
        return self.positions[self._index(cells)]

    def is_same(self, other: Dimension) -> bool:
        return (
            isinstance(other, Finite)
            and self.columns[0].kind is other.columns[0].kind
            and np.array_equal(self.positions, other.positions)
            and is_same_value(self.values, other.values)
        )

    def _index(self, cells: Any) -> Any:
        return np.searchsorted(self.inner_edges, cells, side="right")


class NoneOr(Dimension):
    """Ordered numbers, or None: a gate, and the number behind it, inactive at None."""

    def __init__(self, numbers: Finite, none_weight: float) -> None:
        assert numbers.size is not None
        self.numbers = numbers
        self.gate = Finite([None, "number"], False, [none_weight, numbers.size])
        self.columns = self.gate.columns + numbers.columns
        self.size = numbers.size + 1

    def decode(self, cells: FloatArray) -> Any:
        return None if self.gate.decode(cells) is None else self.numbers.decode(cells[1:])

    def encode(self, value: Any) -> FloatArray:
        if value is None:
            return np.append(self.gate.encode(None), INACTIVE)
        return np.append(self.gate.encode("number"), self.numbers.encode(value))

    def snap(self, cells: FloatArray) -> FloatArray:
        gate = self.gate.snap(cells[:, :1])
        is_none = gate == self.gate.positions[0]
        return np.hstack([gate, np.where(is_none, INACTIVE, self.numbers.snap(cells[:, 1:]))])

    def active(self, cells: FloatArray) -> NDArray[np.bool_]:
        is_active = np.ones(cells.shape, dtype=bool)
        is_active[:, 1] = cells[:, 0] != self.gate.positions[0]
        return is_active

    def is_same(self, other: Dimension) -> bool:
        return (
            isinstance(other, NoneOr)
            and self.gate.is_same(other.gate)
            and self.numbers.is_same(other.numbers)
        )


def make_dimension(values: Any, label: str, rng: np.random.RandomState) -> Dimension:
    """Read what the user wrote for one parameter.

    Parameters
    ----------
    values : distribution or sequence
        What the user wrote.
    label : str
        How errors name it, such as ``param_distributions['C']``.
    rng : RandomState
        Source of the draws from an object that has only `rvs`.

    Raises
    ------
    TypeError
        If it is neither a distribution nor a sequence.
    ValueError
        If it is empty, or a distribution without its arguments.
    """
    if is_distribution(values):
        prior = prior_of(values, label)
        return _from_draws(draw(values, rng)) if prior is None else _from_prior(prior)
    return _from_list(list_of(values, label))


def list_of(values: Any, label: str) -> list[Any]:
    """Return the values of a list, tuple, range, array or Series, the very objects."""
    is_sequence = isinstance(values, Sequence) and not isinstance(values, str | bytes)
    is_array = isinstance(values, np.ndarray) and values.ndim >= 1
    is_series = hasattr(values, "__array__") and len(getattr(values, "shape", ())) == 1
    if not (is_sequence or is_array or is_series):
        if isinstance(values, type) or callable(values):
            wanted = "give an instance of it, or put it in a list"
        elif isinstance(values, Mapping | Set):
            wanted = "give the values as a list"
        else:
            wanted = "put a single value in a list"
        raise TypeError(
            f"{label}: {values!r} of type {type(values).__name__} is neither a list of values nor "
            f"a distribution (an object with 'rvs'); {wanted}."
        )
    listed = list(values)
    if not listed:
        raise ValueError(f"{label}: {values!r} is empty; give at least one value.")
    return listed


def is_number(value: Any) -> bool:
    """Whether a value has a place on the number line; booleans and NaN have none."""
    return isinstance(value, Real) and not isinstance(value, bool) and bool(value == value)


def is_same_value(a: Any, b: Any) -> bool:
    """Whether two values are interchangeable as parameters, never by hash or plain `==`.

    Numbers compare by value, containers item by item, objects with `get_params` by class and
    parameters (a clone is the same as its original), anything else by identity.
    """
    if a is b:
        return True
    if is_number(a) and is_number(b):
        return bool(a == b)
    if type(a) is not type(b):
        return False
    if isinstance(a, str | bytes | bool | np.bool_):
        return bool(a == b)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(is_same_value(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(is_same_value(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if hasattr(a, "get_params") and not isinstance(a, type):
        return is_same_value(a.get_params(deep=False), b.get_params(deep=False))
    return False


def _is_identical(a: Any, b: Any) -> bool:
    return a is b


def _from_list(values: list[Any]) -> Dimension:
    if len(values) == 1:
        return Constant(values[0])
    numbers = [value for value in values if is_number(value)]
    distinct = sorted({float(number): number for number in reversed(numbers)}.items())
    n_none = sum(value is None for value in values)
    if len(numbers) + n_none < len(values) or len(distinct) + bool(n_none) < 3:
        return Finite(values, is_ordered=False)
    ordered = Finite([number for _, number in distinct], is_ordered=True)
    return NoneOr(ordered, none_weight=1.0) if n_none else ordered


def _from_prior(prior: Prior) -> Dimension:
    if not prior.is_discrete:
        return Continuous(prior)
    low, high = (round(float(end)) for end in prior.value_at([0.0, 1.0]))
    low = max(low, round(prior.low)) if np.isfinite(prior.low) else low
    if high - low >= MAX_LISTED:
        return Integers(prior)
    values = np.arange(low, high + 1)
    edges = np.clip(prior.cumulative(np.append(low - 1, values)), prior.first, prior.last)
    masses = np.diff(edges)
    return _listed(values[masses > 0].tolist(), masses[masses > 0])


def _from_draws(draws: list[Any]) -> Dimension:
    levels: dict[Hashable, Any] = {}
    counts: dict[Hashable, int] = {}
    for value in draws:
        key = _level_of(value)
        levels.setdefault(key, value)
        counts[key] = counts.get(key, 0) + 1
    values, weights = list(levels.values()), np.array(list(counts.values()), dtype=float)
    if not all(is_number(value) for value in values):
        return Constant(values[0]) if len(values) == 1 else Finite(values, False, weights)
    if len(values) == len(draws) and not any(float(value).is_integer() for value in values):
        return Continuous(empirical_prior(np.array(values, dtype=float)))
    order = np.argsort(np.array(values, dtype=float))
    return _listed([values[i] for i in order], weights[order])


def _level_of(value: Any) -> Hashable:
    """Key that tells one drawn value from another."""
    if is_number(value):
        return float(value)
    try:
        hash(value)
    except TypeError:
        return id(value)
    return (type(value), value)


def _listed(values: list[Any], weights: Any) -> Dimension:
    """Ordered numbers with their probabilities; one alone is a constant."""
    return Constant(values[0]) if len(values) == 1 else Finite(values, len(values) > 2, weights)
