"""Trials and their outcomes: the two types that every part of a search shares.

A *trial* is a candidate that was handed out. It is *pending* until its *outcome* is known. Both
are frozen: a proposal is a function of the trials the sampler is shown, so they must not change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

Curve = Mapping[int, float]
"""Scores by stage: by the number of rounds, epochs or steps."""

SIGNIFICANT_DIGITS = 10
"""Digits to which a score is rounded for the sampler.

The last bits of a score may differ between runs of a multi-threaded fit, and must not change the
next proposal.
"""

SINGLE_METRIC = "score"
"""Name of the metric where there is only one."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """The result of evaluating a trial: a table of scores by metric and split.

    Parameters
    ----------
    scores : mapping of str to tuple of float
        By the name of the metric, the score on each evaluated split, in the order of `splits`;
        greater is better.
    splits : tuple of int
        Numbers of the cross-validation splits that were evaluated.
    metric : str, default='score'
        The metric that the search maximises.
    cost : float, default=0.0
        Seconds that fitting and scoring took, all splits together.
    failure : str or None, default=None
        The error of the first split that could not be fitted or scored; None if all could.
    n_splits : int or None, default=None
        How many splits the cross-validation has; None for as many as were evaluated.
    found : mapping of str to object, default={}
        Parameters that were not searched but found by the evaluation: the number of rounds.
    curves : mapping of int to Curve, default={}
        By the number of a split, what the trial would score there if it ended at a stage; finite.
        Empty unless it was scored while it grew. A training loop without splits has split 0.
    is_pruned : bool, default=False
        Whether it was ended at the last stage of its curves.
    rounds : float or None, default=None
        For how many rounds a split was fitted on average, if the model was scored while it grew.

    Examples
    --------
    >>> from skbayes.trial import Outcome
    >>> outcome = Outcome({"score": (0.9, 0.8)}, splits=(0, 1), n_splits=5)
    >>> outcome.score, outcome.is_complete
    (0.85, False)
    """

    scores: Mapping[str, tuple[float, ...]]
    splits: tuple[int, ...]
    metric: str = SINGLE_METRIC
    cost: float = 0.0
    failure: str | None = None
    n_splits: int | None = None
    found: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[int, Curve] = field(default_factory=dict)
    is_pruned: bool = False
    rounds: float | None = None

    @classmethod
    def of_scores(cls, *scores: float) -> Self:
        """Return the outcome of one metric without failures.

        Parameters
        ----------
        *scores : float
            One for each split.
        """
        return cls({SINGLE_METRIC: tuple(map(float, scores))}, tuple(range(len(scores))))

    @property
    def is_complete(self) -> bool:
        """Whether all splits were evaluated, up to the last stage."""
        is_whole = self.n_splits is None or len(self.splits) == self.n_splits
        return is_whole and not self.is_pruned

    @property
    def curve(self) -> Curve:
        """Scores by stage on the first split that has any; empty if none has."""
        return next(iter(self.curves.values()), {})

    @cached_property
    def score(self) -> float:
        """Mean of the maximised metric over the evaluated splits; NaN for a failed trial.

        Rounded to ten significant digits. A mean that is not finite (a score that is NaN or
        infinite) is a failure too.
        """
        if self.failure is not None:
            return np.nan
        with np.errstate(all="ignore"):
            mean = float(np.mean(self.scores[self.metric]))
        return float(f"{mean:.{SIGNIFICANT_DIGITS}g}") if np.isfinite(mean) else np.nan


@dataclass(frozen=True, eq=False)
class Trial:
    """A candidate that was handed out.

    Parameters
    ----------
    number : int
        Position in the search, from 0.
    row : ndarray of shape (d,)
        Where the candidate lies: in the unit cube, or beyond it if it lies outside the space.
    params : mapping of str to object
        The values to evaluate. They are never decoded from `row` again: a round trip through
        floating point may differ in the last digit.
    fidelity : int or None, default=None
        How much of the resource the candidate gets; None if the search has no resource.
    parent : int or None, default=None
        Number of the trial of the same candidate at a smaller fidelity; None if there is none.
    state : object, default=None
        What the sampler stored with its proposal, such as the fitted hyper-parameters of the
        surrogate: a frozen dataclass of plain numbers and tuples that only the sampler reads.
    outcome : Outcome or None, default=None
        None while the trial is pending.
    is_outside : bool, default=False
        Whether `params` do not lie in the space, see `SearchSpace.place`.

    Examples
    --------
    >>> from skbayes import Study
    >>> study = Study({"kernel": ["linear", "rbf"]}, random_state=0)
    >>> trial = study.ask()
    >>> trial.number, list(trial.params), trial.score
    (0, ['kernel'], nan)
    >>> study.tell(trial, 0.9)
    >>> study.trials[0].score
    0.9
    """

    number: int
    row: FloatArray
    params: Mapping[str, Any]
    fidelity: int | None = None
    parent: int | None = None
    state: Any = None
    outcome: Outcome | None = None
    is_outside: bool = False

    def with_outcome(self, outcome: Outcome | None) -> Self:
        """Return the same trial with another outcome, or None to show it as pending.

        Parameters
        ----------
        outcome : Outcome or None

        Returns
        -------
        trial : Trial
        """
        return replace(self, outcome=outcome)

    def split_order(self, n_splits: int) -> list[int]:
        """Return the splits in the order in which they are evaluated if the trial may be dropped.

        Each trial begins with another split. If all began with the same one, a model of the scores
        would learn what is best for this split, not what is best for the mean.

        Parameters
        ----------
        n_splits : int

        Returns
        -------
        order : list of int
        """
        return [(self.number + i) % n_splits for i in range(n_splits)]

    @property
    def candidate(self) -> dict[str, Any]:
        """The parameters, and those that the evaluation has found."""
        return {**self.params, **({} if self.outcome is None else self.outcome.found)}

    @property
    def is_complete(self) -> bool:
        """Whether the trial is finished and all its splits were evaluated."""
        return self.outcome is not None and self.outcome.is_complete

    @property
    def score(self) -> float:
        """Score of the outcome; NaN while pending and for a failed trial."""
        return np.nan if self.outcome is None else self.outcome.score
