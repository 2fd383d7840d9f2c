"""Private names of MLflow that its callback needs, each with the versions it is found in."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any


def active_experiment_id() -> str:
    """Return the experiment that `mlflow.start_run` would use."""
    fluent = import_module("mlflow.tracking.fluent")
    return str(fluent._get_experiment_id())  # 1.0 to 3.18


def is_globally_disabled() -> bool:
    """Whether autologging of all libraries is switched off at the moment."""
    utils = import_module("mlflow.utils.autologging_utils")
    return bool(getattr(utils, "_AUTOLOGGING_GLOBALLY_DISABLED", False))  # 1.13 to 3.18


def is_inside_a_logged_fit() -> bool:
    """Whether MLflow is logging the fit of an estimator that this search is part of."""
    safety = import_module("mlflow.utils.autologging_utils.safety")
    manager = getattr(safety, "_AutologgingSessionManager", None)  # 1.13 to 3.18
    return manager is not None and manager.active_session() is not None


def autologging_config(name: str, default: Any) -> Any:
    """Return a setting of `mlflow.sklearn.autolog`.

    Parameters
    ----------
    name : str
    default : object
        Returned if autologging of scikit-learn was never set up.
    """
    utils = import_module("mlflow.utils.autologging_utils")
    return utils.get_autologging_config("sklearn", name, default)  # 1.13 to 3.18


def disabled() -> Any:
    """Return a context in which autologging of all libraries is switched off."""
    utils = import_module("mlflow.utils.autologging_utils")
    return utils.disable_autologging()  # 1.13 to 3.18


def end_quietly(client: Any, run: str, status: str, ended: float) -> None:
    """End a run as `MlflowClient.set_terminated` does, which prints two lines for every run.

    Parameters
    ----------
    client : MlflowClient
    run : str
    status : str
    ended : float
        Seconds of the epoch; 0 stands for now.
    """
    code = import_module("mlflow.entities").RunStatus.from_string(status)
    milliseconds = int(1000 * (ended or time.time()))
    client._tracking_client.store.update_run_info(run, code, milliseconds, None)  # 1.0 to 3.18
