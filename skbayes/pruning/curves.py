"""Pruning by curves alone: a trial is ended at a stage that shows that it will not be the best.

s      stage: a number of rounds, epochs or steps
v      scores of the trial at the stages it has reached; greater is better
f      final scores of the complete trials

A rule is a pure function of the curve of a trial and of the curves of the finished trials that its
proposal was shown, so the decision is the same for any number of workers. A curve maps stages to
scores. Of another trial, the score at a stage is the latest one that it has up to there. In a
cross-validation all of these are curves of one split, and f are means over all splits.

==========  ================================================================================
median      its best score is below the median of the running means of the complete trials:
            median stopping, Golovin, Solnik, Moitra, Kochanski, Karro & Sculley, "Google
            Vizier: A Service for Black-Box Optimization", KDD 2017
halving     at stages 1, 3, 9, … it is not among the best third of those who came so far:
            asynchronous successive halving that only stops, Li, Jamieson, Rostamizadeh,
            Gonina, Ben-tzur, Hardt, Recht & Talwalkar, "A System for Massively Parallel
            Hyperparameter Tuning", MLSys 2020
paired      the probability that its final score is above that of the best complete trial is
            below 0.05, by what the rest of the growth, and of the splits, has changed in such
            differences
==========  ================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from skbayes.pruning.racing import MIN_COMPLETE
from skbayes.trial import Curve, FloatArray, Trial

FACTOR = 3
"""Ratio of the stages at which halving decides, and of how many come there to how many go on."""

ALPHA = 0.05
"""Probability of being the best below which a trial is ended, as in racing."""


@dataclass(frozen=True, eq=False)
class Rivals:
    """The finished trials that a trial is compared with.

    Parameters
    ----------
    complete : sequence of Curve
        Of the complete trials, on the split that the trial is trained on.
    finals : ndarray of shape (n_complete,)
        Their final scores, f.
    others : sequence of Curve
        Of the finished trials that were ended early, on the same split.
    """

    complete: Sequence[Curve]
    finals: FloatArray
    others: Sequence[Curve] = ()


def rivals_of(trials: Sequence[Trial], split: int) -> Rivals:
    """Return those of some trials that have a curve on a split.

    Parameters
    ----------
    trials : sequence of Trial
    split : int
    """
    complete: list[Curve] = []
    finals: list[float] = []
    others: list[Curve] = []
    for trial in trials:
        curve = {} if trial.outcome is None else trial.outcome.curves.get(split, {})
        if not curve or not np.isfinite(trial.score):
            continue
        if trial.is_complete:
            complete.append(curve)
            finals.append(trial.score)
        else:
            others.append(curve)
    last = max(map(max, complete), default=0)
    # A trial that ended because it had stopped to improve has the same score from there on.
    held = [{**curve, last: curve[max(curve)]} for curve in complete]
    return Rivals(held, np.array(finals, dtype=float), others)


def median_stops(rivals: Rivals, curve: Curve) -> bool:
    """Whether a trial is below the median of the complete trials.

    Parameters
    ----------
    rivals : Rivals
        Those that were ended early are not used.
    curve : Curve
        Of the trial; not empty.
    """
    stage = max(curve)
    means = [np.mean(seen) for other in rivals.complete if (seen := _until(other, stage))]
    return len(means) >= MIN_COMPLETE and bool(max(curve.values()) < np.median(means))


def halving_stops(rivals: Rivals, curve: Curve) -> bool:
    """Whether a trial is not among the best third at a stage of 1, 3, 9, …

    Parameters
    ----------
    rivals : Rivals
    curve : Curve
        Of the trial; not empty.
    """
    rung = 1
    while rung <= max(curve):
        own = _until(curve, rung)
        others = [
            seen[-1]
            for other in [*rivals.complete, *rivals.others]
            if max(other) >= rung and (seen := _until(other, rung))
        ]
        if own and len(others) + 1 >= FACTOR:
            n_better = sum(score > own[-1] for score in others)
            if n_better >= (len(others) + 1) // FACTOR:
                return True
        rung *= FACTOR
    return False


def paired_stops(rivals: Rivals, curve: Curve) -> bool:
    """Whether a trial is unlikely to end above the best complete trial.

    Parameters
    ----------
    rivals : Rivals
        Those that were ended early are not used.
    curve : Curve
        Of the trial; not empty.
    """
    stage, complete, final = max(curve), rivals.complete, rivals.finals
    if len(complete) < MIN_COMPLETE or any(not _until(other, stage) for other in complete):
        return False
    then = np.array([_until(other, stage)[-1] for other in complete])
    best = int(np.argmax(final))
    # What the rest of the growth has changed in the differences to the best.
    changes = np.delete((final - final[best]) - (then - then[best]), best)
    n = len(changes)
    scale = np.std(changes, ddof=1) * np.sqrt(1.0 + 1.0 / n)
    difference = curve[stage] - then[best] + changes.mean()
    if scale == 0.0:
        return bool(difference < 0.0)
    return bool(stdtr(n - 1, difference / scale) < ALPHA)


RULES: dict[str, Callable[[Rivals, Curve], bool]] = {
    "median": median_stops,
    "halving": halving_stops,
    "paired": paired_stops,
}


def _until(curve: Curve, stage: int) -> list[float]:
    """Return the scores of a curve up to a stage, in the order of the stages."""
    return [curve[known] for known in sorted(curve) if known <= stage]
