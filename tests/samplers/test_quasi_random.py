"""Samplers that learn nothing."""

import numpy as np
import pytest
from scipy import stats
from sklearn.model_selection import ParameterGrid

from skbayes.samplers.base import GivenPoint, History
from skbayes.samplers.quasi_random import BLOCK, GivenFirst, GridSampler, QuasiRandomSampler
from skbayes.space import Space
from skbayes.study import Study
from skbayes.trial import Trial

UNIFORM = stats.uniform(0, 1)
GRID = {"b": [3, 1, 1], "a": ["x", "y"]}


def propose_all(sampler, most=1000):
    """Return the trials of a study that is told nothing."""
    study = Study(sampler.space, sampler, n_points=most, random_state=0)
    while len(study.trials) < most and isinstance(study.ask(), Trial):
        continue
    return study.trials


def test_the_points_fill_the_cube_more_evenly_than_random_ones():
    space = Space(dict.fromkeys("abcd", UNIFORM))
    sampler = QuasiRandomSampler(space, 0)
    points = np.array([sampler.point(index) for index in range(64)])
    random = np.random.default_rng(0).random((64, 4))
    assert stats.qmc.discrepancy(points) < 0.3 * stats.qmc.discrepancy(random)


def test_points_do_not_depend_on_how_many_are_asked_for():
    space = Space(dict.fromkeys("abc", UNIFORM))
    one, other = QuasiRandomSampler(space, 5), QuasiRandomSampler(space, 5)
    far = one.point(3 * BLOCK + 1)
    other.point(2)
    assert np.array_equal(one.point(2), other.point(2))
    assert np.array_equal(far, other.point(3 * BLOCK + 1))
    assert not np.array_equal(one.point(2), QuasiRandomSampler(space, 6).point(2))


def test_a_coarse_space_is_used_up_and_then_exhausted():
    space = Space({"a": stats.rv_discrete(values=([0, 1, 2], [0.9998, 0.0001, 0.0001]))})
    trials = propose_all(QuasiRandomSampler(space, 0))
    assert sorted(trial.params["a"] for trial in trials) == [0, 1, 2]


def test_the_grid_is_scikit_learns_in_its_order():
    trials = propose_all(GridSampler(Space(GRID)))
    assert [trial.params for trial in trials] == list(ParameterGrid(GRID))


def test_the_grid_leaves_out_what_was_given():
    space = Space(GRID)
    given = [GivenPoint({"a": "y", "b": 3})]
    sampler = GivenFirst(given, QuasiRandomSampler(space, 0), GridSampler(space))
    trials = propose_all(sampler)
    rest = [point for point in ParameterGrid(GRID) if point != {"a": "y", "b": 3}]
    assert [trial.params for trial in trials] == [{"a": "y", "b": 3}, *rest]


def test_where_the_sequence_has_nothing_new_a_point_is_drawn_at_random(monkeypatch):
    space = Space({"x": UNIFORM, "n": stats.randint(0, 10)})
    sampler = QuasiRandomSampler(space, 0)
    row = sampler.point(0)
    monkeypatch.setattr(sampler, "point", lambda index: row)
    history = History(space, [Trial(0, row, space.decode(row))], 1)
    drawn = [sampler.propose(history, np.random.default_rng(seed)).row for seed in (0, 0, 1)]
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    assert np.array_equal(space.snap(np.array(drawn)), drawn)


def test_a_grid_remembers_its_place_in_records():
    space = Space(GRID)
    given = [GivenPoint({"a": "y", "b": 3})]
    sampler = GivenFirst(given, QuasiRandomSampler(space, 0), GridSampler(space))
    for trial in propose_all(sampler):
        state = None if trial.state is None else {"index": trial.state.index}
        again = sampler.restore(trial.row, trial.params, None, None, state)
        assert (again.params, again.state) == (trial.params, trial.state)


@pytest.mark.parametrize("index", [-1, 6, True, 1.0, None])
def test_a_place_that_is_not_in_the_grid_is_refused(index):
    sampler = GridSampler(Space(GRID))
    with pytest.raises(ValueError, match="is no place in the grid"):
        sampler.restore_state({"index": index})
    with pytest.raises(ValueError, match="is no place in the grid"):
        GridSampler(Space({"x": UNIFORM})).restore_state({"index": 0})


def test_given_points_come_first_exactly_as_they_are_and_twice_if_given_twice():
    space = Space({"C": stats.loguniform(1e-2, 1e2), "kernel": ["rbf", "poly"]})
    given = [{"C": 0.1 + 0.2, "kernel": "poly"}, {"C": 0.1 + 0.2, "kernel": "poly"}, {"C": 7}]
    start = QuasiRandomSampler(space, 0)
    points = [GivenPoint(params) for params in given]
    trials = propose_all(GivenFirst(points, start, start), most=5)
    assert [dict(trial.params) for trial in trials[:2]] == given[:2]
    assert trials[2].params["C"] == 7
    assert isinstance(trials[2].params["C"], int)
    assert trials[2].params["kernel"] == space.decode(start.point(2))["kernel"]


@pytest.mark.parametrize("n_columns", [0, 1])
def test_the_smallest_spaces_work(n_columns):
    space = Space({"a": UNIFORM} if n_columns else {})
    assert len(propose_all(QuasiRandomSampler(space, 0), most=3)) == (3 if n_columns else 1)
