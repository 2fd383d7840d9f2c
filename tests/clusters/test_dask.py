"""Searches on a dask cluster of processes on this machine."""

import os
import pickle
import signal
import threading
import time

import joblib
import numpy as np
import pytest
from distributed import Client, LocalCluster
from numpy.testing import assert_equal

from skbayes import TPESearchCV
from skbayes.engine.executors import dask as executors
from tests.clusters.models import (
    SPACE,
    KillsItsWorker,
    Quadratic,
    X,
    Y,
    announced_by_all_searches,
    assert_that_killing_splits_failed,
    columns_of,
    fits_in,
    search_of,
    share_that_overlaps,
)

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def client():
    """Return a client of two workers, active as joblib's backend."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
        joblib.parallel_config("dask"),
    ):
        yield client


def pids_of(client):
    return list(client.run(os.getpid).values())


@pytest.mark.parametrize("racing", [False, 0.2])
def test_the_search_is_that_of_one_process(client, racing):
    here = search_of(Quadratic(), racing=racing)
    with joblib.parallel_config("loky"):
        alone = columns_of(here.fit(X, Y))
    seen = []
    there = search_of(Quadratic(), racing=racing, callbacks=lambda _, t: seen.append(t.number))
    assert_equal(columns_of(there.fit(X, Y)), alone)
    assert seen == list(range(12))
    assert len(set(there.timeline_["worker"])) == 2


def test_all_searches_announce_each_trial_once(client, tmp_path):
    for announced, expected in announced_by_all_searches(tmp_path):
        assert announced == expected


def test_workers_are_kept_busy(client):
    search = search_of(Quadratic(seconds=0.05), racing=False).fit(X, Y)
    assert share_that_overlaps(search.timeline_) > 0.5


@pytest.mark.parametrize("which", [[0], [0, 1]])
def test_lost_workers_change_nothing(client, which, tmp_path):
    with joblib.parallel_config("loky"):
        alone = columns_of(search_of(Quadratic(), racing=False).fit(X, Y))
    pids = pids_of(client)

    def kill(search, trial):
        if trial.number == 3:
            for number in which:
                os.kill(pids[number], signal.SIGKILL)

    model = Quadratic(seconds=0.05, folder=tmp_path)
    search = search_of(model, racing=False, callbacks=kill).fit(X, Y)
    assert_equal(columns_of(search), alone)
    n_fits, n_different = fits_in(tmp_path)
    assert n_different == 48
    assert n_fits <= 48 + 8  # only what was under way was fitted again


def test_a_split_that_kills_its_workers_is_failed(client):
    search = search_of(KillsItsWorker(), racing=False, n_iter=6, error_score=-9.0).fit(X, Y)
    assert_that_killing_splits_failed(search)
    reasons = {f.reason for failures in search.failures_.values() for f in failures}
    assert len(reasons) == 1
    assert "the worker that fitted it died" in reasons.pop()


def test_the_timeout_is_exceeded_by_less_than_a_split(client):
    options = {"n_iter": None, "timeout": 3, "racing": False, "n_points": 4}
    search = search_of(Quadratic(seconds=0.4), refit=False, **options)  # the refit comes on top
    begin = time.monotonic()
    search.fit(X, Y)
    assert time.monotonic() - begin < 3 + 0.4
    assert len(search.cv_results_["params"]) >= 1


def test_large_arguments_are_sent_once(client, monkeypatch):
    sizes, sent = [], []
    start, send = executors.DaskExecutor.start, executors.DaskExecutor.send

    def counting_start(self, packed, references):
        sizes.append(len(pickle.dumps(packed)))
        return start(self, packed, references)

    def counting_send(self, value):
        sent.append(value)
        return send(self, value)

    monkeypatch.setattr(executors.DaskExecutor, "start", counting_start)
    monkeypatch.setattr(executors.DaskExecutor, "send", counting_send)
    large, targets = np.random.default_rng(0).random((20_000, 10)), np.arange(20_000.0)
    search_of(Quadratic(), racing=False).fit(large, targets)
    assert len(sizes) > 10  # short splits share a task
    assert max(sizes) < 5000
    assert sum(value is large for value in sent) == 1
    assert len(sent) == 2 + 4  # the data, and four pairs of indices


def test_max_fit_time_is_refused(client):
    with pytest.raises(ValueError, match="max_fit_time=1 needs processes that can be ended"):
        search_of(Quadratic(), max_fit_time=1).fit(X, Y)


def test_a_search_in_a_search_shares_the_cluster(client):
    inner = TPESearchCV(Quadratic(), SPACE, n_iter=3, cv=2, random_state=0, n_jobs=2)
    outer = TPESearchCV(inner, {"n_initial_points": [1, 2]}, cv=2, n_jobs=2).fit(X, Y)
    assert len(outer.cv_results_["params"]) == 2


def test_two_searches_in_threads_share_the_cluster(client):
    found = {}

    def run(name):
        with joblib.parallel_config("dask", client=client):
            found[name] = columns_of(search_of(Quadratic(seconds=0.01), racing=False).fit(X, Y))

    threads = [threading.Thread(target=run, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_equal(found["a"], found["b"])


def test_an_early_end_leaves_nothing_behind(client):
    search_of(Quadratic(seconds=0.05), callbacks=lambda s, t: t.number == 2).fit(X, Y)
    deadline = time.monotonic() + 10
    while any(client.processing().values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
