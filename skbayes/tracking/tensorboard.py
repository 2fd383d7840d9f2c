"""`TensorBoardCallback`: event files with the HParams of every trial."""

from __future__ import annotations

import pickle
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from skbayes.tracking.outbox import BEST, Message
from skbayes.tracking.tracker import Sender, Tracker


@dataclass(eq=False)
class TensorBoardCallback(Tracker):
    """Writes a search for TensorBoard: a folder for it, with a folder for every trial.

    In the tab *HParams* every trial is a session, with its parameters (numbers as numbers) and its
    metrics, which are named as in ``cv_results_``. The folder of the search has the best score
    over the trials, and as texts its settings, seed, versions and space, at the end the best
    parameters as JSON, and the file ``cv_results.csv``.

    A search that is resumed from a checkpoint continues its folder.

    Parameters
    ----------
    folder : str, default='runs'
        Where the folders of the searches are, each named by the search's ``run_id_``; the argument
        of ``tensorboard --logdir``.
    log_model : bool, default=False
        Whether the folder of the search gets the refitted model, pickled as ``model.pkl``.

    Raises
    ------
    ImportError
        When a search begins and TensorBoard is not installed.

    Examples
    --------
    >>> from skbayes.tracking import TensorBoardCallback
    >>> callback = TensorBoardCallback("runs")  # BayesSearchCV(..., callbacks=callback)
    >>> callback.folder
    'runs'
    """

    PACKAGE: ClassVar[str] = "tensorboard"
    NAME: ClassVar[str] = "TensorBoard"

    folder: str = "runs"
    log_model: bool = False

    def _make_sender(self, search: Any) -> TensorBoardSender:
        return TensorBoardSender(Path(self.folder) / search.run_id_)


@dataclass
class TensorBoardSender(Sender):
    """Writes the messages of one search into event files.

    Parameters
    ----------
    folder : Path
        Of the search.
    """

    folder: Path

    def begin(self, message: Message) -> None:
        """Begin the folder of the search, or continue it.

        Parameters
        ----------
        message : Message
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = [f"- {name}: {value}" for name, value in {**message.params, **message.tags}.items()]
        _write(self.folder, _summaries({}, {"settings": "\n".join(lines), **message.texts}))

    def trial(self, message: Message) -> None:
        """Write the folder of a trial, unless an earlier search has written it.

        Parameters
        ----------
        message : Message
        """
        folder = self.folder / f"trial-{message.number:05}"
        if not folder.exists():
            summaries = [_session_start(message), *_summaries(message.metrics, message.tags)]
            _write(folder, [*summaries, _session_end(message)])
        if message.best is not None:
            best = {BEST: message.best}
            _write(self.folder, _summaries(best, {}), message.number)

    def end(self, message: Message) -> None:
        """Write what was found.

        Parameters
        ----------
        message : Message
        """
        texts = {k: v for k, v in message.texts.items() if k != "cv_results.csv"}
        _write(self.folder, _summaries(message.metrics, {**texts, **message.tags}))
        for name, text in message.texts.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        self.try_model(lambda model: (self.folder / "model.pkl").write_bytes(pickle.dumps(model)))


def _summaries(scalars: Mapping[str, float], texts: Mapping[str, str]) -> list[Any]:
    scalar_pb = import_module("tensorboard.plugins.scalar.summary_v2").scalar_pb
    text_pb = import_module("tensorboard.plugins.text.summary_v2").text_pb
    return [scalar_pb(name, value) for name, value in scalars.items()] + [
        text_pb(name, text) for name, text in texts.items()
    ]


def _session_start(message: Message) -> Any:
    summary_v2 = import_module("tensorboard.plugins.hparams.summary_v2")
    name = f"trial {message.number}"
    return summary_v2.hparams_pb(message.params, trial_id=name, start_time_secs=message.began)


def _session_end(message: Message) -> Any:
    hparams = "tensorboard.plugins.hparams"
    api, data, metadata = (
        import_module(f"{hparams}.{name}") for name in ("api_pb2", "plugin_data_pb2", "metadata")
    )
    status = api.STATUS_SUCCESS if message.status == "FINISHED" else api.STATUS_FAILURE
    info = data.SessionEndInfo(status=status, end_time_secs=message.ended)
    summary = import_module("tensorboard.compat.proto.summary_pb2").Summary()
    summary.value.add(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(data.HParamsPluginData(session_end_info=info)),
        tensor=metadata.NULL_TENSOR,
    )
    return summary


def _write(folder: Path, summaries: Sequence[Any], step: int = 0) -> None:
    """Add an event file to a folder."""
    files = import_module("tensorboard.summary.writer.event_file_writer")
    event_pb2 = import_module("tensorboard.compat.proto.event_pb2")
    writer = files.EventFileWriter(str(folder), filename_suffix=f".{time.time_ns()}")
    for summary in summaries:
        writer.add_event(event_pb2.Event(wall_time=time.time(), step=step, summary=summary))
    writer.close()
