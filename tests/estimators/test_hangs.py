"""Nothing outside a search keeps it waiting: stopped workers, lost folders, forked processes."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import uniform
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import KFold

from skbayes import BayesSearchCV, HalvingBayesSearchCV, TPESearchCV
from skbayes.engine.records.journal import Journal

X, Y = load_iris(return_X_y=True)
ON_POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")


class Model(ClassifierMixin, BaseEstimator):
    """A model of known score that can do harm while it is fitted."""

    def __init__(self, x=0.0, harm=None, harms_above=0.5):
        self.x, self.harm, self.harms_above = x, harm, harms_above

    def fit(self, X, y):
        if self.harm is not None and self.x > self.harms_above:
            self.harm()
        return self

    def score(self, X, y):
        return -((self.x - 0.3) ** 2)


def make(cls=BayesSearchCV, **options):
    model = Model(harm=options.pop("harm", None), harms_above=options.pop("harms_above", 0.5))
    options = {"n_iter": 6, "cv": 2, "random_state": 0, "refit": False} | options
    return cls(model, {"x": uniform(0, 1)}, **options)


def stop():
    """Stop the process, watchdog and all, as a debugger or a full cgroup does."""
    os.kill(os.getpid(), signal.SIGSTOP)


@ON_POSIX
@pytest.mark.slow
def test_a_stopped_worker_does_not_outlive_max_fit_time():
    given = [{"x": 0.1}, {"x": 0.9}]
    search = make(n_jobs=2, max_fit_time=0.5, n_iter=2, harm=stop, initial_params=given)
    with pytest.warns((FitFailedWarning, UserWarning)):
        search.fit(X, Y)
    assert set(search.failures_) == {1}
    (failure,) = search.failures_[1]
    assert failure.splits == (0, 1)
    assert failure.reason.endswith("FitProcessDied: exceeded max_fit_time=0.5")
    assert "The process was stopped" in failure.traceback


@pytest.mark.slow
@ON_POSIX
def test_a_stopped_worker_that_is_a_suspect_does_not_outlive_max_fit_time():
    """One split kills its process; the other stops its own, also when it is tried alone."""

    class Both(Model):
        def fit(self, X, y):
            if self.x == 0.9:
                if X[0, 0] == 0:
                    time.sleep(0.3)
                    os._exit(1)
                stop()
            return self

    data = np.arange(20.0)[:, np.newaxis], np.arange(20) % 2
    search = BayesSearchCV(Both(), {"x": uniform(0, 1)}, n_iter=2, cv=KFold(2), refit=False)
    search.set_params(initial_params=[{"x": 0.1}, {"x": 0.9}], n_jobs=2, max_fit_time=1)
    with pytest.warns((FitFailedWarning, UserWarning)):
        search.fit(*data)
    reasons = {f.splits: f.reason.partition(": ")[2] for f in search.failures_[1]}
    assert reasons == {
        (0,): "exceeded max_fit_time=1",
        (1,): "the process that fitted it died",
    }


@pytest.mark.slow
@ON_POSIX
def test_a_stopped_worker_does_not_outlive_the_timeout():
    search = make(n_jobs=2, timeout=12, n_iter=None, harm=stop, harms_above=0.9)
    search.set_params(initial_params=[{"x": 0.1}, {"x": 0.2}, {"x": 0.95}], n_points=1).fit(X, Y)
    assert search.cv_results_["param_x"].tolist() == [0.1, 0.2]


def test_a_vanished_temporary_folder_is_warned_of_once_and_the_search_goes_on(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    search = make(n_jobs=2, harm=_Removing(str(tmp_path)), harms_above=-1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.fit(X, Y)
    texts = [str(w.message) for w in caught if "cannot be watched" in str(w.message)]
    assert len(texts) == 1
    expected = make().fit(X, Y).cv_results_["mean_test_score"]
    assert search.cv_results_["mean_test_score"].tolist() == expected.tolist()


class _Removing:
    """Removes what is in a folder."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self):
        for folder in Path(self.folder).glob("skbayes-*"):
            shutil.rmtree(folder, ignore_errors=True)


def test_without_any_temporary_folder_the_search_goes_on_unwatched(monkeypatch):
    def refuse(*args, **kwargs):
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("skbayes.engine.workers.TemporaryDirectory", refuse)
    with pytest.warns(UserWarning, match="There is no folder for temporary files"):
        search = make(n_jobs=2).fit(X, Y)
    assert len(search.cv_results_["params"]) == 6


@pytest.mark.parametrize("cls", [BayesSearchCV, TPESearchCV, HalvingBayesSearchCV])
@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize(
    ("pre_dispatch", "message"),
    [
        (0, "pre_dispatch=0 comes to 0 tasks.*give 1 or more"),
        (-2, "comes to -2"),
        ("0*n_jobs", "comes to 0"),
        ("n_jobs - 2", "comes to"),
        ("many", "neither a number, nor 'all'"),
    ],
)
def test_a_pre_dispatch_of_nothing_is_refused(cls, n_jobs, pre_dispatch, message):
    options = {"n_candidates": 6} if cls is HalvingBayesSearchCV else {"n_iter": 6}
    search = cls(Model(), {"x": uniform()}, n_jobs=n_jobs, pre_dispatch=pre_dispatch, **options)
    with pytest.raises(ValueError, match=message):
        search.fit(X, Y)


@pytest.mark.parametrize("pre_dispatch", ["all", 1, "n_jobs", "1.5*n_jobs", 10**9])
def test_any_other_pre_dispatch_gives_the_same_search(pre_dispatch):
    search = make(n_jobs=2, pre_dispatch=pre_dispatch).fit(X, Y)
    expected = make().fit(X, Y).cv_results_["mean_test_score"]
    assert search.cv_results_["mean_test_score"].tolist() == expected.tolist()


FORKING = """
import os, signal, sys, time
from scipy.stats import uniform
from sklearn.datasets import load_iris
from sklearn.svm import SVC
from skbayes import BayesSearchCV

class Forking(SVC):
    def fit(self, X, y):
        if self.C > 0.5:
            ready, begun = os.pipe()
            if os.fork() == 0:
                print(os.getpid(), flush=True)
                os.write(begun, b"x")
                time.sleep(60)
                os._exit(0)
            os.read(ready, 1)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y)

BayesSearchCV(Forking(), {"C": uniform(0.1, 1)}, random_state=0, checkpoint=sys.argv[1]).fit(
    *load_iris(return_X_y=True)
)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_a_process_that_a_fit_has_forked_does_not_keep_the_journal(tmp_path):
    command = [sys.executable, "-c", FORKING, tmp_path / "j"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
        child = int(program.stdout.readline())
        try:
            assert program.wait(50) == -signal.SIGKILL
            with Journal(tmp_path / "j") as journal:  # the child is alive, and has let go of it
                assert journal.header is not None
            os.kill(child, 0)
        finally:
            os.kill(child, signal.SIGKILL)
