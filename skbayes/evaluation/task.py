"""What is sent to a worker and back: a task, and its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from skbayes.evaluation.fit_warnings import FitWarning
from skbayes.evaluation.results import SplitResult

Task = tuple[Any, tuple[Any, ...], dict[str, Any]]
"""What joblib runs: a delayed function, its positional and its keyword arguments."""


class Answer(NamedTuple):
    """The results that a task sends back.

    Parameters
    ----------
    number : int
        Number of the trial.
    results : dict of int to dict
        Result of each evaluated split, by its number.
    seconds : float
        How long the task took.
    fit_warnings : sequence of FitWarning
        Warnings of the fits if the task ran in another process; otherwise empty.
    """

    number: int
    results: dict[int, SplitResult]
    seconds: float
    fit_warnings: Sequence[FitWarning] = ()
