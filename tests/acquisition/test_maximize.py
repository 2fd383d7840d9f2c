"""The maximiser, on functions whose maximum is known."""

import numpy as np
import pytest
from scipy import stats

from skbayes.acquisition.maximize import MAX_CATEGORY_MOVES, Effort, maximize
from skbayes.space import Space
from skbayes.space.base import row_key

UNIFORM = stats.uniform(0, 1)


def peak_at(target):
    """A smooth peak over rows, with its gradient."""

    def value(rows):
        return -((rows - target) ** 2).sum(1)

    return value, lambda rows: (value(rows), -2 * (rows - target))


def search(space, target, best=None, seen=frozenset(), seed=0):
    rng = np.random.default_rng(seed)
    best = space.snap(rng.random((3, space.n_columns))) if best is None else best
    return maximize(*peak_at(target), space, best, seen, rng)


@pytest.mark.parametrize("seed", range(5))
def test_it_finds_a_peak_inside_the_cube(seed):
    space = Space(dict.fromkeys("abcd", UNIFORM))
    target = np.random.default_rng(seed).random(4)
    np.testing.assert_allclose(search(space, target, seed=seed), target, atol=1e-4)


def test_it_finds_a_corner():
    space = Space(dict.fromkeys("abc", UNIFORM))
    np.testing.assert_array_equal(search(space, np.array([2.0, -1.0, 2.0])), [1.0, 0.0, 1.0])


MIXED = {
    "a": UNIFORM,
    "b": [1, 2, 3, 4, 5],
    "c": list("uvwxyz"),
    "d": stats.randint(0, 200),
    "e": stats.randint(0, 10**8),
    "f": [None, 1, 2, 3],
}


@pytest.mark.parametrize("seed", range(5))
def test_it_finds_the_best_of_a_mixed_space_where_it_is_decoded(seed):
    space = Space(MIXED)
    target = space.snap(np.random.default_rng(seed).random((1, space.n_columns)))[0]
    row = search(space, target, seed=seed)
    np.testing.assert_allclose(row, target, atol=2e-3)
    assert np.array_equal(space.snap(row[None])[0], row)


def test_it_crosses_from_one_sub_space_to_another():
    space = Space([{"a": UNIFORM}, {"b": UNIFORM}, {"c": [1, 2, 3]}])
    target = space.snap(np.array([[0.5, 0.2, 0.7, 0.2]]))[0]
    start = space.snap(np.array([[0.9, 0.5, 0.5, 0.5]]))
    row = search(space, target, best=start)
    assert space.decode(row).keys() == {"b"}
    np.testing.assert_allclose(row, target, atol=1e-4)


def test_a_small_finite_space_is_looked_at_in_whole():
    space = Space({"a": [1, 2, 3], "b": list("xyz")})
    target = np.array([5 / 6, 1 / 6])
    seen = set()
    values = []
    for _ in range(space.size):
        row = search(space, target, seen=seen)
        seen.add(row_key(row))
        values.append(peak_at(target)[0](row[None])[0])
    assert (np.diff(values) <= 0).all()  # the best first, then the next best
    assert search(space, target, seen=seen) is None


def test_what_was_seen_is_not_returned():
    space = Space(dict.fromkeys("ab", UNIFORM))
    corner = search(space, np.array([2.0, 2.0]))
    other = search(space, np.array([2.0, 2.0]), seen={row_key(corner)})
    assert not np.array_equal(corner, other)


def test_same_generator_same_row():
    space = Space(MIXED)
    target = np.full(space.n_columns, 0.3)
    assert np.array_equal(search(space, target, seed=3), search(space, target, seed=3))


def test_effort_bounds_what_is_looked_at():
    space = Space(dict.fromkeys("ab", UNIFORM))
    n_evaluated = 0

    def value(rows):
        nonlocal n_evaluated
        n_evaluated += len(rows)
        assert ((rows >= 0.0) & (rows <= 1.0)).all()
        return peak_at(0.5)[0](rows)

    effort = Effort(n_random=16, n_neighbours=4, n_starts=2)
    rng = np.random.default_rng(0)
    maximize(value, peak_at(0.5)[1], space, rng.random((3, 2)), set(), rng, effort)
    assert n_evaluated == 16 + 3 * 4 + 2


def climb_without_a_slope(space, value, n_rounds, seed=0):
    """Maximise from one random row and one start, where the gradient tells nothing."""
    rng = np.random.default_rng(seed)
    best = space.snap(rng.random((1, space.n_columns)))
    effort = Effort(n_random=1, n_neighbours=1, n_starts=1, n_rounds=n_rounds)
    return maximize(
        value, lambda rows: (value(rows), np.zeros_like(rows)), space, best, set(), rng, effort
    )


def test_discrete_columns_are_set_right_one_after_the_other():
    letters = list("abcdefghijklmnopqrst")
    space = Space(dict.fromkeys("abcd", letters) | {"n": list(range(4))})
    target = space.snap(np.random.default_rng(1).random((1, space.n_columns)))[0]

    def n_right(rows):
        return (rows == target).sum(axis=1).astype(float)

    assert n_right(climb_without_a_slope(space, n_right, n_rounds=6)[None]) == 5
    assert n_right(climb_without_a_slope(space, n_right, n_rounds=1)[None]) < 5


@pytest.mark.parametrize("target", [0.012345, 0.987654])
def test_a_list_of_numbers_is_crossed_by_moves_to_its_nearest_values(target):
    space = Space({"n": list(range(500)), "x": UNIFORM})
    row = climb_without_a_slope(space, lambda rows: -np.abs(rows[:, 0] - target), n_rounds=200)
    assert row[0] == pytest.approx(target, abs=1 / 500)


def test_a_long_list_of_numbers_is_crossed_by_its_slope_at_once():
    space = Space({"n": list(range(500)), "x": UNIFORM})
    effort = Effort(n_random=1, n_neighbours=1, n_starts=1, n_rounds=1)
    for target in (0.1, 0.9):
        best, rng = np.full((1, 2), 0.5), np.random.default_rng(0)
        row = maximize(*peak_at(target), space, best, set(), rng, effort)
        np.testing.assert_allclose(row, [target, target], atol=1e-2)


def test_of_very_many_categories_a_move_tries_a_random_part():
    space = Space({"c": [f"c{i}" for i in range(100)], "x": UNIFORM})
    moves = []

    def value(rows):
        moves.append(rows)
        return np.zeros(len(rows))

    climbed = climb_without_a_slope(space, value, n_rounds=1)
    assert climbed is not None
    assert len(np.unique(moves[-1][:, 0])) == 1 + MAX_CATEGORY_MOVES


@pytest.mark.parametrize("target", [0.012345, 0.987654])
def test_too_many_integers_to_list_are_crossed_in_steps_of_several_sizes(target):
    space = Space({"n": stats.randint(0, 10**8)})
    row = climb_without_a_slope(space, lambda rows: -np.abs(rows[:, 0] - target), n_rounds=60)
    assert row[0] == pytest.approx(target, abs=1e-6)


def test_neighbours_of_the_best_differ_in_few_columns_by_steps_of_all_sizes():
    space = Space({f"x{j}": UNIFORM for j in range(30)})
    best, evaluated = np.full((1, 30), 0.5), []

    def value(rows):
        evaluated.append(rows)
        return peak_at(0.5)[0](rows)

    effort = Effort(n_random=1, n_neighbours=400, n_starts=1)
    maximize(value, peak_at(0.5)[1], space, best, set(), np.random.default_rng(0), effort)
    steps = np.abs(evaluated[0][1:] - best)
    assert 2.5 < (steps > 0).sum(axis=1).mean() < 3.5
    shares = [(steps[steps > 0] < size).mean() for size in (1e-2, 1e-1)]
    assert 0.2 < shares[0] < 0.5
    assert 0.6 < shares[1] < 0.9
