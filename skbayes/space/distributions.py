"""Priors: what a space needs to know of a distribution, whoever wrote it.

A *prior* is a quantile function and its inverse on an interval. Frozen `scipy.stats`
distributions, SciPy's newer distribution objects (`icdf` instead of `ppf`) and anything that
offers `cdf` and `ppf` are read as they stand; an object that only has `rvs` is known through its
empirical quantiles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from skbayes.trial import FloatArray

TAIL = 0.001
"""Probability left out beyond an infinite end, which is searched from this quantile on."""

N_DRAWS = 1024
"""Draws from which the quantiles of an object with `rvs` alone are known."""


class _LogRandint(stats.rv_discrete):  # type: ignore[misc]
    """Integers from `low` to `high - 1`, each order of magnitude equally likely.

    The integer part of a log-uniform number on [low, high): the probability of k is
    log((k + 1) / k) / log(high / low). It is to `scipy.stats.randint` what
    `scipy.stats.loguniform` is to `scipy.stats.uniform`.

    Parameters
    ----------
    low : int
        Smallest value, at least 1.
    high : int
        One more than the largest value, as in `scipy.stats.randint`.

    Examples
    --------
    >>> from skbayes import log_randint
    >>> log_randint(1, 1000).ppf([0.25, 0.5, 0.75]).tolist()
    [5.0, 31.0, 177.0]
    >>> int(log_randint(1, 1000).rvs(random_state=0))
    44
    """

    def _argcheck(self, low: Any, high: Any) -> Any:
        return (low >= 1) & (high > low) & (low == np.floor(low)) & (high == np.floor(high))

    def _get_support(self, low: Any, high: Any) -> Any:
        return low, high - 1

    def _pmf(self, k: Any, low: Any, high: Any) -> Any:
        return np.log1p(1.0 / k) / np.log(high / low)

    def _cdf(self, x: Any, low: Any, high: Any) -> Any:
        return np.log((np.floor(x) + 1.0) / low) / np.log(high / low)

    def _ppf(self, q: Any, low: Any, high: Any) -> Any:
        k = np.ceil(low * np.exp(q * np.log(high / low))) - 1.0
        below = np.maximum(k - 1.0, low)  # rounding may have overshot by one
        return np.where(self._cdf(below, low, high) >= q, below, np.maximum(k, low))


log_randint = _LogRandint(name="log_randint", shapes="low, high")


@dataclass(frozen=True, eq=False)
class Prior:
    """The user's belief about one parameter, as a quantile function and its inverse.

    Parameters
    ----------
    quantile : callable
        Maps probabilities to values, vectorised.
    cumulative : callable
        Maps values to probabilities, vectorised.
    low, high : float
        Ends of the support, possibly infinite.
    is_discrete : bool
        Whether the values are integers.
    """

    quantile: Callable[[Any], Any]
    cumulative: Callable[[Any], Any]
    low: float
    high: float
    is_discrete: bool = False

    @property
    def first(self) -> float:
        """Probability at which the search of this prior begins."""
        return 0.0 if np.isfinite(self.low) else TAIL

    @property
    def last(self) -> float:
        """Probability at which it ends."""
        return 1.0 if np.isfinite(self.high) else 1.0 - TAIL

    def value_at(self, unit: Any) -> FloatArray:
        """Map positions in the unit interval to values inside the support."""
        probability = self.first + np.asarray(unit) * (self.last - self.first)
        return np.clip(np.asarray(self.quantile(probability), dtype=float), self.low, self.high)

    def position_of(self, value: Any) -> FloatArray:
        """Map values to the unit interval; a discrete value lies in the middle of its cell."""
        above = self._probability(value)
        below = self._probability(np.asarray(value) - 1) if self.is_discrete else above
        return ((above + below) / 2 - self.first) / (self.last - self.first)

    def _probability(self, value: Any) -> FloatArray:
        return np.clip(np.asarray(self.cumulative(value), dtype=float), self.first, self.last)


def is_distribution(values: Any) -> bool:
    """Whether an object offers draws or quantiles, rather than a list of values."""
    if isinstance(values, type):
        return False
    return callable(getattr(values, "rvs", None)) or _quantile_function(values) is not None


def prior_of(distribution: Any, label: str) -> Prior | None:
    """Read the prior of a distribution, or return None if it only has `rvs`.

    Raises
    ------
    ValueError
        If the distribution needs arguments that were not given, or has no scalar median.
    """
    if isinstance(distribution, stats.rv_continuous | stats.rv_discrete):
        if distribution.numargs:
            raise ValueError(
                f"{label}: the distribution {distribution.name!r} needs its arguments "
                f"({distribution.shapes}); give {distribution.name}(...) instead of "
                f"{distribution.name}."
            )
        distribution = distribution()
    quantile = _quantile_function(distribution)
    if quantile is None:
        return None
    median = np.asarray(quantile(0.5))
    if median.ndim or not np.isfinite(median):
        raise ValueError(
            f"{label}: the median of the distribution is {median}, not one finite number; "
            f"check the arguments it was made with."
        )
    mass = getattr(distribution, "pmf", None)
    is_discrete = mass is not None and float(mass(median)) > 0
    low, high = _support(distribution, quantile)
    return Prior(quantile, distribution.cdf, low, high, is_discrete)


def draw(distribution: Any, rng: np.random.RandomState) -> list[Any]:
    """Draw from an object that has only `rvs`, one value at a time as scikit-learn does."""
    return [distribution.rvs(random_state=rng) for _ in range(N_DRAWS)]


def empirical_prior(draws: FloatArray) -> Prior:
    """Continuous prior whose quantiles interpolate between distinct draws."""
    values = np.sort(draws)
    probabilities = (np.arange(len(values)) + 0.5) / len(values)
    return Prior(
        quantile=lambda q: np.interp(q, probabilities, values),
        cumulative=lambda x: np.interp(x, values, probabilities),
        low=float(values[0]),
        high=float(values[-1]),
    )


def _quantile_function(distribution: Any) -> Callable[[Any], Any] | None:
    if not callable(getattr(distribution, "cdf", None)):
        return None
    quantile = getattr(distribution, "ppf", None) or getattr(distribution, "icdf", None)
    return quantile if callable(quantile) else None


def _support(distribution: Any, quantile: Callable[[Any], Any]) -> tuple[float, float]:
    if callable(getattr(distribution, "support", None)):
        low, high = distribution.support()
    else:
        # The quantile at 0 of a discrete distribution is one below its smallest value.
        low, high = quantile(1e-12), quantile(1.0)
    return float(low), float(high)
