"""The rule of racing: what it says of one trial, and what it costs to follow it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from skbayes.pruning.racing import MIN_COMPLETE, PRIOR_WEIGHT, Race, make_race


def n_needed_of(race, scores):
    """Of a trial that was evaluated on the first splits."""
    return race.n_needed(range(len(scores)), scores)


def test_the_probability_is_that_of_students_t():
    best, scores = np.array([0.8, 0.7, 0.9, 0.6, 0.75]), np.array([0.7, 0.66])
    race = Race(best, 0.01, 0.05)
    d = scores - best[:2]
    variance = (PRIOR_WEIGHT * 0.01 + d.var() * 2) / (PRIOR_WEIGHT + 1)
    scale = np.sqrt(variance * 3 / 10)
    expected = stats.t(PRIOR_WEIGHT + 1, d.mean(), scale).sf(0.0)
    assert race.probability_better(range(2), scores) == pytest.approx(expected, rel=1e-12)


def test_the_probability_is_that_of_the_mean_over_all_splits():
    """Simulated: the splits not seen are drawn as the model says."""
    rng = np.random.default_rng(0)
    best, scores = np.zeros(5), np.array([-0.3, -0.1])
    n = 400_000
    freedom = PRIOR_WEIGHT + 1
    spread = PRIOR_WEIGHT * 0.2**2 + np.square(scores - scores.mean()).sum()
    sigma = np.sqrt(spread / rng.chisquare(freedom, n))
    centre = scores.mean() + sigma / np.sqrt(2) * rng.standard_normal(n)
    unseen = centre[:, None] + sigma[:, None] * rng.standard_normal((n, 3))
    is_better = (scores.sum() + unseen.sum(axis=1)) / 5 > 0
    assert Race(best, 0.04, 0.05).probability_better(range(2), scores) == pytest.approx(
        is_better.mean(), abs=0.004
    )


EIGHTHS = st.integers(-8000, 8000).map(lambda n: n / 8)  # whose sums are exact


@given(
    best=st.lists(EIGHTHS, min_size=2, max_size=30),
    shifts=st.lists(EIGHTHS, min_size=30, max_size=30),
    prior=st.floats(0, 10),
    easy=st.lists(EIGHTHS, min_size=30, max_size=30),
)
def test_what_makes_a_split_easy_cancels_out(best, shifts, prior, easy):
    best, effects = np.array(best), np.array(easy[: len(best)])
    scores, splits = best + shifts[: len(best)], range(1, len(best))
    one = Race(best, prior, 0.05).probability_better(splits, scores[1:])
    other = Race(best + effects, prior, 0.05).probability_better(splits, (scores + effects)[1:])
    assert 0.0 <= one == other <= 1.0


@given(scores=st.lists(st.floats(-2, 2) | st.just(np.nan), min_size=1, max_size=40), k=st.data())
def test_a_decision_depends_on_the_splits_before_it_alone(scores, k):
    n_splits = k.draw(st.integers(max(len(scores), 2), 40))
    race = Race(np.linspace(-0.5, 0.5, n_splits), 0.05, 0.1)
    scores = np.array(scores)
    n_needed = n_needed_of(race, scores)
    for j in range(1, len(scores) + 1):
        known = n_needed_of(race, scores[:j])
        assert known == (n_needed if n_needed is not None and n_needed <= j else None)
    if n_needed is not None:
        assert 1 <= n_needed < n_splits or not np.isfinite(scores[n_needed - 1])


def test_a_hopeless_trial_is_dropped_after_one_split_and_a_promising_one_never():
    race = Race(np.full(5, 0.9), 1e-4, 0.05)
    assert n_needed_of(race, np.full(5, 0.5)) == 1
    assert n_needed_of(race, np.full(5, 0.89)) is not None
    assert n_needed_of(race, np.full(5, 0.91)) is None
    assert n_needed_of(race, np.full(5, 0.9)) is None


def test_a_failed_split_drops_a_trial_unless_it_is_the_last():
    race = Race(np.full(5, 0.9), 1e-2, 0.05)
    assert n_needed_of(race, np.array([0.9, np.nan])) == 2
    assert n_needed_of(race, np.array([0.9, 0.9, 0.9, 0.9, np.nan])) is None


def test_with_many_splits_decisions_are_made_after_blocks():
    race = Race(np.full(100, 0.9), 1e-4, 0.05)
    assert race.block == 10
    assert n_needed_of(race, np.full(9, 0.1)) is None
    assert n_needed_of(race, np.full(25, 0.1)) == 10


def test_equal_trials_leave_no_doubt():
    race = Race(np.full(5, 0.9), 0.0, 0.05)
    assert n_needed_of(race, np.full(3, 0.9)) is None
    assert n_needed_of(race, np.full(3, 0.89)) == 1


def test_the_race_is_against_the_best_mean_with_the_spread_of_the_better_half():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(9, 5)) * 0.1 + np.arange(9)[:, None]
    table[0] = [-1e9, 1e9, 0, 0, 0]  # of the worse half
    race = make_race(table, 0.05)
    assert np.array_equal(race.best, table[8])
    variances = [np.var(table[i] - table[8], ddof=1) for i in (7, 6, 5, 4)]
    assert race.prior_variance == pytest.approx(np.mean(variances))


def test_of_a_rung_the_last_one_that_is_promoted_is_to_be_beaten():
    table = np.random.default_rng(0).normal(size=(9, 5)).cumsum(axis=0)
    order = np.argsort(-table.mean(axis=1))
    for n_kept in (3, 7):
        race = make_race(table, 0.05, n_kept)
        assert np.array_equal(race.best, table[order[n_kept - 1]])
        others = table[order[: max(5, n_kept)]]
        variances = [np.var(other - race.best, ddof=1) for other in others]
        assert race.prior_variance == pytest.approx(sum(variances) / (len(others) - 1))
    assert make_race(table, 0.05, 10) is None


def test_there_is_no_race_before_there_are_trials_to_learn_from():
    assert make_race(np.ones((MIN_COMPLETE - 1, 5)), 0.05) is None
    assert make_race(np.ones((9, 1)), 0.05) is None
    assert make_race(np.ones((MIN_COMPLETE, 2)), 0.05) is not None


@pytest.mark.parametrize("alpha", [0.02, 0.1])
def test_seldom_is_the_best_trial_dropped(alpha):
    """Over trials whose splits share effects, as those of real tasks do."""
    rng = np.random.default_rng(1)
    n_dropped = n_better = 0
    for _ in range(400):
        table = rng.normal(size=(10, 1)) + rng.normal(size=5) + 0.3 * rng.normal(size=(10, 5))
        race = make_race(table[:-1], alpha)
        if table[-1].mean() > race.best.mean():
            n_better += 1
            n_dropped += n_needed_of(race, table[-1]) is not None
    assert n_better > 20
    assert n_dropped <= 2 * alpha * n_better
