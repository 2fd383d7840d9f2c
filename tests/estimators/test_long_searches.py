"""Searches that are interrupted, run out of time, or whose workers die."""

import os
import pickle
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config
from scipy.stats import uniform
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.model_selection import KFold
from sklearn.tree import DecisionTreeClassifier

import skbayes
from skbayes import BayesSearchCV, HalvingBayesSearchCV, TPESearchCV
from skbayes._sklearn_compat import HAS_CALLBACKS
from tests.estimators.conftest import columns_of

X, Y = load_iris(return_X_y=True)
PROGRAMS = Path(__file__).parents[1] / "programs"
SPACE = {"x": uniform(0, 1)}


class Model(ClassifierMixin, BaseEstimator):
    """A model that does to some fits what it is told, by a number that params and data make."""

    def __init__(self, x=0.5, seconds=0.0, share_dying=0.0, share_hanging=0.0, only_raises=False):
        self.x = x
        self.seconds = seconds
        self.share_dying = share_dying
        self.share_hanging = share_hanging
        self.only_raises = only_raises

    def fit(self, X, y):
        draw = np.random.default_rng([int(1e9 * self.x), int(1e3 * X.sum())]).random()
        if draw < self.share_dying:
            if self.only_raises:
                raise ValueError("died")
            os._exit(1)
        if draw > 1 - self.share_hanging:
            if self.only_raises:
                raise ValueError("hung")
            time.sleep(3600)
        time.sleep(self.seconds)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def score(self, X, y):
        return -((self.x - 0.3) ** 2)


def search_with(model, cls=BayesSearchCV, **options):
    return cls(model, SPACE, **({"random_state": 0, "refit": False, "n_iter": 8} | options))


class Interrupting(DecisionTreeClassifier):
    n_fits = 0

    def fit(self, X, y, sample_weight=None, check_input=True):
        Interrupting.n_fits += 1
        if Interrupting.n_fits == 23:
            raise KeyboardInterrupt
        return super().fit(X, y, sample_weight, check_input)


@pytest.fixture
def interrupted(monkeypatch):
    monkeypatch.setattr(Interrupting, "n_fits", 0)
    space = {"max_depth": [1, 2, 3], "min_samples_leaf": [1, 2, 3, 4, 5]}
    search = BayesSearchCV(Interrupting(random_state=0), space, n_iter=9, random_state=0)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    return search


def test_an_interrupted_search_has_what_it_found(interrupted):
    results = interrupted.cv_results_
    assert len(results["params"]) == 4
    best = interrupted.best_index_
    assert interrupted.best_params_ == results["params"][best]
    assert interrupted.best_score_ == results["mean_test_score"].max()
    assert interrupted.n_splits_ == 5
    assert not hasattr(interrupted, "best_estimator_")


def test_an_interrupted_search_says_how_to_refit_and_its_words_are_true(interrupted):
    for method in (interrupted.predict, interrupted.predict_proba):
        with pytest.raises(NotFittedError, match=r"has no best estimator: its search was interrup"):
            method(X)
    with pytest.raises(NotFittedError, match=r"set_params\(\*\*search.best_params_\)"):
        interrupted.score(X, Y)
    search = interrupted
    model = clone(search.estimator).set_params(**search.best_params_).fit(X, Y)
    assert model.score(X, Y) > 0.9
    assert "max_depth" in repr(search)
    search.set_params(n_iter=5).fit(X, Y)
    assert search.predict(X).shape == (150,)


def test_an_interrupt_before_anything_is_finished_leaves_nothing(monkeypatch):
    monkeypatch.setattr(Interrupting, "n_fits", 20)
    search = BayesSearchCV(Interrupting(), {"max_depth": [1, 2]}, n_iter=2)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    assert not hasattr(search, "cv_results_")
    with pytest.raises(NotFittedError, match="not fitted yet"):
        search.predict(X)


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("seed", range(10))
def test_ctrl_c_leaves_no_process_and_a_search_that_can_be_used(n_jobs, seed, tmp_path):
    command = [sys.executable, PROGRAMS / "interrupted.py", str(n_jobs), tmp_path / "found"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as program:
        assert program.stdout.readline() == b"searching\n"
        time.sleep(np.random.default_rng([n_jobs, seed]).uniform(0.1, 4.0))
        os.killpg(program.pid, signal.SIGINT)  # as a terminal does, to all of them
        assert program.wait(60) == 0
    found = pickle.loads((tmp_path / "found").read_bytes())
    assert found["n_workers_left"] == 0
    assert found["n_after"] == 3
    assert found["is_consistent"]


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("cls", [BayesSearchCV, TPESearchCV])
def test_a_search_stopped_by_the_clock_is_the_beginning_of_the_whole(cls, n_jobs):
    search = search_with(Model(seconds=0.03), cls, n_iter=None, timeout=3, n_jobs=n_jobs)
    search.set_params(racing=False).fit(X, Y)
    n = len(search.cv_results_["params"])
    # What the fits sleep is all the time there is, but for the trial that began last.
    assert 0 < n <= 1 + 3 * n_jobs / (0.03 * search.n_splits_)
    whole = search_with(Model(), cls, n_iter=n + 2, racing=False).fit(X, Y)
    assert columns_of(search)["params"] == columns_of(whole, n)["params"]


@pytest.mark.slow
def test_one_trial_is_finished_however_short_the_time():
    search = search_with(Model(seconds=0.05), timeout=1e-6).fit(X, Y)
    assert len(search.cv_results_["params"]) == 1
    search.set_params(n_jobs=2).fit(X, Y)
    assert len(search.cv_results_["params"]) >= 1


@pytest.mark.slow
def test_time_can_stop_a_halving_search():
    search = HalvingBayesSearchCV(
        Model(seconds=0.05), SPACE, timeout=1.5, cv=3, random_state=0, refit=False
    ).set_params(min_resources="smallest", n_brackets=1)
    whole = clone(search).set_params(estimator=Model(), timeout=None).fit(X, Y)
    search.fit(X, Y)
    n = len(search.cv_results_["params"])
    assert 0 < n < len(whole.cv_results_["params"])
    assert columns_of(search)["params"] == columns_of(whole, n)["params"]


def test_n_iter_none_needs_a_timeout():
    with pytest.raises(ValueError, match=r"n_iter=None means .* give timeout a number"):
        search_with(Model(), n_iter=None).fit(X, Y)


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_search_ends_when_nothing_better_comes(n_jobs):
    options = {"n_iter": 40, "racing": False}
    whole = search_with(Model(), **options).fit(X, Y)
    search = search_with(Model(), n_iter_no_change=4, n_jobs=n_jobs, **options).fit(X, Y)
    scores = whole.cv_results_["mean_test_score"]
    best = np.maximum.accumulate(scores)
    last = next(n for n in range(4, 40) if best[n] == best[n - 4])
    assert columns_of(search) == columns_of_first(whole, last + 1)


def columns_of_first(search, n):
    columns = columns_of(search, n)
    scores = np.array(columns["mean_test_score"])
    ranks = [1 + int((scores > score).sum()) for score in scores]
    return columns | {"rank_test_score": ranks}


@pytest.mark.skipif(not HAS_CALLBACKS, reason="scikit-learn has callbacks from 1.9 on")
@pytest.mark.parametrize(("backend", "n_jobs"), [("loky", 1), ("threading", 2), ("loky", 2)])
def test_a_callback_can_end_the_search(backend, n_jobs):
    search = search_with(Model(), n_iter=30).set_callbacks(StopsAt(33))
    with parallel_config(backend):
        search.set_params(n_jobs=n_jobs).fit(X, Y)
    whole = search_with(Model(), n_iter=30).fit(X, Y)
    assert columns_of(search)["param_x"] == columns_of(whole)["param_x"][:7]


class StopsAt:
    """Wants no more after a split that is given by its number; five are a trial."""

    def __init__(self, task_id):
        self.task_id = task_id

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        is_split = context.task_name == "candidate-split-evaluation"
        return is_split and context.task_id == self.task_id


@pytest.mark.slow
def test_a_dying_worker_costs_the_split_that_killed_it():
    model = Model(share_dying=0.08)
    with pytest.warns((FitFailedWarning, UserWarning)):
        expected = search_with(clone(model).set_params(only_raises=True)).fit(X, Y)
    with pytest.warns((FitFailedWarning, UserWarning)) as caught:
        search = search_with(model, n_jobs=2).fit(X, Y)
    assert columns_of(search) == columns_of(expected)
    assert {n: [f.splits for f in fs] for n, fs in search.failures_.items()} == {
        n: [f.splits for f in fs] for n, fs in expected.failures_.items()
    }
    reasons = {failure.reason for found in search.failures_.values() for failure in found}
    assert reasons == {
        "skbayes.evaluation.evaluator.FitProcessDied: the process that fitted it died"
    }
    assert sum("fits failed" in str(warning.message) for warning in caught) == 1


@pytest.mark.slow
def test_a_fit_that_takes_too_long_is_ended():
    model = Model(share_hanging=0.1)
    with pytest.warns((FitFailedWarning, UserWarning)):
        expected = search_with(clone(model).set_params(only_raises=True)).fit(X, Y)
    with pytest.warns((FitFailedWarning, UserWarning)):
        search = search_with(model, n_jobs=2, max_fit_time=0.5).fit(X, Y)
    assert columns_of(search) == columns_of(expected)
    failure = next(iter(search.failures_.values()))[0]
    assert failure.reason.endswith("FitProcessDied: exceeded max_fit_time=0.5")
    assert "in fit" in failure.traceback
    assert "_fit_and_score" not in failure.traceback


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cls", "options"),
    [
        (BayesSearchCV, {"n_iter": 20}),
        (BayesSearchCV, {"n_iter": 20, "racing": 0.05}),
        (HalvingBayesSearchCV, {"n_candidates": 12}),
    ],
)
def test_many_deaths_and_hangs_are_the_failed_fits_they_stand_for(cls, options):
    """One fit in ten kills its worker, one in twenty sleeps for an hour."""
    model = Model(share_dying=0.1, share_hanging=0.05, seconds=0.02)
    search = cls(model, SPACE, random_state=0, refit=False, n_jobs=2, max_fit_time=2, **options)
    raising = clone(search).set_params(max_fit_time=None, estimator__only_raises=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(X, Y)
        raising.fit(X, Y)
    assert columns_of(search) == columns_of(raising)
    assert search.failures_.keys() == raising.failures_.keys()
    reasons = {f.reason.split(": ")[1] for found in search.failures_.values() for f in found}
    assert reasons == {"the process that fitted it died", "exceeded max_fit_time=2"}


@pytest.mark.parametrize(("backend", "n_jobs"), [("loky", 1), ("threading", 2)])
def test_max_fit_time_says_how_to_get_processes(backend, n_jobs):
    search = search_with(Model(), max_fit_time=5, n_jobs=n_jobs)
    with (
        parallel_config(backend),
        pytest.raises(ValueError, match=r"Give n_jobs 2 or more, .*loky"),
    ):
        search.fit(X, Y)


@pytest.mark.slow
def test_a_dead_worker_is_an_error_where_failed_fits_are():
    search = search_with(Model(share_dying=0.5), n_jobs=2, error_score="raise")
    with pytest.raises(RuntimeError, match="the process that fitted it died"):
        search.fit(X, Y)


@pytest.mark.slow
def test_workers_that_die_before_they_begin_are_an_error():
    search = search_with(Model(), n_jobs=2)
    with pytest.raises(RuntimeError, match="worker processes die before they evaluate anything"):
        search.fit(Deadly(X), Y)


class Deadly(np.ndarray):
    """Data that cannot be brought to a worker alive."""

    def __new__(cls, array):
        return array.view(cls)

    def __reduce_ex__(self, protocol):
        return os._exit, (1,)


def test_failures_tell_why_and_count_by_reason():
    class Picky(Model):
        def fit(self, X, y):
            if self.x > 0.6:
                raise ValueError(f"x is too large\nand {len(X)} samples do not help")
            if self.x > 0.28:
                return self.no_such_thing
            return super().fit(X, y)

    with pytest.warns((FitFailedWarning, UserWarning)) as caught:
        search = search_with(Picky(), n_iter=10).fit(X, Y)
    x = search.cv_results_["param_x"]
    assert set(search.failures_) == set(np.flatnonzero(x > 0.28))
    for number, failures in search.failures_.items():
        (failure,) = failures
        assert failure.splits == (0, 1, 2, 3, 4)
        expected = "ValueError: x is too large\nand 120" if x[number] > 0.6 else "AttributeError: "
        assert failure.reason.startswith(expected)
        assert failure.traceback.count("File") == 1
        assert str(failure).startswith("splits 0, 1, 2, 3, 4:\nTraceback")
    text = next(str(w.message) for w in caught if w.category is FitFailedWarning)
    assert text.count("fits failed with the following error") == 2
    assert pickle.loads(pickle.dumps(search.failures_)) == search.failures_


def test_a_search_without_failures_says_so():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search = search_with(Model()).fit(X, Y)
    assert search.failures_ == {}
    assert skbayes.__version__


@pytest.mark.skipif(not HAS_CALLBACKS, reason="scikit-learn has callbacks from 1.9 on")
def test_the_word_of_a_callback_that_is_gone_counts_no_more(tmp_path):
    def search(n_iter):
        return search_with(Model(), n_iter=n_iter, checkpoint=tmp_path / "j")

    stopped = search(10).set_callbacks(StopsAt(12)).fit(X, Y)
    assert len(stopped.cv_results_["params"]) == 3
    again = search(10).set_callbacks(StopsAt(12)).fit(X, Y)
    assert len(again.cv_results_["params"]) == 3
    assert len(search(6).fit(X, Y).cv_results_["params"]) == 6


def test_ctrl_c_is_ctrl_c_whatever_refit_says(monkeypatch):
    monkeypatch.setattr(Interrupting, "n_fits", 0)
    search = BayesSearchCV(
        Interrupting(random_state=0),
        {"max_depth": [1, 2, 3], "min_samples_leaf": [1, 2, 3, 4, 5]},
        n_iter=9,
        refit=lambda results: 8,
        random_state=0,
    )
    with pytest.raises(KeyboardInterrupt) as raised:
        search.fit(X, Y)
    assert "could not be stored: IndexError" in raised.value.__notes__[0]


class Unbringable(Model):
    """Cannot be made again in a worker."""

    def __reduce__(self):
        return __import__, ("no_such_module",)


@pytest.mark.slow
def test_what_cannot_be_brought_to_a_worker_is_no_dead_worker():
    with pytest.raises(Exception, match="A task has failed to un-serialize"):
        search_with(Unbringable(), n_jobs=2).fit(X, Y)


def test_halving_that_ran_out_of_time_tells_of_the_rungs_there_were():
    search = HalvingBayesSearchCV(
        Model(seconds=0.05), SPACE, timeout=1, cv=3, random_state=0, refit=False
    )
    search.set_params(min_resources="smallest", n_brackets=1).fit(X, Y)
    columns = search.cv_results_
    assert search.n_iterations_ == columns["iter"].max() + 1
    assert search.n_candidates_ == np.bincount(columns["iter"]).tolist()
    assert search.n_resources_ == sorted(set(columns["n_resources"]))


@pytest.mark.slow
def test_suspects_are_not_tried_when_the_time_is_over(tmp_path):
    """One split kills its worker, the other would take a minute."""
    waited_for = tmp_path / "waited for"

    class Mixed(Model):
        def fit(self, X, y):
            if self.x == 0.9 and X[0, 0] == 0:
                time.sleep(0.5)
                os._exit(1)
            if self.x == 0.9:
                time.sleep(60)
                waited_for.touch()
            return super().fit(X, y)

    data = np.arange(20.0)[:, np.newaxis], np.arange(20) % 2
    given = [{"x": 0.1}, {"x": 0.2}, {"x": 0.9}]
    search = search_with(
        Mixed(), n_jobs=2, cv=KFold(2), timeout=12, initial_params=given, n_points=1
    )
    search.fit(*data)
    assert not waited_for.exists()
    assert columns_of(search)["param_x"] == [0.1, 0.2]
