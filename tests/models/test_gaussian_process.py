"""The surrogate, against scikit-learn's regressor and finite differences."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from skbayes.models.gaussian_process import (
    JITTER,
    LOG_BOUNDS,
    MEAN_VARIANCE,
    GaussianProcess,
    HyperPrior,
    MarginalLikelihood,
    cholesky,
    fit_hyperparameters,
    is_theta,
)

NUMERIC = np.zeros(3, dtype=bool)
RNG = np.random.default_rng(1)
Z = RNG.random((30, 3))
Y = np.sin(4 * Z[:, 0]) + Z[:, 1] ** 2 + 0.05 * RNG.standard_normal(30)
Y = (Y - Y.mean()) / Y.std()
THETA = np.array([-0.5, 0.2, 1.0, 0.3, -4.0])
NO_EXTRA = np.zeros(30)
_ENDS = [LOG_BOUNDS["lengthscale"]] * 3 + [LOG_BOUNDS["signal"], LOG_BOUNDS["noise"]]


def scikit_learns(theta, extra_noise=0.0):
    signal, noise = np.exp(theta[-2:])
    kernel = (
        ConstantKernel(signal) * Matern(np.exp(theta[:-2]), nu=2.5)
        + ConstantKernel(MEAN_VARIANCE)
        + WhiteKernel(noise + JITTER * (1 + signal))
    )
    return GaussianProcessRegressor(kernel, optimizer=None, alpha=extra_noise + 1e-300).fit(Z, Y)


def test_posterior_is_scikit_learns():
    extra_noise = RNG.random(30)
    ours = GaussianProcess(Z, Y, THETA, NUMERIC, extra_noise)
    X = RNG.random((50, 3))
    mean, std = ours.predict(X)
    theirs, their_std = scikit_learns(THETA, extra_noise).predict(X, return_std=True)
    noise = np.exp(THETA[-1]) + JITTER * (1 + np.exp(THETA[-2]))
    np.testing.assert_allclose(mean, theirs, atol=1e-9)
    np.testing.assert_allclose(std**2, their_std**2 - noise, atol=1e-9)


def test_marginal_likelihood_is_scikit_learns():
    extra_noise = RNG.random(30)
    value, _ = MarginalLikelihood(Z, Y, extra_noise, NUMERIC)(THETA)
    regressor = scikit_learns(THETA, extra_noise)
    assert value == pytest.approx(regressor.log_marginal_likelihood_value_, abs=1e-8)


@pytest.mark.parametrize("is_categorical", [NUMERIC, np.array([False, True, False])])
def test_likelihood_gradient_is_that_of_the_value(is_categorical):
    log_likelihood = MarginalLikelihood(np.round(Z, 1), Y, RNG.random(30), is_categorical)
    for theta in (THETA, np.array([1.0, 2.0, -1.0, -1.0, -1.0])):
        _, gradient = log_likelihood(theta)
        numeric = approx_fprime(theta, lambda t: log_likelihood(t)[0], 1e-6)
        np.testing.assert_allclose(gradient, numeric, rtol=1e-3, atol=1e-4)


def test_prior_gradient_is_that_of_the_density():
    prior = HyperPrior.for_dimension(3)
    _, gradient = prior.log_density(THETA)
    numeric = approx_fprime(THETA, lambda t: prior.log_density(t)[0], 1e-6)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-4, atol=1e-5)


def test_the_prior_on_length_scales_grows_with_the_root_of_the_dimension():
    one, nine = (np.exp(HyperPrior.for_dimension(d).mean) for d in (1, 9))
    np.testing.assert_allclose(nine[:9], 3 * one[0])
    np.testing.assert_allclose(nine[9:], one[1:])


def test_posterior_gradients_are_those_of_mean_and_deviation():
    surrogate = GaussianProcess(Z, Y, THETA, NUMERIC)
    X = RNG.random((6, 3))
    mean, std, gradient = surrogate.predict_with_gradient(X)
    np.testing.assert_allclose(surrogate.predict(X), (mean, std))
    by_mean, by_std = RNG.standard_normal((2, 6))

    def mixture(x, i):
        mean, std = surrogate.predict(x[None])
        return by_mean[i] * mean[0] + by_std[i] * std[0]

    for i, x in enumerate(X):
        numeric = approx_fprime(x, mixture, 1e-7, i)
        np.testing.assert_allclose(gradient(by_mean, by_std)[i], numeric, rtol=1e-3, atol=1e-5)


def test_gradients_are_zero_along_categories():
    surrogate = GaussianProcess(Z, Y, THETA, np.array([False, True, False]))
    _, _, gradient = surrogate.predict_with_gradient(Z[:3])
    assert (gradient(np.ones(3), np.ones(3))[:, 1] == 0).all()


def test_a_fantasy_keeps_the_mean_and_removes_the_uncertainty():
    surrogate = GaussianProcess(Z[:10], Y[:10], THETA, NUMERIC)
    pending = RNG.random((2, 3))
    fantasized = surrogate.fantasize(pending)
    X = RNG.random((20, 3))
    np.testing.assert_allclose(fantasized.predict(X)[0], surrogate.predict(X)[0], atol=1e-6)
    assert (fantasized.predict(X)[1] <= surrogate.predict(X)[1] + 1e-9).all()
    noise = np.exp(THETA[-1] / 2)
    assert (surrogate.predict(pending)[1] > noise).all()
    assert (fantasized.predict(pending)[1] < noise).all()
    assert surrogate.fantasize(np.empty((0, 3))) is surrogate


def test_the_distance_to_the_data_counts_length_scales():
    surrogate = GaussianProcess(Z, Y, THETA, NUMERIC)
    X = RNG.random((6, 3))
    expected = np.linalg.norm((X[:, None] - Z) / np.exp(THETA[:3]), axis=2).min(axis=1)
    np.testing.assert_allclose(surrogate.distance_to_data(X), expected, atol=1e-9)


def test_noisier_scores_pull_less():
    x = Z[:1]
    told = Y.copy()
    told[0] = -5.0
    certain = GaussianProcess(Z, told, THETA, NUMERIC).predict(x)[0]
    noisier = GaussianProcess(Z, told, THETA, NUMERIC, np.eye(30)[0]).predict(x)[0]
    assert certain < noisier - 0.5


def test_the_fit_improves_on_every_start_and_ends_where_the_slope_is_zero():
    log_likelihood = MarginalLikelihood(Z, Y, NO_EXTRA, NUMERIC)
    prior = HyperPrior.for_dimension(3)

    def posterior(theta):
        value, gradient = log_likelihood(theta)
        log_prior, prior_gradient = prior.log_density(theta)
        return value + log_prior, gradient + prior_gradient

    starts = [prior.mean, THETA]
    theta = fit_hyperparameters(Z, Y, NO_EXTRA, NUMERIC, starts, max_iterations=200)
    value, gradient = posterior(theta)
    assert value > max(posterior(start)[0] for start in starts)
    assert np.abs(gradient).max() < 0.1


def test_the_fit_begins_at_the_likeliest_start():
    log_likelihood, prior = MarginalLikelihood(Z, Y, NO_EXTRA, NUMERIC), HyperPrior.for_dimension(3)

    def fit(*starts, steps):
        theta = fit_hyperparameters(Z, Y, NO_EXTRA, NUMERIC, list(starts), max_iterations=steps)
        return theta, log_likelihood(theta)[0] + prior.log_density(theta)[0]

    unlikely = np.array([-4.0, -4.0, -4.0, -4.0, 0.0])
    likely, density = fit(prior.mean, steps=20)
    assert fit(unlikely, steps=1)[1] < density - 1
    for starts in ((unlikely, likely), (likely, unlikely)):
        assert fit(*starts, steps=1)[1] >= density


def test_the_fit_finds_which_dimension_matters_and_how_noisy_the_scores_are():
    rng = np.random.default_rng(0)
    rows = rng.random((80, 2))
    scores = np.sin(6 * rows[:, 0]) + 0.3 * rng.standard_normal(80)
    scores = (scores - scores.mean()) / scores.std()
    is_categorical = np.zeros(2, dtype=bool)
    start = [HyperPrior.for_dimension(2).mean]
    theta = fit_hyperparameters(rows, scores, np.zeros(80), is_categorical, start)
    assert theta[0] < theta[1] - 1
    assert np.exp(theta[3]) == pytest.approx(0.3**2 / scores.var() / 0.6, rel=0.6)


@pytest.mark.parametrize("scores", [np.zeros(4), np.array([1.0, 1.0, -1.0, -1.0])])
def test_repeated_rows_and_constant_scores_do_no_harm(scores):
    rows = np.repeat(RNG.random((2, 3)), 2, axis=0)
    start = [HyperPrior.for_dimension(3).mean]
    theta = fit_hyperparameters(rows, scores, np.zeros(4), NUMERIC, start)
    mean, std = GaussianProcess(rows, scores, theta, NUMERIC).predict(RNG.random((5, 3)))
    assert np.isfinite(mean).all()
    assert (std > 0).all()


def test_cholesky_mends_what_is_almost_singular_and_refuses_what_is_not_finite():
    K = np.ones((5, 5))
    np.testing.assert_allclose((L := cholesky(K)) @ L.T, K, atol=1e-6)
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        cholesky(-np.eye(3))


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize(("negative", "most"), [(0.0, 2e-10), (1e-7, 2e-6)])
def test_cholesky_adds_little_more_to_the_diagonal_than_it_takes(negative, most, scale):
    K = np.ones((50, 50))
    K[0, 0] -= negative  # which is about its smallest eigenvalue
    L = cholesky(scale * K)
    assert 0.0 < (np.diag(L @ L.T) / scale - np.diag(K)).max() < most


@pytest.mark.parametrize(
    ("value", "is_so"),
    [
        ([0.0, 0, -0.5, 1, -9.0], True),
        ([bounds[0] for bounds in _ENDS], True),
        ([bounds[1] for bounds in _ENDS], True),
        ([7.5, 0.0, 0.0, 0.0, -9.0], False),
        ([0.0, 0.0, 0.0, 0.0, 0.8], False),
        ([0.0, 0.0, 0.0, -5.1, -9.0], False),
        ([0.0, 0.0, 0.0, 0.0, float("nan")], False),
        ([0.0, 0.0, 0.0, 0.0, "-9"], False),
        ([0.0, 0.0, 0.0, True, -9.0], False),
        ([0.0] * 4, False),
        ([0.0] * 6, False),
        ((0.0, 0.0, 0.0, 0.0, -9.0), False),
        (None, False),
    ],
)
def test_what_was_read_is_hyper_parameters_if_it_is_as_many_numbers_within_their_bounds(
    value, is_so
):
    assert is_theta(value, 3) is is_so
