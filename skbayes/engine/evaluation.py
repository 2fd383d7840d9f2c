"""The evaluation of splits of a trial, as a task for joblib."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.parallel import delayed

from skbayes._sklearn_compat import fit_and_score, recording_scorer
from skbayes.engine.continued import KeptModels
from skbayes.engine.fit_warnings import FitWarning, collected
from skbayes.engine.watch import Watch
from skbayes.space.written import shown
from skbayes.trial import Trial

Split = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Indices of the training and of the test samples."""

Task = tuple[Any, tuple[Any, ...], dict[str, Any]]
"""What joblib runs: a delayed function, its positional and its keyword arguments."""

SplitResult = dict[str, Any]
"""Scores, times and error of one split, as scikit-learn reports them.

Beside them ``is_last`` is true if a callback wants no trial after this one, and ``score_errors``
has the tracebacks of scores that failed, by the name of the metric.
"""


def as_split(chosen: Any, n_samples: int) -> Split:
    """Return the indices of training and test samples that a splitter gave.

    Parameters
    ----------
    chosen : tuple of two
        Each indices, a mask or a slice.
    n_samples : int

    Raises
    ------
    TypeError
        If it is no such pair.
    ValueError
        If an index is none of a sample.
    """
    try:
        train, test = chosen
    except (TypeError, ValueError):
        raise TypeError(
            f"cv: {shown(chosen)} is no pair of training and test indices; give a splitter, a "
            "number of folds, or a list of such pairs."
        ) from None
    return _as_indices(train, n_samples), _as_indices(test, n_samples)


def _as_indices(chosen: Any, n_samples: int) -> NDArray[np.intp]:
    if isinstance(chosen, slice):
        return np.arange(n_samples)[chosen]
    try:
        array = np.asarray(chosen)
        indices = np.flatnonzero(array) if array.dtype == bool else array.astype(np.intp)
    except (TypeError, ValueError):
        raise TypeError(f"cv: {shown(chosen)} are no indices, no mask and no slice.") from None
    if indices.size and not -n_samples <= indices.min() <= indices.max() < n_samples:
        raise ValueError(f"cv: {shown(chosen)} are not indices of the {n_samples} samples.")
    return indices


class Answer(NamedTuple):
    """What a task answers.

    Parameters
    ----------
    number : int
        Number of the trial.
    results : dict of int to dict
        Result of each split that was evaluated.
    seconds : float
        How long that took.
    fit_warnings : sequence of FitWarning
        What was warned of in another process; elsewhere warnings find their own way.
    """

    number: int
    results: dict[int, SplitResult]
    seconds: float
    fit_warnings: Sequence[FitWarning] = ()


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Everything an evaluation needs but the trial.

    Parameters
    ----------
    estimator : estimator
        Cloned for every fit, never touched.
    splits : sequence of Split
        Frozen: every trial sees the same.
    n_trials : int
        How many trials are planned, for progress messages.
    options : mapping
        Data, scorer and all that scikit-learn's evaluation of a split takes beside.
    context_of : callable, default=None
        Returns the callback context of a trial and the number of a split; None if there are no
        callbacks.
    parts : mapping of int to sequence of Split, default={}
        The splits with some of the samples, for trials that remember such an `n_resources`.
    kept : KeptModels, default=None
        Models that promoted trials continue; by default every fit begins anew.
    is_elsewhere : bool, default=False
        Whether tasks run in other processes, from which warnings have to be brought back.
    watch : Watch or None, default=None
        What is kept of splits under way in processes that may die.
    """

    estimator: Any
    splits: Sequence[Split]
    n_trials: int
    options: Mapping[str, Any]
    context_of: Callable[[Trial, int], Any] | None = None
    parts: Mapping[int, Sequence[Split]] = field(default_factory=dict)
    kept: KeptModels | None = None
    is_elsewhere: bool = False
    watch: Watch | None = None

    @property
    def n_splits(self) -> int:
        """Number of splits of a trial."""
        return len(self.splits)

    def task(self, trial: Trial, splits: Sequence[int]) -> Task:
        """Return the task that evaluates some splits of a trial."""
        of_trial = self._splits_of(trial)
        task: Task = delayed(_evaluate)(
            trial.number,
            splits,
            [of_trial[split] for split in splits],
            [self._context(trial, split) for split in splits],
            self.n_splits,
            [None if self.kept is None else self.kept.take(trial, split) for split in splits],
            is_elsewhere=self.is_elsewhere,
            watch=self.watch,
            estimator=self.estimator,
            is_kept=self.kept is not None and self.kept.is_kept(trial),
            parameters=dict(trial.params),
            candidate_progress=(trial.number, self.n_trials),
            **self.options,
        )
        return task

    def failed(self, trial: Trial, split: int, reason: str, stack: str) -> SplitResult:
        """Return the result of a split that no process lived to answer.

        It is that of a model that cannot be fitted, so `error_score` has the last word.

        Parameters
        ----------
        trial : Trial
        split : int
        reason : str
        stack : str
            Where the process was, the most recent call first; empty if nobody knows.
        """
        answer = _evaluate(
            trial.number,
            [split],
            [self._splits_of(trial)[split]],
            [self._context(trial, split)],
            self.n_splits,
            [Unfittable(reason)],
            is_elsewhere=False,
            watch=None,
            estimator=self.estimator,
            is_kept=False,
            parameters=None,
            candidate_progress=(trial.number, self.n_trials),
            **self.options,
        )
        where = stack.splitlines(keepends=True)
        ours = next((n for n, line in enumerate(where) if "in _fit_and_score" in line), len(where))
        error = f"{FitProcessDied.__module__}.{FitProcessDied.__name__}: {reason}\n"
        return answer.results[split] | {"fit_error": "".join(where[:ours]) + error}

    def _splits_of(self, trial: Trial) -> Sequence[Split]:
        return self.parts.get(trial.memory.get("n_resources", 0), self.splits)

    def _context(self, trial: Trial, split: int) -> Any:
        return None if self.context_of is None else self.context_of(trial, split)

    def receive(self, trial: Trial, results: Sequence[SplitResult]) -> None:
        """Take the models out of the results of a finished trial, and keep what may go on."""
        models = [result.pop("estimator", None) for result in results]
        if self.kept is not None:
            self.kept.put(trial, models)


class FitProcessDied(RuntimeError):
    """The process that fitted a model came to its end."""


class Unfittable(BaseEstimator):
    """Stands for a model whose fit ended the process it ran in."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Raise the reason."""
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
    is_elsewhere: bool,
    watch: Watch | None,
    estimator: Any,
    is_kept: bool,
    scorer: Any,
    **options: Any,
) -> Answer:
    begin = time.perf_counter()
    fit_warnings: list[FitWarning] = []
    results: dict[int, SplitResult] = {}
    with collected(fit_warnings) if is_elsewhere else nullcontext():
        for split, (train, test), context, model in zip(
            splits, indices, contexts, models, strict=True
        ):
            listener = None if context is None else _Listener(context)
            errors: dict[str, str] = {}
            with nullcontext() if watch is None else watch.over(number, split):
                result = fit_and_score(
                    estimator=_to_fit(estimator, model, is_kept),
                    scorer=recording_scorer(scorer, errors),
                    return_estimator=is_kept,
                    train=train,
                    test=test,
                    split_progress=(split, n_splits),
                    callback_ctx=listener,
                    **options,
                )
            result["is_last"] = listener is not None and listener.wants_stop
            result["score_errors"] = errors
            for key in ("test_scores", "train_scores"):
                if key in result:
                    result[key] = _as_floats(result[key])
            results[split] = result
    return Answer(number, results, time.perf_counter() - begin, fit_warnings)


def _as_floats(scores: Any) -> Any:
    """Return scores as floats, whatever kind of number a scorer gave: they may be written down."""
    if isinstance(scores, dict):
        return {name: _as_floats(score) for name, score in scores.items()}
    try:
        return float(scores)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"scoring must return a real number, got {scores!r} instead.") from error


def _to_fit(estimator: Any, model: Any, is_kept: bool) -> Any:
    """Return a kept model to fit further, or a new one, prepared for it if it will be kept."""
    if model is not None:
        return model
    return clone(estimator).set_params(warm_start=True) if is_kept else clone(estimator)
