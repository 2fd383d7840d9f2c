"""Parzen estimators, against `scipy.stats` and quadrature."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from skbayes.models.parzen import ParzenEstimator
from skbayes.space import Space
from skbayes.space.dimensions import Finite

NUMBER = Space({"x": stats.uniform()})
ORDERED = Space({"n": stats.binom(6, 0.3)})
CATEGORY = Space({"c": list("wxyz")})
MIXED = Space({"x": stats.uniform(), "y": stats.norm(), "c": list("xyz"), "n": stats.binom(6, 0.3)})
UNION = Space(
    [
        {"kind": ["a"], "x": stats.uniform(), "n": [1, 2, 3]},
        {"kind": ["b"], "x": stats.uniform(), "m": [None, 1, 2, 3]},
    ]
)


def estimator(space, n, seed=0, bandwidth=0.1, prior_weight=1.0):
    rng = np.random.default_rng(seed)
    Z = space.snap(rng.random((n, space.n_columns)))
    weights = np.append(prior_weight, rng.random(n))
    h = np.full(space.n_columns, bandwidth)
    return ParzenEstimator(space.columns, Z, space.active(Z), weights, h), Z, weights, h


def density(parzen, space, rows):
    snapped = space.snap(np.asarray(rows, dtype=float))
    return np.exp(parzen.log_density(snapped, space.active(snapped)))


@pytest.mark.parametrize("bandwidth", [0.003, 0.1, 3.0])
def test_a_continuous_column_is_a_mixture_of_truncated_normals(bandwidth):
    parzen, Z, weights, _ = estimator(NUMBER, 7, bandwidth=bandwidth, prior_weight=0.3)
    x = np.linspace(0, 1, 101)
    expected = np.full(len(x), weights[0])
    for z, weight in zip(Z[:, 0], weights[1:], strict=True):
        kernel = stats.truncnorm(-z / bandwidth, (1 - z) / bandwidth, z, bandwidth)
        expected += weight * kernel.pdf(x)
    np.testing.assert_allclose(
        density(parzen, NUMBER, x[:, None]), expected / weights.sum(), rtol=1e-10
    )


@pytest.mark.parametrize("bandwidth", [0.01, 0.1, 3.0])
def test_an_ordered_value_has_the_mass_between_the_borders_of_its_cell(bandwidth):
    parzen, Z, weights, _ = estimator(ORDERED, 5, bandwidth=bandwidth)
    column = ORDERED.columns[0]
    widths = np.diff(column.edges)
    expected = weights[0] * widths
    for z, weight in zip(Z[:, 0], weights[1:], strict=True):
        kernel = stats.truncnorm(-z / bandwidth, (1 - z) / bandwidth, z, bandwidth)
        expected = expected + weight * np.diff(kernel.cdf(column.edges))
    found = density(parzen, ORDERED, column.positions[:, None]) * widths
    np.testing.assert_allclose(found, expected / weights.sum(), rtol=1e-9, atol=1e-14)


def test_a_category_keeps_a_share_of_the_prior():
    Z = CATEGORY.snap(np.array([[0.1], [0.1], [0.9]]))
    weights, share = np.ones(4), np.array([0.2])
    parzen = ParzenEstimator(CATEGORY.columns, Z, CATEGORY.active(Z), weights, share)
    found = density(parzen, CATEGORY, CATEGORY.columns[0].positions[:, None]) / 4
    own = np.array([2, 0, 0, 1])
    np.testing.assert_allclose(found, (1 / 4 + 3 * 0.2 / 4 + own * 0.8) / 4, rtol=1e-12)


def total(space, density_at, row, j):
    """Integrate over columns j and after, where the row is active."""
    if j == space.n_columns:
        return density_at(row)
    column = space.columns[j]

    def rest(cell):
        return total(space, density_at, np.append(row[:j], np.append(cell, row[j + 1 :])), j + 1)

    if column.positions is None:
        return quad(rest, 0, 1, epsabs=1e-11, epsrel=1e-11, limit=200)[0]
    return sum(
        width * rest(cell)
        for width, cell in zip(np.diff(column.edges), column.positions, strict=True)
    )


@pytest.mark.parametrize("space", [NUMBER, ORDERED, CATEGORY, UNION], ids=str)
@pytest.mark.parametrize("n", [0, 1, 4])
def test_it_integrates_to_one(space, n):
    parzen = estimator(space, n, bandwidth=0.3)[0]
    whole = total(
        space,
        lambda row: density(parzen, space, row[None])[0],
        np.full(space.n_columns, 0.5),
        0,
    )
    assert whole == pytest.approx(1.0, abs=1e-10)


def test_a_row_has_the_same_density_alone_and_among_those_of_other_sub_spaces():
    Z = UNION.snap(np.random.default_rng(0).random((4, UNION.n_columns)))
    Z[:, 0] = UNION.subspace_positions[0]
    Z = UNION.snap(Z)
    h = np.full(UNION.n_columns, 0.1)
    parzen = ParzenEstimator(UNION.columns, Z, UNION.active(Z), np.ones(5), h)
    rows = np.random.default_rng(1).random((12, UNION.n_columns))
    assert len(np.unique(UNION.snap(rows)[:, 0])) == 2
    alone = [density(parzen, UNION, row[None])[0] for row in rows]
    np.testing.assert_allclose(density(parzen, UNION, rows), alone, rtol=1e-12)


def test_the_factors_of_a_joint_kernel_are_independent():
    parzen, Z, _, h = estimator(MIXED, 1, prior_weight=1e-300)
    rows = MIXED.snap(np.random.default_rng(1).random((20, 4)))
    product = np.ones(20)
    for j, column in enumerate(MIXED.columns):
        factor = ParzenEstimator(
            [column], Z[:, [j]], np.ones((1, 1), bool), np.array([1e-300, 1.0]), h[[j]]
        )
        product *= np.exp(factor.log_density(rows[:, [j]], np.ones((20, 1), bool)))
    np.testing.assert_allclose(density(parzen, MIXED, rows), product, rtol=1e-10)


def test_samples_of_a_number_follow_their_density():
    parzen, Z, weights, h = estimator(NUMBER, 5, bandwidth=0.05)

    def cumulative(x):
        kernels = [
            weight * stats.truncnorm.cdf(x, -z / h[0], (1 - z) / h[0], z, h[0])
            for z, weight in zip(Z[:, 0], weights[1:], strict=True)
        ]
        return (weights[0] * x + np.sum(kernels, axis=0)) / weights.sum()

    drawn = parzen.sample(5000, np.random.default_rng(2))[:, 0]
    assert stats.kstest(drawn, cumulative).pvalue > 0.01


@pytest.mark.parametrize("space", [ORDERED, CATEGORY, UNION], ids=str)
def test_samples_of_discrete_values_follow_their_density(space):
    """Numbers are taken by halves, whose probability follows from those of the samples."""
    parzen = estimator(space, 4, seed=3, bandwidth=0.2)[0]
    drawn = space.snap(parzen.sample(20_000, np.random.default_rng(4)))
    discrete = [j for j, column in enumerate(space.columns) if column.positions is not None]
    rows, counts = np.unique(drawn[:, discrete], axis=0, return_counts=True)
    expected = []
    for cells in rows:
        row = np.full(space.n_columns, 0.5)
        row[discrete] = cells
        is_active = space.active(space.snap(row[None]))[0]
        width = np.prod([_width(space.columns[j], row[j]) for j in discrete if is_active[j]])

        def at(x, row=row):
            row = row.copy()
            row[[j for j in range(space.n_columns) if j not in discrete]] = x
            return density(parzen, space, row[None])[0]

        has_number = len(discrete) < space.n_columns
        expected.append(width * (quad(at, 0, 1)[0] if has_number else at([])))
    assert sum(expected) == pytest.approx(1.0, abs=1e-6)
    assert stats.chisquare(counts, np.array(expected) / sum(expected) * 20_000).pvalue > 0.01


def _width(column, cell):
    return np.diff(column.edges)[np.searchsorted(column.positions, cell)]


def test_the_density_is_finite_far_from_every_component():
    space = Space({"n": range(1000), "x": stats.uniform()})
    Z = space.snap(np.array([[0.0, 0.0]]))
    h = np.array([0.001, 0.001])
    parzen = ParzenEstimator(space.columns, Z, space.active(Z), np.ones(2), h)
    assert density(parzen, space, [[1.0, 1.0]])[0] == pytest.approx(0.5)


@settings(max_examples=30)
@given(n=st.integers(0, 30), bandwidth=st.floats(0.01, 1.0), seed=st.integers(0, 99))
def test_samples_lie_in_the_cube_and_have_a_finite_density(n, bandwidth, seed):
    for space in (MIXED, UNION):
        parzen = estimator(space, n, seed, bandwidth)[0]
        drawn = parzen.sample(50, np.random.default_rng(seed))
        assert ((drawn >= 0) & (drawn <= 1)).all()
        assert np.isfinite(np.log(density(parzen, space, drawn))).all()


def test_cells_of_a_finite_dimension_are_as_wide_as_their_values_are_likely():
    column = Finite([1, 2, 3], is_ordered=True, weights=[1, 2, 1]).columns[0]
    np.testing.assert_allclose(column.edges, [0, 0.25, 0.75, 1])
    np.testing.assert_allclose(column.positions, [0.125, 0.5, 0.875])
