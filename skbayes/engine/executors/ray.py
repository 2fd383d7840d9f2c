"""Tasks on a Ray cluster, through Ray's own futures.

joblib's backend of Ray takes a list of tasks and returns when the last is done. Ray's futures are
received as they come.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from skbayes.engine.executors.base import Executor, Packed, WorkerLost, run_nested
from skbayes.evaluation.task import Answer


class RayExecutor(Executor):
    """Runs tasks on a Ray cluster, which is started on this machine if there is none.

    Parameters
    ----------
    backend : ray.util.joblib.ray_backend.RayBackend
        Has the options of the remote function, as the user gave them.
    n_ahead : int
    """

    def __init__(self, backend: Any, n_ahead: int) -> None:
        super().__init__(n_ahead)
        self._backend = backend
        self._ray: Any = import_module("ray")
        self._remote: Any = None

    def open(self) -> None:
        if not self._ray.is_initialized():
            self._ray.init()
        # Lost tasks go again one at a time, which Ray does not know.
        options = {"max_retries": 0, **(self._backend.ray_remote_args or {})}
        self._remote = self._ray.remote(run_nested).options(**options)

    def send(self, value: Any) -> Any:
        return self._ray.put(value)

    def start(self, packed: Packed, references: list[Any]) -> Any:
        return self._remote.remote(self._backend.get_nested_backend(), packed, *references)

    def wait(self, handles: Sequence[Any], seconds: float) -> Sequence[Any]:
        finished: Sequence[Any] = self._ray.wait(list(handles), timeout=seconds)[0]
        return finished

    def result(self, handle: Any) -> Answer:
        lost = self._ray.exceptions
        try:
            answer: Answer = self._ray.get(handle)
        except (lost.WorkerCrashedError, lost.NodeDiedError, lost.OutOfMemoryError) as error:
            raise WorkerLost(str(error)) from error
        return answer

    def close(self, handles: Sequence[Any]) -> None:
        for handle in handles:
            self._ray.cancel(handle, force=True)
        self.forget_sent()
