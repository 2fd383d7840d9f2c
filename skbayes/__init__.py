"""Bayesian hyper-parameter search that takes the place of scikit-learn's `GridSearchCV`.

The names in `__all__` are the public interface. All other names may change without notice.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skbayes.estimators.bayes import BayesSearchCV
    from skbayes.estimators.halving import HalvingBayesSearchCV
    from skbayes.estimators.tpe import TPESearchCV
    from skbayes.evaluation.finished_trial import FinishedTrial
    from skbayes.space.distributions import log_randint
    from skbayes.study import Study

__all__ = [
    "BayesSearchCV",
    "FinishedTrial",
    "HalvingBayesSearchCV",
    "Study",
    "TPESearchCV",
    "__version__",
    "log_randint",
]
__version__ = "0.1.0.dev0"

logging.getLogger("skbayes").addHandler(logging.NullHandler())  # quiet unless the user listens

# Imported on first use, because `Study` works without scikit-learn.
_HOMES = {
    "BayesSearchCV": "skbayes.estimators.bayes",
    "FinishedTrial": "skbayes.evaluation.finished_trial",
    "HalvingBayesSearchCV": "skbayes.estimators.halving",
    "Study": "skbayes.study",
    "TPESearchCV": "skbayes.estimators.tpe",
    "log_randint": "skbayes.space.distributions",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
