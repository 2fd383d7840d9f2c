"""Bayesian optimisation: a Gaussian-process surrogate, and log expected improvement on it.

A proposal combines these methods, each in a module of its own or in the function named:

- scores on one scale, with a compressed tail: `models/output_transform.py`, after Cowen-Rivers et
  al., "HEBO: Pushing the limits of sample-efficient hyper-parameter optimisation", JAIR 2022;
- a Gaussian process with length-scale priors that grow with the dimension:
  `models/gaussian_process.py`, after Hvarfner, Hellsten & Nardi, "Vanilla Bayesian Optimization
  Performs Great in High Dimensions", ICML 2024;
- the *Kriging believer* for pending trials: `GaussianProcess.fantasize`, Ginsbourger, Le Riche &
  Carraro, "Kriging is well-suited to parallelize optimization", 2010;
- *log expected improvement*, Ament et al., "Unexpected Improvements to Expected Improvement for
  Bayesian Optimization", NeurIPS 2023, and under noise *augmented expected improvement*, Huang,
  Allen, Notz & Zeng, "Global Optimization of Stochastic Black-Box Systems via Sequential Kriging
  Meta-Models", Journal of Global Optimization, 2006: `acquisition/improvement.py`;
- the *πBO* prior weight, which fades: `acquisition/prior_weight.py`, Hvarfner et al., "πBO:
  Augmenting Acquisition Functions with User Beliefs for Bayesian Optimization", ICLR 2022.

Two methods are not from the literature: if scores have plateaus, no candidate is proposed close to
a trial (`has_plateaus`), and every sub-space of a union gets a minimum share of the trials
(`neglected_subspace`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skbayes.acquisition.improvement import (
    log_augmented_improvement,
    log_augmented_improvement_gradient,
)
from skbayes.acquisition.maximize import maximize
from skbayes.acquisition.prior_weight import log_prior_weight
from skbayes.models.active_set import MAX_ACTIVE, active_set
from skbayes.models.gaussian_process import (
    GaussianProcess,
    HyperPrior,
    fit_hyperparameters,
    is_theta,
)
from skbayes.models.output_transform import surrogate_scores
from skbayes.samplers.base import History, NoProposal, Proposal, Sampler, fields_of
from skbayes.samplers.cost import CostRule, LogCost
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.space.base import SearchSpace, row_key
from skbayes.trial import FloatArray, Trial

DECIMALS = 10
"""Decimals of a proposal. The last bits of linear algebra depend on where in memory arrays lie."""

N_BEST = 5
"""Number of best trials whose neighbours are starts for maximising the acquisition."""

PLATEAU_RADIUS = 0.2
"""Radius around a trial, in length-scales, in which a score with plateaus is taken as known.

Chosen in doc/benchmarks.md: "plateau radius 0.1; 0.35".
"""

NOISE_STARTS = (-2.3, -4.6)
"""Log noise variances from which a fit of θ may start.

Chosen in doc/benchmarks.md: "estimates that begin from noise as well".
"""

NO_NOISE = 1e-12
"""Noise variance of scores without noise."""

PLATEAU_PENALTY = -1e3
"""Added to the log acquisition where the score is taken as known."""

SUBSPACE_PENALTY = -1e6
"""Added to the log acquisition outside the forced sub-space."""

MIN_SHARE = 1.0
"""Minimum trials of each of m sub-spaces, as a multiple of the smaller of √n and n / m.

Chosen in doc/benchmarks.md: "a fair share of √n instead of 0.7 √n".
"""


def default_n_initial_points(space: SearchSpace) -> int:
    """Return the size of the start-up design: the number of columns plus two, from 4 to 10.

    Parameters
    ----------
    space : SearchSpace

    Returns
    -------
    n_initial_points : int
    """
    return min(max(space.n_columns + 2, 4), 10)


@dataclass(frozen=True, eq=False)
class Acquisition:
    """Logarithm of the weighted expected improvement at a candidate.

    Parameters
    ----------
    surrogate : GaussianProcess
    incumbent : float
    noise : float
        Noise variance of one evaluation, see `excess_noise`.
    radius : float
        Radius around a trial, in length-scales, in which the score is taken as known.
    forced_subspace : float or None
        Position of the sub-space that the candidate must lie in; None if it may lie in any.
    is_continuous : ndarray of shape (d,)
    n_finished : int
    log_cost : LogCost or None, default=None
        What candidates cost; None if that does not matter.
    """

    surrogate: GaussianProcess
    incumbent: float
    noise: float
    radius: float
    forced_subspace: float | None
    is_continuous: NDArray[np.bool_]
    n_finished: int
    log_cost: LogCost | None = None

    def __call__(self, rows: FloatArray) -> FloatArray:
        """Return the values at rows of shape (m, d)."""
        mean, std = self.surrogate.predict(rows)
        values = log_augmented_improvement(mean, std, self.incumbent, self.noise)
        values += log_prior_weight(rows, self.is_continuous, self.n_finished)[0]
        if self.log_cost is not None:
            values -= self.log_cost(rows)
        if self.radius:
            values[self.surrogate.distance_to_data(rows) < self.radius] += PLATEAU_PENALTY
        if self.forced_subspace is not None:
            values[rows[:, 0] != self.forced_subspace] += SUBSPACE_PENALTY
        return values

    def with_gradient(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the values, without the terms that are piecewise constant, and their gradients.

        Parameters
        ----------
        rows : ndarray of shape (m, d)

        Returns
        -------
        values : ndarray of shape (m,)
        gradients : ndarray of shape (m, d)
        """
        mean, std, gradient = self.surrogate.predict_with_gradient(rows)
        values, by_mean, by_std = log_augmented_improvement_gradient(
            mean, std, self.incumbent, self.noise
        )
        weights, weight_gradients = log_prior_weight(rows, self.is_continuous, self.n_finished)
        values, gradients = values + weights, gradient(by_mean, by_std) + weight_gradients
        if self.log_cost is not None:
            costs, cost_gradients = self.log_cost.with_gradient(rows)
            values, gradients = values - costs, gradients - cost_gradients
        return values, gradients


@dataclass(frozen=True)
class GPState:
    """What `GPSampler` stores with a trial.

    Parameters
    ----------
    theta : tuple of float
        The hyper-parameters θ that were estimated for its proposal, see
        `models.gaussian_process`.
    """

    theta: tuple[float, ...]


class GPSampler(Sampler):
    """Proposes where a Gaussian process expects the largest improvement.

    Parameters
    ----------
    space : SearchSpace
    start : QuasiRandomSampler
        The start-up design.
    n_initial_points : int
        Number of trials before the surrogate is used, including given points.
    cost : CostRule or None, default=None
        If it is given, the improvement per unit of cost counts.
    """

    def __init__(
        self,
        space: SearchSpace,
        start: QuasiRandomSampler,
        n_initial_points: int,
        cost: CostRule | None = None,
    ) -> None:
        super().__init__(space)
        self._start, self._cost = start, cost
        self._n_initial_points = n_initial_points

    def propose(self, history: History, rng: np.random.Generator) -> Proposal | NoProposal:
        if history.is_start_up(self._n_initial_points):
            return self._start.propose(history, rng)
        if history.is_exhausted:
            return NoProposal.EXHAUSTED

        is_finished = history.is_finished & history.is_comparable
        Z, is_complete = history.rows[is_finished], history.is_complete[is_finished]
        scores, variances = (values[is_finished] for values in history.estimates)
        y, extra_noise = surrogate_scores(scores, variances if variances.any() else None)
        starts = self._starts_of_theta(history.trials)
        w = np.exp(-2.0 * starts[-1][: self.space.n_columns])
        active = active_set(Z, y, w, self.space.is_categorical)
        Z, y, extra_noise = Z[active], y[active], extra_noise[active]
        scores, is_complete = scores[active], is_complete[active]
        is_outside = history.is_outside[is_finished][active]
        snapped = self.space.snap(Z)
        theta = fit_hyperparameters(Z, y, extra_noise, self.space.is_categorical, starts)
        surrogate = GaussianProcess(Z, y, theta, self.space.is_categorical, extra_noise)
        evaluated = np.where(is_outside[:, np.newaxis], Z, snapped)
        n_own = self.space.n_columns - self.space.n_fidelity_columns
        evaluated[:, n_own:] = snapped[:, n_own:]  # at full fidelity
        if not is_complete.any():  # all that the model can learn from were dropped
            is_complete = np.isfinite(scores)
        incumbent = float(surrogate.mean(evaluated[is_complete]).max())
        surrogate = surrogate.fantasize(unscored_candidates(history))

        acquisition = Acquisition(
            surrogate,
            incumbent,
            excess_noise(surrogate),
            PLATEAU_RADIUS if has_plateaus(scores[is_complete]) else 0.0,
            neglected_subspace(self.space, history.rows),
            self.space.is_continuous,
            history.n_finished,
            None if self._cost is None else self._cost.log_cost(self.space, history),
        )
        best = snapped[np.argsort(-y, kind="stable")[:N_BEST]]
        row = maximize(acquisition, acquisition.with_gradient, self.space, best, history.seen, rng)
        if row is None:
            return self._start.propose(history, rng)
        row[self.space.is_continuous] = row[self.space.is_continuous].round(DECIMALS)
        return self._proposal(row, GPState(tuple(theta.round(DECIMALS).tolist())))

    def restore_state(self, state: Mapping[str, Any] | None) -> GPState | None:
        if state is None:
            return None
        [theta] = fields_of(state, "theta")
        if not is_theta(theta, self.space.n_columns):
            raise ValueError("'theta' is not a list of the surrogate's hyper-parameters")
        return GPState(tuple(theta))

    def _starts_of_theta(self, trials: Sequence[Trial]) -> list[FloatArray]:
        """Return the starts of the fit of θ: the prior mean, and the latest estimate if any.

        The last start is the latest estimate if there is one. The first two are copies of the last
        one with more noise: if the noise was estimated as almost zero, the likelihood hardly
        depends on it, and its gradient is too small for the noise to grow again.
        """
        starts = [HyperPrior.for_dimension(self.space.n_columns).mean]
        states = (trial.state for trial in reversed(trials))
        latest = next((state for state in states if state is not None), None)
        if latest is not None:
            starts.append(np.array(latest.theta))
        noisier = [np.append(starts[-1][:-1], log_noise) for log_noise in NOISE_STARTS]
        return [*noisier, *starts]


def unscored_candidates(history: History) -> FloatArray:
    """Return the candidates that were handed out and have no score at full fidelity.

    Those are the pending ones and, in a space with a resource, those evaluated at a lower fidelity
    only: like a pending candidate, they should not have another candidate close by.

    Parameters
    ----------
    history : History

    Returns
    -------
    unknown : ndarray of shape (m, d)
        Snapped; the most recent ones, if there are many.
    """
    known = {row_key(row) for row in history.rows[history.is_finished]}
    inside = history.rows[~history.is_outside]
    candidates = {row_key(row): row for row in history.space.snap(inside)}
    unknown = [row for key, row in candidates.items() if key not in known]
    return np.array(unknown[-MAX_ACTIVE:]).reshape(-1, history.space.n_columns)


def excess_noise(surrogate: GaussianProcess) -> float:
    """Return the estimated noise variance in excess of what its prior explains.

    Parameters
    ----------
    surrogate : GaussianProcess

    Returns
    -------
    variance : float
        `NO_NOISE` if the scores say nothing about the noise.
    """
    assumed = np.exp(HyperPrior.for_dimension(surrogate.Z.shape[1]).mean[-1] + 1.0)
    return float(max(surrogate.noise - assumed, NO_NOISE))


def has_plateaus(scores: FloatArray) -> bool:
    """Whether different candidates among the better half have exactly the same score.

    Accuracy counts samples, so it is a step function. The surrogate expects an improvement right
    beside the best trial, where a step function has none. For a score without ties, candidates may
    come as close to the best trial as the acquisition asks for.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        NaN for failed trials.
    """
    finite = scores[np.isfinite(scores)]
    better = finite[finite >= np.median(finite)]
    return len(np.unique(better)) < len(better)


def neglected_subspace(space: SearchSpace, rows: FloatArray) -> float | None:
    """Return the position of the sub-space that has had too few trials, or None.

    Two bad scores in a large sub-space say little about its best score, but they can be enough for
    the surrogate never to propose a candidate there again. So each sub-space gets a minimum share
    of the trials, at the largest acquisition inside it.

    Parameters
    ----------
    space : SearchSpace
    rows : ndarray of shape (n, d)
        Of all trials handed out.
    """
    positions = space.subspace_positions
    if not len(positions):
        return None
    counts = (rows[:, :1] == positions).sum(axis=0)
    fewest = int(np.argmin(counts))
    share = MIN_SHARE * min(np.sqrt(len(rows)), len(rows) / len(positions))
    return float(positions[fewest]) if counts[fewest] < share else None
