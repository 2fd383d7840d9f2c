"""The parameter `cost` of a search, read and checked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from skbayes.samplers.cost import CostRule, checked_cost
from skbayes.space.base import SearchSpace
from skbayes.trial import Outcome, Trial


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
    return CostRule(of_trial=partial(_of_whole_fits, _rounds if cost == "rounds" else _seconds))


def _of_whole_fits(cost_of: Callable[[Outcome], float | None], trial: Trial) -> float | None:
    """Return what a split of a trial cost; None if that is not known, or was cut short."""
    if trial.outcome is None or trial.outcome.is_pruned:
        return None
    return cost_of(trial.outcome)


def _rounds(outcome: Outcome) -> float | None:
    return outcome.rounds


def _seconds(outcome: Outcome) -> float | None:
    """Return what fitting and scoring took."""
    return None if outcome.failure is not None else outcome.cost / len(outcome.splits)
