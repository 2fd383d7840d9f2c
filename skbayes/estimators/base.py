"""What all searches share: scikit-learn's contract around the search loop.

`BaseSearchCV` gives prediction, delegation, tags, scorers, refit selection and the formatting of
`cv_results_`. Its `fit` is written anew: it draws the splits once, streams the evaluations, and
takes a failed candidate for a result. Hooks of `BaseSearchCV` called here, and nowhere else:

`_get_scorers`, `_get_routed_params_for_fit`, `_check_refit_for_multimetric`, `_format_results`,
`_select_best_index`, and from scikit-learn 1.9 on `_init_callback_context`.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from itertools import chain
from numbers import Integral, Real
from os import PathLike
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state, get_tags, indexable
from sklearn.utils.metaestimators import available_if

from skbayes._sklearn_compat import (
    HAS_CALLBACKS,
    BaseSearchCV,
    Interval,
    NoCallbackContext,
    StrOptions,
    check_method_params,
    fit_context,
    has_callbacks,
    num_samples,
    scorers_by_name,
    warn_or_raise_about_fit_failures,
)
from skbayes.engine.budget import CallbackRequest, Clock, SameFailure, StoppingRule
from skbayes.engine.finished import FinishedTrials, Listener
from skbayes.engine.loop import SearchLoop
from skbayes.engine.records.checkpoint import Checkpoint, identity_of, is_repeatable, metrics_of
from skbayes.engine.records.contents import Shape
from skbayes.engine.records.journal import JournalError
from skbayes.engine.workers import Workers, one_blas_thread
from skbayes.estimators.callbacks import SearchTask
from skbayes.estimators.display import ShownAsWritten
from skbayes.estimators.hints import did_you_mean, naming_the_closest_scorer, warn_of_pairs
from skbayes.estimators.interrupted import what_was_kept, what_was_kept_before_the_refit
from skbayes.estimators.progress import Progress, say
from skbayes.evaluation.all_failed import raise_if_all_failed
from skbayes.evaluation.evaluator import Evaluation
from skbayes.evaluation.results import (
    Record,
    SplitResult,
    failures_of,
    insert_missing_metrics,
    merge_equal_errors,
    outcome_of,
)
from skbayes.evaluation.splits import Split, as_split
from skbayes.evaluation.warm_start import WarmStartPool
from skbayes.evaluation.watch import Watch
from skbayes.samplers.base import Sampler
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.space import Space
from skbayes.space.base import SearchSpace
from skbayes.space.space import dicts_of
from skbayes.space.written import shown
from skbayes.study import Study
from skbayes.trial import Outcome, Trial


def _can_transform(search: Any) -> bool:
    """Whether there is `transform`; if not, raise the error that says why."""
    return search.transform is not None


@dataclass(frozen=True, eq=False)
class Inputs:
    """What the user passed, read: data, routed metadata, scorers, splitter.

    `metadata` is what callbacks are told.
    """

    X: Any
    y: Any
    routed: Any
    metadata: dict[str, Any] | None
    scorers: Any
    cv: Any


@dataclass(frozen=True, eq=False)
class Plan:
    """What a search does: where it looks, who proposes, and the splits that every trial sees."""

    space: Space
    sampler: Sampler
    splits: list[Split]
    seed: int


class BaseModelSearchCV(ShownAsWritten, BaseSearchCV):
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
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
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

    def __sklearn_tags__(self) -> Any:
        """Forward what the estimator transforms and predicts, beside what scikit-learn forwards."""
        tags = super().__sklearn_tags__()
        own = get_tags(self.estimator)
        tags.transformer_tags = deepcopy(own.transformer_tags)
        is_required = tags.target_tags.required  # scikit-learn leaves that to the estimator
        tags.target_tags = deepcopy(own.target_tags)
        tags.target_tags.required = is_required
        return tags

    @available_if(_can_transform)
    def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Search, refit, and transform `X` by the best estimator.

        Only available if `refit` is not False and the estimator has ``transform``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training vectors.
        y : array-like of shape (n_samples,), default=None
            Target relative to X; None for unsupervised learning.
        **params : dict of str -> object
            Parameters passed to ``fit``.

        Returns
        -------
        Xt : array-like of shape (n_samples, n_features_new)
            `X` transformed by the best estimator.
        """
        return self.fit(X, y, **params).transform(X)

    @abstractmethod
    def _make_sampler(self, space: SearchSpace, start: QuasiRandomSampler) -> Sampler:
        """Return the sampler that proposes once the given points are used up."""

    def _n_start(self, default: int) -> int:
        """Return the size of the start-up design, `default` where it is left to the method."""
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
        clock = Clock(np.inf if self.timeout is None else time.monotonic() + self.timeout)
        self._forget_earlier_fit()
        with naming_the_closest_scorer(self.scoring):
            scorers, refit_metric = self._get_scorers()
        inputs = self._read_inputs(X, y, params, scorers)
        context = self._begin_callbacks(inputs)
        workers = self._find_workers()
        n_points = workers.n if self.n_points == "auto" else int(self.n_points)
        with self._open_checkpoint(inputs, n_points) as checkpoint:
            plan = self._make_plan(inputs, checkpoint)
            self.n_splits_, self.n_points_ = len(plan.splits), n_points
            task = self._begin_search(plan, context)
            with workers.watch(self.max_fit_time) as watch:
                loop = self._make_loop(inputs, plan, checkpoint, workers, watch, task, clock)
                with self._stored_if_interrupted(loop, inputs, plan, refit_metric):
                    self._search(loop, workers)
            task.end()
        records = loop.finished.records()
        self._check_outcomes(records, plan)
        refit_metric = self._store_results(records, inputs, plan, refit_metric)
        self._select_best(refit_metric)
        try:
            self._refit_best(inputs, context)
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(what_was_kept_before_the_refit(self))
            raise
        context.call_on_fit_task_end(estimator=self, X=X, y=y, metadata=inputs.metadata)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there are results; if the refit that was to follow is missing, say how to."""
        if self.refit and hasattr(self, "best_params_") and not hasattr(self, "best_estimator_"):
            raise NotFittedError(
                f"This {type(self).__name__} instance has no best estimator: its search was "
                "interrupted, or the best candidate was not refitted. Refit it with "
                "'clone(search.estimator).set_params(**search.best_params_).fit(X, y)', or call "
                "'fit' again; with a checkpoint it goes on where it was."
            )
        return hasattr(self, "cv_results_")

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

    def _forget_earlier_fit(self) -> None:
        """Remove the attributes of an earlier fit: nothing may be predicted from half a search."""
        for name in [name for name in vars(self) if name.endswith("_") and name[0] != "_"]:
            delattr(self, name)

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
        workers.n_pre_dispatched(self.pre_dispatch, n_window=1)  # which says what is wrong with it
        if self.max_fit_time is not None and not workers.can_be_ended:
            raise ValueError(
                f"max_fit_time={self.max_fit_time!r} needs processes that can be ended, and "
                f"n_jobs={self.n_jobs!r} does not fit in such here. Give n_jobs 2 or more, with "
                "joblib's own backend, loky."
            )
        return workers

    def _open_checkpoint(self, inputs: Inputs, n_points: int) -> Checkpoint:
        """Open the journal, if there is one, and find the seed of the search."""
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        if self.checkpoint is None:
            return Checkpoint(None, {}, seed, is_seeded=False)
        is_grid = self._is_grid(Space(self.param_distributions, seed))
        identity = identity_of(self, inputs, n_points, is_grid)
        return Checkpoint(self.checkpoint, identity, seed, self.random_state is not None)

    def _make_plan(self, inputs: Inputs, checkpoint: Checkpoint) -> Plan:
        """Read the space, decide what proposes, and draw the splits, once for all trials."""
        space, sampler = self._make_space_and_sampler(inputs, checkpoint.seed)
        drawn = self._draw_splits(inputs)
        splits = checkpoint.freeze(drawn, is_repeatable(inputs.cv), num_samples(inputs.X))
        return Plan(space, sampler, splits, checkpoint.seed)

    def _draw_splits(self, inputs: Inputs) -> list[Split]:
        split_params = inputs.routed.splitter.split
        n_splits = inputs.cv.get_n_splits(inputs.X, inputs.y, **split_params)
        n_samples = num_samples(inputs.X)
        wrapped = getattr(inputs.cv, "cv", None)
        for chosen in wrapped if isinstance(wrapped, list) else ():  # scikit-learn unpacks them
            as_split(chosen, n_samples)
        splits = [
            as_split(split, n_samples)
            for split in inputs.cv.split(inputs.X, inputs.y, **split_params)
        ]
        if not splits:
            raise ValueError(
                "No fits were performed. Was the CV iterator empty? Were there no candidates?"
            )
        if len(splits) != n_splits:
            raise ValueError(
                "cv.split and cv.get_n_splits return inconsistent results. "
                f"Expected {n_splits} splits, got {len(splits)}"
            )
        return splits

    def _make_parts(self, inputs: Inputs, plan: Plan) -> dict[int, list[Split]]:
        """Return splits with some of the samples, for trials that ask for so many."""
        return {}

    def _kept_models(self, plan: Plan) -> WarmStartPool | None:
        """Return where models wait to be fitted further; None if none ever is."""
        return None

    def _is_grid(self, space: Space) -> bool:
        """Whether the trials are those of a grid search because there are to be so many."""
        return False

    @abstractmethod
    def _make_space_and_sampler(self, inputs: Inputs, seed: int) -> tuple[Space, Sampler]:
        """Read the space, and decide what proposes."""

    @abstractmethod
    def _n_planned(self, plan: Plan) -> int:
        """Return how many trials there will be at most."""

    def _stopping_rules(self) -> list[StoppingRule]:
        """Return the rules by which the search may end early."""
        return [CallbackRequest(), SameFailure(self.refit)]

    def _make_space(self, seed: int) -> Space:
        space = Space(self.param_distributions, seed)
        self._check_names(space)
        warn_of_pairs(self.param_distributions)
        return space

    def _check_names(self, space: Space) -> None:
        """Raise for a name that the estimator does not have, and name the closest it has."""
        known = self.estimator.get_params(deep=True)
        for params in space.examples():
            if params.keys() <= known.keys() and not any(map(_has_params, params.values())):
                continue
            probe = clone(self.estimator)
            try:
                probe.set_params(**clone(params, safe=False))
            except (ValueError, AttributeError) as error:
                has = probe.get_params(deep=True)
                unknown = [name for name in params if name not in has] or list(params)
                hint = did_you_mean(unknown, has)
                raise ValueError(f"param_distributions[{unknown[0]!r}]: {error}{hint}") from error

    def _given_params(self, space: Space) -> Sequence[Mapping[str, Any]]:
        """Return the points to evaluate first, after a check that they lie in the space."""
        if self.initial_params is None:
            return []
        if isinstance(self.initial_params, str):
            defaults = space.fitting_part(self.estimator.get_params(deep=True))
            return [defaults] if defaults else []
        centre = np.full(space.n_columns, 0.5)
        for number, params in enumerate(self.initial_params):
            label = f"initial_params[{number}]"
            if not isinstance(params, Mapping):
                raise TypeError(f"{label}: {shown(params)} is not a dict of names to values.")
            try:
                space.complete(params, centre)
            except ValueError as error:
                raise ValueError(f"{label}: {error}.") from None
        return list(self.initial_params)

    def _begin_search(self, plan: Plan, context: Any) -> SearchTask:
        """Open the search in scikit-learn's task tree."""
        return SearchTask(self, context, self._n_planned(plan), self.n_splits_)

    def _make_progress(self, plan: Plan) -> Progress:
        """Say how much there is to do, and return what tells of it as it is done."""
        n_trials = self._n_planned(plan)
        limit = "" if self.timeout is None else f", or as many as {self.timeout:g} seconds allow"
        say(
            f"Fitting {self.n_splits_} folds for each of {n_trials} candidates, "
            f"totalling {n_trials * self.n_splits_} fits{limit}"
        )
        return Progress(n_trials, n_trials, self.refit)

    def _make_loop(
        self,
        inputs: Inputs,
        plan: Plan,
        checkpoint: Checkpoint,
        workers: Workers,
        watch: Watch | None,
        task: SearchTask,
        clock: Clock,
    ) -> SearchLoop:
        """Put together what evaluates and what proposes."""
        n_trials = self._n_planned(plan)
        has_callbacks = self._has_callbacks()
        if has_callbacks:
            task.make_contexts()
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
            "verbose": self.verbose,
            "caller": self if has_callbacks else None,
        }
        shape = Shape(
            self.n_splits_,
            metrics_of(inputs.scorers),
            callable(self.scoring),
            self.refit,
            self.return_train_score,
        )
        evaluation = Evaluation(
            clone(self.estimator),
            plan.splits,
            n_trials,
            options,
            task.context_of if has_callbacks else None,
            self._make_parts(inputs, plan),
            self._kept_models(plan),
            workers.are_processes,
            watch,
        )
        listeners: list[Listener] = [checkpoint]
        if self.verbose > 0:
            listeners.append(self._make_progress(plan))
        return SearchLoop(
            Study(plan.space, plan.sampler, n_points=self.n_points_, random_state=plan.seed),
            evaluation,
            self._judge,
            n_trials=n_trials,
            while_proposing=nullcontext if workers.are_threads else one_blas_thread(),
            finished=FinishedTrials(self._stopping_rules(), listeners),
            clock=clock,
            watch=watch,
            recorded=checkpoint.recorded(plan.sampler, shape, has_callbacks),
        )

    def _search(self, loop: SearchLoop, workers: Workers) -> None:
        """Run the loop over joblib."""
        n_window = self.n_points_ * self.n_splits_
        pre_dispatch = workers.n_pre_dispatched(self.pre_dispatch, n_window)
        # Threads share the limit with the fits: set once, it does not come and go under them.
        with one_blas_thread()() if workers.are_threads else nullcontext():
            loop.run(partial(workers.parallel, pre_dispatch), workers.stream, workers.n)

    def _has_callbacks(self) -> bool:
        """Whether anybody listens to the evaluations.

        If not, they are spared the callers and contexts, which are slow to send.
        """
        listeners = [self, *self.get_params(deep=True).values()]
        for grid in dicts_of(self.param_distributions):
            listeners.extend(chain.from_iterable(v for v in grid.values() if isinstance(v, list)))
        return any(map(has_callbacks, listeners))

    def _judge(self, results: list[SplitResult]) -> Outcome:
        """Make the outcome of a trial, by the metric that `refit` names or else the first."""
        scores = next((r["test_scores"] for r in results if r["fit_error"] is None), None)
        if isinstance(scores, dict) and callable(self.scoring):
            self._check_refit_for_multimetric(scores)
        return outcome_of(results, self.refit)

    @contextmanager
    def _stored_if_interrupted(
        self, loop: SearchLoop, inputs: Inputs, plan: Plan, refit_metric: Any
    ) -> Iterator[None]:
        """Store what an interrupted search has found, if it has found anything, and say so."""
        try:
            yield
        except (KeyboardInterrupt, JournalError) as interrupt:
            records = loop.finished.records(is_interrupted=True)
            try:
                if any(np.isfinite(record.trial.score) for record in records):
                    self._select_best(self._store_results(records, inputs, plan, refit_metric))
            except Exception as error:
                interrupt.add_note(f"What was found could not be stored: {shown(error)}")
            else:
                interrupt.add_note(what_was_kept(self))
            raise

    def _store_results(
        self, records: list[Record], inputs: Inputs, plan: Plan, refit_metric: Any
    ) -> Any:
        """Format what came back as scikit-learn does, and return the metric to select by."""
        self.failures_ = {
            number: failures
            for number, record in enumerate(records)
            if (failures := failures_of(record.results))
        }
        out = list(chain.from_iterable(record.results for record in records))
        warn_or_raise_about_fit_failures(merge_equal_errors(out), self.error_score)
        if callable(self.scoring):
            insert_missing_metrics(out, self.error_score)
        trials = [record.trial for record in records]
        self.cv_results_ = self._format_results(
            [dict(trial.params) for trial in trials],
            self.n_splits_,
            out,
            self._extra_columns(trials, inputs, plan),
        )
        self.multimetric_ = isinstance(out[0]["test_scores"], dict)
        self.scorer_ = scorers_by_name(inputs.scorers)
        if callable(self.scoring) and self.multimetric_:
            self._check_refit_for_multimetric(out[0]["test_scores"])
            return self.refit
        return refit_metric

    def _check_outcomes(self, records: list[Record], plan: Plan) -> None:
        """Raise if no candidate has a score."""
        results = [record.results for record in records]
        n_planned, advice = self._n_planned(plan), self._advice_on_failure(records)
        raise_if_all_failed(results, n_planned, self.refit, self.error_score, advice)

    def _advice_on_failure(self, records: list[Record]) -> str:
        """Return what else to say where nothing has succeeded."""
        if self.checkpoint is None:
            return ""
        return (
            f"\n\nThe failures are kept in checkpoint={shown(self.checkpoint)}, and are not tried "
            "again; give another path to try them again."
        )

    def _extra_columns(
        self, trials: list[Trial], inputs: Inputs, plan: Plan
    ) -> dict[str, list[Any]]:
        """Return what `cv_results_` has beside scikit-learn's columns."""
        return {}

    def _select_best(self, refit_metric: Any) -> None:
        if not self.refit and self.multimetric_:
            return
        # A callable decides itself; what a subclass has to say is about scores.
        select = BaseSearchCV if callable(self.refit) else self
        self.best_index_ = select._select_best_index(self.refit, refit_metric, self.cv_results_)
        if not callable(self.refit):
            self.best_score_ = self.cv_results_[f"mean_test_{refit_metric}"][self.best_index_]
        self.best_params_ = self.cv_results_["params"][self.best_index_]

    def _refit_best(self, inputs: Inputs, context: Any) -> None:
        """Fit the best candidate on all data."""
        if not self.refit:
            return
        # The values are cloned too: they may be estimators, and the space is the user's.
        best = clone(self.estimator).set_params(**clone(self.best_params_, safe=False))
        task = context.subcontext(task_name="refit-with-best-params")
        data = {"X": inputs.X, "y": inputs.y, "metadata": inputs.metadata}
        with task.propagate_callback_context(best):
            task.call_on_fit_task_begin(estimator=self, **data)
            begin = time.time()
            targets = () if inputs.y is None else (inputs.y,)
            best.fit(inputs.X, *targets, **inputs.routed.estimator.fit)
            self.refit_time_ = time.time() - begin
        self.best_estimator_ = best
        if hasattr(best, "feature_names_in_"):
            self.feature_names_in_ = best.feature_names_in_
        task.call_on_fit_task_end(estimator=self, **data)


def _has_params(value: Any) -> bool:
    """Whether a value is an estimator, which changes what names there are."""
    return hasattr(value, "get_params")
