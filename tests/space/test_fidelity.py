"""A space with a resource is the space with one more column."""

import numpy as np
import pytest
from scipy.stats import uniform

from skbayes.space import Space
from skbayes.space.fidelity import FidelitySpace

SPACES = {
    "numbers": {"x": uniform(), "c": list("abc")},
    "union": [{"x": uniform()}, {"n": [1, 2, 3]}],
    "grid": {"c": list("abc"), "n": [1, 2, 3]},
}


@pytest.fixture(params=SPACES.values(), ids=SPACES)
def space(request):
    return Space(request.param)


def test_the_other_columns_are_those_of_the_space(space):
    full = FidelitySpace(space, 1, 81)
    rows = np.random.default_rng(0).random((20, full.n_columns))
    snapped = full.snap(rows)
    assert np.array_equal(snapped[:, :-1], space.snap(rows[:, :-1]))
    assert np.array_equal(full.active(snapped)[:, :-1], space.active(snapped[:, :-1]))
    assert np.array_equal(full.is_categorical, [*space.is_categorical, False])
    assert np.array_equal(full.subspace_positions, space.subspace_positions)
    assert (full.size, full.grid_size) == (space.size, space.grid_size)


def test_everything_a_space_answers_is_answered_at_the_full_resource(space):
    full = FidelitySpace(space, 1, 81)
    row = full.snap(np.random.default_rng(1).random((1, full.n_columns)))[0]
    assert row[-1] == 1.0
    params = full.decode(row)
    assert params == space.decode(row[:-1])
    np.testing.assert_allclose(full.encode(params), row, atol=1e-12)
    completed_row, completed = full.complete({}, row)
    assert np.array_equal(completed_row, row)
    assert completed == params
    assert full.restore(row, params, ()) == params
    assert full.own_values(params) == (params, False)
    assert np.array_equal(full.place(params), full.encode(params))
    assert list(full.examples()) == list(space.examples())
    if space.grid_size is not None:
        grid_row, point = full.grid_point(4)
        assert (grid_row[-1], point) == (1.0, space.grid_point(4)[1])
        assert [tuple(r[:-1]) for r in full.all_rows()] == [tuple(r) for r in space.all_rows()]


@pytest.mark.parametrize("least", [1, 10])
@pytest.mark.parametrize(("multiple", "place"), [(1, 0.0), (3, 0.25), (9, 0.5), (81, 1.0)])
def test_the_resource_is_a_column_on_a_log_scale(least, multiple, place):
    full = FidelitySpace(Space({"x": uniform()}), least, 81 * least)
    assert full.with_fidelity([0.3], multiple * least).tolist() == [0.3, pytest.approx(place)]


def test_where_all_get_the_same_it_is_the_most():
    assert FidelitySpace(Space({}), 5, 5).with_fidelity([], 5).tolist() == [1.0]
