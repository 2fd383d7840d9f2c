"""Samplers that learn nothing: a space-filling sequence, a grid, points given beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

import numpy as np
from scipy.stats import qmc

from skbayes.acquisition.maximize import row_key
from skbayes.samplers.base import NoProposal, Proposal, Sampler, is_used_up, seen_keys
from skbayes.space import Space
from skbayes.trial import FloatArray, Trial

BLOCK = 64
"""Points of the sequence that are made at a time."""


class QuasiRandomSampler(Sampler):
    """Proposes the first point of a scrambled Sobol sequence that was not handed out yet.

    The sequence is drawn in the unit cube, where equal volumes are equally likely, so the
    candidates follow the user's priors more evenly than independent draws would.

    Parameters
    ----------
    space : Space
    seed : int
        Seeds the scrambling.

    References
    ----------
    Owen, "Scrambling Sobol' and Niederreiter-Xing points", Journal of Complexity, 1998.
    """

    def __init__(self, space: Space, seed: int) -> None:
        super().__init__(space)
        self._seed = seed
        self._made = np.empty((0, space.n_columns))  # a cache of what the seed determines

    def propose(self, trials: Sequence[Trial], rng: np.random.Generator) -> Proposal | NoProposal:
        seen = seen_keys(self.space, trials)
        if is_used_up(self.space, seen):
            return NoProposal.EXHAUSTED
        # Every trial can hide one point of the sequence, and a coarse space many.
        for index in range(4 * (len(trials) + BLOCK)):
            row = self.point(index)
            if row_key(row) not in seen:
                return self._proposal(row)
        if self.space.size is not None:
            unseen = (row for row in self.space.all_rows() if row_key(row) not in seen)
            return self._proposal(next(unseen))
        return self._proposal(self.space.snap(rng.random((1, self.space.n_columns)))[0])

    def point(self, index: int) -> FloatArray:
        """Return point `index` of the sequence, snapped; of shape (d,)."""
        if index >= len(self._made):
            n = BLOCK * 2 ** int(np.ceil(np.log2(index // BLOCK + 1)))
            self._made = self.space.snap(self._sequence(n))
        return np.array(self._made[index])

    def _sequence(self, n: int) -> FloatArray:
        if self.space.n_columns == 0:
            return np.empty((n, 0))
        rng = np.random.default_rng(self._seed)
        return qmc.Sobol(self.space.n_columns, scramble=True, seed=rng).random(n)


class GridSampler(Sampler):
    """Proposes the points of scikit-learn's `ParameterGrid`, in its order.

    Points that were given beforehand are left out; so is nothing else.
    """

    def propose(self, trials: Sequence[Trial], rng: np.random.Generator) -> Proposal | NoProposal:
        assert self.space.grid_size is not None
        given = seen_keys(self.space, list(takewhile(_was_given, trials)))
        last = max((trial.memory.get("grid_index", -1) for trial in trials), default=-1)
        for index in range(last + 1, self.space.grid_size):
            row, params = self.space.grid_point(index)
            if row_key(row) not in given:
                return Proposal(row, params, {"grid_index": index})
        return NoProposal.EXHAUSTED

    def check_memory(self, memory: Mapping[str, Any]) -> None:
        index = memory.get("grid_index", 0)
        super().check_memory({name: memory[name] for name in memory if name != "grid_index"})
        if type(index) is not int or not 0 <= index < (self.space.grid_size or 0):
            raise ValueError(f"{index!r} is no place in the grid")


def _was_given(trial: Trial) -> bool:
    return "grid_index" not in trial.memory


class GivenFirst(Sampler):
    """Proposes given points before it asks another sampler.

    Parameters
    ----------
    given : sequence of mapping
        Parameters to evaluate first, exactly as they are; a name that is missing is filled from
        the start-up design.
    start : QuasiRandomSampler
        The start-up design.
    then : Sampler
    """

    def __init__(
        self, given: Sequence[Mapping[str, Any]], start: QuasiRandomSampler, then: Sampler
    ) -> None:
        super().__init__(then.space)
        self.given, self._start, self._then = given, start, then

    def propose(self, trials: Sequence[Trial], rng: np.random.Generator) -> Proposal | NoProposal:
        number = len(trials)
        if number >= len(self.given):
            return self._then.propose(trials, rng)
        row, params = self.space.complete(self.given[number], self._start.point(number))
        return Proposal(row, params)

    def check_memory(self, memory: Mapping[str, Any]) -> None:
        self._then.check_memory(memory)
