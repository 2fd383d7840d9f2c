"""The trackers are large: without their packages their tests are not collected."""

from importlib.util import find_spec

NEEDS = {"test_mlflow.py": "mlflow", "test_wandb.py": "wandb", "test_tensorboard.py": "tensorboard"}

collect_ignore = [name for name, package in NEEDS.items() if find_spec(package) is None]
