"""`WandbCallback`: a run for a search, and a run for every trial in the same group."""

from __future__ import annotations

import logging
import pickle
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from skbayes.tracking.outbox import BEST, Message
from skbayes.tracking.tracker import Sender, Tracker

logger = logging.getLogger("skbayes")


@dataclass(eq=False)
class WandbCallback(Tracker):
    """Sends a search to Weights & Biases: one run for it, and one for every trial, in one group.

    W&B has no nested runs; the runs of one search have the search's ``run_id_`` as their group, and
    the job types ``search`` and ``trial``. The run of a trial has the parameters as its config,
    numbers as numbers, and scores, times and the reason of a failure as its summary. The run of
    the search has its settings, seed, versions and space as config, the best score over the trials,
    and at the end an artifact with ``best_params.json`` and ``cv_results.csv``.

    A search that is resumed from a checkpoint continues its runs. Runs are sent by a thread, so
    that the search does not wait for them.

    Parameters
    ----------
    project : str or None, default=None
        Name of the project; None for that of ``WANDB_PROJECT``, or W&B's default.
    entity : str or None, default=None
        Team or user; None for the user's default.
    name : str or None, default=None
        Name of the run of the search; None for the name of its class.
    mode : {'online', 'offline', 'disabled'} or None, default=None
        As `wandb.init` takes it; None for that of ``WANDB_MODE``.
    folder : str or None, default=None
        Where the local files of W&B are; None for ``WANDB_DIR``, or the current folder.
    log_model : bool, default=False
        Whether the artifact has the refitted model, pickled as ``model.pkl``.

    Raises
    ------
    ImportError
        When a search begins and wandb is not installed.

    Examples
    --------
    >>> from skbayes.tracking import WandbCallback
    >>> callback = WandbCallback(project="churn")  # BayesSearchCV(..., callbacks=callback)
    >>> callback.log_model
    False
    """

    PACKAGE: ClassVar[str] = "wandb"
    NAME: ClassVar[str] = "Weights & Biases"

    project: str | None = None
    entity: str | None = None
    name: str | None = None
    mode: str | None = None
    folder: str | None = None
    log_model: bool = False

    def _make_sender(self, search: Any) -> WandbSender:
        options = {
            "project": self.project,
            "entity": self.entity,
            "mode": self.mode,
            "dir": self.folder,
            "group": search.run_id_,
        }
        return WandbSender(options, self.name or type(search).__name__, search.run_id_)


@dataclass
class WandbSender(Sender):
    """Sends the messages of one search to Weights & Biases.

    Parameters
    ----------
    options : dict
        What all runs of the search have in common.
    name : str
        Of the run of the search.
    key : str
        Identifies the search, also after it was resumed.
    """

    options: dict[str, Any]
    name: str
    key: str

    def __post_init__(self) -> None:
        self._run: Any = None

    def begin(self, message: Message) -> None:
        """Begin the run of the search, or continue it.

        Parameters
        ----------
        message : Message
        """
        config = {**message.params, **message.tags, **message.texts}
        self._run = self._init(self.key, self.name, "search", config)
        if not self._run.offline:
            logger.info("W&B run of the search: %s", self._run.url)

    def trial(self, message: Message) -> None:
        """Add the run of a trial, unless an earlier search has added it.

        Parameters
        ----------
        message : Message
        """
        key = f"{self.key}-trial{message.number}"
        local = Path(self._run.dir).parents[1]
        if not any(local.glob(f"*run-*-{key}")):
            run = self._init(key, f"trial {message.number}", "trial", dict(message.params))
            run.summary.update({**message.metrics, **message.tags, "trial": message.number})
            run.finish(exit_code=int(message.status != "FINISHED"))
        if message.best is not None:
            self._run.log({BEST: message.best}, step=message.number)

    def end(self, message: Message) -> None:
        """Add what was found, and end the run of the search.

        Parameters
        ----------
        message : Message
        """
        self._run.summary.update({**message.params, **message.metrics, **message.tags})
        artifact = import_module("wandb").Artifact(f"search-{self.key}", type="search")
        for name, text in message.texts.items():
            with artifact.new_file(name, mode="w", encoding="utf-8") as file:
                file.write(text)

        def add(model: Any) -> None:
            content = pickle.dumps(model)
            with artifact.new_file("model.pkl", mode="wb") as file:
                file.write(content)

        self.try_model(add)
        self._run.log_artifact(artifact)
        self._run.finish(exit_code=int(message.status != "FINISHED"))

    def _init(self, key: str, name: str, job_type: str, config: dict[str, Any]) -> Any:
        wandb = import_module("wandb")
        # What the search prints is not part of the run, and W&B would print beside the progress.
        settings = wandb.Settings(console="off", silent=True)
        return wandb.init(
            id=key,
            name=name,
            job_type=job_type,
            config=config,
            resume="allow",
            reinit="create_new",
            settings=settings,
            **self.options,
        )
