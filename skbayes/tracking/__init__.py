"""Callbacks that send a search to MLflow, Weights & Biases or TensorBoard.

Each needs its package, which an extra of the same name installs; it is imported when a search
begins. A search is one run with a run for every trial below it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skbayes.tracking.mlflow import MLflowCallback
    from skbayes.tracking.tensorboard import TensorBoardCallback
    from skbayes.tracking.wandb import WandbCallback

__all__ = ["MLflowCallback", "TensorBoardCallback", "WandbCallback"]

# Imported on first use, because every search asks `autologging` whether there is one.
_HOMES = {
    "MLflowCallback": "skbayes.tracking.mlflow",
    "TensorBoardCallback": "skbayes.tracking.tensorboard",
    "WandbCallback": "skbayes.tracking.wandb",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
