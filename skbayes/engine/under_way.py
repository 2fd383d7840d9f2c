"""Pending trials, the results of their splits so far, and the tasks of the other splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from skbayes.engine.queue import TaskQueue, Work
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

    Attributes
    ----------
    queue : TaskQueue
        The tasks of the splits without a result that are not running.
    """

    evaluator: Evaluator
    queue: TaskQueue = field(default_factory=TaskQueue)
    _trials: dict[int, Trial] = field(default_factory=dict)
    _results: dict[int, dict[int, SplitResult]] = field(default_factory=dict)
    _blocks: dict[int, int | None] = field(default_factory=dict)
    _seconds_per_split: float = np.inf  # of the latest answer

    def __contains__(self, number: int) -> bool:
        """Whether a trial is under way."""
        return number in self._trials

    def __bool__(self) -> bool:
        """Whether any trial is under way."""
        return bool(self._trials)

    def begin(self, trial: Trial, block: int | None = None) -> None:
        """Add a trial that was handed out, and queue its tasks.

        Parameters
        ----------
        trial : Trial
        block : int or None, default=None
            Splits between two decisions whether the trial is dropped; None if it never is.
        """
        self._trials[trial.number], self._results[trial.number] = trial, {}
        self._blocks[trial.number] = block
        self._enqueue(trial)

    def renew_queue(self, n_workers: int) -> None:
        """Make a new queue, with the tasks of all splits that have no result.

        Parameters
        ----------
        n_workers : int
            How many tasks run at once.
        """
        self.queue = TaskQueue(n_workers)
        for trial in self._trials.values():
            self._enqueue(trial)

    def is_raced(self, number: int) -> bool:
        """Whether a trial under way may be dropped.

        Parameters
        ----------
        number : int
        """
        return self._blocks[number] is not None

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

    def add(self, number: int, results: Mapping[int, SplitResult]) -> None:
        """Store results of splits.

        Parameters
        ----------
        number : int
            Of the trial.
        results : mapping of int to SplitResult
            By the number of the split.
        """
        self._results[number].update(results)

    def complete(self, number: int, n_needed: int | None) -> list[SplitResult] | None:
        """Return the results of a trial if it is finished, and remove it then.

        If it may be dropped and is not finished, its next split is needed.

        Parameters
        ----------
        number : int
        n_needed : int or None
            After how many splits the trial is dropped; None if it is not.

        Returns
        -------
        results : list of SplitResult or None
            Of the first splits that are needed, in order. None if a split is missing.
        """
        known = self._results[number]
        if n_needed is None and len(known) < self.evaluator.n_splits:
            if self.is_raced(number):
                self.queue.need(number, self._missing(self._trials[number])[0])
            return None
        self.queue.drop(number)
        del self._trials[number], self._results[number], self._blocks[number]
        return [known[split] for split in sorted(known)][:n_needed]

    def work_left(self) -> list[tuple[Trial, int]]:
        """Return the pending trials, each with its number of splits without a result."""
        return [(trial, len(self._missing(trial))) for trial in self._trials.values()]

    def _missing(self, trial: Trial) -> list[int]:
        known = self._results[trial.number]
        return [split for split in range(self.evaluator.n_splits) if split not in known]

    def _enqueue(self, trial: Trial) -> None:
        """Queue the missing splits of a trial; if it may be dropped, all but the first are spare.

        Short splits share a task.
        """
        splits, block = self._missing(trial), self._blocks[trial.number]
        n_short = int(SHORTEST_TASK / max(self._seconds_per_split, 1e-9)) + 1
        size = max(n_short if self.queue.n_workers > 1 or block is None else 1, block or 1)
        groups = [tuple(splits[first : first + size]) for first in range(0, len(splits), size)]
        works = [Work(trial.number, group, self.evaluator.task(trial, group)) for group in groups]
        n_ready = len(works) if block is None else 1
        self.queue.ready.extend(work.task for work in works[:n_ready])
        self.queue.add_spare(works[n_ready:])
