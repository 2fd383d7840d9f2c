"""Curves of single splits on the scale of the mean, where the shifts are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skbayes.pruning.split_curves import at_stages, shifts_of
from skbayes.trial import Outcome

N_SPLITS, STAGES = 4, (1, 2, 4, 8)


def outcome(level, shifts, stages=STAGES, noise=0.0, rng=None):
    """Return a trial whose score on split k at stage s is the level, less 1 / s, and the shift."""
    left = np.zeros(N_SPLITS) if rng is None else rng.normal(0.0, noise, N_SPLITS)
    left -= left.mean()
    curves = {
        k: {s: level - 1.0 / s + shifts[k] * s / 8 + left[k] for s in stages}
        for k in range(N_SPLITS)
    }
    last = max(stages)
    scores = tuple(curves[k][last] for k in range(N_SPLITS))
    return Outcome({"score": scores}, tuple(range(N_SPLITS)), curves=curves)


@pytest.fixture
def shifts():
    shifts = np.array([0.3, -0.1, 0.2, -0.4])
    return shifts - shifts.mean()


@given(st.floats(-5, 5), st.integers(0, N_SPLITS - 1), st.sampled_from(STAGES))
def test_the_curve_of_any_split_becomes_that_of_the_mean(level, split, until):
    each = np.array([0.3, -0.1, 0.2, -0.4])
    known = shifts_of([outcome(0.5 * i, each) for i in range(5)])
    assert known.variance == pytest.approx(0.0, abs=1e-12)
    curve = {s: v for s, v in outcome(level, each).curves[split].items() if s <= until}
    expected = {s: level - 1.0 / s for s in STAGES if s <= until}
    assert known.mean_curve({split: curve}) == pytest.approx(expected, abs=1e-9)


def test_the_mean_of_all_splits_has_no_shift(shifts):
    known = shifts_of([outcome(0.5 * i, shifts) for i in range(3)])
    whole = outcome(2.0, shifts).curves
    expected = {s: 2.0 - 1.0 / s for s in STAGES}
    assert known.mean_curve(whole) == pytest.approx(expected)


def test_the_variance_is_that_of_one_split_around_the_mean(shifts):
    rng = np.random.default_rng(0)
    complete = [outcome(5.0, shifts, noise=0.2, rng=rng) for _ in range(4000)]
    known = shifts_of(complete)
    # Of independent deviations without their mean, that of one split is (K − 1) / K of theirs.
    assert known.variance == pytest.approx(0.2**2 * (N_SPLITS - 1) / N_SPLITS, rel=0.05)


def test_the_better_half_tells_the_shifts(shifts):
    good = [outcome(1.0, shifts) for _ in range(3)]
    bad = [outcome(-1e6, 1e5 * shifts) for _ in range(3)]
    for split, shift in shifts_of([*bad, *good]).by_split.items():
        np.testing.assert_allclose(shift, shifts[split] * np.array(STAGES) / 8)


def test_a_curve_that_ended_early_keeps_its_last_score(shifts):
    known = shifts_of([outcome(0.0, shifts), outcome(1.0, np.zeros(N_SPLITS), stages=(1, 2))])
    assert sorted(known.by_split) == list(range(N_SPLITS))
    assert known.mean_curve({0: {1: 0.0, 4: 1.0}, 1: {1: 0.5}}).keys() == {1, 4}
    stages = np.array([1, 2, 3, 9])
    np.testing.assert_array_equal(at_stages({2: 0.1, 3: 0.4}, stages), [np.nan, 0.1, 0.4, 0.4])


def test_a_loop_without_splits_has_no_shift():
    told = [Outcome({"score": (s,)}, (0,), curves={0: {1: 0.0, 2: s}}) for s in (0.1, 0.2)]
    known = shifts_of(told)
    assert (known.variance, dict(known.by_split)) == (0.0, {})
    curve = {1: 0.3, 2: 0.5}
    assert known.mean_curve({0: curve}) == curve
