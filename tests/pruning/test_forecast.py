"""Forecasts of curves: against scikit-learn's Gaussian process, and what they must learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, uniform
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from skbayes.models.gaussian_process import JITTER, MEAN_VARIANCE
from skbayes.models.output_transform import surrogate_scores
from skbayes.pruning.forecast import SLOPE, make_forecast, used_stages
from skbayes.space import Space
from skbayes.space.fidelity import FULL, FidelitySpace
from skbayes.trial import Outcome, Trial

SPACE = Space({"x": uniform(0, 1)})
N_STAGES = 16


def trial(number, x, curve, is_pruned=False):
    """Return a finished trial with scores by stage."""
    last = curve[max(curve)]
    outcome = Outcome({"score": (last,)}, (0,), curves={0: curve}, is_pruned=is_pruned)
    return Trial(number, np.array([x]), {"x": x}, outcome=outcome)


def rising(x, until=N_STAGES, scale=1.0):
    """Return a curve that ends higher and begins lower if x is small."""
    stages = range(1, until + 1)
    return {s: scale * (1.0 - x * 0.5 - np.exp(-8.0 * x * s / N_STAGES)) for s in stages}


def history(n=8, seed=0, scale=1.0):
    positions = np.random.default_rng(seed).uniform(0.1, 1.0, n)
    return [trial(i, x, rising(x, scale=scale)) for i, x in enumerate(positions)]


def pending(x, number=99):
    return Trial(number, np.array([x]), {"x": x})


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(0.1, 1.0), st.integers(1, N_STAGES - 1))
def test_the_probability_is_that_of_another_gaussian_process(seed, x, stage):
    trials = [*history(6, seed), trial(6, 0.9, rising(0.9, 3), is_pruned=True)]
    forecast = make_forecast(SPACE, trials)
    curve = rising(x, stage)
    full = FidelitySpace(SPACE, *forecast.stages)
    own = [full.with_fidelity([x], s) for s in used_stages(curve, *forecast.stages)]
    numbers = [*forecast.Z[:, -1], *[99.0] * len(own)]
    points = np.vstack([forecast.Z[:, :-1], own])
    scores = [*forecast.scores, *(curve[s] for s in used_stages(curve, *forecast.stages))]
    y, _ = surrogate_scores(np.array([*scores, forecast.best]))

    length_scales, (signal, noise) = np.exp(forecast.theta[:3]), np.exp(forecast.theta[3:])

    def features(points, numbers):  # a trial is a column of its own; two of them differ by 1
        one_hot = np.equal.outer(numbers, [*range(7), 99.0]) / np.sqrt(2.0)
        return np.hstack([points / length_scales[:2], one_hot / length_scales[2]])

    kernel = ConstantKernel(signal) * Matern(1.0, nu=2.5) + ConstantKernel(MEAN_VARIANCE)
    alpha = noise + JITTER * (1.0 + signal)
    peer = GaussianProcessRegressor(kernel, alpha=alpha, optimizer=None)
    peer.fit(features(points, numbers), y[:-1])
    mean, std = peer.predict(features(np.array([[x, FULL]]), [99.0]), return_std=True)
    expected = norm.cdf((mean[0] - y[-1]) / std[0])
    assert forecast.probability_better(pending(x), 0, curve) == pytest.approx(expected, abs=1e-4)


def test_a_slow_start_is_expected_to_end_as_other_slow_starts_did():
    positions = (0.15, 0.2, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    forecast = make_forecast(SPACE, [trial(i, x, rising(x)) for i, x in enumerate(positions)])
    slow, fast = rising(0.3, 4), rising(0.9, 4)
    assert slow[4] < fast[4]
    assert forecast.probability_better(pending(0.3), 0, slow) > 0.5
    assert forecast.ends(pending(0.9), 0, fast)
    assert forecast.ends(pending(0.9), 0, slow)  # as low where nothing rises late


def test_at_the_last_stage_there_is_nothing_to_save():
    forecast = make_forecast(SPACE, history())
    hopeless = dict.fromkeys(range(1, N_STAGES), -5.0)
    assert forecast.ends(pending(0.5), 0, hopeless)
    assert not forecast.ends(pending(0.5), 0, {**hopeless, N_STAGES: -5.0})


def test_no_trial_is_ended_where_few_are_complete():
    hopeless = {1: -5.0, 2: -5.0}
    for n_ended, is_ended in ((16, True), (17, False)):
        ended = [trial(8 + i, 0.5, rising(0.5, 1), is_pruned=True) for i in range(n_ended)]
        assert (
            make_forecast(SPACE, [*history(8), *ended]).ends(pending(0.5), 0, hopeless) == is_ended
        )


def test_a_forecast_needs_three_complete_trials_and_two_stages():
    complete = history(3)
    assert make_forecast(SPACE, complete) is not None
    ended = [trial(i, 0.5, rising(0.5, 2), is_pruned=True) for i in range(2, 6)]
    failed = Trial(6, np.array([0.5]), {}, outcome=Outcome.of_scores(np.nan))
    assert make_forecast(SPACE, [*complete[:2], *ended, failed]) is None
    assert make_forecast(SPACE, [trial(i, 0.1 * i, {7: 0.1 * i}) for i in range(5)]) is None
    assert make_forecast(SPACE, []) is None


@pytest.mark.parametrize("scale", [1e-3, 1e6])
def test_a_forecast_does_not_depend_on_the_unit_of_the_score(scale):
    one, other = (make_forecast(SPACE, history(scale=s)) for s in (1.0, scale))
    curves = rising(0.4, 3), rising(0.4, 3, scale)
    expected = one.probability_better(pending(0.4), 0, curves[0])
    assert other.probability_better(pending(0.4), 0, curves[1]) == pytest.approx(expected, abs=1e-3)


def test_ended_trials_are_told_where_they_would_have_ended():
    spread = []
    for until in (1, 4, 15):
        ended = trial(12, 0.7, rising(0.7, until), is_pruned=True)
        trials = [*history(12), ended]
        mean, variance = make_forecast(SPACE, trials).final_estimates([ended])
        assert abs(mean[0] - rising(0.7)[N_STAGES]) < 0.1
        assert rising(0.7, 1)[1] < mean[0] < max(t.score for t in trials)
        spread.append(variance[0])
    assert spread[0] > spread[1] > spread[2] > 0.0


def test_a_trial_that_was_ended_at_the_last_stage_has_been_there():
    ended = trial(8, 0.5, {N_STAGES: 0.25}, is_pruned=True)
    forecast = make_forecast(SPACE, [*history(), ended])
    own = forecast.Z[:, -1] == 8
    assert forecast.Z[own, 1].tolist() == [FULL]
    assert forecast.scores[own] == pytest.approx(0.25)
    mean, variance = forecast.final_estimates([ended])
    assert mean[0] == pytest.approx(0.25, abs=0.02)
    assert variance[0] < 1e-3


def test_the_final_score_is_the_one_that_was_told():
    outcomes = [Outcome({"score": (0.1 * i,)}, (0,), curves={0: rising(0.5)}) for i in range(3)]
    told = [pending(0.5, number).with_outcome(each) for number, each in enumerate(outcomes)]
    forecast = make_forecast(SPACE, told)
    assert sorted(forecast.scores[forecast.Z[:, 1] == FULL]) == pytest.approx([0.0, 0.1, 0.2])
    assert forecast.best == pytest.approx(0.2)


@given(st.sets(st.integers(1, 500)), st.integers(1, 500), st.integers(0, 500))
def test_a_few_stages_of_a_curve_are_used(stages, least, more):
    used = used_stages(dict.fromkeys(stages, 0.0), least, least + more)
    assert set(used) <= stages
    assert used == sorted(used)
    assert used[-1:] == sorted(stages)[-1:]
    assert len(used) <= 3 + np.log2((least + more) / least)
    before = [s for s in stages if s <= SLOPE * max(stages)]
    assert not before or max(before) in used


SHIFTS = np.array([0.2, -0.3, 0.1])


def on_splits(trial, luck=0.0):
    """Return a complete trial of three splits, whose mean is that of a trial without splits."""
    # Lucky on the first split where its number is even, and on the second where it is odd.
    deviations = SHIFTS + luck * (-1) ** trial.number * np.array([1.0, -1.0, 0.0])
    curves = {
        split: {s: score + d * s / N_STAGES for s, score in trial.outcome.curve.items()}
        for split, d in enumerate(deviations)
    }
    scores = tuple(curve[N_STAGES] for curve in curves.values())
    return trial.with_outcome(Outcome({"score": scores}, (0, 1, 2), curves=curves))


def on_split(split, curve):
    return {s: score + SHIFTS[split] * s / N_STAGES for s, score in curve.items()}


@pytest.mark.parametrize("split", range(3))
@pytest.mark.parametrize("until", [2, 8])
def test_a_split_of_which_the_shift_is_known_forecasts_as_well_as_the_mean(split, until):
    whole = make_forecast(SPACE, history())
    by_split = make_forecast(SPACE, [on_splits(each) for each in history()])
    curve = rising(0.6, until)
    expected = whole.probability_better(pending(0.6), 0, curve)
    found = by_split.probability_better(pending(0.6), split, on_split(split, curve))
    assert found == pytest.approx(expected, abs=1e-3)


def test_what_the_other_splits_may_change_is_taken_into_account():
    probabilities, deviations = [], []
    for luck in (0.0, 0.05, 0.2):
        forecast = make_forecast(SPACE, [on_splits(each, luck) for each in history()])
        curve = on_split(2, rising(0.9, 12))
        probabilities.append(forecast.probability_better(pending(0.9), 2, curve))
        ended = pending(0.9).with_outcome(
            Outcome({"score": (curve[12],)}, (2,), n_splits=3, curves={2: curve}, is_pruned=True)
        )
        deviations.append(forecast.final_estimates([ended])[1][0] ** 0.5)
    assert probabilities[0] < probabilities[1] < probabilities[2] < 0.5
    assert deviations[0] < deviations[1] < deviations[2]
