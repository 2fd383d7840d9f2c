"""What the surrogate is told of the scores."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skbayes.models.output_transform import (
    LARGEST,
    SCALE_FACTOR,
    TAIL_NOISE,
    on_the_scores_scale,
    surrogate_scores,
)

SCORES = hnp.arrays(
    float,
    st.integers(1, 30),
    elements=st.floats(-1.7e308, 1.7e308) | st.sampled_from([0.5, 0.6, 0.7]),
)


@given(scores=SCORES)
@example(scores=np.array([0.0, 0.0, 0.0, -1e-300, -1e308]))
def test_the_order_is_kept_and_everything_is_finite(scores):
    y, extra_noise = surrogate_scores(scores)
    assert np.isfinite(y).all()
    assert np.isfinite(extra_noise).all()
    assert (extra_noise >= 0).all()
    order = np.argsort(np.clip(scores, -LARGEST, LARGEST), kind="stable")
    assert (np.diff(y[order]) >= -1e-12).all()


@given(scores=SCORES, n_failed=st.integers(1, 5))
def test_a_failed_trial_is_no_better_than_the_worst(scores, n_failed):
    y, extra_noise = surrogate_scores(np.append(scores, np.full(n_failed, np.nan)))
    assert (y[-n_failed:] <= y[: len(scores)].min() + 1e-12).all()
    assert (extra_noise[-n_failed:] > 0).all()


def test_scores_come_out_standardised():
    y, extra_noise = surrogate_scores(np.random.default_rng(0).normal(5, 3, 200))
    np.testing.assert_allclose([y.mean(), y.std()], [0, 1], atol=1e-12)
    assert np.median(extra_noise) == 0


def test_equal_scores_are_zeros():
    y, extra_noise = surrogate_scores(np.full(5, 0.7))
    assert (y == 0).all()
    assert (extra_noise == 0).all()


def test_one_catastrophe_does_not_flatten_the_rest():
    scores = np.linspace(0, 1, 20)
    calm, _ = surrogate_scores(scores)
    shaken, extra_noise = surrogate_scores(np.append(scores, -1e6))
    assert np.ptp(shaken[:-1]) > 0.4 * np.ptp(calm)
    assert extra_noise[-1] > 10 * extra_noise[:-1].max()


def test_the_noise_of_a_score_in_the_tail_is_its_distance_beyond_the_scale():
    scores = -np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 1e6])
    y, extra_noise = surrogate_scores(scores)
    at_scale = y[0] - SCALE_FACTOR * 2.0 * (y[0] - y[1])  # a quarter of them lie within 2
    np.testing.assert_allclose(np.diff(y[:-1]), y[1] - y[0])
    np.testing.assert_allclose(extra_noise[-1], (TAIL_NOISE * (at_scale - y[-1])) ** 2)
    assert (extra_noise[:-1] == 0).all()


def test_a_shift_or_a_scale_changes_nothing():
    scores = np.random.default_rng(0).standard_normal(30)
    np.testing.assert_allclose(
        surrogate_scores(scores), surrogate_scores(7 * scores - 3), atol=1e-9
    )


def test_variances_are_told_on_the_scale_of_the_transform():
    """The slope by differences, relative to two scores that stay where they are."""
    scores = np.append(np.linspace(0.5, 0.9, 20), [-5.0, -30.0])
    y, told = surrogate_scores(scores, np.zeros(22))
    unit = y[19] - y[18]
    for position in (7, 20, 21):
        moved = scores.copy()
        moved[position] += 1e-5
        z = surrogate_scores(moved)[0]
        slope = (z[position] - z[19]) / (z[19] - z[18]) * unit - (y[position] - y[19])
        variances = np.eye(22)[position] * 0.01
        added = surrogate_scores(scores, variances)[1] - told
        assert added[position] == pytest.approx(0.01 * (slope / 1e-5) ** 2, rel=1e-3)
        assert (np.delete(added, position) == 0).all()


def test_a_failed_score_has_no_variance_of_its_own():
    scores, variances = np.array([0.1, 0.5, np.nan]), np.array([0.0, 0.0, 1.0])
    plain, told = surrogate_scores(scores)[1], surrogate_scores(scores, variances)[1]
    np.testing.assert_array_equal(plain, told)


FINITE = st.floats(-1e300, 1e300) | st.sampled_from([0.5, 0.6, 0.7, -1e150, 1e150])


@given(scores=hnp.arrays(float, st.integers(1, 30), elements=FINITE))
@example(scores=np.array([0.0, 0.0, 0.0, -1e-300, -1e308]))
@example(scores=np.array([0.0, -1.0, -1e149]))
@example(scores=np.full(4, -1e200))
@example(scores=np.full(4, 0.3))
def test_transformed_scores_come_back(scores):
    clipped = np.clip(scores, -LARGEST, LARGEST)
    again = on_the_scores_scale(surrogate_scores(scores)[0], scores)
    # A distance of the tail is an exponential of an exponential, and loses some three digits.
    tolerance = 1e-11 * np.ptp(clipped) + 1e-15 * np.abs(clipped).max()
    np.testing.assert_allclose(again, clipped, rtol=0, atol=tolerance)


@given(
    scores=hnp.arrays(float, st.integers(1, 30), elements=FINITE),
    y=hnp.arrays(float, 20, elements=st.floats(-50, 50)),
    n_failed=st.integers(0, 3),
)
def test_any_value_has_a_finite_score_in_the_same_order(scores, y, n_failed):
    scores = np.append(scores, np.full(n_failed, np.nan))
    values = on_the_scores_scale(np.sort(y), scores)
    assert np.isfinite(values).all()
    assert (np.diff(values) >= 0).all()
    assert on_the_scores_scale(y.reshape(4, 5), scores).shape == (4, 5)


def test_a_step_in_the_linear_part_is_the_same_step_in_the_scores():
    scores = np.linspace(0.2, 0.9, 8)
    y, _ = surrogate_scores(scores)
    step = (scores[7] - scores[6]) / (y[7] - y[6])
    beyond = on_the_scores_scale(y[7] + np.array([-0.5, 0.0, 1.0]), scores)
    np.testing.assert_allclose(beyond, 0.9 + step * np.array([-0.5, 0.0, 1.0]))


def test_weights_say_which_scores_set_the_threshold():
    spread, near = np.linspace(0, 1, 20), np.linspace(0.999, 1, 200)
    scores, weights = np.append(spread, near), np.append(np.ones(20), np.full(200, 1e-3))
    plain, told = surrogate_scores(scores)[0][:20], surrogate_scores(scores, None, weights)[0][:20]
    assert np.diff(plain).max() > 10 * np.diff(plain).min()
    np.testing.assert_allclose(np.diff(told), told[1] - told[0])


@given(scores=hnp.arrays(float, 12, elements=FINITE), seed=st.integers(0, 9))
def test_scores_come_back_with_weights_also_if_none_counts(scores, seed):
    weights = np.random.default_rng(seed).integers(0, 3, 12).astype(float)
    for each in (weights, np.zeros(12)):
        again = on_the_scores_scale(surrogate_scores(scores, None, each)[0], scores, each)
        clipped = np.clip(scores, -LARGEST, LARGEST)
        tolerance = 1e-11 * np.ptp(clipped) + 1e-15 * np.abs(clipped).max()
        np.testing.assert_allclose(again, clipped, rtol=0, atol=tolerance)
