"""Walks along one parameter of a space: places, and the values there on the user's own scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skbayes.space.dimensions import INACTIVE, Dimension
from skbayes.space.space import SUBSPACE, Space, coordinates_of
from skbayes.space.values import is_number
from skbayes.trial import FloatArray


@dataclass(frozen=True, eq=False)
class Axis:
    """Places along one parameter.

    Parameters
    ----------
    columns : list of int
        The columns of the parameter.
    rows : ndarray of shape (n, n_columns)
        Coordinates in these columns, in increasing order.
    values : list of object
    positions : ndarray of shape (n,)
        Where to draw the values in the unit interval.
    selectors : ndarray
        Positions, in the first column, of the dicts that have the parameter; empty if there is
        only one dict.
    """

    columns: list[int]
    rows: FloatArray
    values: list[Any]
    positions: FloatArray
    selectors: FloatArray

    @property
    def is_continuous(self) -> bool:
        """Whether the values are numbers at places all along the axis."""
        is_long = self.rows.shape[1] == 1 and len(self.values) > MAX_TICKS
        return is_long and is_number(self.values[0])


MAX_TICKS = 12
"""Number of values up to which each of them is written at an axis."""


def axis_of(space: Space, number: int, name: str, n: int) -> Axis:
    """Return places along a parameter of a dict, with their values.

    Parameters
    ----------
    space : Space
    number : int
        Of the dict.
    name : str
        A parameter with several values, or `SUBSPACE`.
    n : int
        Number of places, if the parameter has more values.
    """
    dimension: Dimension
    if name == SUBSPACE:
        assert space.selector is not None
        dimension, columns = space.selector, slice(0, 1)
    else:
        dimension, columns = space.subspaces[number][name]
    if dimension.size is None or dimension.size > n:
        rows = np.linspace(0.0, 1.0, n)[:, np.newaxis]
        if len(dimension.columns) > 1:  # None, and the numbers behind the gate
            rows = np.vstack([[0.0, INACTIVE], np.hstack([np.ones((n, 1)), rows])])
        rows = np.unique(dimension.snap(rows), axis=0)
    else:
        rows = np.array(coordinates_of(dimension))
    positions = rows[:, 0] if rows.shape[1] == 1 else (np.arange(len(rows)) + 0.5) / len(rows)
    values = [dimension.decode(row) for row in rows]
    selectors = np.empty(0)
    if space.selector is not None:
        selectors = space.selector.positions[_sharing(space, name, columns)]
    return Axis(list(range(columns.start, columns.stop)), rows, values, positions, selectors)


def _sharing(space: Space, name: str, columns: slice) -> list[int]:
    """Return the numbers of the dicts whose parameter has the same columns."""
    return [
        number
        for number, own in enumerate(space.subspaces)
        if name == SUBSPACE or (name in own and own[name][1] == columns)
    ]


def place_on(axis: Axis, row: FloatArray) -> float:
    """Return where a candidate lies on an axis; NaN if it has none of its values.

    Parameters
    ----------
    axis : Axis
    row : ndarray of shape (d,)
        Of the candidate, in its space.
    """
    if len(axis.selectors) and not np.isclose(axis.selectors, row[0]).any():
        return np.nan
    own = row[axis.columns]
    if len(own) == 1:
        return float(own[0]) if 0.0 <= own[0] <= 1.0 else np.nan
    same = np.flatnonzero((np.abs(axis.rows - own) < 1e-9).all(axis=1))
    return float(axis.positions[same[0]]) if len(same) else np.nan


def subspaces_with(space: Space, names: Sequence[str]) -> list[int]:
    """Return the numbers of the dicts that have some parameters, each with several values.

    Parameters
    ----------
    space : Space
    names : sequence of str
        Parameters, or `SUBSPACE`, which every dict has.
    """
    return [
        number
        for number, own in enumerate(space.subspaces)
        if all(name == SUBSPACE or (name in own and own[name][0].columns) for name in names)
    ]


def fixed_in(space: Space, number: int) -> tuple[FloatArray, list[int]]:
    """Return the coordinates, and their columns, that all candidates of a dict have.

    Parameters
    ----------
    space : Space
    number : int
        Of the dict.
    """
    if space.selector is None:
        return np.empty(0), []
    return space.selector.positions[[number]], [0]
