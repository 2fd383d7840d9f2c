"""Pruning by curves alone: a trial is ended at a stage that shows that it will not be the best.

s      stage: a number of rounds, epochs or steps
v      scores of the trial at the stages it has reached; greater is better
f      final scores of the complete trials

A rule is a pure function of the curve of a trial and of the curves of the finished trials that its
proposal was shown, so the decision is the same for any number of workers. A curve maps stages to
scores. Of another trial, the score at a stage is the latest one that it has up to there.

==========  ================================================================================
median      its best score is below the median of the running means of the complete trials:
            median stopping, Golovin, Solnik, Moitra, Kochanski, Karro & Sculley, "Google
            Vizier: A Service for Black-Box Optimization", KDD 2017
halving     at stages 1, 3, 9, … it is not among the best third of those who came so far:
            asynchronous successive halving that only stops, Li, Jamieson, Rostamizadeh,
            Gonina, Ben-tzur, Hardt, Recht & Talwalkar, "A System for Massively Parallel
            Hyperparameter Tuning", MLSys 2020
paired      the probability that its final score is above that of the best complete trial is
            below 0.05, by what the rest of the growth has changed in such differences
==========  ================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.special import stdtr

from skbayes.pruning.racing import MIN_COMPLETE
from skbayes.trial import FloatArray, Trial

Curve = Mapping[int, float]

FACTOR = 3
"""Ratio of the stages at which halving decides, and of how many come there to how many go on."""

ALPHA = 0.05
"""Probability of being the best below which a trial is ended, as in racing."""


def median_stops(curve: Curve, complete: Sequence[Curve], others: Sequence[Curve]) -> bool:
    """Whether a trial is below the median of the complete trials.

    Parameters
    ----------
    curve : mapping of int to float
        Of the trial; not empty.
    complete : sequence of mapping
        Of the complete trials.
    others : sequence of mapping
        Of the finished trials that were ended early; not used.
    """
    stage = max(curve)
    means = [np.mean(seen) for other in complete if (seen := _until(other, stage))]
    return len(means) >= MIN_COMPLETE and max(curve.values()) < np.median(means)


def halving_stops(curve: Curve, complete: Sequence[Curve], others: Sequence[Curve]) -> bool:
    """Whether a trial is not among the best third at a stage of 1, 3, 9, …

    Parameters
    ----------
    curve, complete, others
        As for `median_stops`.
    """
    rung = 1
    while rung <= max(curve):
        own = _until(curve, rung)
        rivals = [
            seen[-1]
            for other in [*complete, *others]
            if max(other) >= rung and (seen := _until(other, rung))
        ]
        if own and len(rivals) + 1 >= FACTOR:
            n_better = sum(score > own[-1] for score in rivals)
            if n_better >= (len(rivals) + 1) // FACTOR:
                return True
        rung *= FACTOR
    return False


def paired_stops(curve: Curve, complete: Sequence[Curve], others: Sequence[Curve]) -> bool:
    """Whether a trial is unlikely to end above the best complete trial.

    Parameters
    ----------
    curve, complete, others
        As for `median_stops`.
    """
    stage = max(curve)
    if len(complete) < MIN_COMPLETE or any(not _until(other, stage) for other in complete):
        return False
    final, then = finals(complete), np.array([_until(other, stage)[-1] for other in complete])
    best = int(np.argmax(final))
    # What the rest of the growth has changed in the differences to the best.
    changes = np.delete((final - final[best]) - (then - then[best]), best)
    n = len(changes)
    scale = np.std(changes, ddof=1) * np.sqrt(1.0 + 1.0 / n)
    difference = curve[stage] - then[best] + changes.mean()
    if scale == 0.0:
        return bool(difference < 0.0)
    return bool(stdtr(n - 1, difference / scale) < ALPHA)


RULES: dict[str, Callable[[Curve, Sequence[Curve], Sequence[Curve]], bool]] = {
    "median": median_stops,
    "halving": halving_stops,
    "paired": paired_stops,
}


def curves_of(trials: Sequence[Trial], is_complete: bool) -> list[Curve]:
    """Return the curves of trials that have a score.

    Parameters
    ----------
    trials : sequence of Trial
    is_complete : bool
        Whether those that were trained to the end are wanted, or the others.
    """
    scored = [t for t in trials if t.is_complete == is_complete and np.isfinite(t.score)]
    outcomes = [trial.outcome for trial in scored if trial.outcome is not None]
    return [outcome.curve for outcome in outcomes if outcome.curve]


def finals(curves: Sequence[Curve]) -> FloatArray:
    """Return the last scores of curves.

    Parameters
    ----------
    curves : sequence of mapping
    """
    return np.array([curve[max(curve)] for curve in curves], dtype=float)


def _until(curve: Curve, stage: int) -> list[float]:
    """Return the scores of a curve up to a stage, in the order of the stages."""
    return [curve[known] for known in sorted(curve) if known <= stage]
