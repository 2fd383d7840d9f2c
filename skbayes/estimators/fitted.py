"""The fitted attributes of a search: results, best candidate, and refitted estimator."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from skbayes._sklearn_compat import (
    BaseSearchCV,
    num_samples,
    scorers_by_name,
    warn_or_raise_about_fit_failures,
)
from skbayes.engine.finished import Listener
from skbayes.engine.loop import SearchLoop
from skbayes.engine.records.journal import JournalError
from skbayes.estimators.callbacks import Announcer
from skbayes.estimators.inputs import Inputs, Plan
from skbayes.estimators.interrupted import what_was_kept, what_was_kept_before_the_refit
from skbayes.estimators.partial_results import filled, take_out
from skbayes.estimators.past_trials import fingerprint_of
from skbayes.estimators.screen import say
from skbayes.evaluation.all_failed import raise_if_all_failed
from skbayes.evaluation.candidate import candidate_of
from skbayes.evaluation.growth.growing import fit_as_scored
from skbayes.evaluation.growth.stages import curves_by_split
from skbayes.evaluation.results import (
    Record,
    at_best_stage,
    failures_of,
    insert_missing_metrics,
    maximised_metric,
    merge_equal_errors,
    timeline_of,
)
from skbayes.evaluation.table import metrics_of
from skbayes.evaluation.task import Evaluator
from skbayes.findings import Edge, closing_lines
from skbayes.space.written import shown
from skbayes.surrogate import Surrogate
from skbayes.trial import Trial


class RefitCheck(Listener):
    """Checks `refit` against the names of a callable's metrics, as soon as they are known.

    Parameters
    ----------
    check : callable
        Raises ValueError if `refit` does not suit the scores of a split.
    """

    def __init__(self, check: Callable[[Mapping[str, Any]], None]) -> None:
        self._check, self._is_done = check, False

    def trial_counted(self, record: Record, is_restored: bool) -> None:
        for result in [] if self._is_done else record.results:
            if isinstance(result["test_scores"], dict):
                self._check(result["test_scores"])
                self._is_done = True
                return


class StoresResults(BaseSearchCV):
    """Stores the fitted attributes of a search.

    Hooks of `BaseSearchCV` that are called here: `_format_results`, `_select_best_index`.
    """

    @abstractmethod
    def _n_planned(self, plan: Plan) -> int:
        """Return how many trials there will be at most."""

    @property
    def surrogate_(self) -> Surrogate:
        """Gaussian process of the score over the space, fitted to the results anew.

        Raises
        ------
        AttributeError
            If the search is not fitted, or fewer than two candidates have a score.
        """
        if not hasattr(self, "cv_results_"):
            raise AttributeError(f"this {type(self).__name__} is not fitted yet.")
        metric = maximised_metric(metrics_of(self.cv_results_), self.refit)
        try:
            return Surrogate.of_results(self.param_distributions, self.cv_results_, metric)
        except (TypeError, ValueError) as error:
            raise AttributeError(f"no surrogate_: {error}") from None

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there are results; if only the refit is missing, raise an error that says so."""
        if self.refit and hasattr(self, "best_params_") and not hasattr(self, "best_estimator_"):
            raise NotFittedError(
                f"This {type(self).__name__} instance has no best estimator: its search was "
                "interrupted, or the best candidate was not refitted. Refit it with "
                "'clone(search.estimator).set_params(**search.best_params_).fit(X, y)', or call "
                "'fit' again; with a checkpoint it goes on where it was."
            )
        return hasattr(self, "cv_results_")

    def _forget_earlier_fit(self) -> None:
        """Remove the attributes of an earlier fit, so that an interrupted one cannot use them."""
        for name in [name for name in vars(self) if name.endswith("_") and name[0] != "_"]:
            delattr(self, name)

    @contextmanager
    def _stored_if_interrupted(
        self,
        loop: SearchLoop,
        inputs: Inputs,
        plan: Plan,
        refit_metric: Any,
        announcer: Announcer,
    ) -> Iterator[None]:
        """If the search is interrupted, store its finished trials and add a note to the error."""
        try:
            yield
        except BaseException as interrupt:
            is_interrupt = isinstance(interrupt, KeyboardInterrupt | JournalError)
            if not (is_interrupt or interrupt is announcer.error):
                raise
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
        """Format the results as scikit-learn does, and return the metric that selects the best."""
        self.failures_ = {
            number: failures
            for number, record in enumerate(records)
            if (failures := failures_of(record.results))
        }
        settled = [at_best_stage(record.results, self.refit)[0] for record in records]
        run = list(chain.from_iterable(settled))
        warn_or_raise_about_fit_failures(merge_equal_errors(run), self.error_score)
        if callable(self.scoring):
            insert_missing_metrics(run, self.error_score)
        out = list(chain.from_iterable(filled(r, self.n_splits_) for r in settled))
        trials = [record.trial for record in records]
        self.cv_results_ = self._format_results(
            [trial.candidate for trial in trials],
            self.n_splits_,
            out,
            self._extra_columns(trials, inputs, plan),
        )
        if len(out) > len(run):
            take_out(self.cv_results_, records, self.n_splits_)
        self.timeline_ = timeline_of(records)
        if plan.stages is not None:
            self.cv_curves_ = [curves_by_split(r.results, self.n_splits_) for r in records]
        self._searched = frozenset([*plan.space.names, *([plan.staged] if plan.staged else [])])
        self._fingerprint = fingerprint_of(self, inputs, plan.splits, plan.space.names)
        if plan.predictions is not None:
            self.cv_predictions_ = plan.predictions.predictions(
                {record.trial.number: record.results for record in records}
            )
        self.multimetric_ = isinstance(out[0]["test_scores"], dict)
        self.scorer_ = scorers_by_name(inputs.scorers)
        if callable(self.scoring) and self.multimetric_:
            return self.refit
        return refit_metric

    def _check_outcomes(self, records: list[Record], plan: Plan) -> None:
        """Raise if no candidate has a score."""
        results = [record.results for record in records]
        n_planned, advice = self._n_planned(plan), self._advice_on_failure(records)
        raise_if_all_failed(results, n_planned, self.refit, self.error_score, advice)

    def _advice_on_failure(self, records: list[Record]) -> str:
        """Return advice for the error that is raised if no candidate has a score."""
        if self.checkpoint is None:
            return ""
        return (
            f"\n\nThe failures are kept in checkpoint={shown(self.checkpoint)}, and are not tried "
            "again; give another path to try them again."
        )

    def _extra_columns(
        self, trials: list[Trial], inputs: Inputs, plan: Plan
    ) -> dict[str, list[Any]]:
        """Return the columns of `cv_results_` in addition to those of scikit-learn."""
        outcomes = [trial.outcome for trial in trials if trial.outcome is not None]
        columns: dict[str, list[Any]] = {}
        is_whole = all(outcome.is_complete for outcome in outcomes)
        if self._race_level(plan) is not None or not is_whole:
            columns["n_splits_evaluated"] = [len(outcome.splits) for outcome in outcomes]
        if self._pruning_rule(plan) is not None:
            columns["is_pruned"] = [outcome.is_pruned for outcome in outcomes]
        return columns

    def _reconsider_best(
        self, evaluator: Evaluator, records: list[Record], plan: Plan, refit_metric: Any
    ) -> None:
        """Choose another best candidate than the one with the best score, if there is reason to."""

    def _select_best(self, refit_metric: Any) -> None:
        if not self.refit and self.multimetric_:
            return
        # A callable selects the candidate itself; subclasses only change selection by score.
        select = BaseSearchCV if callable(self.refit) else self
        index = select._select_best_index(self.refit, refit_metric, self.cv_results_)
        self._set_best(index, refit_metric)

    def _set_best(self, index: int, refit_metric: Any) -> None:
        self.best_index_ = index
        if not callable(self.refit):
            self.best_score_ = self.cv_results_[f"mean_test_{refit_metric}"][index]
        self.best_params_ = self.cv_results_["params"][index]

    def _say_what_was_found(self, plan: Plan) -> None:
        """Print the gain over the defaults, and whether the best values lie at an edge."""
        metric = self.refit if isinstance(self.refit, str) else "score"
        if hasattr(self, "best_index_") and f"mean_test_{metric}" in self.cv_results_:
            is_noisy = getattr(self, "is_noisy_", False)
            rest = int(self.best_index_), plan.splits, self.failures_, is_noisy
            try:
                lines = closing_lines(plan.space, self.estimator, self.cv_results_, metric, *rest)
                most = self.estimator.get_params(deep=True).get(plan.staged)
                if most is not None and self.best_params_.get(plan.staged) == most:
                    lines.append(str(Edge(str(plan.staged), most, is_upper=True)))
            except Exception as error:  # what is only shown must not end a search
                lines = [f"What was found cannot be summed up: {shown(error)}"]
            for line in lines:
                say(line)

    def _params_of_refit(self, n_samples: int) -> Mapping[str, Any]:
        """Return the parameters with which the best candidate is fitted on all `n_samples`."""
        params: Mapping[str, Any] = self.best_params_
        return params

    def _refit_best(self, inputs: Inputs, plan: Plan, context: Any) -> None:
        """Fit the best candidate on all data."""
        if not self.refit:
            return
        best = candidate_of(self.estimator, self._params_of_refit(num_samples(inputs.X)))
        task = context.subcontext(task_name="refit-with-best-params")
        data = {"X": inputs.X, "y": inputs.y, "metadata": inputs.metadata}
        with task.propagate_callback_context(best):
            task.call_on_fit_task_begin(estimator=self, **data)
            begin = time.time()
            targets = () if inputs.y is None else (inputs.y,)
            options = inputs.routed.estimator.fit
            try:
                if plan.staged in self.best_params_ and plan.stages is not None:
                    fit_as_scored(best, plan.stages, inputs.X, inputs.y, options)
                else:
                    best.fit(inputs.X, *targets, **options)
            except KeyboardInterrupt as interrupt:
                interrupt.add_note(what_was_kept_before_the_refit(self))
                raise
            self.refit_time_ = time.time() - begin
        self.best_estimator_ = best
        if hasattr(best, "feature_names_in_"):
            self.feature_names_in_ = best.feature_names_in_
        task.call_on_fit_task_end(estimator=self, **data)
