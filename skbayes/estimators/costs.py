"""The parameter `cost` of a search, read and checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from skbayes.samplers.cost import CostRule, checked_cost
from skbayes.space.base import SearchSpace
from skbayes.trial import Trial


def read_cost(search: Any, space: SearchSpace) -> CostRule | None:
    """Return where the costs of candidates come from; None if they do not matter.

    Parameters
    ----------
    search : estimator
    space : SearchSpace

    Raises
    ------
    ValueError
        If rounds are to be paid for and are not counted, or a function returns no cost.
    """
    cost = search.cost
    if cost is None:
        return None
    if callable(cost):
        checked_cost(cost, space.decode(np.full(space.n_columns, 0.5)))
        return CostRule(of_params=cost)
    if cost == "rounds" and search.staged is None:
        raise ValueError(
            "cost='rounds' are the rounds of a model that grows; say by staged= which parameter "
            "counts them, or give cost a function of the parameters."
        )
    return CostRule(of_trial=_rounds if cost == "rounds" else _seconds)


def _rounds(trial: Trial) -> float | None:
    """Return for how many rounds a split was fitted; None if that was cut short."""
    if trial.outcome is None or trial.outcome.is_pruned:
        return None
    return trial.outcome.rounds


def _seconds(trial: Trial) -> float | None:
    """Return what fitting and scoring took on a split."""
    if trial.outcome is None or trial.outcome.failure is not None:
        return None
    return trial.outcome.cost / len(trial.outcome.splits)
