"""Results of splits as scikit-learn reports them, and the outcome of a trial made from them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skbayes._sklearn_compat import without_fit_frame
from skbayes.evaluation.growth.stages import at_position, chosen_position, running_curve
from skbayes.trial import SINGLE_METRIC, Curve, Outcome, Trial

HEADER = "Traceback (most recent call last):"

CHAIN = re.compile(
    r"^(?:The above exception was the direct cause of the following exception|"
    r"During handling of the above exception, another exception occurred):\n\n"
    rf"(?={re.escape(HEADER)}$)",
    re.MULTILINE,
)
"""The line between two tracebacks of a chain of exceptions."""

PRINTED_SET = re.compile(r"\{([^{}:]+)\}")
"""A set in a message; the order of its elements differs from process to process."""


SplitResult = dict[str, Any]
"""Scores, times and error of one split, as scikit-learn reports them.

Keys are added: ``split`` is its number, ``began`` and ``ended`` are seconds of the epoch,
``worker`` tells processes and threads apart, ``stop_requested`` is true if a callback asked to
stop the search after this trial, and ``score_errors`` has the tracebacks of scores that failed, by
the name of the metric. Of a model that grows, ``curves`` are its scores at every stage, and
``is_pruned`` is true if it was ended because it had lost.
"""


@dataclass(frozen=True, eq=False)
class Record:
    """A finished trial with the results of its splits.

    Parameters
    ----------
    trial : Trial
        With its outcome.
    results : sequence of SplitResult
        Results of its splits, in order.
    n_shown : int
        How many outcomes its proposal was shown.
    """

    trial: Trial
    results: Sequence[SplitResult]
    n_shown: int

    @property
    def seconds(self) -> float:
        """How long the evaluation took, all splits together."""
        return 0.0 if self.trial.outcome is None else self.trial.outcome.cost


def outcome_of(
    results: Sequence[SplitResult],
    metric: Any,
    n_splits: int | None = None,
    staged: str | None = None,
) -> Outcome:
    """Return the outcome of a trial from the results of its splits.

    Parameters
    ----------
    results : sequence of SplitResult
        Of all splits, or of some, in order.
    metric : object
        Name of the metric to maximise if there are several; if no metric has this name, the first
        metric is maximised.
    n_splits : int or None, default=None
        Number of all splits; None for as many as there are results.
    staged : str or None, default=None
        The parameter that counts the rounds of a model that grows.

    Returns
    -------
    outcome : Outcome
    """
    results, stage = at_best_stage(results, metric)
    grown = [result for result in results if result.get("curves") is not None]
    tables = [result["test_scores"] for result in results]
    names = next((list(table) for table in tables if isinstance(table, dict)), [SINGLE_METRIC])
    scores = {name: tuple(_score_in(table, name) for table in tables) for name in names}
    errors = (error_of(result, metric) for result in results)
    failure = next((reason_of(error) for error in errors if error is not None), None)
    cost = sum(result["fit_time"] + result["score_time"] for result in results)
    splits = tuple(result["split"] for result in results)
    followed = maximised_metric(scores, metric)
    found = {} if staged is None or stage is None else {staged: stage}
    return Outcome(
        scores,
        splits,
        followed,
        cost,
        failure,
        n_splits,
        found,
        curves=_running_curves(grown, followed),
        is_pruned=any(result.get("is_pruned", False) for result in grown),
        rounds=float(np.mean([r["curves"]["stages"][-1] for r in grown])) if grown else None,
    )


def _running_curves(results: Sequence[SplitResult], metric: str) -> dict[int, Curve]:
    """Return the best scores so far by split and stage, of splits that have any."""
    curves = {
        result["split"]: running_curve(
            result["curves"]["stages"], result["curves"]["test"].get(metric, [])
        )
        for result in results
    }
    return {split: curve for split, curve in curves.items() if curve}


def at_best_stage(
    results: Sequence[SplitResult], metric: Any
) -> tuple[Sequence[SplitResult], int | None]:
    """Return the results of a trial at the stage with the best mean score, and the stage.

    Parameters
    ----------
    results : sequence of SplitResult
    metric : object
        Name of the metric that is maximised if there are several.

    Returns
    -------
    results : sequence of SplitResult
    stage : int or None
        None if the model does not grow; then the results are as they were.
    """
    curves = next((r["curves"] for r in results if r.get("curves") is not None), None)
    if curves is None:
        return results, None
    position = chosen_position(results, maximised_metric(curves["test"], metric))
    return [at_position(r, position) for r in results], int(curves["stages"][position])


def _score_in(table: Any, name: str) -> float:
    """Return the score of a metric; a split that failed has one number for all metrics."""
    return float(table.get(name, np.nan) if isinstance(table, dict) else table)


def error_of(result: SplitResult, metric: Any) -> str | None:
    """Return the traceback of the fit, or else of the maximised score; None if neither failed.

    Parameters
    ----------
    result : SplitResult
    metric : object
        Name of the metric that is maximised if there are several.

    Returns
    -------
    traceback : str or None
    """
    if result["fit_error"] is not None:
        return str(result["fit_error"])
    errors = result.get("score_errors", {})
    if SINGLE_METRIC in errors:
        return str(errors[SINGLE_METRIC])
    scores = result["test_scores"]
    followed = maximised_metric(scores, metric) if isinstance(scores, dict) else None
    return errors.get(followed)


def maximised_metric(scores: Collection[str], metric: Any) -> str:
    """Return the metric that is maximised: the named one, or the first.

    Parameters
    ----------
    scores : collection of str
        Names of the metrics, at least one.
    metric : object
        What `refit` is.
    """
    is_named = isinstance(metric, str) and metric in scores
    return metric if is_named else next(iter(scores))


@dataclass(frozen=True)
class FitFailure:
    """Splits of a candidate that failed for the same reason.

    Parameters
    ----------
    splits : tuple of int
        Numbers of the splits.
    reason : str
        Type and message of the error.
    traceback : str
        Traceback of the error on the first of the splits.
    step : {'fit', 'score'}, default='fit'
        Whether the fit or a score failed.

    Examples
    --------
    >>> import warnings
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> search = BayesSearchCV(SVC(), {"C": [-1.0, 1.0]}, cv=3)
    >>> with warnings.catch_warnings(action="ignore"):
    ...     search = search.fit(*load_iris(return_X_y=True))
    >>> [failure] = search.failures_[0]
    >>> failure.splits, failure.step
    ((0, 1, 2), 'fit')
    """

    splits: tuple[int, ...]
    reason: str
    traceback: str
    step: str = "fit"

    def __str__(self) -> str:
        """Return a readable text of the splits and the traceback."""
        return f"splits {', '.join(map(str, self.splits))}:\n{self.traceback}"


def failures_of(results: Sequence[SplitResult]) -> list[FitFailure]:
    """Return the failures of a trial, one per reason.

    Parameters
    ----------
    results : sequence of dict
        Of the splits, in order.
    """
    found: dict[tuple[str, str], dict[int, str]] = {}
    for result in results:
        errors = [("fit", result["fit_error"])] if result["fit_error"] is not None else []
        errors += [("score", text) for text in result.get("score_errors", {}).values()]
        for step, text in errors:
            found.setdefault((step, reason_of(text)), {}).setdefault(result["split"], text)
    return [
        FitFailure(tuple(splits), reason, without_fit_frame(next(iter(splits.values()))), step)
        for (step, reason), splits in found.items()
    ]


def timeline_of(records: Sequence[Record]) -> dict[str, Any]:
    """Return when and where each split of each candidate was evaluated.

    Parameters
    ----------
    records : sequence of Record

    Returns
    -------
    timeline : dict of str to ndarray of shape (n_fits,)
        ``candidate``, its index in ``cv_results_``; ``split``; ``begin`` and ``end``, in seconds
        of the epoch; ``worker``, a number from 0; ``failed``. Fits of an earlier search that was
        taken along have no times, NaN, and no worker, -1.
    """
    run = [(index, result) for index, record in enumerate(records) for result in record.results]
    workers = [result["worker"] for _, result in run]
    numbers = {worker: n for n, worker in enumerate(dict.fromkeys(filter(None, workers)))}
    return {
        "candidate": np.array([index for index, _ in run], dtype=np.int32),
        "split": np.array([result["split"] for _, result in run], dtype=np.int32),
        "begin": np.array([result["began"] or np.nan for _, result in run], dtype=float),
        "end": np.array([result["ended"] or np.nan for _, result in run], dtype=float),
        "worker": np.array([numbers.get(worker, -1) for worker in workers], dtype=np.int32),
        "failed": np.array([result["fit_error"] is not None for _, result in run], dtype=bool),
    }


def merge_equal_errors(results: Sequence[SplitResult]) -> list[SplitResult]:
    """Return results in which fits that failed for the same reason have the same traceback.

    Scikit-learn counts failures by their tracebacks.

    Parameters
    ----------
    results : sequence of SplitResult

    Returns
    -------
    results : list of SplitResult
    """
    texts: dict[str, str] = {}
    return [
        result
        if result["fit_error"] is None
        else result
        | {"fit_error": texts.setdefault(reason_of(result["fit_error"]), result["fit_error"])}
        for result in results
    ]


def insert_missing_metrics(results: Sequence[SplitResult], error_score: Any) -> None:
    """Give failed splits a table of `error_score`, with the metrics of the other splits.

    Parameters
    ----------
    results : sequence of dict
        Of all trials; changed in place.
    error_score : object
    """
    for key in ("test_scores", "train_scores"):
        names = next((list(r[key]) for r in results if isinstance(r.get(key), dict)), [])
        for result in results:
            if names and key in result and not isinstance(result[key], dict):
                result[key] = dict.fromkeys(names, error_score)


def reason_of(traceback: str) -> str:
    r"""Return the error at the end of a traceback, without the frames.

    The message of the error may contain any text, even other tracebacks. Sets in it are sorted, so
    that the same error has the same reason in every process.

    Parameters
    ----------
    traceback : str

    Examples
    --------
    >>> reason_of('Traceback (most recent call last):\n  File "a.py", line 1\nValueError: no')
    'ValueError: no'
    """
    begin = max((match.end() for match in CHAIN.finditer(traceback)), default=0)
    lines = traceback[begin:].strip().splitlines()
    first = 1  # the line after the header
    if lines[:1] != [HEADER]:  # the stack of a process that was ended, or no traceback at all
        first = max((n for n, line in enumerate(lines) if line.startswith('  File "')), default=-1)
        first += 1
    error = next((n for n, line in enumerate(lines) if n >= first and not _is_inside(line)), 0)
    return PRINTED_SET.sub(_sorted_set, "\n".join(lines[error:]))


def _sorted_set(match: re.Match[str]) -> str:
    return "{" + ", ".join(sorted(match[1].split(", "))) + "}"


def _is_inside(line: str) -> bool:
    """Whether a line belongs to the frames of a traceback."""
    return line.startswith(" ")
