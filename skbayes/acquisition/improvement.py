"""Log expected improvement of a candidate, from its posterior mean and standard deviation.

z      (mean − incumbent) / std
σ      standard deviation of the noise of one evaluation
φ, Φ   standard normal density and distribution function
h(z)   φ(z) + z Φ(z), so that the expected improvement is std · h(z)

The plain formula underflows some 38 standard deviations below the incumbent, where its gradient is
zero as well. Its logarithm, computed stably, is finite and has a gradient everywhere. Follows Ament
et al., "Unexpected Improvements to Expected Improvement for Bayesian Optimization", NeurIPS 2023.
"""

from __future__ import annotations

import numpy as np
from scipy.special import erfcx

from skbayes.trial import FloatArray

_LOG_SQRT_2PI = 0.5 * np.log(2.0 * np.pi)
_SERIES_BELOW = -100.0  # for smaller z the asymptotic series is more accurate
_LINEAR_ABOVE = 9.0  # for larger z, φ(z) is negligible beside z


def log_expected_improvement(mean: FloatArray, std: FloatArray, incumbent: float) -> FloatArray:
    """Log of the expected amount by which a score exceeds the incumbent.

    Stays finite where the plain formula underflows.

    Parameters
    ----------
    mean, std : ndarray of shape (n,)
        Posterior mean and standard deviation of the score, in standardised units; std > 0.
    incumbent : float
        Score to improve on, same units.

    Returns
    -------
    log_ei : ndarray of shape (n,)

    References
    ----------
    Ament et al. 2023, eq. 9.
    """
    return np.log(std) + log_h((mean - incumbent) / std)[0]


def log_augmented_improvement(
    mean: FloatArray, std: FloatArray, incumbent: float, noise: float
) -> FloatArray:
    """Log of the augmented expected improvement, for scores that are noisy.

    Expected improvement is multiplied by 1 − σ / √(σ² + std²), which tends to 0 where std is small
    beside the noise and another evaluation would add no information. Without this factor a search
    can go on for ever around one score that was high by chance.

    Parameters
    ----------
    mean, std, incumbent
        As `log_expected_improvement`.
    noise : float
        Variance σ² of the noise of one evaluation, > 0.

    Returns
    -------
    log_aei : ndarray of shape (n,)

    References
    ----------
    Huang, Allen, Notz & Zeng, "Global Optimization of Stochastic Black-Box Systems via Sequential
    Kriging Meta-Models", Journal of Global Optimization, 2006, eq. 13.
    """
    return log_expected_improvement(mean, std, incumbent) + np.log1p(-_noise_share(std, noise))


def log_augmented_improvement_gradient(
    mean: FloatArray, std: FloatArray, incumbent: float, noise: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log augmented improvement with its derivatives by mean and standard deviation.

    With g = d log h / dz, the derivatives of log EI are g / std and (1 − z g) / std; that of the
    factor is q std / ((σ² + std²) (1 − q)) with q = σ / √(σ² + std²).

    Parameters
    ----------
    mean, std, incumbent, noise
        As `log_augmented_improvement`.

    Returns
    -------
    log_aei, by_mean, by_std : ndarray of shape (n,)
    """
    z = (mean - incumbent) / std
    value, g = log_h(z)
    q = _noise_share(std, noise)
    by_std = (1.0 - z * g) / std + q * std / ((noise + std**2) * (1.0 - q))
    return np.log(std) + value + np.log1p(-q), g / std, by_std


def _noise_share(std: FloatArray, noise: float) -> FloatArray:
    """Return q = σ / √(σ² + std²), kept below one where `std` is negligible beside σ."""
    return np.minimum(np.sqrt(noise / (noise + std**2)), 1.0 - 1e-12)


def log_h(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return log h(z) and its derivative Φ(z) / h(z), for every finite z.

    With Mills' ratio m = Φ(z) / φ(z) = √(π/2) erfcx(−z / √2), h = φ (1 + z m). Far below, 1 + z m
    cancels and is taken from its asymptotic series z⁻² − 3 z⁻⁴ + 15 z⁻⁶ − 105 z⁻⁸; far above, h
    is z to working precision.

    Parameters
    ----------
    z : ndarray of shape (n,)

    Returns
    -------
    log_h, derivative : ndarray of shape (n,)
    """
    z = np.asarray(z, dtype=float)
    low = np.minimum(z, _LINEAR_ABOVE)
    mills = np.sqrt(np.pi / 2.0) * erfcx(-low / np.sqrt(2.0))
    q = 1.0 / np.maximum(low * low, 1.0)
    series = q * (1.0 - q * (3.0 - q * (15.0 - q * 105.0)))
    rest = np.where(low < _SERIES_BELOW, series, 1.0 + low * mills)
    high = np.maximum(z, _LINEAR_ABOVE)
    value = np.where(
        z > _LINEAR_ABOVE, np.log(high), np.log(rest) - 0.5 * low * low - _LOG_SQRT_2PI
    )
    return value, np.where(z > _LINEAR_ABOVE, 1.0 / high, mills / rest)
