"""Searches beside other code: in threads, in one another, on joblib's shared processes."""

import threading
import time

import joblib
import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed
from numpy.testing import assert_equal
from scipy.sparse import csr_array
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skbayes import BayesSearchCV, TPESearchCV
from tests.estimators.conftest import columns_of

X, Y = load_iris(return_X_y=True)
SPACE = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 10)}


class Sleeps(SVC):
    """Sleeps in some fits for longer than any limit."""

    def fit(self, X, y):
        time.sleep(30.0 if self.C > 100 else 0.02)
        return super().fit(X, y)


def search_of(model=None, **options):
    options = {"n_iter": 10, "cv": 3, "random_state": 0, "n_jobs": 2, "refit": False} | options
    return BayesSearchCV(SVC() if model is None else model, SPACE, **options)


def in_threads(*functions):
    """Run functions at the same time, and return what they returned."""
    found, errors = {}, []

    def run(number, function):
        try:
            found[number] = function()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=item) for item in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    return [found[number] for number in range(len(functions))]


def square(x):
    time.sleep(0.02)
    return x * x


def others_work():
    """Use joblib's shared processes for some seconds."""
    return [Parallel(n_jobs=2)(delayed(square)(x) for x in range(20)) for _ in range(12)]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more")
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"max_fit_time": 0.5, "model": Sleeps()}, marks=pytest.mark.slow),
        pytest.param({"timeout": 1.5, "n_iter": None, "model": Sleeps()}, marks=pytest.mark.slow),
        pytest.param({"n_iter_no_change": 3, "n_iter": 40}, marks=pytest.mark.slow),
        pytest.param(
            {"callbacks": lambda search, trial: trial.number == 4, "n_iter": 40},
            marks=pytest.mark.slow,
        ),
    ],
    ids=["max_fit_time", "timeout", "n_iter_no_change", "callbacks"],
)
def test_a_search_that_ends_processes_does_not_disturb_others(options):
    search, others = in_threads(lambda: search_of(**options).fit(X, Y), others_work)
    assert others == [[x * x for x in range(20)]] * 12
    assert len(search.cv_results_["params"]) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"timeout": 60}])
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_two_searches_in_threads_find_what_they_find_alone(options, backend):
    alone = columns_of(search_of(n_jobs=1).fit(X, Y))

    def run():
        with joblib.parallel_config(backend):
            return columns_of(search_of(**options).fit(X, Y))

    for found in in_threads(run, run):
        assert_equal(found, alone)


@pytest.mark.slow
@pytest.mark.parametrize("inner_options", [{}, {"timeout": 60}])
def test_a_search_in_a_search_with_two_workers_each(inner_options):
    inner = TPESearchCV(
        SVC(), SPACE, n_iter=4, cv=2, random_state=0, n_jobs=2, **inner_options
    )  # fmt: skip
    outer = TPESearchCV(inner, {"n_initial_points": [1, 2, 3]}, cv=2, n_jobs=2, timeout=60)
    outer.fit(X, Y)
    assert len(outer.cv_results_["params"]) == 3
    assert np.isfinite(outer.cv_results_["mean_test_score"]).all()


class ReportsItsBackend(SVC):
    """Has as its score what joblib would run parallel code inside a fit on."""

    def fit(self, X, y):
        backend, _ = joblib.parallel.get_active_backend()
        self.is_in_threads_ = type(backend).__name__ == "ThreadingBackend"
        return super().fit(X, y)

    def score(self, X, y):
        return float(self.is_in_threads_)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"timeout": 60}])
def test_parallel_code_inside_a_fit_begins_no_processes_of_its_own(options):
    assert search_of(ReportsItsBackend(), n_iter=2, **options).fit(X, Y).best_score_ == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["frame", "sparse", "texts", "objects"])
def test_data_of_any_kind_reaches_own_processes(kind):
    data = {
        "frame": pd.DataFrame(X, columns=list("abcd")),
        "sparse": csr_array(X),
        "objects": X.astype(object),
        "texts": [f"{row[0]:.0f} {row[2]:.0f}" for row in X],
    }[kind]
    model = make_pipeline(CountVectorizer(token_pattern=r"\d"), SVC()) if kind == "texts" else SVC()
    space = {"svc__C": SPACE["C"]} if kind == "texts" else {"C": SPACE["C"]}
    options = {"n_iter": 3, "random_state": 0, "cv": 3}
    alone = BayesSearchCV(model, space, **options).fit(data, Y)
    own = BayesSearchCV(model, space, n_jobs=2, timeout=60, **options).fit(data, Y)
    assert_equal(columns_of(own), columns_of(alone))


@pytest.mark.slow
def test_large_data_is_read_from_one_file_by_own_processes():
    rng = np.random.default_rng(0)
    large = rng.random((300, 1000))
    targets = rng.integers(0, 2, 300)
    options = {"n_iter": 3, "n_initial_points": 3}
    alone = columns_of(search_of(n_jobs=1, **options).fit(large, targets))
    own = columns_of(search_of(timeout=60, **options).fit(large, targets))
    assert_equal(own, alone)


def test_a_backend_that_works_in_waves_is_warned_of():
    with (
        joblib.parallel_config("multiprocessing"),
        pytest.warns(UserWarning, match="MultiprocessingBackend runs tasks in waves"),
    ):
        search_of(n_iter=2).fit(X, Y)
