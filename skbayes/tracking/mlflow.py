"""`MLflowCallback`: a parent run for a search, with a child run for every trial."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from urllib.parse import urlsplit

from skbayes.tracking._mlflow_compat import active_experiment_id, end_quietly
from skbayes.tracking.outbox import BEST, Message
from skbayes.tracking.tracker import Sender, Tracker

TRIAL = "skbayes.trial"
"""Tag of a child run: the number of its trial."""

PARENT = "mlflow.parentRunId"
"""Tag by which MLflow knows the parent of a run."""

DEFAULT_EXPERIMENT = "0"
"""The experiment that every store has."""

MAX_NAME = 250
"""Number of characters that the name of a metric, parameter or tag may have."""

MAX_BATCH = 100
"""Number of parameters that MLflow takes in one request."""

PATIENCE = 5.0
"""Seconds in which a server must accept a connection."""


@dataclass(eq=False)
class MLflowCallback(Tracker):
    """Sends a search to MLflow: a parent run, with a child run for every trial.

    A child has the parameters of its trial, the score on every split and their mean and standard
    deviation as metrics, named as in ``cv_results_``, the times, and as tags the reason of a
    failure, the resource and the rung. The parent has the settings of the search, its seed, the
    versions, the space, the best score so far as a metric over the trials, and at the end the best
    parameters, as tags and as ``best_params.json``, and ``cv_results.csv``.

    A search that is resumed from a checkpoint continues its parent run. The search never waits for
    the server. If it cannot be reached, there is one warning; what could not be sent is sent at
    the end, or written to a file that a second warning names.

    Parameters
    ----------
    tracking_uri : str or None, default=None
        Address of the server, or a database or folder; None for that of `mlflow.set_tracking_uri`.
    experiment_name : str or None, default=None
        Created if there is none; None for the active experiment.
    run_name : str or None, default=None
        Name of the parent run; None for one that MLflow makes up.
    log_model : bool, default=False
        Whether the parent gets the refitted model, under the artifact path ``model``.

    Raises
    ------
    ImportError
        When a search begins and MLflow is not installed.

    Examples
    --------
    >>> from skbayes.tracking import MLflowCallback
    >>> callback = MLflowCallback(experiment_name="churn")  # BayesSearchCV(..., callbacks=callback)
    >>> callback.log_model
    False
    """

    PACKAGE: ClassVar[str] = "mlflow"
    NAME: ClassVar[str] = "MLflow"

    tracking_uri: str | None = None
    experiment_name: str | None = None
    run_name: str | None = None
    log_model: bool = False

    def _make_sender(self, search: Any) -> MLflowSender:
        mlflow = import_module("mlflow")
        active = mlflow.active_run()
        return MLflowSender(
            self.tracking_uri or mlflow.get_tracking_uri(),
            self.experiment_name,
            self.run_name,
            search.run_id_,
            None if active is None else active.info.run_id,
        )


@dataclass
class MLflowSender(Sender):
    """Sends the messages of one search to MLflow.

    Parameters
    ----------
    uri : str
    experiment_name, run_name : str or None
        As `MLflowCallback` takes them.
    key : str
        Identifies the search, also after it was resumed.
    above : str or None
        Run that is active in the program, which the parent becomes a child of.
    """

    uri: str
    experiment_name: str | None
    run_name: str | None
    key: str
    above: str | None

    def __post_init__(self) -> None:
        self._client: Any = None
        self._experiment = self._parent = ""
        self._numbers: set[str] = set()  # trials whose child run is complete
        self._unfinished: dict[str, str] = {}  # child runs that were begun and not ended, by trial

    def begin(self, message: Message) -> None:
        """Begin the parent run, or continue it.

        Parameters
        ----------
        message : Message
        """
        self._check_reachable()
        self._client = import_module("mlflow").MlflowClient(self.uri)
        self._experiment = self._find_experiment()
        earlier = self._runs(f"tags.`skbayes.run_id` = '{self.key}'")
        if earlier:
            self._parent = earlier[0].info.run_id
            self._client.update_run(self._parent, status="RUNNING")
            children = self._runs(f"tags.`{PARENT}` = '{self._parent}'")
            for run in [run for run in children if TRIAL in run.data.tags]:
                number = run.data.tags[TRIAL]
                if run.info.status == "RUNNING":  # the program was killed while it sent this one
                    self._unfinished[number] = run.info.run_id
                else:
                    self._numbers.add(number)
        else:
            above = {} if self.above is None else {PARENT: self.above}
            self._parent = self._create({**message.tags, **above}, message.began, self.run_name)
            self._log(self._parent, message)
        for name, text in message.texts.items():
            self._client.log_text(self._parent, text, name)

    def trial(self, message: Message) -> None:
        """Add the child run of a trial, unless an earlier search has sent it.

        Parameters
        ----------
        message : Message
        """
        self._check_reachable()
        number = str(message.number)
        if number in self._numbers:
            return
        if number not in self._unfinished:
            tags = {**message.tags, TRIAL: number, PARENT: self._parent}
            self._unfinished[number] = self._create(tags, message.began, f"trial {number}")
        run = self._unfinished[number]
        self._log(run, message)
        end_quietly(self._client, run, message.status, message.ended)
        if message.best is not None:
            self._client.log_metric(self._parent, BEST, message.best, step=message.number)
        self._numbers.add(number)
        del self._unfinished[number]

    def end(self, message: Message) -> None:
        """Add what was found, and end the parent run.

        Parameters
        ----------
        message : Message
        """
        self._check_reachable()
        self._log(self._parent, replace(message, params={}))
        # Tags, because MLflow lets no parameter change when a search is resumed.
        for name, value in {**message.params, **message.tags}.items():
            self._client.set_tag(self._parent, _allowed(name), str(value))
        for name, text in message.texts.items():
            self._client.log_text(self._parent, text, name)
        self.try_model(self._send_model)
        self._client.set_terminated(self._parent, status=message.status)

    def _send_model(self, model: Any) -> None:
        with TemporaryDirectory(prefix="skbayes-") as folder:
            path = str(Path(folder) / "model")
            sklearn = import_module("mlflow.sklearn")
            # The other formats refuse functions and classes of the user's own program.
            sklearn.save_model(model, path, serialization_format="cloudpickle")
            self._client.log_artifacts(self._parent, path, "model")

    def _check_reachable(self) -> None:
        """Raise if the server does not accept a connection; MLflow itself would try for minutes."""
        address = urlsplit(self.uri)
        if address.scheme in ("http", "https"):
            port = address.port or {"http": 80, "https": 443}[address.scheme]
            socket.create_connection((address.hostname, port), timeout=PATIENCE).close()

    def _find_experiment(self) -> str:
        if self.experiment_name is None:
            is_active_store = self.uri == import_module("mlflow").get_tracking_uri()
            return active_experiment_id() if is_active_store else DEFAULT_EXPERIMENT
        found = self._client.get_experiment_by_name(self.experiment_name)
        if found is None:
            try:
                return str(self._client.create_experiment(self.experiment_name))
            except import_module("mlflow.exceptions").MlflowException:
                # Another process may have created it just now.
                found = self._client.get_experiment_by_name(self.experiment_name)
                if found is None:
                    raise
        return str(found.experiment_id)

    def _runs(self, condition: str) -> list[Any]:
        """Return all runs of the experiment for which a condition holds."""
        runs: list[Any] = []
        token = None
        while True:
            page = self._client.search_runs([self._experiment], condition, page_token=token)
            runs.extend(page)
            if not (token := page.token):
                return runs

    def _create(self, tags: dict[str, str], began: float, name: str | None) -> str:
        context = import_module("mlflow.tracking.context.registry")
        run = self._client.create_run(
            self._experiment,
            start_time=int(1000 * began) or None,
            tags=context.resolve_tags(tags),
            run_name=name,
        )
        return str(run.info.run_id)

    def _log(self, run: str, message: Message) -> None:
        entities = import_module("mlflow.entities")
        now = int(1000 * message.ended)
        metrics = [entities.Metric(_allowed(k), v, now, 0) for k, v in message.metrics.items()]
        params = [entities.Param(_allowed(k), str(v)) for k, v in message.params.items()]
        for first in range(0, max(len(metrics), len(params)), MAX_BATCH):
            part = slice(first, first + MAX_BATCH)
            self._client.log_batch(run, metrics=metrics[part], params=params[part])


def _allowed(name: str) -> str:
    """Return a name with an underscore for every character that MLflow does not take."""
    return re.sub(r"[^\w.\- :/]", "_", name)[:MAX_NAME]
