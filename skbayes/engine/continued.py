"""Fits that continue: a model with more trees is the one with fewer, and some more.

Where a promoted trial differs from the one it comes from in nothing but the number of trees or
iterations, and the model can be fitted further with the identical result, its models are kept and
fitted further. Which models can is a list, and every entry is proven by a test.

What is kept is bounded: of each rung the models of as many trials as will be promoted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

from sklearn.base import clone
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from skbayes.samplers.halving import place_of, promoted
from skbayes.trial import Trial

RESOURCE_OF = {
    RandomForestClassifier: "n_estimators",
    RandomForestRegressor: "n_estimators",
    ExtraTreesClassifier: "n_estimators",
    ExtraTreesRegressor: "n_estimators",
    GradientBoostingClassifier: "n_estimators",
    GradientBoostingRegressor: "n_estimators",
    BaggingClassifier: "n_estimators",
    BaggingRegressor: "n_estimators",
    HistGradientBoostingClassifier: "max_iter",
    HistGradientBoostingRegressor: "max_iter",
}
"""The parameter that each class of models can increase; subclasses may fit in other ways."""

N_AUTO_STOPPING = 10_000
"""Samples above which ``early_stopping='auto'`` stops early."""


def can_continue(model: Any, resource: str | None, n_samples: int) -> bool:
    """Whether a model fitted further is, bit for bit, the one fitted at once.

    Parameters
    ----------
    model : estimator
    resource : str or None
        The parameter that is increased.
    n_samples : int
        Most training samples.
    """
    if resource is None or RESOURCE_OF.get(type(model)) != resource:
        return False
    params = model.get_params(deep=False)
    return (
        isinstance(params["random_state"], Integral)
        and not _stops_early(params, n_samples)
        and not params.get("oob_score")  # refused, or computed anew each time
        and not isinstance(params.get("class_weight"), str)  # warned of
    )


def _stops_early(params: Mapping[str, Any], n_samples: int) -> bool:
    if "early_stopping" not in params:
        return params.get("n_iter_no_change") is not None
    if params["early_stopping"] == "auto":
        return n_samples > N_AUTO_STOPPING
    return bool(params["early_stopping"])


@dataclass
class KeptModels:
    """Models of trials that may be promoted.

    Parameters
    ----------
    estimator : estimator
        What is searched.
    resource : str
    n_samples : int
        Most training samples.
    n_promoted : mapping of (int, int) to int
        How many trials of a rung, by bracket and step, are promoted to more resources.
    """

    estimator: Any
    resource: str
    n_samples: int
    n_promoted: Mapping[tuple[int, int], int]
    _rungs: dict[tuple[int, int], list[Trial]] = field(default_factory=dict)
    _models: dict[int, dict[int, Any]] = field(default_factory=dict)

    def is_kept(self, trial: Trial) -> bool:
        """Whether the models of a trial are worth sending back."""
        if place_of(trial) not in self.n_promoted or type(self.estimator) not in RESOURCE_OF:
            return False
        model = clone(self.estimator).set_params(**clone(dict(trial.params), safe=False))
        return can_continue(model, self.resource, self.n_samples)

    def take(self, trial: Trial, split: int) -> Any:
        """Return the model that a promoted trial continues on a split, or None."""
        parent = trial.memory.get("parent")
        return None if parent is None else self._models.get(parent, {}).pop(split, None)

    def put(self, trial: Trial, models: Sequence[Any]) -> None:
        """Keep the models of a finished trial, and drop those that cannot be promoted any more."""
        place = place_of(trial)
        if place not in self.n_promoted or any(model is None for model in models):
            return
        self._models[trial.number] = dict(enumerate(models))
        rung = sorted([*self._rungs.get(place, []), trial], key=lambda t: t.number)
        best_first = promoted(rung)
        self._rungs[place] = best_first[: self.n_promoted[place]]
        for dropped in best_first[self.n_promoted[place] :]:
            del self._models[dropped.number]

    @property
    def n_kept(self) -> int:
        """Number of models that are kept now."""
        return sum(map(len, self._models.values()))
