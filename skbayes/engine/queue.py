"""A queue of tasks that joblib may pull from at any time.

joblib pulls from the thread that delivers results, while it holds a lock, so the iterator must
never block. If no task is ready but answers are still expected, it hands out a pause: a task that
sleeps for a short time, after which the worker asks again.

A *spare* task is one whose result may not be needed: a later split of a trial that may be dropped
by then. It is handed out only if no task is ready and a worker would be idle.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

from sklearn.utils.parallel import Parallel, delayed

from skbayes.evaluation.task import Task

SHORTEST_PAUSE = 0.0002
LONGEST_PAUSE = 0.02

PAUSE_SHARE = 0.1
"""Length of a pause, as a share of the time since a task was last ready, within the two bounds."""


MakeParallel = Callable[[], Parallel]


class Pool(NamedTuple):
    """What runs tasks.

    Parameters
    ----------
    make_parallel : callable
        Returns a `Parallel`, which runs tasks and returns their answers in any order. A new one is
        made after a crash, because the old one still holds tasks.
    is_streaming : bool, default=True
        Whether the `Parallel` takes tasks while it delivers answers. If not, it is given lists of
        ready tasks: the search is the same, but some workers are idle.
    n_workers : int, default=1
        How many tasks the `Parallel` runs at once.
    can_abandon : bool, default=False
        Whether tasks that still run can be abandoned when the search is over.
    """

    make_parallel: MakeParallel
    is_streaming: bool = True
    n_workers: int = 1
    can_abandon: bool = False


class Work(NamedTuple):
    """A task, and what it evaluates.

    Parameters
    ----------
    number : int
        Of the trial.
    splits : tuple of int
        Its splits.
    n_before : int
        How many splits of the trial are evaluated before.
    task : Task
    """

    number: int
    splits: tuple[int, ...]
    n_before: int
    task: Task

    def holds(self, number: int, split: int) -> bool:
        """Whether a split of a trial is among what the task evaluates.

        Parameters
        ----------
        number, split : int
            Of the trial and of its split.
        """
        return self.number == number and split in self.splits


@dataclass
class TaskQueue:
    """Tasks ready to run, as an iterator that ends or pauses but never blocks.

    Two threads use it: only the one that pulls tasks changes `n_handed_out`, and only the one that
    consumes answers changes the other counts. The spare tasks have a lock.

    Parameters
    ----------
    n_workers : int, default=1
        How many tasks run at once.

    Attributes
    ----------
    n_received : int
        Answers that have arrived.
    n_answered : int
        Answers after which all tasks that follow from them were queued.
    """

    n_workers: int = 1
    ready: deque[Task] = field(default_factory=deque)
    n_handed_out: int = 0
    n_received: int = 0
    n_answered: int = 0
    empty_since: float | None = None
    _spare: list[Work] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def __iter__(self) -> Iterator[Task]:
        return self

    def __next__(self) -> Task:
        task = self.pull()
        if task is not None:
            return task
        if self.n_handed_out == self.n_answered:
            raise StopIteration
        return self._pause()

    def pull(self) -> Task | None:
        """Hand out a task; None if none is ready and no spare one is wanted."""
        try:
            task = self.ready.popleft()
        except IndexError:
            spare = self._next_spare()
            if spare is None:
                return None
            task = spare.task
        self.n_handed_out += 1
        self.empty_since = None
        return task

    def add_spare(self, works: Iterable[Work]) -> None:
        """Add tasks whose results may not be needed; the earlier splits are run first.

        Parameters
        ----------
        works : iterable of Work
        """
        with self._lock:
            self._spare.extend(works)

    def need(self, number: int, split: int) -> None:
        """Make a spare task ready, unless it was handed out already.

        Parameters
        ----------
        number, split : int
            A trial, and a split that the task evaluates.
        """
        with self._lock:
            needed = [work for work in self._spare if work.holds(number, split)]
            self._spare = [work for work in self._spare if not work.holds(number, split)]
        self.ready.extend(work.task for work in needed)

    def drop(self, number: int) -> None:
        """Remove the spare tasks of a trial that is finished.

        Parameters
        ----------
        number : int
        """
        with self._lock:
            self._spare = [work for work in self._spare if work.number != number]

    def clear(self) -> None:
        """Remove all tasks."""
        self.ready.clear()
        with self._lock:
            self._spare.clear()

    def take_all(self) -> list[Task]:
        """Return all ready tasks, for a backend that takes no tasks while it delivers answers."""
        return [next(self) for _ in range(len(self.ready))]

    def _next_spare(self) -> Work | None:
        if self.n_handed_out - self.n_received >= self.n_workers:
            return None
        with self._lock:
            if not self._spare:
                return None
            earliest = min(range(len(self._spare)), key=lambda i: self._spare[i].n_before)
            return self._spare.pop(earliest)

    def _pause(self) -> Task:
        now = time.monotonic()
        if self.empty_since is None:
            self.empty_since = now
        waited = now - self.empty_since
        seconds = min(max(PAUSE_SHARE * waited, SHORTEST_PAUSE), LONGEST_PAUSE)
        pause: Task = delayed(time.sleep)(seconds)
        return pause
