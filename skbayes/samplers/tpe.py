"""Tree-structured Parzen estimators: propose what resembles good trials and not bad ones.

l      density of the good trials' rows       g   density of all others' rows
γ      number of good trials                  n   number of trials handed out

The best scores so far are the good ones; all others, failed and pending trials among them, are the
bad ones. Rows are drawn from l, and the one with the largest l / g is proposed, because expected
improvement grows with that ratio. All sub-spaces are one density, so the choice of a sub-space is
learned like any other category. A proposal is a handful of array operations, and its cost is
linear in the number of trials.

Follows Bergstra, Bardenet, Bengio & Kégl, "Algorithms for Hyper-Parameter Optimization", NeurIPS
2011, section 4; the parts are named as in Watanabe, "Tree-Structured Parzen Estimator:
Understanding Its Algorithm Components and Their Roles for Better Empirical Performance", 2023.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skbayes.models.parzen import ParzenEstimator
from skbayes.samplers.base import History, NoProposal, Proposal, Sampler
from skbayes.samplers.cost import CostRule
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.space.base import SearchSpace
from skbayes.space.dimensions import ELSEWHERE
from skbayes.trial import FloatArray

N_INITIAL_POINTS = 10
"""Trials of the start-up design.

Chosen in doc/benchmarks.md: "start-up design of 6 instead of 10".
"""

N_CANDIDATES = 24
"""Rows drawn from l.

Chosen in doc/benchmarks.md: "64 or 128 rows drawn instead of 24".
"""

MAX_GOOD = 25
"""Largest γ; with fewer trials, γ is √n.

Chosen in doc/benchmarks.md: "γ of 0.15 n; 0.25 n; 0.75 √n; 1.5 √n".
"""

PRIOR_WEIGHT = 1.0
"""Weight of the prior in a density; the other components have a weight of 1 on average.

Chosen in doc/benchmarks.md: "prior weight 0.3 or 3".
"""

BANDWIDTH = 0.14
"""Bandwidth of a density of one row.

Chosen in doc/benchmarks.md: "bandwidth 0.1; 0.07; 0.3".
"""

BANDWIDTH_RANGE = (0.02, 0.5)
"""Limits of a bandwidth: above the lower one l explores, below the upper one g is informative."""


class TPESampler(Sampler):
    """Proposes where good trials are dense and bad ones are not.

    Parameters
    ----------
    space : SearchSpace
    start : QuasiRandomSampler
        The start-up design.
    n_initial_points : int, default=10
        Number of trials before the densities are used, including given points.
    cost : CostRule or None, default=None
        If it is given, the improvement per unit of cost counts.
    """

    def __init__(
        self,
        space: SearchSpace,
        start: QuasiRandomSampler,
        n_initial_points: int = N_INITIAL_POINTS,
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

        order = np.argsort(
            -history.estimates[0], kind="stable"
        )  # NaN, failed and pending, comes last
        order = order[history.is_comparable[order]]
        n_good = min(int(np.ceil(np.sqrt(len(order)))), MAX_GOOD, history.n_scored)
        given = history.rows[order]
        rows = np.where(history.is_outside[order, np.newaxis], self.space.snap(given), given)
        is_active = self.space.active(rows) & (given < ELSEWHERE)
        likely = self._density(rows[:n_good], is_active[:n_good], rank_weights(n_good))
        unlikely = self._density(rows[n_good:], is_active[n_good:], np.ones(len(rows) - n_good))

        seen = self.space.snap(rows[~history.is_outside[order]])
        drawn = self.space.snap(likely.sample(N_CANDIDATES, rng))
        is_used = self.space.active(drawn)
        gain = likely.log_density(drawn, is_used) - unlikely.log_density(drawn, is_used)
        log_cost = None if self._cost is None else self._cost.log_cost(self.space, history)
        if log_cost is not None:
            gain = log_improvement(gain, n_good / len(order)) - log_cost(drawn)
        for index in np.argsort(-gain, kind="stable"):
            if not (seen == drawn[index]).all(axis=1).any():
                return self._proposal(drawn[index])
        return self._start.propose(history, rng)

    def _density(
        self, Z: FloatArray, is_active: NDArray[np.bool_], weights: FloatArray
    ) -> ParzenEstimator:
        weights = np.append(PRIOR_WEIGHT, weights)
        return ParzenEstimator(
            self.space.columns, Z, is_active, weights, bandwidths(self.space, len(Z))
        )


def log_improvement(gain: FloatArray, share: float) -> FloatArray:
    """Return the logarithm of the expected improvement, up to a constant.

    As in Bergstra et al. 2011, eq. 1 of section 4.1. It ranks as the gain does, but unlike the gain
    it can be weighed against a cost.

    Parameters
    ----------
    gain : ndarray of shape (n,)
        log l − log g, of the densities of good and bad trials.
    share : float
        Of the good ones among the trials.
    """
    share = min(share, 1.0 - 1e-12)
    return -np.logaddexp(np.log(share), np.log1p(-share) - gain)


def rank_weights(n: int) -> FloatArray:
    """Return weights of rows in the order of their scores, which fall logarithmically.

    Their mean is one. As recombination weights in Hansen, "The CMA Evolution Strategy: A
    Tutorial", 2016, eq. 49.

    Parameters
    ----------
    n : int

    Returns
    -------
    weights : ndarray of shape (n,)
        Decreasing.
    """
    weights = np.log(n + 0.5) - np.log(np.arange(1, n + 1))
    return np.asarray(weights / weights.mean(), dtype=float)


def bandwidths(space: SearchSpace, n: int) -> FloatArray:
    """Return the bandwidths of a density.

    Those of numeric columns shrink with n by Scott's rule for d dimensions. In a categorical column
    the weight of the prior grows with the number of values, because more are still untried.

    Parameters
    ----------
    space : SearchSpace
    n : int
        Number of rows of the density.

    Returns
    -------
    bandwidths : ndarray of shape (d,)
        As `ParzenEstimator` takes them.
    """
    h = BANDWIDTH * max(n, 1) ** (-1.0 / (space.n_columns + 4))
    n_values = np.array([1 if c.edges is None else len(c.edges) - 1 for c in space.columns])
    share = n_values / (n_values + n + 1.0)
    return np.where(space.is_categorical, share, np.clip(h, *BANDWIDTH_RANGE))
