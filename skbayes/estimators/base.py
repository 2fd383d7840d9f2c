"""Base class of all searches: scikit-learn's interface around the search loop.

`BaseSearchCV` provides prediction, delegation, tags, scorers, refit selection and the formatting of
`cv_results_`. Its `fit` is replaced by one that draws the splits once, begins new trials while
others are evaluated, and records failed candidates. Hooks of `BaseSearchCV` that are called here:

`_get_scorers`, `_get_routed_params_for_fit`, `_check_refit_for_multimetric`, and from scikit-learn
1.9 on `_init_callback_context`; in `fitted.py`, `_format_results` and `_select_best_index`.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import chain
from numbers import Integral, Real
from os import PathLike
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state, indexable
from threadpoolctl import threadpool_limits

from skbayes._sklearn_compat import (
    HAS_CALLBACKS,
    BaseSearchCV,
    Interval,
    NoCallbackContext,
    Options,
    StrOptions,
    check_method_params,
    fit_context,
    has_callbacks,
    num_samples,
)
from skbayes.engine.budget import CallbackRequest, Clock, SameFailure, StoppingRule
from skbayes.engine.finished import FinishedTrials, Listener
from skbayes.engine.loop import SearchLoop
from skbayes.engine.queue import Pool
from skbayes.engine.records.checkpoint import Checkpoint, identity_of, is_repeatable, metrics_of
from skbayes.engine.records.contents import ResultFormat
from skbayes.engine.workers import Workers
from skbayes.estimators.as_estimator import SearchAsEstimator
from skbayes.estimators.callbacks import Announcer, callbacks_of
from skbayes.estimators.display import ShownAsWritten
from skbayes.estimators.fitted import RefitCheck, StoresResults
from skbayes.estimators.hints import did_you_mean, naming_the_closest_scorer
from skbayes.estimators.inputs import Inputs, Plan, check_names, draw_splits
from skbayes.estimators.progress import Progress
from skbayes.estimators.screen import Screen, open_screen, say
from skbayes.estimators.task_tree import SearchTask
from skbayes.evaluation.evaluator import Evaluation
from skbayes.evaluation.growth.growing import Stages
from skbayes.evaluation.predictions import PredictionStore
from skbayes.evaluation.results import Record, outcome_of
from skbayes.evaluation.splits import Split
from skbayes.evaluation.warm_start import WarmStartPool
from skbayes.evaluation.watch import Watch
from skbayes.samplers.base import Sampler
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.space import Space
from skbayes.space.base import SearchSpace
from skbayes.space.pairs import warn_of_pairs
from skbayes.space.space import dicts_of
from skbayes.space.written import shown, with_written_distributions
from skbayes.study import Study
from skbayes.threads import one_blas_thread
from skbayes.tracking.autologging import autologging_callbacks, autologging_off

RACING = 0.05
"""Probability of being of use below which a candidate is dropped.

Chosen in doc/benchmarks.md: "mean | 8 | yes".
"""

MIN_SPLITS = 4
"""Number of splits from which on candidates are raced by default."""

PER_TRIAL, PER_FIT = 2, 3
"""Values of `verbose` from which on each trial, and each fit, has a line of its own."""


class BaseModelSearchCV(ShownAsWritten, SearchAsEstimator, StoresResults):
    """Base class of the model-based searches."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSearchCV._parameter_constraints,
        "param_distributions": [dict, list],
        "random_state": ["random_state"],
        "n_initial_points": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "initial_params": [None, StrOptions({"default"}), list],
        "n_points": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "checkpoint": [None, str, PathLike],
        "timeout": [None, Interval(Real, 0, None, closed="neither")],
        "max_fit_time": [None, Interval(Real, 0, None, closed="neither")],
        "racing": [
            StrOptions({"auto"}),
            Options(bool, {False}),
            Interval(Real, 0, 1, closed="neither"),
        ],
        "callbacks": [object],  # checked one by one, for a better message
    }

    # A subclass with a constructor of its own need not set what it does not have.
    racing: float | bool | str = "auto"
    callbacks: Any = None

    @abstractmethod
    def _make_model_sampler(self, space: SearchSpace, start: QuasiRandomSampler) -> Sampler:
        """Return the sampler that learns from the scores, with its start-up design."""

    def _n_start(self, default: int) -> int:
        """Return the size of the start-up design, `default` if `n_initial_points` is 'auto'."""
        return default if self.n_initial_points == "auto" else int(self.n_initial_points)

    @fit_context(prefer_skip_nested_validation=False)  # the estimator is not validated yet
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Search the space, and refit on all data with the best parameters found.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, n_samples)
            Training vectors; for a precomputed kernel or distance, the square matrix of them.
        y : array-like of shape (n_samples, n_output) or (n_samples,), default=None
            Target relative to X; None for unsupervised learning.
        **params : dict of str -> object
            Parameters passed to the ``fit`` method of the estimator, the scorer, and the CV
            splitter, as `RandomizedSearchCV` passes them. Arrays as long as `X` are split along
            with it; `groups` goes to the splitter.

        Returns
        -------
        self : object
            Instance of fitted estimator.

        Raises
        ------
        ValueError
            If a parameter of the search is wrong, or all fits failed.
        TypeError
            If a value of `param_distributions` is neither a list nor a distribution.
        """
        self._forget_earlier_fit()
        callbacks = callbacks_of(self)
        announcer = Announcer(self, [*callbacks, *autologging_callbacks(callbacks)])
        with autologging_off(), announcer.announcing_the_end():
            self._search_and_refit(X, y, params, announcer)
        return self

    def _search_and_refit(
        self, X: Any, y: Any, params: Mapping[str, Any], announcer: Announcer
    ) -> None:
        clock = Clock(np.inf if self.timeout is None else time.monotonic() + self.timeout)
        with naming_the_closest_scorer(self.scoring):
            scorers, refit_metric = self._get_scorers()
        inputs = self._read_inputs(X, y, params, scorers)
        context = self._begin_callbacks(inputs)
        workers = self._find_workers()
        n_points = workers.n if self.n_points == "auto" else int(self.n_points)
        seed, space = self._draw_seed(), self._read_space()
        with self._open_checkpoint(inputs, space, seed, n_points) as checkpoint:
            plan = self._make_plan(inputs, space, checkpoint)
            self.splits_, self.seed_, self.run_id_ = plan.splits, plan.seed, checkpoint.run_id
            self.n_splits_, self.n_points_ = len(plan.splits), n_points
            task = self._begin_search(plan, context)
            with workers.watch(self.max_fit_time) as watch, self._showing(plan) as progress:
                announcer.begin(progress)
                loop = self._make_loop(
                    inputs, plan, checkpoint, workers, watch, task, clock, announcer
                )
                with self._stored_if_interrupted(loop, inputs, plan, refit_metric, announcer):
                    self._search(loop, workers)
            task.end()
        records = loop.finished.records()
        self._check_outcomes(records, plan)
        metric = self._store_results(records, inputs, plan, refit_metric)
        self._select_best(metric)
        self._reconsider_best(loop.evaluator, records, plan, metric)
        self._refit_best(inputs, plan, context)
        if self.verbose > 0:
            self._say_what_was_found(plan)
        context.call_on_fit_task_end(estimator=self, X=X, y=y, metadata=inputs.metadata)

    def _validate_params(self) -> None:
        with naming_the_closest_scorer(self.scoring):
            super()._validate_params()

    def _check_refit_for_multimetric(self, scores: Mapping[str, Any]) -> None:
        """Put the closest metric before scikit-learn's error about `refit`."""
        try:
            super()._check_refit_for_multimetric(scores)
        except ValueError as error:
            is_name = isinstance(self.refit, str)
            hint = did_you_mean([self.refit], scores) if is_name else ""
            names = ", ".join(map(repr, scores))
            text = f"refit={shown(self.refit)}:{hint} {error} The metrics are {names}."
            raise ValueError(text) from None

    def _read_inputs(self, X: Any, y: Any, params: Mapping[str, Any], scorers: Any) -> Inputs:
        X, y = indexable(X, y)
        params = check_method_params(X, params=params)
        weights = params.get("sample_weight")
        metadata = None if weights is None else {"sample_weight": weights}
        routed = self._get_routed_params_for_fit(params)
        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        return Inputs(X, y, routed, metadata, scorers, cv)

    def _begin_callbacks(self, inputs: Inputs) -> Any:
        """Open the root of scikit-learn's task tree: one search, and one refit if wanted."""
        if not HAS_CALLBACKS:
            return NoCallbackContext()
        context = self._init_callback_context(max_subtasks=1 + (self.refit is not False))
        return context.call_on_fit_task_begin(
            estimator=self, X=inputs.X, y=inputs.y, metadata=inputs.metadata
        )

    def _find_workers(self) -> Workers:
        workers = Workers.active(self.n_jobs)
        workers.n_pre_dispatched(self.pre_dispatch, n_window=1)  # raises if it is not valid
        workers.warn_of_waves()
        if self.max_fit_time is not None and not workers.can_be_ended:
            raise ValueError(
                f"max_fit_time={self.max_fit_time!r} needs processes that can be ended, and "
                f"n_jobs={self.n_jobs!r} does not fit in such here. Give n_jobs 2 or more, with "
                "joblib's own backend, loky."
            )
        return workers

    def _draw_seed(self) -> int:
        """Draw the seed of all random numbers of a search."""
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _read_space(self) -> Space:
        """Read the space, and check that the estimator has the parameters it names."""
        space = Space(self.param_distributions)
        check_names(self.estimator, space)
        warn_of_pairs(self.param_distributions, "param_distributions")
        return space

    def _open_checkpoint(
        self, inputs: Inputs, space: Space, seed: int, n_points: int
    ) -> Checkpoint:
        """Open the journal, if there is one; a search that is resumed keeps its recorded seed."""
        if self.checkpoint is None:
            return Checkpoint(None, {}, seed, is_seeded=False)
        identity = identity_of(self, inputs, space, n_points, self._is_grid(space))
        return Checkpoint(self.checkpoint, identity, seed, self.random_state is not None)

    def _make_plan(self, inputs: Inputs, space: Space, checkpoint: Checkpoint) -> Plan:
        """Make the sampler, and draw the splits once for all trials."""
        sampler = self._make_sampler(inputs, space, checkpoint.seed)
        drawn = draw_splits(inputs)
        splits = checkpoint.freeze(drawn, is_repeatable(inputs.cv), num_samples(inputs.X))
        predictions = self._prediction_store(inputs, splits, checkpoint)
        initial = self._initial_records(inputs, space, splits)
        sampler = sampler.after(len(initial))
        stages = self._stages(inputs, splits)
        return Plan(space, sampler, splits, checkpoint.seed, predictions, initial, stages)

    def _initial_records(
        self, inputs: Inputs, space: Space, splits: list[Split]
    ) -> Sequence[Record]:
        """Return the trials of an earlier search that come first."""
        return ()

    def _prediction_store(
        self, inputs: Inputs, splits: list[Split], checkpoint: Checkpoint
    ) -> PredictionStore | None:
        """Return what keeps the predictions on the test samples; None if none are kept."""
        return None

    def _subsampled_splits(self, inputs: Inputs, plan: Plan) -> dict[int, list[Split]]:
        """Return subsamples of the splits, by fidelity; empty if all trials use all samples."""
        return {}

    def _warm_start_pool(self, plan: Plan) -> WarmStartPool | None:
        """Return the pool of models that promoted trials continue; None without warm starts."""
        return None

    def _stages(self, inputs: Inputs, splits: list[Split]) -> Stages | None:
        """Return what of the estimator grows; None if nothing does."""
        return None

    def _is_grid(self, space: Space) -> bool:
        """Whether the space is searched as a grid, as there are enough trials for all points."""
        return False

    @abstractmethod
    def _make_sampler(self, inputs: Inputs, space: Space, seed: int) -> Sampler:
        """Return the sampler of the search."""

    def _is_whole(self, plan: Plan) -> bool:
        """Whether all candidates of a finite space are evaluated, so that none is to be dropped."""
        return False

    def _race_level(self, plan: Plan) -> float | None:
        """Return the probability below which a candidate is dropped; None if none is."""
        if self.racing is False or self._is_whole(plan):
            return None
        if self.racing == "auto":
            is_multimetric = isinstance(self.scoring, list | tuple | set | dict)
            is_decided = not (callable(self.refit) or (is_multimetric and self.refit is False))
            return RACING if self.n_splits_ >= MIN_SPLITS and is_decided else None
        return float(self.racing)

    def _pruning_rule(self, plan: Plan) -> str | None:
        """Return the rule by which a candidate is ended while it grows; None if none is."""
        return None

    def _stopping_rules(self) -> list[StoppingRule]:
        """Return the rules by which the search may end early."""
        return [CallbackRequest(), SameFailure(self.refit)]

    def _begin_search(self, plan: Plan, context: Any) -> SearchTask:
        """Open the search in scikit-learn's task tree."""
        return SearchTask(self, context, self._n_planned(plan) * self.n_splits_, self.n_splits_)

    @contextmanager
    def _showing(self, plan: Plan) -> Iterator[Progress | None]:
        """Show how far the search is during the block, if `verbose` says so."""
        if self.verbose <= 0:
            yield None
            return
        say(self._plan_in_words(plan))
        with open_screen() as screen:
            progress = self._make_progress(plan, screen)
            try:
                yield progress
            finally:
                progress.end()

    def _plan_in_words(self, plan: Plan) -> str:
        """Return the line with which a search begins: how many fits are planned."""
        n_trials = self._n_planned(plan)
        limit = "" if self.timeout is None else f", or as many as {self.timeout:g} seconds allow"
        is_raced = self._race_level(plan) is not None or self._pruning_rule(plan) is not None
        at_most = "at most " if is_raced else ""
        return (
            f"Fitting {self.n_splits_} folds for each of {n_trials} candidates, "
            f"totalling {at_most}{n_trials * self.n_splits_} fits{limit}"
        )

    def _make_progress(self, plan: Plan, screen: Screen) -> Progress:
        """Return what shows how far the search is."""
        n_trials, is_listed = self._n_planned(plan), self.verbose >= PER_TRIAL
        return Progress(screen, n_trials, n_trials, timeout=self.timeout, lists_trials=is_listed)

    def _make_loop(
        self,
        inputs: Inputs,
        plan: Plan,
        checkpoint: Checkpoint,
        workers: Workers,
        watch: Watch | None,
        task: SearchTask,
        clock: Clock,
        announcer: Announcer,
    ) -> SearchLoop:
        """Put together the study, the evaluation of splits and the listeners."""
        with_callbacks = self._has_callbacks()
        listeners: list[Listener] = [checkpoint]
        if callable(self.scoring):
            listeners.append(RefitCheck(self._check_refit_for_multimetric))
        listeners.append(announcer)
        evaluation = self._make_evaluation(
            inputs, plan, workers, watch, task if with_callbacks else None, announcer.draws_a_line
        )
        expected = self._result_format(inputs, plan)
        return SearchLoop(
            Study(
                plan.space,
                plan.sampler,
                n_points=self.n_points_,
                random_state=plan.seed,
                racing=self._race_level(plan),
                pruning=self._pruning_rule(plan),
            ),
            evaluation,
            partial(outcome_of, metric=self.refit, n_splits=self.n_splits_, staged=plan.staged),
            n_trials=self._n_planned(plan),
            while_proposing=nullcontext if workers.are_threads else one_blas_thread,
            finished=FinishedTrials(
                [*self._stopping_rules(), announcer], listeners, n_initial=len(plan.initial)
            ),
            clock=clock,
            watch=watch,
            recorded=dict(enumerate(plan.initial))
            | checkpoint.recorded(plan.sampler, expected, with_callbacks, plan.predictions),
        )

    def _make_evaluation(
        self,
        inputs: Inputs,
        plan: Plan,
        workers: Workers,
        watch: Watch | None,
        task: SearchTask | None,
        prints_over_line: bool,
    ) -> Evaluation:
        """Return the evaluation of splits; `task` is None without callbacks."""
        options = {
            "X": inputs.X,
            "y": inputs.y,
            "scorer": inputs.scorers,
            "fit_params": inputs.routed.estimator.fit,
            "score_params": inputs.routed.scorer.score,
            "return_train_score": self.return_train_score,
            "return_n_test_samples": True,
            "return_times": True,
            "return_parameters": False,
            "error_score": self.error_score,
            "verbose": self.verbose if self.verbose >= PER_FIT else 0,
            "caller": None if task is None else self._caller(workers),
        }
        return Evaluation(
            clone(self.estimator),
            plan.splits,
            self._n_planned(plan),
            options,
            context_of=None if task is None else task.context_of,
            subsampled=self._subsampled_splits(inputs, plan),
            pool=self._warm_start_pool(plan),
            in_subprocess=workers.are_processes,
            watch=watch,
            predictions=plan.predictions,
            prints_over_line=prints_over_line,
            stages=plan.stages,
        )

    def _caller(self, workers: Workers) -> Any:
        """Return the search as scikit-learn's callbacks see it.

        It is sent with every task to other processes, and SciPy's distributions are large.
        """
        if not workers.are_processes:
            return self
        space = with_written_distributions(self.param_distributions)
        small = {"param_distributions": space, "callbacks": None}
        return type(self)(**(self.get_params(deep=False) | small))

    def _result_format(self, inputs: Inputs, plan: Plan) -> ResultFormat:
        """Return the format of the results of a trial."""
        return ResultFormat(
            self.n_splits_,
            metrics_of(inputs.scorers),
            callable(self.scoring),
            self.refit,
            self.return_train_score,
            self._race_level(plan) is not None,
            self._pruning_rule(plan) is not None,
            plan.staged,
        )

    def _search(self, loop: SearchLoop, workers: Workers) -> None:
        """Run the loop over joblib."""
        n_window = self.n_points_ * self.n_splits_
        pre_dispatch = workers.n_pre_dispatched(self.pre_dispatch, n_window)
        if loop.study.racing is not None or loop.study.pruning is not None:
            pre_dispatch = min(pre_dispatch, workers.n)  # what is handed out cannot be dropped
        # Fits in threads share the BLAS limit, so it is set once and not only for proposals.
        # A library may have been loaded since the first proposal, so all are looked for again.
        with threadpool_limits(1, "blas") if workers.are_threads else nullcontext():
            ends_early = self._may_end_early
            make_parallel = partial(workers.parallel, pre_dispatch, ends_early)
            can_abandon = workers.cluster is not None or (loop.watch is not None and ends_early)
            loop.run(Pool(make_parallel, workers.stream, workers.n, can_abandon))

    @property
    def _may_end_early(self) -> bool:
        """Whether fits may be ended while they run."""
        reasons = (self.timeout, self.max_fit_time, self.callbacks)
        return any(reason is not None for reason in reasons)

    def _has_callbacks(self) -> bool:
        """Whether the search, the estimator or a searched value has callbacks.

        If not, no callback contexts are sent to the workers, because sending them is slow.
        """
        listeners = [self, *self.get_params(deep=True).values()]
        for grid in dicts_of(self.param_distributions):
            listeners.extend(chain.from_iterable(v for v in grid.values() if isinstance(v, list)))
        return any(map(has_callbacks, listeners))
