"""The contract of a sampler: a proposal is a pure function of what it is shown.

`propose(trials, rng)` has no hidden state. It depends on the trials handed out so far (finished
ones with outcomes, pending ones without), on a generator keyed by the search's seed and the
number of the trial to propose, and on nothing else; in particular not on how many trials there
will be. So a search is the same however many workers ran it, and can be continued from records.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from skbayes.acquisition.maximize import row_key
from skbayes.space import Space
from skbayes.trial import FloatArray, Trial


@dataclass(frozen=True, eq=False)
class Proposal:
    """What to evaluate next; see `Trial` for the fields."""

    row: FloatArray
    params: Mapping[str, Any]
    memory: Mapping[str, Any] = field(default_factory=dict)


class NoProposal(Enum):
    """Why there is nothing to evaluate now."""

    WAIT = "ask again when all trials handed out so far are finished"
    EXHAUSTED = "every candidate of the space has been handed out"


class Sampler(ABC):
    """Decides what to evaluate next in a space."""

    given: Sequence[Mapping[str, Any]] = ()
    """Points that are proposed first, with values exactly as the user gave them."""

    def __init__(self, space: Space) -> None:
        self.space = space

    @abstractmethod
    def propose(self, trials: Sequence[Trial], rng: np.random.Generator) -> Proposal | NoProposal:
        """Return the next candidate.

        Parameters
        ----------
        trials : sequence of Trial
            All trials handed out so far, in order; pending ones have no outcome.
        rng : Generator
            Keyed by the seed of the search and the number of the trial to propose.
        """

    def restored_params(
        self, row: FloatArray, recorded: Mapping[str, Any], memory: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the parameters of a trial that was recorded, after a check that it is one.

        Parameters
        ----------
        row : ndarray of shape (d,)
        recorded : mapping of str to object
            The values that are numbers, strings, booleans or None.
        memory : mapping of str to object
            As `check_memory` has passed it.

        Raises
        ------
        ValueError
            If this sampler proposes no such trial.
        """
        return self.space.restore(row, recorded, self.given)

    def check_memory(self, memory: Mapping[str, Any]) -> None:
        """Raise ValueError if a recorded memory is none that this sampler gives a trial."""
        if memory:
            raise ValueError(f"{min(memory)!r} is nothing that a trial remembers")

    def _proposal(self, row: FloatArray, memory: Mapping[str, Any] | None = None) -> Proposal:
        return Proposal(row, self.space.decode(row), memory or {})


def seen_keys(space: Space, trials: Sequence[Trial]) -> set[bytes]:
    """Return the keys of all candidates handed out so far."""
    rows = np.array([trial.row for trial in trials]).reshape(len(trials), space.n_columns)
    return {row_key(row) for row in space.snap(rows)}


def is_used_up(space: Space, seen: set[bytes]) -> bool:
    """Whether every candidate of a finite space has been handed out."""
    return space.size is not None and len(seen) >= space.size
