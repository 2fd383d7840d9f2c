"""A warning of pairs: ``(0.1, 10)`` is two values, and not a range."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any

from skbayes.space.space import dicts_of
from skbayes.space.values import is_number


def warn_of_pairs(space: Any, label: str) -> None:
    """Warn of every tuple of two numbers that may have been meant as a range.

    Parameters
    ----------
    space : dict or list of dict
    label : str
        Name of the parameter that the user gave it to.
    """
    for grid in dicts_of(space):
        for name, values in grid.items():
            if not (isinstance(values, tuple) and len(values) == 2 and all(map(is_number, values))):
                continue
            are_integers = all(isinstance(value, Integral) for value in values)
            low, high = min(values), max(values)
            if low == high or (are_integers and high - low == 1):
                continue
            if are_integers:
                range_ = f"scipy.stats.randint({low}, {high + 1})"
            elif low > 0 and high / low >= 10:
                range_ = f"scipy.stats.loguniform({low:g}, {high:g})"
            else:
                range_ = f"scipy.stats.uniform({low:g}, {high - low:g})"
            warnings.warn(
                f"{label}[{name!r}]: {values!r} is two values, as everywhere in "
                f"scikit-learn. For a range write {range_}; for two values, a list.",
                stacklevel=3,
            )
