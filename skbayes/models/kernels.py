"""Matérn-5/2 kernel over the mixed unit cube, with its derivative.

Z, X   rows of the unit cube, (n, d) and (m, d)
D      squared distance along each column; 0 or 1 along a categorical one
w      inverse squared length-scales, (d,)
R      squared scaled distance, R = Σⱼ wⱼ Dⱼ, (m, n)

A categorical column acts as if it were one-hot encoded: it adds wⱼ to R if two rows differ in it,
and nothing if they agree. So R is a squared Euclidean distance, and the Matérn function of R is a
positive definite kernel.

Follows Rasmussen & Williams, "Gaussian Processes for Machine Learning", eq. 4.17.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skbayes.trial import FloatArray


def pairwise_squared_distances(Z: FloatArray, is_categorical: NDArray[np.bool_]) -> FloatArray:
    """Return D for every pair of rows, in the order of `np.tril_indices(n, -1)`.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
    is_categorical : ndarray of shape (d,)
        Columns along which rows are either equal, 0, or different, 1.

    Returns
    -------
    D : ndarray of shape (d, n (n − 1) / 2)
    """
    i, j = np.tril_indices(len(Z), -1)
    D = np.square(Z.T[:, i] - Z.T[:, j])
    D[is_categorical] = D[is_categorical] > 0
    return D


class ScaledRows:
    """Rows scaled by the length-scales once, for distances to many other rows.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
    w : ndarray of shape (d,)
    is_categorical : ndarray of shape (d,)
    """

    def __init__(self, Z: FloatArray, w: FloatArray, is_categorical: NDArray[np.bool_]) -> None:
        self._root_w = np.sqrt(w[~is_categorical])
        self._numeric = np.flatnonzero(~is_categorical)
        self._scaled = Z[:, self._numeric] * self._root_w
        self._norms = np.square(self._scaled).sum(axis=1)
        self._categories = [(j, w[j], Z[:, j]) for j in np.flatnonzero(is_categorical)]

    def distances_from(self, X: FloatArray) -> FloatArray:
        """Return R without computing D, which would need d times the memory.

        Parameters
        ----------
        X : ndarray of shape (m, d)

        Returns
        -------
        R : ndarray of shape (m, n)
            Squared scaled distances.
        """
        A = X[:, self._numeric] * self._root_w
        R = A @ (-2.0 * self._scaled.T)
        R += self._norms
        R += np.square(A).sum(axis=1)[:, np.newaxis]
        np.maximum(R, 0.0, out=R)
        for j, weight, categories in self._categories:
            R += weight * (X[:, j, np.newaxis] != categories)
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
