"""Pending trials, the results of their splits so far, and the tasks of the other splits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from skbayes.evaluation.results import SplitResult
from skbayes.evaluation.task import Answer, Evaluator, Task
from skbayes.trial import Trial

SHORTEST_TASK = 0.005
"""Seconds that a task should take at least, to be worth the overhead of sending it."""


@dataclass
class TrialsUnderWay:
    """The pending trials, each with the results of its finished splits.

    Parameters
    ----------
    evaluator : Evaluator
    """

    evaluator: Evaluator
    _trials: dict[int, Trial] = field(default_factory=dict)
    _results: dict[int, dict[int, SplitResult]] = field(default_factory=dict)
    _seconds_per_split: float = np.inf  # of the latest answer

    def __bool__(self) -> bool:
        """Whether any trial is under way."""
        return bool(self._trials)

    def begin(self, trial: Trial) -> Iterator[Task]:
        """Add a trial that was handed out, and return its tasks.

        Parameters
        ----------
        trial : Trial

        Returns
        -------
        tasks : iterator of Task
        """
        self._trials[trial.number], self._results[trial.number] = trial, {}
        return self._tasks(trial)

    def missing_tasks(self) -> Iterator[Task]:
        """Return the tasks of all splits that have no result."""
        for trial in self._trials.values():
            yield from self._tasks(trial)

    def task_of(self, number: int, split: int) -> Task:
        """Return the task of one split alone.

        Parameters
        ----------
        number, split : int
            Of the trial and of its split.

        Returns
        -------
        task : Task
        """
        return self.evaluator.task(self._trials[number], [split])

    def failed(self, number: int, split: int, reason: str, stack: str) -> SplitResult:
        """Return the result of a split whose worker process died.

        Parameters
        ----------
        number, split : int
            Of the trial and of its split.
        reason : str
        stack : str
            Stack of the process; empty if it is not known.

        Returns
        -------
        result : SplitResult
        """
        return self.evaluator.failed(self._trials[number], split, reason, stack)

    def is_missing(self, number: int, split: int) -> bool:
        """Whether a split is under way and has no result.

        False if the result was received before the process died.

        Parameters
        ----------
        number, split : int
            Of the trial and of its split.
        """
        return number in self._trials and split not in self._results[number]

    def note_time(self, answer: Answer) -> None:
        """Note how long a split took in an answer.

        Parameters
        ----------
        answer : Answer
        """
        self._seconds_per_split = answer.seconds / len(answer.results)

    def add(self, number: int, results: Mapping[int, SplitResult]) -> list[SplitResult] | None:
        """Store results of splits.

        Parameters
        ----------
        number : int
            Of the trial.
        results : mapping of int to SplitResult
            By the number of the split.

        Returns
        -------
        results : list of SplitResult or None
            All results of the trial in the order of the splits, if none is missing any more; the
            trial is then removed. None if a split is still missing.
        """
        known = self._results[number]
        known.update(results)
        if len(known) < self.evaluator.n_splits:
            return None
        del self._trials[number], self._results[number]
        return [known[split] for split in sorted(known)]

    def work_left(self) -> list[tuple[Trial, int]]:
        """Return the pending trials, each with its number of splits without a result."""
        return [(trial, len(self._missing(trial))) for trial in self._trials.values()]

    def _missing(self, trial: Trial) -> list[int]:
        known = self._results[trial.number]
        return [split for split in range(self.evaluator.n_splits) if split not in known]

    def _tasks(self, trial: Trial) -> Iterator[Task]:
        """Divide the missing splits of a trial into tasks; short splits share one."""
        splits = self._missing(trial)
        size = min(int(SHORTEST_TASK / max(self._seconds_per_split, 1e-9)) + 1, len(splits))
        for first in range(0, len(splits), max(size, 1)):
            yield self.evaluator.task(trial, splits[first : first + size])
