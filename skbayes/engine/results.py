"""From what scikit-learn reports of the splits to the outcome the sampler sees."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skbayes._sklearn_compat import SINGLE
from skbayes.engine.evaluation import SplitResult
from skbayes.trial import Outcome

HEADER = "Traceback (most recent call last):"

CHAIN = re.compile(
    r"^(?:The above exception was the direct cause of the following exception|"
    r"During handling of the above exception, another exception occurred):\n\n"
    rf"(?={re.escape(HEADER)}$)",
    re.MULTILINE,
)
"""What stands between two tracebacks of which one led to the other."""


def outcome_of(results: Sequence[SplitResult], metric: Any) -> Outcome:
    """Return the outcome of a trial from the results of its splits, in split order.

    Parameters
    ----------
    results : sequence of dict
    metric : object
        Name of the score to follow where there are several; if none has it, the first is followed.
    """
    is_failed = any(error_of(result, metric) is not None for result in results)
    scores = tuple(_score_of(result["test_scores"], metric) for result in results)
    return Outcome(scores, is_failed)


def error_of(result: SplitResult, metric: Any) -> str | None:
    """Return the traceback of the fit, or else of the followed score; None if neither failed."""
    if result["fit_error"] is not None:
        return str(result["fit_error"])
    errors = result.get("score_errors", {})
    if SINGLE in errors:
        return str(errors[SINGLE])
    scores = result["test_scores"]
    followed = _followed(scores, metric) if isinstance(scores, dict) else None
    return errors.get(followed)


def _score_of(scores: Any, metric: Any) -> float:
    return float(scores[_followed(scores, metric)] if isinstance(scores, dict) else scores)


def _followed(scores: dict[str, Any], metric: Any) -> str:
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
        The error.
    traceback : str
        Where it came from.
    step : {'fit', 'score'}, default='fit'
        What failed.
    """

    splits: tuple[int, ...]
    reason: str
    traceback: str
    step: str = "fit"

    def __str__(self) -> str:
        """Return all of it, to be read."""
        return f"splits {', '.join(map(str, self.splits))}:\n{self.traceback}"


def failures_of(results: Sequence[SplitResult]) -> list[FitFailure]:
    """Return why splits of a trial failed, each reason once.

    Parameters
    ----------
    results : sequence of dict
        Of the splits, in order.
    """
    found: dict[tuple[str, str], dict[int, str]] = {}
    for split, result in enumerate(results):
        errors = [("fit", result["fit_error"])] if result["fit_error"] is not None else []
        errors += [("score", text) for text in result.get("score_errors", {}).values()]
        for step, text in errors:
            found.setdefault((step, reason_of(text)), {}).setdefault(split, text)
    return [
        FitFailure(tuple(splits), reason, compact(next(iter(splits.values()))), step)
        for (step, reason), splits in found.items()
    ]


def with_one_text_a_reason(results: Sequence[SplitResult]) -> list[SplitResult]:
    """Return results in which failures of the same reason have the same text, to be counted."""
    texts: dict[str, str] = {}
    return [
        result
        if result["fit_error"] is None
        else result
        | {"fit_error": texts.setdefault(reason_of(result["fit_error"]), result["fit_error"])}
        for result in results
    ]


def insert_missing_metrics(results: Sequence[SplitResult], error_score: Any) -> None:
    """Give splits whose fit or scorer failed the names that the scorer returns elsewhere.

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
    r"""Return the error at the end of a traceback, without where it came from.

    The message of the error may quote anything, other tracebacks too. What is no traceback is
    returned as it is.

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
    first = 1  # behind the header, above which nothing of the error can stand
    if lines[:1] != [HEADER]:  # the stack of a process that was ended, or no traceback at all
        first = max((n for n, line in enumerate(lines) if line.startswith('  File "')), default=-1)
        first += 1
    error = next((n for n, line in enumerate(lines) if n >= first and not _is_inside(line)), 0)
    return "\n".join(lines[error:])


def _is_inside(line: str) -> bool:
    """Whether a line belongs to the frames of a traceback."""
    return line.startswith(" ")


def compact(traceback: str) -> str:
    """Return a traceback without the frame that every one begins with, which is the search's."""
    frames = traceback.split('\n  File "')
    is_ours = len(frames) > 2 and "in _fit_and_score" in frames[1].partition("\n")[0]
    return '\n  File "'.join([frames[0], *frames[2:]]) if is_ours else traceback
