"""Outcomes and trials."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest

from skbayes.trial import Outcome, Trial


def test_score_is_the_mean_over_splits():
    assert Outcome.of_scores(0.25, 0.5, 0.75).score == 0.5


def test_last_bits_do_not_reach_the_score():
    assert Outcome.of_scores(0.1 + 1e-14, 0.2).score == Outcome.of_scores(0.1, 0.2).score
    assert Outcome.of_scores(0.1 + 1e-8, 0.2).score != Outcome.of_scores(0.1, 0.2).score


@pytest.mark.parametrize(
    "scores", [(np.nan, 1.0), (np.inf, 1.0), (-np.inf, np.inf), (1e308, 1e308)]
)
def test_a_mean_that_is_not_finite_is_a_failure(scores):
    assert np.isnan(Outcome.of_scores(*scores).score)


def test_a_failed_split_fails_the_trial_whatever_its_score_is():
    failed = replace(Outcome.of_scores(0.0, 1.0), failure="ValueError: no")
    assert np.isnan(failed.score)


def test_the_score_is_that_of_the_followed_metric_over_the_evaluated_splits():
    table = {"accuracy": (0.5, 0.7), "loss": (-3.0, -5.0)}
    assert Outcome(table, splits=(0, 3), metric="loss", cost=1.5).score == -4.0
    assert Outcome(table, splits=(0, 3), metric="accuracy").score == 0.6


def test_trials_are_frozen_and_replaced():
    trial = Trial(0, np.array([0.5]), {"C": 1.0})
    assert np.isnan(trial.score)
    finished = trial.with_outcome(Outcome.of_scores(0.5))
    assert (trial.outcome, finished.score) == (None, 0.5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        trial.number = 1
