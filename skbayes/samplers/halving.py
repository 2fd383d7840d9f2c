"""Successive halving: many candidates get little of a resource, and the better ones more.

η      `factor`: one in η candidates of a rung is promoted to the next, with η times the resource

A *rung* is a number of candidates that get the same resource, a *bracket* the rungs that the same
candidates climb. Both are data, computed before anything is evaluated. New candidates fill the
space until a trial has had the full resource. From then on they come from a model that is shown
every trial of every rung, with the resource as one more column of the cube, and asked for what is
best at the full resource. Promotion is by score.

A rung can only be promoted when it is complete, and ends its bracket if none of its trials has a
score. Until then the next bracket is begun, so that
workers have work, and if there is none the sampler waits.

Follows Karnin, Koren & Somekh, "Almost Optimal Exploration in Multi-Armed Bandits", ICML 2013; the
brackets are those of Li, Jamieson, DeSalvo, Rostamizadeh & Talwalkar, "Hyperband", JMLR 2018, and
that a model proposes the candidates follows Falkner, Klein & Hutter, "BOHB", ICML 2018.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skbayes.samplers.base import NoProposal, Proposal, Sampler
from skbayes.space import Space
from skbayes.space.dimensions import Column, Kind
from skbayes.trial import FloatArray, Trial


@dataclass(frozen=True)
class Rung:
    """Candidates that get the same resource.

    Parameters
    ----------
    n_candidates : int
    n_resources : int
        What each of them gets.
    """

    n_candidates: int
    n_resources: int


@dataclass(frozen=True)
class Bracket:
    """Rungs that the same candidates climb.

    Parameters
    ----------
    rungs : tuple of Rung
    n_required : int
        Rungs it takes until less than η candidates are left.
    n_possible : int
        Rungs that there are resources for.
    n_remaining : int
        Candidates that another rung would have.
    """

    rungs: tuple[Rung, ...]
    n_required: int
    n_possible: int
    n_remaining: int


def n_powers(ratio: float, factor: float) -> int:
    """Return the largest k with factorᵏ ≤ ratio, exactly where a logarithm would round."""
    k = 0
    while factor ** (k + 1) <= ratio:
        k += 1
    return k


def make_ladder(min_resources: int, max_resources: int, factor: float) -> list[int]:
    """Return the resources of all rungs there can be.

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
        Of the first rung.
    ladder : sequence of int
        Resources of the rungs there can be.
    factor : float
    aggressive_elimination : bool, default=False
        Whether the first rungs repeat the smallest resource until the last can end with less than
        `factor` candidates.

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
        None for as many as the ladder has rungs.
    n_candidates : int
        Of the first rung of the first bracket. The others have what costs about as much: on a
        ladder of m rungs, the bracket that begins at rung b has n η⁻ᵇ m / (m − b).
    ladder, factor, aggressive_elimination
        As `make_bracket`.

    References
    ----------
    Li et al. 2018, algorithm 1.
    """
    m = len(ladder)
    return [
        make_bracket(
            math.ceil(n_candidates / factor**b * m / (m - b)),
            ladder[b:],
            factor,
            aggressive_elimination,
        )
        for b in range(m if n_brackets is None else min(n_brackets, m))
    ]


class AtFullResource(Space):
    """A space with one more column for the resource, at whose end every candidate lies.

    A sampler of this space learns from trials anywhere along the column, and proposes for the full
    resource.

    Parameters
    ----------
    space : Space
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._selector = space._selector
        self.columns = [*space.columns, Column(Kind.CONTINUOUS)]
        self.size, self.grid_size = space.size, space.grid_size

    def decode(self, row: Any) -> dict[str, Any]:
        return self._space.decode(row[:-1])

    def encode(self, params: Mapping[str, Any]) -> FloatArray:
        return np.append(self._space.encode(params), 1.0)

    def snap(self, rows: FloatArray) -> FloatArray:
        return np.hstack([self._space.snap(rows[:, :-1]), np.ones((len(rows), 1))])

    def active(self, rows: FloatArray) -> NDArray[np.bool_]:
        is_active = self._space.active(rows[:, :-1])
        return np.hstack([is_active, np.zeros((len(rows), 1), dtype=bool)])

    def grid_point(self, index: int) -> tuple[FloatArray, dict[str, Any]]:
        row, params = self._space.grid_point(index)
        return np.append(row, 1.0), params

    def all_rows(self) -> Iterator[FloatArray]:
        return (np.append(row, 1.0) for row in self._space.all_rows())


class HalvingSampler(Sampler):
    """Proposes the trials of brackets, rung by rung.

    A trial remembers its bracket, its rung as ``iter``, its ``n_resources``, and if it is promoted
    the number of the trial that it was before as ``parent``.

    Parameters
    ----------
    space : Space
    brackets : sequence of Bracket
    start, model : Sampler
        Of the space `AtFullResource`; they propose new candidates, the second as soon as a trial
        with the most resource is finished.
    resource : str or None
        Parameter that the resource is; None if it is none.
    given : sequence of (row, params), default=()
        Candidates that come before those of the samplers.
    """

    def __init__(
        self,
        space: Space,
        brackets: Sequence[Bracket],
        start: Sampler,
        model: Sampler,
        resource: str | None,
        given: Sequence[tuple[FloatArray, Mapping[str, Any]]] = (),
    ) -> None:
        super().__init__(space)
        self.brackets, self._start, self._model = list(brackets), start, model
        self._resource, self._given = resource, given
        self.given = [params for _, params in given]
        resources = [rung.n_resources for bracket in brackets for rung in bracket.rungs]
        self._least, self._most = min(resources), max(resources)

    def propose(self, trials: Sequence[Trial], rng: np.random.Generator) -> Proposal | NoProposal:
        must_wait = False
        for number, bracket in enumerate(self.brackets):
            before: list[Trial] = []
            for step, rung in enumerate(bracket.rungs):
                members = [t for t in trials if place_of(t) == (number, step)]
                if step == 0:
                    if len(members) < rung.n_candidates:
                        found = self._new_candidate(trials, rng)
                        if isinstance(found, Proposal):
                            return self._placed(found, number, step, rung)
                        if found is NoProposal.WAIT:
                            must_wait = True
                            break
                elif len(members) < min(rung.n_candidates, len(before)):
                    if any(trial.outcome is None for trial in before):
                        must_wait = True
                        break
                    if all(np.isnan(trial.score) for trial in before):
                        break  # any promotion would be by chance
                    best = promoted(before)[len(members)]
                    again = Proposal(best.row, best.params, {"parent": best.number})
                    return self._placed(again, number, step, rung)
                before = members
        return NoProposal.WAIT if must_wait else NoProposal.EXHAUSTED

    def check_memory(self, memory: Mapping[str, Any]) -> None:
        own = ("bracket", "iter", "n_resources", "parent")
        for name in ("bracket", "iter", "n_resources", *["parent"] * ("parent" in memory)):
            if type(memory.get(name)) is not int:
                raise ValueError(f"{name!r} is {memory.get(name)!r}, not an integer")
        bracket, step = memory["bracket"], memory["iter"]
        is_there = 0 <= bracket < len(self.brackets) and step >= 0
        if not is_there or step >= len(self.brackets[bracket].rungs):
            raise ValueError(f"there is no rung {step} of bracket {bracket}")
        if memory["n_resources"] != self.brackets[bracket].rungs[step].n_resources:
            raise ValueError(f"{memory['n_resources']} is not what a trial of its rung gets")
        if ("parent" in memory) != (step > 0):
            raise ValueError("a promoted trial comes from another one, and no other trial does")
        rest = {name: memory[name] for name in memory if name not in own}
        self._model.check_memory(rest)

    def restored_params(
        self, row: FloatArray, recorded: Mapping[str, Any], memory: Mapping[str, Any]
    ) -> dict[str, Any]:
        if self._resource is None:
            return super().restored_params(row, recorded, memory)
        own = {name: value for name, value in recorded.items() if name != self._resource}
        if recorded.get(self._resource) != memory["n_resources"]:
            raise ValueError(f"{self._resource!r} is not what a trial of its rung gets")
        params = super().restored_params(row, own, memory)
        return {**params, self._resource: memory["n_resources"]}

    def _new_candidate(
        self, trials: Sequence[Trial], rng: np.random.Generator
    ) -> Proposal | NoProposal:
        n_begun = sum(place_of(trial)[1] == 0 for trial in trials)
        if n_begun < len(self._given):
            return Proposal(*self._given[n_begun])
        shown = [replace(trial, row=np.append(trial.row, self._height(trial))) for trial in trials]
        proposes = self._model if self._knows_the_top(trials) else self._start
        found = proposes.propose(shown, rng)
        return replace(found, row=found.row[:-1]) if isinstance(found, Proposal) else found

    def _knows_the_top(self, trials: Sequence[Trial]) -> bool:
        """Whether a trial with the most resource is finished.

        Before that a model would crowd the candidates where little of the resource does best,
        which is seldom where much of it does, and promotion by score would take them all from
        there.
        """
        return any(
            trial.memory["n_resources"] == self._most and trial.outcome is not None
            for trial in trials
        )

    def _height(self, trial: Trial) -> float:
        """Return how much of the resource a trial had: 0 the least, 1 the most, on a log scale."""
        if self._least == self._most:
            return 1.0
        share = trial.memory["n_resources"] / self._least
        return float(np.log(share) / np.log(self._most / self._least))

    def _placed(self, candidate: Proposal, bracket: int, step: int, rung: Rung) -> Proposal:
        """Return a candidate with the resource and the memory of its rung."""
        params = dict(candidate.params)
        if self._resource is not None:
            params[self._resource] = rung.n_resources
        place = {"bracket": bracket, "iter": step, "n_resources": rung.n_resources}
        return Proposal(candidate.row, params, {**candidate.memory, **place})


def place_of(trial: Trial) -> tuple[int, int]:
    """Return the bracket of a trial, and the step of its rung."""
    return trial.memory["bracket"], trial.memory["iter"]


def promoted(rung: Sequence[Trial]) -> list[Trial]:
    """Return the trials of a complete rung, the best first and the failed last."""
    scores = np.array([trial.score for trial in rung])
    return [rung[index] for index in np.argsort(-scores, kind="stable")]
