"""Curves of single splits, on the scale of the mean over all splits.

s      stage
c      running scores of a trial by split and stage, (K, S)
H      the better half of the complete trials
b      shifts by split and stage, (K, S): the mean over H of cₖ(s) − c̄(s)
v      variance of what is left, cₖ(s) − c̄(s) − bₖ(s), at the last stage

A split may be easy or hard, and the more so the longer a model has grown. Without its shift, the
curve of one split can be compared with the mean curves of other trials; v is how far apart they end
all the same. In a training loop without splits both are zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skbayes.trial import Curve, FloatArray, Outcome


@dataclass(frozen=True, eq=False)
class Shifts:
    """By how much the scores of a split are above the mean over the splits.

    Parameters
    ----------
    stages : ndarray of shape (S,)
        Ascending.
    by_split : mapping of int to ndarray of shape (S,)
        b; a split that is not there has none.
    variance : float
        v.
    """

    stages: FloatArray
    by_split: Mapping[int, FloatArray]
    variance: float

    def mean_curve(self, curves: Mapping[int, Curve]) -> Curve:
        """Return the mean of the curves of a trial, without the shifts of their splits.

        Parameters
        ----------
        curves : mapping of int to Curve
            By the number of the split. One that ends before others has its last score from there.
        """
        if len(curves) == 1:
            [(split, curve)] = curves.items()
            if split not in self.by_split:
                return curve
        stages = np.unique([stage for curve in curves.values() for stage in curve])
        levels = [
            at_stages(curve, stages) - self._shift(split, stages) for split, curve in curves.items()
        ]
        means = np.mean(levels, axis=0) if levels else np.empty(0)
        return {int(s): float(m) for s, m in zip(stages, means, strict=True) if np.isfinite(m)}

    def _shift(self, split: int, stages: FloatArray) -> FloatArray:
        if split not in self.by_split:
            return np.zeros(len(stages))
        position = np.searchsorted(self.stages, stages, side="right") - 1
        return self.by_split[split][np.maximum(position, 0)]


def shifts_of(complete: Sequence[Outcome]) -> Shifts:
    """Return the shifts that complete trials tell.

    Parameters
    ----------
    complete : sequence of Outcome
        With curves on all splits; at least two.
    """
    splits = sorted(complete[0].curves)
    if len(splits) < 2:
        return Shifts(np.empty(0), {}, 0.0)
    order = np.argsort([-outcome.score for outcome in complete], kind="stable")
    better = [complete[i].curves for i in order[: max((len(order) + 1) // 2, 2)]]
    stages = np.unique([stage for curves in better for stage in curves[splits[0]]])
    c = np.array([[at_stages(curves[k], stages) for k in splits] for curves in better])
    deviations = c - c.mean(axis=1, keepdims=True)
    is_known = np.isfinite(deviations).all(axis=(0, 1))  # a score may have failed at first
    stages, deviations = stages[is_known], deviations[:, :, is_known]
    b = deviations.mean(axis=0)
    left = np.square(deviations[:, :, -1] - b[:, -1]).sum()
    variance = float(left / ((len(better) - 1) * len(splits)))
    return Shifts(stages, dict(zip(splits, b, strict=True)), variance)


def at_stages(curve: Curve, stages: FloatArray) -> FloatArray:
    """Return the latest scores of a curve up to some stages; NaN before its first one.

    Parameters
    ----------
    curve : Curve
        Not empty.
    stages : ndarray of shape (S,)
    """
    known = np.array(sorted(curve))
    scores = np.array([np.nan, *(curve[stage] for stage in known)])
    return scores[np.searchsorted(known, stages, side="right")]
