"""The kernel, against scikit-learn's."""

import numpy as np
import pytest
from sklearn.gaussian_process.kernels import Matern

from skbayes.models.kernels import ScaledRows, matern52, pairwise_squared_distances

RNG = np.random.default_rng(0)
X, Z = RNG.random((7, 4)), RNG.random((5, 4))
W = np.array([1.0, 0.3, 10.0, 2.0])
NUMERIC = np.zeros(4, dtype=bool)


def test_matern_is_scikit_learns():
    k, _ = matern52(ScaledRows(Z, W, NUMERIC).distances_from(X))
    np.testing.assert_allclose(k, Matern(1 / np.sqrt(W), nu=2.5)(X, Z), atol=1e-12)


def test_both_ways_to_the_distances_agree():
    is_categorical = np.array([False, True, False, True])
    rows = np.where(is_categorical, np.round(Z), Z)
    R = ScaledRows(rows, W, is_categorical).distances_from(rows)
    pairs = np.tril_indices(len(rows), -1)
    np.testing.assert_allclose(
        W @ pairwise_squared_distances(rows, is_categorical), R[pairs], atol=1e-12
    )
    np.testing.assert_allclose(np.diag(R), 0.0, atol=1e-12)


def test_categories_are_equal_or_different_and_nothing_between():
    D = pairwise_squared_distances(np.array([[0.1], [0.9], [0.1]]), np.array([True]))
    assert D.tolist() == [[1.0, 0.0, 1.0]]


def test_the_derivative_is_that_of_the_kernel():
    R, step = np.linspace(0.01, 9, 40), 1e-6
    numeric = (matern52(R + step)[0] - matern52(R - step)[0]) / (2 * step)
    np.testing.assert_allclose(matern52(R)[1], numeric, rtol=1e-6)


def test_the_derivative_is_finite_where_rows_coincide():
    k, dk = matern52(np.zeros(1))
    assert k[0] == 1.0
    assert dk[0] == pytest.approx(-5 / 6)


def test_a_mixed_kernel_is_positive_definite():
    rows = RNG.random((60, 4))
    is_categorical = np.array([False, True, False, True])
    rows[:, is_categorical] = np.round(2 * rows[:, is_categorical]) / 2
    k, _ = matern52(ScaledRows(rows, W, is_categorical).distances_from(rows))
    assert np.linalg.eigvalsh(k).min() > -1e-10
