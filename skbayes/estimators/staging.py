"""The parameters of a search that say what of the estimator grows, read and checked."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from skbayes.evaluation.growth.growing import Stages
from skbayes.space.space import dicts_of

SHARE, LEAST = 0.1, 10
"""Patience, as a share of the largest number of rounds, and the least there is."""

EXCLUDED = {"return_predictions": False, "initial_trials": None}
"""Parameters that cannot be given along with `staged`, and what they are then."""


def read_stages(search: Any, n_samples: int) -> Stages | None:
    """Return what of the estimator of a search grows; None if nothing is to.

    Parameters
    ----------
    search : estimator
        Its parameters `staged`, `pruning` and others say what the user wants.
    n_samples : int
        Largest number of samples that a model is fitted to.

    Raises
    ------
    ValueError
        If the estimator cannot grow, or another parameter does not go with it.
    """
    name, pruning = search.staged, search.pruning
    if name is None:
        if pruning is not None:
            raise ValueError(
                f"pruning={pruning!r} ends candidates while they grow; say by staged= which "
                "parameter counts their rounds, or give pruning=None."
            )
        return None
    if any(name in grid for grid in dicts_of(search.param_distributions)):
        raise ValueError(
            f"staged={name!r} is one of param_distributions too; take it out there. Each fit "
            f"tells the scores of all values up to that of the estimator."
        )
    for other, off in EXCLUDED.items():
        if getattr(search, other) is not off:
            raise ValueError(f"staged={name!r} does not go with {other}; give {other}={off}.")
    metric = search.refit if isinstance(search.refit, str) else None
    stages = Stages(name, search.staged_route, metric=metric)
    _, most = stages.checked_route(search.estimator, n_samples)
    patience = search.staged_patience
    if pruning is not None and patience is None:
        raise ValueError(
            f"pruning={pruning!r} ends fits where they pause, and with staged_patience=None they "
            "do not; give staged_patience='auto', a number of rounds, or pruning=None."
        )
    if patience == "auto":
        patience = max(math.ceil(SHARE * most), LEAST)
    return replace(stages, patience=patience)
