"""Base class of the searches that evaluate `n_iter` candidates on all samples."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import is_classifier

from skbayes._sklearn_compat import Interval, Options, StrOptions, num_samples
from skbayes.engine.budget import FitsBudget, Patience, StoppingRule
from skbayes.engine.records.checkpoint import Checkpoint
from skbayes.estimators.base import PER_TRIAL, BaseModelSearchCV
from skbayes.estimators.hints import explaining_wrong_arguments
from skbayes.estimators.inputs import Inputs, Plan, given_points
from skbayes.estimators.past_trials import (
    PastTrials,
    fingerprint_of,
    initial_records,
    past_trials_of,
)
from skbayes.estimators.progress import Progress
from skbayes.estimators.screen import Screen
from skbayes.estimators.staging import read_stages
from skbayes.estimators.task_tree import SearchTask
from skbayes.evaluation.candidate import candidate_of, is_unseeded
from skbayes.evaluation.growth.growing import Stages
from skbayes.evaluation.growth.routes import ROUTES
from skbayes.evaluation.noise import is_noisy
from skbayes.evaluation.predictions import METHODS, PredictionMethod, PredictionStore
from skbayes.evaluation.results import Record
from skbayes.evaluation.splits import Split
from skbayes.evaluation.task import Evaluator
from skbayes.pruning.pruner import NAMES
from skbayes.samplers.base import Sampler
from skbayes.samplers.quasi_random import GivenFirst, GridSampler, QuasiRandomSampler
from skbayes.space import Space
from skbayes.surrogate import most_expected

DEFAULT_N_ITER = 50

MAX_ITER = 10_000
"""Maximum number of trials of a search with `n_iter=None`."""


class SequentialSearchCV(BaseModelSearchCV):
    """Base class of the searches of `n_iter` trials."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseModelSearchCV._parameter_constraints,
        "n_iter": [None, Interval(Integral, 1, None, closed="left")],
        "initial_trials": [object],
        "return_predictions": [Options(bool, {False}), StrOptions({"auto", *METHODS})],
        "n_fits": [None, Interval(Integral, 1, None, closed="left")],
        "n_iter_no_change": [None, Interval(Integral, 1, None, closed="left")],
        "staged": [None, str],
        "staged_patience": [
            None,
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "staged_route": [StrOptions({"auto", *(route.name for route in ROUTES)})],
        "staged_scale": ["boolean"],
        "pruning": [None, StrOptions(set(NAMES))],
        "cost": [None, StrOptions({"rounds", "fit_time"}), callable],
    }

    # A subclass with a constructor of its own need not set what it does not have.
    n_fits: int | None = None
    return_predictions: bool | str = False
    initial_trials: Any = None
    staged: str | None = None
    staged_patience: int | str | None = "auto"
    staged_route: str = "auto"
    staged_scale: bool = False
    pruning: str | None = None
    cost: Any = None

    @explaining_wrong_arguments
    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_iter: int | None = DEFAULT_N_ITER,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        n_initial_points: int | str = "auto",
        initial_params: Any = None,
        n_points: int | str = 2,
        checkpoint: Any = None,
        timeout: float | None = None,
        max_fit_time: float | None = None,
        n_iter_no_change: int | None = None,
        racing: float | bool | str = "auto",
        n_fits: int | None = None,
        return_predictions: bool | str = False,
        initial_trials: Any = None,
        staged: str | None = None,
        staged_patience: int | str | None = "auto",
        staged_route: str = "auto",
        staged_scale: bool = False,
        pruning: str | None = None,
        cost: Any = None,
        callbacks: Any = None,
    ) -> None:
        super().__init__(
            estimator=estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.param_distributions = param_distributions
        self.random_state = random_state
        self.n_initial_points = n_initial_points
        self.initial_params = initial_params
        self.n_points = n_points
        self.checkpoint = checkpoint
        self.timeout = timeout
        self.max_fit_time = max_fit_time
        self.n_iter = n_iter
        self.n_iter_no_change = n_iter_no_change
        self.racing = racing
        self.n_fits = n_fits
        self.return_predictions = return_predictions
        self.initial_trials = initial_trials
        self.staged = staged
        self.staged_patience = staged_patience
        self.staged_route = staged_route
        self.staged_scale = staged_scale
        self.pruning = pruning
        self.cost = cost
        self.callbacks = callbacks

    @property
    def trials_(self) -> PastTrials:
        """The finished trials, for `initial_trials` of another search.

        Raises
        ------
        AttributeError
            If the search is not fitted.
        """
        if not hasattr(self, "cv_results_"):
            raise AttributeError(f"this {type(self).__name__} is not fitted yet.")
        return past_trials_of(self, self._fingerprint, self._searched)

    def _make_sampler(self, inputs: Inputs, space: Space, seed: int) -> Sampler:
        """Return a grid sampler if the space is searched as a grid, else a model-based one."""
        if self.n_iter is None and self.timeout is None and self.n_fits is None:
            raise ValueError(
                "n_iter=None means as many candidates as the budget suffices for; give timeout a "
                "number of seconds, n_fits a number of fits, or n_iter a number."
            )
        start = QuasiRandomSampler(space, seed)
        is_grid = self._is_grid(space)
        sampler = GridSampler(space) if is_grid else self._make_model_sampler(space, start)
        given = given_points(self.initial_params, self.estimator, space)
        self._warn_of_small_space(space)
        return GivenFirst(given, start, sampler) if given else sampler

    def _prediction_store(
        self, inputs: Inputs, splits: list[Split], checkpoint: Checkpoint
    ) -> PredictionStore | None:
        wanted = self.return_predictions
        if wanted is False:
            return None
        if wanted != "auto" and not hasattr(self.estimator, str(wanted)):
            name = type(self.estimator).__name__
            raise ValueError(
                f"return_predictions={wanted!r}: {name} has no such method; give 'auto' for the "
                f"first that a candidate has of {', '.join(METHODS)}."
            )
        is_labelled = is_classifier(self.estimator) and np.ndim(inputs.y) == 1
        classes = np.unique(inputs.y) if is_labelled else None
        method = PredictionMethod(str(wanted), classes)
        return PredictionStore(method, splits, inputs.y, checkpoint.predictions_folder)

    def _initial_records(
        self, inputs: Inputs, space: Space, splits: list[Split]
    ) -> Sequence[Record]:
        if self.initial_trials is None:
            return ()
        fingerprint = fingerprint_of(self, inputs, splits, space.names)
        return initial_records(self, space, fingerprint, len(splits))

    def _stages(self, inputs: Inputs, splits: list[Split]) -> Stages | None:
        most = max(len(train) for train, _ in splits)
        return read_stages(self, num_samples(inputs.X) if self.refit else most)

    def _params_of_refit(self, n_samples: int) -> Mapping[str, Any]:
        best = dict(super()._params_of_refit(n_samples))
        if self.staged in best and self.staged_scale:
            n_train = np.mean([len(train) for train, _ in self.splits_])
            best[self.staged] = round(best[self.staged] * n_samples / n_train)
        return best

    def _warn_of_small_space(self, space: Space) -> None:
        """Warn, as scikit-learn does, of a space with fewer candidates than were asked for.

        There is no warning for the default of `n_iter`: a small grid is then searched as a grid.
        """
        if space.size is not None and self.n_iter not in (None, DEFAULT_N_ITER):
            size = space.size if space.grid_size is None else space.grid_size
            if size < self.n_iter:
                warnings.warn(
                    f"The space has {size} candidates, fewer than n_iter={self.n_iter}; each of "
                    "them is evaluated once.",
                    stacklevel=2,
                )

    def _plan_in_words(self, plan: Plan) -> str:
        if self.n_iter is not None:
            return super()._plan_in_words(plan)
        budget = f"{self.n_fits} fits" if self.timeout is None else f"{self.timeout:g} seconds"
        return f"Fitting {self.n_splits_} folds for each of as many candidates as {budget} allow"

    def _make_progress(self, plan: Plan, screen: Screen) -> Progress:
        if self.n_iter is not None:
            return super()._make_progress(plan, screen)
        is_listed = self.verbose >= PER_TRIAL
        return Progress(screen, None, np.inf, timeout=self.timeout, lists_trials=is_listed)

    def _begin_search(self, plan: Plan, context: Any) -> SearchTask:
        if self.n_iter is not None:
            return super()._begin_search(plan, context)
        return SearchTask(self, context, None, self.n_splits_)

    def _n_planned(self, plan: Plan) -> int:
        given = plan.sampler.given
        n_given = sum(isinstance(self.initial_params, list) or p.is_outside for p in given)
        size = plan.space.grid_size if self._is_grid(plan.space) else plan.space.size
        n_iter = MAX_ITER if self.n_iter is None else self.n_iter
        n_new = n_iter if size is None else min(n_iter, size + n_given)
        return n_new + len(plan.initial)

    def _stopping_rules(self) -> list[StoppingRule]:
        rules = super()._stopping_rules()
        if self.n_fits is not None:
            rules.append(FitsBudget(self.n_fits, self.n_splits_))
        if self.n_iter_no_change is not None:
            rules.append(Patience(self.n_iter_no_change))
        return rules

    @property
    def _may_end_early(self) -> bool:
        return super()._may_end_early or self.n_iter_no_change is not None

    def _select_best(self, refit_metric: Any) -> None:
        self.is_noisy_ = False
        super()._select_best(refit_metric)

    def _reconsider_best(
        self, evaluator: Evaluator, records: list[Record], plan: Plan, refit_metric: Any
    ) -> None:
        """If fits are noisy, choose the candidate of which the surrogate expects most."""
        if not hasattr(self, "best_score_") or self._is_grid(plan.space):
            return
        candidate = candidate_of(self.estimator, self.best_params_)
        record = records[self.best_index_]
        self.is_noisy_ = is_unseeded(candidate) and is_noisy(evaluator, record, refit_metric)
        if self.is_noisy_:
            best = most_expected(self.param_distributions, self.cv_results_, refit_metric)
            self._set_best(best, refit_metric)

    def _pruning_rule(self, plan: Plan) -> str | None:
        return None if self._is_whole(plan) else self.pruning

    def _is_whole(self, plan: Plan) -> bool:
        size = plan.space.size
        return self._is_grid(plan.space) or (size is not None and self._n_planned(plan) >= size)

    def _is_grid(self, space: Space) -> bool:
        if self.n_iter is None or not (self.n_iter_no_change is self.n_fits is None):
            return False  # it may end early, after one corner of the grid
        return space.grid_size is not None and self.n_iter >= space.grid_size
