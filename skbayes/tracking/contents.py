"""What all trackers are told of a search and of its trials."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from skbayes.engine.records.checkpoint import versions
from skbayes.evaluation.finished_trial import FinishedTrial
from skbayes.params_json import params_to_json
from skbayes.space.space import dicts_of
from skbayes.space.written import shown, written
from skbayes.tracking.outbox import Message

MAX_TEXT = 500
"""Maximum number of characters of a parameter or tag: the least that a tracker accepts."""

NOT_SETTINGS = {"estimator", "param_distributions", "callbacks", "initial_trials"}
"""Parameters of a search that are shown in another way, or not at all."""


def begin_of(search: Any) -> Message:
    """Return what is told when a search begins.

    Parameters
    ----------
    search : estimator
    """
    settings = {k: v for k, v in search.get_params(deep=False).items() if k not in NOT_SETTINGS}
    params = {
        "search": type(search).__name__,
        "estimator": search.estimator,
        **settings,
        "seed": search.seed_,
        "n_splits": search.n_splits_,
    }
    space = shown_space(search.param_distributions)
    return Message(
        "begin",
        {name: plain(value) for name, value in params.items()},
        {},
        {"skbayes.run_id": search.run_id_, **_versions()},
        {"space.txt": space},
        began=time.time(),
    )


def trial_of(trial: FinishedTrial, best: FinishedTrial | None) -> Message:
    """Return what is told of a finished trial.

    Parameters
    ----------
    trial : FinishedTrial
    best : FinishedTrial or None
        The best trial so far.
    """
    metrics: dict[str, float] = {}
    for name, scores in trial.scores.items():
        _add_summary(metrics, f"test_{name}", scores, with_splits=True)
    _add_summary(metrics, "fit_time", trial.fit_times)
    _add_summary(metrics, "score_time", trial.score_times)
    metrics["n_splits_evaluated"] = float(trial.n_evaluated)
    facts = {
        "failure": "; ".join(failure.reason for failure in trial.failures) or None,
        "dropped": "true" if trial.is_dropped else None,
        "resource": trial.resource,
        "rung": trial.rung,
        "bracket": trial.bracket,
    }
    return Message(
        "trial",
        {name: plain(value) for name, value in trial.params.items()},
        metrics,
        {f"skbayes.{k}": str(v)[:MAX_TEXT] for k, v in facts.items() if v is not None},
        number=trial.number,
        began=_known(trial.began),
        ended=_known(trial.ended),
        status="FINISHED" if np.isfinite(trial.score) else "FAILED",
        best=None if best is None else best.score,
    )


def end_of(search: Any, error: BaseException | None) -> Message:
    """Return what is told when a search has ended, also if it was interrupted.

    Parameters
    ----------
    search : estimator
    error : BaseException or None
        What has ended the search, if it has failed or was interrupted.
    """
    params: dict[str, Any] = {}
    metrics: dict[str, float] = {}
    texts: dict[str, str] = {}
    if hasattr(search, "cv_results_"):
        metrics["n_trials"] = float(len(search.cv_results_["params"]))
        texts["cv_results.csv"] = as_csv(search.cv_results_)
    if hasattr(search, "best_params_"):
        params = {f"best_{name}": plain(value) for name, value in search.best_params_.items()}
        metrics["best_index"] = float(search.best_index_)
        try:
            texts["best_params.json"] = params_to_json(search.best_params_)
        except (TypeError, ValueError) as problem:  # an object that has no text
            texts["best_params.txt"] = f"{shown(search.best_params_)}\n\nNo JSON: {problem}\n"
    for name in ("best_score_", "refit_time_"):
        if np.isfinite(value := getattr(search, name, np.nan)):
            metrics[name.rstrip("_")] = float(value)
    status = "FINISHED"
    if error is not None:
        status = "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
    # Written in any case, because a search that is resumed may have failed before.
    tags = {"skbayes.error": "" if error is None else shown(error)[:MAX_TEXT]}
    return Message("end", params, metrics, tags, texts, ended=time.time(), status=status)


def plain(value: Any) -> Any:
    """Return a number, a boolean or a string as Python's own, anything else as a short text.

    Parameters
    ----------
    value : object
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int) and abs(value) >= 2**63:
        return str(value)[:MAX_TEXT]  # no tracker has numbers of this size
    if isinstance(value, bool | int | float):
        return value
    return value[:MAX_TEXT] if isinstance(value, str) else shown(value)[:MAX_TEXT]


def shown_space(param_distributions: Any) -> str:
    """Return a space as text, a line for every parameter.

    Parameters
    ----------
    param_distributions : dict or list of dict
    """
    return "\n".join(
        "".join(f"{name}: {_whole(values)}\n" for name, values in grid.items())
        for grid in dicts_of(param_distributions)
    )


def as_csv(results: Mapping[str, Any]) -> str:
    """Return `cv_results_` as a table of comma-separated values.

    Parameters
    ----------
    results : dict of str to (masked) ndarray
    """
    columns = {name: column for name, column in results.items() if name != "params"}
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow("" if value is np.ma.masked else plain(value) for value in row)
    return file.getvalue()


def _whole(values: Any) -> str:
    """Return the values of a parameter as they were written, none left out."""
    try:
        return written(values)
    except Exception:  # whatever an object does when it is asked for its repr
        return shown(values)


def _versions() -> dict[str, str]:
    return {f"version.{name}": text[:MAX_TEXT] for name, text in versions().items()}


def _add_summary(
    metrics: dict[str, float], name: str, values: Any, with_splits: bool = False
) -> None:
    """Add mean and standard deviation of the finite values, and each of them if it is wanted."""
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return
    metrics[f"mean_{name}"], metrics[f"std_{name}"] = float(finite.mean()), float(finite.std())
    if with_splits:
        splits = np.flatnonzero(np.isfinite(values))
        metrics.update((f"split{split}_{name}", float(values[split])) for split in splits)


def _known(seconds: float) -> float:
    return seconds if np.isfinite(seconds) else 0.0
