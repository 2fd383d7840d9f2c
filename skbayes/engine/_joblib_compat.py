"""Private names of joblib that the engine needs, each with the versions it is found in."""

from __future__ import annotations

from typing import Any

from joblib import Parallel
from joblib._utils import eval_expr  # 1.3 to 1.6
from joblib.externals.loky.process_executor import (  # 0.12 to 1.6
    ProcessPoolExecutor,
    TerminatedWorkerError,
)

__all__ = [
    "ProcessPoolExecutor",
    "TerminatedWorkerError",
    "eval_expr",
    "has_error",
    "worker_environment",
]


def has_error(parallel: Parallel) -> bool:
    """Whether a task has failed; also true if this version of joblib has no such flag.

    Parameters
    ----------
    parallel : Parallel
    """
    return bool(getattr(parallel, "_aborting", True))  # 0.12 to 1.6


def worker_environment(backend: Any, n_workers: int) -> dict[str, str]:
    """Return the environment variables of worker processes, which limit their threads.

    Parameters
    ----------
    backend : ParallelBackendBase
    n_workers : int
    """
    environment: dict[str, str] = backend._prepare_worker_env(n_jobs=n_workers)  # 0.14 to 1.6
    return environment
