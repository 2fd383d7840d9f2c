"""Pruning by name: what decides by the curve of a trial whether it has lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from skbayes.pruning.curves import RULES, rivals_of
from skbayes.pruning.forecast import Forecast
from skbayes.trial import Curve, Trial

FORECAST = "gp"
"""Name of the rule that is not one of curves alone."""

NAMES = (FORECAST, *RULES)

Pruner = Callable[[Curve], bool]
"""Is given the finite scores of a trial by stage; true if it has lost. Can be sent to a process."""


def make_pruner(
    name: str, trial: Trial, split: int, shown: Sequence[Trial], forecast: Forecast | None
) -> Pruner | None:
    """Return what decides whether a trial has lost.

    Parameters
    ----------
    name : str
        Of the rule.
    trial : Trial
    split : int
        On which it is trained.
    shown : sequence of Trial
        Those that its proposal was shown.
    forecast : Forecast or None
        Made from them.

    Returns
    -------
    pruner : callable or None
        None if there is nothing to compare with.
    """
    if name == FORECAST:
        return None if forecast is None else partial(forecast.ends, trial, split)
    rivals = rivals_of(shown, split)
    return partial(RULES[name], rivals) if rivals.complete or rivals.others else None
