"""Makes a dimension of a list or a distribution."""

from __future__ import annotations

from collections.abc import Hashable
from numbers import Integral
from typing import Any

import numpy as np

from skbayes.space.dimensions import Constant, Continuous, Dimension, Finite, Integers, NoneOr
from skbayes.space.distributions import Prior, draw, empirical_prior, prior_of
from skbayes.space.values import is_number, level_of
from skbayes.trial import FloatArray

MAX_LISTED = 10_000
"""Maximum number of values of a distribution that are listed one by one."""

ROUNDING = 1e-12
"""Probability that is smaller than that of any value, and larger than rounding errors."""


def dimension_of_distribution(values: Any, label: str) -> tuple[Dimension, list[Any] | None]:
    """Read a distribution that the user gave for one parameter.

    Parameters
    ----------
    values : object
        What `is_distribution` accepts.
    label : str
        How errors name it, such as ``param_distributions['C']``.

    Returns
    -------
    dimension : Dimension
    draws : list of object or None
        The draws that replace the distribution; None if its quantiles are known.

    Raises
    ------
    ValueError
        If the distribution is not valid, or lacks arguments.
    """
    prior = prior_of(values, label)
    dimension = None if prior is None else _from_prior(prior)
    if dimension is not None:
        return dimension, None
    draws = draw(values, label)
    return _from_draws(draws), draws


def dimension_of_list(values: list[Any]) -> tuple[Dimension, list[FloatArray]]:
    """Read a list of values that the user gave for one parameter.

    Three or more different numbers are ordered, also with `None` among them; anything else is
    categorical.

    Parameters
    ----------
    values : list
        At least one.

    Returns
    -------
    dimension : Dimension
    coordinates : list of ndarray
        Coordinates of each entry, in the order of the list.
    """
    if len(values) == 1:
        return Constant(values[0]), [np.empty(0)]
    numbers = [value for value in values if is_number(value)]
    by_level = {level_of(number): number for number in reversed(numbers)}
    n_none = sum(value is None for value in values)
    if len(numbers) + n_none < len(values) or len(by_level) + bool(n_none) < 3:
        finite = Finite(values, is_ordered=False)
        return finite, list(finite.positions[:, np.newaxis])
    levels = sorted(by_level)
    ordered = Finite([by_level[level] for level in levels], is_ordered=True)
    coordinates = dict(zip(levels, ordered.positions[:, np.newaxis], strict=True))
    if not n_none:
        return ordered, [coordinates[level_of(value)] for value in values]
    dimension = NoneOr(ordered, none_weight=1.0)
    none, number = dimension.encode(None), dimension.gate.encode("number")
    return dimension, [
        none if value is None else np.append(number, coordinates[level_of(value)])
        for value in values
    ]


def listed(values: list[Any], weights: Any) -> Dimension:
    """Return the dimension of ordered numbers with their probabilities.

    Parameters
    ----------
    values : list
        In increasing order, distinct.
    weights : array-like of shape (n_values,)
    """
    return Constant(values[0]) if len(values) == 1 else Finite(values, len(values) > 2, weights)


def _from_prior(prior: Prior) -> Dimension | None:
    """Return the dimension of a prior; None if it has too many values that are not integers."""
    if prior.mass is None:
        return Continuous(prior)
    quantiles = prior.value_at(np.linspace(0.0, 1.0, 65))
    low, high = round(float(quantiles[0])), round(float(quantiles[-1]))
    low = max(low, int(np.ceil(prior.low))) if prior.has_low else low
    has_fractions = bool((quantiles != np.round(quantiles)).any())
    if not has_fractions and high - low >= MAX_LISTED:
        return Integers(prior)
    values = np.arange(low, high + 1 if high - low < MAX_LISTED else low)
    masses = np.asarray(prior.mass(values), dtype=float)
    if has_fractions or masses.sum() < (prior.upper_probability - prior.lower_probability) * (
        1.0 - 1e-6
    ):
        return _from_atoms(prior)
    edges = np.clip(
        prior.cumulative(np.append(low - 1, values)),
        prior.lower_probability,
        prior.upper_probability,
    )
    masses = np.diff(edges)
    return listed(values[masses > 0].tolist(), masses[masses > 0])


def _from_atoms(prior: Prior) -> Dimension | None:
    """List the values of a discrete prior, each as the quantile just above the last one."""
    values: list[float] = []
    edges = [prior.lower_probability]
    while edges[-1] < prior.upper_probability - ROUNDING:
        if len(values) == MAX_LISTED:
            return None
        values.append(float(prior.quantile(min(edges[-1] + ROUNDING, prior.upper_probability))))
        edges.append(
            float(
                np.clip(prior.cumulative(values[-1]), edges[-1] + ROUNDING, prior.upper_probability)
            )
        )
    return listed(values, np.diff(edges)) if (np.diff(values) > 0).all() else None


def _from_draws(draws: list[Any]) -> Dimension:
    levels: dict[Hashable, Any] = {}
    counts: dict[Hashable, int] = {}
    for value in draws:
        key = _key_of(value)
        levels.setdefault(key, value)
        counts[key] = counts.get(key, 0) + 1
    values, weights = list(levels.values()), np.array(list(counts.values()), dtype=float)
    if not all(is_number(value) for value in values):
        return Constant(values[0]) if len(values) == 1 else Finite(values, False, weights)
    if len(values) == len(draws) and not any(_is_whole(value) for value in values):
        return Continuous(empirical_prior(np.array(values, dtype=float)))
    order = sorted(range(len(values)), key=lambda i: level_of(values[i]))
    return listed([values[i] for i in order], weights[order])


def _key_of(value: Any) -> Hashable:
    """Return a key that equal draws share."""
    if is_number(value):
        return level_of(value)
    try:
        hash(value)
    except TypeError:
        return id(value)
    return (type(value), value)


def _is_whole(number: Any) -> bool:
    return isinstance(number, Integral) or float(number).is_integer()
