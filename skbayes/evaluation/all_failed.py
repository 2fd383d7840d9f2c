"""The error of a search in which no candidate has a score."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from skbayes._sklearn_compat import warn_or_raise_about_fit_failures, without_fit_frame
from skbayes.evaluation.results import (
    SplitResult,
    error_of,
    merge_equal_errors,
    outcome_of,
    reason_of,
)


def raise_if_all_failed(
    results_by_trial: Sequence[Sequence[SplitResult]],
    n_planned: int,
    metric: Any,
    error_score: Any,
    advice: str = "",
) -> None:
    """Raise an error that says why, if no trial has a score on any split.

    If all fits failed, the error is that of scikit-learn; otherwise its message is worded alike.

    Parameters
    ----------
    results_by_trial : sequence of sequence of dict
        Results of the splits of each trial.
    n_planned : int
        How many trials were planned.
    metric : object
        Name of the metric that is maximised if there are several.
    error_score : object
    advice : str, default=''
        Text to append to the message.

    Raises
    ------
    ValueError
    TypeError
        If every error was a TypeError.
    """
    results = list(chain.from_iterable(results_by_trial))
    if any(_has_score(result, metric) for result in results):
        return
    n = len(results_by_trial)
    early = f"The search ended after {n} of {n_planned} candidates.\n" if n < n_planned else ""
    if all(result["fit_error"] is not None for result in results):
        try:
            warn_or_raise_about_fit_failures(merge_equal_errors(results), error_score)
        except ValueError as error:
            raise ValueError(f"{early}{error}{advice}") from None
    errors = [error_of(result, metric) for result in results]
    are_type_errors = all(e is not None and reason_of(e).startswith("TypeError:") for e in errors)
    raise (TypeError if are_type_errors else ValueError)(
        f"{early}No candidate has a score: all {len(results)} splits of {n} candidates failed.\n"
        "It is very likely that the model, its data or scoring is misconfigured. You can try to "
        f"debug the error by setting error_score='raise'.{describe_errors(results, metric)}{advice}"
    )


def describe_errors(results: Sequence[SplitResult], metric: Any) -> str:
    """Return a text of the errors of failed splits, the most frequent first, with their counts.

    Parameters
    ----------
    results : sequence of dict
    metric : object
        Name of the metric that is maximised if there are several.
    """
    by_reason: dict[str, list[str]] = {}
    for result in results:
        text = error_of(result, metric)
        if text is not None:
            by_reason.setdefault(reason_of(text), []).append(text)
    if not by_reason:
        return "\n\nNo error was raised: the scorer returned NaN."
    ordered = sorted(by_reason.values(), key=len, reverse=True)
    return "".join(
        f"\n\nBelow is the error of {len(texts)} splits:\n{without_fit_frame(texts[0])}"
        for texts in ordered
    )


def _has_score(result: SplitResult, metric: Any) -> bool:
    """Whether a split has a score that is not NaN; infinite scores count."""
    outcome = outcome_of([result], metric)
    return outcome.failure is None and not np.isnan(outcome.scores[outcome.metric][0])
