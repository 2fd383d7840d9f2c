"""The contract of an executor, and how the large arguments of tasks are sent only once.

A task is a function with its arguments. Arguments that are large, such as the data, are the same
objects in all tasks. An executor sends each of them once, and the tasks only refer to it.
"""

from __future__ import annotations

import pickle
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import joblib

from skbayes._sklearn_compat import with_current_config
from skbayes.evaluation.task import Answer, Task

LARGE = 1000
"""Bytes from which on an argument is worth being sent once."""

SPLITS = 2
"""Position of the indices of the splits among the arguments of a task."""


class WorkerLost(Exception):
    """The worker of a task died."""


class DataLost(Exception):
    """What was sent once is gone, and so is the task that needed it."""


class Slot(NamedTuple):
    """Stands in a task for an argument that was sent once.

    Parameters
    ----------
    place : int
        Which of the references that go with the task.
    """

    place: int


class Packed(NamedTuple):
    """A task whose large arguments are references.

    Parameters
    ----------
    function : callable
    args : tuple
    kwargs : dict
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def run(self, shared: Sequence[Any]) -> Any:
        """Run the task.

        Parameters
        ----------
        shared : sequence
            The large arguments.
        """

        def filled(value: Any) -> Any:
            return shared[value.place] if isinstance(value, Slot) else value

        args = list(self.args)
        args[SPLITS] = [filled(split) for split in args[SPLITS]]
        return self.function(*args, **{k: filled(v) for k, v in self.kwargs.items()})


def run_nested(nested: tuple[Any, int | None], packed: Packed, *shared: Any) -> Any:
    """Run a task in a worker, with joblib's own choice of what runs parallel code inside a fit.

    Parameters
    ----------
    nested : (ParallelBackendBase, int or None)
        What `get_nested_backend` of joblib's backend returned.
    packed : Packed
    *shared : object
        The large arguments.
    """
    backend, n_jobs = nested
    with joblib.parallel_config(backend, n_jobs=n_jobs):
        return packed.run(shared)


class Executor(ABC):
    """Runs tasks, one per worker at a time.

    Parameters
    ----------
    n_ahead : int
        How many tasks may be submitted and not yet finished.
    """

    def __init__(self, n_ahead: int) -> None:
        self.n_ahead = n_ahead
        self._sent: dict[int, tuple[Any, Any]] = {}  # large arguments with their references, by id

    @abstractmethod
    def open(self) -> None:
        """Get ready to wait for tasks."""

    @abstractmethod
    def start(self, packed: Packed, references: list[Any]) -> Any:
        """Submit a task and return a hashable handle of it.

        Parameters
        ----------
        packed : Packed
        references : list
            What `send` returned for its large arguments.
        """

    @abstractmethod
    def send(self, value: Any) -> Any:
        """Send a large argument to where the tasks run, and return a reference to it.

        Parameters
        ----------
        value : object
        """

    @abstractmethod
    def wait(self, handles: Sequence[Any], seconds: float) -> Sequence[Any]:
        """Return the handles of finished tasks, after some time even if there are none.

        Parameters
        ----------
        handles : sequence
        seconds : float
        """

    @abstractmethod
    def result(self, handle: Any) -> Answer:
        """Return the answer of a finished task.

        Parameters
        ----------
        handle : object

        Raises
        ------
        WorkerLost
            If its worker died, whatever the reason.
        DataLost
            If its large arguments are gone.
        """

    @abstractmethod
    def close(self, handles: Sequence[Any]) -> None:
        """Abandon tasks, and free what was sent.

        Parameters
        ----------
        handles : sequence
            Of the tasks that are not finished.
        """

    def submit(self, task: Task) -> Any:
        """Submit a task and return a handle of it.

        Parameters
        ----------
        task : Task
        """
        function, args, kwargs = task
        references: list[Any] = []

        def packed(value: Any) -> Any:
            if not self._is_sent_once(value):
                return value
            if id(value) not in self._sent:
                self._sent[id(value)] = value, self.send(value)
            references.append(self._sent[id(value)][1])
            return Slot(len(references) - 1)

        args = (*args[:SPLITS], [packed(split) for split in args[SPLITS]], *args[SPLITS + 1 :])
        own = {name: packed(value) for name, value in kwargs.items()}
        return self.start(Packed(with_current_config(function), args, own), references)

    def forget_sent(self) -> None:
        """Send large arguments again with the next tasks."""
        self._sent.clear()

    def _is_sent_once(self, value: Any) -> bool:
        return id(value) in self._sent or size_of(value) >= LARGE


class CallbackExecutor(Executor):
    """Runs tasks whose futures call back when they are done.

    Parameters
    ----------
    n_ahead : int
    """

    def __init__(self, n_ahead: int) -> None:
        super().__init__(n_ahead)
        self._finished: SimpleQueue[Any] = SimpleQueue()

    def follow(self, future: Any) -> Any:
        """Let `wait` return a future once it is done, and return the future.

        Parameters
        ----------
        future : future
        """
        future.add_done_callback(self._finished.put)
        return future

    def wait(self, handles: Sequence[Any], seconds: float) -> Sequence[Any]:
        try:
            return [self._finished.get(timeout=seconds)]
        except Empty:
            return []


def size_of(value: Any) -> int:
    """Return about how many bytes an object takes when it is sent; 0 if that cannot be told.

    Parameters
    ----------
    value : object
    """
    if isinstance(value, bool | int | float | str | type(None)):
        return 0
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    if isinstance(value, tuple):
        return sum(map(size_of, value))
    try:
        return len(pickle.dumps(value))
    except Exception:  # whatever an object does when it is pickled; it is sent with every task
        return 0
