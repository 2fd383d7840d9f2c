"""Matérn-5/2 kernel over the mixed unit cube, with the gradients a fit and a search need.

Z, X   rows of the unit cube, (n, d) and (m, d)
D      squared distance along each column, (d, m, n); 0 or 1 along a categorical one
w      inverse squared length-scales, (d,)
R      squared scaled distance, R = Σⱼ wⱼ Dⱼ, (m, n)

A categorical column counts as one-hot encoded: two rows are as far apart as its length-scale
says if they differ there, and not at all if they agree. The scaled distance therefore is a
Euclidean one, and the Matérn function of it a positive definite kernel.

Follows Rasmussen & Williams, "Gaussian Processes for Machine Learning", eq. 4.17.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skbayes.trial import FloatArray


def squared_distances(
    X: FloatArray, Z: FloatArray, is_categorical: NDArray[np.bool_]
) -> FloatArray:
    """Return the squared distance of every two rows along each column.

    Parameters
    ----------
    X : ndarray of shape (m, d)
    Z : ndarray of shape (n, d)
    is_categorical : ndarray of shape (d,)
        Columns along which rows are either equal, 0, or different, 1.

    Returns
    -------
    D : ndarray of shape (d, m, n)
    """
    D = X.T[:, :, np.newaxis] - Z.T[:, np.newaxis, :]
    np.square(D, out=D)
    D[is_categorical] = D[is_categorical] > 0
    return D


def scaled_distances(
    X: FloatArray, Z: FloatArray, w: FloatArray, is_categorical: NDArray[np.bool_]
) -> FloatArray:
    """Return R of shape (m, n) without the memory that D would need."""
    numeric = ~is_categorical
    A, B = X[:, numeric] * np.sqrt(w[numeric]), Z[:, numeric] * np.sqrt(w[numeric])
    R = (A * A).sum(1)[:, np.newaxis] + (B * B).sum(1) - 2.0 * (A @ B.T)
    np.maximum(R, 0.0, out=R)
    for j in np.flatnonzero(is_categorical):
        R += w[j] * (X[:, j, np.newaxis] != Z[:, j])
    return R


def matern52(R: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the kernel and its derivative with respect to the squared scaled distance.

    k(R) = (1 + r + r²/3) exp(−r) with r = √(5R), so dk/dR = −5/6 (1 + r) exp(−r).

    Parameters
    ----------
    R : ndarray
        Squared scaled distances, non-negative.

    Returns
    -------
    k, dk : ndarray
        Of the shape of `R`.
    """
    r = np.sqrt(5.0 * R)
    decay = np.exp(-r)
    slope = (1.0 + r) * decay
    return slope + (r * r / 3.0) * decay, (-5.0 / 6.0) * slope
