"""Callbacks of a search: each finished trial once, in order, in the main process."""

import logging
import os
import pickle
import re
import subprocess
import sys
import threading

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_validate
from sklearn.svm import SVC
from sklearn.utils.validation import check_is_fitted

from skbayes import BayesSearchCV, FinishedTrial, HalvingBayesSearchCV, TPESearchCV
from skbayes._sklearn_compat import HAS_CALLBACKS

X, Y = load_iris(return_X_y=True)
SPACE = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 10)}
SLOW = [pytest.param(cls, marks=pytest.mark.slow) for cls in (HalvingBayesSearchCV, TPESearchCV)]
CLASSES = [BayesSearchCV, *SLOW]
BACKENDS = [("loky", 1), ("loky", 2), ("threading", 2), ("multiprocessing", 2)]


@pytest.fixture(params=CLASSES, ids=lambda cls: cls.__name__)
def make(request):
    """Return a function that makes a small search of the class."""
    size = {"n_iter": 6, "racing": 0.2}
    if request.param is HalvingBayesSearchCV:
        size = {"n_candidates": 4, "min_resources": 50}

    def make_search(**options):
        return request.param(SVC(), SPACE, **(size | {"cv": 4, "random_state": 0} | options))

    return make_search


class Recorder:
    """Writes down all that it is told."""

    def __init__(self, stop_at=None):
        self.trials, self.events, self.bests = [], [], []
        self.stop_at = stop_at
        self.lock = threading.Lock()  # so that a deep copy fails

    def on_search_begin(self, search):
        self.events.append("begin")
        assert search.best_trial_ is None
        assert len(search.splits_) == search.n_splits_

    def __call__(self, search, trial):
        self.trials.append(trial)
        self.bests.append(search.best_trial_)
        return trial.number == self.stop_at

    def on_search_end(self, search):
        self.events.append("end")


@pytest.mark.parametrize(("backend", "n_jobs"), BACKENDS)
def test_a_function_sees_each_trial_once_and_in_order(make, backend, n_jobs):
    seen = []

    def note(search, trial):
        assert threading.current_thread() is threading.main_thread()
        seen.append((trial.number, trial.score))

    with joblib.parallel_config(backend):
        search = make(callbacks=note, n_jobs=n_jobs).fit(X, Y)
    results = search.cv_results_
    assert [number for number, _ in seen] == list(range(len(results["params"])))
    dropped = np.isnan(results["split0_test_score"] + results["split3_test_score"])
    scores = np.array([score for _, score in seen])
    assert_allclose(scores[~dropped], results["mean_test_score"][~dropped], rtol=1e-9)


def test_a_trial_tells_what_the_table_tells(make):
    recorder = Recorder()
    search = make(callbacks=[recorder], scoring=["accuracy", "f1_macro"], refit="f1_macro")
    search.fit(X, Y)
    results = search.cv_results_
    assert recorder.events == ["begin", "end"]
    for trial, params in zip(recorder.trials, results["params"], strict=True):
        n = trial.number
        assert isinstance(trial, FinishedTrial)
        assert trial.params == params
        assert trial.metric == "f1_macro"
        for metric in ("accuracy", "f1_macro"):
            expected = [results[f"split{k}_test_{metric}"][n] for k in range(4)]
            assert_array_equal(trial.scores[metric], expected)
        assert_allclose(np.nanmean(trial.fit_times), results["mean_fit_time"][n])
        assert_allclose(np.nanmean(trial.score_times), results["mean_score_time"][n])
        timeline = {k: v[search.timeline_["candidate"] == n] for k, v in search.timeline_.items()}
        assert trial.began == timeline["begin"].min()
        assert trial.ended == timeline["end"].max()
        assert trial.n_evaluated == len(timeline["split"])
        assert trial.is_dropped == (trial.n_evaluated < 4)
        assert not trial.is_restored
        assert trial.failures == []
        if isinstance(search, HalvingBayesSearchCV):
            assert trial.resource == results["n_resources"][n]
            assert (trial.bracket, trial.rung) == (results["bracket"][n], results["iter"][n])
        else:
            assert (trial.resource, trial.bracket, trial.rung) == (None, None, None)
    assert recorder.bests[-1].number == search.best_index_
    assert_allclose(recorder.bests[-1].score, search.best_score_)
    own = recorder.bests[-1].scores["f1_macro"]
    assert_allclose(recorder.bests[-1].standard_error, np.std(own, ddof=1) / 2)
    assert not hasattr(search, "best_trial_")


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_true_answer_ends_the_search_at_this_trial(make, n_jobs):
    full = make().fit(X, Y)
    first, last = Recorder(stop_at=2), Recorder()
    stopped = make(callbacks=[first, last], n_jobs=n_jobs).fit(X, Y)
    assert [trial.number for trial in last.trials] == [0, 1, 2]
    assert stopped.cv_results_["params"] == full.cv_results_["params"][:3]
    assert hasattr(stopped, "best_estimator_")


def test_restored_trials_are_announced_as_restored(make, tmp_path):
    options = {"checkpoint": tmp_path / "journal"}
    make(callbacks=Recorder(stop_at=2), **options).fit(X, Y)
    again = Recorder()
    search = make(callbacks=again, n_jobs=2, **options).fit(X, Y)
    assert [t.number for t in again.trials] == list(range(len(search.cv_results_["params"])))
    restored = [t.is_restored for t in again.trials]
    assert restored[:3] == [True] * 3
    assert not restored[-1]
    assert np.isfinite(again.trials[0].began)


def test_trials_of_an_earlier_search_are_announced_as_restored():
    options = {"n_iter": 3, "random_state": 0}
    earlier = BayesSearchCV(SVC(), SPACE, **options).fit(X, Y)
    recorder = Recorder()
    BayesSearchCV(SVC(), SPACE, initial_trials=earlier, callbacks=recorder, **options).fit(X, Y)
    assert [trial.is_restored for trial in recorder.trials] == [True] * 3 + [False] * 3
    assert np.isnan(recorder.trials[0].began)


class StopsShort(Exception):
    pass


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_an_error_of_a_callback_comes_through_and_nothing_is_lost(make, n_jobs, tmp_path):
    def fails(search, trial):
        if trial.number == 2:
            raise StopsShort("enough")

    recorder = Recorder()
    journal = tmp_path / "journal"
    search = make(callbacks=[recorder, fails], n_jobs=n_jobs, checkpoint=journal)
    with pytest.raises(StopsShort, match="enough") as caught:
        search.fit(X, Y)
    assert "keeps the" in caught.value.__notes__[0]
    assert len(search.cv_results_["params"]) >= 3
    assert len(journal.read_text().splitlines()) >= 4
    assert recorder.events == ["begin", "end"]
    assert not hasattr(search, "best_trial_")
    search.set_params(callbacks=None).fit(X, Y)
    whole = make().fit(X, Y)
    assert_array_equal(search.cv_results_["mean_test_score"], whole.cv_results_["mean_test_score"])


def test_the_end_is_told_even_if_another_callback_fails_then(make):
    class FailsAtTheEnd(Recorder):
        def on_search_end(self, search):
            raise StopsShort("at the end")

    last = Recorder()
    search = make(callbacks=[FailsAtTheEnd(), last])
    with pytest.raises(StopsShort, match="at the end"):
        search.fit(X, Y)
    assert last.events == ["begin", "end"]
    check_is_fitted(search)


def test_an_error_of_the_search_is_not_hidden_by_a_callback():
    class FailsAtTheEnd(Recorder):
        def on_search_end(self, search):
            raise StopsShort("at the end")

    search = BayesSearchCV(
        SVC(), {"C": [-1.0, -2.0, -3.0]}, error_score="raise", callbacks=[FailsAtTheEnd()]
    )
    with pytest.raises(ValueError, match="The 'C' parameter") as caught:
        search.fit(X, Y)
    assert caught.value.__notes__ == [
        "FailsAtTheEnd.on_search_end has failed too: StopsShort('at the end')"
    ]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more")
def test_a_failed_trial_tells_why():
    recorder = Recorder()
    BayesSearchCV(SVC(), {"C": [-1.0, 1.0]}, callbacks=recorder).fit(X, Y)
    failed, fine = sorted(recorder.trials, key=lambda trial: trial.params["C"])
    assert "The 'C' parameter" in failed.failures[0].reason
    assert np.isnan(failed.score)
    assert not failed.is_candidate
    assert recorder.bests[-1] is fine


def test_clones_share_the_callbacks(make):
    recorder = Recorder()
    search = make(callbacks=[recorder])
    copy = clone(search)
    assert copy.callbacks is search.callbacks
    assert copy.estimator is not search.estimator
    cross_validate(search, X, Y, cv=3)
    assert recorder.events == ["begin", "end"] * 3


def test_a_search_with_callbacks_works_in_workers(make, tmp_path):
    def note(search, trial):
        with open(tmp_path / "log", "a") as log:
            log.write(f"{trial.number}\n")

    search = make(callbacks=note, checkpoint=f"{tmp_path}/journals/")
    found = cross_validate(search, X, Y, cv=2, n_jobs=2, return_estimator=True)
    n = sum(len(fitted.cv_results_["params"]) for fitted in found["estimator"])
    assert len((tmp_path / "log").read_text().split()) == n


def test_a_fitted_search_with_callbacks_can_be_pickled(make):
    search = make(callbacks=print).fit(X, Y)
    assert pickle.loads(pickle.dumps(search)).callbacks is print


@pytest.mark.parametrize(
    ("callbacks", "message"),
    [
        (5, r"^callbacks: 5 is not callable; give a function"),
        ([print, "x"], r"^callbacks\[1\]: 'x' is not callable"),
        (
            Recorder,
            r"^callbacks: Recorder is a class; give an instance of it, such as Recorder\(\)",
        ),
    ],
)
def test_what_is_no_callback_is_refused(make, callbacks, message):
    with pytest.raises(TypeError, match=message):
        make(callbacks=callbacks).fit(X, Y)


@pytest.mark.skipif(not HAS_CALLBACKS, reason="scikit-learn has callbacks from 1.9 on")
def test_a_callback_of_scikit_learn_is_told_apart(make):
    from sklearn.callback import ProgressBar

    with pytest.raises(TypeError, match=r"set it with search\.set_callbacks\(ProgressBar\(\)\)"):
        make(callbacks=ProgressBar()).fit(X, Y)


def test_the_log_tells_begin_best_end_and_resume(make, caplog, tmp_path):
    caplog.set_level(logging.INFO, logger="skbayes")
    stops = Recorder(stop_at=1)
    search = make(checkpoint=tmp_path / "j", callbacks=stops).fit(X, Y)
    name = type(search).__name__
    texts = [record.message for record in caplog.records]
    assert texts[0] == f"{name} begins"
    assert texts[1].startswith("trial 0 is the best so far: 0.")
    assert re.match(rf"{name} ends after 2 trials; best score 0\.\d+$", texts[-1])
    caplog.clear()
    make(checkpoint=tmp_path / "j").fit(X, Y)
    assert "resumed after 2 restored trials" in [record.message for record in caplog.records]


QUIET = """
import logging
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.svm import SVC
from skbayes import BayesSearchCV
logging.getLogger("skbayes").warning("not shown")
BayesSearchCV(SVC(), {"C": loguniform(1, 9)}, n_iter=3).fit(*load_iris(return_X_y=True))
assert logging.getLogger().handlers == []
"""


def test_a_search_is_quiet_by_default():
    done = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


class Dies(SVC):
    def fit(self, X, y):
        if self.C > 10:
            os._exit(1)
        return super().fit(X, y)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more")
def test_lost_workers_are_logged_as_a_warning(caplog):
    space = {"C": [1.0, 20.0]}
    TPESearchCV(Dies(), space, cv=2, n_jobs=2).fit(X, Y)
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert warned[0].message.startswith("worker processes died; under way were (trial, split): (1,")
