"""A space with fidelities: one more column says how much of the resource a trial gets.

A sampler of this space learns from trials of every fidelity. All its proposals lie at the upper end
of that column, full fidelity, where a trial gets all of the resource.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skbayes.space.base import SearchSpace
from skbayes.space.dimensions import Column, Kind
from skbayes.trial import FloatArray

FULL = 1.0
"""Position of full fidelity in the last column."""


class FidelitySpace(SearchSpace):
    """A space and, as its last column, the logarithm of a resource.

    Parameters
    ----------
    space : SearchSpace
    least, most : float
        Amounts of the resource at the ends of the column; 0 < least <= most.

    Examples
    --------
    >>> from scipy.stats import uniform
    >>> from skbayes.space import Space
    >>> space = FidelitySpace(Space({"x": uniform(0, 1)}), least=1, most=100)
    >>> space.with_fidelity([0.25], 10).tolist()
    [0.25, 0.5]
    >>> space.encode({"x": 0.5}).round(6).tolist()
    [0.5, 1.0]
    """

    n_fidelity_columns = 1

    def __init__(self, space: SearchSpace, least: float, most: float) -> None:
        self.space, self.least, self.most = space, least, most
        self.columns = [*space.columns, Column(Kind.CONTINUOUS)]
        self.size, self.grid_size = space.size, space.grid_size

    def with_fidelity(self, row: Any, fidelity: float) -> FloatArray:
        """Return a row of the space with the coordinate of an amount of the resource.

        Parameters
        ----------
        row : array-like of shape (d,)
        fidelity : float

        Returns
        -------
        row : ndarray of shape (d + 1,)
        """
        return np.append(row, log_position(fidelity, self.least, self.most))

    @property
    def subspace_positions(self) -> FloatArray:
        return self.space.subspace_positions

    def decode(self, row: Any) -> dict[str, Any]:
        return self.space.decode(row[:-1])

    def encode(self, params: Mapping[str, Any]) -> FloatArray:
        return np.append(self.space.encode(params), FULL)

    def complete(
        self, params: Mapping[str, Any], filling: FloatArray
    ) -> tuple[FloatArray, dict[str, Any]]:
        row, completed = self.space.complete(params, filling[:-1])
        return np.append(row, FULL), completed

    def restore(
        self, row: FloatArray, recorded: Mapping[str, Any], given: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        return self.space.restore(row[:-1], recorded, given)

    def own_values(self, params: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        return self.space.own_values(params)

    def place(self, params: Mapping[str, Any]) -> FloatArray:
        return np.append(self.space.place(params), FULL)

    def snap(self, rows: FloatArray) -> FloatArray:
        return np.hstack([self.space.snap(rows[:, :-1]), np.full((len(rows), 1), FULL)])

    def active(self, rows: FloatArray) -> NDArray[np.bool_]:
        is_active = self.space.active(rows[:, :-1])
        return np.hstack([is_active, np.zeros((len(rows), 1), dtype=bool)])

    def grid_point(self, index: int) -> tuple[FloatArray, dict[str, Any]]:
        row, params = self.space.grid_point(index)
        return np.append(row, FULL), params

    def examples(self) -> Iterator[dict[str, Any]]:
        return self.space.examples()

    def all_rows(self) -> Iterator[FloatArray]:
        return (np.append(row, FULL) for row in self.space.all_rows())


def log_position(amount: float, least: float, most: float) -> float:
    """Return where an amount lies between the least, 0, and the most, 1, on a log scale.

    Parameters
    ----------
    amount, least, most : float
        All positive.
    """
    if least == most:
        return FULL
    return float(np.log(amount / least) / np.log(most / least))
