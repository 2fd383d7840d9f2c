"""Growing: an estimator that is scored after more and more rounds while it is fitted.

It takes the place of the estimator in scikit-learn's evaluation of a split. Of a pipeline the steps
before the last one are fitted once, and the test samples are transformed once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from skbayes._sklearn_compat import num_samples
from skbayes.evaluation.candidate import is_seeded, path_to
from skbayes.evaluation.continued import stops_early
from skbayes.evaluation.growth.routes import Growth, Route, route_of
from skbayes.evaluation.growth.stages import (
    needed_stage,
    running_curve,
    splits_to_grow,
    stages_up_to,
)
from skbayes.evaluation.growth.view import AtStage
from skbayes.evaluation.last_step import fit_with
from skbayes.evaluation.results import SplitResult, maximised_metric
from skbayes.pruning.pruner import Pruner
from skbayes.threads import one_blas_thread
from skbayes.trial import SINGLE_METRIC


@dataclass(frozen=True)
class Stages:
    """What of an estimator grows, and how.

    Parameters
    ----------
    parameter : str
        The parameter that counts the rounds; a nested one of the last step of a pipeline too.
    route : str, default='auto'
        Name of a route, see `routes`.
    patience : int or None, default=None
        Rounds without a better score after which a model that can pause is not grown further; None
        to grow it to the last stage.
    metric : str or None, default=None
        The metric that is maximised, if there are several; None for the first.
    """

    parameter: str
    route: str = "auto"
    patience: int | None = None
    metric: str | None = None

    @property
    def own_parameter(self) -> str:
        """The parameter, without the names of the steps around its owner."""
        return self.parameter.rpartition("__")[2]

    def path_to_model(self, estimator: Any) -> list[Any]:
        """Return the pipelines around the part of an estimator that grows, and the part.

        Parameters
        ----------
        estimator : estimator

        Raises
        ------
        ValueError
            If the parameter is not one of the last step of a pipeline, or of the estimator itself.
        """
        path = path_to(estimator, self.parameter)
        if path is None:
            raise ValueError(
                f"staged={self.parameter!r}: its owner is not the last step of a Pipeline. What "
                "grows is the estimator itself, or the last step of a pipeline."
            )
        return path

    def to_grow(self, results: Sequence[SplitResult]) -> dict[int, SplitResult]:
        """Return the splits of a trial that have to be fitted further, as `Evaluator.to_grow`.

        Parameters
        ----------
        results : sequence of SplitResult
            Of all splits.
        """
        if self.patience is None or any(result["curves"] is None for result in results):
            return {}
        metric = maximised_metric(results[0]["curves"]["test"], self.metric)
        needed = splits_to_grow(results, metric, self.patience)
        return {
            result["split"]: result
            | {"paused": replace(result["paused"], stage=needed[result["split"]])}
            for result in results
            if result["split"] in needed
        }

    def checked_route(self, estimator: Any, n_samples: int) -> tuple[Route, int]:
        """Return the route of an estimator, and its last stage.

        Parameters
        ----------
        estimator : estimator
        n_samples : int
            Number of training samples.

        Raises
        ------
        ValueError
            If it cannot grow.
        """
        model, own = self.path_to_model(estimator)[-1], self.own_parameter
        params = model.get_params(deep=False)
        if own not in params and not hasattr(model, own):
            raise ValueError(f"staged={self.parameter!r}: {type(model).__name__} has no {own}.")
        most = params.get(own)
        if isinstance(most, bool) or not isinstance(most, int | np.integer) or most < 1:
            raise ValueError(
                f"staged={self.parameter!r}: the estimator's value is the largest number of "
                f"rounds, and {most!r} is not a positive integer; set {self.parameter} to one."
            )
        if stops_early(model, n_samples):
            raise ValueError(
                f"staged={self.parameter!r}: {type(model).__name__} would stop early by samples "
                "that it holds out, in each split after another number of rounds. The search finds "
                "the number of rounds by all test samples; switch early stopping off "
                "(early_stopping=False, n_iter_no_change=None, early_stopping_rounds=None)."
            )
        route = route_of(model, own, self.route)
        if route is None:
            raise ValueError(f"staged={self.parameter!r}: {_why_not(model, own, self.route)}")
        return route, int(most)


@dataclass(frozen=True, eq=False)
class Paused:
    """A model that may be grown further, and the stages it has been scored at.

    Parameters
    ----------
    model : estimator
        The part that grows, fitted.
    n_fitted : int
        Rounds that it has been fitted to, which may be more.
    curves : dict
        As in `Growing`.
    stage : int, default=0
        The one it has to reach now; 0 while that is not known.
    """

    model: Any
    n_fitted: int
    curves: dict[str, Any]
    stage: int = 0


def _why_not(model: Any, parameter: str, name: str) -> str:
    """Return why a model cannot grow."""
    others = [n for n in ("partial_fit", "warm_start") if route_of(model, parameter, n)]
    kind = type(model).__name__
    if name == "auto" and others:
        return (
            f"fits of {kind} that go on round by round are not the same as one fit with fewer "
            f"rounds. If that is good enough, give staged_route={others[0]!r}."
        )
    return (
        f"{kind} cannot be scored after fewer rounds of {parameter} than it was fitted for. It "
        "would need staged_predict (boosting of scikit-learn), a predict that takes an iteration "
        "(XGBoost, LightGBM, CatBoost), warm_start or partial_fit"
        + ("." if name == "auto" else f"; staged_route={name!r} asks for one of them.")
    )


class Growing(BaseEstimator):
    """An estimator that is scored at every stage of its growth.

    Parameters
    ----------
    estimator : estimator
        Fitted in place.
    stages : Stages
    score_test : callable
        Is given a view of the estimator, and returns its score on the test samples: a number, or
        numbers by the names of the metrics.
    score_train : callable or None
        Is given a view, X and y, and returns the score on them. None if it is not wanted.
    before : Paused or None, default=None
        What was grown before, with the same parameters and samples. The steps before the model are
        fitted again.
    has_lost : callable or None, default=None
        Decides by the scores so far whether a model that has paused is not grown further.

    Attributes
    ----------
    curves : dict
        ``stages``, and under ``test`` and ``train`` the scores at each by the name of the metric.
    view : AtStage or None
        The estimator at the latest stage.
    seconds_of_scoring : float
    paused : Paused or None
        What can be grown further; None if nothing can.
    is_pruned : bool
        Whether it has lost.
    """

    def __init__(
        self,
        estimator: Any,
        stages: Stages,
        score_test: Callable[[Any], Any],
        score_train: Callable[[Any, Any, Any], Any] | None,
        before: Paused | None = None,
        has_lost: Pruner | None = None,
    ) -> None:
        self.estimator, self.stages, self.before = estimator, stages, before
        self.has_lost = has_lost
        self.score_test, self.score_train = score_test, score_train
        self.curves: dict[str, Any] = {"stages": [], "test": {}}
        if score_train is not None:
            self.curves["train"] = {}
        if before is not None:
            self.curves = deepcopy(before.curves)
        self.view: AtStage | None = None
        self.seconds_of_scoring = 0.0
        self.paused: Paused | None = None
        self.is_pruned = False
        self._last_stage, self._pauses = 0, False

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the estimator.

        Parameters
        ----------
        **params : object
        """
        self.estimator.set_params(**params)
        return self

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        """Fit the estimator, and score it at every stage.

        Parameters
        ----------
        X, y : object
            Training samples.
        **options : object
            Further arguments of its `fit`.
        """
        path = self.stages.path_to_model(self.estimator)
        *pipelines, model = path
        n_samples = num_samples(X)
        route, self._last_stage = self.stages.checked_route(self.estimator, n_samples)
        self._pauses = (
            self.stages.patience is not None
            and route.can_pause(model, self.stages.own_parameter, n_samples)
            and all(is_seeded(pipeline[:-1]) for pipeline in pipelines)
        )
        self._train = X, y

        def grow(X: Any, y: Any = None, **options: Any) -> Any:
            return self._grow(route, model, pipelines, (X,) if y is None else (X, y), options)

        fit_with(grow, self.estimator, path, X, y, options)
        return self

    def _grow(
        self,
        route: Route,
        model: Any,
        pipelines: Sequence[Pipeline],
        data: Sequence[Any],
        options: Mapping[str, Any],
    ) -> Any:
        """Grow the model, look at every stage, and return the model."""
        n_fitted = 0
        if self.before is not None:
            model, n_fitted = self.before.model, self.before.n_fitted
        growth = Growth(
            model,
            self.stages.own_parameter,
            stages_up_to(self._last_stage, route.ratio),
            data,
            options,
            self.needed,
            first=len(self.curves["stages"]),
            n_fitted=n_fitted,
        )
        transformed: dict[int, Any] = {}
        for stage, snapshot in zip(growth.asked_for, route.grow(growth), strict=True):
            goes_on = self._look(stage, AtStage(snapshot, pipelines, transformed))
            # It is only asked where it has to be fitted further: before, nothing can be saved.
            if goes_on and self._pauses and stage >= growth.n_fitted and self.has_lost is not None:
                with one_blas_thread():
                    self.is_pruned = self.has_lost(
                        running_curve(self.curves["stages"], self._scores())
                    )
            if not goes_on or self.is_pruned:
                break
        if self._pauses and not self.is_pruned and self.curves["stages"][-1] < self._last_stage:
            self.paused = Paused(growth.model, growth.n_fitted, self.curves)
        return growth.model

    def _look(self, stage: int, view: AtStage) -> bool:
        """Score a stage, and return whether there is reason to grow further."""
        begin = time.time()
        self.view = view
        self.curves["stages"].append(stage)
        _append(self.curves["test"], self.score_test(view))
        if self.score_train is not None:
            _append(self.curves["train"], self.score_train(view, *self._train))
        self.seconds_of_scoring += time.time() - begin
        return stage < self.needed()

    def needed(self) -> int:
        """Return the stage that has to be reached, by what is known so far."""
        if not self._pauses:
            return self._last_stage
        if self.before is not None:
            return self.before.stage
        patience = self.stages.patience or 0
        if not self.curves["test"]:
            return patience
        return needed_stage(np.array(self._scores()), self.curves["stages"], patience)

    def _scores(self) -> list[float]:
        """Return the scores of the metric that decides, by stage."""
        test = self.curves["test"]
        scores: list[float] = test[maximised_metric(test, self.stages.metric)]
        return scores

    def __sklearn_tags__(self) -> Any:
        return get_tags(self.estimator)


def fit_as_scored(
    estimator: Any, stages: Stages, X: Any, y: Any, options: Mapping[str, Any]
) -> None:
    """Fit an estimator to its number of rounds on the route on which it was scored.

    Parameters
    ----------
    estimator : estimator
        Fitted in place; its parameters are afterwards what they were.
    stages : Stages
    X, y : object
    options : mapping
        Further arguments of its `fit`.
    """
    model = stages.path_to_model(estimator)[-1]
    route, _ = stages.checked_route(estimator, num_samples(X))
    if route.is_exact(model):
        estimator.fit(X, *(() if y is None else (y,)), **options)
        return
    before = model.get_params(deep=False)
    unscored = replace(stages, patience=None)
    Growing(estimator, unscored, lambda view: 0.0, None).fit(X, y, **options)
    changed = {"warm_start", stages.own_parameter} & before.keys()
    model.set_params(**{name: before[name] for name in changed})


def _append(curves: dict[str, list[float]], scores: Any) -> None:
    """Append the scores of a stage to the curves; a score that failed is NaN.

    A callable of several metrics that fails has no names, so what failed before them or after has
    one number for all.
    """
    table = scores if isinstance(scores, Mapping) else {SINGLE_METRIC: scores}
    if list(table) == [SINGLE_METRIC] and SINGLE_METRIC not in curves and curves:
        table = dict.fromkeys(curves, table[SINGLE_METRIC])
    elif SINGLE_METRIC in curves and SINGLE_METRIC not in table:
        failed = curves.pop(SINGLE_METRIC)
        curves.update({metric: list(failed) for metric in table})
    for metric, score in table.items():
        curves.setdefault(metric, []).append(np.nan if isinstance(score, str) else float(score))
