"""Bayesian optimisation: a Gaussian process learns the scores, log expected improvement chooses.

A proposal in five lines: transform the scores, estimate the hyper-parameters, condition on what
is finished and believe what is pending, take the best posterior mean as incumbent, maximise the
acquisition: log expected improvement, less where noise leaves nothing to learn, where plateaus
promise nothing, towards the ends of ranges while little is known, and outside a sub-space that is
owed a trial. See `models/` and `acquisition/` for each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skbayes.acquisition.improvement import (
    log_augmented_improvement,
    log_augmented_improvement_gradient,
)
from skbayes.acquisition.maximize import maximize, row_key
from skbayes.acquisition.prior_weight import log_prior_weight
from skbayes.models.active_set import MAX_ACTIVE, active_set
from skbayes.models.gaussian_process import (
    GaussianProcess,
    HyperPrior,
    fit_hyperparameters,
    is_theta,
)
from skbayes.models.output_transform import surrogate_scores
from skbayes.samplers.base import NoProposal, Proposal, Sampler, is_used_up, seen_keys
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.space import Space
from skbayes.space.dimensions import Kind
from skbayes.trial import FloatArray, Trial

DECIMALS = 10
"""Of a proposal. The last bits of linear algebra depend on where in memory its arrays lie."""

N_BEST = 5
"""Best trials whose neighbourhoods the acquisition is searched in."""

PLATEAU_RADIUS = 0.2
"""Length-scales around a trial within which a score with plateaus is taken as known."""

NOISE_STARTS = (-2.3, -4.6)
"""Log variances of the noise that an estimate may begin from."""

NO_NOISE = 1e-12
"""Variance of the noise of a score that repeats."""

KNOWN = -1e3
"""Added to the log acquisition where the score is taken as known."""

ELSEWHERE = -1e6
"""Added to it outside the sub-space whose turn it is."""

FAIR_SHARE = 1.0
"""A sub-space is not given up before it has had this share of √n trials, or of n / their number."""


def default_n_initial_points(space: Space) -> int:
    """Return how long the start-up design of a space is: two more than its columns, 4 to 10."""
    return min(max(space.n_columns + 2, 4), 10)


@dataclass(frozen=True, eq=False)
class Acquisition:
    """What a candidate promises, a logarithm.

    Parameters
    ----------
    surrogate : GaussianProcess
    incumbent : float
    noise : float
        Variance of the noise that the scores insist on.
    radius : float
        Length-scales around a trial within which the score is taken as known.
    owed : float or None
        Cell of the sub-space whose turn it is.
    is_continuous : ndarray of shape (d,)
    n_finished : int
    """

    surrogate: GaussianProcess
    incumbent: float
    noise: float
    radius: float
    owed: float | None
    is_continuous: NDArray[np.bool_]
    n_finished: int

    def __call__(self, rows: FloatArray) -> FloatArray:
        """Return the values at rows of shape (m, d)."""
        mean, std = self.surrogate.predict(rows)
        values = log_augmented_improvement(mean, std, self.incumbent, self.noise)
        values += log_prior_weight(rows, self.is_continuous, self.n_finished)[0]
        if self.radius:
            values[self.surrogate.distance_to_data(rows) < self.radius] += KNOWN
        if self.owed is not None:
            values[rows[:, 0] != self.owed] += ELSEWHERE
        return values

    def with_gradient(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the values, without the terms that have no slope, and gradients (m, d)."""
        mean, std, gradient = self.surrogate.predict_with_gradient(rows)
        values, by_mean, by_std = log_augmented_improvement_gradient(
            mean, std, self.incumbent, self.noise
        )
        weights, weight_gradients = log_prior_weight(rows, self.is_continuous, self.n_finished)
        return values + weights, gradient(by_mean, by_std) + weight_gradients


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
        seen = seen_keys(self.space, trials)
        if is_used_up(self.space, seen):
            return NoProposal.EXHAUSTED

        handed_out = np.array([trial.row for trial in trials])
        is_finished = np.array([trial.outcome is not None for trial in trials])
        Z = handed_out[is_finished]
        scores = np.array([trial.score for trial in finished])
        y, doubt = surrogate_scores(scores)
        stored = self._stored_hyperparameters(trials)
        w = np.exp(-2.0 * stored[-1][: self.space.n_columns])
        active = active_set(Z, y, w, self.space.is_categorical)
        Z, scores, y, doubt = Z[active], scores[active], y[active], doubt[active]
        theta = fit_hyperparameters(Z, y, doubt, self.space.is_categorical, stored)
        surrogate = GaussianProcess(Z, y, theta, self.space.is_categorical, doubt)
        incumbent = float(surrogate.mean(self.space.snap(Z[np.isfinite(scores)])).max())
        surrogate = surrogate.believe(unknown_candidates(self.space, handed_out, is_finished))

        is_continuous = np.array([column.kind is Kind.CONTINUOUS for column in self.space.columns])
        acquisition = Acquisition(
            surrogate,
            incumbent,
            insisted_noise(surrogate),
            PLATEAU_RADIUS if has_plateaus(scores) else 0.0,
            neglected_subspace(self.space, handed_out),
            is_continuous,
            len(finished),
        )
        best = Z[np.argsort(-y, kind="stable")[:N_BEST]]
        row = maximize(acquisition, acquisition.with_gradient, self.space, best, seen, rng)
        if row is None:
            return self._start.propose(trials, rng)
        row[is_continuous] = row[is_continuous].round(DECIMALS)
        return self._proposal(row, {"theta": theta.round(DECIMALS).tolist()})

    def check_memory(self, memory: Mapping[str, Any]) -> None:
        super().check_memory({name: memory[name] for name in memory if name != "theta"})
        if "theta" in memory and not is_theta(memory["theta"], self.space.n_columns):
            raise ValueError("'theta' is not a list of the surrogate's hyper-parameters")

    def _stored_hyperparameters(self, trials: Sequence[Trial]) -> list[FloatArray]:
        """Return where the estimate may begin: the prior mean, the last trial's, noisier ones.

        Where the noise is taken for next to nothing the likelihood hardly depends on it, and no
        gradient leads out.
        """
        starts = [HyperPrior.for_dimension(self.space.n_columns).mean]
        stored = (trial.memory["theta"] for trial in reversed(trials) if "theta" in trial.memory)
        starts.extend(np.array(theta) for theta in islice(stored, 1))
        noisier = [np.append(starts[-1][:-1], log_noise) for log_noise in NOISE_STARTS]
        return [*noisier, *starts]


def unknown_candidates(
    space: Space, rows: FloatArray, is_finished: NDArray[np.bool_]
) -> FloatArray:
    """Return the candidates that were handed out and whose score is not known.

    Those are the pending ones, and in a space with a resource those that had less than all of it:
    another one beside them is worth no more than beside a pending one.

    Parameters
    ----------
    space : Space
    rows : ndarray of shape (n, d)
        Of all trials handed out.
    is_finished : ndarray of shape (n,)

    Returns
    -------
    unknown : ndarray of shape (m, d)
        Snapped; the most recent ones, if there are many.
    """
    known = {row_key(row) for row in rows[is_finished]}
    candidates = {row_key(row): row for row in space.snap(rows)}
    unknown = [row for key, row in candidates.items() if key not in known]
    return np.array(unknown[-MAX_ACTIVE:]).reshape(-1, rows.shape[1])


def insisted_noise(surrogate: GaussianProcess) -> float:
    """Return the variance of the noise beyond what is assumed where the scores do not tell."""
    assumed = np.exp(HyperPrior.for_dimension(surrogate.Z.shape[1]).mean[-1] + 1.0)
    return float(max(surrogate.noise - assumed, NO_NOISE))


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


def neglected_subspace(space: Space, rows: FloatArray) -> float | None:
    """Return the cell of the sub-space that is due a trial, or None.

    Two bad scores of a large sub-space say little of its best, but enough for the surrogate to
    stay in another one. So each gets its share of the trials, at the places that promise most.

    Parameters
    ----------
    space : Space
    rows : ndarray of shape (n, d)
        Of all trials handed out.
    """
    cells = space.subspace_cells
    if not len(cells):
        return None
    counts = (rows[:, :1] == cells).sum(axis=0)
    fewest = int(np.argmin(counts))
    share = FAIR_SHARE * min(np.sqrt(len(rows)), len(rows) / len(cells))
    return float(cells[fewest]) if counts[fewest] < share else None
