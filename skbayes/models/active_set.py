"""Which scores a surrogate is conditioned on when there are too many: a bounded active set.

Z      rows of the unit cube, (n, d)          m   size of the set

The likelihood of a Gaussian process costs n³ per evaluation. A search needs it to be accurate
around the best trials, and to remember which other regions were explored. So half of the set are
the best scores, and the other half covers the rest: each next row is the one farthest from all rows
in the set. The radius of this greedy cover is within a factor of two of the smallest one possible.
Up to m trials, the set contains all of them.

The cover follows Gonzalez, "Clustering to minimize the maximum intercluster distance", Theoretical
Computer Science, 1985.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skbayes.models.kernels import ScaledRows
from skbayes.trial import FloatArray

MAX_ACTIVE = 250
"""m. More trials do not make a proposal slower; chosen by how long a proposal takes."""

MAX_COVERED = 2_000
"""The cover is chosen among this many of the most recent rows, at most."""


def active_set(
    Z: FloatArray, y: FloatArray, w: FloatArray, is_categorical: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Return the indices of the scores to condition on, increasing.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
    y : ndarray of shape (n,)
        Greater is better.
    w : ndarray of shape (d,)
        Inverse squared length-scales, in which distance is measured.
    is_categorical : ndarray of shape (d,)
    """
    n = len(y)
    if n <= MAX_ACTIVE:
        return np.arange(n)
    order = np.argsort(-y, kind="stable")
    best, rest = order[: MAX_ACTIVE // 2], np.sort(order[MAX_ACTIVE // 2 :])[-MAX_COVERED:]
    candidates = Z[rest]
    nearest = ScaledRows(Z[best], w, is_categorical).distances_from(candidates).min(axis=1)
    chosen = []
    for _ in range(min(MAX_ACTIVE - len(best), len(rest))):
        farthest = int(np.argmax(nearest))
        chosen.append(farthest)
        to_it = ScaledRows(candidates[farthest, None], w, is_categorical)
        nearest = np.minimum(nearest, to_it.distances_from(candidates)[:, 0])
    return np.sort(np.concatenate([best, rest[chosen]]))
