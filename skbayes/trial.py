"""The two nouns every part of the search shares: what is evaluated, and what came back.

A *trial* is a candidate that was handed out. It is *pending* until its *outcome* is known. Both
are frozen: a proposal is a function of the trials it is shown, so nobody may change one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

SIGNIFICANT_DIGITS = 10
"""Digits of a score the surrogate sees; the last bits of a threaded fit must not steer it."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came back from the evaluation of a trial.

    Parameters
    ----------
    split_scores : tuple of float
        Score on each cross-validation split, in split order; greater is better.
    is_failed : bool, default=False
        Whether the fit or the scoring of any split failed.
    """

    split_scores: tuple[float, ...]
    is_failed: bool = False

    @cached_property
    def score(self) -> float:
        """Mean over the splits to ten significant digits; NaN for a failed trial.

        A mean that is not finite (a score that is NaN or infinite) is a failure too.
        """
        if self.is_failed:
            return np.nan
        with np.errstate(all="ignore"):
            mean = float(np.mean(self.split_scores))
        return float(f"{mean:.{SIGNIFICANT_DIGITS}g}") if np.isfinite(mean) else np.nan


@dataclass(frozen=True, eq=False)
class Trial:
    """A candidate that was handed out.

    Parameters
    ----------
    number : int
        Position in the search, from 0.
    row : ndarray of shape (d,)
        Where the candidate lies in the unit cube.
    params : mapping of str to object
        The values to evaluate. They are never decoded from `row` again: a round trip through
        floating point may differ in the last digit.
    memory : mapping of str to object
        What the sampler wants to find again at later trials, such as the surrogate's fitted
        hyper-parameters; plain numbers, strings and lists.
    outcome : Outcome or None, default=None
        None while the trial is pending.
    """

    number: int
    row: FloatArray
    params: Mapping[str, Any]
    memory: Mapping[str, Any] = field(default_factory=dict)
    outcome: Outcome | None = None

    def with_outcome(self, outcome: Outcome | None) -> Self:
        """Return the same trial with another outcome, or None to show it as pending."""
        return replace(self, outcome=outcome)

    @property
    def score(self) -> float:
        """Score of the outcome; NaN while pending and for a failed trial."""
        return np.nan if self.outcome is None else self.outcome.score
