"""The sliding window: a parallel search that is the same for every number of workers.

q      `n_points`, how many trials may be under way at once
j      number of the trial to propose next

Trial j is proposed once trials 0 … j − q are finished, and sees exactly their outcomes, whatever
else has come in; the q − 1 between are shown as pending. A sampler may ask to wait for all before
it, and what it has once been shown stays shown. So what is proposed does not depend on which
worker was faster, and q never depends on the workers.

Work is a queue of tasks, each a split of a trial or, if they are short, several. joblib pulls it
from the thread that delivers results, holding its lock, so the iterator must never wait: where
nothing is ready but results are still to come, it hands out a short pause, and the freed worker
asks again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from skbayes.engine.evaluation import Answer, SplitResult, Task
from skbayes.engine.fit_warnings import FitWarning, shown_once
from skbayes.samplers.base import NoProposal, Sampler
from skbayes.trial import Outcome, Trial

SHORTEST_PAUSE = 0.0002
LONGEST_PAUSE = 0.02
SHORTEST_TASK = 0.005
"""Seconds of work a task should have, to be worth its way to a worker and back."""

PAUSE_SHARE = 0.1
"""A pause lasts this share of the time that nothing has been ready, between the two bounds."""


class Evaluator(Protocol):
    """Makes the tasks of a trial and sees it finished; see `engine.evaluation.Evaluation`."""

    @property
    def n_splits(self) -> int: ...

    def task(self, trial: Trial, splits: Sequence[int]) -> Task: ...

    def receive(self, trial: Trial, results: Sequence[SplitResult]) -> None: ...


@dataclass
class TaskQueue:
    """Tasks ready to run, as an iterator that ends or pauses but never blocks.

    Two threads meet here without a lock: the one that pulls tasks alone counts `n_handed_out`,
    the one that consumes answers alone counts `n_answered`.
    """

    ready: deque[Task] = field(default_factory=deque)
    n_handed_out: int = 0
    n_answered: int = 0
    empty_since: float | None = None

    def __iter__(self) -> Iterator[Task]:
        return self

    def __next__(self) -> Task:
        try:
            task = self.ready.popleft()
        except IndexError:
            if self.n_handed_out == self.n_answered:
                raise StopIteration from None
            return self._pause()
        self.n_handed_out += 1
        self.empty_since = None
        return task

    def _pause(self) -> Task:
        now = time.monotonic()
        if self.empty_since is None:
            self.empty_since = now
        waited = now - self.empty_since
        seconds = min(max(PAUSE_SHARE * waited, SHORTEST_PAUSE), LONGEST_PAUSE)
        pause: Task = delayed(time.sleep)(seconds)
        return pause


@dataclass
class SearchLoop:
    """One search from its first trial to its last.

    Parameters
    ----------
    sampler : Sampler
    evaluator : Evaluator
    judge : callable
        Makes the outcome of a trial from the results of its splits.
    n_trials : int
        How many trials to evaluate; fewer if the space is used up.
    n_points : int
        How many may be under way at once.
    seed : int
        With the number of a trial, the key of the generator it is proposed with.
    while_proposing : callable
        Returns the context in which proposals are made.

    Attributes
    ----------
    trials : list of Trial
        In the order they were proposed.
    results : list of list of dict
        What came back for each split of each trial.
    fit_warnings : list of FitWarning
        What was warned of in other processes.
    """

    sampler: Sampler
    evaluator: Evaluator
    judge: Callable[[list[SplitResult]], Outcome]
    n_trials: int
    n_points: int
    seed: int
    while_proposing: Callable[[], AbstractContextManager[Any]]

    def __post_init__(self) -> None:
        self.trials: list[Trial] = []
        self.results: list[list[SplitResult]] = []
        self.fit_warnings: list[FitWarning] = []
        self._arrived: dict[int, dict[int, SplitResult]] = {}
        self._seconds_per_split = np.inf  # of the latest answer
        self._n_finished = 0  # trials 0 … n_finished − 1 all have outcomes
        self._is_exhausted = False
        self._waits_for_all = False
        self._n_shown = 0  # outcomes that the latest proposal was shown

    def run(self, parallel: Parallel, is_streaming: bool) -> None:
        """Evaluate trials until there are enough, or none is left to propose.

        Parameters
        ----------
        parallel : Parallel
            Runs tasks and returns their answers in any order.
        is_streaming : bool
            Whether it takes tasks while it delivers answers. If not, it is given what is ready
            as a list: the same search, with idle workers.
        """
        queue = TaskQueue()
        with parallel, shown_once(self.fit_warnings):
            self._refill(queue)
            while queue.ready:
                for answer in parallel(queue if is_streaming else _ready_tasks(queue)):
                    if answer is not None:  # a pause answers None
                        self._receive(answer)
                        self._refill(queue)
                        queue.n_answered += 1

    def _receive(self, answer: Answer) -> None:
        number = answer.number
        arrived = self._arrived[number]
        arrived.update(answer.results)
        self.fit_warnings.extend(answer.fit_warnings)
        self._seconds_per_split = answer.seconds / len(answer.results)
        if len(arrived) < self.evaluator.n_splits:
            return
        self.results[number] = [arrived[split] for split in sorted(arrived)]
        del self._arrived[number]
        outcome = self.judge(self.results[number])
        self.trials[number] = self.trials[number].with_outcome(outcome)
        self.evaluator.receive(self.trials[number], self.results[number])
        while self._n_finished < len(self.trials) and self._is_finished(self._n_finished):
            self._n_finished += 1

    def _is_finished(self, number: int) -> bool:
        return self.trials[number].outcome is not None

    def _refill(self, queue: TaskQueue) -> None:
        """Propose every trial whose window has come."""
        while not self._is_exhausted and len(self.trials) < self.n_trials:
            number = len(self.trials)
            n_shown = max(number - self.n_points + 1, self._n_shown)
            if self._waits_for_all:
                n_shown = number
            if self._n_finished < n_shown:
                return
            self._n_shown = n_shown
            self._propose(number, n_shown, queue)

    def _propose(self, number: int, n_shown: int, queue: TaskQueue) -> None:
        """Propose a trial from the outcomes of the first `n_shown`."""
        shown = [
            trial if trial.number < n_shown else trial.with_outcome(None) for trial in self.trials
        ]
        with self.while_proposing():
            proposal = self.sampler.propose(shown, np.random.default_rng([self.seed, number]))
        if isinstance(proposal, NoProposal):
            if proposal is NoProposal.WAIT and n_shown == number:
                raise RuntimeError("the sampler waits although no trial is pending")
            self._waits_for_all = proposal is NoProposal.WAIT
            self._is_exhausted = proposal is NoProposal.EXHAUSTED
            return
        self._waits_for_all = False
        trial = Trial(number, proposal.row, proposal.params, proposal.memory)
        self.trials.append(trial)
        self.results.append([])
        self._arrived[number] = {}
        queue.ready.extend(self.evaluator.task(trial, splits) for splits in self._chunks())

    def _chunks(self) -> list[range]:
        """Divide the splits into tasks; short ones travel together, or the way is the longest."""
        n_splits = self.evaluator.n_splits
        size = min(int(SHORTEST_TASK / max(self._seconds_per_split, 1e-9)) + 1, n_splits)
        return [range(first, min(first + size, n_splits)) for first in range(0, n_splits, size)]


def _ready_tasks(queue: TaskQueue) -> list[Task]:
    return [next(queue) for _ in range(len(queue.ready))]
