"""From what scikit-learn reports of the splits to the outcome the sampler sees."""

from __future__ import annotations

from collections.abc import Sequence
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
