"""The axis of a parameter in a picture: where its values lie in the unit interval, and its ticks.

A parameter with few values has a place for each of them. One with many numbers has a linear or
logarithmic scale, whichever suits its distribution, and beside it a place for every value that is
no number, such as None. A parameter that several dicts of a list have, with different values, has
one axis for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skbayes.inspection.displays.axes_labels import (
    MAX_TICKS,
    fitted_well,
    number_text,
    round_ticks,
    values_text,
)
from skbayes.space.axes import axis_of
from skbayes.space.space import SUBSPACE, Space
from skbayes.space.values import is_number, position_of
from skbayes.surrogate import row_of
from skbayes.trial import FloatArray

PLACE = 0.12
"""Share of an axis of numbers for each value that is none."""

MAX_NUMBERS = 8
"""Number of ticks of a scale of numbers."""

N_PLACES = 64
"""Number of values of a distribution that are looked at."""


@dataclass(frozen=True, eq=False)
class ParameterAxis:
    """Places of the values of one parameter.

    Parameters
    ----------
    name : str
    levels : list of object
        Values with a place of their own.
    span : tuple of float or None
        Ends of the scale of numbers, if there is one.
    is_log : bool
        Whether that scale is logarithmic.
    is_integer : bool
        Whether its numbers are whole ones.
    """

    name: str
    levels: list[Any]
    span: tuple[float, float] | None = None
    is_log: bool = False
    is_integer: bool = False

    @property
    def start(self) -> float:
        """Where the scale of numbers begins."""
        return min(PLACE * len(self.levels), 0.5)

    def place(self, value: Any) -> float:
        """Return where a value lies; NaN if it is not on the axis.

        Parameters
        ----------
        value : object
        """
        index = position_of(value, self.levels)
        if index is not None and self.span is None:
            return (index + 0.5) / len(self.levels)
        if index is not None:
            return self.start * index / len(self.levels)
        number = number_of(value)
        if self.span is None or number is None or (self.is_log and number <= 0.0):
            return np.nan
        low, high, number = (np.log(x) if self.is_log else x for x in (*self.span, number))
        return float(self.start + (1.0 - self.start) * (number - low) / (high - low))

    def places(self, values: Sequence[Any]) -> FloatArray:
        """Return where values lie.

        Parameters
        ----------
        values : sequence of object
        """
        return np.array([self.place(value) for value in values], dtype=float)

    def ticks(self, n: int = MAX_TICKS, n_characters: int = 28) -> tuple[FloatArray, list[str]]:
        """Return positions and labels of at most n ticks.

        Parameters
        ----------
        n : int, default=12
        n_characters : int, default=28
            Maximum length of a label.
        """
        numbers: list[float] = []
        if self.span is not None:
            room = max(min(n, MAX_NUMBERS) - len(self.levels), 3)
            numbers = round_ticks(*self.span, self.is_log, room, self.is_integer)
        every = max(1, -(-len(self.levels) // n))
        levels = self.levels[::every]
        labels = values_text(levels, n_characters)
        labels += [number_text(number) for number in numbers]
        positions = [self.place(value) for value in [*levels, *numbers]]
        return np.array(positions, dtype=float), labels

    def apply_to(self, axis: Any, n: int = MAX_TICKS, n_characters: int = 28) -> None:
        """Set the limits and ticks of an axis of a picture.

        Parameters
        ----------
        axis : matplotlib axis
        n : int, default=12
            Maximum number of ticks.
        n_characters : int, default=28
            Maximum length of a label.
        """
        axis.set_ticks(*self.ticks(n, n_characters))
        set_limits = axis.axes.set_xlim if axis.axis_name == "x" else axis.axes.set_ylim
        set_limits(-0.04, 1.04)


def parameter_axes(space: Space, params: Sequence[Mapping[str, Any]]) -> dict[str, ParameterAxis]:
    """Return the axes of all parameters with at least two values, by name.

    Parameters
    ----------
    space : Space
    params : sequence of mapping
        Candidates; their values count as well as those of the space.
    """
    found = {}
    for name in sorted(space.names):
        axis = _axis(space, name, [each[name] for each in params if name in each])
        if axis.span is not None or len(axis.levels) > 1:
            found[name] = axis
    if space.selector is not None:
        found.setdefault(SUBSPACE, ParameterAxis(SUBSPACE, list(range(len(space.subspaces)))))
    return found


def values_of(
    space: Space, params: Sequence[Mapping[str, Any]], axes: Mapping[str, ParameterAxis]
) -> dict[str, FloatArray]:
    """Return where candidates lie on axes; NaN for a parameter that a candidate does not have.

    Parameters
    ----------
    space : Space
    params : sequence of mapping
    axes : mapping of str to ParameterAxis
    """
    places = {}
    for name, axis in axes.items():
        if name == SUBSPACE and SUBSPACE not in space.names:
            numbers = [space.subspace_of(row_of(space, each)) for each in params]
            places[name] = axis.places(numbers)
        else:
            own = [axis.place(each[name]) if name in each else np.nan for each in params]
            places[name] = np.array(own, dtype=float)
    return places


def number_of(value: Any) -> float | None:
    """Return a value as a float; None if it is not a finite number.

    Parameters
    ----------
    value : object
    """
    if not is_number(value):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if np.isfinite(number) else None


def _axis(space: Space, name: str, of_candidates: list[Any]) -> ParameterAxis:
    known: list[Any] = []
    straightness = (0.0, 0.0)
    for number, subspace in enumerate(space.subspaces):
        if name not in subspace:
            continue
        dimension = subspace[name][0]
        if not dimension.columns:
            known.append(dimension.decode(np.empty(0)))
            continue
        along = axis_of(space, number, name, N_PLACES)
        known += along.values
        straightness = max(straightness, _straightness(along.positions, along.values), key=max)
    values = [*known, *of_candidates]
    floats = [number_of(value) for value in values]
    others = _distinct([v for v, x in zip(values, floats, strict=True) if x is None])
    numbers = sorted({x for x in floats if x is not None})
    if len(numbers) + len(others) <= MAX_TICKS or len(numbers) < 2 or len(others) > MAX_TICKS:
        own = [v for v, x in zip(values, floats, strict=True) if x is not None]
        return ParameterAxis(name, others + sorted(_distinct(own), key=float))
    is_log = numbers[0] > 0.0 and numbers[-1] > 5.0 * numbers[0]
    is_integer = all(x is None or x == round(x) for x in floats)
    is_log = is_log and straightness[1] > straightness[0]
    return ParameterAxis(name, others, (numbers[0], numbers[-1]), is_log, is_integer)


def _straightness(positions: FloatArray, values: list[Any]) -> tuple[float, float]:
    """Return how well a linear scale, and a logarithmic one, suit the values of a dimension."""
    floats = [number_of(value) for value in values]
    pairs = [(p, x) for p, x in zip(positions, floats, strict=True) if x is not None]
    at, numbers = np.array(pairs, dtype=float).reshape(-1, 2).T
    is_positive = len(numbers) > 0 and numbers.min() > 0.0
    in_logs = fitted_well(at, np.log(numbers)) if is_positive else 0.0
    return fitted_well(at, numbers), in_logs


def _distinct(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if position_of(value, found) is None:
            found.append(value)
    return found
