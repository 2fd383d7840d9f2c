"""What is sent to a worker and back: a task, and its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from skbayes.evaluation.fit_warnings import FitWarning
from skbayes.evaluation.results import SplitResult
from skbayes.pruning.pruner import Pruner
from skbayes.trial import Trial

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


class Evaluator(Protocol):
    """Makes the tasks of a trial; `evaluation.evaluator.Evaluation` is the one of a search."""

    @property
    def n_splits(self) -> int:
        """Number of splits of a trial."""
        ...

    def task(
        self,
        trial: Trial,
        splits: Sequence[int],
        before: Mapping[int, SplitResult],
        has_lost: Pruner | None = None,
    ) -> Task:
        """Return the task that evaluates some splits.

        Making a task has no side effects, so a task that was lost can be made again.

        Parameters
        ----------
        trial : Trial
        splits : sequence of int
        before : mapping of int to SplitResult
            Of splits that are fitted further, what `to_grow` has returned for them.
        has_lost : callable, default=None
            Decides by the scores of the first of the splits whether the trial is ended while it
            grows; see `Study.pruner_of`. The other splits are not evaluated then.

        Returns
        -------
        task : Task
        """
        ...

    def to_grow(self, results: Sequence[SplitResult]) -> dict[int, SplitResult]:
        """Return the splits that have to be fitted further before the trial is finished.

        Parameters
        ----------
        results : sequence of SplitResult
            Of all splits.

        Returns
        -------
        before : dict of int to SplitResult
            By the number of the split, its result so far and how far it has to go.
        """
        ...

    def failed(self, trial: Trial, split: int, reason: str, stack: str) -> SplitResult:
        """Return the result of a split whose worker process died.

        It is the result of a model whose `fit` raises an error, so `error_score` applies.

        Parameters
        ----------
        trial : Trial
        split : int
        reason : str
        stack : str
            Stack of the process, the most recent call first; empty if it is not known.

        Returns
        -------
        result : SplitResult
        """
        ...

    def again(self, trial: Trial, split: int) -> SplitResult:
        """Return the result of a split that is fitted once more, here and without callbacks.

        A failure is a score of NaN.

        Parameters
        ----------
        trial : Trial
        split : int

        Returns
        -------
        result : SplitResult
        """
        ...

    def keep(self, trial: Trial, results: Sequence[SplitResult]) -> None:
        """Take fitted models and predictions out of the results of a finished trial, and keep them.

        Parameters
        ----------
        trial : Trial
        results : sequence of SplitResult
            Results of all splits, in order; changed in place.
        """
        ...
