"""The schedule of halving, and the sampler that follows it."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import randint, uniform

from skbayes.samplers.base import GivenPoint, History
from skbayes.samplers.gp import GPSampler
from skbayes.samplers.halving import (
    HalvingSampler,
    best_first,
    make_bracket,
    make_brackets,
    make_ladder,
    n_powers,
    rung_of,
)
from skbayes.samplers.quasi_random import GridSampler, QuasiRandomSampler
from skbayes.space import Space
from skbayes.space.fidelity import FidelitySpace
from skbayes.streams import Stream, generator
from skbayes.study import Study
from skbayes.trial import Outcome, Trial

ODD = make_ladder(3, 50, 2.5)
LINE = Space({"x": uniform()})


def halving(space, brackets, resource="r", given=()):
    resources = [rung.n_resources for bracket in brackets for rung in bracket.rungs]
    full = FidelitySpace(space, min(resources), max(resources))
    start = QuasiRandomSampler(full, 0)
    model = GPSampler(full, start, 4)
    return HalvingSampler(full, brackets, start, model, resource, given, start)


def climb(sampler, score, n_points=1):
    """Evaluate trials in order; say too how often the sampler had to wait."""
    study = Study(sampler.space, sampler, n_points=n_points, random_state=0)
    study.optimize(score, 10_000)
    # The proposal after a wait is shown all trials before it, where the window shows fewer.
    n_waits = sum(
        study.n_shown(number) == number > max(number - n_points + 1, 0)
        for number in range(len(study.trials))
    )
    return study.trials, n_waits


def sizes(trials):
    places = [(*rung_of(t), t.fidelity) for t in trials]
    return {place: places.count(place) for place in sorted(set(places))}


def distance(params):
    return -abs(params["x"] - 0.3) - 1.0 / params["r"]


@pytest.mark.parametrize(
    ("ratio", "factor", "expected"), [(243, 3, 5), (242, 3, 4), (1, 3, 0), (10, 2.5, 2)]
)
def test_powers_are_exact(ratio, factor, expected):
    assert n_powers(ratio, factor) == expected


@given(
    n_candidates=st.integers(1, 500),
    least=st.integers(1, 50),
    most=st.integers(50, 5000),
    factor=st.floats(1.1, 6),
    is_aggressive=st.booleans(),
)
def test_a_bracket_promotes_one_in_so_many_and_stays_within_the_resources(
    n_candidates, least, most, factor, is_aggressive
):
    bracket = make_bracket(n_candidates, make_ladder(least, most, factor), factor, is_aggressive)
    first, *rest = bracket.rungs
    assert (first.n_candidates, first.n_resources) == (n_candidates, least)
    for below, above in zip(bracket.rungs, rest, strict=False):
        assert above.n_candidates == int(np.ceil(below.n_candidates / factor))
        assert below.n_resources <= above.n_resources <= most
    if is_aggressive:  # rounding up adds less than one a rung, which later rungs divide
        assert bracket.rungs[-1].n_candidates < factor + factor / (factor - 1)


def test_aggressive_elimination_repeats_the_least_as_often_as_it_takes():
    def schedule(bracket):
        return [(rung.n_candidates, rung.n_resources) for rung in bracket.rungs]

    usual, aggressive = (make_bracket(27, [1, 3], 3, is_so) for is_so in (False, True))
    assert schedule(usual) == schedule(make_bracket(27, [1, 3], 3)) == [(27, 1), (9, 3)]
    assert schedule(aggressive) == [(27, 1), (9, 1), (3, 1), (1, 3)]
    assert (usual.n_required, usual.n_possible, usual.n_remaining) == (4, 2, 3)
    assert (aggressive.n_required, aggressive.n_possible, aggressive.n_remaining) == (4, 2, 1)
    assert schedule(make_bracket(3, [1, 3, 9], 3, True)) == [(3, 1), (1, 3)]


@pytest.mark.parametrize(
    ("least", "most", "factor", "ladder"),
    [
        (10, 100, 3, [10, 30, 90]),
        (10, 90, 3, [10, 30, 90]),
        (10, 89, 3, [10, 30]),
        (7, 7, 2, [7]),
        (3, 50, 2.5, [3, 7, 18, 46]),
    ],
)
def test_a_ladder_multiplies_the_least_as_long_as_the_most_allows(least, most, factor, ladder):
    assert make_ladder(least, most, factor) == ladder


def test_brackets_are_those_of_hyperband():
    """Table 1 of Li et al. 2018: R = 81, η = 3."""
    brackets = make_brackets(None, 81, make_ladder(1, 81, 3), 3)
    schedule = [[(r.n_candidates, r.n_resources) for r in bracket.rungs] for bracket in brackets]
    assert schedule[0] == [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)]
    assert [rungs[0] for rungs in schedule] == [(81, 1), (34, 3), (15, 9), (8, 27), (5, 81)]
    tops = {bracket.rungs[-1].n_resources for bracket in make_brackets(None, 40, ODD, 2.5)}
    assert tops == {ODD[-1]}
    assert len(make_brackets(2, 81, make_ladder(1, 81, 3), 3)) == 2


def test_the_best_of_a_rung_are_promoted_with_more():
    sampler = halving(LINE, make_brackets(1, 9, make_ladder(1, 9, 3), 3))
    trials, _ = climb(sampler, distance)
    assert sizes(trials) == {(0, 0, 1): 9, (0, 1, 3): 3, (0, 2, 9): 1}
    first = best_first(trials[:9])
    assert [t.params["x"] for t in trials[9:12]] == [t.params["x"] for t in first[:3]]
    assert [t.params["r"] for t in trials] == [1] * 9 + [3] * 3 + [9]


def test_a_trial_is_raced_against_its_rung_and_at_the_top_against_all_with_as_much():
    sampler = halving(LINE, make_brackets(None, 9, make_ladder(1, 9, 3), 3))
    trials, _ = climb(sampler, distance)

    def rivals_of(bracket, rung):
        own = next(trial for trial in trials if rung_of(trial) == (bracket, rung))
        rivals, n_kept = sampler.rivals(own, trials)
        return {(*rung_of(trial), trial.fidelity) for trial in rivals}, n_kept

    assert rivals_of(0, 0) == ({(0, 0, 1)}, 3)
    assert rivals_of(0, 1) == ({(0, 1, 3)}, 1)
    assert rivals_of(1, 0) == ({(1, 0, 3)}, 2)
    assert rivals_of(2, 0) == rivals_of(0, 2) == ({(0, 2, 9), (1, 1, 9), (2, 0, 9)}, 1)


def test_trials_that_were_dropped_are_promoted_after_those_that_were_not():
    trials = [
        Trial(0, np.zeros(1), {}, outcome=Outcome({"score": (0.9,)}, (1,), n_splits=2)),
        Trial(1, np.zeros(1), {}, outcome=Outcome.of_scores(0.1, 0.2)),
    ]
    assert [trial.number for trial in best_first(trials)] == [1, 0]


def test_failed_trials_are_promoted_last():
    trials = [
        Trial(n, np.zeros(1), {}, outcome=Outcome.of_scores(score))
        for n, score in enumerate([0.1, np.nan, 0.3, 0.2])
    ]
    assert [trial.number for trial in best_first(trials)] == [2, 3, 0, 1]


@pytest.mark.parametrize(("n_brackets", "n_begun"), [(1, 9), (None, 17)])
def test_a_bracket_ends_where_all_of_its_rung_have_failed_and_not_before(n_brackets, n_begun):
    def sampler():
        return halving(LINE, make_brackets(n_brackets, 9, make_ladder(1, 9, 3), 3))

    some, _ = climb(sampler(), lambda params: np.nan if params["x"] > 0.3 else params["x"])
    assert [sizes(some)[place] for place in ((0, 0, 1), (0, 1, 3), (0, 2, 9))] == [9, 3, 1]
    none, _ = climb(sampler(), lambda params: np.nan)
    assert len(none) == n_begun
    assert all(rung_of(trial)[1] == 0 for trial in none)


def test_the_model_takes_over_when_a_trial_has_had_the_most():
    trials, _ = climb(halving(LINE, make_brackets(None, 27, make_ladder(1, 27, 3), 3)), distance)
    start = QuasiRandomSampler(FidelitySpace(LINE, 1, 27), 0)
    begun = [t.params["x"] for t in trials if rung_of(t)[1] == 0]
    assert begun[:27] == [LINE.decode(start.point(index)[:-1])["x"] for index in range(27)]
    assert np.median(np.abs(np.array(begun[27:]) - 0.3)) < 0.05


def test_the_model_learns_from_all_rungs_what_is_best_at_the_top():
    """With little of the resource 0.9 looks best, with all of it 0.3."""

    def misleading(params):
        share = np.log(params["r"]) / np.log(27)
        return -abs(params["x"] - 0.9 + 0.6 * share)

    trials, _ = climb(halving(LINE, make_brackets(None, 27, make_ladder(1, 27, 3), 3)), misleading)
    last = [t.params["x"] for t in trials if rung_of(t)[0] == 3]
    assert np.min(np.abs(np.array(last) - 0.3)) < 0.05


@pytest.mark.parametrize("n_points", [1, 3])
def test_one_bracket_waits_for_its_rungs_and_several_have_other_work(n_points):
    one, n_waits = climb(
        halving(LINE, make_brackets(1, 9, make_ladder(1, 9, 3), 3)), distance, n_points
    )
    assert len(one) == 13
    assert n_waits == (0 if n_points == 1 else 2)
    several, n_waits = climb(
        halving(LINE, make_brackets(None, 9, make_ladder(1, 9, 3), 3)), distance, n_points
    )
    assert len(several) == 13 + 5 + 2 + 3
    if n_points > 1:
        brackets = [rung_of(t)[0] for t in several]
        assert brackets != sorted(brackets)
        assert n_waits <= 2


def test_same_trials_same_proposal():
    brackets = make_brackets(None, 9, make_ladder(1, 9, 3), 3)
    trials, _ = climb(halving(LINE, brackets), distance)
    for number in range(len(trials)):
        history = History(LINE, trials[:number], number)
        again = halving(LINE, brackets).propose(history, generator(0, Stream.TRIALS, number))
        assert np.array_equal(again.row, trials[number].row)
        assert again.params == trials[number].params


@pytest.mark.parametrize("n_brackets", [1, None])
def test_a_finite_space_is_not_repeated_and_what_is_left_is_promoted(n_brackets):
    space = Space({"x": randint(0, 5)})
    trials, _ = climb(
        halving(space, make_brackets(n_brackets, 9, make_ladder(1, 9, 3), 3)),
        lambda p: p["x"] + p["r"] / 100,
    )
    begun = [t.params["x"] for t in trials if rung_of(t)[1] == 0]
    assert sorted(begun) == [0, 1, 2, 3, 4]
    last = [t.params["x"] for t in trials if t.fidelity == 9]
    assert last[0] == 4


def test_a_grid_is_walked_in_its_order_through_all_rungs():
    space = Space({"x": list(range(9))})
    full = FidelitySpace(space, 1, 9)
    brackets = make_brackets(None, 6, make_ladder(1, 9, 3), 3)
    sampler = HalvingSampler(full, brackets, GridSampler(full), GridSampler(full), "r")
    trials, _ = climb(sampler, lambda params: params["x"])
    assert [t.params["x"] for t in trials if rung_of(t)[1] == 0] == list(range(9))


def test_given_candidates_come_first():
    given = [GivenPoint({"x": 0.25}), GivenPoint({"x": 0.75})]
    trials, _ = climb(
        halving(LINE, make_brackets(1, 9, make_ladder(1, 9, 3), 3), given=given), distance
    )
    assert [t.params["x"] for t in trials[:2]] == [0.25, 0.75]


def test_without_a_parameter_the_resource_is_only_remembered():
    trials, _ = climb(
        halving(LINE, make_brackets(1, 3, make_ladder(10, 30, 3), 3), resource=None),
        lambda p: p["x"],
    )
    assert [t.fidelity for t in trials] == [10, 10, 10, 30]
    assert all(t.params.keys() == {"x"} for t in trials)


def restored(sampler, trial, **changes):
    """What a sampler makes of a trial that was written as JSON and read again."""
    record = {
        "recorded": dict(trial.params) | changes.pop("params", {}),
        "fidelity": trial.fidelity,
        "parent": trial.parent,
        "state": json.loads(json.dumps(asdict(trial.state))) | changes.pop("of_state", {}),
    }
    return sampler.restore(trial.row, **record | changes)


@pytest.mark.parametrize("resource", ["r", None])
def test_what_was_proposed_is_restored_from_records(resource):
    brackets = make_brackets(None, 9, make_ladder(1, 9, 3), 3)
    trials, _ = climb(halving(LINE, brackets, resource), lambda params: params["x"])
    assert any(trial.parent is not None for trial in trials)
    assert any(trial.state.candidate is not None for trial in trials)
    for trial in trials:
        again = restored(halving(LINE, brackets, resource), trial)
        assert again.row.tolist() == trial.row.tolist()
        assert again.params == trial.params
        assert (again.fidelity, again.parent) == (trial.fidelity, trial.parent)
        assert again.state == trial.state


FIRST, PROMOTED = 0, 9


@pytest.mark.parametrize(
    ("number", "changes", "message"),
    [
        (FIRST, {"state": None}, "it has no state"),
        (FIRST, {"of_state": {"bracket": 1}}, "there is no rung 0 of bracket 1"),
        (FIRST, {"of_state": {"bracket": -1}}, "there is no rung 0 of bracket -1"),
        (FIRST, {"of_state": {"rung": -1}}, "there is no rung -1 of bracket 0"),
        (FIRST, {"of_state": {"rung": 3}}, "there is no rung 3 of bracket 0"),
        (FIRST, {"of_state": {"bracket": 0.0}}, "'bracket' is 0.0, not an integer"),
        (FIRST, {"of_state": {"rung": False}}, "'rung' is False, not an integer"),
        (FIRST, {"of_state": {"candidate": 7}}, "'candidate' is 7, not the state of a sampler"),
        (FIRST, {"of_state": {"candidate": {}}}, "'theta' of its state is missing"),
        (FIRST, {"fidelity": 3}, "3 is not what a trial of its rung gets"),
        (FIRST, {"fidelity": 1.0}, "1.0 is not what a trial of its rung gets"),
        (FIRST, {"fidelity": None}, "None is not what a trial of its rung gets"),
        (FIRST, {"params": {"r": 3}}, "'r' is not what a trial of its rung gets"),
        (FIRST, {"parent": 0}, "a promoted trial comes from another one"),
        (PROMOTED, {"parent": None}, "a promoted trial comes from another one"),
    ],
)
def test_a_record_of_what_it_cannot_have_proposed_is_refused(number, changes, message):
    sampler = halving(LINE, make_brackets(1, 9, make_ladder(1, 9, 3), 3))
    trials, _ = climb(sampler, distance)
    with pytest.raises(ValueError, match=message):
        restored(sampler, trials[number], **changes)
