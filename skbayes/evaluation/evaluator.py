"""The evaluation of splits of a trial by scikit-learn, as tasks for workers."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.parallel import delayed

from skbayes._sklearn_compat import (
    fit_and_score,
    frames_below_fit,
    recording_scorer,
    safe_split,
)
from skbayes.evaluation.fit_warnings import FitWarning, collect_warnings
from skbayes.evaluation.growth.evaluate import fit_and_score_stages
from skbayes.evaluation.growth.growing import Paused, Stages
from skbayes.evaluation.predictions import PredictionMethod, PredictionStore
from skbayes.evaluation.printing import over_the_line
from skbayes.evaluation.results import SplitResult
from skbayes.evaluation.splits import Split
from skbayes.evaluation.task import Answer, Evaluator, Task
from skbayes.evaluation.warm_start import WarmStartPool
from skbayes.evaluation.watch import Watch
from skbayes.pruning.pruner import Pruner
from skbayes.trial import Trial


@dataclass(frozen=True, eq=False)
class Evaluation(Evaluator):
    """Everything an evaluation needs except the trial.

    Parameters
    ----------
    estimator : estimator
        Cloned for every fit, never touched.
    splits : sequence of Split
        The same for every trial.
    n_trials : int
        How many trials are planned, for progress messages.
    options : mapping
        Data, scorer and all other arguments of scikit-learn's evaluation of a split.
    context_of : callable, default=None
        Returns the callback context of a trial and the number of a split, given whether it is sent
        to another process; None if there are no callbacks.
    subsampled : mapping of int to sequence of Split, default={}
        By fidelity, the splits with that number of samples. Trials of any other fidelity use all
        samples.
    pool : WarmStartPool, default=None
        Fitted models that promoted trials continue; by default every fit starts from scratch.
    in_subprocess : bool, default=False
        Whether tasks run in other processes, so that warnings have to be sent back.
    watch : Watch or None, default=None
        Keeps a file per split under way, if the processes they run in may die.
    predictions : PredictionStore or None, default=None
        Keeps the predictions on the test samples; None to make none.
    prints_over_line : bool, default=False
        Whether the main process shows progress in the last line of the terminal, so that what fits
        print in other processes must go above it.
    stages : Stages or None, default=None
        What of the estimator grows, if it is scored while it does.
    """

    estimator: Any
    splits: Sequence[Split]
    n_trials: int
    options: Mapping[str, Any]
    context_of: Callable[[Trial, int, bool], Any] | None = None
    subsampled: Mapping[int, Sequence[Split]] = field(default_factory=dict)
    pool: WarmStartPool | None = None
    in_subprocess: bool = False
    watch: Watch | None = None
    predictions: PredictionStore | None = None
    prints_over_line: bool = False
    stages: Stages | None = None

    @property
    def n_splits(self) -> int:
        return len(self.splits)

    def task(
        self,
        trial: Trial,
        splits: Sequence[int],
        before: Mapping[int, SplitResult],
        has_lost: Pruner | None = None,
    ) -> Task:
        pool = self.pool
        # What is fitted further has been told of already.
        silent = replace(self, context_of=None) if before else self
        task: Task = delayed(_evaluate)(
            *silent._work(trial, splits),
            [None if pool is None else pool.model_for(trial, split) for split in splits],
            in_subprocess=self.in_subprocess,
            prints_over_line=self.prints_over_line,
            watch=self.watch,
            estimator=self.estimator,
            keeps_model=pool is not None and pool.wants(trial),
            predicts=None if self.predictions is None else self.predictions.method,
            stages=self.stages,
            before={split: result["paused"] for split, result in before.items()},
            has_lost=has_lost,
            parameters=dict(trial.params),
            candidate_progress=(trial.number, self.n_trials),
            **self.options,
        )
        return task

    def to_grow(self, results: Sequence[SplitResult]) -> dict[int, SplitResult]:
        return {} if self.stages is None else self.stages.to_grow(results)

    def failed(self, trial: Trial, split: int, reason: str, stack: str) -> SplitResult:
        result = self._evaluate_here(trial, split, Unfittable(reason), parameters=None, stages=None)
        error = f"{FitProcessDied.__module__}.{FitProcessDied.__name__}: {reason}\n"
        none: SplitResult = {"curves": None, "paused": None, "is_pruned": False}
        no_curves = {} if self.stages is None else none
        return result | no_curves | {"fit_error": frames_below_fit(stack) + error}

    def again(self, trial: Trial, split: int) -> SplitResult:
        silent = replace(self, context_of=None)
        options = {"caller": None, "verbose": 0, "error_score": np.nan}
        return silent._evaluate_here(trial, split, None, parameters=dict(trial.params), **options)

    def keep(self, trial: Trial, results: Sequence[SplitResult]) -> None:
        models = [result.pop("estimator", None) for result in results]
        for result in results:
            result.pop("paused", None)
        if self.pool is not None:
            self.pool.put(trial, models)
        if self.predictions is not None:
            self.predictions.put(trial.number, results)

    def _evaluate_here(self, trial: Trial, split: int, model: Any, **options: Any) -> SplitResult:
        """Return the result of a split that is evaluated in this process."""
        answer = _evaluate(
            *self._work(trial, [split]),
            [model],
            in_subprocess=False,
            watch=None,
            estimator=self.estimator,
            keeps_model=False,
            before={},
            candidate_progress=(trial.number, self.n_trials),
            **{"stages": self.stages, **self.options, **options},
        )
        return answer.results[split]

    def _work(
        self, trial: Trial, splits: Sequence[int]
    ) -> tuple[int, Sequence[int], list[Split], list[Any], int]:
        """Return the number of a trial, and the numbers, indices and contexts of its splits."""
        of_trial = self.splits
        if trial.fidelity is not None:
            of_trial = self.subsampled.get(trial.fidelity, self.splits)
        contexts = [
            None if self.context_of is None else self.context_of(trial, split, self.in_subprocess)
            for split in splits
        ]
        return trial.number, splits, [of_trial[split] for split in splits], contexts, self.n_splits


class FitProcessDied(RuntimeError):
    """The process that fitted a model died, or was ended after `max_fit_time`."""


class Unfittable(BaseEstimator):
    """Stands for a model whose fit ended the process it ran in."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Raise `FitProcessDied` with the reason.

        Parameters
        ----------
        X, y, **params : object
            Ignored.
        """
        raise FitProcessDied(self.reason)


class _Listener:
    """Passes a callback context on, and remembers whether a callback wants to stop."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self.wants_stop = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def call_on_fit_task_end(self, **options: Any) -> bool:
        wants_stop = bool(self._context.call_on_fit_task_end(**options))
        self.wants_stop = self.wants_stop or wants_stop
        return wants_stop


def _evaluate(
    number: int,
    splits: Sequence[int],
    indices: Sequence[Split],
    contexts: Sequence[Any],
    n_splits: int,
    models: Sequence[Any],
    *,
    in_subprocess: bool,
    watch: Watch | None,
    estimator: Any,
    keeps_model: bool,
    scorer: Any,
    predicts: PredictionMethod | None = None,
    prints_over_line: bool = False,
    stages: Stages | None = None,
    before: Mapping[int, Paused],
    has_lost: Pruner | None = None,
    **options: Any,
) -> Answer:
    begin = time.perf_counter()
    fit_warnings: list[FitWarning] = []
    results: dict[int, SplitResult] = {}
    with (
        collect_warnings(fit_warnings) if in_subprocess else nullcontext(),
        over_the_line() if in_subprocess and prints_over_line else nullcontext(),
    ):
        for split, (train, test), context, model in zip(
            splits, indices, contexts, models, strict=True
        ):
            listener = None if context is None else _Listener(context)
            errors: dict[str, str] = {}
            began = time.time()
            with nullcontext() if watch is None else watch.over(number, split):
                evaluate = fit_and_score
                if stages is not None:
                    evaluate = partial(
                        fit_and_score_stages,
                        stages,
                        errors=errors,
                        before=before.get(split),
                        has_lost=has_lost if split == splits[0] else None,
                    )
                result = evaluate(
                    estimator=clone(estimator) if model is None else model,
                    scorer=recording_scorer(scorer, errors),
                    return_estimator=keeps_model or predicts is not None,
                    train=train,
                    test=test,
                    split_progress=(split, n_splits),
                    callback_ctx=listener,
                    **options,
                )
                result["predictions"] = None
                if predicts is not None:
                    result["predictions"] = _predicted(predicts, result, options["X"], test, train)
                    if not keeps_model:
                        del result["estimator"]
            result["split"] = split
            result["began"], result["ended"] = began, time.time()
            result["worker"] = f"{os.getpid()}-{threading.get_ident()}"
            result["stop_requested"] = listener is not None and listener.wants_stop
            result["score_errors"] = errors
            for key in ("test_scores", "train_scores"):
                if key in result:
                    result[key] = _as_floats(result[key])
            results[split] = result
            if result.get("is_pruned"):
                break
    return Answer(number, results, time.perf_counter() - begin, fit_warnings)


def _predicted(
    predicts: PredictionMethod, result: SplitResult, X: Any, test: Any, train: Any
) -> Any:
    """Return what the fitted model of a split predicts for its test samples, if it was fitted."""
    if result["fit_error"] is not None:
        return None
    model = result["estimator"]
    return predicts(model, safe_split(model, X, None, test, train)[0])


def _as_floats(scores: Any) -> Any:
    """Return scores as Python floats, because they may be written to a journal."""
    if isinstance(scores, dict):
        return {name: _as_floats(score) for name, score in scores.items()}
    try:
        return float(scores)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"scoring must return a real number, got {scores!r} instead.") from error
