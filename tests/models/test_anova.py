"""Effects of columns, against closed forms."""

import numpy as np
import pytest

from skbayes.models.anova import (
    CHUNK,
    MAX_LEVELS,
    N_LEVELS,
    N_LEVELS_JOINT,
    Levels,
    crossed,
    effects,
    joint_effect,
    levels_of,
    variance,
)
from skbayes.space.dimensions import Column, Finite, Kind, NoneOr

NUMBER = Column(Kind.CONTINUOUS)
DIGITS = {"abs": 0.005, "rel": 0}

PI = np.pi
ISHIGAMI_VARIANCE = 49 / 8 + 0.1 * PI**4 / 5 + 0.01 * PI**8 / 18 + 1 / 2
SINE = (1 + 0.1 * PI**4 / 5) ** 2 / 2 / ISHIGAMI_VARIANCE
SQUARE = 49 / 8 / ISHIGAMI_VARIANCE


def linear(rows):
    return (rows @ [1.0, 2.0, 3.0])[:, np.newaxis]


def ishigami(rows):
    """A function of Ishigami & Homma, 1990, whose effects are in every textbook."""
    x = PI * (2 * rows - 1)
    y = np.sin(x[:, 0]) * (1 + 0.1 * x[:, 2] ** 4) + 7 * np.sin(x[:, 1]) ** 2
    return y[:, np.newaxis]


def product(rows):
    return ((rows[:, 0] - 0.5) * (rows[:, 1] - 0.5))[:, np.newaxis]


def shares(f, d, own, columns=None):
    """Return main and total effect of some columns as shares of the variance."""
    levels = levels_of([(columns or [NUMBER] * d)[j] for j in own])
    main, total = effects(f, d, own, levels) / variance(f, d)
    return main[0], total[0]


CLOSED_FORMS = [
    (linear, [0], 1 / 14, 1 / 14),
    (linear, [1], 4 / 14, 4 / 14),
    (linear, [2], 9 / 14, 9 / 14),
    (linear, [0, 2], 10 / 14, 10 / 14),
    (ishigami, [0], SINE, 1 - SQUARE),
    (ishigami, [1], SQUARE, SQUARE),
    (ishigami, [2], 0, 1 - SQUARE - SINE),
    (ishigami, [0, 1], SINE + SQUARE, 1),
    (ishigami, [0, 2], 1 - SQUARE, 1 - SQUARE),
    (product, [0], 0, 1),
    (product, [1], 0, 1),
    (product, [2], 0, 0),
    (product, [0, 1], 1, 1),
    (product, [1, 2], 0, 1),
]


@pytest.mark.parametrize(("f", "own", "main", "total"), CLOSED_FORMS)
def test_effects_are_those_of_the_closed_form(f, own, main, total):
    assert shares(f, 3, own) == pytest.approx((main, total), **DIGITS)


@pytest.mark.parametrize(
    ("f", "pair", "share"),
    [
        (linear, (0, 2), 10 / 14),
        (ishigami, (0, 1), SINE + SQUARE),
        (ishigami, (0, 2), 1 - SQUARE),
        (ishigami, (1, 2), SQUARE),
        (product, (0, 1), 1),
        (product, (0, 2), 0),
    ],
)
def test_joint_effects_are_those_of_the_closed_form(f, pair, share):
    levels = levels_of([NUMBER], N_LEVELS_JOINT)
    both = joint_effect(f, 3, tuple([j] for j in pair), (levels, levels)) / variance(f, 3)
    # The fourth power is steepest in its outermost cells, whose middles tell a little less.
    assert both[0] == pytest.approx(share, abs=0.01 if f is ishigami else 0.005)


def test_a_group_and_a_column_together_explain_an_additive_function():
    levels = (levels_of([NUMBER, NUMBER], N_LEVELS_JOINT), levels_of([NUMBER], N_LEVELS_JOINT))
    both = joint_effect(linear, 3, ([2, 0], [1]), levels) / variance(linear, 3)
    assert both[0] == pytest.approx(1, **DIGITS)


def test_a_category_counts_as_often_as_it_is_drawn():
    category = Finite(["a", "b", "c"], is_ordered=False, weights=[6, 3, 1]).columns[0]
    scores, w = np.array([0.0, 1.0, 5.0]), np.array([0.6, 0.3, 0.1])

    def f(rows):
        index = np.searchsorted(category.edges[1:-1], rows[:, 0], side="right")
        return (scores[index] + 3 * rows[:, 1])[:, np.newaxis]

    of_category = w @ (scores - w @ scores) ** 2
    V = of_category + 9 / 12
    columns = [category, NUMBER]
    assert shares(f, 2, [0], columns) == pytest.approx((of_category / V,) * 2, **DIGITS)
    assert shares(f, 2, [1], columns) == pytest.approx((9 / 12 / V,) * 2, **DIGITS)
    found, _ = effects(f, 2, [0], levels_of([category]))
    assert found[0] == pytest.approx(of_category, rel=1e-12)


def test_a_gate_and_its_number_are_one_group_without_error():
    dimension = NoneOr(Finite([1, 2, 4, 8], is_ordered=True), none_weight=1)
    levels = levels_of(dimension.columns)
    values = np.array([dimension.decode(row) or 0 for row in levels.rows])
    assert levels.weights @ values == pytest.approx(15 / 5)
    assert levels.weights @ values**2 == pytest.approx(85 / 5)


@pytest.mark.parametrize("f", [linear, product, ishigami])
def test_shares_of_the_variance_add_up(f):
    main, total = np.transpose([shares(f, 3, [j]) for j in range(3)])
    assert (main <= total + 1e-9).all()
    assert main.sum() < 1.001
    assert total.sum() > 0.995
    if f is linear:
        assert main.sum() == pytest.approx(1, **DIGITS)


def test_several_functions_have_the_effects_of_each():
    functions = [linear, ishigami, product]

    def together(rows):
        return np.hstack([f(rows) for f in functions])

    levels = levels_of([NUMBER])
    pair = (([0], [2]), (levels, levels))
    found = effects(together, 3, [0], levels)
    for i, f in enumerate(functions):
        alone = effects(f, 3, [0], levels)
        np.testing.assert_allclose([each[i] for each in found], np.ravel(alone), rtol=1e-9)
        assert variance(together, 3)[i] == pytest.approx(variance(f, 3)[0])
        alone = joint_effect(f, 3, *pair)[0]
        assert joint_effect(together, 3, *pair)[i] == pytest.approx(alone, abs=1e-12)


def test_a_constant_has_no_variance():
    def constant(rows):
        return np.full((len(rows), 1), 7.0)

    assert variance(constant, 2) == 0
    assert np.ravel(effects(constant, 2, [1], levels_of([NUMBER]))).tolist() == [0, 0]


@pytest.mark.parametrize("n_columns", [1, 2, 3, 5])
def test_levels_represent_the_uniform_distribution(n_columns):
    levels = levels_of([NUMBER] * n_columns)
    assert levels.rows.shape == (len(levels.weights), n_columns)
    assert len(levels.rows) <= MAX_LEVELS
    assert levels.weights.sum() == pytest.approx(1)
    mean = levels.weights @ levels.rows
    np.testing.assert_allclose(mean, 0.5, atol=1e-3)
    np.testing.assert_allclose(levels.weights @ (levels.rows - mean) ** 2, 1 / 12, rtol=0.01)


def test_more_values_than_levels_are_thinned_and_fewer_are_all_there():
    few, many = (Finite(range(n), is_ordered=True).columns for n in (N_LEVELS, N_LEVELS + 1))
    assert levels_of(few, 4).rows.ravel().tolist() == few[0].positions.tolist()
    assert len(levels_of(many).rows) == N_LEVELS


def test_large_tables_are_evaluated_in_parts():
    sizes = []

    def f(rows):
        sizes.append(len(rows))
        return rows[:, :1]

    levels = Levels(np.linspace(0, 1, 300)[:, np.newaxis], np.full(300, 1 / 300))
    values = crossed(f, 2, [0], levels, 64)
    assert max(sizes) == CHUNK < sum(sizes) == 300 * 64
    np.testing.assert_array_equal(values[:, :, 0], np.repeat(levels.rows, 64, axis=1))
