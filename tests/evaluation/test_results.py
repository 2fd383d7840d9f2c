"""From the results of splits to an outcome."""

import traceback

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skbayes._sklearn_compat import without_fit_frame
from skbayes.evaluation.results import (
    failures_of,
    insert_missing_metrics,
    merge_equal_errors,
    outcome_of,
    reason_of,
)

FAILURE = 'Traceback (most recent call last):\n  File "a.py", line 1\nE: no'


def split(scores, error=None, number=0):
    times = {"fit_time": 1.0, "score_time": 0.5}
    return {"split": number, "test_scores": scores, "fit_error": error, **times}


def test_a_single_metric():
    outcome = outcome_of([split(0.5), split(1, number=3)], None, n_splits=4)
    assert outcome.scores == {"score": (0.5, 1.0)}
    assert outcome.splits == (0, 3)
    assert not outcome.is_complete
    assert outcome.cost == 3.0
    assert outcome.failure is None


def test_the_metric_is_the_named_one_or_else_the_first():
    results = [split({"a": 1.0, "b": 2.0}), split({"a": 3.0, "b": 4.0})]
    assert outcome_of(results, "b").scores == {"a": (1.0, 3.0), "b": (2.0, 4.0)}
    assert outcome_of(results, "b").score == 3.0
    assert outcome_of(results, False).score == 2.0
    assert outcome_of(results, max).score == 2.0


def test_a_failed_fit_fails_the_trial_even_if_its_score_is_a_number():
    outcome = outcome_of([split({"a": 1.0}), split(0.0, FAILURE)], "a")
    assert outcome.failure == "E: no"
    assert outcome.scores == {"a": (1.0, 0.0)}
    assert np.isnan(outcome.score)


@pytest.mark.parametrize(
    "message",
    [
        "plain",
        "",
        "two\nlines",
        "indented:\n  - one\n  - two",
        "stack:\n  [bt] (0) lib.so\nend",
        'bad template:\n  File "page.html", line 3',
        'remote\n"""\nTraceback (most recent call last):\n  File "a.py", line 1\nKeyError: 1\n"""',
        'Traceback (most recent call last):\n  File "a.py", line 1, in f',
        'x\n  File "\n  File "\n  File "',
    ],
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


def test_a_reason_is_what_an_error_led_to():
    try:
        try:
            raise KeyError("first")
        except KeyError as error:
            raise OSError("second") from error
    except OSError:
        text = traceback.format_exc()
    assert text.count("Traceback") == 2
    assert reason_of(text) == "OSError: second"


def test_a_set_in_a_reason_is_the_same_in_every_process():
    texts = [
        "ValueError: a str among {'rbf', 'poly'}, not {1: 2}",
        "ValueError: a str among {'poly', 'rbf'}, not {1: 2}",
    ]
    assert len({reason_of(text) for text in texts}) == 1


@given(text=st.text(st.sampled_from('Tab \n  File "KeyError: 1\x00')) | st.text())
def test_any_text_has_a_reason_and_a_short_form(text):
    assert reason_of(text) in text.strip() or "\r" in text or "{" in text or not text.isprintable()
    assert isinstance(without_fit_frame(text), str)
    results = [split(0.0, text), split(0.0) | {"score_errors": {"a": text}}]
    assert {failure.step for failure in failures_of(results)} == {"fit", "score"}


def test_a_scorer_that_fails_fails_the_trial_if_it_is_the_followed_one():
    result = split({"a": 1.0, "b": 0.0}) | {"score_errors": {"b": "E"}}
    assert outcome_of([result], "a").failure is None
    assert outcome_of([result], "b").failure == "E"
    assert outcome_of([split(0.0) | {"score_errors": {"score": "E"}}], None).failure == "E"


def test_a_callable_scorer_that_fails_has_the_names_of_one_that_succeeds():
    results = [split(np.nan), split({"a": 1.0, "b": 2.0}), split(0.0)]
    insert_missing_metrics(results, -1.0)
    assert [list(r["test_scores"].values()) for r in results] == [[-1, -1], [1, 2], [-1, -1]]


def test_failures_are_told_apart_by_their_reasons_and_counted_together():
    here, there = (f'Traceback\n  File "{name}"\n    x\nE: 1' for name in "ab")
    errors = [here, None, there, "F"]
    results = [split(0.0, error, number) for number, error in enumerate(errors, start=1)]
    assert [(f.splits, f.reason) for f in failures_of(results)] == [((1, 3), "E: 1"), ((4,), "F")]
    texts = [result["fit_error"] for result in merge_equal_errors(results)]
    assert texts == [errors[0], None, errors[0], "F"]
