"""From the results of splits to an outcome."""

import numpy as np

from skbayes.engine.results import outcome_of


def split(scores, error=None):
    return {"test_scores": scores, "fit_error": error}


def test_a_single_metric():
    outcome = outcome_of([split(0.5), split(1)], None)
    assert outcome.split_scores == (0.5, 1.0)
    assert not outcome.is_failed


def test_the_metric_is_the_named_one_or_else_the_first():
    results = [split({"a": 1.0, "b": 2.0}), split({"a": 3.0, "b": 4.0})]
    assert outcome_of(results, "b").score == 3.0
    assert outcome_of(results, False).score == 2.0
    assert outcome_of(results, max).score == 2.0


def test_a_failed_fit_fails_the_trial_even_if_its_score_is_a_number():
    outcome = outcome_of([split({"a": 1.0}), split(0.0, "Traceback")], "a")
    assert outcome.is_failed
    assert np.isnan(outcome.score)
