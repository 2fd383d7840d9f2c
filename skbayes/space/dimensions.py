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
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skbayes.space.distributions import Prior, draw, empirical_prior, prior_of
from skbayes.space.values import is_number, is_same_value, level_of, position_of
from skbayes.space.written import shown
from skbayes.trial import FloatArray

INACTIVE = 0.5
"""Where a column lies that a candidate does not use: the centre of every prior."""

MAX_LISTED = 10_000
"""Most values of a distribution that are listed one by one."""

ROUNDING = 1e-12
"""Probability that is less than that of any value, and more than what rounding changes."""


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
        if not (is_number(value) and self.prior.low <= value <= self.prior.high):
            raise ValueError(f"the values lie between {self.prior.low:g} and {self.prior.high:g}")
        try:
            number = float(value)
        except OverflowError:
            number = np.inf
        if not np.isfinite(number):
            raise ValueError("the values are finite floating-point numbers")
        return self.prior.position_of([number])

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
        if value != round(value):
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
        position = position_of(value, self.values)
        if position is None:
            known = ", ".join(map(shown, self.values[:8]))
            raise ValueError(f"the values are {known}{', …' if len(self.values) > 8 else ''}")
        return self.positions[[position]]

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


def dimension_of_distribution(values: Any, label: str) -> tuple[Dimension, list[Any] | None]:
    """Read a distribution that the user gave for one parameter.

    Parameters
    ----------
    values : object
        What `is_distribution` accepts.
    label : str
        How errors name it, such as ``param_distributions['C']``.

    Returns
    -------
    dimension : Dimension
    draws : list of object or None
        The draws that the distribution is known from; None if its quantiles are known.

    Raises
    ------
    ValueError
        If the distribution is none, or lacks its arguments.
    """
    prior = prior_of(values, label)
    dimension = None if prior is None else _from_prior(prior)
    if dimension is not None:
        return dimension, None
    draws = draw(values, label)
    return _from_draws(draws), draws


def dimension_of_list(values: list[Any]) -> tuple[Dimension, list[FloatArray]]:
    """Read a list of values that the user gave for one parameter.

    Three or more different numbers are ordered, also with `None` among them; anything else is
    categorical.

    Parameters
    ----------
    values : list
        At least one.

    Returns
    -------
    dimension : Dimension
    cells : list of ndarray
        Where each entry of the list sits, by its position.
    """
    if len(values) == 1:
        return Constant(values[0]), [np.empty(0)]
    numbers = [value for value in values if is_number(value)]
    by_level = {level_of(number): number for number in reversed(numbers)}
    n_none = sum(value is None for value in values)
    if len(numbers) + n_none < len(values) or len(by_level) + bool(n_none) < 3:
        finite = Finite(values, is_ordered=False)
        return finite, list(finite.positions[:, np.newaxis])
    levels = sorted(by_level)
    ordered = Finite([by_level[level] for level in levels], is_ordered=True)
    cells = dict(zip(levels, ordered.positions[:, np.newaxis], strict=True))
    if not n_none:
        return ordered, [cells[level_of(value)] for value in values]
    dimension = NoneOr(ordered, none_weight=1.0)
    none, number = dimension.encode(None), dimension.gate.encode("number")
    return dimension, [
        none if value is None else np.append(number, cells[level_of(value)]) for value in values
    ]


def listed(values: list[Any], weights: Any) -> Dimension:
    """Return ordered numbers with their probabilities; one alone is a constant.

    Parameters
    ----------
    values : list
        In increasing order, distinct.
    weights : array-like of shape (n_values,)
    """
    return Constant(values[0]) if len(values) == 1 else Finite(values, len(values) > 2, weights)


def _from_prior(prior: Prior) -> Dimension | None:
    """Return the dimension of a prior; None if it holds too many values that are no integers."""
    if prior.mass is None:
        return Continuous(prior)
    quantiles = prior.value_at(np.linspace(0.0, 1.0, 65))
    low, high = round(float(quantiles[0])), round(float(quantiles[-1]))
    low = max(low, int(np.ceil(prior.low))) if prior.has_low else low
    has_fractions = bool((quantiles != np.round(quantiles)).any())
    if not has_fractions and high - low >= MAX_LISTED:
        return Integers(prior)
    values = np.arange(low, high + 1 if high - low < MAX_LISTED else low)
    masses = np.asarray(prior.mass(values), dtype=float)
    if has_fractions or masses.sum() < (prior.last - prior.first) * (1.0 - 1e-6):
        return _from_atoms(prior)
    edges = np.clip(prior.cumulative(np.append(low - 1, values)), prior.first, prior.last)
    masses = np.diff(edges)
    return listed(values[masses > 0].tolist(), masses[masses > 0])


def _from_atoms(prior: Prior) -> Dimension | None:
    """List the values of a discrete prior, each by the quantile after the one before."""
    values: list[float] = []
    edges = [prior.first]
    while edges[-1] < prior.last - ROUNDING:
        if len(values) == MAX_LISTED:
            return None
        values.append(float(prior.quantile(min(edges[-1] + ROUNDING, prior.last))))
        edges.append(float(np.clip(prior.cumulative(values[-1]), edges[-1] + ROUNDING, prior.last)))
    return listed(values, np.diff(edges)) if (np.diff(values) > 0).all() else None


def _from_draws(draws: list[Any]) -> Dimension:
    levels: dict[Hashable, Any] = {}
    counts: dict[Hashable, int] = {}
    for value in draws:
        key = _key_of(value)
        levels.setdefault(key, value)
        counts[key] = counts.get(key, 0) + 1
    values, weights = list(levels.values()), np.array(list(counts.values()), dtype=float)
    if not all(is_number(value) for value in values):
        return Constant(values[0]) if len(values) == 1 else Finite(values, False, weights)
    if len(values) == len(draws) and not any(_is_whole(value) for value in values):
        return Continuous(empirical_prior(np.array(values, dtype=float)))
    order = sorted(range(len(values)), key=lambda i: level_of(values[i]))
    return listed([values[i] for i in order], weights[order])


def _key_of(value: Any) -> Hashable:
    """Return what tells one drawn value from another."""
    if is_number(value):
        return level_of(value)
    try:
        hash(value)
    except TypeError:
        return id(value)
    return (type(value), value)


def _is_whole(number: Any) -> bool:
    return isinstance(number, Integral) or float(number).is_integer()
