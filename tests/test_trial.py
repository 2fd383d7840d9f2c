"""Outcomes and trials."""

import dataclasses

import numpy as np
import pytest

from skbayes.trial import Outcome, Trial


def test_score_is_the_mean_over_splits():
    assert Outcome((0.25, 0.5, 0.75)).score == 0.5


def test_last_bits_do_not_reach_the_score():
    assert Outcome((0.1 + 1e-14, 0.2)).score == Outcome((0.1, 0.2)).score
    assert Outcome((0.1 + 1e-8, 0.2)).score != Outcome((0.1, 0.2)).score


@pytest.mark.parametrize(
    "scores", [(np.nan, 1.0), (np.inf, 1.0), (-np.inf, np.inf), (1e308, 1e308)]
)
def test_a_mean_that_is_not_finite_is_a_failure(scores):
    assert np.isnan(Outcome(scores).score)


def test_a_failed_split_fails_the_trial_whatever_its_score_is():
    assert np.isnan(Outcome((0.0, 1.0), is_failed=True).score)


def test_trials_are_frozen_and_replaced():
    trial = Trial(0, np.array([0.5]), {"C": 1.0})
    assert np.isnan(trial.score)
    finished = trial.with_outcome(Outcome((0.5,)))
    assert (trial.outcome, finished.score) == (None, 0.5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        trial.number = 1
