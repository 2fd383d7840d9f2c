"""When a search stops before it has all its trials.

A search ends after a trial, and what comes later in the order of the trials is not kept, whatever
came in first. So what is kept are the first trials of the search without a budget.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skbayes.engine.evaluation import SplitResult
from skbayes.trial import Trial


@dataclass
class Clock:
    """Time that is left, and what a trial is expected to take of it.

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
        """Learn that splits of a trial took some time."""
        self._seconds += seconds
        self._resources += n_splits * _resource_of(trial)

    def suffices_for(self, n_splits: Sequence[tuple[Trial, int]], n_workers: int) -> bool:
        """Whether splits are expected to end in time.

        Parameters
        ----------
        n_splits : sequence of (Trial, int)
            How many splits of which trials, the last of which is the one in question.
        n_workers : int
        """
        if not self._resources or self.deadline == np.inf:
            return True
        rate = self._seconds / self._resources
        trial, n_own = n_splits[-1]
        alone = np.ceil(n_own / n_workers) * _resource_of(trial)
        shared = sum(n * _resource_of(other) for other, n in n_splits) / n_workers
        return time.monotonic() + rate * max(alone, shared) <= self.deadline


@dataclass
class Patience:
    """Decides after each finished trial, in order, whether it is the last.

    Parameters
    ----------
    n_iter_no_change : int or None, default=None
        How many trials in a row may bring nothing better; failed ones do not.
    """

    n_iter_no_change: int | None = None
    _best: float = -np.inf
    _n_since: int = 0

    def ends_with(self, trial: Trial, results: Sequence[SplitResult]) -> bool:
        """Whether the search ends with this trial, by the rule or by the word of a callback."""
        if trial.score > self._best:
            self._best, self._n_since = trial.score, 0
        else:
            self._n_since += 1
        is_asked = any(result.get("is_last", False) for result in results)
        return is_asked or self._n_since == self.n_iter_no_change


def _resource_of(trial: Trial) -> float:
    return float(trial.memory.get("n_resources", 1))
