"""Tasks from a queue to an executor, and their answers back as they come.

It takes the place of joblib's `Parallel` on clusters, where it knows which task a dead worker was
at. A task that is lost goes again. If it is lost a second time, its splits have failed. Tasks that
were lost once go one at a time, so that none is blamed for its neighbour.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Self

from skbayes.engine.executors.base import DataLost, Executor, WorkerLost
from skbayes.engine.queue import TaskQueue
from skbayes.engine.streaming import SILENCE
from skbayes.evaluation.task import Answer, Task

MAX_LOSSES = 2
"""Times that the worker of a task may die before its splits have failed."""


class Lost(NamedTuple):
    """A task whose workers died again and again.

    Parameters
    ----------
    number : int
        Of the trial.
    splits : tuple of int
        Its splits.
    """

    number: int
    splits: tuple[int, ...]


class FuturesParallel:
    """Runs the tasks of a queue on an executor.

    Parameters
    ----------
    executor : Executor
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._pending: dict[Any, Task] = {}
        self._suspects: deque[Task] = deque()  # were lost, and go again one at a time
        self._suspect: Task | None = None  # is running
        self._n_losses: Counter[tuple[int, tuple[int, ...]]] = Counter()

    def __enter__(self) -> Self:
        self._executor.open()
        return self

    def __exit__(self, *exception: object) -> None:
        self._executor.close(list(self._pending))

    def __call__(self, tasks: TaskQueue | Iterable[Task]) -> Iterator[Answer | Lost | None]:
        """Run tasks, and yield their answers in the order they come.

        Parameters
        ----------
        tasks : TaskQueue or iterable of Task

        Yields
        ------
        answer : Answer, Lost or None
            None if none has come for some time.
        """
        queue = tasks if isinstance(tasks, TaskQueue) else TaskQueue(ready=deque(tasks))
        while True:
            self._fill(queue)
            if not self._pending:
                return
            finished = self._executor.wait(list(self._pending), SILENCE)
            if not finished:
                yield None
            for handle in finished:
                answer = self._answer(handle)
                if answer is not None:
                    yield answer

    def _answer(self, handle: Any) -> Answer | Lost | None:
        """Return the answer of a finished task; None if it goes again."""
        task = self._pending.pop(handle)
        try:
            answer = self._executor.result(handle)
        except DataLost:
            self._executor.forget_sent()
            self._submit(task)
            return None
        except WorkerLost:
            answer = None
        if task is self._suspect:
            self._suspect = None
        return self._lost(task) if answer is None else answer

    def _fill(self, queue: TaskQueue) -> None:
        """Submit tasks, until there are enough or none is ready."""
        if self._suspects and self._suspect is None:
            self._suspect = self._suspects.popleft()
            self._submit(self._suspect)
        while len(self._pending) < self._executor.n_ahead:
            task = queue.pull()
            if task is None:
                return
            self._submit(task)

    def _submit(self, task: Task) -> None:
        self._pending[self._executor.submit(task)] = task

    def _lost(self, task: Task) -> Lost | None:
        """Let a task go again, unless it was lost too often."""
        number, splits = task[1][:2]
        key = (number, tuple(splits))
        self._n_losses[key] += 1
        if self._n_losses[key] == MAX_LOSSES:
            return Lost(*key)
        self._suspects.append(task)
        return None
