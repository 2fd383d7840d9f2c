"""Rules that end a trial by its curve, against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from skbayes.pruning.curves import (
    RULES,
    Rivals,
    halving_stops,
    median_stops,
    paired_stops,
)


def curve(*scores, first=1):
    return dict(enumerate(scores, start=first))


def rivals(complete, others=()):
    """Return the rivals of whom the complete ones end with their last score."""
    return Rivals(complete, np.array([each[max(each)] for each in complete]), others)


CURVES = st.lists(st.floats(-10, 10), min_size=3, max_size=6).map(lambda scores: curve(*scores))
MANY = st.lists(CURVES, min_size=4, max_size=9)


@given(CURVES, MANY)
def test_the_median_is_that_of_running_means(own, others):
    stage = max(own)
    means = [np.mean([s for k, s in other.items() if k <= stage]) for other in others]
    assert median_stops(rivals(others), own) == (max(own.values()) < np.median(means))


def test_the_median_needs_complete_trials_that_have_come_so_far():
    low, high = curve(0.0), [curve(1.0, 2.0)] * 4
    assert median_stops(rivals(high), low)
    assert not median_stops(rivals(high[:3], high), low)
    late = [curve(1.0, 2.0, first=5)] * 4
    assert not median_stops(rivals(late), low)


def test_halving_keeps_the_best_third_at_every_rung():
    finished = [curve(*[0.1 * i] * 9) for i in range(8)]
    decisions = [
        halving_stops(rivals(finished), curve(score)) for score in np.arange(-0.05, 0.8, 0.1)
    ]
    # Of nine that come to the first stage, three go on.
    assert decisions == [True] * 6 + [False] * 3
    assert not halving_stops(rivals(finished), curve(0.9, 0.0))  # nothing is decided at stage 2
    assert halving_stops(rivals(finished), curve(0.9, 0.9, 0.0))  # but at stage 3
    assert halving_stops(
        rivals([], [{1: 0.5}, {1: 0.4}]), curve(0.0)
    )  # those that were ended count too


def test_halving_waits_for_three():
    assert not halving_stops(rivals([curve(1.0)]), curve(0.0))


@given(CURVES, MANY)
def test_the_paired_rule_is_a_prediction_by_student(own, others):
    stage = max(own)
    others = [other for other in others if len(other) >= stage]
    if len(others) < 4:
        assert not paired_stops(rivals(others), own)
        return
    final = np.array([other[max(other)] for other in others])
    then = np.array([other[stage] for other in others])
    best = np.argmax(final)
    changes = np.delete((final - final[best]) - (then - then[best]), best)
    spread = np.std(changes, ddof=1) * np.sqrt(1 + 1 / len(changes))
    if spread < 1e-9:
        return
    difference = own[stage] - then[best] + changes.mean()
    expected = stats.t.cdf(difference / spread, len(changes) - 1) < 0.05
    assert paired_stops(rivals(others), own) == expected


def test_a_slow_starter_is_not_ended_if_others_have_caught_up():
    early = [curve(0.9 - 0.2 * i, 0.9 + 0.01 * i) for i in range(4)]
    assert not paired_stops(rivals(early), curve(0.2))
    parallel = [curve(0.5 - 0.01 * i, 0.9 - 0.01 * i) for i in range(4)]
    assert paired_stops(rivals(parallel), curve(0.2))
    assert not paired_stops(rivals(parallel), curve(0.5))


@pytest.mark.parametrize("rule", RULES.values())
def test_nothing_is_ended_before_there_is_anything_to_compare_with(rule):
    assert not rule(rivals([]), curve(-1e9))
