"""What a fitted search says of its candidates, read from `cv_results_`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count, takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skbayes.trial import FloatArray

AMOUNTS = ("n_splits_evaluated", "n_resources")
"""Columns of how much a candidate was evaluated; those with less than the most are left out."""


def complete_scores(search: Any, metric: str | None = None) -> FloatArray:
    """Return the scores of the candidates that have one on every split.

    Of a search by successive halving, those of the last rung.

    Parameters
    ----------
    search : estimator
        A fitted search with `cv_results_`, of this library or of scikit-learn.
    metric : str or None, default=None
        One of several metrics; None is the one that selected the best candidate.

    Returns
    -------
    scores : ndarray of shape (n, K)
        Greater is better; in the order of the candidates.

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    ValueError
        If the search has no such metric, or several and none that selects, or no candidate has a
        score on every split.
    """
    return complete_candidates(search, metric)[1]


def complete_candidates(
    search: Any, metric: str | None = None
) -> tuple[NDArray[np.intp], FloatArray]:
    """Return the indices of the candidates that have a score on every split, and their scores.

    Parameters
    ----------
    search, metric
        As of `complete_scores`.

    Returns
    -------
    indices : ndarray of shape (n,)
    scores : ndarray of shape (n, K)
    """
    check_is_fitted(search, "cv_results_")
    results = search.cv_results_
    name = metric_of(search, metric)
    scores = split_scores(results, name)
    indices = np.flatnonzero(np.isfinite(scores).all(axis=1) & is_evaluated(results))
    if not len(indices):
        raise ValueError(f"no candidate of this search has a score of {name!r} on every split.")
    return indices, scores[indices]


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
    columns = [cv_results[name] for name in AMOUNTS if name in cv_results]
    found = np.ones(len(cv_results[next(iter(cv_results))]), dtype=bool)
    for column in map(np.asarray, columns):
        found &= column == column.max()
    return found


def metrics_of(cv_results: Mapping[str, Any]) -> list[str]:
    """Return the names of the metrics that were scored.

    Parameters
    ----------
    cv_results : mapping
    """
    prefix = "mean_test_"
    return [name.removeprefix(prefix) for name in cv_results if name.startswith(prefix)]


def metric_of(search: Any, metric: str | None = None) -> str:
    """Return the name of the metric to look at.

    Parameters
    ----------
    search : estimator
        Fitted.
    metric : str or None, default=None
        None is the one that selected the best candidate.

    Raises
    ------
    ValueError
        If there is no such metric, or none that selects.
    """
    known = metrics_of(search.cv_results_)
    if metric is None and isinstance(search.refit, str) and search.refit in known:
        return search.refit
    if metric is None and len(known) == 1:
        return known[0]
    if metric is None:
        raise ValueError(f"no metric selects the best candidate; metric: give {listed(known)}.")
    if metric not in known:
        raise ValueError(f"metric={metric!r} is not a metric of this search; give {listed(known)}.")
    return metric


def listed(names: Iterable[str]) -> str:
    """Return names as a choice.

    Parameters
    ----------
    names : iterable of str
    """
    return " or ".join(map(repr, names))
