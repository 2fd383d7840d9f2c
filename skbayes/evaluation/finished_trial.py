"""What a callback is told of a finished trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from skbayes.evaluation.results import FitFailure, Record, failures_of
from skbayes.samplers.halving import rung_of
from skbayes.trial import FloatArray


@dataclass(frozen=True, eq=False)
class FinishedTrial:
    """A finished trial of a search, as its callbacks see it.

    Parameters
    ----------
    number : int
        Position in the search, from 0; the index in ``cv_results_``.
    params : mapping of str to object
        Its parameters.
    score : float
        Mean of the maximised metric over the evaluated splits; greater is better. NaN if a split
        failed.
    metric : str
        Name of the maximised metric; ``"score"`` if there is only one.
    scores : mapping of str to ndarray of shape (n_splits,)
        By the name of the metric, the score on each split; NaN where none was evaluated.
    fit_times, score_times : ndarray of shape (n_splits,)
        Seconds that fitting and scoring took; NaN on splits that were not evaluated.
    began, ended : float
        When the evaluation of the first split began and that of the last one ended, in seconds of
        the epoch; NaN for a trial of `initial_trials`.
    failures : sequence of FitFailure, default=()
        The failed splits, by reason.
    is_dropped : bool, default=False
        Whether it was ended before its last split, by racing or by pruning.
    is_restored : bool, default=False
        Whether it was not evaluated now, but taken from a checkpoint or from `initial_trials`.
    resource : int or None, default=None
        How much of the resource it had; None if the search has no resource.
    rung, bracket : int or None, default=None
        Where it is in successive halving, both from 0; None if the search has no rungs.
    is_pruned : bool, default=False
        Whether it was ended by pruning, while its first split grew.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> def show(search, trial):
    ...     print(trial.number, sorted(trial.params), trial.scores["score"].shape)
    >>> search = BayesSearchCV(SVC(), {"C": loguniform(1, 9)}, n_iter=2, callbacks=show)
    >>> search = search.fit(*load_iris(return_X_y=True))
    0 ['C'] (5,)
    1 ['C'] (5,)
    """

    number: int
    params: Mapping[str, Any]
    score: float
    metric: str
    scores: Mapping[str, FloatArray]
    fit_times: FloatArray
    score_times: FloatArray
    began: float
    ended: float
    failures: Sequence[FitFailure] = ()
    is_dropped: bool = False
    is_restored: bool = False
    resource: int | None = None
    rung: int | None = None
    bracket: int | None = None
    is_pruned: bool = False

    @classmethod
    def of(cls, record: Record, n_splits: int, is_restored: bool) -> Self:
        """Return a finished trial from its record.

        Parameters
        ----------
        record : Record
        n_splits : int
            How many splits the cross-validation has.
        is_restored : bool
        """
        trial, outcome, results = record.trial, record.trial.outcome, record.results
        assert outcome is not None
        splits = list(outcome.splits)

        def by_split(values: Sequence[float]) -> FloatArray:
            column = np.full(n_splits, np.nan)
            column[splits] = values
            return column

        begins = [result["began"] or np.nan for result in results]
        ends = [result["ended"] or np.nan for result in results]
        bracket, rung = (None, None) if trial.fidelity is None else rung_of(trial)
        return cls(
            trial.number,
            trial.candidate,  # a callback may do with it what it likes
            trial.score,
            outcome.metric,
            {name: by_split(scores) for name, scores in outcome.scores.items()},
            by_split([result["fit_time"] for result in results]),
            by_split([result["score_time"] for result in results]),
            min(begins),
            max(ends),
            failures_of(results),
            not outcome.is_complete,
            is_restored,
            trial.fidelity,
            rung,
            bracket,
            outcome.is_pruned,
        )

    @property
    def is_candidate(self) -> bool:
        """Whether it can be the best: it has a score, on all splits."""
        return bool(np.isfinite(self.score)) and not self.is_dropped

    @property
    def n_evaluated(self) -> int:
        """On how many splits it was evaluated."""
        return int(np.isfinite(self.fit_times).sum())

    @property
    def standard_error(self) -> float:
        """Standard error of `score` over the splits; NaN if there are fewer than two scores."""
        scores = self.scores[self.metric]
        scores = scores[np.isfinite(scores)]
        if len(scores) < 2:
            return float(np.nan)
        return float(np.std(scores, ddof=1) / np.sqrt(len(scores)))

    @property
    def seconds(self) -> float:
        """How long its evaluation took, all splits together."""
        return float(np.nansum(self.fit_times) + np.nansum(self.score_times))

    def is_better_than(self, other: FinishedTrial | None) -> bool:
        """Whether it has a better score, with as much of the resource or more.

        Parameters
        ----------
        other : FinishedTrial or None
            A trial with a score; None if there is none yet.
        """
        if not self.is_candidate:
            return False
        return other is None or (self.resource or 0, self.score) > (
            other.resource or 0,
            other.score,
        )
