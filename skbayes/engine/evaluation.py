"""The evaluation of one split of one trial, as a task for joblib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.base import clone
from sklearn.utils.parallel import delayed

from skbayes._sklearn_compat import fit_and_score
from skbayes.trial import FloatArray, Trial

Task = tuple[Any, tuple[Any, ...], dict[str, Any]]
"""What joblib runs: a delayed function, its positional and its keyword arguments."""

SplitResult = dict[str, Any]
"""Scores, times and error of one split, as scikit-learn reports them."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Everything an evaluation needs but the trial.

    Parameters
    ----------
    estimator : estimator
        Cloned for every fit, never touched.
    X, y : object
        The data as the estimator takes them.
    splits : sequence of (train, test)
        Frozen: every trial sees the same.
    n_trials : int
        How many trials are planned, for progress messages.
    options : mapping
        Further arguments of scikit-learn's evaluation of a split.
    contexts : sequence of object, default=()
        One callback context a (trial, split), in order; none if empty.
    """

    estimator: Any
    X: Any
    y: Any
    splits: Sequence[tuple[FloatArray, FloatArray]]
    n_trials: int
    options: Mapping[str, Any]
    contexts: Sequence[Any] = ()

    @property
    def n_splits(self) -> int:
        """Number of splits of a trial."""
        return len(self.splits)

    def task(self, trial: Trial, split: int) -> Task:
        """Return the task that evaluates a split of a trial; it answers with both numbers."""
        train, test = self.splits[split]
        position = trial.number * self.n_splits + split
        task: Task = delayed(_evaluate)(
            trial.number,
            split,
            clone(self.estimator),
            self.X,
            self.y,
            train=train,
            test=test,
            parameters=dict(trial.params),
            split_progress=(split, self.n_splits),
            candidate_progress=(trial.number, self.n_trials),
            callback_ctx=self.contexts[position] if self.contexts else None,
            **self.options,
        )
        return task


def _evaluate(number: int, split: int, *args: Any, **kwargs: Any) -> tuple[int, int, SplitResult]:
    return number, split, fit_and_score(*args, **kwargs)
