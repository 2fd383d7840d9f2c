"""Pending trials, the results of their splits so far, and the tasks of the other splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

import numpy as np

from skbayes.engine.queue import TaskQueue, Work
from skbayes.evaluation.results import SplitResult
from skbayes.evaluation.task import Answer, Evaluator, Task
from skbayes.pruning.pruner import Pruner
from skbayes.trial import Trial

SHORTEST_TASK = 0.005
"""Seconds that a task should take at least, to be worth the overhead of sending it."""


@dataclass
class _UnderWay:
    """A pending trial.

    Parameters
    ----------
    trial : Trial
    block : int or None
        Splits between two decisions whether the trial is dropped; None if it never is.
    order : list of int
        Its splits, in the order in which they are evaluated.
    has_lost : callable or None
        Decides by its scores whether the trial is ended while its first split grows.
    before : dict of int to SplitResult, default={}
        Splits that are being fitted further, with their results so far.
    """

    trial: Trial
    block: int | None
    order: list[int]
    has_lost: Pruner | None = None
    results: dict[int, SplitResult] = field(default_factory=dict)
    before: dict[int, SplitResult] = field(default_factory=dict)

    @property
    def missing(self) -> list[int]:
        """The splits without a result."""
        return [split for split in self.order if split not in self.results]

    @property
    def n_in_order(self) -> int:
        """How many splits have a result, up to the first one without."""
        return sum(1 for _ in takewhile(self.results.__contains__, self.order))

    @property
    def is_pruned(self) -> bool:
        """Whether it was ended while its first split grew."""
        return bool(self.results.get(self.order[0], {}).get("is_pruned", False))


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
    n_thrown_away : int
        Splits that were evaluated for trials that had been dropped meanwhile.
    """

    evaluator: Evaluator
    queue: TaskQueue = field(default_factory=TaskQueue)
    n_thrown_away: int = 0
    _trials: dict[int, _UnderWay] = field(default_factory=dict)
    _seconds_per_split: float = np.inf  # of the latest answer

    def __contains__(self, number: int) -> bool:
        """Whether a trial is under way."""
        return number in self._trials

    def __bool__(self) -> bool:
        """Whether any trial is under way."""
        return bool(self._trials)

    def begin(
        self,
        trial: Trial,
        block: int | None = None,
        has_lost: Pruner | None = None,
    ) -> None:
        """Add a trial that was handed out, and queue its tasks.

        Parameters
        ----------
        trial : Trial
        block : int or None, default=None
            Splits between two decisions whether the trial is dropped; None if it never is.
        has_lost : callable or None, default=None
            Decides by its scores whether the trial is ended while its first split grows.
        """
        if has_lost is not None:
            block = block or 1
        n_splits = self.evaluator.n_splits
        order = list(range(n_splits)) if block is None else trial.split_order(n_splits)
        self._trials[trial.number] = _UnderWay(trial, block, order, has_lost)
        self._enqueue(self._trials[trial.number])

    def renew_queue(self, n_workers: int) -> None:
        """Make a new queue, with the tasks of all splits that have no result.

        Parameters
        ----------
        n_workers : int
            How many tasks run at once.
        """
        self.queue = TaskQueue(n_workers)
        for pending in self._trials.values():
            self._enqueue(pending)

    def is_raced(self, number: int) -> bool:
        """Whether a trial under way may be dropped.

        Parameters
        ----------
        number : int
        """
        return self._trials[number].block is not None

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
        return self._make_task(self._trials[number], [split])

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
        return self.evaluator.failed(self._trials[number].trial, split, reason, stack)

    def is_missing(self, number: int, split: int) -> bool:
        """Whether a split is under way and has no result.

        False if the result was received before the process died.

        Parameters
        ----------
        number, split : int
            Of the trial and of its split.
        """
        return number in self._trials and split not in self._trials[number].results

    def note_time(self, answer: Answer) -> None:
        """Note how long a split took in an answer.

        Parameters
        ----------
        answer : Answer
        """
        self._seconds_per_split = answer.seconds / len(answer.results)

    def add(self, number: int, results: Mapping[int, SplitResult]) -> list[SplitResult]:
        """Store results of splits, and return those whose turn it is.

        Parameters
        ----------
        number : int
            Of the trial.
        results : mapping of int to SplitResult
            By the number of the split.

        Returns
        -------
        in_order : list of SplitResult
            A result is returned once those of all splits before it are known, so the order does not
            depend on which worker was faster. One that was fitted further is not returned again.
        """
        pending = self._trials[number]
        if pending.before:
            for split, result in results.items():
                pending.results[split] = _joined(pending.before.pop(split), result)
            return []
        n_before = pending.n_in_order
        pending.results.update(results)
        return [pending.results[split] for split in pending.order[n_before : pending.n_in_order]]

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
            Of the splits that are needed, by number. None if a split is missing.
        """
        pending = self._trials[number]
        n_needed = 1 if pending.is_pruned else n_needed
        if n_needed is None and pending.missing:
            if self.is_raced(number):
                self.queue.need(number, pending.missing[0])
            return None
        if n_needed is None and self._grows_on(pending):
            return None
        self.queue.drop(number)
        del self._trials[number]
        needed = sorted(pending.order[:n_needed])
        self.n_thrown_away += len(pending.results) - len(needed)
        return [pending.results[split] for split in needed]

    def work_left(self) -> list[tuple[Trial, int]]:
        """Return the pending trials, each with its number of splits without a result."""
        return [(pending.trial, len(pending.missing)) for pending in self._trials.values()]

    def _grows_on(self, pending: _UnderWay) -> bool:
        """Whether splits of a trial have to be fitted further; their tasks are queued then."""
        pending.before = self.evaluator.to_grow([pending.results[s] for s in pending.order])
        for split in pending.before:
            del pending.results[split]
        if pending.before:
            self._enqueue(pending)
        return bool(pending.before)

    def _make_task(self, pending: _UnderWay, splits: Sequence[int]) -> Task:
        before = {split: pending.before[split] for split in splits if split in pending.before}
        is_first = splits[0] == pending.order[0] and not before
        has_lost = pending.has_lost if is_first else None
        return self.evaluator.task(pending.trial, splits, before, has_lost)

    def _enqueue(self, pending: _UnderWay) -> None:
        """Queue the missing splits of a trial; if it may be dropped, all but the first are spare.

        Short splits share a task.
        """
        trial, splits = pending.trial, pending.missing
        block = None if pending.before else pending.block  # it is not dropped any more
        n_short = int(SHORTEST_TASK / max(self._seconds_per_split, 1e-9)) + 1
        size = max(n_short if self.queue.n_workers > 1 or block is None else 1, block or 1)
        groups = [tuple(splits[first : first + size]) for first in range(0, len(splits), size)]
        works = [
            Work(
                trial.number,
                group,
                pending.order.index(group[0]),
                self._make_task(pending, group),
            )
            for group in groups
        ]
        n_ready = len(works) if block is None else 1
        self.queue.ready.extend(work.task for work in works[:n_ready])
        self.queue.add_spare(works[n_ready:])


def _joined(before: SplitResult, result: SplitResult) -> SplitResult:
    """Return the result of a split that was fitted further, with the times of both fits."""
    times = {name: before[name] + result[name] for name in ("fit_time", "score_time")}
    stops = before["stop_requested"] or result["stop_requested"]
    return {**result, **times, "began": before["began"], "stop_requested": stops}
