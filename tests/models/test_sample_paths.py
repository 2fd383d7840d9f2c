"""Functions drawn from the posterior, against the formulas of the posterior."""

import numpy as np
import pytest
from sklearn.gaussian_process.kernels import Matern

from skbayes.models.gaussian_process import JITTER, MEAN_VARIANCE, GaussianProcess
from skbayes.models.sample_paths import sample_paths

RNG = np.random.default_rng(3)
CATEGORIES = np.array([1 / 6, 1 / 2, 5 / 6])
THETA = np.array([-0.7, 0.4, 0.3, -2.0])
"""Length-scales of two columns, signal, and noise."""

SIGNAL, NOISE = np.exp(THETA[2:])
N_DRAWS, N_PATHS = 60, 100
"""The waves are common to the functions of one draw, so there are many draws."""


def rows_of(n, is_categorical):
    rows = RNG.random((n, 2))
    rows[:, is_categorical] = RNG.choice(CATEGORIES, (n, is_categorical.sum()))
    return rows


def kernel(A, B, is_categorical):
    """Return scikit-learn's kernel on columns whose categories are one-hot encoded."""

    def scaled(rows):
        scales = np.exp(THETA[:2])
        parts = [rows[:, [j]] / scales[j] for j in np.flatnonzero(~is_categorical)]
        parts += [
            (rows[:, [j]] == np.append(CATEGORIES, 0.99)) * np.sqrt(0.5) / scales[j]
            for j in np.flatnonzero(is_categorical)
        ]
        return np.hstack(parts)

    return SIGNAL * Matern(nu=2.5)(scaled(A), scaled(B)) + MEAN_VARIANCE


def drawn(surrogate, X):
    """Return values of many functions, (m, n)."""
    draws = [
        sample_paths(surrogate, N_PATHS, np.random.default_rng(seed))(X) for seed in range(N_DRAWS)
    ]
    return np.hstack(draws)


KINDS = [np.array(kinds) for kinds in ([False, False], [False, True], [True, True])]


@pytest.mark.parametrize("has_extra_noise", [False, True])
@pytest.mark.parametrize("is_categorical", KINDS, ids=["numbers", "mixed", "categories"])
def test_mean_and_covariance_are_those_of_the_posterior(is_categorical, has_extra_noise):
    Z, X = rows_of(8, is_categorical), rows_of(6, is_categorical)
    y = RNG.standard_normal(8)
    extra_noise = np.where(np.arange(8) % 2 == 0, 3.0, 0.0) * has_extra_noise
    surrogate = GaussianProcess(Z, y, THETA, is_categorical, extra_noise)
    values = drawn(surrogate, X)
    n = values.shape[1]

    variances = NOISE + JITTER * (1 + SIGNAL) + extra_noise
    K = kernel(Z, Z, is_categorical) + np.diag(variances)
    k = kernel(X, Z, is_categorical)
    covariance = kernel(X, X, is_categorical) - k @ np.linalg.solve(K, k.T)
    mean, std = surrogate.predict(X)
    np.testing.assert_allclose(np.diag(covariance), std**2, atol=1e-8)
    assert (np.abs(values.mean(axis=1) - mean) < 5 * std / np.sqrt(n)).all()
    error = np.cov(values) - covariance
    # Standard error of a covariance, with as much again for the waves.
    standard = np.sqrt((np.outer(std, std) ** 2 + covariance**2) / n)
    assert (np.abs(error) < 6 * standard + 0.01 * SIGNAL).all()


def test_far_from_the_data_they_are_functions_of_the_prior():
    is_categorical = np.array([False, False])
    Z, X = rows_of(5, is_categorical), np.array([[60.0, 0.5], [60.3, 0.5], [-90.0, 0.5]])
    surrogate = GaussianProcess(Z, np.zeros(5), THETA, is_categorical)
    values = drawn(surrogate, X)
    # The constant is what the data tell of; the rest is the prior.
    mean, std = surrogate.predict(X)
    assert (np.abs(values.mean(axis=1) - mean) < 5 * std / np.sqrt(values.shape[1])).all()
    near = SIGNAL * Matern(nu=2.5)([[0.0]], [[0.3 / np.exp(THETA[0])]])[0, 0]
    differences = np.var(values[0] - values[1]), np.var(values[0] - values[2])
    assert differences == pytest.approx((2 * (SIGNAL - near), 2 * SIGNAL), rel=0.08)


def test_without_noise_they_pass_through_the_scores():
    is_categorical = np.array([False, True])
    Z, y = rows_of(10, is_categorical), RNG.standard_normal(10)
    surrogate = GaussianProcess(Z, y, np.append(THETA[:3], -16.0), is_categorical)
    values = sample_paths(surrogate, 20, np.random.default_rng(0))(Z)
    np.testing.assert_allclose(values, np.repeat(y[:, np.newaxis], 20, axis=1), atol=5e-3)


def test_the_same_generator_gives_the_same_functions_at_any_rows():
    is_categorical = np.array([False, True])
    surrogate = GaussianProcess(rows_of(6, is_categorical), np.arange(6.0), THETA, is_categorical)
    X = rows_of(9, is_categorical)
    one, same, other = (
        sample_paths(surrogate, 4, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one(X), same(X))
    assert np.abs(one(X) - other(X)).max() > 0.01
    np.testing.assert_allclose(np.vstack([one(X[:2]), one(X[2:])]), one(X), rtol=1e-12)
    np.testing.assert_array_equal(one(X[:1]), one(X[:1]))


def test_a_category_without_scores_has_values_of_its_own():
    is_categorical = np.array([False, True])
    Z = np.column_stack([RNG.random(12), np.repeat(CATEGORIES[:2], 6)])
    surrogate = GaussianProcess(Z, np.sin(5 * Z[:, 0]), THETA, is_categorical)
    X = np.column_stack([np.full(3, 0.5), np.append(CATEGORIES[:2], 0.99)])
    values = drawn(surrogate, X)
    _, std = surrogate.predict(X)
    np.testing.assert_allclose(values.std(axis=1), std, rtol=0.05)
    assert std[2] > 2 * std[:2].max()
    assert np.corrcoef(values)[2, :2].max() < 0.9
