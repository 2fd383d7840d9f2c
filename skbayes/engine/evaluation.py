"""The evaluation of splits of a trial, as a task for joblib."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.parallel import delayed

from skbayes._sklearn_compat import fit_and_score
from skbayes.engine.continued import KeptModels
from skbayes.engine.fit_warnings import FitWarning, collected
from skbayes.trial import Trial

Split = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Indices of the training and of the test samples."""

Task = tuple[Any, tuple[Any, ...], dict[str, Any]]
"""What joblib runs: a delayed function, its positional and its keyword arguments."""

SplitResult = dict[str, Any]
"""Scores, times and error of one split, as scikit-learn reports them."""


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
    contexts : sequence of object, default=()
        One callback context a (trial, split), in order; none if empty.
    parts : mapping of int to sequence of Split, default={}
        The splits with some of the samples, for trials that remember such an `n_resources`.
    kept : KeptModels, default=None
        Models that promoted trials continue; by default every fit begins anew.
    is_elsewhere : bool, default=False
        Whether tasks run in other processes, from which warnings have to be brought back.
    """

    estimator: Any
    splits: Sequence[Split]
    n_trials: int
    options: Mapping[str, Any]
    contexts: Sequence[Any] = ()
    parts: Mapping[int, Sequence[Split]] = field(default_factory=dict)
    kept: KeptModels | None = None
    is_elsewhere: bool = False

    @property
    def n_splits(self) -> int:
        """Number of splits of a trial."""
        return len(self.splits)

    def task(self, trial: Trial, splits: Sequence[int]) -> Task:
        """Return the task that evaluates some splits of a trial."""
        of_trial = self.parts.get(trial.memory.get("n_resources", 0), self.splits)
        first = trial.number * self.n_splits
        contexts = [self.contexts[first + split] if self.contexts else None for split in splits]
        task: Task = delayed(_evaluate)(
            trial.number,
            splits,
            [of_trial[split] for split in splits],
            contexts,
            self.n_splits,
            [None if self.kept is None else self.kept.take(trial, split) for split in splits],
            is_elsewhere=self.is_elsewhere,
            estimator=self.estimator,
            is_kept=self.kept is not None and self.kept.is_kept(trial),
            parameters=dict(trial.params),
            candidate_progress=(trial.number, self.n_trials),
            **self.options,
        )
        return task

    def receive(self, trial: Trial, results: Sequence[SplitResult]) -> None:
        """Take the models out of the results of a finished trial, and keep what may go on."""
        models = [result.pop("estimator", None) for result in results]
        if self.kept is not None:
            self.kept.put(trial, models)


def _evaluate(
    number: int,
    splits: Sequence[int],
    indices: Sequence[Split],
    contexts: Sequence[Any],
    n_splits: int,
    models: Sequence[Any],
    *,
    is_elsewhere: bool,
    estimator: Any,
    is_kept: bool,
    **options: Any,
) -> Answer:
    begin = time.perf_counter()
    fit_warnings: list[FitWarning] = []
    with collected(fit_warnings) if is_elsewhere else nullcontext():
        results = {
            split: fit_and_score(
                estimator=_to_fit(estimator, model, is_kept),
                return_estimator=is_kept,
                train=train,
                test=test,
                split_progress=(split, n_splits),
                callback_ctx=context,
                **options,
            )
            for split, (train, test), context, model in zip(
                splits, indices, contexts, models, strict=True
            )
        }
    return Answer(number, results, time.perf_counter() - begin, fit_warnings)


def _to_fit(estimator: Any, model: Any, is_kept: bool) -> Any:
    """Return a kept model to fit further, or a new one, prepared for it if it will be kept."""
    if model is not None:
        return model
    return clone(estimator).set_params(warm_start=True) if is_kept else clone(estimator)
