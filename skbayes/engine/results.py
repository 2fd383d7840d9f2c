"""From what scikit-learn reports of the splits to the outcome the sampler sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skbayes.engine.evaluation import SplitResult
from skbayes.trial import Outcome


def outcome_of(results: Sequence[SplitResult], metric: Any) -> Outcome:
    """Return the outcome of a trial from the results of its splits, in split order.

    Parameters
    ----------
    results : sequence of dict
    metric : object
        Name of the score to follow where there are several; if none has it, the first is followed.
    """
    is_failed = any(result["fit_error"] is not None for result in results)
    scores = tuple(_score_of(result["test_scores"], metric) for result in results)
    return Outcome(scores, is_failed)


def _score_of(scores: Any, metric: Any) -> float:
    if isinstance(scores, dict):
        is_named = isinstance(metric, str) and metric in scores
        return float(scores[metric] if is_named else next(iter(scores.values())))
    return float(scores)


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
    """

    splits: tuple[int, ...]
    reason: str
    traceback: str

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
    by_reason: dict[str, list[int]] = {}
    for split, result in enumerate(results):
        if result["fit_error"] is not None:
            by_reason.setdefault(reason_of(result["fit_error"]), []).append(split)
    return [
        FitFailure(tuple(splits), reason, compact(results[splits[0]]["fit_error"]))
        for reason, splits in by_reason.items()
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


def reason_of(traceback: str) -> str:
    """Return the error at the end of a traceback, without where it came from."""
    lines = traceback.strip().splitlines()
    last_frame = max((n for n, line in enumerate(lines) if line.startswith('  File "')), default=-1)
    begin = next(n for n in range(last_frame + 1, len(lines)) if not lines[n].startswith(" "))
    return "\n".join(lines[begin:])


def compact(traceback: str) -> str:
    """Return a traceback without the frame that every one begins with, which is the search's."""
    frames = traceback.split('\n  File "')
    is_ours = len(frames) > 2 and "in _fit_and_score" in frames[1].splitlines()[0]
    return '\n  File "'.join([frames[0], *frames[2:]]) if is_ours else traceback
