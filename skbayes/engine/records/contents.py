"""The journal line of a trial: how it is written, and how it is checked when it is read.

The checksums of a journal have no key, so anybody can write a valid journal. Nothing that is read
is executed, and every line must be a trial of this search: a candidate of its space at its row, or
an initial point given by the user, with results of the types that an evaluation returns. Scores,
times, numbers of samples and the texts of failures cannot be checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from skbayes.evaluation.results import Record, outcome_of
from skbayes.samplers.base import Sampler
from skbayes.space.dimensions import ELSEWHERE
from skbayes.space.written import shown
from skbayes.trial import SINGLE_METRIC, FloatArray, Trial

SCALARS = (bool, int, float, str, type(None))
"""Types of parameter values that a journal stores; all others are decoded from the row."""

NUMPY_KINDS = "biufU"
"""Kinds of NumPy scalars that a journal stores: booleans, integers, real numbers, strings."""

LINE_KEYS = {"number", "n_shown", "row", "params", "fidelity", "parent", "state", "results"}
"""Keys of the line of a trial."""

REQUIRED_KEYS = {"split", "fit_error", "test_scores", "n_test_samples", "fit_time", "score_time"}
"""Keys that the result of a split always has."""

OPTIONAL_KEYS = {
    "stop_requested": False,
    "score_errors": {},
    "predictions": None,
    "began": 0.0,
    "ended": 0.0,
    "worker": "",
}
"""Optional keys of the result of a split, with their defaults."""


@dataclass(frozen=True)
class ResultFormat:
    """The format of the results of a trial, the same for all trials of a search.

    Parameters
    ----------
    n_splits : int
    metrics : list of str or None
        Names of several metrics; None if there is one, or if `scoring` is a callable.
    is_callable : bool
        Whether `scoring` is a callable, whose metrics are not known before it is called.
    metric : object
        Name of the metric that is maximised.
    has_train_scores : bool
    is_raced : bool
        Whether trials may be dropped before their last split.
    is_pruned : bool
        Whether they may be ended while they grow.
    staged : str or None, default=None
        The parameter that counts the rounds of a model that grows.
    """

    n_splits: int
    metrics: list[str] | None
    is_callable: bool
    metric: Any
    has_train_scores: bool
    is_raced: bool
    is_pruned: bool = False
    staged: str | None = None


def content_of(record: Record) -> dict[str, Any]:
    """Return the content of the journal line of a finished trial.

    Parameters
    ----------
    record : Record

    Returns
    -------
    content : dict
        As JSON can hold it.
    """
    return {
        "number": record.trial.number,
        "n_shown": record.n_shown,
        "row": record.trial.row.tolist(),
        "params": _scalars(record.trial.params),
        "fidelity": record.trial.fidelity,
        "parent": record.trial.parent,
        "state": None if record.trial.state is None else asdict(record.trial.state),
        "results": list(record.results),
    }


def restored(
    contents: Sequence[Mapping[str, Any]], sampler: Sampler, expected: ResultFormat
) -> dict[int, Record]:
    """Return the trials that a journal holds, by number.

    Parameters
    ----------
    contents : sequence of mapping
    sampler : Sampler
        The sampler of the search, which checks and restores its proposals.
    expected : ResultFormat

    Raises
    ------
    ValueError
        If a line cannot be a trial of this search.
    """
    records: dict[int, Record] = {}
    names: set[frozenset[str]] = set()  # of the scores that a callable has returned
    for content in contents:
        _check_keys(content, LINE_KEYS, {"sum"})
        record = _record_of(content, sampler, expected)
        if record.trial.number in records:
            raise ValueError(f"trial {record.trial.number} stands there twice")
        records[record.trial.number] = record
        scores = [r["test_scores"] for r in record.results]
        names.update(frozenset(score) for score in scores if isinstance(score, dict))
    if len(names) > 1:
        raise ValueError("its trials have scores of different names")
    for record in records.values():
        parent = record.trial.parent
        if parent is not None and parent not in records:
            raise ValueError(f"trial {record.trial.number} comes from one that is not there")
    return records


def _record_of(content: Mapping[str, Any], sampler: Sampler, expected: ResultFormat) -> Record:
    number = _integer(content["number"], "number", 0)
    n_shown = _integer(content["n_shown"], "n_shown", 0, number)
    fidelity, parent = (
        None if content[name] is None else _integer(content[name], name, 0)
        for name in ("fidelity", "parent")
    )
    state, results = content["state"], content["results"]
    _check(state is None or isinstance(state, dict), "state", state)
    _check(isinstance(content["params"], dict), "params", content["params"])
    values = {name: _value(value, name) for name, value in content["params"].items()}
    row = _row(content["row"], sampler.space.n_columns)
    proposal = sampler.restore(row, values, fidelity, parent, state)
    _check(isinstance(results, list), "results", results)
    fewest = 1 if expected.is_raced or expected.is_pruned else expected.n_splits
    _check(fewest <= len(results) <= expected.n_splits, "results", results)
    checked = [_result(result, expected) for result in results]
    splits = [result["split"] for result in checked]
    _check(splits == sorted(set(splits)), "split", splits)
    if any(result.get("is_pruned", False) for result in checked):
        _check(expected.is_pruned and len(checked) == 1, "is_pruned", splits)
    outcome = outcome_of(checked, expected.metric, expected.n_splits, expected.staged)
    trial = Trial(number, **vars(proposal), outcome=outcome)
    return Record(trial, checked, n_shown)


def _row(values: Any, n_columns: int) -> FloatArray:
    _check(isinstance(values, list) and len(values) == n_columns, "row", values)
    # Beyond the unit cube lies a given point outside the space; the sampler checks that it is one.
    return np.array([_real(value, "row", -ELSEWHERE, ELSEWHERE) for value in values], dtype=float)


def _result(result: Any, expected: ResultFormat) -> dict[str, Any]:
    """Return the result of a split, after a check of everything in it."""
    _check(isinstance(result, dict), "results", result)
    own = {"train_scores"} if expected.has_train_scores else set()
    grown = set() if expected.staged is None else {"curves"}
    optional = OPTIONAL_KEYS | ({} if expected.staged is None else {"is_pruned": False})
    _check_keys(result, REQUIRED_KEYS | own | grown, set(optional))
    result = optional | result
    if result.get("curves") is not None:
        _check_curves(result["curves"], expected)
    _check(result["fit_error"] is None or isinstance(result["fit_error"], str), "fit_error", result)
    _check(isinstance(result["stop_requested"], bool), "stop_requested", result["stop_requested"])
    _integer(result["split"], "split", 0, expected.n_splits - 1)
    _integer(result["n_test_samples"], "n_test_samples", 0)
    for name in ("fit_time", "score_time"):
        _real(result[name], name, 0.0)
    for name in ("test_scores", *own):
        result[name] = _scores(result[name], name, expected)
    for name in ("began", "ended"):
        _real(result[name], name, 0.0)
    _check(isinstance(result["worker"], str), "worker", result["worker"])
    _check(isinstance(result.get("is_pruned", False), bool), "is_pruned", result)
    digest = result["predictions"]
    _check(digest is None or isinstance(digest, str), "predictions", digest)
    errors = result["score_errors"]
    _check(isinstance(errors, dict), "score_errors", errors)
    for name, text in errors.items():
        is_known = name == SINGLE_METRIC or isinstance(result["test_scores"], dict)
        _check(is_known and isinstance(text, str), "score_errors", errors)
    return result


def _scores(scores: Any, name: str, expected: ResultFormat) -> Any:
    if isinstance(scores, dict):
        is_right = bool(scores) if expected.is_callable else list(scores) == expected.metrics
        _check(is_right, name, scores)
        return {metric: _real(score, name) for metric, score in scores.items()}
    _check(expected.metrics is None, name, scores)
    return _real(scores, name)


def _check_curves(curves: Any, expected: ResultFormat) -> None:
    """Check that scores stand at stages that ascend, one for each."""
    kinds = {"test", "train"} if expected.has_train_scores else {"test"}
    _check(isinstance(curves, dict) and curves.keys() == {"stages", *kinds}, "curves", curves)
    stages = curves["stages"]
    _check(isinstance(stages, list) and bool(stages), "stages", stages)
    ascending = [_integer(stage, "stages", 1) for stage in stages]
    _check(ascending == sorted(set(ascending)), "stages", stages)
    for by_metric in (curves[kind] for kind in kinds):
        names = expected.metrics or (by_metric if expected.is_callable else [SINGLE_METRIC])
        is_right = isinstance(by_metric, dict) and by_metric and list(by_metric) == list(names)
        _check(bool(is_right), "curves", by_metric)
        for curve in by_metric.values():
            _check(isinstance(curve, list) and len(curve) == len(stages), "curves", curve)
            for score in curve:
                _real(score, "curves")


def _scalars(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that a journal can hold, those of NumPy with their type."""
    scalars: dict[str, Any] = {}
    for name, value in params.items():
        if isinstance(value, np.generic):
            if value.dtype.kind in NUMPY_KINDS and type(value.item()) in SCALARS:
                scalars[name] = [value.dtype.str, value.item()]
        elif type(value) in SCALARS:
            scalars[name] = [None, value]
    return scalars


def _value(written: Any, name: str) -> Any:
    """Return a value as it was before `_scalars` wrote it."""
    _check(isinstance(written, list) and len(written) == 2, name, written)
    dtype, value = written
    _check(type(value) in SCALARS, name, value)
    if dtype is None:
        return value
    _check(isinstance(dtype, str) and dtype[1:2] in NUMPY_KINDS, name, dtype)
    try:
        return np.dtype(dtype).type(value)
    except (TypeError, OverflowError):
        raise ValueError(f"{name}: {shown(value)} is not of type {dtype!r}") from None


def _check_keys(content: Any, wanted: set[str], optional: set[str]) -> None:
    missing, unknown = wanted - content.keys(), content.keys() - wanted - optional
    if missing or unknown:
        raise ValueError(f"{min(missing or unknown)!r} {'is missing' if missing else 'is unknown'}")


def _integer(value: Any, name: str, low: int, high: float = np.inf) -> int:
    _check(type(value) is int and low <= value <= high, name, value)
    return int(value)


def _real(value: Any, name: str, low: float = -np.inf, high: float = np.inf) -> float:
    """Return a number as a float; if it has a lower bound it must be finite."""
    _check(type(value) in (int, float), name, value)
    has_end = np.isfinite(low)
    _check(not has_end or (low <= value <= high and value < np.inf), name, value)
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} is too large") from None


def _check(is_right: bool, name: str, value: Any) -> None:
    if not is_right:
        raise ValueError(f"{name} is {shown(value)}")
