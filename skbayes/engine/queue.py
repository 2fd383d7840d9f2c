"""A queue of tasks that joblib may pull from at any time.

joblib pulls from the thread that delivers results, while it holds a lock, so the iterator must
never block. If no task is ready but answers are still expected, it hands out a pause: a task that
sleeps for a short time, after which the worker asks again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from sklearn.utils.parallel import delayed

from skbayes.evaluation.task import Task

SHORTEST_PAUSE = 0.0002
LONGEST_PAUSE = 0.02

PAUSE_SHARE = 0.1
"""Length of a pause, as a share of the time since a task was last ready, within the two bounds."""


@dataclass
class TaskQueue:
    """Tasks ready to run, as an iterator that ends or pauses but never blocks.

    Two threads use it without a lock: only the one that pulls tasks changes `n_handed_out`, and
    only the one that consumes answers changes `n_answered`.
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

    def take_all(self) -> list[Task]:
        """Return all ready tasks, for a backend that takes no tasks while it delivers answers."""
        return [next(self) for _ in range(len(self.ready))]

    def _pause(self) -> Task:
        now = time.monotonic()
        if self.empty_since is None:
            self.empty_since = now
        waited = now - self.empty_since
        seconds = min(max(PAUSE_SHARE * waited, SHORTEST_PAUSE), LONGEST_PAUSE)
        pause: Task = delayed(time.sleep)(seconds)
        return pause
