"""The splits of a cross-validation, as every trial sees them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skbayes.space.written import shown

Split = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Indices of the training and of the test samples."""


def as_split(chosen: Any, n_samples: int) -> Split:
    """Return the indices of training and test samples that a splitter gave.

    Parameters
    ----------
    chosen : tuple of two
        Training and test samples, each as indices, a mask or a slice.
    n_samples : int

    Raises
    ------
    TypeError
        If `chosen` is not such a pair.
    ValueError
        If an index is out of range.
    """
    try:
        train, test = chosen
    except (TypeError, ValueError):
        raise TypeError(
            f"cv: {shown(chosen)} is no pair of training and test indices; give a splitter, a "
            "number of folds, or a list of such pairs."
        ) from None
    return _as_indices(train, n_samples), _as_indices(test, n_samples)


def _as_indices(chosen: Any, n_samples: int) -> NDArray[np.intp]:
    if isinstance(chosen, slice):
        return np.arange(n_samples)[chosen]
    try:
        array = np.asarray(chosen)
        indices = np.flatnonzero(array) if array.dtype == bool else array.astype(np.intp)
    except (TypeError, ValueError):
        raise TypeError(f"cv: {shown(chosen)} are no indices, no mask and no slice.") from None
    if indices.size and not -n_samples <= indices.min() <= indices.max() < n_samples:
        raise ValueError(f"cv: {shown(chosen)} are not indices of the {n_samples} samples.")
    return indices
