"""MLflow's autologging while a search runs: one run for the search instead of one for every fit.

`mlflow.sklearn.autolog()` replaces `fit` of scikit-learn's estimators, so that every fit of a
search would be a run of its own. During a search it is switched off, and the search itself is
logged as MLflow logs scikit-learn's searches: a parent run, with a child for every trial.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from skbayes.tracking._mlflow_compat import (
    autologging_config,
    disabled,
    is_globally_disabled,
    is_inside_a_logged_fit,
)

if TYPE_CHECKING:
    from skbayes.tracking.mlflow import MLflowCallback

_lock = Lock()
_n_searches = 0  # under way in this process
_restore = ExitStack()


@contextmanager
def autologging_off() -> Iterator[None]:
    """Switch autologging off during the block; several blocks may overlap, in any threads."""
    global _n_searches, _restore
    if "mlflow" not in sys.modules:
        yield
        return
    with _lock:
        if _n_searches == 0 and not is_globally_disabled():
            _restore = ExitStack()
            _restore.enter_context(disabled())
        _n_searches += 1
    try:
        yield
    finally:
        with _lock:
            _n_searches -= 1
            if _n_searches == 0:
                _restore.close()


def autologging_callbacks(callbacks: Sequence[Any]) -> list[MLflowCallback]:
    """Return the callback that logs a search because `mlflow.sklearn.autolog()` was called.

    Parameters
    ----------
    callbacks : sequence of callable
        Those of the search; if an `MLflowCallback` is among them, no other is needed.
    """
    if "mlflow" not in sys.modules or is_globally_disabled() or is_inside_a_logged_fit():
        return []
    from skbayes.tracking.mlflow import MLflowCallback  # not needed before

    has_own = any(isinstance(callback, MLflowCallback) for callback in callbacks)
    if has_own or autologging_config("disable", True):
        return []
    return [MLflowCallback(log_model=bool(autologging_config("log_models", True)))]
