"""The stages, and the one that is chosen by the mean over the splits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skbayes.evaluation.growth.stages import (
    at_position,
    best_position,
    chosen_position,
    curves_by_split,
    stages_up_to,
)
from skbayes.evaluation.results import at_best_stage, outcome_of


def result(split, *curve, stages=None, **others):
    stages = list(range(1, len(curve) + 1)) if stages is None else stages
    curves = {"stages": stages, "test": {"score": list(curve)}}
    times = {"fit_time": 1.0, "score_time": 0.0, "fit_error": None}
    return {"split": split, "test_scores": curve[-1], "curves": curves, **times, **others}


@given(st.integers(1, 100_000), st.floats(1.01, 3.0))
def test_neighbouring_stages_are_close_and_the_last_one_is_the_most(most, ratio):
    stages = np.array(stages_up_to(most, ratio))
    assert stages[0] == 1
    assert stages[-1] == most
    steps = np.diff(stages)
    assert (steps >= 1).all()
    assert (steps <= np.maximum(1, stages[:-1] * (ratio - 1) + 1)).all()


def test_no_stage_is_left_out_where_there_are_few():
    assert stages_up_to(20) == list(range(1, 21))


@given(st.integers(1, 5), st.integers(1, 12), st.integers(0, 1000))
def test_the_best_stage_is_the_first_with_the_best_mean(n_splits, n_stages, seed):
    curves = np.random.default_rng(seed).integers(0, 4, (n_splits, n_stages)) / 4
    means = [np.mean(curves[:, stage]) for stage in range(n_stages)]
    assert best_position(curves) == means.index(max(means))


def test_a_stage_without_a_score_on_one_split_is_not_chosen():
    curves = np.array([[0.1, 0.2, 0.9], [0.1, 0.3, np.nan]])
    assert best_position(curves) == 1
    assert best_position(np.full((2, 3), np.nan)) is None


def test_the_mean_decides_and_not_the_best_stage_of_a_split():
    results = [result(0, 0.5, 0.9, 0.6), result(1, 0.5, 0.1, 0.6)]
    outcome = outcome_of(results, None, staged="max_iter")
    assert outcome.scores == {"score": (0.6, 0.6)}
    assert outcome.found == {"max_iter": 3}


def test_a_stage_that_a_split_has_not_reached_is_not_chosen():
    results = [result(0, 0.5, 0.6), result(1, 0.5, 0.6, 0.9)]
    assert chosen_position(results, "score") == 1
    assert at_best_stage(results, None)[1] == 2


def test_a_split_that_failed_has_no_say_in_the_stage():
    failed = {**result(1, 0.0), "curves": None, "test_scores": -1.0, "fit_error": "ValueError: no"}
    results = [result(0, 0.5, 0.9, 0.6), failed]
    outcome = outcome_of(results, None, staged="n")
    assert outcome.scores == {"score": (0.9, -1.0)}
    assert outcome.found == {"n": 2}
    assert outcome_of([failed], None, staged="n").found == {}


def test_several_metrics_are_taken_at_the_stage_of_the_one_that_decides():
    curves = {"stages": [2, 4], "test": {"a": [0.1, 0.2], "b": [0.9, 0.8]}}
    one = result(0, 0.0, test_scores={"a": 0.2, "b": 0.8}) | {"curves": curves}
    by_a, by_b = (outcome_of([one], metric, staged="n") for metric in "ab")
    assert (by_a.scores, by_a.found) == ({"a": (0.2,), "b": (0.8,)}, {"n": 4})
    assert (by_b.scores, by_b.found) == ({"a": (0.1,), "b": (0.9,)}, {"n": 2})


def test_training_scores_are_those_of_the_stage_too():
    one = result(0, 0.5, 0.9, 0.6, train_scores=0.99)
    one["curves"]["train"] = {"score": [0.6, 0.8, 0.99]}
    at_best = at_position(one, 1)
    assert (at_best["test_scores"], at_best["train_scores"]) == (0.9, 0.8)


def test_curves_as_arrays_have_a_row_for_each_split():
    arrays = curves_by_split([result(0, 0.1, 0.2), result(2, 0.3, 0.4, 0.5)], n_splits=3)
    assert arrays["stages"].tolist() == [1, 2, 3]
    expected = [[0.1, 0.2, np.nan], [np.nan] * 3, [0.3, 0.4, 0.5]]
    np.testing.assert_array_equal(arrays["test_score"], expected)
    assert curves_by_split([], n_splits=3)["stages"].size == 0


@pytest.mark.parametrize("staged", [None, "n"])
def test_results_without_curves_are_as_they_were(staged):
    plain = {k: v for k, v in result(0, 0.7).items() if k != "curves"}
    outcome = outcome_of([plain], None, staged=staged)
    assert (outcome.scores, outcome.found) == ({"score": (0.7,)}, {})
