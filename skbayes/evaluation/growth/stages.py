"""Curves: the scores of a split after more and more rounds, and the stage that is chosen by them.

A *stage* is a number of rounds: trees, iterations or epochs. Every split is scored at the same
stages, and the stage with the best mean over the splits is chosen, so that no split stops by its
own luck. Nothing is held out of the training samples.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skbayes.trial import SINGLE_METRIC, Curve, FloatArray

FINE = 1.05
"""Ratio of neighbouring stages, from some 20 rounds on, where looking at a stage is cheap."""

COARSE = 1.25
"""The same where looking at a stage costs a prediction by the whole model."""


def stages_up_to(most: int, ratio: float = FINE) -> list[int]:
    """Return the stages at which a model is scored: all of the first ones, then ever fewer.

    Parameters
    ----------
    most : int
        Number of rounds of the whole fit, which is the last stage.
    ratio : float
        Of neighbouring stages, unless they are neighbouring numbers.

    Examples
    --------
    >>> from skbayes.evaluation.growth.stages import stages_up_to
    >>> stages_up_to(20, ratio=1.5)
    [1, 2, 3, 5, 8, 12, 18, 20]
    """
    stages = [1]
    while stages[-1] < most:
        stages.append(min(most, math.ceil(stages[-1] * ratio)))
    return stages


def best_position(curves: FloatArray) -> int | None:
    """Return the position of the stage with the best mean over the splits.

    Parameters
    ----------
    curves : ndarray of shape (n_splits, n_stages)
        NaN where a split has no score. Such a stage is not chosen, so if a model explodes, the
        last stage before counts.

    Returns
    -------
    position : int or None
        The first of equally good ones; None if no stage has a score on all splits.
    """
    means = curves.mean(axis=0)
    return int(np.nanargmax(means)) if np.isfinite(means).any() else None


def needed_stage(curve: FloatArray, stages: Sequence[int], patience: int) -> int:
    """Return the stage up to which a curve has to be known, so that it may end there.

    Parameters
    ----------
    curve : ndarray of shape (n_stages,)
        Scores of one split, or their means over the splits.
    stages : sequence of int
    patience : int
        Rounds without a better score after which a curve ends.

    Returns
    -------
    stage : int
        `patience` rounds beyond the best one. Of equally good ones that is the last: a score that
        has not moved so far, as accuracies of the first rounds often do not, is no reason to end.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.evaluation.growth.stages import needed_stage
    >>> needed_stage(np.array([0.5, 0.7, 0.7, 0.6]), [1, 2, 3, 4], patience=10)
    13
    """
    best = 0
    if np.isfinite(curve).any():
        best = stages[int(np.flatnonzero(curve == np.nanmax(curve))[-1])]
    return best + patience


def splits_to_grow(
    results: Sequence[Mapping[str, Any]], metric: str, patience: int
) -> dict[int, int]:
    """Return which splits of a trial have to be fitted further, so that their mean curve may end.

    Parameters
    ----------
    results : sequence of SplitResult
        Of all splits, with curves.
    metric : str
        Name of the metric that is maximised.
    patience : int

    Returns
    -------
    stages : dict of int to int
        By the number of the split, the stage it has to reach; empty if the mean curve has ended.
        Splits that have reached their last stage are not among them.
    """
    curves = curves_of(results, metric)
    if curves is None:
        return {}
    shortest = min((result["curves"]["stages"] for result in results), key=len)
    needed = needed_stage(curves.mean(axis=0), shortest, patience)
    return {
        result["split"]: needed
        for result in results
        if result.get("paused") is not None and result["curves"]["stages"][-1] < needed
    }


def running_curve(stages: Sequence[int], scores: Sequence[float]) -> Curve:
    """Return the best score so far at each stage, from the first one that is finite.

    Parameters
    ----------
    stages : sequence of int
    scores : sequence of float
        On one split.

    Examples
    --------
    >>> from skbayes.evaluation.growth.stages import running_curve
    >>> running_curve([1, 2, 3, 4], [float("nan"), 0.25, 0.75, 0.5])
    {2: 0.25, 3: 0.75, 4: 0.75}
    """
    best = np.fmax.accumulate(np.array(scores, dtype=float)).tolist()
    return {s: score for s, score in zip(stages, best, strict=True) if np.isfinite(score)}


def curves_of(results: Sequence[Mapping[str, Any]], metric: str) -> FloatArray | None:
    """Return the curves of one metric, of the splits that have one.

    Parameters
    ----------
    results : sequence of SplitResult
    metric : str

    Returns
    -------
    curves : ndarray of shape (n, n_stages) or None
        As long as the shortest one, because a split may have stopped early. None if no split has a
        curve.
    """
    curves = [r["curves"]["test"].get(metric) for r in results if r.get("curves") is not None]
    found = [curve for curve in curves if curve is not None]
    if not found:
        return None
    n_stages = min(map(len, found))
    return np.array([curve[:n_stages] for curve in found], dtype=float)


def chosen_position(results: Sequence[Mapping[str, Any]], metric: str) -> int | None:
    """Return the position of the stage that a trial is judged by; None if it has no curves.

    Parameters
    ----------
    results : sequence of SplitResult
    metric : str
        Name of the metric that is maximised.
    """
    curves = curves_of(results, metric)
    if curves is None:
        return None
    position = best_position(curves)
    return curves.shape[1] - 1 if position is None else position


def at_position(result: Mapping[str, Any], position: int | None) -> dict[str, Any]:
    """Return the result of a split with the scores of one stage.

    Parameters
    ----------
    result : SplitResult
    position : int or None
        Of the stage; None leaves the result as it is.
    """
    if position is None or result.get("curves") is None:
        return dict(result)
    scores = {
        f"{kind}_scores": _scores_at(curves, position) for kind, curves in _by_kind(result).items()
    }
    return {**result, **scores}


def curves_by_split(results: Sequence[Mapping[str, Any]], n_splits: int) -> dict[str, NDArray[Any]]:
    """Return the curves of a candidate as arrays.

    Parameters
    ----------
    results : sequence of SplitResult
    n_splits : int

    Returns
    -------
    curves : dict of str to ndarray
        ``stages``, of shape (n_stages,), and of shape (n_splits, n_stages) the scores, as
        ``test_score`` and ``train_score``; with several metrics their names stand for "score". NaN
        where a split was not evaluated or not grown so far.
    """
    grown = [result for result in results if result.get("curves") is not None]
    longest: list[int] = max((r["curves"]["stages"] for r in grown), key=len, default=[])
    arrays: dict[str, NDArray[Any]] = {"stages": np.array(longest, dtype=np.int64)}
    for result in grown:
        for kind, curves in _by_kind(result).items():
            for metric, curve in curves.items():
                unknown = np.full((n_splits, len(longest)), np.nan)
                table = arrays.setdefault(f"{kind}_{metric}", unknown)
                table[result["split"], : len(curve)] = curve
    return arrays


def _by_kind(result: Mapping[str, Any]) -> dict[str, Mapping[str, Sequence[float]]]:
    return {kind: c for kind, c in result["curves"].items() if kind != "stages"}


def _scores_at(curves: Mapping[str, Sequence[float]], position: int) -> Any:
    return unnamed({metric: float(curve[position]) for metric, curve in curves.items()})


def unnamed(scores: dict[str, float]) -> Any:
    """Return scores by their names, or the one score there is if it has no name of its own.

    Parameters
    ----------
    scores : dict of str to float
    """
    return scores[SINGLE_METRIC] if list(scores) == [SINGLE_METRIC] else scores
