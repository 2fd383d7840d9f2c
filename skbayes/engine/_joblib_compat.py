"""Private names of joblib that the engine needs, each with the versions it is found in."""

from __future__ import annotations

from joblib import Parallel
from joblib._utils import eval_expr  # 1.3 to 1.6
from joblib.externals.loky.process_executor import TerminatedWorkerError  # 0.12 to 1.6

__all__ = ["TerminatedWorkerError", "eval_expr", "has_error"]


def has_error(parallel: Parallel) -> bool:
    """Whether a task has failed; also true if this version of joblib has no such flag.

    Parameters
    ----------
    parallel : Parallel
    """
    return bool(getattr(parallel, "_aborting", True))  # 0.12 to 1.6
