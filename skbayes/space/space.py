"""The search space made of `param_distributions`: parameters, mapped to rows of the unit cube.

Z      rows of the unit cube, (n, d); each column is an axis of some dimension
row    one row of the unit cube, (d,)

A list of dicts is a union of *sub-spaces*. A row then begins with a categorical column that says
which sub-space it belongs to. The columns of parameters it does not use are inactive: rows lie at
their centre, so that kernels stay positive definite. A parameter that several sub-spaces have with
the same prior is one dimension, and what is learned about it is shared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skbayes.space.base import SearchSpace
from skbayes.space.dimensions import (
    ELSEWHERE,
    INACTIVE,
    Continuous,
    Dimension,
    Finite,
    Integers,
)
from skbayes.space.parameters import Entries, read_parameter
from skbayes.space.values import is_number, is_same_value, level_of
from skbayes.space.written import described, shown
from skbayes.trial import FloatArray

Distributions = Mapping[str, Any] | Sequence[Mapping[str, Any]]

_Grid = dict[str, Entries]
"""The lists of one dict."""


SUBSPACE = "dict"
"""Name of the column that says which dict of a list a candidate belongs to."""

RESTORE_TOLERANCE = 1e-6
"""Tolerance between a recorded number and the one at its row, in the unit cube or relative."""


class Space(SearchSpace):
    """The search space that `param_distributions` describes.

    Parameters
    ----------
    param_distributions : dict or list of dict
        Names to distributions or lists of values, as in scikit-learn's `RandomizedSearchCV`.

    Attributes
    ----------
    column_names : list of str
        The parameter that each column belongs to; `SUBSPACE` for the choice of a dict.
    subspaces : list of dict
        For each dict of the list the dimension and the columns of every parameter.
    selector : Finite or None
        The dimension that chooses a dict; None if there is only one.
    draws : dict of (int, str) to list of object
        The draws that replace distributions with only `rvs`, by the number of the dict and the
        name of the parameter.

    Examples
    --------
    >>> from scipy.stats import loguniform, randint
    >>> space = Space({"C": loguniform(1e-2, 1e2), "degree": randint(2, 5)})
    >>> {name: round(value, 6) for name, value in space.decode([0.5, 0.5]).items()}
    {'C': 1.0, 'degree': 3}
    >>> space.encode({"C": 1.0, "degree": 3}).round(6).tolist()
    [0.5, 0.5]
    """

    def __init__(self, param_distributions: Distributions) -> None:
        grids = _read_dicts(param_distributions)
        self.columns = []
        self.draws: dict[tuple[int, str], list[Any]] = {}
        self.selector = Finite(range(len(grids)), is_ordered=False) if len(grids) > 1 else None
        self.column_names: list[str] = []
        if self.selector is not None:
            self.columns.extend(self.selector.columns)
            self.column_names.append(SUBSPACE)
        placed: dict[str, list[tuple[Dimension, slice]]] = {}
        self.subspaces: list[dict[str, tuple[Dimension, slice]]] = []
        self._grids: list[_Grid] | None = []  # None if a parameter is not a list
        for number, grid in enumerate(grids):
            subspace, entries = {}, {}
            for name, values, label in _items(grid, number, len(grids)):
                read = read_parameter(values, label)
                subspace[name] = self._place(name, read.dimension, placed)
                if read.entries is not None:
                    entries[name] = read.entries
                if read.draws is not None:
                    self.draws[number, name] = read.draws
            self.subspaces.append(subspace)
            is_grid = self._grids is not None and len(entries) == len(subspace)
            self._grids = [*(self._grids or []), entries] if is_grid else None
        self.size = self._count()
        self.grid_size = None if self._grids is None else sum(map(_grid_length, self._grids))
        self._text = [[f"{name}: {described(g[name])}" for name in sorted(g)] for g in grids]

    def __repr__(self) -> str:
        """Return the values of each parameter, one line per parameter."""
        return "Space\n" + "\nor\n".join(
            "\n".join(f"  {line}" for line in lines) or "  (nothing)" for lines in self._text
        )

    def _place(
        self, name: str, dimension: Dimension, placed: dict[str, list[tuple[Dimension, slice]]]
    ) -> tuple[Dimension, slice]:
        """Give a dimension its columns; equal dimensions of one parameter share theirs."""
        for known, columns in placed.setdefault(name, []):
            if known.is_same(dimension):
                return known, columns
        columns = slice(len(self.columns), len(self.columns) + len(dimension.columns))
        self.columns.extend(dimension.columns)
        self.column_names.extend([name] * len(dimension.columns))
        placed[name].append((dimension, columns))
        return dimension, columns

    @property
    def names(self) -> set[str]:
        """Names of all parameters."""
        return {name for subspace in self.subspaces for name in subspace}

    @property
    def subspace_positions(self) -> FloatArray:
        return np.empty(0) if self.selector is None else self.selector.positions

    def decode(self, row: Any) -> dict[str, Any]:
        coordinates = np.asarray(row, dtype=float)
        subspace = self.subspaces[self.subspace_of(coordinates)]
        return {name: subspace[name][0].decode(coordinates[subspace[name][1]]) for name in subspace}

    def encode(self, params: Mapping[str, Any]) -> FloatArray:
        exact = [n for n, subspace in enumerate(self.subspaces) if subspace.keys() == params.keys()]
        if not exact:
            names = " or ".join(f"({', '.join(map(repr, names))})" for names in self.subspaces)
            raise ValueError(f"{shown(dict(params))} has not the names {names}")
        filling = np.full(self.n_columns, INACTIVE)
        row = self._place_in(exact, params, filling)
        # Several sub-spaces may hold a number, one of them only at the end of an infinite range.
        for number in exact if len(exact) > 1 else ():
            try:
                other = self._with_coordinates(number, params, filling)
            except ValueError:
                continue
            if _is_close(self.decode(other), params):
                return other
        return row

    def restore(
        self, row: FloatArray, recorded: Mapping[str, Any], given: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        # Numbers of distributions are taken as they were recorded, because quantiles may differ in
        # their last digits between versions of SciPy. All other values are the space's own
        # objects, or those of the given points.
        if not ((row >= 0.0) & (row <= 1.0)).all():
            raise ValueError(f"the row {shown(row.tolist())} lies outside the unit cube")
        params = self.decode(row)
        subspace = self.subspaces[self.subspace_of(row)]
        unknown = sorted(recorded.keys() - params.keys())
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not among the parameters of this candidate")
        for name, decoded in params.items():
            dimension, columns = subspace[name]
            as_given = [point[name] for point in given if name in point]
            if name in recorded:
                value = recorded[name]
                same = [v for v in as_given if type(v) is type(value) and is_same_value(v, value)]
            else:
                value = decoded
                same = [v for v in as_given if _lies_at(v, decoded, dimension, row[columns])]
            if same:
                value = same[0]
            elif type(value) is not type(decoded):
                raise ValueError(f"{name}={shown(value)} is of another type than {shown(decoded)}")
            if not _lies_at(value, decoded, dimension, row[columns]):
                raise ValueError(f"{name}={shown(value)} does not lie where the row says")
            if same or isinstance(dimension, Continuous | Integers):
                params[name] = value
        return params

    def complete(
        self, params: Mapping[str, Any], filling: FloatArray
    ) -> tuple[FloatArray, dict[str, Any]]:
        preferred = self.subspace_of(filling)
        order = sorted(range(len(self.subspaces)), key=lambda number: number != preferred)
        row = self._place_in(order, params, filling)
        return row, self.decode(row) | dict(sorted(params.items()))

    def own_values(self, params: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        n_fitting = self._n_held(params)
        n_lacking = [len(s) - n for s, n in zip(self.subspaces, n_fitting, strict=True)]
        number = min(range(len(n_lacking)), key=lambda i: (n_lacking[i] > 0, -n_fitting[i]))
        values = {name: params[name] for name in self.subspaces[number] if name in params}
        return values, n_lacking[number] > 0

    def place(self, params: Mapping[str, Any]) -> FloatArray:
        number = int(np.argmax(self._n_held(params)))
        row = self._row_in(number)
        for name, (dimension, columns) in self.subspaces[number].items():
            coordinates = dimension.place(params[name]) if name in params else None
            if coordinates is None:  # another constant, or no such parameter: not comparable at all
                return np.full(self.n_columns, ELSEWHERE)
            row[columns] = coordinates
        return row

    def _n_held(self, params: Mapping[str, Any]) -> list[int]:
        """Return how many of some values each sub-space holds."""
        return [
            sum(_holds(dimension, name, params) for name, (dimension, _) in subspace.items())
            for subspace in self.subspaces
        ]

    def snap(self, rows: FloatArray) -> FloatArray:
        snapped = np.full_like(rows, INACTIVE)
        if self.selector is not None:
            snapped[:, :1] = self.selector.snap(rows[:, :1])
        for number, is_member in self._members(rows):
            for dimension, columns in self.subspaces[number].values():
                snapped[is_member, columns] = dimension.snap(rows[is_member, columns])
        return snapped

    def active(self, rows: FloatArray) -> NDArray[np.bool_]:
        is_active = np.zeros(rows.shape, dtype=bool)
        is_active[:, : int(self.selector is not None)] = True
        for number, is_member in self._members(rows):
            for dimension, columns in self.subspaces[number].values():
                is_active[is_member, columns] = dimension.active(rows[is_member, columns])
        return is_active

    def grid_point(self, index: int) -> tuple[FloatArray, dict[str, Any]]:
        assert self._grids is not None
        number = 0
        while index >= (length := _grid_length(self._grids[number])):
            index, number = index - length, number + 1
        grid, row, point = self._grids[number], self._row_in(number), {}
        for name in sorted(grid, reverse=True):  # the last name varies fastest
            index, position = divmod(index, len(grid[name]))
            point[name], row[self.subspaces[number][name][1]] = grid[name][position]
        return row, dict(sorted(point.items()))

    def examples(self) -> Iterator[dict[str, Any]]:
        for number in range(len(self.subspaces)):
            yield self.decode(self.snap(self._row_in(number)[np.newaxis])[0])

    def all_rows(self) -> Iterator[FloatArray]:
        for number, subspace in enumerate(self.subspaces):
            yield from _walk(self._row_in(number), list(subspace.values()))

    def subspace_of(self, row: FloatArray) -> int:
        """Return the number of the dict that a row belongs to.

        Parameters
        ----------
        row : ndarray of shape (d,)
        """
        return 0 if self.selector is None else int(self.selector.decode(row[:1]))

    def _row_in(self, number: int) -> FloatArray:
        """Return the row in the middle of a sub-space."""
        row = np.full(self.n_columns, INACTIVE)
        if self.selector is not None:
            row[0] = self.selector.positions[number]
        return row

    def _members(self, rows: FloatArray) -> Iterator[tuple[int, NDArray[np.bool_]]]:
        if self.selector is None:
            yield 0, np.ones(len(rows), dtype=bool)
            return
        positions = self.selector.snap(rows[:, 0])
        for number, position in enumerate(self.selector.positions):
            is_member = positions == position
            if is_member.any():
                yield number, is_member

    def _place_in(
        self, numbers: list[int], params: Mapping[str, Any], filling: FloatArray
    ) -> FloatArray:
        """Return the row of `params` in the first of the sub-spaces that holds them."""
        problems = []
        for number in numbers:
            try:
                return self._with_coordinates(number, params, filling)
            except ValueError as error:
                problems.append(str(error))
        raise ValueError("; or ".join(dict.fromkeys(problems)))

    def _with_coordinates(
        self, number: int, params: Mapping[str, Any], filling: FloatArray
    ) -> FloatArray:
        subspace = self.subspaces[number]
        for name in params:
            if name not in subspace:
                known = ", ".join(map(repr, subspace))
                raise ValueError(f"{name!r} is not among the searched parameters ({known})")
        row = filling.copy()
        if self.selector is not None:
            row[0] = self.selector.positions[number]
        for name, value in params.items():
            dimension, columns = subspace[name]
            try:
                row[columns] = dimension.encode(value)
            except ValueError as error:
                raise ValueError(f"{name}={shown(value)} lies outside the space: {error}") from None
        return self.snap(row[np.newaxis])[0]

    def _count(self) -> int | None:
        total = 0
        for subspace in self.subspaces:
            sizes = [dimension.size for dimension, _ in subspace.values()]
            if None in sizes:
                return None
            total += math.prod(size for size in sizes if size is not None)
        return total


def dicts_of(param_distributions: Distributions) -> list[Mapping[str, Any]]:
    """Return the dicts of a list; a single dict becomes a list of one.

    Parameters
    ----------
    param_distributions : dict or list of dict

    Returns
    -------
    dicts : list of mapping
    """
    if isinstance(param_distributions, Mapping):
        return [param_distributions]
    return list(param_distributions)


def _read_dicts(param_distributions: Any) -> list[Mapping[str, Any]]:
    if not isinstance(param_distributions, Mapping | Sequence):
        raise TypeError(
            f"param_distributions: {shown(param_distributions)} of type "
            f"{type(param_distributions).__name__} is neither a dict nor a list of dicts."
        )
    grids = dicts_of(param_distributions)
    if not grids:
        raise ValueError("param_distributions: the list of dicts is empty; give at least one dict.")
    for number, grid in enumerate(grids):
        if not isinstance(grid, Mapping):
            raise TypeError(
                f"param_distributions[{number}]: {shown(grid)} of type {type(grid).__name__} is "
                f"not a dict of names to distributions or lists{_pair_hint(grid)}."
            )
        for name in grid:
            if not isinstance(name, str):
                raise TypeError(f"param_distributions: the name {shown(name)} is not a string.")
    return grids


def _pair_hint(grid: Any) -> str:
    """Return advice for scikit-optimize's pairs of a space and its number of candidates."""
    is_pair = isinstance(grid, tuple) and len(grid) == 2 and isinstance(grid[0], Mapping)
    return "; give the dict alone, n_iter counts the candidates of all dicts" if is_pair else ""


def _items(grid: Mapping[str, Any], number: int, n_grids: int) -> Iterator[tuple[str, Any, str]]:
    """Yield the names in sorted order with their values and how errors call them."""
    where = "param_distributions" if n_grids == 1 else f"param_distributions[{number}]"
    for name in sorted(grid):
        yield name, grid[name], f"{where}[{name!r}]"


def _grid_length(grid: _Grid) -> int:
    return math.prod(len(entries) for entries in grid.values())


def _lies_at(value: Any, decoded: Any, dimension: Dimension, coordinates: FloatArray) -> bool:
    """Whether a value is the one decoded at some coordinates, up to rounding."""
    if value is decoded or is_same_value(value, decoded):
        return True
    try:
        own = dimension.encode(value)
    except ValueError:
        return value != value and decoded != decoded  # NaN, which is one of the values
    is_near = is_number(value) and is_number(decoded) and level_of(value)[1] == level_of(decoded)[1]
    return bool(
        np.allclose(own, coordinates, rtol=0.0, atol=RESTORE_TOLERANCE)
        or (is_near and math.isclose(value, decoded, rel_tol=RESTORE_TOLERANCE))
    )


def _is_close(decoded: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    """Whether the numbers of a decoded candidate are those that were encoded, up to rounding."""
    return all(
        not (is_number(value) and is_number(params[name]))
        or math.isclose(value, params[name], rel_tol=RESTORE_TOLERANCE, abs_tol=1e-12)
        for name, value in decoded.items()
    )


def _holds(dimension: Dimension, name: str, params: Mapping[str, Any]) -> bool:
    try:
        dimension.encode(params[name])
    except (KeyError, ValueError):
        return False
    return True


def _walk(row: FloatArray, rest: list[tuple[Dimension, slice]]) -> Iterator[FloatArray]:
    if not rest:
        yield row.copy()
        return
    (dimension, columns), *others = rest
    for coordinates in coordinates_of(dimension):
        row[columns] = coordinates
        yield from _walk(row, others)


def coordinates_of(dimension: Dimension) -> list[FloatArray]:
    """Return the coordinates of every value of a finite dimension.

    Parameters
    ----------
    dimension : Dimension
    """
    axes = [column.positions for column in dimension.columns]
    if not axes:
        return [np.empty(0)]
    mesh: FloatArray = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
    snapped = dimension.snap(mesh)
    return list(np.unique(snapped, axis=0))
