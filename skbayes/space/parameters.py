"""Reads what the user gave for one parameter, whatever it is."""

from __future__ import annotations

from typing import Any, NamedTuple

from skbayes.space.dimensions import Dimension
from skbayes.space.distributions import is_distribution
from skbayes.space.foreign import dimension_of_foreign
from skbayes.space.reading import dimension_of_distribution, dimension_of_list
from skbayes.space.values import list_of
from skbayes.trial import FloatArray

Entries = list[tuple[Any, FloatArray]]
"""The values of a list in its order, each with its coordinates."""


class Parameter(NamedTuple):
    """The dimension of one parameter, with the entries of a list or the draws from `rvs`."""

    dimension: Dimension
    entries: Entries | None = None
    draws: list[Any] | None = None


def read_parameter(values: Any, label: str) -> Parameter:
    """Read what the user gave for one parameter.

    Parameters
    ----------
    values : object
        A list of values or a distribution, also one of another library.
    label : str
        How errors name it, such as ``param_distributions['C']``.
    """
    foreign = dimension_of_foreign(values, label)
    if foreign is not None:
        return Parameter(foreign)
    if is_distribution(values):
        dimension, draws = dimension_of_distribution(values, label)
        return Parameter(dimension, draws=draws)
    entries = list_of(values, label)
    dimension, coordinates = dimension_of_list(entries)
    return Parameter(dimension, list(zip(entries, coordinates, strict=True)))
