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
from skbayes.pruning.curves import ALPHA, Curve
from skbayes.space.base import SearchSpace
from skbayes.space.fidelity import FidelitySpace
from skbayes.trial import FloatArray, Trial

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
    full : FidelitySpace
        The searched space with a column for the stage.
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
    """

    full: FidelitySpace
    Z: FloatArray
    scores: FloatArray
    best: float
    theta: FloatArray
    share: float

    def ends(self, trial: Trial, curve: Curve) -> bool:
        """Whether a trial is unlikely to end above the best complete trial.

        Parameters
        ----------
        trial, curve
            As for `probability_better`.
        """
        if self.share < MIN_SHARE or max(curve) >= self.full.most:
            return False
        return self.probability_better(trial, curve) < ALPHA

    def probability_better(self, trial: Trial, curve: Curve) -> float:
        """Return the probability that a trial ends above the best complete trial.

        Parameters
        ----------
        trial : Trial
        curve : mapping of int to float
            Its finite scores by stage; not empty.
        """
        stages = used_stages(curve, self.full)
        Z = np.vstack([self.Z, *(_row(self.full, trial, stage) for stage in stages)])
        scores = np.array([*self.scores, *(curve[stage] for stage in stages), self.best])
        y, _ = surrogate_scores(scores)
        process = GaussianProcess(Z, y[:-1], self.theta, _is_categorical(self.full))
        mean, std = process.predict(_row(self.full, trial, self.full.most)[np.newaxis])
        return float(ndtr((mean[0] - y[-1]) / std[0]))

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
        process = GaussianProcess(self.Z, y, self.theta, _is_categorical(self.full))
        ends = np.array([_row(self.full, trial, self.full.most) for trial in trials])
        mean, std = process.predict(ends)
        low, middle, high = (
            on_the_scores_scale(mean + step, self.scores) for step in (-STEP, 0.0, STEP)
        )
        return middle, (std * (high - low) / (2.0 * STEP)) ** 2


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
    stages = {stage for trial in complete for stage in _curve(trial)}
    if len(complete) < MIN_COMPLETE or len(stages) < 2:
        return None
    full = FidelitySpace(space, min(stages), max(stages))
    rows, found = [], []
    for trial in scored:
        curve = _curve(trial)
        known = {stage: score for stage, score in curve.items() if stage < full.most}
        if trial.is_complete or max(curve, default=0) >= full.most:
            known[int(full.most)] = trial.score
        for stage in used_stages(known, full):
            rows.append(_row(full, trial, stage))
            found.append(known[stage])
    Z, scores, is_categorical = np.array(rows), np.array(found), _is_categorical(full)
    prior = HyperPrior.for_dimension(Z.shape[1]).mean
    active = active_set(Z, scores, np.exp(-2.0 * prior[:-2]), is_categorical)
    Z, scores = Z[active], scores[active]
    alike = prior.copy()
    alike[-3] = WEAK
    y, _ = surrogate_scores(scores)
    theta = fit_hyperparameters(Z, y, np.zeros(len(y)), is_categorical, [prior, alike])
    best, share = max(trial.score for trial in complete), len(complete) / len(scored)
    return Forecast(full, Z, scores, best, theta, share)


def used_stages(curve: Curve, full: FidelitySpace) -> list[int]:
    """Return the stages of a curve that a forecast uses, increasing.

    Parameters
    ----------
    curve : mapping of int to float
    full : FidelitySpace
    """
    latest = max(curve, default=0)
    wanted = [latest, SLOPE * latest]
    stage = float(full.most)
    while stage >= full.least:
        wanted.append(stage)
        stage /= 2.0
    known = [[stage for stage in curve if stage <= most] for most in wanted]
    return sorted({max(stages) for stages in known if stages})


def _curve(trial: Trial) -> Curve:
    return {} if trial.outcome is None else trial.outcome.curve


def _row(full: FidelitySpace, trial: Trial, stage: float) -> FloatArray:
    """Return the row of a trial at a stage; it has columns for the stage and for the trial."""
    return np.append(full.with_fidelity(trial.row, stage), float(trial.number))


def _is_categorical(full: FidelitySpace) -> NDArray[np.bool_]:
    return np.append(full.is_categorical, True)
