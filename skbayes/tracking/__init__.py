"""Callbacks that send a search to MLflow, Weights & Biases or TensorBoard.

Each needs its package, which an extra of the same name installs; it is imported when a search
begins. A search is one run with a run for every trial below it.
"""

from skbayes.tracking.mlflow import MLflowCallback
from skbayes.tracking.tensorboard import TensorBoardCallback
from skbayes.tracking.wandb import WandbCallback

__all__ = ["MLflowCallback", "TensorBoardCallback", "WandbCallback"]
