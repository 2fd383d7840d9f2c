"""Values of a list: which are numbers, in which order, and which are the same.

A value may be anything: unhashable, without an order, equal to nothing, or not even to itself. So
values are told apart by their position in the list wherever that is known. Numbers are ordered
exactly, by value and then by type: `1` and `1.0` mean different things to an estimator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from fractions import Fraction
from numbers import Integral, Real
from typing import Any

import numpy as np

from skbayes.space.written import shown

Level = tuple[Fraction | float, bool]
"""A sortable key that two numbers share if and only if they are the same value."""


def list_of(values: Any, label: str) -> list[Any]:
    """Return the values of a list, tuple, range, array or Series, without copying them.

    Parameters
    ----------
    values : object
    label : str
        How errors name it, such as ``param_distributions['C']``.

    Raises
    ------
    TypeError
        If `values` is not a sequence.
    ValueError
        If `values` is empty.
    """
    is_sequence = isinstance(values, Sequence) and not isinstance(values, str | bytes)
    is_array = isinstance(values, np.ndarray) and values.ndim == 1
    is_series = hasattr(values, "__array__") and len(getattr(values, "shape", ())) == 1
    if not (is_sequence or is_array or is_series):
        if isinstance(values, type) or callable(values):
            wanted = "give an instance of it, or put it in a list"
        elif isinstance(values, Mapping | Set) or np.ndim(values) > 1:
            wanted = "give the values as a list"
        else:
            wanted = "put a single value in a list"
        raise TypeError(
            f"{label}: {shown(values)} of type {type(values).__name__} is neither a list of values "
            f"nor a distribution (an object with 'rvs'); {wanted}."
        )
    listed = list(values)
    if not listed:
        raise ValueError(f"{label}: {shown(values)} is empty; give at least one value.")
    return listed


def is_number(value: Any) -> bool:
    """Whether a value is a real number; booleans, time spans and NaN are not.

    Parameters
    ----------
    value : object
    """
    if isinstance(value, bool | np.timedelta64) or not isinstance(value, Real):
        return False
    return bool(value == value)


def level_of(number: Any) -> Level:
    """Return the level of a number: its exact value, and whether its type is an integer's.

    Parameters
    ----------
    number : number
        What `is_number` accepts.

    Returns
    -------
    level : tuple
        Levels compare as the numbers do.
    """
    if isinstance(number, Integral):
        return Fraction(int(number)), True
    if isinstance(number, float | np.floating) and np.isinf(number):
        return float(number), False
    try:
        return Fraction(*number.as_integer_ratio()), False
    except AttributeError:  # a number of another library
        return Fraction(float(number)), False


def is_same_value(a: Any, b: Any) -> bool:
    """Whether two values are interchangeable as parameters, never by hash or plain `==`.

    Numbers compare by level, containers item by item, objects with `get_params` by class and
    parameters (a clone is the same as its original), anything else by identity.

    Parameters
    ----------
    a, b : object
    """
    if a is b:
        return True
    if is_number(a) and is_number(b):
        return level_of(a) == level_of(b)
    if type(a) is not type(b):
        return False
    if isinstance(a, str | bytes | bool | np.bool_):
        return bool(a == b)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(is_same_value(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(is_same_value(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if hasattr(a, "get_params") and not isinstance(a, type):
        return is_same_value(a.get_params(deep=False), b.get_params(deep=False))
    return False


def position_of(value: Any, known: Sequence[Any]) -> int | None:
    """Return the position of a value among known ones, or None.

    The object itself is preferred to an interchangeable one (`is_same_value`), and that to an
    equal number of another type.

    Parameters
    ----------
    value : object
    known : sequence of object
    """
    for is_it in (_is_identical, is_same_value, _is_equal_number):
        for position, candidate in enumerate(known):
            if is_it(value, candidate):
                return position
    return None


def _is_identical(a: Any, b: Any) -> bool:
    return a is b


def _is_equal_number(a: Any, b: Any) -> bool:
    return is_number(a) and is_number(b) and level_of(a)[0] == level_of(b)[0]
