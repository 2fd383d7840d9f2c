"""Successive halving: many candidates get little of a resource, and the better ones more.

η      `factor`: one in η candidates of a rung is promoted to the next, with η times the resource

A *rung* is a set of candidates that get the same amount of the resource. A *bracket* is a sequence
of rungs through which candidates are promoted by score. Both are computed before anything is
evaluated. New candidates come from a space-filling design until a trial with the full resource is
finished. From then on they come from a model that is shown the trials of all rungs, with the
resource as one more column of the cube, and that proposes candidates for the full resource.

The best candidates of a rung are promoted once all its trials are finished; if none has a score,
the bracket ends. Until then the sampler begins the next bracket, to keep the workers busy. If there
is no other bracket, it waits.

Follows Karnin, Koren & Somekh, "Almost Optimal Exploration in Multi-Armed Bandits", ICML 2013; the
brackets are those of Li, Jamieson, DeSalvo, Rostamizadeh & Talwalkar, "Hyperband", JMLR 2018, and
the model that proposes candidates is an idea of Falkner, Klein & Hutter, "BOHB", ICML 2018.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skbayes.samplers.base import (
    GivenPoint,
    History,
    NoProposal,
    Proposal,
    Sampler,
    fields_of,
)
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.space.fidelity import FidelitySpace
from skbayes.trial import FloatArray, Trial


@dataclass(frozen=True)
class Rung:
    """Candidates that get the same resource.

    Parameters
    ----------
    n_candidates : int
    n_resources : int
        Amount of the resource for each of them.
    """

    n_candidates: int
    n_resources: int


@dataclass(frozen=True)
class Bracket:
    """Rungs through which candidates are promoted.

    Parameters
    ----------
    rungs : tuple of Rung
    n_required : int
        Number of rungs until less than η candidates are left.
    n_possible : int
        Number of rungs for which there are enough resources.
    n_remaining : int
        Number of candidates that another rung would have.
    """

    rungs: tuple[Rung, ...]
    n_required: int
    n_possible: int
    n_remaining: int


def n_powers(ratio: float, factor: float) -> int:
    """Return the largest k with factorᵏ ≤ ratio, exactly where a logarithm would round.

    Parameters
    ----------
    ratio : float
    factor : float
        More than 1.

    Returns
    -------
    k : int
    """
    k = 0
    while factor ** (k + 1) <= ratio:
        k += 1
    return k


def make_ladder(min_resources: int, max_resources: int, factor: float) -> list[int]:
    """Return the resources of all possible rungs.

    Parameters
    ----------
    min_resources, max_resources : int
    factor : float
        Ratio of the resources of successive rungs; more than 1.

    Returns
    -------
    ladder : list of int
        Increasing.

    Examples
    --------
    >>> make_ladder(10, 100, 3)
    [10, 30, 90]
    """
    n_steps = n_powers(max_resources // min_resources, factor)
    return [min(int(factor**k * min_resources), max_resources) for k in range(n_steps + 1)]


def make_bracket(
    n_candidates: int,
    ladder: Sequence[int],
    factor: float,
    aggressive_elimination: bool = False,
) -> Bracket:
    """Return the bracket of scikit-learn's `HalvingRandomSearchCV`.

    Parameters
    ----------
    n_candidates : int
        Number of candidates of the first rung.
    ladder : sequence of int
        Resources of all possible rungs.
    factor : float
    aggressive_elimination : bool, default=False
        Whether the first rungs repeat the smallest resource as often as is needed to end with less
        than `factor` candidates.

    Examples
    --------
    >>> [(rung.n_candidates, rung.n_resources) for rung in make_bracket(9, [10, 30, 90], 3).rungs]
    [(9, 10), (3, 30), (1, 90)]
    """
    n_required, n_possible = 1 + n_powers(n_candidates, factor), len(ladder)
    n_repeated = max(n_required - n_possible, 0) if aggressive_elimination else 0
    rungs = []
    for n_resources in [ladder[0]] * n_repeated + list(ladder[:n_required]):
        rungs.append(Rung(n_candidates, n_resources))
        n_candidates = math.ceil(n_candidates / factor)
    return Bracket(tuple(rungs), n_required, n_possible, n_candidates)


def make_brackets(
    n_brackets: int | None,
    n_candidates: int,
    ladder: Sequence[int],
    factor: float,
    aggressive_elimination: bool = False,
) -> list[Bracket]:
    """Return brackets that begin with fewer and fewer candidates and more and more resource.

    Parameters
    ----------
    n_brackets : int or None
        None for as many as the ladder has rungs. After the one that begins at the last rung comes
        one like the first again.
    n_candidates : int
        Number of candidates n of the first rung of the first bracket. The other brackets cost
        about the same: on a ladder of m rungs, the one that begins at rung b has n η⁻ᵇ m / (m − b).
    ladder, factor, aggressive_elimination
        As `make_bracket`.

    References
    ----------
    Li et al. 2018, algorithm 1.
    """
    m = len(ladder)
    brackets = [
        make_bracket(
            math.ceil(n_candidates / factor**b * m / (m - b)),
            ladder[b:],
            factor,
            aggressive_elimination,
        )
        for b in range(m)
    ]
    return [brackets[b % m] for b in range(m if n_brackets is None else n_brackets)]


@dataclass(frozen=True)
class RungState:
    """What `HalvingSampler` stores with a trial.

    Parameters
    ----------
    bracket, rung : int
        Number of the bracket, and of the rung in the bracket, of the trial.
    candidate : object, default=None
        The state that the sampler of its candidate stored; None for a promoted trial.
    """

    bracket: int
    rung: int
    candidate: Any = None


class HalvingSampler(Sampler):
    """Proposes the trials of brackets, rung by rung.

    A trial has the resource of its rung as its fidelity, and a promoted trial the one it comes
    from as its parent.

    Parameters
    ----------
    full : FidelitySpace
        The searched space with a column for the resource.
    brackets : sequence of Bracket
    start, model : Sampler
        Samplers of the space `full` that propose new candidates: `start` until a trial with the
        full resource is finished, and `model` from then on.
    resource : str or None
        The parameter that is the resource; None if the resource is not a parameter.
    given : sequence of GivenPoint, default=()
        Points that come before the candidates of the samplers.
    filling : QuasiRandomSampler
        The design that completes them.
    """

    def __init__(
        self,
        full: FidelitySpace,
        brackets: Sequence[Bracket],
        start: Sampler,
        model: Sampler,
        resource: str | None,
        given: Sequence[GivenPoint] = (),
        filling: QuasiRandomSampler | None = None,
    ) -> None:
        super().__init__(full.space)
        self._full, self.brackets = full, list(brackets)
        self._start, self._model = start, model
        self._resource, self.given, self._filling = resource, given, filling
        self._most = max(rung.n_resources for bracket in brackets for rung in bracket.rungs)

    def propose(self, history: History, rng: np.random.Generator) -> Proposal | NoProposal:
        answer = NoProposal.EXHAUSTED
        for number in range(len(self.brackets)):
            found = self._next_of_bracket(number, history, rng)
            if isinstance(found, Proposal):
                return found
            if found is NoProposal.WAIT:
                answer = NoProposal.WAIT
        return answer

    def _next_of_bracket(
        self, number: int, history: History, rng: np.random.Generator
    ) -> Proposal | NoProposal:
        """Return the next proposal of one bracket; exhausted if there are no more."""
        below: list[Trial] = []
        for step, rung in enumerate(self.brackets[number].rungs):
            members = [trial for trial in history.trials if rung_of(trial) == (number, step)]
            if step == 0 and len(members) < rung.n_candidates:
                found = self._new_candidate(history, rng)
                if isinstance(found, Proposal):
                    return self._on_rung(found, number, step)
                if found is NoProposal.WAIT:
                    return found
            elif len(members) < min(rung.n_candidates, len(below)):
                if any(trial.outcome is None for trial in below):
                    return NoProposal.WAIT
                if all(np.isnan(trial.score) for trial in below):
                    return NoProposal.EXHAUSTED  # any promotion would be by chance
                best = best_first(below)[len(members)]
                again = Proposal(
                    best.row, best.params, parent=best.number, is_outside=best.is_outside
                )
                return self._on_rung(again, number, step)
            below = members
        return NoProposal.EXHAUSTED

    def rivals(self, trial: Trial, trials: Sequence[Trial]) -> tuple[Sequence[Trial], int]:
        """Return the trials of its rung, and how many of them are promoted.

        With the most resource, all trials that had as much are rivals, and the best is looked for.

        Parameters
        ----------
        trial : Trial
        trials : sequence of Trial
        """
        number, step = rung_of(trial)
        rungs = self.brackets[number].rungs
        if step + 1 < len(rungs):
            members = [other for other in trials if rung_of(other) == (number, step)]
            return members, rungs[step + 1].n_candidates
        return [other for other in trials if other.fidelity == trial.fidelity], 1

    def restore(
        self,
        row: FloatArray,
        recorded: Mapping[str, Any],
        fidelity: int | None,
        parent: int | None,
        state: Mapping[str, Any] | None,
    ) -> Proposal:
        restored = self.restore_state(state)
        n_resources = self.brackets[restored.bracket].rungs[restored.rung].n_resources
        if type(fidelity) is not int or fidelity != n_resources:
            raise ValueError(f"{fidelity!r} is not what a trial of its rung gets")
        if (parent is not None) != (restored.rung > 0):
            raise ValueError("a promoted trial comes from another one, and no other trial does")
        own = {name: value for name, value in recorded.items() if name != self._resource}
        if self._resource is not None and recorded.get(self._resource) != n_resources:
            raise ValueError(f"{self._resource!r} is not what a trial of its rung gets")
        candidate = replace(self._restored_point(row, own), parent=parent)
        at_rung = self._on_rung(candidate, restored.bracket, restored.rung)
        return replace(at_rung, state=restored)

    def restore_state(self, state: Mapping[str, Any] | None) -> RungState:
        if state is None:
            raise ValueError("it has no state, and a trial of halving has a rung")
        bracket, rung, candidate = fields_of(state, "bracket", "rung", "candidate")
        for name, value in (("bracket", bracket), ("rung", rung)):
            if type(value) is not int:
                raise ValueError(f"{name!r} is {value!r}, not an integer")
        is_there = 0 <= bracket < len(self.brackets) and rung >= 0
        if not is_there or rung >= len(self.brackets[bracket].rungs):
            raise ValueError(f"there is no rung {rung} of bracket {bracket}")
        if candidate is not None and not isinstance(candidate, Mapping):
            raise ValueError(f"'candidate' is {candidate!r}, not the state of a sampler")
        return RungState(bracket, rung, self._model.restore_state(candidate))

    def _new_candidate(self, history: History, rng: np.random.Generator) -> Proposal | NoProposal:
        n_begun = sum(rung_of(trial)[1] == 0 for trial in history.trials)
        if n_begun < len(self.given):
            assert self._filling is not None
            filling = self._filling.point(n_begun)[:-1]
            return self.given[n_begun].proposal(self.space, filling)
        sampler = self._model if self._has_full_fidelity(history.trials) else self._start
        trials = [
            replace(
                trial,
                row=self._full.with_fidelity(trial.row, fidelity_of(trial)),
                state=trial.state.candidate,
            )
            for trial in history.trials
        ]
        found = sampler.propose(History(self._full, trials, history.number), rng)
        return replace(found, row=found.row[:-1]) if isinstance(found, Proposal) else found

    def _has_full_fidelity(self, trials: Sequence[Trial]) -> bool:
        """Whether a trial with the most resource is finished.

        Before that, a model would concentrate the candidates where scores at low fidelity are
        best. That is seldom where scores at full fidelity are best, and promotion could then only
        choose among those candidates.
        """
        return any(trial.fidelity == self._most and trial.outcome is not None for trial in trials)

    def _on_rung(self, candidate: Proposal, bracket: int, step: int) -> Proposal:
        """Return a candidate with the resource of a rung, and its place in the state."""
        n_resources = self.brackets[bracket].rungs[step].n_resources
        params = dict(candidate.params)
        if self._resource is not None:
            params[self._resource] = n_resources
        state = RungState(bracket, step, candidate.state)
        return replace(candidate, params=params, fidelity=n_resources, state=state)


def rung_of(trial: Trial) -> tuple[int, int]:
    """Return the number of a trial's bracket, and that of its rung in the bracket.

    Parameters
    ----------
    trial : Trial

    Returns
    -------
    bracket, rung : int
    """
    return trial.state.bracket, trial.state.rung


def fidelity_of(trial: Trial) -> int:
    """Return how much of the resource a trial of halving gets.

    Parameters
    ----------
    trial : Trial

    Returns
    -------
    fidelity : int
    """
    assert trial.fidelity is not None
    return trial.fidelity


def best_first(rung: Sequence[Trial]) -> list[Trial]:
    """Return the trials of a complete rung, the best first, the dropped and the failed last.

    Parameters
    ----------
    rung : sequence of Trial
        All finished.

    Returns
    -------
    trials : list of Trial
    """
    scores = np.array([trial.score if trial.is_complete else np.nan for trial in rung])
    return [rung[index] for index in np.argsort(-scores, kind="stable")]
