"""What is sent to a worker and back: a task, and its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from skbayes.evaluation.fit_warnings import FitWarning
from skbayes.evaluation.results import SplitResult

Task = tuple[Any, tuple[Any, ...], dict[str, Any]]
"""What joblib runs: a delayed function, its positional and its keyword arguments."""


class Answer(NamedTuple):
    """What a task answers.

    Parameters
    ----------
    number : int
        Number of the trial.
    results : dict of int to dict
        Result of each split that was evaluated.
    seconds : float
        How long that took.
    fit_warnings : sequence of FitWarning
        Warnings of the fits, if the task ran in another process; else they need not be sent.
    """

    number: int
    results: dict[int, SplitResult]
    seconds: float
    fit_warnings: Sequence[FitWarning] = ()
