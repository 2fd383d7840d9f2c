"""Budgets: the time limit and the rules by which a search stops before its last trial.

A rule ends a search after a certain trial, and trials with higher numbers are dropped even if they
are finished. So the results are the first trials of the same search without a budget.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from skbayes.evaluation.results import SplitResult, error_of, reason_of
from skbayes.trial import FloatArray, Trial

N_SAME_FAILURES = 10
"""Trials that must fail for one reason before the search stops: the size of the longest start-up
design, whose trials are spread over the whole space."""


@dataclass
class Clock:
    """The time that is left, and how much of it a trial is expected to take.

    A split is expected to take as long as the finished ones did, in proportion to the resource if
    there is one.

    Parameters
    ----------
    deadline : float, default=inf
        On the clock of `time.monotonic`.
    """

    deadline: float = np.inf
    _seconds: float = 0.0
    _resources: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() >= self.deadline

    def note(self, trial: Trial, seconds: float, n_splits: int) -> None:
        """Note how long splits of a trial took.

        Parameters
        ----------
        trial : Trial
        seconds : float
        n_splits : int
            How many splits took `seconds` together.
        """
        self._seconds += seconds
        self._resources += n_splits * resource_of(trial)

    def suffices_for(self, n_splits: Sequence[tuple[Trial, int]], n_workers: int) -> bool:
        """Whether splits are expected to be finished before the deadline.

        Parameters
        ----------
        n_splits : sequence of (Trial, int)
            Pending trials with their numbers of missing splits, then the trial to begin next.
        n_workers : int
        """
        if not self._resources or self.deadline == np.inf:
            return True
        rate = self._seconds / self._resources
        trial, n_own = n_splits[-1]
        alone = np.ceil(n_own / n_workers) * resource_of(trial)
        shared = sum(n * resource_of(other) for other, n in n_splits) / n_workers
        return time.monotonic() + rate * max(alone, shared) <= self.deadline


class StoppingRule(Protocol):
    """Decides after each finished trial, in the order of the trials, whether it is the last."""

    def should_stop(self, trial: Trial, results: Sequence[SplitResult]) -> bool:
        """Whether the search ends after this trial.

        Parameters
        ----------
        trial : Trial
            With its outcome. The rule is asked once per trial, including recorded ones.
        results : sequence of SplitResult
            Of its splits, in order.
        """
        ...


@dataclass
class CallbackRequest:
    """Stops the search after a trial for which a callback requested it."""

    def should_stop(self, trial: Trial, results: Sequence[SplitResult]) -> bool:
        """Whether a callback requested to stop after this trial.

        Parameters
        ----------
        trial : Trial
        results : sequence of SplitResult
            Of its splits.
        """
        return any(result["stop_requested"] for result in results)


@dataclass
class Patience:
    """Stops a search whose incumbent no longer improves.

    Parameters
    ----------
    n_iter_no_change : int
        How many trials in a row without a new incumbent end the search. Failed trials count.
    """

    n_iter_no_change: int
    _best: float = -np.inf
    _n_since: int = 0

    def should_stop(self, trial: Trial, results: Sequence[SplitResult]) -> bool:
        """Whether this trial is the last of `n_iter_no_change` in a row that were not better.

        Parameters
        ----------
        trial : Trial
        results : sequence of SplitResult
            Of its splits.
        """
        if trial.is_complete and trial.score > self._best:
            self._best, self._n_since = trial.score, 0
        else:
            self._n_since += 1
        return self._n_since == self.n_iter_no_change


@dataclass
class FitsBudget:
    """Stops a search that could not pay for another trial on all splits.

    Parameters
    ----------
    n_fits : int
        How many fits on one split all trials may have together.
    n_splits : int
        Splits of a trial that is not dropped.
    """

    n_fits: int
    n_splits: int
    _n_used: int = 0

    def should_stop(self, trial: Trial, results: Sequence[SplitResult]) -> bool:
        """Whether the fits that are left are too few for another trial.

        Parameters
        ----------
        trial : Trial
        results : sequence of SplitResult
            Of its splits.
        """
        self._n_used += len(results)
        return self._n_used + self.n_splits > self.n_fits


@dataclass
class SameFailure:
    """Stops a search in which all trials fail for the same reason.

    It stops once `N_SAME_FAILURES` trials have failed on all their splits, each split with the
    same error as in the other trials, and every column of the space has been varied. So a grid is
    not stopped because it begins with a value of one parameter that cannot be fitted.

    Parameters
    ----------
    metric : object
        Name of the metric that is maximised if there are several.
    """

    metric: Any
    _rows: list[FloatArray] = field(default_factory=list)
    _reasons: list[str] | None = None  # of the first trial, by split
    _has_other_outcome: bool = False

    def should_stop(self, trial: Trial, results: Sequence[SplitResult]) -> bool:
        """Whether all trials so far have failed for the same reason, with every column varied.

        Parameters
        ----------
        trial : Trial
        results : sequence of SplitResult
            Of its splits.
        """
        if self._has_other_outcome:
            return False
        errors = [error_of(result, self.metric) for result in results]
        reasons = [reason_of(error) for error in errors if error is not None]
        self._reasons = self._reasons or reasons
        self._has_other_outcome = len(reasons) < len(results) or reasons != self._reasons
        self._rows.append(trial.row)
        is_everywhere = bool((np.ptp(self._rows, axis=0) > 0).all())
        return not self._has_other_outcome and len(self._rows) >= N_SAME_FAILURES and is_everywhere


def resource_of(trial: Trial) -> float:
    """Return how much of the resource a trial gets; one if there is none.

    Parameters
    ----------
    trial : Trial
    """
    return 1.0 if trial.fidelity is None else float(trial.fidelity)
