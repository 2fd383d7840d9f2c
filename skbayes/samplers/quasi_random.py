"""Samplers without a model: a space-filling sequence, a grid, points given by the user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np
from scipy.stats import qmc

from skbayes.samplers.base import (
    GivenPoint,
    History,
    NoProposal,
    Proposal,
    Sampler,
    fields_of,
)
from skbayes.space.base import SearchSpace, row_key
from skbayes.streams import Stream, generator
from skbayes.trial import FloatArray, Trial

BLOCK = 64
"""Points of the sequence that are made at a time."""


class QuasiRandomSampler(Sampler):
    """Proposes the first point of a scrambled Sobol sequence that was not handed out yet.

    The sequence is drawn in the unit cube, where equal volumes are equally likely, so the
    candidates follow the user's priors more evenly than independent draws would.

    Parameters
    ----------
    space : SearchSpace
    seed : int
        Seeds the scrambling.

    References
    ----------
    Owen, "Scrambling Sobol' and Niederreiter-Xing points", Journal of Complexity, 1998.
    """

    def __init__(self, space: SearchSpace, seed: int) -> None:
        super().__init__(space)
        self._seed = seed
        self._made = np.empty((0, space.n_columns))  # a cache of what the seed determines

    def propose(self, history: History, rng: np.random.Generator) -> Proposal | NoProposal:
        if history.is_exhausted:
            return NoProposal.EXHAUSTED
        # Every trial can exclude one point of the sequence; in a coarse space, it can be many.
        for index in range(4 * (history.number + BLOCK)):
            row = self.point(index)
            if row_key(row) not in history.seen:
                return self._proposal(row)
        if self.space.size is not None:
            unseen = (row for row in self.space.all_rows() if row_key(row) not in history.seen)
            return self._proposal(next(unseen))
        return self._proposal(self.space.snap(rng.random((1, self.space.n_columns)))[0])

    def point(self, index: int) -> FloatArray:
        """Return a point of the sequence.

        Parameters
        ----------
        index : int
            From 0.

        Returns
        -------
        row : ndarray of shape (d,)
            Snapped.
        """
        if index >= len(self._made):
            n = BLOCK * 2 ** int(np.ceil(np.log2(index // BLOCK + 1)))
            self._made = self.space.snap(self._sequence(n))
        return np.array(self._made[index])

    def _sequence(self, n: int) -> FloatArray:
        if self.space.n_columns == 0:
            return np.empty((n, 0))
        rng = generator(self._seed, Stream.START_UP)
        return qmc.Sobol(self.space.n_columns, scramble=True, seed=rng).random(n)


@dataclass(frozen=True)
class GridState:
    """What `GridSampler` stores with a trial.

    Parameters
    ----------
    index : int
        Position of the candidate in the grid.
    """

    index: int


class GridSampler(Sampler):
    """Proposes the points of scikit-learn's `ParameterGrid`, in its order.

    Points that were given beforehand are left out. A list with equal values has equal points, and
    each of them is proposed.
    """

    def propose(self, history: History, rng: np.random.Generator) -> Proposal | NoProposal:
        assert self.space.grid_size is not None
        given = list(takewhile(_was_given, history.trials))
        seen = History(self.space, given, history.number).seen
        states = (trial.state for trial in history.trials)
        last = max((state.index for state in states if state is not None), default=-1)
        for index in range(last + 1, self.space.grid_size):
            row, params = self.space.grid_point(index)
            if row_key(row) not in seen:
                return Proposal(row, params, state=GridState(index))
        return NoProposal.EXHAUSTED

    def restore_state(self, state: Mapping[str, Any] | None) -> GridState | None:
        if state is None:
            return None
        [index] = fields_of(state, "index")
        if type(index) is not int or not 0 <= index < (self.space.grid_size or 0):
            raise ValueError(f"{index!r} is no place in the grid")
        return GridState(index)


def _was_given(trial: Trial) -> bool:
    return trial.state is None


class GivenFirst(Sampler):
    """Proposes given points before it asks another sampler.

    Parameters
    ----------
    given : sequence of GivenPoint
        A name that is missing is filled from the start-up design.
    start : QuasiRandomSampler
        The start-up design.
    then : Sampler
    n_initial : int, default=0
        How many trials of an earlier search come before the given points.
    """

    def __init__(
        self,
        given: Sequence[GivenPoint],
        start: QuasiRandomSampler,
        then: Sampler,
        n_initial: int = 0,
    ) -> None:
        super().__init__(then.space)
        self.given, self._start, self._then = given, start, then
        self._n_initial = n_initial

    def after(self, n_initial: int) -> GivenFirst:
        return GivenFirst(self.given, self._start, self._then, n_initial)

    def propose(self, history: History, rng: np.random.Generator) -> Proposal | NoProposal:
        number = history.number - self._n_initial
        if number >= len(self.given):
            return self._then.propose(history, rng)
        return self.given[number].proposal(self.space, self._start.point(number))

    def restore_state(self, state: Mapping[str, Any] | None) -> Any:
        return self._then.restore_state(state)
