"""Forecast: where the curve of a trial will end, by a Gaussian process over candidates and stages.

S      the last stage of the complete trials
x      row of a candidate
s      stage, 1 ≤ s ≤ S
i      number of the trial

The score is a Matérn process over (x, log s, i): the surrogate of the search with two more columns.
One is the stage, so a small learning rate, which starts slowly, is expected to gain what other
small learning rates have gained. The other, a category, is the trial: how alike two trials with
nearly the same parameters are is learned, and the rest belongs to the curve of each. The process is
fitted to the curves of the finished trials that a proposal was shown; then the curve of the trial
itself is added. The trial is ended if the probability that it ends above the best complete trial is
below α. Where less than a third of the trials are complete, none is ended: the ends of curves
would be known too badly for such a small probability.

In a cross-validation the curves are means over the splits. The trial itself is trained on one
split; its curve is brought to the same scale, and the variance of what the other splits may change
is added, see `split_curves`.

Of a curve, the scores at S, S/2, S/4, … are used, the latest one, and one before it that tells the
slope. More of them would only make the process slow.

To forecast learning curves by a Gaussian process follows Swersky, Snoek & Adams, "Freeze-Thaw
Bayesian Optimization", 2014; that the stage is a column of the surrogate, with a stationary kernel,
follows Klein, Falkner, Bartels, Hennig & Hutter, "Fast Bayesian Optimization of Machine Learning
Hyperparameters on Large Datasets", AISTATS 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from skbayes.models.active_set import active_set
from skbayes.models.gaussian_process import GaussianProcess, HyperPrior, fit_hyperparameters
from skbayes.models.output_transform import on_the_scores_scale, surrogate_scores
from skbayes.pruning.curves import ALPHA
from skbayes.pruning.split_curves import Shifts, shifts_of
from skbayes.space.base import SearchSpace
from skbayes.space.fidelity import log_position
from skbayes.trial import Curve, FloatArray, Trial

MIN_COMPLETE = 3
"""Complete trials that a forecast needs."""

MIN_SHARE = 1 / 3
"""Share of complete trials from which on a trial may be ended.

Chosen in doc/benchmarks.md: "and no trial is ended if less than a fifth are complete".
"""

SLOPE = 0.7
"""Where the score that tells the slope lies, as a share of the latest stage."""

WEAK = 3.0
"""Log length-scale of the trials from which a fit may start: they hardly differ."""

STEP = 1e-4
"""Step of the numeric derivative that brings a standard deviation to the scale of the scores."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """What the curves of finished trials say about the end of another one.

    Parameters
    ----------
    stages : tuple of int
        The first stage of the complete trials and the last one, S.
    is_categorical : ndarray of shape (d + 2,)
        By column.
    Z : ndarray of shape (n, d + 2)
        Rows of the known scores.
    scores : ndarray of shape (n,)
        Greater is better.
    best : float
        Score of the best complete trial.
    theta : ndarray of shape (d + 4,)
        Hyper-parameters of the process, see `models.gaussian_process`.
    share : float
        Share of the trials that are complete.
    shifts : Shifts
        By how much curves of single splits are above the means.
    """

    stages: tuple[int, int]
    is_categorical: NDArray[np.bool_]
    Z: FloatArray
    scores: FloatArray
    best: float
    theta: FloatArray
    share: float
    shifts: Shifts

    def ends(self, trial: Trial, split: int, curve: Curve) -> bool:
        """Whether a trial is unlikely to end above the best complete trial.

        Parameters
        ----------
        trial, split, curve
            As for `probability_better`.
        """
        if self.share < MIN_SHARE or max(curve) >= self.stages[1]:
            return False
        return self.probability_better(trial, split, curve) < ALPHA

    def probability_better(self, trial: Trial, split: int, curve: Curve) -> float:
        """Return the probability that a trial ends above the best complete trial.

        Parameters
        ----------
        trial : Trial
        split : int
            That it is trained on; 0 in a loop without splits.
        curve : Curve
            Its finite scores by stage; not empty.
        """
        curve = self.shifts.mean_curve({split: curve})
        used = used_stages(curve, *self.stages)
        Z = np.vstack([self.Z, *(_row(trial, stage, self.stages) for stage in used)])
        scores = np.array([*self.scores, *(curve[stage] for stage in used), self.best])
        variances = np.zeros(len(scores))
        variances[-1] = self.shifts.variance
        y, noise = surrogate_scores(scores, variances)
        process = GaussianProcess(Z, y[:-1], self.theta, self.is_categorical)
        mean, std = process.predict(_row(trial, self.stages[1], self.stages)[np.newaxis])
        return float(ndtr((mean[0] - y[-1]) / np.hypot(std[0], np.sqrt(noise[-1]))))

    def final_estimates(self, trials: Sequence[Trial]) -> tuple[FloatArray, FloatArray]:
        """Return the scores of finished trials as if they had gone on to the last stage.

        Parameters
        ----------
        trials : sequence of Trial
            Of those that the forecast was made from.

        Returns
        -------
        mean, variance : ndarray of shape (n_trials,)
        """
        y, _ = surrogate_scores(self.scores)
        process = GaussianProcess(self.Z, y, self.theta, self.is_categorical)
        ends = np.array([_row(trial, self.stages[1], self.stages) for trial in trials])
        mean, std = process.predict(ends)
        low, middle, high = (
            on_the_scores_scale(mean + step, self.scores) for step in (-STEP, 0.0, STEP)
        )
        return middle, (std * (high - low) / (2.0 * STEP)) ** 2 + self.shifts.variance


def make_forecast(space: SearchSpace, trials: Sequence[Trial]) -> Forecast | None:
    """Return what finished trials say about the ends of curves.

    Parameters
    ----------
    space : SearchSpace
    trials : sequence of Trial

    Returns
    -------
    forecast : Forecast or None
        None if fewer than `MIN_COMPLETE` of them are complete with a score, or if those have but
        one stage.
    """
    scored = [t for t in trials if t.outcome is not None and np.isfinite(t.score)]
    complete = [trial for trial in scored if trial.is_complete]
    told = [t.outcome for t in complete if t.outcome is not None and t.outcome.curves]
    reached = {stage for outcome in told for curve in outcome.curves.values() for stage in curve}
    if len(complete) < MIN_COMPLETE or len(told) < 2 or len(reached) < 2:
        return None
    shifts, stages = shifts_of(told), (min(reached), max(reached))
    rows, found = [], []
    for trial in scored:
        known = _known_scores(trial, shifts, stages[1])
        for stage in used_stages(known, *stages):
            rows.append(_row(trial, stage, stages))
            found.append(known[stage])
    Z, scores = np.array(rows), np.array(found)
    is_categorical = np.append(space.is_categorical, [False, True])
    prior = HyperPrior.for_dimension(Z.shape[1]).mean
    active = active_set(Z, scores, np.exp(-2.0 * prior[:-2]), is_categorical)
    Z, scores = Z[active], scores[active]
    alike = prior.copy()
    alike[-3] = WEAK
    y, _ = surrogate_scores(scores)
    theta = fit_hyperparameters(Z, y, np.zeros(len(y)), is_categorical, [prior, alike])
    best, share = max(trial.score for trial in complete), len(complete) / len(scored)
    return Forecast(stages, is_categorical, Z, scores, best, theta, share, shifts)


def used_stages(curve: Curve, first: int, last: int) -> list[int]:
    """Return the stages of a curve that a forecast uses, increasing.

    Parameters
    ----------
    curve : Curve
    first, last : int
        Stages of the complete trials.
    """
    latest = max(curve, default=0)
    wanted = [latest, SLOPE * latest]
    stage = float(last)
    while stage >= first:
        wanted.append(stage)
        stage /= 2.0
    known = [[stage for stage in curve if stage <= most] for most in wanted]
    return sorted({max(stages) for stages in known if stages})


def _known_scores(trial: Trial, shifts: Shifts, last: int) -> Curve:
    """Return the scores of a finished trial by stage, up to the last one if it has come so far."""
    outcome = trial.outcome
    assert outcome is not None
    curve = shifts.mean_curve(outcome.curves)
    known = {stage: score for stage, score in curve.items() if stage < last}
    if outcome.is_complete:
        known[last] = trial.score
    elif curve and (not outcome.is_pruned or max(curve) >= last):
        known[last] = curve[max(curve)]
    return known


def _row(trial: Trial, stage: float, stages: tuple[int, int]) -> FloatArray:
    """Return the row of a trial at a stage; it has columns for the stage and for the trial."""
    return np.append(trial.row, [log_position(stage, *stages), float(trial.number)])
