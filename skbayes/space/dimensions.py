"""Dimensions: each maps the values of one parameter to columns of the unit cube, and back.

Every dimension maps to the unit interval through its own prior, so equal lengths are equally
likely a priori: `uniform` becomes linear, `loguniform` logarithmic, `norm` probit.
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
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skbayes.space.distributions import Prior
from skbayes.space.values import is_number, is_same_value, position_of
from skbayes.space.written import shown
from skbayes.trial import FloatArray

INACTIVE = 0.5
"""Position in a column that a candidate does not use: the centre of the prior."""


ELSEWHERE = 3.0
"""Position of a value that is none of a column's, far from all that are."""

OUTER = 0.05
"""Share of a range at its end, by which distances beyond the end are measured."""


class Kind(Enum):
    """What a surrogate may assume about the distance between two positions in a column."""

    CONTINUOUS = "continuous"
    ORDERED = "ordered"
    CATEGORICAL = "categorical"


@dataclass(frozen=True, eq=False)
class Column:
    """One axis of the unit cube.

    Parameters
    ----------
    kind : Kind
        Whether distance is meaningful along it, and whether every position is a value.
    edges : ndarray of shape (n_values + 1,) or None
        Borders of the cells of its values, increasing from 0 to 1; None if every position is a
        value, or if there are too many values.
    """

    kind: Kind
    edges: FloatArray | None = None

    @cached_property
    def positions(self) -> FloatArray | None:
        """Positions of the values, in the middle of their cells; None if there are no cells."""
        return None if self.edges is None else (self.edges[:-1] + self.edges[1:]) / 2


class Dimension(ABC):
    """One parameter; its `coordinates` are the entries of a row in its columns."""

    columns: tuple[Column, ...]
    size: int | None
    """Number of distinct values; None if they are not counted."""

    @abstractmethod
    def decode(self, coordinates: FloatArray) -> Any:
        """Return the user's value at some coordinates.

        Parameters
        ----------
        coordinates : ndarray of shape (n_columns,)

        Returns
        -------
        value : object
        """

    @abstractmethod
    def encode(self, value: Any) -> FloatArray:
        """Return the coordinates of a value.

        Parameters
        ----------
        value : object

        Returns
        -------
        coordinates : ndarray of shape (n_columns,)

        Raises
        ------
        ValueError
            If it is not a value of this dimension.
        """

    def place(self, value: Any) -> FloatArray | None:
        """Return coordinates of a value that may be none of this dimension.

        Parameters
        ----------
        value : object

        Returns
        -------
        coordinates : ndarray of shape (n_columns,) or None
            Beyond the unit interval for a number beyond the end of the range, and `ELSEWHERE` for
            any other value; None if there is no column to tell it apart.
        """
        try:
            return self.encode(value)
        except ValueError:
            return np.full(len(self.columns), ELSEWHERE) if self.columns else None

    @abstractmethod
    def snap(self, coordinates: FloatArray) -> FloatArray:
        """Move coordinates to the position of the value they decode to.

        Parameters
        ----------
        coordinates : ndarray of shape (n, n_columns)

        Returns
        -------
        snapped : ndarray of shape (n, n_columns)
        """

    @abstractmethod
    def is_same(self, other: Dimension) -> bool:
        """Whether another dimension holds the same values with the same prior.

        Parameters
        ----------
        other : Dimension
        """

    def active(self, coordinates: FloatArray) -> NDArray[np.bool_]:
        """Return which coordinates have an effect on the value.

        Parameters
        ----------
        coordinates : ndarray of shape (n, n_columns)
            Snapped.

        Returns
        -------
        is_active : ndarray of shape (n, n_columns)
        """
        return np.ones(coordinates.shape, dtype=bool)


class Constant(Dimension):
    """A parameter with one value, which needs no column."""

    columns = ()
    size = 1

    def __init__(self, value: Any) -> None:
        self.value = value

    def decode(self, coordinates: FloatArray) -> Any:
        return self.value

    def encode(self, value: Any) -> FloatArray:
        if not is_same_value(value, self.value):
            raise ValueError(f"the only value is {self.value!r}")
        return np.empty(0)

    def snap(self, coordinates: FloatArray) -> FloatArray:
        return coordinates

    def is_same(self, other: Dimension) -> bool:
        return isinstance(other, Constant) and is_same_value(self.value, other.value)


class _FromPrior(Dimension):
    """Base of continuous and integer dimensions, whose values are too many to list."""

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

    def place(self, value: Any) -> FloatArray | None:
        try:
            number = float(value) if is_number(value) else np.inf
        except OverflowError:
            number = np.inf
        if not np.isfinite(number):
            return super().place(value)
        low, inner_low, inner_high, high = self.prior.value_at([0.0, OUTER, 1.0 - OUTER, 1.0])
        if number < low:
            return -_beyond(low - number, inner_low - low)
        if number > high:
            return 1.0 + _beyond(number - high, high - inner_high)
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

    def decode(self, coordinates: FloatArray) -> float:
        return float(self.prior.value_at(coordinates[0]))

    def snap(self, coordinates: FloatArray) -> FloatArray:
        return np.clip(coordinates, 0.0, 1.0)


class Integers(_FromPrior):
    """Integers, too many to list."""

    columns = (Column(Kind.ORDERED),)

    def decode(self, coordinates: FloatArray) -> int:
        return round(float(self.prior.value_at(coordinates[0])))

    def encode(self, value: Any) -> FloatArray:
        coordinates = super().encode(value)
        if value != round(value):
            raise ValueError("the values are integers")
        return coordinates

    def snap(self, coordinates: FloatArray) -> FloatArray:
        inside = np.clip(coordinates, 0.0, 1.0)
        return self.prior.position_of(np.round(self.prior.value_at(inside)))


def _beyond(distance: float, outer: float) -> FloatArray:
    """Return the distance beyond an end of the unit interval, at most 1."""
    return np.array([min(distance / outer * OUTER, 1.0) if outer > 0.0 else 1.0])


class Finite(Dimension):
    """Listed values, each in a cell of the unit interval as wide as its prior probability.

    Parameters
    ----------
    values : sequence of object
        In increasing order if ordered; distinct.
    is_ordered : bool
        Whether values that are close in the list are similar.
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

    def decode(self, coordinates: FloatArray) -> Any:
        return self.values[int(self._index(coordinates[0]))]

    def encode(self, value: Any) -> FloatArray:
        position = position_of(value, self.values)
        if position is None:
            known = ", ".join(map(shown, self.values[:8]))
            raise ValueError(f"the values are {known}{', …' if len(self.values) > 8 else ''}")
        return self.positions[[position]]

    def place(self, value: Any) -> FloatArray | None:
        if self.columns[0].kind is not Kind.ORDERED or not is_number(value):
            return super().place(value)
        numbers = np.array(self.values, dtype=float)
        if numbers[0] <= value <= numbers[-1]:
            return np.interp([float(value)], numbers, self.positions)
        beyond = _beyond(max(numbers[0] - value, value - numbers[-1]), OUTER * np.ptp(numbers))
        return -beyond if value < numbers[0] else 1.0 + beyond

    def snap(self, coordinates: FloatArray) -> FloatArray:
        return self.positions[self._index(coordinates)]

    def is_same(self, other: Dimension) -> bool:
        return (
            isinstance(other, Finite)
            and self.columns[0].kind is other.columns[0].kind
            and np.array_equal(self.positions, other.positions)
            and is_same_value(self.values, other.values)
        )

    def _index(self, coordinates: Any) -> Any:
        return np.searchsorted(self.inner_edges, coordinates, side="right")


class NoneOr(Dimension):
    """Ordered numbers, or None: a gate for None, and a number column that is inactive then."""

    def __init__(self, numbers: Finite, none_weight: float) -> None:
        assert numbers.size is not None
        self.numbers = numbers
        self.gate = Finite([None, "number"], False, [none_weight, numbers.size])
        self.columns = self.gate.columns + numbers.columns
        self.size = numbers.size + 1

    def decode(self, coordinates: FloatArray) -> Any:
        return (
            None if self.gate.decode(coordinates) is None else self.numbers.decode(coordinates[1:])
        )

    def encode(self, value: Any) -> FloatArray:
        if value is None:
            return np.append(self.gate.encode(None), INACTIVE)
        return np.append(self.gate.encode("number"), self.numbers.encode(value))

    def place(self, value: Any) -> FloatArray | None:
        if value is None or not is_number(value):
            return super().place(value)
        number = self.numbers.place(value)
        assert number is not None
        return np.append(self.gate.encode("number"), number)

    def snap(self, coordinates: FloatArray) -> FloatArray:
        gate = self.gate.snap(coordinates[:, :1])
        is_none = gate == self.gate.positions[0]
        return np.hstack([gate, np.where(is_none, INACTIVE, self.numbers.snap(coordinates[:, 1:]))])

    def active(self, coordinates: FloatArray) -> NDArray[np.bool_]:
        is_active = np.ones(coordinates.shape, dtype=bool)
        is_active[:, 1] = coordinates[:, 0] != self.gate.positions[0]
        return is_active

    def is_same(self, other: Dimension) -> bool:
        return (
            isinstance(other, NoneOr)
            and self.gate.is_same(other.gate)
            and self.numbers.is_same(other.numbers)
        )
