"""Scores of trials that were evaluated on some splits only, as estimates with a variance.

Y      scores by trial and split, (n, K), NaN where a split was not evaluated
H      the better half of the complete trials
b      split effects, (K,): how much easier than the mean a split is for the trials of H
e      scores of a trial without the split effects, (j,)

A trial on the easy splits alone looks better than it is. So its estimate is the mean ē of
eₖ = sₖ − bₖ over its j splits, with variance

    ((ν₀ s₀² + Σ (eₖ − ē)²) / (ν₀ + j − 1)) (K − j) / (K j),

where s₀² is the variance of what is left in H without trial means and split effects. Trials far
below the best one are not in H: scores that explode would hide the split effects of the others.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skbayes.trial import FloatArray

PRIOR_WEIGHT = 8.0
"""ν₀, the weight of s₀² in degrees of freedom.

Chosen in doc/benchmarks.md: "mean | 8 | yes".
"""

MIN_TRIALS = 4
"""Least size of H, if there are more complete trials."""


def estimates(Y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what a mean over all splits would be, and with which variance.

    Parameters
    ----------
    Y : ndarray of shape (n, K)
        Every row has a finite score, and two rows at least are complete.

    Returns
    -------
    mean : ndarray of shape (n,)
        Of a complete trial, its mean.
    variance : ndarray of shape (n,)
        Of a complete trial, zero.
    """
    n_splits = Y.shape[1]
    is_seen = np.isfinite(Y)
    j = is_seen.sum(axis=1)
    complete = Y[j == n_splits]
    n_better = max(len(complete) // 2, min(MIN_TRIALS, len(complete) - 1))
    order = np.argsort(-complete.mean(axis=1), kind="stable")
    H = complete[order[:n_better]]
    deviations = H - H.mean(axis=1, keepdims=True)
    b = deviations.mean(axis=0)
    freedom = max((len(H) - 1) * (n_splits - 1), 1)
    prior_variance = np.square(deviations - b).sum() / freedom

    e = np.where(is_seen, Y - b, 0.0)
    mean = e.sum(axis=1) / j
    squares = np.where(is_seen, np.square(e - mean[:, np.newaxis]), 0.0).sum(axis=1)
    return mean, variance_of_mean(squares, j, n_splits, prior_variance)


def variance_of_mean(squares: Any, j: Any, n_splits: int, prior_variance: float) -> Any:
    """Return the variance of a mean over all splits of which j were evaluated.

    The splits are a finite population, so nothing is uncertain once all were evaluated.

    Parameters
    ----------
    squares : float or ndarray
        Sum of the squared deviations from the mean of the j splits.
    j : int or ndarray
    n_splits : int
    prior_variance : float
        s₀².

    Returns
    -------
    variance : float or ndarray
        Of the scale of a Student t distribution with `PRIOR_WEIGHT` + j − 1 degrees of freedom.
    """
    spread = (PRIOR_WEIGHT * prior_variance + squares) / (PRIOR_WEIGHT + j - 1.0)
    return spread * (n_splits - j) / (n_splits * j)
