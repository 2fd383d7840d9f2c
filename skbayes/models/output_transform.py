"""Scores as a Gaussian process wants them: of one scale, without a tail that flattens the rest.

y      scores, greater is better, (n,)
r      their distance below the best, (n,)
c      how far below the best a score still counts as it is

One R² of −10⁶ among scores between 0 and 1 must not hide the differences between them, and the
search only cares for the upper end. Below the scale c, which is set by the better scores alone,
distances are pulled in twice logarithmically, so that the order stays and the magnitude goes. How
bad such a trial is then says little, and the surrogate is told that it is noisy in proportion.

Why scores want a transform at all: Cowen-Rivers et al., "HEBO: Pushing the limits of
sample-efficient hyper-parameter optimisation", JAIR 2022.
"""

from __future__ import annotations

import numpy as np

from skbayes.trial import FloatArray

TAIL = 0.35
"""Factor of the tail's twice logarithmic distance.

Chosen in doc/benchmarks.md: "tail at 0.35 of its height".
"""

UPPER = 0.25
"""Share of the scores that sets the scale.

Chosen in doc/benchmarks.md: "a scale set by the better half of the scores".
"""

LINEAR = 7.0
"""c, as a multiple of the distance below the best within which that share lies.

Chosen in doc/benchmarks.md: "7 instead of 2.5".
"""

LARGEST = 1e150
"""Magnitude beyond which scores count as equal; their differences would overflow."""

TAIL_NOISE = 1.0
"""Standard deviation of a score in the tail, as a share of its distance beyond c.

Chosen with the height of the tail.
"""


def surrogate_scores(scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what the surrogate is told of the scores, and the noise to assume in the tail.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Greater is better; NaN for failed trials, which count as the worst. At least one is finite.

    Returns
    -------
    y : ndarray of shape (n,)
        With mean 0 and standard deviation 1, in the order of the scores; zeros if all are equal.
    extra_noise : ndarray of shape (n,)
        Noise variance of each score in `y` in addition to that of all scores; zero outside the
        tail.
    """
    scores = np.clip(scores, -LARGEST, LARGEST)
    r = np.nanmax(scores) - scores
    c = _scale(r[np.isfinite(r)])
    tail = np.log1p(np.log(np.maximum(np.where(np.isnan(r), np.nanmax(r), r) / c, 1.0)))
    is_failed = np.isnan(r)
    tail[is_failed] = max(tail.max(), 0.5)
    loss = np.where(tail > 0.0, 1.0 + TAIL * tail, np.where(is_failed, 1.0, r / c))
    spread = loss.std()
    if spread == 0.0:
        return np.zeros(len(scores)), np.zeros(len(scores))
    return (loss.mean() - loss) / spread, (TAIL_NOISE * TAIL * tail / spread) ** 2


def _scale(r: FloatArray) -> float:
    """Return c for the finite distances r below the best."""
    positive = r[r > 0.0]
    if not len(positive):
        return 1.0
    return LINEAR * float(max(np.quantile(r, UPPER), positive.min(), r.max() / LARGEST))
