"""What a fitted search says of its candidates, read from `cv_results_`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skbayes.evaluation.table import is_evaluated, listed, metrics_of, split_scores
from skbayes.surrogate import Surrogate
from skbayes.trial import FloatArray


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


def space_of(search: Any) -> Any:
    """Return what a search was given as its space.

    Parameters
    ----------
    search : estimator
        Of this library or of scikit-learn.

    Raises
    ------
    TypeError
        If it has neither `param_distributions` nor `param_grid`.
    """
    for name in ("param_distributions", "param_grid"):
        if hasattr(search, name):
            return getattr(search, name)
    raise TypeError(
        f"{type(search).__name__} has neither param_distributions nor param_grid; give a search."
    )


def surrogate_of(search: Any, metric: str | None = None) -> Surrogate:
    """Return the surrogate of a fitted search.

    Parameters
    ----------
    search : estimator
        Of this library or of scikit-learn.
    metric : str or None, default=None
        One of several metrics; None is the one that selected the best candidate.

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    ValueError
        If there is no such metric, or fewer than two candidates have a score.
    """
    check_is_fitted(search, "cv_results_")
    name = metric_of(search, metric)
    return Surrogate.of_results(space_of(search), search.cv_results_, name)
