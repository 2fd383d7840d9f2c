"""Tasks on a Ray cluster, through Ray's own futures.

joblib's backend of Ray takes a list of tasks and returns when the last is done. Ray's futures are
received as they come.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from skbayes.engine.executors.base import Executor, Packed, WorkerLost
from skbayes.evaluation.task import Answer


class RayExecutor(Executor):
    """Runs tasks on a Ray cluster, which is started on this machine if there is none.

    Parameters
    ----------
    options : dict
        For the remote function, as the user gave them to joblib's backend.
    n_ahead : int
    """

    def __init__(self, options: dict[str, Any], n_ahead: int) -> None:
        super().__init__(n_ahead)
        self._ray: Any = import_module("ray")
        self._options = options
        self._remote: Any = None

    def open(self) -> None:
        if not self._ray.is_initialized():
            self._ray.init()
        # Lost tasks go again one at a time, which Ray does not know.
        self._remote = self._ray.remote(_run).options(**{"max_retries": 0, **self._options})

    def send(self, value: Any) -> Any:
        return self._ray.put(value)

    def start(self, packed: Packed, references: list[Any]) -> Any:
        return self._remote.remote(packed, *references)

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


def _run(packed: Packed, *shared: Any) -> Any:
    return packed.run(shared)
