"""What a fitted search says of its candidates, read from `cv_results_`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

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
    check_is_fitted(search, "cv_results_")
    results = search.cv_results_
    name = _metric_of(search, metric)
    columns = [results[f"split{split}_test_{name}"] for split in range(search.n_splits_)]
    scores = np.array(columns, dtype=float).T
    is_complete = np.isfinite(scores).all(axis=1)
    if "n_resources" in results:
        n_resources = np.asarray(results["n_resources"])
        is_complete &= n_resources == n_resources.max()
    complete = scores[is_complete]
    if not len(complete):
        raise ValueError(f"no candidate of this search has a score of {name!r} on every split.")
    return complete


def _metric_of(search: Any, metric: str | None) -> str:
    known = [key.removeprefix("mean_test_") for key in search.cv_results_ if "mean_test_" in key]
    if metric is None and isinstance(search.refit, str) and search.refit in known:
        return search.refit
    if metric is None and len(known) == 1:
        return known[0]
    if metric is None:
        raise ValueError(f"no metric selects the best candidate; metric: give {_listed(known)}.")
    if metric not in known:
        raise ValueError(
            f"metric={metric!r} is not a metric of this search; give {_listed(known)}."
        )
    return metric


def _listed(names: Iterable[str]) -> str:
    return " or ".join(map(repr, names))
