"""Walks along one parameter of a space."""

import numpy as np
import pytest
from scipy.stats import loguniform, norm, randint, uniform

from skbayes.space import Space
from skbayes.space.axes import MAX_TICKS, axis_of, fixed_in, place_on, subspaces_with
from skbayes.space.space import SUBSPACE

VALUES = {
    "C": loguniform(1e-3, 1e3),
    "x": uniform(0, 1),
    "z": norm(0, 1),
    "n": randint(2, 7),
    "many": randint(0, 100_000),
    "kernel": ["rbf", "poly", "linear"],
    "flag": [True, False],
    "depth": [None, 1, 2, 4],
    "deep": [None, *range(1, 60)],
    "ordered": [0.1, 1.0, 10.0],
}
SPACE = Space(VALUES)
UNION = Space(
    [
        {"C": loguniform(1e-3, 1e3), "kernel": ["rbf"], "gamma": uniform(0, 1)},
        {"C": loguniform(1e-3, 1e3), "kernel": ["linear"], "tol": [1, 2, 3, 4]},
        {"C": uniform(0, 1), "kernel": ["poly"], "depth": [None, 1, 2]},
    ]
)


def row_at(space, axis, own):
    """Return a row of the first dict at a place of an axis."""
    row = np.full(space.n_columns, 0.5)
    row[axis.columns] = own
    return space.snap(row[np.newaxis])[0]


@pytest.mark.parametrize("n", [20, 64])
@pytest.mark.parametrize("name", VALUES)
def test_its_values_lie_in_the_space_and_are_decoded_from_its_rows(name, n):
    axis = axis_of(SPACE, 0, name, n)
    assert len(axis.values) == len(axis.rows) == len(axis.positions) <= n + 1
    for value, own in zip(axis.values, axis.rows, strict=True):
        row = row_at(SPACE, axis, own)
        params = SPACE.decode(row)
        assert params[name] == value
        np.testing.assert_allclose(SPACE.encode(params)[axis.columns], own, atol=1e-9)


@pytest.mark.parametrize("name", VALUES)
def test_places_and_positions_increase(name):
    axis = axis_of(SPACE, 0, name, 64)
    assert (np.diff(axis.positions) > 0).all()
    assert ((axis.positions >= 0) & (axis.positions <= 1)).all()
    numbers = [v for v in axis.values if isinstance(v, int | float) and not isinstance(v, bool)]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("name", VALUES)
def test_every_level_has_its_own_position(name):
    axis = axis_of(SPACE, 0, name, 64)
    for value, position in zip(axis.values, axis.positions, strict=True):
        params = SPACE.decode(np.full(SPACE.n_columns, 0.5)) | {name: value}
        assert place_on(axis, SPACE.encode(params)) == pytest.approx(position, abs=1e-9)


@pytest.mark.parametrize("name", ["n", "kernel", "flag", "depth", "ordered"])
def test_a_short_list_is_walked_whole(name):
    axis = axis_of(SPACE, 0, name, 64)
    expected = range(2, 7) if name == "n" else VALUES[name]
    assert set(axis.values) == set(expected)
    assert not axis.is_continuous


def test_none_is_there_even_if_there_are_more_numbers_than_places():
    axis = axis_of(SPACE, 0, "deep", 20)
    assert axis.values.count(None) == 1
    assert {1, 59} < set(axis.values)
    assert len(axis.values) == 21


def test_a_number_between_two_levels_lies_between_them():
    axis = axis_of(SPACE, 0, "C", 64)
    row = SPACE.encode(SPACE.decode(np.full(SPACE.n_columns, 0.5)) | {"C": 10.0})
    assert place_on(axis, row) == pytest.approx(
        4 / 6, abs=1e-3
    )  # the ends of its tails are cut off
    axis = axis_of(SPACE, 0, "ordered", 64)
    row = SPACE.place(SPACE.decode(np.full(SPACE.n_columns, 0.5)) | {"ordered": 5.0})
    assert axis.positions[1] < place_on(axis, row) < axis.positions[2]


@pytest.mark.parametrize(
    ("name", "value"),
    [("C", 1e5), ("C", "auto"), ("n", 40), ("kernel", "other"), ("depth", 99), ("depth", "many")],
)
def test_values_outside_have_no_place(name, value):
    params = SPACE.decode(np.full(SPACE.n_columns, 0.5)) | {name: value}
    assert np.isnan(place_on(axis_of(SPACE, 0, name, 64), SPACE.place(params)))


def test_only_numbers_all_along_are_continuous():
    space = Space({"x": uniform(0, 1), "name": [f"n{i}" for i in range(MAX_TICKS + 1)]})
    assert axis_of(space, 0, "x", 64).is_continuous
    assert not axis_of(space, 0, "name", 64).is_continuous
    assert not axis_of(SPACE, 0, "deep", 64).is_continuous


def test_candidates_of_dicts_without_the_parameter_have_no_place():
    params = {"C": 1.0, "kernel": "linear", "tol": 2}
    row = UNION.encode(params)
    assert np.isnan(place_on(axis_of(UNION, 0, "gamma", 64), row))
    assert np.isnan(place_on(axis_of(UNION, 2, "depth", 64), row))
    assert place_on(axis_of(UNION, 1, "tol", 64), row) == pytest.approx(3 / 8)
    assert place_on(axis_of(UNION, 0, "C", 64), row) == pytest.approx(0.5)  # of both dicts
    assert np.isnan(place_on(axis_of(UNION, 2, "C", 64), row))  # of another prior


def test_the_choice_of_a_dict_is_an_axis():
    axis = axis_of(UNION, 0, SUBSPACE, 64)
    assert axis.values == [0, 1, 2]
    row = UNION.encode({"C": 1.0, "kernel": "linear", "tol": 2})
    assert place_on(axis, row) == pytest.approx(0.5)


def test_dicts_are_found_by_their_parameters():
    assert subspaces_with(UNION, ["C"]) == [0, 1, 2]
    assert subspaces_with(UNION, ["C", "tol"]) == [1]
    assert subspaces_with(UNION, ["gamma", "tol"]) == []
    assert subspaces_with(UNION, ["kernel"]) == []  # one value each
    assert subspaces_with(UNION, [SUBSPACE]) == [0, 1, 2]
    for number in range(3):
        coordinates, columns = fixed_in(UNION, number)
        row = np.full(UNION.n_columns, 0.5)
        row[columns] = coordinates
        assert UNION.subspace_of(row) == number
    assert fixed_in(SPACE, 0)[1] == []
