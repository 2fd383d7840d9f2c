"""Names, values and ticks as they are written in a picture: plain, short, and in round numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from math import ceil, floor, log10
from typing import Any

import numpy as np

from skbayes.space.values import is_number
from skbayes.space.written import shown, text_of
from skbayes.trial import FloatArray

MAX_CHARACTERS = 28
"""Number of characters of a name or value; longer ones lose their middle."""

MAX_TICKS = 12
"""Number of tick labels of an axis."""


def plain(text: Any, n: int = MAX_CHARACTERS) -> str:
    r"""Return a short text of one line that matplotlib writes as it is, and not as mathematics.

    Parameters
    ----------
    text : object
    n : int, default=28
        Maximum number of characters.

    Examples
    --------
    >>> plain("clf__$x_1$")
    'clf__\\$x_1\\$'
    >>> plain("columntransformer__numeric__imputer__strategy")
    'columntransfor…ter__strategy'
    """
    return plain_all([text], n)[0]


def plain_all(texts: Sequence[Any], n: int = MAX_CHARACTERS) -> list[str]:
    """Return short texts as `plain` does, with what tells those apart that would become the same.

    Parameters
    ----------
    texts : sequence of object
    n : int, default=28
        Maximum number of characters.

    Examples
    --------
    >>> plain_all(["a_long_name_1_of_a_parameter", "a_long_name_2_of_a_parameter"], 16)
    ['a_lo…e_1_of…eter', 'a_lo…e_2_of…eter']
    """
    lines = [_line(text) for text in texts]
    short = [_without_middle(line, n) for line in lines]
    for same in {text for text in short if short.count(text) > 1}:
        group = [i for i, text in enumerate(short) if text == same]
        if len({lines[i] for i in group}) > 1:
            apart = _told_apart([lines[i] for i in group], n)
            for i, text in zip(group, apart, strict=True):
                short[i] = text
    return [text.replace("$", r"\$") for text in short]


def _line(text: Any) -> str:
    line = " ".join(text_of(text).split())
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def _without_middle(line: str, n: int) -> str:
    if len(line) <= n:
        return line
    return f"{line[: n // 2]}…{line[len(line) - (n - 1 - n // 2) :]}"


def _told_apart(lines: list[str], n: int) -> list[str]:
    """Return short texts with the beginning, the first difference, and the end."""
    columns = zip(*lines, strict=False)
    first = sum(1 for _ in takewhile(lambda letters: len(set(letters)) == 1, columns))
    end = n // 4
    room = n - 2 * end - 2
    begin = max(first - room // 2 + 1, end)
    made = [f"{line[:end]}…{line[begin : begin + room]}…{line[-end:]}" for line in lines]
    if len(set(made)) < len(set(lines)):  # they differ in several places
        made = [f"{line[: n - 5]}…{i}" for i, line in enumerate(lines)]
    return made


def values_text(values: Sequence[Any], n: int = MAX_CHARACTERS) -> list[str]:
    """Return the texts of a user's values.

    Parameters
    ----------
    values : sequence of object
    n : int, default=28
        Maximum number of characters.

    Examples
    --------
    >>> values_text([1e-05, "rbf", None])
    ['1e-5', 'rbf', 'None']
    """
    texts = [
        number_text(v) if is_number(v) else v if isinstance(v, str) else shown(v) for v in values
    ]
    return plain_all(texts, n)


def number_text(number: Any) -> str:
    """Return the short text of a number.

    Parameters
    ----------
    number : number

    Examples
    --------
    >>> number_text(1e6), number_text(0.25), number_text(1000)
    ('1e6', '0.25', '1000')
    """
    try:
        text = f"{float(number):.6g}"
    except OverflowError:
        return _without_middle(shown(number), 12)
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text


def round_ticks(low: float, high: float, is_log: bool, n: int, is_integer: bool) -> list[float]:
    """Return at most n round numbers between two ends, or hardly beyond them.

    Parameters
    ----------
    low, high : float
        low < high; positive if `is_log`.
    is_log : bool
        Whether they are powers of ten, if there are enough of these.
    n : int
    is_integer : bool
        Whether they are whole numbers.

    Examples
    --------
    >>> round_ticks(1e-3, 1e3, True, 4, False)
    [0.001, 0.1, 10.0, 1000.0]
    >>> round_ticks(0.001, 0.999, False, 6, False)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    room = 0.011 * (log10(high / low) if is_log else high - low)
    low, high = (low / 10**room, high * 10**room) if is_log else (low - room, high + room)
    if is_log:
        found = _powers(low, high, n)
        if len(found) >= 3:
            return found
    return _multiples(low, high, n, is_integer)


def _powers(low: float, high: float, n: int) -> list[float]:
    """Return powers of ten, or these with their twofold and fivefold if they are few."""
    first, last = ceil(log10(low) - 1e-9), floor(log10(high) + 1e-9)
    step = max(1, ceil((last - first + 1) / n))
    powers = [float(f"1e{exponent}") for exponent in range(first, last + 1, step)]
    digits = [
        float(f"{digit}e{exponent}")
        for exponent in range(first - 1, last + 1)
        for digit in (1, 2, 5)
    ]
    inside = [value for value in digits if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
    return inside if len(powers) < 3 and len(inside) <= n else powers


def _multiples(low: float, high: float, n: int, is_integer: bool) -> list[float]:
    """Return multiples of 1, 2 or 5 times a power of ten."""
    raw = (high - low) / max(n - 1, 1)
    power = floor(log10(raw))
    steps = [float(f"{digit}e{power + k}") for k in (0, 1) for digit in (1, 2, 5)]
    for step in (step for step in steps if step >= 1.0 or not is_integer):
        first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
        if last - first + 1 <= n:
            decimals = max(0, -floor(log10(step)))
            return [round(k * step, decimals) + 0.0 for k in range(first, last + 1)]
    return [low]


def fitted_well(positions: FloatArray, numbers: FloatArray) -> float:
    """Return how straight numbers are against positions: the squared correlation.

    Parameters
    ----------
    positions, numbers : ndarray of shape (n,)
    """
    if len(numbers) < 3 or np.ptp(numbers) == 0.0 or np.ptp(positions) == 0.0:
        return 0.0
    return float(np.corrcoef(positions, numbers)[0, 1] ** 2)
