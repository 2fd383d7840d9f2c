"""Values and distributions as text, for errors, messages and displays.

Making such a text must never raise, even if the repr of an object does, and a text must be short.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any

from scipy import stats

MAX_CHARACTERS = 120
"""Maximum number of characters of one value in a message."""

_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = MAX_CHARACTERS
_REPR.maxlist = _REPR.maxtuple = _REPR.maxdict = 8


def shown(value: Any) -> str:
    """Return the repr of a value, shortened; its type if the repr raises.

    Parameters
    ----------
    value : object

    Examples
    --------
    >>> shown([1, 2, "rbf"])
    "[1, 2, 'rbf']"
    """
    try:
        text = written(value) if _is_scipy_distribution(value) else _REPR.repr(value)
    except Exception:  # whatever an object does when it is asked for its repr
        return f"<{type(value).__name__} without a repr>"
    text = " ".join(text.split())
    return text if len(text) <= 2 * MAX_CHARACTERS else f"{text[: 2 * MAX_CHARACTERS]}..."


def text_of(value: Any) -> str:
    """Return ``str(value)``, or the name of its type if that raises.

    Parameters
    ----------
    value : object

    Returns
    -------
    text : str
    """
    try:
        return str(value)
    except Exception:  # whatever an object does when it is asked for its text
        return f"<{type(value).__name__} without a text>"


def written(value: Any) -> str:
    """Return a distribution of `scipy.stats` as the user wrote it, anything else as its repr.

    Parameters
    ----------
    value : object

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> written(loguniform(1e-2, 1e3))
    'loguniform(0.01, 1000)'
    """
    if isinstance(value, stats.rv_continuous | stats.rv_discrete):
        if hasattr(value, "xk"):
            return f"rv_discrete(values=({_listed(value.xk)}, {_listed(value.pk)}))"
        return str(value.name)
    if not _is_scipy_distribution(value):
        return repr(value)
    arguments = [_number(argument) for argument in value.args]
    arguments += [f"{name}={_number(argument)}" for name, argument in value.kwds.items()]
    return f"{written(value.dist)}({', '.join(arguments)})"


def described(values: Any) -> str:
    """Return the values of a parameter as text; for a distribution, with its support.

    Parameters
    ----------
    values : object
        Whatever the user gave for one parameter.

    Examples
    --------
    >>> from scipy.stats import uniform
    >>> described(uniform(10, 100))
    'uniform(10, 100), from 10 to 110'
    """
    try:
        low, high = values.support()
        return f"{shown(values)}, from {low:g} to {high:g}"
    except Exception:  # it is a list, or a distribution that does not say
        return shown(values)


class Written:
    """Takes the place of a distribution for display; its repr is what the user wrote."""

    def __init__(self, distribution: Any) -> None:
        self.text = written(distribution)

    def __repr__(self) -> str:
        return self.text


def with_written_distributions(param_distributions: Any) -> Any:
    """Return a space for display, in which `scipy.stats` distributions are `Written`.

    Parameters
    ----------
    param_distributions : object
        Whatever the user gave; only dicts and lists of dicts are looked into.
    """
    if isinstance(param_distributions, Mapping):
        return {
            name: Written(values) if _is_scipy_distribution(values) else values
            for name, values in param_distributions.items()
        }
    if isinstance(param_distributions, list):
        return [with_written_distributions(grid) for grid in param_distributions]
    return param_distributions


def _is_scipy_distribution(value: Any) -> bool:
    is_bare = isinstance(value, stats.rv_continuous | stats.rv_discrete)
    is_frozen = isinstance(
        getattr(value, "dist", None), stats.rv_continuous | stats.rv_discrete
    ) and hasattr(value, "kwds")
    return is_bare or is_frozen


def _number(value: Any) -> str:
    """Return a short text of a number from which it can be read back exactly."""
    try:
        short = f"{value:.12g}"
        return short if float(short) == value else repr(value)
    except (TypeError, ValueError):
        return shown(value)


def _listed(values: Any) -> str:
    return f"[{', '.join(map(_number, values[:8]))}{', ...' if len(values) > 8 else ''}]"
