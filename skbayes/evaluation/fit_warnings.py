"""Warnings of the fits, each shown once and not once per fit.

A search would repeat the same warning hundreds of times, also from processes whose output is lost.
Here they are collected, in the workers and in the parent process, and given to Python's filters
once.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class FitWarning(NamedTuple):
    """The parts of a warning that are sent back from a worker."""

    message: str
    category: type[Warning]
    filename: str
    lineno: int


@contextmanager
def collect_warnings(into: list[FitWarning]) -> Iterator[None]:
    """Append the distinct warnings of the block that pass the filters, instead of showing them.

    Parameters
    ----------
    into : list of FitWarning
        List to append to.
    """
    with warnings.catch_warnings(record=True) as caught:
        try:
            yield
        finally:
            for warning in caught:
                found = FitWarning(
                    str(warning.message), warning.category, warning.filename, warning.lineno
                )
                if found not in into:
                    into.append(found)


@contextmanager
def show_warnings_once(collection: list[FitWarning]) -> Iterator[None]:
    """Collect the warnings of the block, and show each once at its end, even after an error.

    Parameters
    ----------
    collection : list of FitWarning
        List to append to; warnings of other processes may be appended during the block.
    """
    try:
        with collect_warnings(collection):
            yield
    finally:
        seen: dict[tuple[type[Warning], str], FitWarning] = {}
        for warning in collection:
            seen.setdefault((warning.category, warning.message), warning)
        for warning in seen.values():
            warnings.warn_explicit(*warning)
