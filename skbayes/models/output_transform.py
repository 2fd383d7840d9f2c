"""Output transform for the surrogate: scores are standardised, and their lower tail is compressed.

y      transformed scores, greater is better, (n,)
r      distance of each score below the best, (n,)
c      threshold: scores with r > c are the tail

One R² of −10⁶ among scores between 0 and 1 must not hide the differences between them, and the
search only needs to model the best scores well. So the distances in the tail are replaced by a
double logarithm, which keeps the order and removes the magnitude. The threshold c depends on the
better scores alone. How bad a trial in the tail is carries little information, so its score gets
extra noise, in proportion to the compressed distance.

On output transforms in general: Cowen-Rivers et al., "HEBO: Pushing the limits of sample-efficient
hyper-parameter optimisation", JAIR 2022.
"""

from __future__ import annotations

import numpy as np

from skbayes.trial import FloatArray

TAIL_FACTOR = 0.35
"""Factor of the doubly logarithmic distance in the tail.

Chosen in doc/benchmarks.md: "tail at 0.35 of its height".
"""

SCALE_QUANTILE = 0.25
"""Share of the scores, counted from the best, that sets the threshold c.

Chosen in doc/benchmarks.md: "a scale set by the better half of the scores".
"""

SCALE_FACTOR = 7.0
"""c, as a multiple of the `SCALE_QUANTILE` quantile of r.

Chosen in doc/benchmarks.md: "7 instead of 2.5".
"""

LARGEST = 1e150
"""Magnitude beyond which scores count as equal; their differences would overflow."""

LARGEST_TAIL = float(np.log1p(np.log(LARGEST)))
"""Logarithm of the tail at which the distance is `LARGEST` times c."""

TAIL_NOISE = 1.0
"""Standard deviation of the extra noise in the tail, as a share of the compressed distance.

Chosen together with `TAIL_FACTOR`.
"""


def surrogate_scores(
    scores: FloatArray, variances: FloatArray | None = None, weights: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return the transformed scores for the surrogate, and the extra noise of the tail.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Greater is better; NaN for failed trials, which count as the worst. At least one is finite.
    variances : ndarray of shape (n,), default=None
        Variance of each score, in the units of the scores; zero by default.
    weights : ndarray of shape (n,), default=None
        How much each score counts for the threshold c; equal by default.

    Returns
    -------
    y : ndarray of shape (n,)
        With mean 0 and standard deviation 1, in the order of the scores; zeros if all are equal.
    extra_noise : ndarray of shape (n,)
        Noise variance of each score in `y` in addition to that of all scores: that of the tail,
        and the given variances on the scale of `y`.
    """
    r, c, tail, loss = _losses(scores, weights)
    is_failed = np.isnan(r)
    spread = loss.std()
    if spread == 0.0:
        return np.zeros(len(scores)), np.zeros(len(scores))
    y, extra_noise = (loss.mean() - loss) / spread, (TAIL_NOISE * TAIL_FACTOR * tail / spread) ** 2
    if variances is not None:
        # dy/dr: 1 / c in the linear part, and the derivative of the tail beyond it
        depth = np.where(tail > 0.0, np.maximum(r, c), c)
        slope = np.where(tail > 0.0, TAIL_FACTOR / ((1.0 + np.log(depth / c)) * depth), 1.0 / c)
        extra_noise = extra_noise + np.where(is_failed, 0.0, variances * (slope / spread) ** 2)
    return y, extra_noise


def on_the_scores_scale(
    y: FloatArray, scores: FloatArray, weights: FloatArray | None = None
) -> FloatArray:
    """Return what `surrogate_scores` has transformed, and values between and beyond.

    Parameters
    ----------
    y : ndarray
        Values on the scale of the surrogate.
    scores, weights : ndarray of shape (n,)
        As `surrogate_scores` was given them.

    Returns
    -------
    values : ndarray
        Of the shape of `y`, on the scale of the scores.
    """
    _, c, _, losses = _losses(scores, weights)
    loss = losses.mean() - losses.std() * y
    tail = np.clip((loss - 1.0) / TAIL_FACTOR, 0.0, LARGEST_TAIL)
    r = c * np.where(loss > 1.0, np.exp(np.expm1(tail)), loss)
    best: float = np.clip(np.nanmax(scores), -LARGEST, LARGEST)
    return np.asarray(best - r, dtype=float)


def _losses(
    scores: FloatArray, weights: FloatArray | None
) -> tuple[FloatArray, float, FloatArray, FloatArray]:
    """Return r, c, the logarithms of the tail, and the losses of which y is made."""
    scores = np.clip(scores, -LARGEST, LARGEST)
    r = np.nanmax(scores) - scores
    is_scored = np.isfinite(r)
    c = _scale(r[is_scored], None if weights is None else weights[is_scored])
    tail = np.log1p(np.log(np.maximum(np.where(np.isnan(r), np.nanmax(r), r) / c, 1.0)))
    is_failed = np.isnan(r)
    tail[is_failed] = max(tail.max(), 0.5)
    loss = np.where(tail > 0.0, 1.0 + TAIL_FACTOR * tail, np.where(is_failed, 1.0, r / c))
    return r, c, tail, loss


def _scale(r: FloatArray, weights: FloatArray | None) -> float:
    """Return c for the finite distances r below the best."""
    positive = r[r > 0.0]
    if not len(positive):
        return 1.0
    return SCALE_FACTOR * float(max(_scale_quantile(r, weights), positive.min(), r.max() / LARGEST))


def _scale_quantile(r: FloatArray, weights: FloatArray | None) -> float:
    if weights is None:
        return float(np.quantile(r, SCALE_QUANTILE))
    order = np.argsort(r)
    cumulative = np.cumsum(weights[order])
    return float(r[order[np.searchsorted(cumulative, SCALE_QUANTILE * cumulative[-1])]])
