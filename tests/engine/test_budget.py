"""Budgets: what is expected to take how long, and when nothing better has come."""

import time

import numpy as np
import pytest

from skbayes.engine.budget import (
    N_SAME_FAILURES,
    CallbackRequest,
    Clock,
    FitsBudget,
    Patience,
    SameFailure,
)
from skbayes.trial import Outcome, Trial


def trial(number=0, score=None, fidelity=None):
    outcome = None if score is None else Outcome.of_scores(score)
    return Trial(number, np.zeros(1), {}, fidelity, outcome=outcome)


def clock_with(seconds_left, seconds_per_split=1.0):
    clock = Clock(time.monotonic() + seconds_left)
    clock.note(trial(), 5 * seconds_per_split, 5)
    return clock


def test_a_clock_without_a_deadline_is_never_over():
    clock = Clock()
    clock.note(trial(), 1e9, 1)
    assert not clock.is_over
    assert clock.suffices_for([(trial(), 5)], 1)


def test_a_clock_that_knows_nothing_lets_begin():
    assert Clock(time.monotonic() + 0.1).suffices_for([(trial(), 5)], 1)
    assert Clock(time.monotonic() - 1).is_over


@pytest.mark.parametrize(
    ("n_splits", "n_workers", "seconds"),
    [([5], 1, 5), ([5], 2, 3), ([5], 8, 1), ([4, 5], 2, 4.5), ([2, 2, 2], 3, 2)],
)
def test_a_trial_is_expected_to_wait_for_those_before_it(n_splits, n_workers, seconds):
    work = [(trial(number), n) for number, n in enumerate(n_splits)]
    assert clock_with(seconds + 0.5).suffices_for(work, n_workers)
    assert not clock_with(seconds - 0.5).suffices_for(work, n_workers)


def test_time_is_expected_in_proportion_to_the_resource():
    clock = Clock(time.monotonic() + 100)
    clock.note(trial(fidelity=10), 10.0, 5)  # 0.2 seconds a split and resource
    assert clock.suffices_for([(trial(fidelity=90), 5)], 1)
    assert not clock.suffices_for([(trial(fidelity=110), 5)], 1)


@pytest.mark.parametrize(
    ("n_iter_no_change", "scores", "last"),
    [
        (2, [1, 2, 1, 1, 3], 3),
        (2, [1, 1, 1], 2),
        (3, [1, 0, 0, 2, 2, 2, 2], 6),
        (1, [np.nan, 1, 2], 0),
        (2, [np.nan, 1, np.nan, 2, np.nan, 1.5], 5),
        (2, [1, 2, 3, 4], None),
    ],
)
def test_a_search_ends_when_nothing_better_came_for_so_long(n_iter_no_change, scores, last):
    patience = Patience(n_iter_no_change)
    ends = [patience.should_stop(trial(n, score), [{}]) for n, score in enumerate(scores)]
    assert (ends.index(True) if True in ends else None) == last


def test_a_callback_has_the_last_word():
    rule = CallbackRequest()
    assert not rule.should_stop(trial(0, 1.0), [{"stop_requested": False}])
    assert rule.should_stop(trial(1, 2.0), [{"stop_requested": False}, {"stop_requested": True}])


def failing(error='Traceback (most recent call last):\n  File "a"\nE: NaN'):
    return {"fit_error": error, "test_scores": np.nan}


def ends_at(rows, results):
    """Return the number of the trial at which everything has failed for the same reason."""
    rule = SameFailure(None)
    trials = [Trial(n, np.array(row), {}) for n, row in enumerate(rows)]
    asked = [rule.should_stop(t, r) for t, r in zip(trials, results, strict=True)]
    return asked.index(True) if True in asked else None


SPREAD = np.linspace(0, 1, 30)[:, np.newaxis]


def test_what_fails_everywhere_for_one_reason_is_ended():
    assert ends_at(SPREAD, [[failing()] * 3] * 30) == N_SAME_FAILURES - 1
    assert ends_at(np.empty((30, 0)), [[failing()]] * 30) == N_SAME_FAILURES - 1
    by_size = [failing(f"E: shape ({n}, 2)") for n in (30, 30, 31)]
    assert ends_at(SPREAD, [by_size] * 30) == N_SAME_FAILURES - 1
    by_scorer = {"fit_error": None, "test_scores": np.nan, "score_errors": {"score": "E: no"}}
    assert ends_at(SPREAD, [[by_scorer] * 2] * 30) == N_SAME_FAILURES - 1


@pytest.mark.parametrize(
    "other",
    [
        failing("E: another reason"),
        {"fit_error": None, "test_scores": 0.5},
        {"fit_error": None, "test_scores": np.nan},
    ],
)
@pytest.mark.parametrize("number", [0, 5, 9])
def test_one_split_of_another_kind_keeps_a_search_going(other, number):
    results = [[failing()] * 3 for _ in range(30)]
    results[number] = [failing(), failing(), other]
    assert ends_at(SPREAD, results) is None


def test_a_grid_that_begins_with_what_cannot_be_fitted_goes_on():
    """The first column stays where it is until trial 20."""
    rows = np.hstack([(np.arange(30) >= 20)[:, np.newaxis], SPREAD])
    assert ends_at(rows, [[failing()]] * 30) == 20


def partial(number, score, n_run):
    outcome = Outcome({"score": (score,) * n_run}, tuple(range(n_run)), n_splits=5)
    return Trial(number, np.zeros(1), {}, outcome=outcome)


def test_a_dropped_trial_is_nothing_better():
    patience = Patience(2)
    trials = [partial(0, 0.5, 5), partial(1, 0.9, 1), partial(2, 0.9, 2)]
    assert [patience.should_stop(t, [{}]) for t in trials] == [False, False, True]


def test_a_budget_of_fits_ends_before_it_is_exceeded():
    budget = FitsBudget(n_fits=18, n_splits=5)
    n_run = [5, 1, 5, 2, 5]
    asked = [budget.should_stop(trial(n), [{}] * k) for n, k in enumerate(n_run)]
    assert asked == [False, False, False, False, True]  # 13 of 18 leave five, 18 leave none
