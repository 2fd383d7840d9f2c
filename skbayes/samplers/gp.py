"""Bayesian optimisation: a Gaussian process learns the scores, log expected improvement chooses.

A proposal in five lines: transform the scores, estimate the hyper-parameters, condition on what
is finished and believe what is pending, take the best posterior mean as incumbent, maximise the
acquisition. See `models/` and `acquisition/` for each of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skbayes.acquisition.improvement import (
    log_expected_improvement,
    log_expected_improvement_gradient,
)
from skbayes.acquisition.maximize import maximize
from skbayes.models.gaussian_process import (
    GaussianProcess,
    HyperPrior,
    fit_hyperparameters,
)
from skbayes.models.output_transform import surrogate_scores
from skbayes.samplers.base import NoProposal, Proposal, Sampler, is_used_up, seen_keys
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.space import Space
from skbayes.trial import FloatArray, Trial

N_BEST = 5
"""Best trials whose neighbourhoods the acquisition is searched in."""

PLATEAU_RADIUS = 0.2
"""Length-scales around a trial within which a score with plateaus is taken as known."""

KNOWN = -1e3
"""Added to the log acquisition where the score is taken as known."""


def default_n_initial_points(space: Space) -> int:
    """Return how long the start-up design of a space is: two more than its columns, 4 to 10."""
    return min(max(space.n_columns + 2, 4), 10)


class GPSampler(Sampler):
    """Proposes where a Gaussian process promises most.

    Parameters
    ----------
    space : Space
    start : QuasiRandomSampler
        The start-up design.
    n_initial_points : int
        Trials before the surrogate takes over; given points count.
    """

    def __init__(self, space: Space, start: QuasiRandomSampler, n_initial_points: int) -> None:
        super().__init__(space)
        self._start = start
        self._n_initial_points = n_initial_points

    def propose(self, trials: Sequence[Trial], rng: np.random.Generator) -> Proposal | NoProposal:
        finished = [trial for trial in trials if trial.outcome is not None]
        n_scored = sum(np.isfinite(trial.score) for trial in finished)
        if len(trials) < self._n_initial_points or n_scored < 2:
            return self._start.propose(trials, rng)
        seen = seen_keys(trials)
        if is_used_up(self.space, seen):
            return NoProposal.EXHAUSTED

        Z = np.array([trial.row for trial in finished])
        scores = np.array([trial.score for trial in finished])
        y, doubt = surrogate_scores(scores)
        theta = self._hyperparameters(trials, Z, y, doubt)
        pending = np.array([trial.row for trial in trials if trial.outcome is None])
        surrogate = GaussianProcess(Z, y, theta, self.space.is_categorical, doubt)
        incumbent = float(surrogate.predict(Z[np.isfinite(scores)])[0].max())
        surrogate = surrogate.believe(pending)

        radius = PLATEAU_RADIUS if has_plateaus(scores) else 0.0

        def acquisition(rows: FloatArray) -> FloatArray:
            values = log_expected_improvement(*surrogate.predict(rows), incumbent)
            if radius:
                values[surrogate.distance_to_data(rows) < radius] += KNOWN
            return values

        def gradient(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
            mean, std, mean_gradient, std_gradient = surrogate.predict_with_gradient(rows)
            values, by_mean, by_std = log_expected_improvement_gradient(mean, std, incumbent)
            return values, by_mean[:, None] * mean_gradient + by_std[:, None] * std_gradient

        best = Z[np.argsort(-y, kind="stable")[:N_BEST]]
        row = maximize(acquisition, gradient, self.space, best, seen, rng)
        if row is None:
            return self._start.propose(trials, rng)
        return self._proposal(row, {"theta": theta.tolist()})

    def _hyperparameters(
        self, trials: Sequence[Trial], Z: FloatArray, y: FloatArray, doubt: FloatArray
    ) -> FloatArray:
        """Estimate θ, beginning from the estimate stored with the last trial that has one."""
        starts = [HyperPrior.for_dimension(self.space.n_columns).mean]
        stored = (trial.memory["theta"] for trial in reversed(trials) if "theta" in trial.memory)
        starts.extend(np.array(theta) for theta in list(stored)[:1])
        return fit_hyperparameters(Z, y, doubt, self.space.is_categorical, starts)


def has_plateaus(scores: FloatArray) -> bool:
    """Whether different candidates among the better half have exactly the same score.

    Accuracy counts samples: it moves in steps, and the surrogate's hope of a gain right beside the
    best trial is vain. A score without ties is refined as far as it goes.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        NaN for failed trials.
    """
    finite = scores[np.isfinite(scores)]
    better = finite[finite >= np.median(finite)]
    return len(np.unique(better)) < len(better)
