"""Subsampling of the splits, for a search whose fidelity is the number of samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import (
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
)

from skbayes.evaluation.splits import Split
from skbayes.streams import Stream, generator

STRATIFIED = (
    StratifiedKFold,
    StratifiedShuffleSplit,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
)


def is_stratified(cv: Any) -> bool:
    """Whether a splitter preserves class proportions, so that subsamples should too.

    Parameters
    ----------
    cv : splitter
    """
    return isinstance(cv, STRATIFIED)


def subsampled_splits(
    splits: Sequence[Split],
    n_samples: int,
    n_resources: Iterable[int],
    seed: int,
    labels: Any = None,
    min_samples: int = 1,
) -> dict[int, list[Split]]:
    """Return subsamples of the splits.

    A larger subsample contains every smaller one, and the samples keep their order, so two
    subsamples differ only in the number of samples. Training and test samples are reduced by the
    same factor.

    Parameters
    ----------
    splits : sequence of Split
    n_samples : int
        Number of samples of the whole data.
    n_resources : iterable of int
        Sizes of the subsamples, out of `n_samples`.
    seed : int
        Seed of the search.
    labels : array-like of shape (n_samples,), default=None
        Class labels; a subsample keeps the class proportions up to rounding.
    min_samples : int, default=1
        Minimum number of training samples, and of test samples, in a subsample; all of them if the
        split has fewer. Without it, the first rungs might have no test samples.

    Returns
    -------
    splits : dict of int to list of Split
        By the size of the subsample.
    """
    rng = generator(seed, Stream.SUBSAMPLING)
    orders = [tuple(_order(indices, labels, rng) for indices in split) for split in splits]
    return {
        n: [
            (
                _first(train, n / n_samples, min_samples),
                _first(test, n / n_samples, min_samples),
            )
            for train, test in orders
        ]
        for n in n_resources
    }


def _order(indices: NDArray[np.intp], labels: Any, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return the indices so ordered that every prefix is a random sample, stratified by labels."""
    shuffled = rng.permutation(indices)
    if labels is None:
        return shuffled
    classes = np.asarray(labels)[shuffled]
    place = np.empty(len(shuffled))
    for label in np.unique(classes):
        members = np.flatnonzero(classes == label)
        place[members] = (np.arange(len(members)) + rng.random()) / len(members)
    return shuffled[np.argsort(place, kind="stable")]


def _first(order: NDArray[np.intp], share: float, min_samples: int) -> NDArray[np.intp]:
    return np.sort(order[: max(int(share * len(order)), min_samples)])
