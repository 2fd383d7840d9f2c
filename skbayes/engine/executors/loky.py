"""Tasks in local processes that belong to one search alone, so that it may end them.

joblib's processes are shared by the whole program: a search that ended them would break whatever
else runs on them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import joblib
import numpy as np

from skbayes.engine._joblib_compat import ProcessPoolExecutor, worker_environment
from skbayes.engine.executors.base import CallbackExecutor, Packed, run_nested, size_of
from skbayes.evaluation.task import Answer

MEMORY_MAPPED = 1_000_000
"""Bytes from which on processes share the memory of an array, as with joblib."""

PATIENCE = 1.0
"""Seconds in which submitted tasks are handed to processes; it takes less than a millisecond."""


class Stored(NamedTuple):
    """A reference to an array in a file.

    Parameters
    ----------
    path : str
    mmap_mode : {'r'} or None
        Whether the array stays in the file.
    """

    path: str
    mmap_mode: str | None


class LokyExecutor(CallbackExecutor):
    """Runs tasks in processes of its own.

    Parameters
    ----------
    backend : joblib.parallel.LokyBackend
        Tells how many threads a process may use.
    n_workers, n_ahead : int
    """

    def __init__(self, backend: Any, n_workers: int, n_ahead: int) -> None:
        super().__init__(min(n_ahead, 2 * n_workers))  # as many as loky hands to processes at once
        self._backend, self._n_workers = backend, n_workers
        self._pool: Any = None
        self._folder: TemporaryDirectory[str] | None = None

    def open(self) -> None:
        environment = worker_environment(self._backend, self._n_workers)
        self._pool = ProcessPoolExecutor(self._n_workers, env=environment)

    def send(self, value: Any) -> Any:
        if not _can_be_stored(value):
            return value  # goes with every task
        try:
            if self._folder is None:
                self._folder = TemporaryDirectory(
                    prefix="skbayes-",
                    dir=os.environ.get("JOBLIB_TEMP_FOLDER"),
                    ignore_cleanup_errors=True,
                )
            path = str(Path(self._folder.name) / str(len(self._sent)))
            joblib.dump(value, path)
        except OSError:
            return value  # there is no room for files
        return Stored(path, "r" if size_of(value) > MEMORY_MAPPED else None)

    def start(self, packed: Packed, references: list[Any]) -> Any:
        nested = self._backend.get_nested_backend()
        return self.follow(self._pool.submit(_run, nested, packed, *references))

    def result(self, handle: Any) -> Answer:
        answer: Answer = handle.result()
        return answer

    def close(self, handles: Sequence[Any]) -> None:
        # A thread of loky hands tasks to the processes, and must not be interrupted at that.
        deadline = time.monotonic() + PATIENCE
        while not all(h.running() or h.done() for h in handles) and time.monotonic() < deadline:
            time.sleep(0.0005)
        self._pool.shutdown(wait=True, kill_workers=True)
        if self._folder is not None:
            self._folder.cleanup()


def _can_be_stored(value: Any) -> bool:
    """Whether a value is an array or a table, which any process can read from a file."""
    if isinstance(value, tuple):
        return all(map(_can_be_stored, value))
    if isinstance(value, np.ndarray):
        return not value.dtype.hasobject
    return type(value).__module__.startswith(("scipy.sparse", "pandas."))


def _run(nested: tuple[Any, int | None], packed: Packed, *references: Any) -> Any:
    shared = [_load(r) if isinstance(r, Stored) else r for r in references]
    return run_nested(nested, packed, *shared)


@cache
def _load(stored: Stored) -> Any:
    """Return an array; a process loads it once."""
    return joblib.load(stored.path, mmap_mode=stored.mmap_mode)
