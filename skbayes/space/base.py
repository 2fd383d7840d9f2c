"""The interface of a search space, as samplers use it.

Z      rows of the unit cube, (n, d); each column is an axis of some dimension
row    one row of the unit cube, (d,)

Two rows are the same candidate if and only if their snapped rows are equal.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skbayes.space.dimensions import Column, Kind
from skbayes.trial import FloatArray


class SearchSpace(ABC):
    """Maps dicts of parameters to rows of the unit cube, and back.

    Attributes
    ----------
    columns : list of Column
        The axes of the unit cube.
    size : int or None
        Number of distinct candidates; None if it is not counted.
    grid_size : int or None
        Number of candidates of scikit-learn's `ParameterGrid`; None unless all values are lists.
    """

    n_fidelity_columns = 0
    """Number of last columns that say how much of a resource a trial gets."""

    columns: list[Column]
    size: int | None
    grid_size: int | None

    @property
    def n_columns(self) -> int:
        """Dimension d of the unit cube."""
        return len(self.columns)

    @property
    def is_categorical(self) -> NDArray[np.bool_]:
        """Which columns have values that are only equal or different, of shape (d,)."""
        return np.array([column.kind is Kind.CATEGORICAL for column in self.columns], dtype=bool)

    @property
    def is_continuous(self) -> NDArray[np.bool_]:
        """Which columns have a value at every position, of shape (d,)."""
        return np.array([column.kind is Kind.CONTINUOUS for column in self.columns], dtype=bool)

    @property
    @abstractmethod
    def subspace_positions(self) -> FloatArray:
        """Positions of the sub-spaces in the first column; empty if there is only one."""

    @abstractmethod
    def decode(self, row: Any) -> dict[str, Any]:
        """Return the parameters at a row, in the order of their names.

        Parameters
        ----------
        row : array-like of shape (d,)

        Returns
        -------
        params : dict of str to object
        """

    @abstractmethod
    def encode(self, params: Mapping[str, Any]) -> FloatArray:
        """Return the row of a candidate.

        Parameters
        ----------
        params : mapping of str to object

        Returns
        -------
        row : ndarray of shape (d,)

        Raises
        ------
        ValueError
            If no sub-space has exactly these names, or a value lies outside the space.
        """

    @abstractmethod
    def complete(
        self, params: Mapping[str, Any], filling: FloatArray
    ) -> tuple[FloatArray, dict[str, Any]]:
        """Return a full candidate in which only some parameters are given.

        Parameters
        ----------
        params : mapping of str to object
            Values by name, kept exactly as they are.
        filling : ndarray of shape (d,)
            Row from which the other parameters are decoded. If its sub-space does not hold
            `params`, the first sub-space that does is used with the coordinates of this row.

        Returns
        -------
        row : ndarray of shape (d,)
        completed : dict

        Raises
        ------
        ValueError
            If no sub-space has all names and holds all values.
        """

    @abstractmethod
    def restore(
        self, row: FloatArray, recorded: Mapping[str, Any], given: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Return the candidate that was recorded at a row, after a check that it is one.

        Parameters
        ----------
        row : ndarray of shape (d,)
        recorded : mapping of str to object
            The values that are numbers, strings, booleans or None.
        given : sequence of mapping
            Points that were evaluated first, with values exactly as the user gave them.

        Raises
        ------
        ValueError
            If the names or a value are not those of a candidate at this row.
        """

    @abstractmethod
    def own_values(self, params: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """Return the values of an estimator for the names of the sub-space that they fit best.

        Parameters
        ----------
        params : mapping of str to object
            All parameters of the estimator.

        Returns
        -------
        values : dict of str to object
            Without names that the estimator does not have.
        is_outside : bool
            Whether they are no candidate of the space.
        """

    @abstractmethod
    def place(self, params: Mapping[str, Any]) -> FloatArray:
        """Return a row for parameters that may lie outside the space.

        A number beyond the end of a range lies beyond the end of the unit interval, one between
        two listed numbers lies between them, and any other value lies far away, at `ELSEWHERE`.

        Parameters
        ----------
        params : mapping of str to object
            What `own_values` has returned.

        Returns
        -------
        row : ndarray of shape (d,)
        """

    @abstractmethod
    def snap(self, rows: FloatArray) -> FloatArray:
        """Move rows to the positions of the candidates they decode to.

        Parameters
        ----------
        rows : ndarray of shape (n, d)
            Those beyond the unit cube are moved into it.

        Returns
        -------
        snapped : ndarray of shape (n, d)
        """

    @abstractmethod
    def active(self, rows: FloatArray) -> NDArray[np.bool_]:
        """Return which columns the candidates at rows use.

        Parameters
        ----------
        rows : ndarray of shape (n, d)
            Snapped.

        Returns
        -------
        is_active : ndarray of shape (n, d)
        """

    @abstractmethod
    def grid_point(self, index: int) -> tuple[FloatArray, dict[str, Any]]:
        """Return candidate `index` of scikit-learn's `ParameterGrid`, in its order.

        Parameters
        ----------
        index : int
            From 0 to `grid_size` - 1.

        Returns
        -------
        row : ndarray of shape (d,)
        params : dict
        """

    @abstractmethod
    def examples(self) -> Iterator[dict[str, Any]]:
        """Yield one candidate of every sub-space."""

    @abstractmethod
    def all_rows(self) -> Iterator[FloatArray]:
        """Yield every candidate of a space whose `size` is known, as a snapped row."""


def row_key(row: FloatArray) -> bytes:
    """Return a key that two snapped rows share if and only if they are the same candidate.

    Parameters
    ----------
    row : ndarray of shape (d,)
        Snapped.

    Returns
    -------
    key : bytes
    """
    return row.tobytes()
