"""Warm starts: the models of a trial are fitted further when it is promoted.

A promoted trial differs from its parent only in the number of trees or iterations. If continuing
the parent's fit gives the same model as a fit from scratch, see `continued`, the parent's models
are kept in a pool until the promotion.

The pool is bounded: per rung, it keeps the models of as many trials as will be promoted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skbayes.evaluation.candidate import candidate_of
from skbayes.evaluation.continued import GoingOn, can_continue, to_continue
from skbayes.samplers.halving import best_first, rung_of
from skbayes.trial import Trial


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
    _models: dict[int, tuple[Trial, Sequence[Any]]] = field(default_factory=dict)

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

    def model_for(self, trial: Trial, split: int) -> Any:
        """Return the model that a promoted trial continues on a split; None if there is none.

        Parameters
        ----------
        trial : Trial
        split : int

        Returns
        -------
        model : estimator or None
            What fits it further, if it is fitted after its parameters were set.
        """
        if trial.parent is None or trial.parent not in self._models:
            return None
        parent, models = self._models[trial.parent]
        return to_continue(models[split], self.resource, parent.fidelity or 0)

    def put(self, trial: Trial, models: Sequence[Any]) -> None:
        """Keep the models of a finished trial, and drop models that are no longer needed.

        Parameters
        ----------
        trial : Trial
        models : sequence of object
            One per evaluated split, as it was fitted; None where there is no model.
        """
        if trial.parent is not None:
            self._models.pop(trial.parent, None)
        rung = rung_of(trial)
        if rung not in self.n_promoted or not trial.is_complete or any(m is None for m in models):
            return
        fitted = [model.model if isinstance(model, GoingOn) else model for model in models]
        self._models[trial.number] = trial, fitted
        members = sorted([*self._rungs.get(rung, []), trial], key=lambda t: t.number)
        ranked = best_first(members)
        self._rungs[rung] = ranked[: self.n_promoted[rung]]
        for dropped in ranked[self.n_promoted[rung] :]:
            self._models.pop(dropped.number, None)

    @property
    def n_models(self) -> int:
        """Number of models in the pool now."""
        return sum(len(models) for _, models in self._models.values())
