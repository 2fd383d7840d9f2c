"""Gaussian-process surrogate for scores observed on the unit cube.

Z      rows of the unit cube, (n, d)          K   covariance of the observed scores, (n, n)
y      standardised scores, (n,)              L   lower Cholesky factor of K, so K = L Lᵀ
ℓ      length-scales, (d,)                    α   K⁻¹ y, (n,)
s²     signal variance                        σ²  noise variance
θ      (log ℓ, log s², log σ²), what a fit estimates, (d + 2,)

The score is a constant of unknown height plus a Matérn process of variance s², so
K = s² k(Z, Z) + β² 1 1ᵀ + σ² I. Follows Rasmussen & Williams, "Gaussian Processes for Machine
Learning", algorithm 2.1 and section 5.4. That the prior on ℓ grows with √d follows Hvarfner,
Hellsten & Nardi, "Vanilla Bayesian Optimization Performs Great in High Dimensions", ICML 2024.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotri, dpotrs, dtrtri
from scipy.optimize import minimize

from skbayes.models.kernels import ScaledRows, matern52, pairwise_squared_distances
from skbayes.trial import FloatArray

MEAN_VARIANCE = 1.0
"""β², prior variance of the constant, in standardised units."""

JITTER = 1e-8
"""Added to the diagonal, relative to the signal: equal rows would make K singular."""

LOG_BOUNDS = {"lengthscale": (-4.6, 6.9), "signal": (-5.0, 5.0), "noise": (-16.0, 0.7)}
"""Bounds of θ in a fit, for standardised scores and rows in the unit cube."""


@dataclass(frozen=True, eq=False)
class HyperPrior:
    """Independent normal priors on θ.

    Parameters
    ----------
    mean, std : ndarray of shape (d + 2,)
    """

    mean: FloatArray
    std: FloatArray

    @classmethod
    def for_dimension(cls, d: int) -> HyperPrior:
        """Return the prior for d columns, whose length-scales grow with √d.

        So the score is not assumed to be a more complex function if there are more columns, as in
        Hvarfner et al. 2024, eq. 5. The constants are for tuning problems, which are rougher than
        theirs: log ℓ ~ N(−0.5 + log(d) / 2, 1). Noise is small a priori, because all trials share
        the same splits. Chosen in doc/benchmarks.md: "length-scale prior at −0.2; −0.8" and
        "larger noise a priori once more".

        Parameters
        ----------
        d : int
            Number of columns.

        Returns
        -------
        prior : HyperPrior
        """
        mean = np.full(d + 2, -0.5 + 0.5 * np.log(max(d, 1)))
        std = np.ones(d + 2)
        mean[d], std[d] = 0.0, 1.5
        mean[d + 1], std[d + 1] = -9.0, 2.5
        return cls(mean, std)

    def log_density(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Return the log density up to a constant, and its gradient.

        Parameters
        ----------
        theta : ndarray of shape (d + 2,)

        Returns
        -------
        log_density : float
        gradient : ndarray of shape (d + 2,)
        """
        z = (theta - self.mean) / self.std
        return -0.5 * float(z @ z), -z / self.std


class GaussianProcess:
    """Posterior of the score given observations and hyper-parameters.

    Conditioning returns a new object.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
    y : ndarray of shape (n,)
        Standardised scores.
    theta : ndarray of shape (d + 2,)
    is_categorical : ndarray of shape (d,)
    extra_noise : ndarray of shape (n,), default=None
        Noise variance of each score in addition to that of all scores; zero by default.

    Attributes
    ----------
    noise : float
        Variance of the noise of one score.
    """

    def __init__(
        self,
        Z: FloatArray,
        y: FloatArray,
        theta: FloatArray,
        is_categorical: NDArray[np.bool_],
        extra_noise: FloatArray | None = None,
    ) -> None:
        d = Z.shape[1]
        self.Z, self.y, self.theta, self.is_categorical = Z, y, theta, is_categorical
        self.extra_noise = np.zeros(len(y)) if extra_noise is None else extra_noise
        w = np.exp(-2.0 * theta[:d])
        self._slope_w = np.where(is_categorical, 0.0, w)
        self._signal, self.noise = map(float, np.exp(theta[d:]))
        self._rows = ScaledRows(Z, w, is_categorical)
        R = self._rows.distances_from(Z)
        np.fill_diagonal(R, 0.0)
        K = self._covariance(R)[0]
        K[np.diag_indices_from(K)] += self.noise + JITTER * (1.0 + self._signal) + self.extra_noise
        self._L_inverse = np.tril(dtrtri(cholesky(K), lower=1)[0])
        self.alpha = self._L_inverse.T @ (self._L_inverse @ y)

    def mean(self, X: FloatArray) -> FloatArray:
        """Return the posterior mean of the score alone, which is faster than `predict`.

        Parameters
        ----------
        X : ndarray of shape (m, d)

        Returns
        -------
        mean : ndarray of shape (m,)
        """
        k, _ = self._covariance(self._rows.distances_from(X))
        return np.asarray(k @ self.alpha, dtype=float)

    def predict(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the posterior mean and standard deviation of the noiseless score.

        Parameters
        ----------
        X : ndarray of shape (m, d)

        Returns
        -------
        mean, std : ndarray of shape (m,)
        """
        k, _ = self._covariance(self._rows.distances_from(X))
        W = k @ self._L_inverse.T
        return k @ self.alpha, self._std(W)

    def predict_with_gradient(
        self, X: FloatArray
    ) -> tuple[FloatArray, FloatArray, Callable[[FloatArray, FloatArray], FloatArray]]:
        """Return posterior mean and standard deviation, and a function for gradients of them.

        With v(x) = s² + β² − |L⁻¹ k(x)|² the variance, ∇v = −2 k(x)ᵀ K⁻¹ ∇k(x), and
        ∂R/∂xⱼ = 2 wⱼ (xⱼ − zᵢⱼ).

        Parameters
        ----------
        X : ndarray of shape (m, d)

        Returns
        -------
        mean, std : ndarray of shape (m,)
        gradient : callable
            Maps the derivatives of some function by mean and by standard deviation, each of
            shape (m,), to its gradients along the columns of X, (m, d); zero along categories.
        """
        k, dk = self._covariance(self._rows.distances_from(X))
        W = k @ self._L_inverse.T
        std = self._std(W)

        def gradient(by_mean: FloatArray, by_std: FloatArray) -> FloatArray:
            by_variance = (by_std / (2.0 * std))[:, np.newaxis]
            by_R = dk * (
                by_mean[:, np.newaxis] * self.alpha - 2.0 * by_variance * (W @ self._L_inverse)
            )
            return 2.0 * self._slope_w * (X * by_R.sum(1, keepdims=True) - by_R @ self.Z)

        return k @ self.alpha, std, gradient

    def distance_to_data(self, X: FloatArray) -> FloatArray:
        """Return the distance of each row to the nearest observed row.

        Parameters
        ----------
        X : ndarray of shape (m, d)

        Returns
        -------
        distance : ndarray of shape (m,)
            In units of the length-scales.
        """
        return np.sqrt(self._rows.distances_from(X).min(axis=1))

    def fantasize(self, X: FloatArray) -> GaussianProcess:
        """Return the posterior as if its own mean had been observed at rows X.

        The mean stays the same and the variance around X shrinks: the "Kriging believer" of
        Ginsbourger, Le Riche & Carraro, "Kriging is well-suited to parallelize optimization", 2010.

        Parameters
        ----------
        X : ndarray of shape (m, d)

        Returns
        -------
        surrogate : GaussianProcess
        """
        if not len(X):
            return self
        rows, scores = np.vstack([self.Z, X]), np.concatenate([self.y, self.mean(X)])
        extra_noise = np.concatenate([self.extra_noise, np.zeros(len(X))])
        return GaussianProcess(rows, scores, self.theta, self.is_categorical, extra_noise)

    def _covariance(self, R: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the covariance at squared scaled distances R, and its derivative."""
        k, dk = matern52(R)
        return self._signal * k + MEAN_VARIANCE, self._signal * dk

    def _std(self, W: FloatArray) -> FloatArray:
        variance = self._signal + MEAN_VARIANCE - np.einsum("ij,ij->i", W, W)
        return np.sqrt(np.maximum(variance, 1e-14 * (1.0 + self._signal)))


def fit_hyperparameters(
    Z: FloatArray,
    y: FloatArray,
    extra_noise: FloatArray,
    is_categorical: NDArray[np.bool_],
    starts: list[FloatArray],
    max_iterations: int = 40,
) -> FloatArray:
    """Return the θ of largest posterior density, by L-BFGS-B on analytic gradients.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
    y : ndarray of shape (n,)
        Standardised scores.
    extra_noise : ndarray of shape (n,)
        Noise variance of each score in addition to that of all scores.
    is_categorical : ndarray of shape (d,)
    starts : list of ndarray of shape (d + 2,)
        Starting points; the fit runs from the one with the largest density.
    max_iterations : int, default=40

    Returns
    -------
    theta : ndarray of shape (d + 2,)
    """
    d = Z.shape[1]
    prior = HyperPrior.for_dimension(d)
    log_likelihood = MarginalLikelihood(Z, y, extra_noise, is_categorical)

    def negative_log_posterior(theta: FloatArray) -> tuple[float, FloatArray]:
        likelihood, likelihood_gradient = log_likelihood(theta)
        log_prior, prior_gradient = prior.log_density(theta)
        return -likelihood - log_prior, -likelihood_gradient - prior_gradient

    box = _box(d)
    begin = min(starts, key=lambda theta: negative_log_posterior(theta)[0])
    result = minimize(
        negative_log_posterior,
        begin,
        jac=True,
        method="L-BFGS-B",
        bounds=box,
        options={"maxiter": max_iterations, "ftol": 1e-5},
    )
    return np.asarray(result.x, dtype=float)


class MarginalLikelihood:
    """log p(y | θ) and its gradient, as a function of θ.

    The covariance is symmetric, so kernels are evaluated for every pair of rows once.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
    y, extra_noise : ndarray of shape (n,)
    is_categorical : ndarray of shape (d,)

    References
    ----------
    Rasmussen & Williams, eq. 5.8 and 5.9.
    """

    def __init__(
        self,
        Z: FloatArray,
        y: FloatArray,
        extra_noise: FloatArray,
        is_categorical: NDArray[np.bool_],
    ) -> None:
        self._y, self._extra_noise = y, extra_noise
        self._i, self._j = np.tril_indices(len(y), -1)
        self._below = self._i + len(y) * self._j  # positions of the pairs, column-major
        self._D = pairwise_squared_distances(Z, is_categorical)

    def __call__(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Return the value and the gradient, of shape (d + 2,)."""
        d, n = len(theta) - 2, len(self._y)
        w = np.exp(-2.0 * theta[:d])
        signal, noise = np.exp(theta[d:])
        k, dk = matern52(w @ self._D)
        K = np.zeros(n * n)  # column-major
        K[self._below] = signal * k + MEAN_VARIANCE
        K[:: n + 1] = signal * (1.0 + JITTER) + MEAN_VARIANCE + noise + JITTER + self._extra_noise
        L = cholesky(K.reshape((n, n), order="F"))
        alpha = dpotrs(L, self._y, lower=1)[0]
        value = -0.5 * self._y @ alpha - np.log(np.diag(L)).sum() - 0.5 * n * np.log(2.0 * np.pi)

        # eq. 5.9: ∂/∂θ = ½ tr(G ∂K/∂θ) with G = α αᵀ − K⁻¹, to which every pair adds twice
        K_inverse = dpotri(L, lower=1)[0].ravel(order="F")
        G = alpha[self._i] * alpha[self._j] - K_inverse[self._below]
        trace = alpha @ alpha - K_inverse[:: n + 1].sum()
        gradient = np.empty(d + 2)
        gradient[:d] = -2.0 * w * signal * (self._D @ (G * dk))  # ∂wⱼ/∂log ℓⱼ = −2 wⱼ
        gradient[d] = signal * (G @ k + 0.5 * (1.0 + JITTER) * trace)
        gradient[d + 1] = 0.5 * noise * trace
        return float(value), gradient


def cholesky(K: FloatArray) -> FloatArray:
    """Return the lower Cholesky factor of K.

    A matrix that is not positive definite to working precision gets a larger diagonal, tenfold
    at each attempt.

    Parameters
    ----------
    K : ndarray of shape (n, n)

    Returns
    -------
    L : ndarray of shape (n, n)
        Zero above the diagonal.

    Raises
    ------
    numpy.linalg.LinAlgError
        If K is not a finite symmetric matrix.
    """
    extra = 0.0
    for _ in range(12):
        L, info = dpotrf(K + extra * np.eye(len(K)) if extra else K, lower=1, clean=1)
        if info == 0:
            return np.asarray(L, dtype=float)
        extra = max(10.0 * extra, 1e-10 * float(np.trace(K)) / len(K))
    raise np.linalg.LinAlgError("the covariance of the surrogate is not positive definite")


def is_theta(value: object, d: int) -> bool:
    """Whether a value that was read from a journal can be the θ of rows of d columns.

    Parameters
    ----------
    value : object
    d : int
        Number of columns of the rows.
    """
    if not isinstance(value, list) or len(value) != d + 2:
        return False
    return all(
        type(number) in (int, float) and low - 1e-6 <= number <= high + 1e-6
        for number, (low, high) in zip(value, _box(d), strict=True)
    )


def _box(d: int) -> list[tuple[float, float]]:
    """Return the bounds of θ for rows of d columns."""
    return [LOG_BOUNDS["lengthscale"]] * d + [LOG_BOUNDS["signal"], LOG_BOUNDS["noise"]]
