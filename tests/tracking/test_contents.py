"""What trackers are told."""

import csv
import io
import json

import numpy as np
import pytest
from sklearn.svm import SVC

from skbayes.evaluation.finished_trial import FinishedTrial
from skbayes.tracking.contents import as_csv, begin_of, end_of, plain, shown_space, trial_of
from tests.tracking.searches import SPACE, X, Y, halving_of, is_plain, search_of


def trial(scores, **options):
    scores = np.array(scores)
    times = np.where(np.isnan(scores), np.nan, 0.5)
    mean = float(np.mean(scores))
    return FinishedTrial(
        3,
        {"C": np.float64(2.0)},
        mean,
        "score",
        {"score": scores},
        times,
        times,
        1.0,
        2.0,
        **options,
    )


def test_metrics_are_those_of_the_table():
    message = trial_of(trial([0.5, 0.7]), None)
    assert message.metrics == pytest.approx(
        {
            "mean_test_score": 0.6,
            "std_test_score": 0.1,
            "split0_test_score": 0.5,
            "split1_test_score": 0.7,
            "mean_fit_time": 0.5,
            "std_fit_time": 0.0,
            "mean_score_time": 0.5,
            "std_score_time": 0.0,
            "n_splits_evaluated": 2.0,
        }
    )
    assert message.params == {"C": 2.0}
    assert is_plain(message.params)
    assert (message.began, message.ended, message.status) == (1.0, 2.0, "FINISHED")


def test_what_was_not_evaluated_is_left_out():
    message = trial_of(trial([0.5, np.nan], is_dropped=True), None)
    assert "split1_test_score" not in message.metrics
    assert message.metrics["n_splits_evaluated"] == 1
    assert message.tags == {"skbayes.dropped": "true"}
    assert all(np.isfinite(value) for value in message.metrics.values())


@pytest.mark.parametrize("search", [search_of(None), halving_of(None)], ids=["bayes", "halving"])
def test_a_search_is_told_in_plain_values(search):
    search.fit(X, Y)
    begin, end = begin_of(search), end_of(search, None)
    assert is_plain(begin.params)
    assert begin.params["seed"] == search.seed_
    assert begin.tags["skbayes.run_id"] == search.run_id_
    assert is_plain(end.params)
    json.dumps([begin.params, begin.texts, end.params, end.metrics, end.texts])
    rows = list(csv.DictReader(io.StringIO(end.texts["cv_results.csv"])))
    assert len(rows) == len(search.cv_results_["params"])


def test_a_search_that_found_nothing_is_told_too():
    search = search_of(None)
    end = end_of(search, ValueError("all fits failed"))
    assert end.status == "FAILED"
    assert "all fits failed" in end.tags["skbayes.error"]
    assert (end.params, end.texts) == ({}, {})


def test_values_become_plain():
    assert [type(plain(value)) for value in (np.float32(1), np.int64(1), np.bool_(True))] == [
        float,
        int,
        bool,
    ]
    assert plain("rbf") == "rbf"
    assert plain(SVC()) == "SVC()"
    assert plain(None) == "None"
    assert len(plain("x" * 10_000)) == 500
    assert plain(10**30) == "1" + "0" * 30


def test_a_space_is_a_line_for_every_parameter():
    assert shown_space([{"C": [1, 2]}, SPACE]).splitlines()[:3] == [
        "C: [1, 2]",
        "",
        "C: loguniform(0.01, 1000)",
    ]


def test_a_table_has_empty_cells_where_it_is_masked():
    results = {"param_C": np.ma.array([1.0, 2.0], mask=[False, True]), "params": [{}, {}]}
    assert as_csv(results) == 'param_C\n1.0\n""\n' or as_csv(results) == "param_C\n1.0\n\n"
