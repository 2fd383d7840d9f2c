"""Parzen estimators: a density over the mixed unit cube as a mixture around given rows.

Z      rows of the unit cube, (n, d)          w   weights of the components, (n + 1,)
h      bandwidths, (d,)                       b   share of a categorical kernel that is the prior

    p(x) = w₀ + Σᵢ wᵢ Πⱼ kⱼ(xⱼ | zᵢⱼ)

Component 0 is the prior, which is uniform: the cube is warped by the user's distributions. The
kernel of a continuous column is a normal density truncated to the unit interval. A discrete value
is a cell of the interval, as wide as its prior probability; its density is the kernel's mass in the
cell divided by the width of the cell. So every density integrates to one over the cube, and the
density of the prior is one everywhere. A categorical kernel is the prior with weight b and the
component's own cell with weight 1 − b. If a column is inactive in the row or in the component, its
factor is that of the prior, one. So all sub-spaces are one mixture, whose first column chooses the
sub-space, and parameters that sub-spaces share are learned together.

Follows Bergstra, Bardenet, Bengio & Kégl, "Algorithms for Hyper-Parameter Optimization", NeurIPS
2011, with the joint kernels of Falkner, Klein & Hutter, "BOHB", ICML 2018; components are named as
in Watanabe, "Tree-Structured Parzen Estimator: Understanding Its Algorithm Components and Their
Roles for Better Empirical Performance", 2023.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from skbayes.space.dimensions import Column, Kind
from skbayes.trial import FloatArray

TINY = 1e-300
"""Density below which a kernel counts as zero."""

_LOG_SQRT_2PI = 0.5 * np.log(2.0 * np.pi)


class ParzenEstimator:
    """A mixture of product kernels around rows.

    Parameters
    ----------
    columns : sequence of Column
        The axes of the cube.
    Z : ndarray of shape (n, d)
        Snapped rows, one per component.
    is_active : ndarray of shape (n, d)
        Which columns of `Z` their candidates use.
    weights : ndarray of shape (n + 1,)
        Weights of the prior and of the components; they are normalised here.
    bandwidths : ndarray of shape (d,)
        Standard deviation of the kernel along a continuous or ordered column; along a categorical
        one the share b of the prior, between 0 and 1.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        Z: FloatArray,
        is_active: NDArray[np.bool_],
        weights: FloatArray,
        bandwidths: FloatArray,
    ) -> None:
        self._columns, self._Z, self._is_active = columns, Z, is_active
        self._weights = weights / weights.sum()
        self._h = bandwidths

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return rows drawn from the density.

        Parameters
        ----------
        n : int
            How many rows.
        rng : Generator

        Returns
        -------
        rows : ndarray of shape (n, d)
            Not snapped.
        """
        u = rng.random((n, len(self._columns)))
        component = np.searchsorted(np.cumsum(self._weights)[:-1], rng.random(n), side="right") - 1
        from_kernel = np.flatnonzero(component >= 0)
        chosen = component[from_kernel]
        rows = u.copy()
        for j, column in enumerate(self._columns):
            is_active = self._is_active[chosen, j]
            at, z, h = from_kernel[is_active], self._Z[chosen[is_active], j], self._h[j]
            if column.kind is Kind.CATEGORICAL:
                rows[at, j] = np.where(u[at, j] < 1.0 - h, z, (u[at, j] - (1.0 - h)) / h)
            else:
                below = ndtr(-z / h)
                drawn = z + h * ndtri(below + u[at, j] * (ndtr((1.0 - z) / h) - below))
                rows[at, j] = np.clip(drawn, 0.0, 1.0)
        return rows

    def log_density(self, X: FloatArray, is_active: NDArray[np.bool_]) -> FloatArray:
        """Return the log density at snapped rows.

        Parameters
        ----------
        X : ndarray of shape (m, d)
        is_active : ndarray of shape (m, d)

        Returns
        -------
        log_density : ndarray of shape (m,)
        """
        log_kernels = np.zeros((len(X), len(self._Z)))
        for j, column in enumerate(self._columns):
            log_kernel = self._log_kernel(j, column, X[:, j])
            if not (is_active[:, j].all() and self._is_active[:, j].all()):
                log_kernel *= is_active[:, j, np.newaxis] & self._is_active[:, j]
            log_kernels += log_kernel
        with np.errstate(divide="ignore"):
            return np.log(self._weights[0] + np.exp(log_kernels) @ self._weights[1:])

    def _log_kernel(self, j: int, column: Column, x: FloatArray) -> FloatArray:
        """Return the log of a kernel at places x, (m,), for every component, (m, n)."""
        z, h = self._Z[:, j], self._h[j]
        if column.edges is None or column.positions is None:
            scaled = (x[:, np.newaxis] - z) / h
            inside = ndtr((1.0 - z) / h) - ndtr(-z / h)
            return -0.5 * scaled * scaled - (np.log(h * inside) + _LOG_SQRT_2PI)
        if column.kind is Kind.CATEGORICAL:
            width = np.diff(column.edges)[np.searchsorted(column.positions, x)]
            own = np.log(h + (1.0 - h) / width)[:, np.newaxis]
            return np.where(x[:, np.newaxis] == z, own, np.log(h))
        values, place = np.unique(z, return_inverse=True)
        return _log_cell_density(column.positions, column.edges, x, values, h)[:, place]


def _log_cell_density(
    positions: FloatArray, edges: FloatArray, x: FloatArray, z: FloatArray, h: float
) -> FloatArray:
    """Return the log mass of truncated normal kernels in the cells of values, over their widths.

    A cell above the centre of a kernel is measured from the upper tail, because 1 − Φ would cancel.
    """
    cells = np.searchsorted(positions, x)
    low = (edges[cells][:, np.newaxis] - z) / h
    high = (edges[cells + 1][:, np.newaxis] - z) / h
    is_above = low > 0.0
    mass = ndtr(np.where(is_above, -low, high)) - ndtr(np.where(is_above, -high, low))
    inside = ndtr((1.0 - z) / h) - ndtr(-z / h)
    width = (edges[cells + 1] - edges[cells])[:, np.newaxis]
    return np.log(np.maximum(mass / (inside * width), TINY))
