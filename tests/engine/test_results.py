"""From the results of splits to an outcome."""

import traceback

import numpy as np
import pytest

from skbayes.engine.results import failures_of, outcome_of, reason_of, with_one_text_a_reason


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


@pytest.mark.parametrize(
    "message",
    ["plain", "", "two\nlines", "indented:\n  - one\n  - two", "stack:\n  [bt] (0) lib.so\nend"],
)
def test_a_reason_is_the_whole_error_whatever_it_looks_like(message):
    try:
        raise ValueError(message)
    except ValueError:
        text = traceback.format_exc()
    assert reason_of(text) == f"ValueError: {message}".removesuffix(": ")


def test_a_reason_is_the_last_of_several_errors():
    try:
        try:
            raise KeyError("first")
        except KeyError:
            raise OSError("second") from None
    except OSError:
        assert reason_of(traceback.format_exc()) == "OSError: second"


def test_failures_are_told_apart_by_their_reasons_and_counted_together():
    here, there = (f'Traceback\n  File "{name}"\n    x\nE: 1' for name in "ab")
    errors = [here, None, there, "F"]
    results = [{"fit_error": error} for error in errors]
    assert [(f.splits, f.reason) for f in failures_of(results)] == [((0, 2), "E: 1"), ((3,), "F")]
    texts = [result["fit_error"] for result in with_one_text_a_reason(results)]
    assert texts == [errors[0], None, errors[0], "F"]
