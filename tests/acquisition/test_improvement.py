"""Log expected improvement, against mpmath in 60 digits."""

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skbayes.acquisition.improvement import (
    _LINEAR_ABOVE,
    _SERIES_BELOW,
    log_augmented_improvement,
    log_augmented_improvement_gradient,
    log_expected_improvement,
    log_h,
)


def exact_log_h(z):
    with mpmath.workdps(80):  # the two terms cancel but for a share of 1 / z²
        z = mpmath.mpf(z)
        return mpmath.log(mpmath.npdf(z) + z * mpmath.erfc(-z / mpmath.sqrt(2)) / 2)


@pytest.mark.parametrize(
    "z", [30, 9.1, 8.9, 8, 1, 0, -0.5, -1, -3, -10, -38, -60, -99.9, -100.1, -150]
)
def test_it_is_exact_near_and_far(z):
    value = log_h(np.array([z], dtype=float))[0][0]
    assert value == pytest.approx(float(exact_log_h(z)), rel=1e-13, abs=1e-11)


@given(z=st.floats(-1e8, 1e3))
def test_value_and_slope_are_finite_and_the_slope_positive(z):
    value, slope = log_h(np.array([z]))
    assert np.isfinite(value)
    assert slope > 0
    assert np.isfinite(slope)


@pytest.mark.parametrize("z", [5.0, 0.3, -0.999, -1.5, -20.0, -99.0, -101.0, -1e4])
def test_the_slope_is_that_of_the_value(z):
    step = 1e-5 * max(1.0, abs(z))
    values, _ = log_h(np.array([z - step, z + step]))
    assert log_h(np.array([z]))[1][0] == pytest.approx(np.diff(values)[0] / (2 * step), rel=1e-4)


@pytest.mark.parametrize("seam", [_SERIES_BELOW, _LINEAR_ABOVE])
def test_there_is_no_step_where_the_formulas_meet(seam):
    around = np.nextafter(seam, [-np.inf, np.inf])
    values, slopes = log_h(around)
    with mpmath.workdps(80):
        exact_slope = mpmath.ncdf(seam) / mpmath.exp(exact_log_h(seam))
    # Near −100 rounding alone moves the sum 1 + z m ≈ 10⁻⁴ by some 10⁻¹², relatively.
    np.testing.assert_allclose(values, float(exact_log_h(seam)), rtol=1e-13, atol=1e-11)
    np.testing.assert_allclose(slopes, float(exact_slope), rtol=1e-11)


@given(
    mean=st.floats(-3, 3),
    std=st.floats(0.01, 3),
    incumbent=st.floats(-3, 3),
    scale=st.floats(0.1, 9),
)
def test_it_scales_with_the_scores(mean, std, incumbent, scale):
    one = log_expected_improvement(np.array([mean]), np.array([std]), incumbent)
    other = log_expected_improvement(
        np.array([scale * mean]), np.array([scale * std]), scale * incumbent
    )
    np.testing.assert_allclose(other, one + np.log(scale), atol=1e-6)


def test_it_is_the_mean_of_the_improvement():
    draws = np.random.default_rng(0).normal(0.2, 0.5, 2_000_000)
    simulated = np.log(np.maximum(draws - 0.4, 0).mean())
    value = log_expected_improvement(np.array([0.2]), np.array([0.5]), 0.4)
    np.testing.assert_allclose(value, simulated, atol=0.005)  # four standard errors


def test_gradients_are_those_of_the_value():
    mean, std, step = np.array([0.1, -5.0, 2.0]), np.array([0.5, 0.1, 1.0]), 1e-6
    for noise in (1e-8, 0.04):
        value, by_mean, by_std = log_augmented_improvement_gradient(mean, std, 0.3, noise)
        np.testing.assert_allclose(value, log_augmented_improvement(mean, std, 0.3, noise))
        for gradient, more, less in (
            (by_mean, (mean + step, std), (mean - step, std)),
            (by_std, (mean, std + step), (mean, std - step)),
        ):
            above, below = (log_augmented_improvement(*at, 0.3, noise) for at in (more, less))
            np.testing.assert_allclose(gradient, (above - below) / (2 * step), rtol=1e-4)


def test_noise_takes_the_promise_of_what_is_known_and_of_nothing_else():
    mean, std = np.array([1.0, 1.0]), np.array([1e-3, 3.0])
    plain = log_expected_improvement(mean, std, 0.0)
    known, unknown = log_augmented_improvement(mean, std, 0.0, 0.01) - plain
    assert known == pytest.approx(np.log(1 - 0.1 / np.hypot(0.1, 1e-3)))
    assert known < -9
    assert -0.04 < unknown < 0
    np.testing.assert_allclose(log_augmented_improvement(mean, std, 0.0, 1e-20), plain, atol=1e-6)


@given(std=st.floats(1e-9, 1e3), noise=st.floats(1e-8, 1e3))
@example(std=1e-9, noise=1e3)
def test_it_stays_finite_for_any_noise(std, noise):
    values = log_augmented_improvement_gradient(np.array([0.1]), np.array([std]), 0.3, noise)
    assert np.isfinite(values).all()
