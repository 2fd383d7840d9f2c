"""Tasks on a dask cluster, through the client of joblib's active backend.

Dask itself sends a task again whose worker died, as often as the scheduler's `allowed-failures`
says; then the task raises `KilledWorker`. If all workers that had the data died, the tasks are
cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from queue import Empty, SimpleQueue
from typing import Any

from joblib import parallel_config

from skbayes.engine.executors.base import DataLost, Executor, Packed, WorkerLost
from skbayes.evaluation.task import Answer


class DaskExecutor(Executor):
    """Runs tasks on a dask cluster.

    Parameters
    ----------
    client : distributed.Client
    options : dict
        For `Client.submit`, as the user gave them to joblib's backend.
    n_ahead : int
    """

    def __init__(self, client: Any, options: dict[str, Any], n_ahead: int) -> None:
        super().__init__(n_ahead)
        self._client, self._options = client, options
        self._finished: SimpleQueue[Any] = SimpleQueue()
        self._held: list[Any] = []  # references, so that dask does not free the data
        self._is_nested = _is_in_worker()

    def send(self, value: Any) -> Any:
        # The hash of the data is not needed, and takes time.
        [reference] = self._client.scatter([value], broadcast=True, hash=False)
        self._held.append(reference)
        return reference

    def start(self, packed: Packed, references: list[Any]) -> Any:
        future = self._client.submit(
            _run, packed, *references, pure=False, **{"priority": 0, **self._options}
        )
        future.add_done_callback(self._finished.put)
        return future

    def wait(self, handles: Sequence[Any], seconds: float) -> Sequence[Any]:
        try:
            return [self._finished.get(timeout=seconds)]
        except Empty:
            return []

    def result(self, handle: Any) -> Answer:
        distributed = import_module("distributed")
        try:
            answer: Answer = handle.result()
        except distributed.KilledWorker as error:
            raise WorkerLost(str(error)) from error
        except distributed.CancelledError as error:
            raise DataLost(str(error)) from error
        return answer

    def open(self) -> None:
        if self._is_nested:
            import_module("distributed").secede()  # other tasks may run while this one waits

    def close(self, handles: Sequence[Any]) -> None:
        self._client.cancel(list(handles))
        self.forget_sent()
        self._held.clear()
        if self._is_nested:
            import_module("distributed").rejoin()


def _is_in_worker() -> bool:
    """Whether this thread runs a task of a dask worker."""
    try:
        import_module("distributed").get_worker()
    except ValueError:
        return False
    return True


def _run(packed: Packed, *shared: Any) -> Any:
    """Run a task in a worker, where parallel code inside a fit uses the cluster too."""
    with parallel_config("dask"):
        return packed.run(shared)
