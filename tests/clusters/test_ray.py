"""Searches on Ray, with two processes on this machine."""

import time

import joblib
import pytest
import ray
from numpy.testing import assert_equal
from ray.util.joblib import register_ray

from tests.clusters.models import (
    KillsItsWorker,
    Quadratic,
    X,
    Y,
    announced_by_all_searches,
    assert_that_killing_splits_failed,
    columns_of,
    search_of,
    share_that_overlaps,
)

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """Make Ray joblib's backend."""
    register_ray()
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR")
    with joblib.parallel_config("ray"):
        yield
    ray.shutdown()


@pytest.mark.parametrize("racing", [False, 0.2])
def test_the_search_is_that_of_one_process(racing):
    with joblib.parallel_config("loky"):
        alone = columns_of(search_of(Quadratic(), racing=racing).fit(X, Y))
    seen = []
    options = {
        "racing": racing,
        "n_jobs": 2,
        "callbacks": lambda _, trial: seen.append(trial.number),
    }
    there = search_of(Quadratic(), **options).fit(X, Y)
    assert_equal(columns_of(there), alone)
    assert seen == list(range(12))
    assert len(set(there.timeline_["worker"])) >= 2


def test_all_searches_announce_each_trial_once(tmp_path):
    for announced, expected in announced_by_all_searches(tmp_path, n_jobs=2):
        assert announced == expected


def test_workers_are_kept_busy():
    search = search_of(Quadratic(seconds=0.05), racing=False, n_jobs=2).fit(X, Y)
    assert share_that_overlaps(search.timeline_) > 0.5


def test_a_split_that_kills_its_workers_is_failed():
    search = search_of(KillsItsWorker(), racing=False, n_iter=6, error_score=-9.0, n_jobs=2)
    search.fit(X, Y)
    assert_that_killing_splits_failed(search)


def test_the_timeout_is_exceeded_by_less_than_a_split():
    options = {"n_iter": None, "timeout": 3, "racing": False, "n_points": 4, "n_jobs": 2}
    options["refit"] = False  # it comes on top
    begin = time.monotonic()
    search_of(Quadratic(seconds=0.4), **options).fit(X, Y)
    assert time.monotonic() - begin < 3 + 0.4
