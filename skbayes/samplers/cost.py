"""What a candidate costs, where a proposal is to be worth its price.

c(x)   cost of a candidate in any unit; only ratios matter

A sampler that is given a `CostRule` maximises the expected improvement per unit of cost,
log EI(x) − log c(x). The cost is a function of the parameters that the user knows, or it is learned
from the finished trials, by a Gaussian process of log c over the cube.

Follows Snoek, Larochelle & Adams, "Practical Bayesian Optimization of Machine Learning Algorithms",
NeurIPS 2012, section 3.2.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skbayes.models.active_set import MAX_ACTIVE
from skbayes.models.gaussian_process import GaussianProcess, HyperPrior, fit_hyperparameters
from skbayes.samplers.base import History
from skbayes.space.base import SearchSpace
from skbayes.space.written import shown
from skbayes.trial import FloatArray, Trial

CostFunction = Callable[[Mapping[str, Any]], float]


class LogCost(ABC):
    """log c(x), up to a constant."""

    @abstractmethod
    def __call__(self, rows: FloatArray) -> FloatArray:
        """Return the values at rows of shape (m, d)."""

    @abstractmethod
    def with_gradient(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the values, and their gradients where they are known.

        Parameters
        ----------
        rows : ndarray of shape (m, d)

        Returns
        -------
        values : ndarray of shape (m,)
        gradients : ndarray of shape (m, d)
        """


@dataclass(frozen=True, eq=False)
class KnownCost(LogCost):
    """A cost that the user gives. It has no gradients, and so leaves the steps along them alone.

    Parameters
    ----------
    space : SearchSpace
    function : callable
        Maps parameters to a cost.
    """

    space: SearchSpace
    function: CostFunction

    def __call__(self, rows: FloatArray) -> FloatArray:
        costs = [checked_cost(self.function, self.space.decode(row)) for row in rows]
        return np.log(np.array(costs, dtype=float))

    def with_gradient(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        return np.zeros(len(rows)), np.zeros_like(rows)


def checked_cost(function: CostFunction, params: Mapping[str, Any]) -> float:
    """Return the cost of a candidate, after a check that it can be one.

    Parameters
    ----------
    function : callable
    params : mapping of str to object

    Raises
    ------
    ValueError
        If it is not a positive number.
    """
    cost = function(params)
    try:
        is_cost = 0.0 < float(cost) < np.inf
    except (TypeError, ValueError):
        is_cost = False
    if not is_cost:
        came = f"{shown(cost)} came for {shown(dict(params))}"
        raise ValueError(f"cost: {came}; return a positive number.")
    return float(cost)


@dataclass(frozen=True, eq=False)
class LearnedCost(LogCost):
    """A cost that was observed.

    Parameters
    ----------
    process : GaussianProcess
        Of standardised logarithms.
    scale : float
        Their standard deviation.
    """

    process: GaussianProcess
    scale: float

    def __call__(self, rows: FloatArray) -> FloatArray:
        return self.scale * self.process.mean(rows)

    def with_gradient(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        mean, _, gradient = self.process.predict_with_gradient(rows)
        return self.scale * mean, gradient(np.full(len(rows), self.scale), np.zeros(len(rows)))


@dataclass(frozen=True, eq=False)
class CostRule:
    """Where costs come from; one of the two is given.

    Parameters
    ----------
    of_params : callable or None
        Maps parameters to the cost of their candidate.
    of_trial : callable or None
        Maps a finished trial to what it has cost, or to None if that is not known.
    """

    of_params: CostFunction | None = None
    of_trial: Callable[[Trial], float | None] | None = None

    def log_cost(self, space: SearchSpace, history: History) -> LogCost | None:
        """Return what candidates cost, by what the trials so far show.

        Parameters
        ----------
        space : SearchSpace
        history : History

        Returns
        -------
        log_cost : LogCost or None
            None if nothing is known, or all cost the same.
        """
        if self.of_params is not None:
            return KnownCost(space, self.of_params)
        assert self.of_trial is not None
        costs = np.array([self.of_trial(trial) for trial in history.trials], dtype=float)
        is_known = (costs > 0.0) & np.isfinite(costs) & history.is_comparable
        known = np.flatnonzero(is_known)[-MAX_ACTIVE:]
        logs = np.log(costs[known])
        scale = float(np.std(logs)) if len(known) > 1 else 0.0
        if scale == 0.0:
            return None
        Z, y = history.rows[known], (logs - logs.mean()) / scale
        starts = [HyperPrior.for_dimension(space.n_columns).mean]
        theta = fit_hyperparameters(Z, y, np.zeros(len(y)), space.is_categorical, starts)
        return LearnedCost(GaussianProcess(Z, y, theta, space.is_categorical), scale)
