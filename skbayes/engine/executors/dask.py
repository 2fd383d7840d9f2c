"""Tasks on a dask cluster, through the client of joblib's active backend.

Dask itself sends a task again whose worker died, as often as the scheduler's `allowed-failures`
says; then the task raises `KilledWorker`. If all workers that had the data died, the tasks are
cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from joblib import parallel_config

from skbayes.engine.executors.base import CallbackExecutor, DataLost, Packed, WorkerLost
from skbayes.evaluation.task import Answer


class DaskExecutor(CallbackExecutor):
    """Runs tasks on a dask cluster.

    Parameters
    ----------
    backend : joblib._dask.DaskDistributedBackend
        Has the client, and the options of `Client.submit`, as the user gave them.
    n_ahead : int
    """

    def __init__(self, backend: Any, n_ahead: int) -> None:
        super().__init__(n_ahead)
        self._client, self._options = backend.client, backend.submit_kwargs
        self._is_nested = _is_in_worker()

    def send(self, value: Any) -> Any:
        # The hash of the data is not needed, and takes time.
        [reference] = self._client.scatter([value], broadcast=True, hash=False)
        return reference

    def start(self, packed: Packed, references: list[Any]) -> Any:
        options = {"priority": 0, **self._options}
        return self.follow(self._client.submit(_run, packed, *references, pure=False, **options))

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
