"""What every sampler promises, checked over all of them by one list."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from skbayes.samplers.base import GivenPoint, History, NoProposal
from skbayes.samplers.gp import GPSampler
from skbayes.samplers.quasi_random import GivenFirst, QuasiRandomSampler
from skbayes.samplers.tpe import TPESampler
from skbayes.space import Space
from skbayes.space.base import row_key
from skbayes.study import Study

SAMPLERS = {
    "quasi-random": lambda space: QuasiRandomSampler(space, 0),
    "given first": lambda space: GivenFirst(
        [GivenPoint({}), GivenPoint({})], QuasiRandomSampler(space, 1), QuasiRandomSampler(space, 0)
    ),
    "Gaussian process": lambda space: GPSampler(space, QuasiRandomSampler(space, 0), 3),
    "TPE": lambda space: TPESampler(space, QuasiRandomSampler(space, 0), 3),
}
MIXED = {
    "a": stats.uniform(0, 1),
    "b": stats.loguniform(1e-3, 1e3),
    "c": stats.randint(0, 4),
    "d": ["x", "y", "z"],
    "e": [None, 1, 2, 3],
}
CONDITIONAL = [
    {"kind": ["u"], "a": stats.uniform(0, 1)},
    {"kind": ["v"], "a": stats.uniform(0, 1), "n": stats.randint(1, 5)},
]
FINITE = {"a": [1, 2, 3], "b": list("xyz")}
SPACES = {"mixed": MIXED, "conditional": CONDITIONAL, "finite": FINITE, "empty": {}}

SCORES = st.lists(
    st.floats(-1e308, 1e308) | st.sampled_from([0.5, np.nan, np.inf, -np.inf]),
    min_size=1,
    max_size=9,
)


def history(sampler, scores, n_pending=0, seed=0):
    """The trials of a search whose scores came out as they are given."""
    study = Study(sampler.space, sampler, n_points=n_pending + 1, random_state=seed)
    for number, score in enumerate(scores):
        trial = study.ask()
        if trial is NoProposal.EXHAUSTED:
            break
        if number < len(scores) - n_pending:
            study.tell(trial, score)
    return study.trials


@pytest.fixture(params=SAMPLERS)
def make_sampler(request):
    return SAMPLERS[request.param]


@pytest.mark.parametrize("distributions", SPACES.values(), ids=SPACES)
@settings(max_examples=15)
@given(scores=SCORES, n_pending=st.integers(0, 3))
@pytest.mark.parametrize("make", SAMPLERS.values(), ids=SAMPLERS)
def test_proposals_lie_in_the_space_whatever_the_scores_are(make, distributions, scores, n_pending):
    space = Space(distributions)
    trials = history(make(space), scores, n_pending)
    for trial in trials:
        assert np.array_equal(space.snap(trial.row[None])[0], trial.row)
        np.testing.assert_allclose(space.encode(trial.params), trial.row, atol=1e-9)


@pytest.mark.parametrize("distributions", SPACES.values(), ids=SPACES)
def test_same_trials_same_proposal(make_sampler, distributions):
    """No hidden state: a fresh sampler, shown the same trials, proposes the same."""
    space = Space(distributions)
    trials = history(make_sampler(space), list(np.sin(np.arange(7))), n_pending=1)
    experienced, fresh = make_sampler(space), make_sampler(Space(distributions))
    history(experienced, list(np.cos(np.arange(5))), seed=9)
    proposals = [
        sampler.propose(History(space, trials, 7), np.random.default_rng([0, 7]))
        for sampler in (experienced, fresh)
    ]
    if NoProposal.EXHAUSTED in proposals:
        assert proposals[0] is proposals[1]
        return
    assert np.array_equal(proposals[0].row, proposals[1].row)
    assert proposals[0].state == proposals[1].state


@pytest.mark.parametrize("n_pending", [0, 2])
def test_no_point_of_a_finite_space_is_handed_out_twice(make_sampler, n_pending):
    space = Space(FINITE)
    sampler = make_sampler(space)
    trials = history(sampler, list(np.sin(np.arange(20.0))), n_pending)
    n_given = 2 if isinstance(sampler, GivenFirst) else 0  # those may repeat
    keys = [row_key(trial.row) for trial in trials[n_given:]]
    assert len(set(keys)) == len(keys)
    assert len({row_key(trial.row) for trial in trials}) == space.size
    shown = History(space, trials, len(trials))
    assert sampler.propose(shown, np.random.default_rng(0)) is NoProposal.EXHAUSTED


def test_the_trials_are_not_changed(make_sampler):
    space = Space(MIXED)
    trials = history(make_sampler(space), [0.1, 0.5, 0.3, 0.7, 0.2])
    before = [(t.row.copy(), dict(t.params), t.state) for t in trials]
    make_sampler(space).propose(History(space, trials, 5), np.random.default_rng(0))
    for trial, (row, params, state) in zip(trials, before, strict=True):
        assert np.array_equal(trial.row, row)
        assert dict(trial.params) == params
        assert trial.state == state


def restored(sampler, trial, **changes):
    """What a sampler makes of a trial that was written as JSON and read again."""
    state = None if trial.state is None else asdict(trial.state)
    record = {
        "recorded": dict(trial.params),
        "fidelity": trial.fidelity,
        "parent": trial.parent,
        "state": json.loads(json.dumps(state)),
    }
    return sampler.restore(trial.row, **record | changes)


def test_what_was_proposed_is_restored_from_records(make_sampler):
    trials = history(make_sampler(Space(MIXED)), [0.1, 0.5, 0.3, 0.7, 0.2])
    for trial in trials:
        again = restored(make_sampler(Space(MIXED)), trial)
        assert np.array_equal(again.row, trial.row)
        assert again.params == trial.params
        assert again.state == trial.state
        assert (again.fidelity, again.parent) == (None, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fidelity": 3}, "has a fidelity or a parent"),
        ({"parent": 0}, "has a fidelity or a parent"),
        ({"state": {"index": 0}}, "its sampler stores none|'index' of its state is unknown"),
        ({"state": {}}, "its sampler stores none|'theta' of its state is missing"),
        ({"state": {"theta": [0.0]}}, "its sampler stores none|'theta' is not a list of the"),
    ],
)
def test_a_record_of_what_it_cannot_have_proposed_is_refused(make_sampler, change, message):
    sampler = make_sampler(Space(MIXED))
    [trial] = history(sampler, [0.5])
    with pytest.raises(ValueError, match=message):
        restored(sampler, trial, **change)
