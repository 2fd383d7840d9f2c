"""What the table of results says: scores by split, and which candidates were evaluated whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count, takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skbayes.trial import FloatArray

AMOUNTS = ("n_splits_evaluated", "n_resources")
"""Columns of how much a candidate was evaluated; those with less than the most are left out."""


def split_scores(cv_results: Mapping[str, Any], metric: str) -> FloatArray:
    """Return the scores of all candidates by split.

    Parameters
    ----------
    cv_results : mapping
    metric : str

    Returns
    -------
    scores : ndarray of shape (n, K)
        NaN where there is none.
    """
    n_candidates = len(cv_results[f"mean_test_{metric}"])
    names = (f"split{split}_test_{metric}" for split in count())
    columns = [cv_results[name] for name in takewhile(cv_results.__contains__, names)]
    return np.array(columns, dtype=float).reshape(len(columns), n_candidates).T


def is_evaluated(cv_results: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Return which candidates were evaluated on all splits, and in the last rung if any.

    Parameters
    ----------
    cv_results : mapping

    Returns
    -------
    is_evaluated : ndarray of shape (n,)
    """
    return np.logical_and.reduce([has_most(cv_results, name) for name in AMOUNTS])


def has_most(cv_results: Mapping[str, Any], name: str) -> NDArray[np.bool_]:
    """Return which candidates have the most of an amount; all if there is no such column.

    Parameters
    ----------
    cv_results : mapping
    name : str
        One of `AMOUNTS`.

    Returns
    -------
    has_most : ndarray of shape (n,)
    """
    if name not in cv_results:
        return np.ones(len(cv_results[next(iter(cv_results))]), dtype=bool)
    column = np.asarray(cv_results[name])
    return np.asarray(column == column.max())


def evaluated_means(cv_results: Mapping[str, Any], metric: str) -> FloatArray:
    """Return the mean scores; NaN where a candidate was not evaluated on everything.

    Parameters
    ----------
    cv_results : mapping
    metric : str

    Returns
    -------
    means : ndarray of shape (n,)
    """
    means = np.array(cv_results[f"mean_test_{metric}"], dtype=float)
    means[~is_evaluated(cv_results)] = np.nan
    return means


def metrics_of(cv_results: Mapping[str, Any]) -> list[str]:
    """Return the names of the metrics that were scored.

    Parameters
    ----------
    cv_results : mapping
    """
    prefix = "mean_test_"
    return [name.removeprefix(prefix) for name in cv_results if name.startswith(prefix)]


def listed(names: Iterable[str]) -> str:
    """Return names as a choice.

    Parameters
    ----------
    names : iterable of str
    """
    return " or ".join(map(repr, names))
