"""The loop of a search: it drives a study over joblib.

A search stops, and never skips: if it stops early, what it has are the first trials of the search
that did not. A recorded trial is taken as it stands, and the trials about it see what they would
have seen. If a worker process dies, the split it was evaluating is marked as failed, and the other
splits under way are queued again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from sklearn.utils.parallel import Parallel

from skbayes.engine._joblib_compat import TerminatedWorkerError
from skbayes.engine.budget import Clock, StoppingRule
from skbayes.engine.evaluation import Answer, SplitResult, Task
from skbayes.engine.fit_warnings import FitWarning, shown_once
from skbayes.engine.queue import TaskQueue
from skbayes.engine.recovery import MakeParallel, Recovery
from skbayes.engine.watch import Watch
from skbayes.samplers.base import NoProposal
from skbayes.study import Study
from skbayes.trial import Outcome, Trial

SHORTEST_TASK = 0.005
"""Seconds of work a task should have, to be worth its way to a worker and back."""


class Evaluator(Protocol):
    """Makes the tasks of a trial and sees it finished; see `engine.evaluation.Evaluation`."""

    @property
    def n_splits(self) -> int: ...

    def task(self, trial: Trial, splits: Sequence[int]) -> Task: ...

    def failed(self, trial: Trial, split: int, reason: str, stack: str) -> SplitResult: ...

    def receive(self, trial: Trial, results: Sequence[SplitResult]) -> None: ...


@dataclass(frozen=True, eq=False)
class Record:
    """A finished trial.

    Parameters
    ----------
    trial : Trial
        With its outcome.
    results : sequence of dict
        Of its splits, in order.
    n_shown : int
        Of how many trials its proposal was shown the outcome.
    """

    trial: Trial
    results: Sequence[SplitResult]
    n_shown: int


@dataclass
class SearchLoop:
    """One search from its first trial to its last.

    Parameters
    ----------
    study : Study
        Says which trial is next, from the outcomes it was told.
    evaluator : Evaluator
    judge : callable
        Makes the outcome of a trial from the results of its splits.
    n_trials : int
        How many trials to evaluate; fewer if the space is used up.
    while_proposing : callable
        Returns the context in which proposals are made.
    clock : Clock, default=Clock()
    rules : sequence of StoppingRule, default=()
        By each of which the search may end early.
    watch : Watch or None, default=None
        What is kept of splits under way, if the processes they run in may die.
    recorded : mapping of int to Record, default={}
        Trials that were finished earlier, by number.
    keep : callable, default=None
        Is given the record of every trial as soon as it is finished.
    tell : callable, default=None
        Is given the record of every trial in the order of the trials, and whether it was recorded
        earlier.

    Attributes
    ----------
    fit_warnings : list of FitWarning
        What was warned of in other processes.
    """

    study: Study
    evaluator: Evaluator
    judge: Callable[[list[SplitResult]], Outcome]
    n_trials: int
    while_proposing: Callable[[], AbstractContextManager[Any]]
    clock: Clock = field(default_factory=Clock)
    rules: Sequence[StoppingRule] = ()
    watch: Watch | None = None
    recorded: Mapping[int, Record] = field(default_factory=dict)
    keep: Callable[[Record], None] | None = None
    tell: Callable[[Record, bool], None] | None = None

    def __post_init__(self) -> None:
        self.fit_warnings: list[FitWarning] = []
        self._records: dict[int, Record] = {}
        self._arrived: dict[int, dict[int, SplitResult]] = {}  # of the trials under way
        self._seconds_per_split = np.inf  # of the latest answer
        self._n_kept = 0  # trials 0 … n_kept − 1 are finished, and no rule ended the search before
        self._last: int | None = None  # number of the trial that a rule ended the search with
        self._is_ending = False  # nothing more is proposed
        self._n_too_late = -1  # trials that were finished when there was no time for another one
        self._n_workers = 1
        self._recovery = None if self.watch is None else Recovery(self.watch, self)

    def run(self, make_parallel: MakeParallel, is_streaming: bool, n_workers: int = 1) -> None:
        """Evaluate trials until there are enough, none is left to propose, or a rule says so.

        Parameters
        ----------
        make_parallel : callable
            Makes what runs tasks and returns their answers in any order. After a crash another one
            is made: the first still holds tasks that it was about to run.
        is_streaming : bool
            Whether it takes tasks while it delivers answers. If not, it is given what is ready
            as a list: the same search, with idle workers.
        n_workers : int, default=1
            How many tasks it runs at once.
        """
        self._n_workers = n_workers
        queue = TaskQueue()
        with shown_once(self.fit_warnings):
            self._refill(queue)
            while queue.ready and not self.is_over():
                try:
                    with make_parallel() as parallel:
                        self._consume(parallel, queue, is_streaming)
                except TerminatedWorkerError:
                    if self._recovery is None:
                        raise
                    self._recovery.settle(make_parallel)
                    queue = self._queue_missing()

    def records(self, is_interrupted: bool = False) -> list[Record]:
        """Return the records of the search in the order of the trials.

        Those are the first trials, up to the first that is not finished; of an interrupted
        search, all that are finished.
        """
        if is_interrupted:
            return [self._records[number] for number in sorted(self._records)]
        return [self._records[number] for number in range(self._n_kept)]

    def _consume(self, parallel: Parallel, queue: TaskQueue, is_streaming: bool) -> None:
        """Receive answers and refill the queue, while there is work and time for it."""
        while queue.ready:
            answers = parallel(queue if is_streaming else queue.take_all())
            with closing(answers) if is_streaming else nullcontext():
                for answer in answers:
                    if answer is not None:  # a pause answers None
                        self.receive(answer)
                        self._refill(queue)
                        queue.n_answered += 1
                    if self._recovery is not None:
                        self._recovery.look()
                    if self.is_over():
                        queue.ready.clear()
                        if self.watch is not None and self._arrived:
                            return  # which ends the processes

    def is_over(self) -> bool:
        """Whether what is under way is of no use any more; one trial at least is finished."""
        return self._last is not None or (self.clock.is_over and self._n_kept > 0)

    def receive(self, answer: Answer) -> None:
        """Take the results of a task."""
        self.fit_warnings.extend(answer.fit_warnings)
        self._seconds_per_split = answer.seconds / len(answer.results)
        self.clock.note(self._trial(answer.number), answer.seconds, len(answer.results))
        self._arrive(answer.number, answer.results)

    def _arrive(self, number: int, results: Mapping[int, SplitResult]) -> None:
        arrived = self._arrived[number]
        arrived.update(results)
        if len(arrived) < self.evaluator.n_splits:
            return
        in_order = [arrived[split] for split in sorted(arrived)]
        self.study.tell(self._trial(number), self.judge(in_order))
        trial = self._trial(number)
        self.evaluator.receive(trial, in_order)
        record = Record(trial, in_order, self.study.n_shown(number))
        self._take(record)
        del self._arrived[number]
        if self.keep is not None:
            self.keep(record)

    def _take(self, record: Record) -> None:
        """Take a finished trial, and decide in the order of the trials whether one is the last."""
        self._records[record.trial.number] = record
        while self._last is None and self._n_kept in self._records:
            next_one = self._records[self._n_kept]
            self._n_kept += 1
            if self.tell is not None:
                self.tell(next_one, next_one is self.recorded.get(next_one.trial.number))
            asked = [rule.should_stop(next_one.trial, next_one.results) for rule in self.rules]
            if any(asked):
                self._last = next_one.trial.number
                self._is_ending = True

    def _refill(self, queue: TaskQueue) -> None:
        """Begin every trial whose window has come."""
        while not self._is_ending and len(self.study.trials) < self.n_trials:
            number = len(self.study.trials)
            if number in self.recorded:
                self._restore(self.recorded[number])
                continue
            if not self.study.can_propose or self._n_kept == self._n_too_late:
                return
            with self.while_proposing():
                trial = self.study.propose()
            if isinstance(trial, NoProposal):
                self._is_ending = trial is NoProposal.EXHAUSTED
                return
            self._begin(trial, queue)

    def _restore(self, record: Record) -> None:
        seconds = sum(result["fit_time"] + result["score_time"] for result in record.results)
        self.clock.note(record.trial, seconds, len(record.results))
        self.study.restore(record.trial, record.n_shown)
        self._take(record)

    def _begin(self, trial: Trial, queue: TaskQueue) -> None:
        """Queue the splits of a trial, if there is time for them."""
        work = [*self._under_way(), (trial, self.evaluator.n_splits)]
        if trial.number > 0 and not self.clock.suffices_for(work, self._n_workers):
            self._n_too_late = self._n_kept  # those under way may end sooner than expected
            self._is_ending = not self._arrived
            return
        self.study.begin(trial)
        self._arrived[trial.number] = {}
        self._enqueue(trial, range(self.evaluator.n_splits), queue)

    def _trial(self, number: int) -> Trial:
        return self.study.trials[number]

    def _under_way(self) -> list[tuple[Trial, int]]:
        """Return the trials under way, and how many of their splits are not finished."""
        n_splits = self.evaluator.n_splits
        return [
            (self._trial(number), n_splits - len(arrived))
            for number, arrived in self._arrived.items()
        ]

    def _enqueue(self, trial: Trial, splits: Sequence[int], queue: TaskQueue) -> None:
        """Divide splits into tasks; short ones travel together, or the way is the longest."""
        size = min(int(SHORTEST_TASK / max(self._seconds_per_split, 1e-9)) + 1, len(splits))
        for first in range(0, len(splits), size):
            queue.ready.append(self.evaluator.task(trial, splits[first : first + size]))

    def is_missing(self, number: int, split: int) -> bool:
        """Whether a split has no result; a process that was not yet killed may tell of others."""
        return number in self._arrived and split not in self._arrived[number]

    def task_of(self, number: int, split: int) -> Task:
        """Return the task that evaluates one split of a trial under way."""
        return self.evaluator.task(self._trial(number), [split])

    def fail(self, number: int, split: int, reason: str, stack: str) -> None:
        """Take a split as failed, which no process has lived to answer."""
        result = self.evaluator.failed(self._trial(number), split, reason, stack)
        self._arrive(number, {split: result})

    def _queue_missing(self) -> TaskQueue:
        """Return a queue of all splits under way that have no result."""
        queue = TaskQueue()
        for number, arrived in self._arrived.items():
            missing = [split for split in range(self.evaluator.n_splits) if split not in arrived]
            self._enqueue(self._trial(number), missing, queue)
        self._refill(queue)
        return queue
