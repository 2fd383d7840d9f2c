"""The schedule of a halving search: how many candidates get how much of which resource."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np

from skbayes.estimators.inputs import Inputs
from skbayes.estimators.resources import Resource
from skbayes.evaluation.all_failed import describe_errors
from skbayes.evaluation.results import Record
from skbayes.evaluation.table import has_most
from skbayes.samplers.halving import Bracket, Rung, make_brackets, make_ladder, n_powers, rung_of
from skbayes.trial import Trial


@dataclass(frozen=True, eq=False)
class Schedule:
    """The brackets of a search, and the numbers derived from them.

    Parameters
    ----------
    brackets : sequence of Bracket
    """

    brackets: Sequence[Bracket]

    @property
    def rungs(self) -> dict[tuple[int, int], Rung]:
        """All rungs, by the number of the bracket and that of the rung in the bracket."""
        return {
            (number, step): rung
            for number, bracket in enumerate(self.brackets)
            for step, rung in enumerate(bracket.rungs)
        }

    @property
    def n_first_candidates(self) -> int:
        """Candidates of the first rung of the first bracket."""
        return self.brackets[0].rungs[0].n_candidates

    @property
    def n_trials(self) -> int:
        """How many trials there will be at most."""
        return sum(rung.n_candidates for rung in self.rungs.values())

    @property
    def total_cost(self) -> float:
        """Sum of the resources of all trials."""
        return sum(rung.n_candidates * rung.n_resources for rung in self.rungs.values())

    @property
    def resources(self) -> set[int]:
        """The different amounts of the resource, over all rungs."""
        return {rung.n_resources for rung in self.rungs.values()}

    @property
    def n_promoted(self) -> dict[tuple[int, int], int]:
        """By rung, how many of its trials are promoted to a larger resource, if any are."""
        return {
            (number, step): above.n_candidates
            for number, bracket in enumerate(self.brackets)
            for step, (below, above) in enumerate(pairwise(bracket.rungs))
            if above.n_resources > below.n_resources
        }

    def failed_rungs(self, records: Sequence[Record]) -> Iterator[tuple[Rung, list[Record]]]:
        """Yield the rungs that ended their brackets because no trial had a score.

        Parameters
        ----------
        records : sequence of Record

        Yields
        ------
        rung : Rung
        failed : list of Record
            The trials of the rung.
        """
        members: dict[tuple[int, int], list[Record]] = {}
        for record in records:
            members.setdefault(rung_of(record.trial), []).append(record)
        for (number, step), of_rung in members.items():
            is_last = step == len(self.brackets[number].rungs) - 1
            has_score = not all(np.isnan(record.trial.score) for record in of_rung)
            if not (is_last or has_score or (number, step + 1) in members):
                yield self.rungs[number, step], of_rung

    def columns(self, trials: Sequence[Trial]) -> dict[str, list[Any]]:
        """Return the columns of `cv_results_` about rungs, resources and brackets.

        Parameters
        ----------
        trials : sequence of Trial

        Returns
        -------
        columns : dict of str to list
        """
        columns: dict[str, list[Any]] = {
            "iter": [rung_of(trial)[1] for trial in trials],
            "n_resources": [trial.fidelity for trial in trials],
        }
        if len(self.brackets) > 1:
            columns["bracket"] = [rung_of(trial)[0] for trial in trials]
        return columns

    def fitted_attributes(self, trials: Sequence[Trial]) -> dict[str, Any]:
        """Return the fitted attributes that describe the rungs as they were evaluated.

        A budget or a finite space may have ended the search before the last rung.

        Parameters
        ----------
        trials : sequence of Trial
            All evaluated trials.

        Returns
        -------
        attributes : dict of str to object
        """
        counts = Counter(map(rung_of, trials))
        begun = [
            [(rung, counts[n, step]) for step, rung in enumerate(b.rungs) if counts[n, step]]
            for n, b in enumerate(self.brackets)
        ]
        begun = [bracket for bracket in begun if bracket]
        resources = [[rung.n_resources for rung, _ in bracket] for bracket in begun]
        candidates = [[count for _, count in bracket] for bracket in begun]
        first, is_one = self.brackets[0], len(self.brackets) == 1
        return {
            "n_resources_": resources[0] if is_one else resources,
            "n_candidates_": candidates[0] if is_one else candidates,
            "min_resources_": first.rungs[0].n_resources,
            "n_iterations_": len(begun[0]),
            "n_required_iterations_": first.n_required,
            "n_possible_iterations_": first.n_possible,
            "n_remaining_candidates_": first.n_remaining,
        }


def make_schedule(search: Any, resource: Resource, inputs: Inputs, size: int | None) -> Schedule:
    """Return the schedule of a search, after a check of the parameters that decide it.

    Parameters
    ----------
    search : HalvingBayesSearchCV
    resource : Resource
    inputs : Inputs
    size : int or None
        Number of candidates of the space; None if it is not counted.

    Returns
    -------
    schedule : Schedule

    Raises
    ------
    ValueError
        If the estimator has no such resource, or there is too little of it.
    """
    resource.check()
    if search.min_resources == search.n_candidates == "exhaust":
        raise ValueError("n_candidates and min_resources cannot be both set to 'exhaust'.")
    most = resource.most(inputs)
    ladder = resource.ladder(inputs) if search.min_resources == "auto" else None
    asked = resource.least(inputs) if ladder is None else ladder[0]
    least, n_candidates = _first_rung(search, resource, asked, most, size)
    brackets = make_brackets(
        None if search.n_brackets == "auto" else int(search.n_brackets),
        n_candidates,
        ladder or make_ladder(least, most, search.factor),
        search.factor,
        search.aggressive_elimination,
    )
    return Schedule(brackets)


def raise_all_of_a_rung_failed(failed: Sequence[Record], metric: Any, advice: str) -> None:
    """Raise the error about a rung from which no candidate can be promoted.

    Parameters
    ----------
    failed : sequence of Record
        Its trials.
    metric : object
        Name of the metric that is maximised if there are several.
    advice : str

    Raises
    ------
    ValueError
        Always.
    """
    results = list(chain.from_iterable(record.results for record in failed))
    raise ValueError(
        f"All {len(failed)} candidates of a rung failed, so that none can be promoted."
        f"{describe_errors(results, metric)}{advice}"
    )


def best_with_most_resources(results: dict[str, Any], metric: str) -> int:
    """Return the index of the best candidate among those with the most resources on all splits.

    Candidates without a score count only if there is no other.

    Parameters
    ----------
    results : dict
        As ``cv_results_``.
    metric : str

    Returns
    -------
    index : int
    """
    reached = np.asarray(results.get("n_resources", results["iter"]))
    scores = np.asarray(results[f"mean_test_{metric}"])
    has_score = ~np.isnan(scores) & has_most(results, "n_splits_evaluated")
    considered = has_score if has_score.any() else np.ones(len(scores), dtype=bool)
    is_last = considered & (reached == reached[considered].max())
    return int(np.argmax(np.where(is_last & has_score, scores, -np.inf)))


def _first_rung(
    search: Any, resource: Resource, least: int, most: int, size: int | None
) -> tuple[int, int]:
    """Return the resources and the number of candidates of the first rung."""
    if least > most:
        raise ValueError(
            f"min_resources_={least} is greater than max_resources_={most}."
            f"{resource.note_on_most(most)}"
        )
    if least == 0:
        raise ValueError(f"min_resources_={least}: you might have passed an empty dataset X.")
    asked = most // least if search.n_candidates == "exhaust" else int(search.n_candidates)
    if search.min_resources == "auto":
        asked = max(asked, math.ceil(search.factor))  # where there is a single rung
    n_candidates = asked if size is None else min(asked, size)
    if search.min_resources == "exhaust":
        least = max(least, int(most // search.factor ** n_powers(n_candidates, search.factor)))
    return least, n_candidates
