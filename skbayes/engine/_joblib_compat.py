"""Private names of joblib that the engine needs, each with the versions it is found in."""

from __future__ import annotations

from joblib._utils import eval_expr  # 1.3 to 1.6
from joblib.externals.loky.process_executor import TerminatedWorkerError  # 0.12 to 1.6

__all__ = ["TerminatedWorkerError", "eval_expr"]
