"""Functions drawn from the posterior of a Gaussian process, which can be evaluated anywhere.

A function drawn from the prior is a sum of random waves (Rahimi & Recht, "Random Features for
Large-Scale Kernel Machines", NIPS 2007). It becomes one of the posterior when the difference
between the scores and what it has at their rows is added, carried on by the kernel:

    f(x) = g(x) + k(x, Z) K⁻¹ (y − g(Z) − ε),   ε ~ N(0, noise)

Follows Wilson et al., "Efficiently Sampling Functions from Gaussian Process Posteriors", ICML 2020,
eq. 13. The waves of a Matérn-5/2 kernel have frequencies with a Student t distribution of five
degrees of freedom. A categorical column is one-hot encoded for them, with distance 1 between any
two of its values.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from skbayes.models.gaussian_process import JITTER, MEAN_VARIANCE, GaussianProcess, cholesky
from skbayes.models.kernels import ScaledRows, matern52
from skbayes.trial import FloatArray

N_WAVES = 512


def sample_paths(
    surrogate: GaussianProcess, n: int, rng: np.random.Generator
) -> Callable[[FloatArray], FloatArray]:
    """Return functions drawn from a posterior, as one function of rows.

    Parameters
    ----------
    surrogate : GaussianProcess
    n : int
        How many functions to draw.
    rng : numpy.random.Generator

    Returns
    -------
    functions : callable
        Maps rows, (m, d), to values, (m, n).
    """
    Z, theta, is_categorical = surrogate.Z, surrogate.theta, surrogate.is_categorical
    d = Z.shape[1]
    w, (signal, noise) = np.exp(-2.0 * theta[:d]), np.exp(theta[d:])
    waves = _Waves(w, is_categorical, rng)
    amplitudes = rng.normal(size=(N_WAVES, n)) * np.sqrt(2.0 * signal / N_WAVES)
    heights = rng.normal(size=n) * np.sqrt(MEAN_VARIANCE)

    rows = ScaledRows(Z, w, is_categorical)
    variances = noise + JITTER * (1.0 + signal) + surrogate.extra_noise
    K = signal * matern52(rows.distances_from(Z))[0] + MEAN_VARIANCE + np.diag(variances)
    errors = rng.normal(size=(len(Z), n)) * np.sqrt(variances)[:, np.newaxis]
    gaps = surrogate.y[:, np.newaxis] - (waves(Z) @ amplitudes + heights) - errors
    L = cholesky(K)
    weights = np.linalg.solve(L.T, np.linalg.solve(L, gaps))

    def functions(X: FloatArray) -> FloatArray:
        k = signal * matern52(rows.distances_from(X))[0] + MEAN_VARIANCE
        return np.asarray(waves(X) @ amplitudes + heights + k @ weights, dtype=float)

    return functions


class _Waves:
    """Random cosines whose products have the kernel as their mean."""

    def __init__(
        self, w: FloatArray, is_categorical: NDArray[np.bool_], rng: np.random.Generator
    ) -> None:
        chi_square = rng.chisquare(5.0, size=N_WAVES) / 5.0
        self._numeric = np.flatnonzero(~is_categorical)
        frequencies = rng.normal(size=(len(w), N_WAVES)) / np.sqrt(chi_square)
        self._frequencies = frequencies[self._numeric] * np.sqrt(w[self._numeric])[:, np.newaxis]
        self._phases = rng.uniform(0.0, 2.0 * np.pi, size=N_WAVES)
        self._seed = int(rng.integers(2**32))
        self._categories = [(int(j), np.sqrt(w[j])) for j in np.flatnonzero(is_categorical)]
        self._chi_square = chi_square

    def __call__(self, X: FloatArray) -> FloatArray:
        """Return the cosines at rows of shape (m, d), of shape (m, N_WAVES)."""
        angles = X[:, self._numeric] @ self._frequencies + self._phases
        for j, root_w in self._categories:
            values, index = np.unique(X[:, j], return_inverse=True)
            angles += root_w * np.array([self._one_hot(j, value) for value in values])[index]
        return np.cos(angles)

    def _one_hot(self, j: int, value: float) -> FloatArray:
        """Return the frequencies of the coordinate that is on for one value of a column.

        Two values differ in two such coordinates, each on by the root of one half.
        """
        bits = np.float64(value).view(np.uint64)
        rng = np.random.default_rng([self._seed, j, int(bits)])
        return np.asarray(rng.normal(size=N_WAVES) * np.sqrt(0.5 / self._chi_square), dtype=float)
