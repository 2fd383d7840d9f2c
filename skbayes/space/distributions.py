"""Priors: one interface to the distributions of SciPy and other libraries.

A *prior* is a quantile function and its inverse on an interval. Frozen `scipy.stats`
distributions, SciPy's newer distribution objects (`icdf` instead of `ppf`) and any object with
`cdf` and `ppf` are used directly. An object that only has `rvs` is replaced by the empirical
quantiles of draws, and so is a discrete distribution with tails too heavy for a table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from skbayes.space.written import shown, text_of
from skbayes.trial import FloatArray

TAIL = 0.001
"""Probability cut off at an end that is infinite, or that has no probability of its own."""

N_DRAWS = 1024
"""Number of draws that replace an object with only `rvs`."""

MAX_TABLE = 10_000
"""Maximum number of integers in a table of probabilities."""

LARGEST_EXACT = 2.0**53
"""Up to this magnitude, every integer is a floating-point number."""

ARGUMENTS = {
    "loguniform": "it needs 0 < a < b: the lower end must be positive, and below the upper",
    "log_randint": "it needs 1 <= low < high: the lower end must be positive, and below the upper",
    "uniform": "uniform(loc, scale) reaches from loc to loc + scale, and scale must be positive",
    "randint": "randint(low, high) ends with high - 1, and low must be below high",
}
"""What some distributions require of their arguments, for error messages."""


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
    """The prior distribution of one parameter, as a quantile function and its inverse.

    An end of the support that has no probability of its own is never drawn, so it is not proposed
    either: the search begins at the quantile `TAIL`. The same holds for an infinite end.

    Parameters
    ----------
    quantile : callable
        Maps probabilities to values, vectorised.
    cumulative : callable
        Maps values to probabilities, vectorised.
    low, high : float
        Ends of the support, possibly infinite.
    has_low, has_high : bool
        Whether the end itself is a value of the distribution.
    mass : callable or None, default=None
        Maps values of a discrete distribution to their probabilities; None for a continuous one.
    """

    quantile: Callable[[Any], Any]
    cumulative: Callable[[Any], Any]
    low: float
    high: float
    has_low: bool
    has_high: bool
    mass: Callable[[Any], Any] | None = None

    @property
    def is_discrete(self) -> bool:
        """Whether the values have probabilities of their own."""
        return self.mass is not None

    @property
    def lower_probability(self) -> float:
        """Probability at which the search of this prior begins."""
        return 0.0 if self.has_low else TAIL

    @property
    def upper_probability(self) -> float:
        """Probability at which the search of this prior ends."""
        return 1.0 if self.has_high else 1.0 - TAIL

    def value_at(self, unit: Any) -> FloatArray:
        """Map positions in the unit interval to values inside the support.

        Parameters
        ----------
        unit : array-like
            Between 0 and 1.

        Returns
        -------
        values : ndarray
        """
        probability = self.lower_probability + np.asarray(unit) * (
            self.upper_probability - self.lower_probability
        )
        return np.clip(np.asarray(self.quantile(probability), dtype=float), self.low, self.high)

    def position_of(self, value: Any) -> FloatArray:
        """Map values to the unit interval; a discrete value lies in the middle of its cell.

        Parameters
        ----------
        value : array-like
            Inside the support.

        Returns
        -------
        unit : ndarray
        """
        above = self._probability(value)
        below = self._probability(np.asarray(value) - 1) if self.is_discrete else above
        return ((above + below) / 2 - self.lower_probability) / (
            self.upper_probability - self.lower_probability
        )

    def _probability(self, value: Any) -> FloatArray:
        return np.clip(
            np.asarray(self.cumulative(value), dtype=float),
            self.lower_probability,
            self.upper_probability,
        )


def is_distribution(values: Any) -> bool:
    """Whether an object offers draws or quantiles, rather than a list of values.

    Parameters
    ----------
    values : object
        What the user gave for a parameter.
    """
    if isinstance(values, type):
        return False
    return callable(getattr(values, "rvs", None)) or _quantile_of(values) is not None


def prior_of(distribution: Any, label: str) -> Prior | None:
    """Read the prior of a distribution.

    Parameters
    ----------
    distribution : object
        What `is_distribution` accepts.
    label : str
        How errors name it, such as ``param_distributions['C']``.

    Returns
    -------
    prior : Prior or None
        None if the distribution must be replaced by draws: it has nothing but `rvs`, or it is so
        heavy-tailed that its quantiles take too long to compute.

    Raises
    ------
    ValueError
        If the distribution needs arguments that were not given, or its quantiles or its
        distribution function are no finite numbers.
    """
    if isinstance(distribution, stats.rv_continuous | stats.rv_discrete):
        if distribution.numargs:
            raise ValueError(
                f"{label}: the distribution {distribution.name!r} needs its arguments "
                f"({distribution.shapes}); give {distribution.name}(...) instead of "
                f"{distribution.name}."
            )
        distribution = distribution()
    name = _quantile_of(distribution)
    if name is None:
        return None
    if _has_slow_quantiles(distribution):
        is_valid = not np.isnan(distribution.support()[0])
        _check_arguments(distribution, 0.0 if is_valid else np.nan, label)
        return _tabulated(distribution)
    quantile = _over_arrays(getattr(distribution, name), name, 0.5, label)
    median = float(quantile(0.5))
    _check_arguments(distribution, median, label)
    prior = Prior(
        quantile,
        _over_arrays(distribution.cdf, "cdf", median, label),
        *_support(distribution, quantile),
        mass=distribution.pmf if _is_discrete(distribution, median) else None,
    )
    prior = _with_ends(prior)
    values = prior.value_at(np.linspace(0.0, 1.0, 9))
    is_increasing = prior.low <= prior.high and (np.diff(values) >= 0).all()
    if not (is_increasing and np.isfinite(values).all()):
        raise ValueError(
            f"{label}: the quantiles of {shown(distribution)} are {shown(values.tolist())}, and "
            "not finite numbers that increase; check the arguments it was made with."
        )
    return prior


def draw(distribution: Any, label: str) -> list[Any]:
    """Draw from an object through `rvs`, one value at a time as scikit-learn does.

    The seed is always the same, so that equal objects give equal draws.

    Parameters
    ----------
    distribution : object
        What has `rvs`.
    label : str
        How errors name it, such as ``param_distributions['C']``.

    Returns
    -------
    draws : list of object
        Of length `N_DRAWS`.

    Raises
    ------
    ValueError
        If it cannot be drawn from.
    """
    rng = np.random.RandomState(0)
    try:
        return [distribution.rvs(random_state=rng) for _ in range(N_DRAWS)]
    except Exception as error:  # whatever an object of another library raises
        raise ValueError(
            f"{label}: {shown(distribution)} cannot be drawn from with rvs(random_state=...): "
            f"{type(error).__name__}: {text_of(error)}"
        ) from error


def empirical_prior(draws: FloatArray) -> Prior:
    """Continuous prior whose quantiles interpolate between distinct draws.

    Parameters
    ----------
    draws : ndarray of shape (n,)
        Distinct.

    Returns
    -------
    prior : Prior
    """
    values = np.sort(draws)
    probabilities = (np.arange(len(values)) + 0.5) / len(values)
    return Prior(
        quantile=lambda q: np.interp(q, probabilities, values),
        cumulative=lambda x: np.interp(x, values, probabilities),
        low=float(values[0]),
        high=float(values[-1]),
        has_low=True,
        has_high=True,
    )


def _quantile_of(distribution: Any) -> str | None:
    """Return the name of the quantile function, which is either of two; None without one."""
    if not callable(getattr(distribution, "cdf", None)):
        return None
    names = (n for n in ("ppf", "icdf") if callable(getattr(distribution, n, None)))
    return next(names, None)


def _over_arrays(function: Any, name: str, place: float, label: str) -> Callable[[Any], Any]:
    """Return a vectorised function of a distribution, even if it only takes single numbers.

    Raises
    ------
    ValueError
        If it does not give a number for a number.
    """
    try:
        value = function(place)
        number = np.asarray(value, dtype=float)
    except Exception as error:  # whatever an object of another library raises
        problem = f"{name}({place:g}) raises {type(error).__name__}: {text_of(error)}"
        raise ValueError(f"{label}: the distribution's {problem}") from error
    if number.ndim or value is None:
        raise ValueError(
            f"{label}: the distribution's {name}({place:g}) is {shown(value)}, not one number; "
            "for the median and all other quantiles one is needed."
        )
    try:
        is_vectorised = np.asarray(function(np.array([place, place])), dtype=float).shape == (2,)
    except Exception:  # a function of single numbers can raise anything
        is_vectorised = False
    return function if is_vectorised else np.vectorize(function, otypes=[float])


def _check_arguments(distribution: Any, probe: float, label: str) -> None:
    """Raise if `probe`, the median, is not finite: the arguments are then invalid."""
    if np.isfinite(probe):
        return
    name = getattr(getattr(distribution, "dist", None), "name", None)
    hint = ARGUMENTS.get(str(name), "check the arguments it was made with")
    raise ValueError(
        f"{label}: the median of {shown(distribution)} is {probe}, not one finite number; {hint}."
    )


def _is_discrete(distribution: Any, median: float) -> bool:
    if isinstance(getattr(distribution, "dist", distribution), stats.rv_discrete):
        return True
    try:
        return float(distribution.pmf(median)) > 0  # zero if continuous and of SciPy's newer kind
    except Exception:  # it has none, or one that does not work, as that of `scipy.stats.truncate`
        return False


def _support(distribution: Any, quantile: Callable[[Any], Any]) -> tuple[float, float, bool, bool]:
    """Return the ends of the support, and whether they are finite."""
    if callable(getattr(distribution, "support", None)):
        low, high = map(float, distribution.support())
    else:
        # The quantile at 0 of a discrete distribution is one below its smallest value.
        low, high = float(quantile(1e-12)), float(quantile(1.0))
    return low, high, bool(np.isfinite(low)), bool(np.isfinite(high))


def _with_ends(prior: Prior) -> Prior:
    """Return a prior in which an end counts as a value only if it has a probability."""
    inside = float(np.nextafter(prior.high, -np.inf))
    if prior.mass is None:
        return replace(
            prior,
            has_low=prior.has_low and float(prior.cumulative(prior.low)) >= TAIL,
            has_high=prior.has_high and float(prior.cumulative(inside)) <= 1.0 - TAIL,
        )
    return replace(
        prior,
        has_low=prior.has_low and float(prior.mass(prior.low)) > 0,
        has_high=prior.has_high and float(prior.mass(prior.high)) > 0,
        # Rounding may have made a large end too large.
        high=inside if LARGEST_EXACT < abs(prior.high) < np.inf else prior.high,
    )


def _has_slow_quantiles(distribution: Any) -> bool:
    """Whether SciPy searches for quantiles step by step, which may take for ever."""
    family = getattr(distribution, "dist", distribution)
    return isinstance(family, stats.rv_discrete) and type(family)._ppf is stats.rv_discrete._ppf


def _tabulated(distribution: Any) -> Prior | None:
    """Return the prior of a discrete distribution from its probabilities, if they fit in a table.

    None if `MAX_TABLE` integers do not hold all but `TAIL` of the probability.
    """
    low, high = map(float, distribution.support())
    begin = low if np.isfinite(low) else float(distribution.mean()) - MAX_TABLE // 2
    if not np.isfinite(begin):
        return None
    n = int(min(MAX_TABLE, high - begin + 1))
    values = np.round(begin) + np.arange(n)
    masses = distribution.pmf(values)
    if not masses.sum() >= 1.0 - TAIL:
        return None
    cumulative = np.cumsum(masses)

    def quantile(q: Any) -> FloatArray:
        return values[np.minimum(np.searchsorted(cumulative, q), n - 1)]

    def cdf(x: Any) -> FloatArray:
        return np.append(0.0, cumulative)[np.searchsorted(values, x, side="right")]

    is_finite = bool(np.isfinite(low)), bool(np.isfinite(high))
    return Prior(quantile, cdf, low, high, *is_finite, mass=distribution.pmf)
