"""The contract of a sampler: a proposal is a pure function of the history it is shown.

`propose(history, rng)` has no hidden state. It depends on the trials handed out so far (finished
ones with outcomes, pending ones without), on a generator keyed by the seed of the search and the
number of the trial to propose, and on nothing else; in particular not on how many trials there
will be. So a search is the same for any number of workers, and can be resumed from records.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skbayes.models.split_effects import estimates
from skbayes.pruning.forecast import Forecast, make_forecast
from skbayes.space.base import SearchSpace, row_key
from skbayes.space.dimensions import ELSEWHERE
from skbayes.space.space import RESTORE_TOLERANCE
from skbayes.space.values import is_same_value
from skbayes.space.written import shown
from skbayes.trial import FloatArray, Trial


@dataclass(frozen=True, eq=False)
class Proposal:
    """What to evaluate next; see `Trial` for the fields.

    Examples
    --------
    >>> from skbayes.samplers.base import Proposal
    >>> from skbayes.space import Space
    >>> space = Space({"kernel": ["linear", "rbf"]})
    >>> row = space.encode({"kernel": "rbf"})
    >>> Proposal(row, space.decode(row)).params
    {'kernel': 'rbf'}
    """

    row: FloatArray
    params: Mapping[str, Any]
    fidelity: int | None = None
    parent: int | None = None
    state: Any = None
    is_outside: bool = False


@dataclass(frozen=True)
class GivenPoint:
    """A point that is evaluated first, with values exactly as they were given.

    Parameters
    ----------
    params : mapping of str to object
        A part of a candidate; what it leaves out is filled in.
    is_outside : bool, default=False
        Whether some value lies outside the space; then nothing is filled in.

    Examples
    --------
    >>> from skbayes.samplers.base import GivenPoint
    >>> from skbayes.space import Space
    >>> space = Space({"degree": [2, 3, 4], "kernel": ["linear", "poly"]})
    >>> filling = space.encode({"degree": 2, "kernel": "poly"})
    >>> GivenPoint({"degree": 4}).proposal(space, filling).params
    {'degree': 4, 'kernel': 'poly'}
    """

    params: Mapping[str, Any]
    is_outside: bool = False

    def proposal(self, space: SearchSpace, filling: FloatArray) -> Proposal:
        """Return the proposal of this point.

        Parameters
        ----------
        space : SearchSpace
        filling : ndarray of shape (d,)
            Row from which the parameters that are left out are decoded.
        """
        if self.is_outside:
            return Proposal(space.place(self.params), dict(self.params), is_outside=True)
        return Proposal(*space.complete(self.params, filling))


class NoProposal(Enum):
    """Why there is nothing to evaluate now.

    Examples
    --------
    >>> from skbayes import Study
    >>> study = Study({"kernel": ["linear", "rbf"]}, random_state=0)
    >>> trial = study.ask()
    >>> study.ask()  # while one trial is pending
    <NoProposal.WAIT: 'ask again when all trials handed out so far are finished'>
    >>> study.tell(trial, 0.9)
    >>> study.tell(study.ask(), 0.8)
    >>> study.ask()
    <NoProposal.EXHAUSTED: 'every candidate of the space has been handed out'>
    """

    WAIT = "ask again when all trials handed out so far are finished"
    EXHAUSTED = "every candidate of the space has been handed out"

    def __getattr__(self, name: str) -> Any:
        """Say why there is no trial, to who reads an attribute of one."""
        reason = "" if name.startswith("_") else f": {self.value}"  # Enum looks for private names
        raise AttributeError(f"no trial was handed out, so there is no {name!r}{reason}")


@dataclass(frozen=True, eq=False)
class History:
    """The trials that a proposal is shown, as arrays.

    Parameters
    ----------
    space : SearchSpace
        The space the rows of the trials lie in.
    trials : sequence of Trial
        All trials handed out so far, in order; pending ones have no outcome.
    number : int
        Number of the trial to propose.

    Examples
    --------
    >>> from scipy.stats import uniform
    >>> from skbayes import Study
    >>> from skbayes.samplers.base import History
    >>> study = Study({"x": uniform(0, 1)}, random_state=0)
    >>> study.tell(study.ask(), 0.5)
    >>> pending = study.ask()
    >>> history = History(study.space, study.trials, number=2)
    >>> history.rows.shape, history.scores.tolist(), history.n_finished
    ((2, 1), [0.5, nan], 1)
    """

    space: SearchSpace
    trials: Sequence[Trial]
    number: int

    @cached_property
    def rows(self) -> FloatArray:
        """Rows of all trials, of shape (n, d)."""
        rows = np.array([trial.row for trial in self.trials], dtype=float)
        return rows.reshape(len(self.trials), self.space.n_columns)

    @cached_property
    def scores(self) -> FloatArray:
        """Scores of all trials, of shape (n,); NaN where a trial is pending or has failed."""
        return np.array([trial.score for trial in self.trials], dtype=float)

    @cached_property
    def is_outside(self) -> NDArray[np.bool_]:
        """Which trials lie outside the space, of shape (n,)."""
        return np.array([trial.is_outside for trial in self.trials], dtype=bool)

    @cached_property
    def is_comparable(self) -> NDArray[np.bool_]:
        """Which trials lie somewhere, of shape (n,); others have another constant, see `place`."""
        n_own = self.space.n_columns - self.space.n_fidelity_columns
        return ~(self.is_outside & (self.rows[:, :n_own] >= ELSEWHERE).all(axis=1))

    @cached_property
    def is_finished(self) -> NDArray[np.bool_]:
        """Which trials have an outcome, of shape (n,)."""
        return np.array([trial.outcome is not None for trial in self.trials], dtype=bool)

    @cached_property
    def is_complete(self) -> NDArray[np.bool_]:
        """Which trials were evaluated on all splits and have a score, of shape (n,)."""
        is_whole = np.array([trial.is_complete for trial in self.trials], dtype=bool)
        return is_whole & np.isfinite(self.scores)

    @cached_property
    def estimates(self) -> tuple[FloatArray, FloatArray]:
        """Estimated scores of whole evaluations, and their variances, each of shape (n,).

        NaN and zero where there is no score. The variance of a complete trial is zero.
        """
        is_scored = np.isfinite(self.scores)
        mean, variance = self.scores.copy(), np.zeros(len(self.trials))
        if not self.is_complete[is_scored].all():
            scored = [self.trials[int(number)] for number in np.flatnonzero(is_scored)]
            mean[is_scored], variance[is_scored] = estimates(split_scores(scored))
            mean[self.is_complete] = self.scores[self.is_complete]
            pruned = [t for t in scored if t.outcome is not None and t.outcome.is_pruned]
            if pruned and self.forecast is not None:
                numbers = [trial.number for trial in pruned]
                mean[numbers], variance[numbers] = self.forecast.final_estimates(pruned)
        return mean, variance

    @cached_property
    def forecast(self) -> Forecast | None:
        """What the curves say about where others will end; None if there are too few."""
        return make_forecast(self.space, self.trials)

    @property
    def n_finished(self) -> int:
        """Number of trials with an outcome, failed ones among them."""
        return int(self.is_finished.sum())

    @property
    def n_scored(self) -> int:
        """Number of trials with a finite score that a model can learn from."""
        return int((np.isfinite(self.scores) & self.is_comparable).sum())

    @cached_property
    def seen(self) -> set[bytes]:
        """Keys of all candidates of the space handed out so far, see `row_key`."""
        return {row_key(row) for row in self.space.snap(self.rows[~self.is_outside])}

    @property
    def is_exhausted(self) -> bool:
        """Whether every candidate of a finite space has been handed out."""
        return self.space.size is not None and len(self.seen) >= self.space.size

    def is_start_up(self, n_initial_points: int) -> bool:
        """Whether it is too early for a model: it needs the start-up design and two scores.

        Parameters
        ----------
        n_initial_points : int
            Size of the start-up design; pending trials count.
        """
        return len(self.trials) < n_initial_points or self.n_scored < 2


def split_scores(trials: Sequence[Trial]) -> FloatArray:
    """Return the scores of the followed metric by trial and split.

    Parameters
    ----------
    trials : sequence of Trial
        All finished.

    Returns
    -------
    scores : ndarray of shape (n, K)
        NaN where a split was not evaluated.
    """
    outcomes = [trial.outcome for trial in trials if trial.outcome is not None]
    n_splits = max((outcome.n_splits or len(outcome.splits) for outcome in outcomes), default=0)
    table = np.full((len(outcomes), n_splits), np.nan)
    for row, outcome in zip(table, outcomes, strict=True):
        row[list(outcome.splits)] = outcome.scores[outcome.metric]
    return table


class Sampler(ABC):
    """Decides what to evaluate next in a space.

    Parameters
    ----------
    space : SearchSpace

    Examples
    --------
    Random search, in a space with too many candidates to hand out all of them:

    >>> from scipy.stats import loguniform
    >>> from skbayes import Study
    >>> from skbayes.samplers.base import Proposal, Sampler
    >>> from skbayes.space import Space
    >>> class RandomSampler(Sampler):
    ...     def propose(self, history, rng):
    ...         row = self.space.snap(rng.random((1, self.space.n_columns)))[0]
    ...         return Proposal(row, self.space.decode(row))
    >>> space = Space({"C": loguniform(1e-3, 1e3)})
    >>> study = Study(space, RandomSampler(space), random_state=0)
    >>> study.optimize(lambda params: -abs(params["C"] - 1), n_trials=5)
    >>> len(study.trials)
    5
    """

    given: Sequence[GivenPoint] = ()
    """Points that are proposed first."""

    def __init__(self, space: SearchSpace) -> None:
        self.space = space

    def after(self, n_initial: int) -> Sampler:
        """Return the sampler of a search that begins with trials of an earlier one.

        Parameters
        ----------
        n_initial : int
            How many trials are of the earlier search.
        """
        return self

    def rivals(self, trial: Trial, trials: Sequence[Trial]) -> tuple[Sequence[Trial], int]:
        """Return the trials that a trial is raced against, and how many of them are kept.

        Parameters
        ----------
        trial : Trial
        trials : sequence of Trial
            Those that its proposal was shown.

        Returns
        -------
        rivals : sequence of Trial
        n_kept : int
            A trial that is not among so many of the best is of no use; 1 where only the best is.
        """
        return trials, 1

    @abstractmethod
    def propose(self, history: History, rng: np.random.Generator) -> Proposal | NoProposal:
        """Return the next candidate.

        Parameters
        ----------
        history : History
            The trials handed out so far, in the space of this sampler.
        rng : Generator
            Keyed by the seed of the search and the number of the trial to propose.

        Returns
        -------
        proposal : Proposal or NoProposal
        """

    def restore(
        self,
        row: FloatArray,
        recorded: Mapping[str, Any],
        fidelity: int | None,
        parent: int | None,
        state: Mapping[str, Any] | None,
    ) -> Proposal:
        """Return a recorded proposal, after a check that this sampler can have made it.

        Parameters
        ----------
        row : ndarray of shape (d,)
        recorded : mapping of str to object
            The parameters that are numbers, strings, booleans or None.
        fidelity, parent : int or None
        state : mapping of str to object, or None
            The fields of the state, as `dataclasses.asdict` and JSON have left them.

        Returns
        -------
        proposal : Proposal

        Raises
        ------
        ValueError
            If this sampler proposes no such trial.
        """
        if fidelity is not None or parent is not None:
            raise ValueError("it has a fidelity or a parent, and this search has no resource")
        return replace(self._restored_point(row, recorded), state=self.restore_state(state))

    def restore_state(self, state: Mapping[str, Any] | None) -> Any:
        """Return the state of a recorded trial, after a check that this sampler can have made it.

        Parameters
        ----------
        state : mapping of str to object, or None
            As in `restore`.

        Returns
        -------
        state : object

        Raises
        ------
        ValueError
            If it is not a state of this sampler.
        """
        if state is not None:
            raise ValueError("it has a state, and its sampler stores none")
        return None

    def _restored_point(self, row: FloatArray, recorded: Mapping[str, Any]) -> Proposal:
        """Return the proposal at a recorded row, after a check of its values."""
        for point in self.given:
            if point.is_outside and np.allclose(
                self.space.place(point.params), row, rtol=0.0, atol=RESTORE_TOLERANCE
            ):
                check_recorded(recorded, point.params)
                return Proposal(row, dict(point.params), is_outside=True)
        inside = [point.params for point in self.given if not point.is_outside]
        return Proposal(row, self.space.restore(row, recorded, inside))

    def _proposal(self, row: FloatArray, state: Any = None) -> Proposal:
        return Proposal(row, self.space.decode(row), state=state)


def check_recorded(recorded: Mapping[str, Any], params: Mapping[str, Any]) -> None:
    """Raise if recorded values are not those of a given point.

    Parameters
    ----------
    recorded, params : mapping of str to object

    Raises
    ------
    ValueError
    """
    for name, value in recorded.items():
        own = params.get(name)
        if name not in params or type(own) is not type(value) or not is_same_value(own, value):
            raise ValueError(f"{name}={shown(value)} is not the estimator's own value")


def fields_of(state: Mapping[str, Any], *names: str) -> list[Any]:
    """Return the fields of a recorded state in the order of their names.

    Parameters
    ----------
    state : mapping of str to object
    *names : str
        The fields that it must have, and no other.

    Raises
    ------
    ValueError
        If it has other fields.
    """
    if state.keys() != set(names):
        wrong = min(state.keys() ^ set(names))
        raise ValueError(f"{wrong!r} of its state is {'unknown' if wrong in state else 'missing'}")
    return [state[name] for name in names]
