"""Splits that have ended by their own score are fitted further if the mean curve needs it."""

import os
import signal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import parallel_config
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.datasets import load_diabetes
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skbayes import BayesSearchCV
from skbayes._sklearn_compat import HAS_CALLBACKS
from skbayes.evaluation.growth.stages import needed_stage, splits_to_grow
from tests.estimators.test_task_tree import Watcher, leaves_of

X, y = load_diabetes(return_X_y=True)
X, y = X[:150], y[:150]
MODEL = GradientBoostingRegressor(n_estimators=120, subsample=0.5, random_state=0)
SPACE = {"learning_rate": loguniform(0.05, 1)}
PATIENCE = 5


def search_of(model=MODEL, space=SPACE, **options):
    options = {"n_iter": 6, "cv": 3, "random_state": 0, "staged_patience": PATIENCE} | options
    return BayesSearchCV(model, space, **({"staged": "n_estimators"} | options))


def own_ends(curves):
    """Return where each split would have ended by its own score."""
    stages = curves["stages"]
    ends = []
    for curve in curves["test_score"]:
        n = int(np.isfinite(curve).sum())
        reached = [
            k
            for k in range(1, n + 1)
            if stages[k - 1] >= needed_stage(curve[:k], stages[:k], PATIENCE)
        ]
        ends.append(reached[0] if reached else n)
    return ends


@pytest.fixture
def n_rounds(count_rounds):
    return count_rounds(GradientBoostingRegressor)


def test_no_round_is_fitted_twice(n_rounds):
    search = search_of(refit=False).fit(X, y)
    grown_on = 0
    for curves in search.cv_curves_:
        n_stages = np.isfinite(curves["test_score"]).sum(axis=1)
        grown_on += (n_stages > own_ends(curves)).any()
    assert grown_on >= 2
    last = [c["stages"][np.isfinite(s)][-1] for c in search.cv_curves_ for s in c["test_score"]]
    assert sum(last) <= sum(n_rounds) <= 1.1 * sum(last)


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
@pytest.mark.parametrize("racing", [pytest.param(False, marks=pytest.mark.slow), 0.2])
def test_curves_do_not_depend_on_workers(backend, racing):
    one = search_of(racing=racing, n_iter=8).fit(X, y)
    with parallel_config(backend):
        two = search_of(racing=racing, n_iter=8, n_jobs=2).fit(X, y)
    assert two.cv_results_["params"] == one.cv_results_["params"]
    for a, b in zip(one.cv_curves_, two.cv_curves_, strict=True):
        np.testing.assert_array_equal(a["test_score"], b["test_score"])


def test_in_a_pipeline_the_scores_are_those_of_separate_fits():
    pipeline = make_pipeline(StandardScaler(), MODEL)
    name = "gradientboostingregressor__"
    search = search_of(
        pipeline, {f"{name}learning_rate": [0.3, 0.1, 0.9]}, staged=f"{name}n_estimators", n_iter=3
    ).fit(X, y)
    for index, params in enumerate(search.cv_results_["params"]):
        expected = cross_val_score(clone(pipeline).set_params(**params), X, y, cv=3)
        found = [search.cv_results_[f"split{k}_test_score"][index] for k in range(3)]
        np.testing.assert_array_equal(found, expected)


def test_a_model_behind_an_unseeded_step_is_fitted_whole(n_rounds):
    pipeline = make_pipeline(PCA(n_components=3, svd_solver="randomized"), MODEL)
    name = "gradientboostingregressor__"
    search = search_of(
        pipeline, {f"{name}learning_rate": [0.9]}, staged=f"{name}n_estimators", n_iter=1
    ).set_params(refit=False)
    search.fit(X, y)
    assert n_rounds == [120] * 3


def test_times_are_those_of_both_fits():
    search = search_of(n_iter=3).fit(X, y)
    line = search.timeline_
    assert len(line["candidate"]) == 9
    assert (line["end"] > line["begin"]).all()
    assert (search.cv_results_["mean_fit_time"] > 0.0).all()


if HAS_CALLBACKS:

    def test_every_split_is_told_of_once():
        search = search_of(n_iter=4, racing=False)
        search.set_callbacks(Watcher()).fit(X, y)
        assert len(leaves_of(Watcher.root)) == 4 * 3


class Dips(RegressorMixin, BaseEstimator):
    """Gets better with every round, but on the first split there is a dip on the way."""

    def __init__(self, x=0.5, n_estimators=40, warm_start=False, random_state=None):
        self.x, self.n_estimators = x, n_estimators
        self.warm_start, self.random_state = warm_start, random_state

    def fit(self, X, y):
        self.n_fitted_ = self.n_estimators
        return self

    def predict(self, X):
        return np.full(len(X), float(self.n_fitted_))

    def score(self, X, y):
        has_a_dip = X[0, 0] == 0 and 3 < self.n_fitted_ < 12
        return self.n_fitted_ / 40.0 - self.x - (0.3 if has_a_dip else 0.0)


def test_a_split_that_was_fitted_further_is_not_noise():
    options = {"staged_route": "warm_start", "n_iter": 3, "cv": 3, "racing": False}
    search = search_of(Dips(), {"x": uniform(0, 1)}, **options)
    search.fit(np.arange(30.0)[:, np.newaxis], np.arange(30.0))
    assert search.best_params_["n_estimators"] == 40
    assert own_ends(search.cv_curves_[0])[0] < len(search.cv_curves_[0]["stages"])
    assert not search.is_noisy_


class DiesFurther(RegressorMixin, BaseEstimator):
    """Its score has a peak that differs from split to split; a fit that goes on may end it all."""

    def __init__(self, x=0.5, n_estimators=60, warm_start=False, is_fatal=False):
        self.x, self.n_estimators = x, n_estimators
        self.warm_start, self.is_fatal = warm_start, is_fatal

    def fit(self, X, y):
        before = getattr(self, "n_fitted_", 0) if self.warm_start else 0
        self.n_fitted_, self.peak_ = self.n_estimators, 5 + int(X[:, 0].sum()) % 40
        if self.is_fatal and self.x > 0.9 and before >= 12:
            os.kill(os.getpid(), signal.SIGKILL)
        return self

    def predict(self, X):
        return np.full(len(X), float(self.n_fitted_))

    def score(self, X, y):
        return -abs(self.n_fitted_ - self.peak_) / 40.0


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_worker_that_dies_while_a_split_is_fitted_further_fails_that_split():
    data = np.arange(30.0)[:, np.newaxis] % 7, np.arange(30.0)
    search = BayesSearchCV(
        DiesFurther(is_fatal=True),
        {"x": [0.0, 0.3, 0.95]},
        n_iter=3,
        cv=3,
        n_jobs=2,
        max_fit_time=60,
        staged="n_estimators",
        staged_route="warm_start",
        staged_patience=4,
        racing=False,
        refit=False,
    ).fit(*data)
    columns = search.cv_results_["param_x"], search.cv_results_["mean_test_score"]
    scores = dict(zip(*columns, strict=True))
    assert np.isfinite([scores[0.0], scores[0.3]]).all()
    assert np.isnan(scores[0.95])
    [failure] = search.failures_.values()
    assert "died" in failure[0].reason


def result(split, curve, is_paused=True):
    stages = list(range(1, len(curve) + 1))
    curves = {"stages": stages, "test": {"score": list(curve)}}
    return {"split": split, "curves": curves, "paused": object() if is_paused else None}


@settings(max_examples=200)
@given(st.integers(1, 4), st.integers(1, 8), st.integers(0, 10_000))
def test_growing_on_ends_and_the_mean_curve_has_waited_then(n_splits, patience, seed):
    rng = np.random.default_rng(seed)
    whole = rng.integers(0, 4, size=(n_splits, 30)).astype(float)
    whole[rng.random(whole.shape) < 0.05] = np.nan
    reached = np.array([1 + rng.integers(0, 12) for _ in range(n_splits)])
    for _ in range(100):
        results = [result(k, whole[k, :n], is_paused=n < 30) for k, n in enumerate(reached)]
        further = splits_to_grow(results, "score", patience)
        if not further:
            break
        for split, stage in further.items():
            assert stage > reached[split]
            reached[split] = min(30, stage)
    else:
        raise AssertionError("it never ends")
    n = reached.min()
    means = whole[:, :n].mean(axis=0)
    assert n == 30 or n >= needed_stage(means, range(1, n + 1), patience)
