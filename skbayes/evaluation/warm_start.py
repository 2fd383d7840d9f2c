"""Warm starts: the models of a trial are fitted further when it is promoted.

A promoted trial differs from its parent only in the number of trees or iterations. If continuing
the parent's fit gives the same model as a fit from scratch, the parent's models are kept in a pool
until the promotion. `RESOURCE_OF` lists the estimators that can be continued; a test covers every
entry.

The pool is bounded: per rung, it keeps the models of as many trials as will be promoted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

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

from skbayes.evaluation.candidate import candidate_of, is_seeded, path_to
from skbayes.samplers.halving import best_first, rung_of
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
"""The parameter that a warm start increases, by exact class: a subclass may fit differently."""

N_AUTO_STOPPING = 10_000
"""Samples above which ``early_stopping='auto'`` stops early."""


def can_continue(model: Any, resource: str | None, n_samples: int) -> bool:
    """Whether continuing the fit of a model gives the model of one fit, bit for bit.

    Parameters
    ----------
    model : estimator
        It may be the last step of a pipeline. The steps before it are fitted again, with the same
        result.
    resource : str or None
        The parameter that is increased.
    n_samples : int
        Largest number of training samples of a split.
    """
    path = None if resource is None else path_to(model, resource)
    if resource is None or path is None:
        return False
    *pipelines, last = path
    return (
        can_grow(last, resource.rpartition("__")[2], n_samples)
        and isinstance(_own(last, "random_state"), Integral)
        and all(is_seeded(pipeline[:-1]) for pipeline in pipelines)
    )


def can_grow(model: Any, resource: str | None, n_samples: int) -> bool:
    """Whether the fit of a model can go on, with or without a seed.

    Parameters
    ----------
    model : estimator
    resource : str or None
        The parameter that is increased.
    n_samples : int
        Largest number of training samples of a split.
    """
    if resource is None or RESOURCE_OF.get(type(model)) != resource:
        return False
    return (
        not stops_early(model, n_samples)
        and not _own(model, "oob_score")  # warm starts reject it or compute it anew
        and not isinstance(_own(model, "class_weight"), str)  # scikit-learn warns
    )


def stops_early(model: Any, n_samples: int) -> bool:
    """Whether a model holds out training samples to decide itself when to stop.

    Parameters
    ----------
    model : estimator
    n_samples : int
        Number of training samples.
    """
    params = model.get_params(deep=False)
    if params.get("early_stopping_rounds") is not None:
        return True
    if "early_stopping" not in params:
        return params.get("n_iter_no_change") is not None
    if params["early_stopping"] == "auto":
        return n_samples > N_AUTO_STOPPING
    return bool(params["early_stopping"])


def _own(model: Any, name: str) -> Any:
    """Return a parameter of a model; None if it has none of this name."""
    return model.get_params(deep=False).get(name)


@dataclass
class WarmStartPool:
    """Fitted models of trials that may be promoted.

    Parameters
    ----------
    estimator : estimator
        The estimator that is searched.
    resource : str
        The parameter that is increased.
    n_samples : int
        Largest number of training samples of a split.
    n_promoted : mapping of (int, int) to int
        By bracket and rung, how many trials of the rung are promoted to more resources.
    """

    estimator: Any
    resource: str
    n_samples: int
    n_promoted: Mapping[tuple[int, int], int]
    _rungs: dict[tuple[int, int], list[Trial]] = field(default_factory=dict)
    _models: dict[int, Sequence[Any]] = field(default_factory=dict)  # by trial, one per split

    def wants(self, trial: Trial) -> bool:
        """Whether the models of a trial are worth sending back from a worker.

        Parameters
        ----------
        trial : Trial
        """
        if rung_of(trial) not in self.n_promoted:
            return False
        model = candidate_of(self.estimator, trial.params)
        return can_continue(model, self.resource, self.n_samples)

    @property
    def switch(self) -> str:
        """Name of the parameter with which a model can be fitted further."""
        owner, separator, _ = self.resource.rpartition("__")
        return f"{owner}{separator}warm_start"

    def model_for(self, trial: Trial, split: int) -> Any:
        """Return the model that a promoted trial continues on a split; None if there is none.

        Parameters
        ----------
        trial : Trial
        split : int

        Returns
        -------
        model : estimator or None
        """
        if trial.parent is None or trial.parent not in self._models:
            return None
        return self._models[trial.parent][split]

    def put(self, trial: Trial, models: Sequence[Any]) -> None:
        """Keep the models of a finished trial, and drop models that are no longer needed.

        Parameters
        ----------
        trial : Trial
        models : sequence of object
            One per split; None where there is no model.
        """
        if trial.parent is not None:
            self._models.pop(trial.parent, None)
        rung = rung_of(trial)
        if rung not in self.n_promoted or any(model is None for model in models):
            return
        self._models[trial.number] = models
        members = sorted([*self._rungs.get(rung, []), trial], key=lambda t: t.number)
        ranked = best_first(members)
        self._rungs[rung] = ranked[: self.n_promoted[rung]]
        for dropped in ranked[self.n_promoted[rung] :]:
            self._models.pop(dropped.number, None)

    @property
    def n_models(self) -> int:
        """Number of models in the pool now."""
        return sum(map(len, self._models.values()))
