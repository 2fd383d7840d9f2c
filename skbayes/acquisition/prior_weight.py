"""A prior weight on the middle of continuous ranges, which fades as trials are finished.

u      4 x (1 − x) for a position x in a continuous column: 1 at the centre, 0 at both ends
β      strength of the prior                  n   number of finished trials

A surrogate is least certain at the borders of the cube, and a cube of many columns is nearly all
border. A search that follows this uncertainty spends its first trials on extreme learning rates
and penalties. Users tend to centre their ranges on good values, so the acquisition is weighted by
π(x)^(β / n), where π is the product of u over the continuous columns.

Follows Hvarfner, Stoll, Souza, Lindauer, Hutter & Nardi, "πBO: Augmenting Acquisition Functions
with User Beliefs for Bayesian Optimization", ICLR 2022, eq. 6; there the user gives π.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skbayes.trial import FloatArray

STRENGTH = 0.4
"""Exponent of π while it is largest.

Chosen in doc/benchmarks.md: "fading weight of the middle of continuous ranges".
"""

N_STRONG = 8
"""Finished trials up to which the exponent is `STRENGTH`; β is the product of both."""

END_OFFSET = 0.1
"""Added to u, so that the ends of a range are never ruled out."""


def log_prior_weight(
    rows: FloatArray, is_continuous: NDArray[np.bool_], n_finished: int
) -> tuple[FloatArray, FloatArray]:
    """Return the log weight of rows and its gradient.

    Parameters
    ----------
    rows : ndarray of shape (m, d)
    is_continuous : ndarray of shape (d,)
        Columns that are weighted. The ends of a discrete column are values like others.
    n_finished : int

    Returns
    -------
    log_weight : ndarray of shape (m,)
        Zero at the centre of all continuous columns, negative elsewhere.
    gradient : ndarray of shape (m, d)
    """
    power = STRENGTH * min(1.0, N_STRONG / n_finished)
    x = rows[:, is_continuous]
    u = 4.0 * x * (1.0 - x) + END_OFFSET
    gradient = np.zeros_like(rows)
    gradient[:, is_continuous] = power * (4.0 - 8.0 * x) / u
    return power * np.log(u / (1.0 + END_OFFSET)).sum(axis=1), gradient
