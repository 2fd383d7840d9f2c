"""Searches that drop candidates before their last split."""

import os
import re
import warnings

import numpy as np
import pytest
from joblib import parallel_config
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import RepeatedKFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV, TPESearchCV
from skbayes.engine.records.journal import JournalError
from tests.estimators.conftest import columns_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2))
Y = X[:, 0] + 0.1 * RNG.normal(size=60)
SPACE = {"x": uniform(0, 1), "y": loguniform(1e-2, 1e2)}


class Formula(RegressorMixin, BaseEstimator):
    """A model whose score is a formula of its parameters, and of the test samples."""

    def __init__(self, x=0.5, y=1.0, fails_above=None):
        self.x, self.y, self.fails_above = x, y, fails_above

    def fit(self, X, y):
        if self.fails_above is not None and self.x > self.fails_above:
            raise ValueError("x is too large")
        return self

    def score(self, X, y):
        own = 0.02 * np.sin(50 * self.x + 99 * X[0, 0])
        value = -((self.x - 0.3) ** 2) - 0.05 * np.log10(self.y) ** 2
        return float(value + 0.2 * np.mean(X[:, 0]) + own)


def first(estimator, X, y):
    return estimator.score(X, y)


def second(estimator, X, y):
    return -abs(estimator.x - 0.8) + 0.1 * np.mean(X[:, 0])


SCORING = {"first": first, "second": second}


def search_of(cls=BayesSearchCV, model=None, **options):
    defaults = {"n_iter": 30, "racing": 0.05, "random_state": 0, "refit": False, "cv": 5}
    return cls(Formula() if model is None else model, SPACE, **(defaults | options))


@pytest.fixture(params=[BayesSearchCV, TPESearchCV], ids=lambda cls: cls.__name__)
def cls(request):
    return request.param


@pytest.fixture
def raced(cls):
    return search_of(cls, return_train_score=True).fit(X, Y)


def test_fits_are_saved_and_the_best_is_complete(raced):
    n_run = raced.cv_results_["n_splits_evaluated"]
    assert n_run.sum() < 0.9 * 30 * 5
    assert (n_run[:4] == 5).all()
    assert n_run[raced.best_index_] == 5
    complete = n_run == 5
    assert raced.best_score_ == raced.cv_results_["mean_test_score"][complete].max()


def test_the_table_has_what_was_run_and_nothing_else(raced):
    table = raced.cv_results_
    n_run = table["n_splits_evaluated"]
    position = (np.arange(5)[:, None] - np.arange(30)) % 5
    was_run = position < n_run  # each candidate begins with another split
    for kind in ("test_score", "train_score"):
        splits = np.array([table[f"split{split}_{kind}"] for split in range(5)])
        assert np.array_equal(np.isfinite(splits), was_run)
        np.testing.assert_allclose(np.nanmean(splits, axis=0), table[f"mean_{kind}"])
        np.testing.assert_allclose(np.nanstd(splits, axis=0), table[f"std_{kind}"], atol=1e-15)
    ranks = table["rank_test_score"]
    assert ranks.dtype == np.int32
    assert ranks[n_run < 5].min() > ranks[n_run == 5].max()
    assert ranks[raced.best_index_] == 1
    assert np.isfinite(table["mean_fit_time"]).all()


@pytest.mark.parametrize(
    ("backend", "n_jobs"),
    [("threading", 8), ("loky", 2), pytest.param("loky", 4, marks=pytest.mark.slow)],
)
def test_it_is_the_same_search_for_any_workers(cls, backend, n_jobs):
    one = search_of(cls).fit(X, Y)
    with parallel_config(backend):
        other = search_of(cls, n_jobs=n_jobs).fit(X, Y)
    assert columns_of(other) == columns_of(one)


@pytest.mark.parametrize("n_first", [3, 9, 22])
def test_a_search_goes_on_from_what_was_dropped(cls, tmp_path, n_first):
    path = tmp_path / "j"
    search_of(cls, n_iter=n_first, checkpoint=path).fit(X, Y)
    again = search_of(cls, checkpoint=path).fit(X, Y)
    assert columns_of(again) == columns_of(search_of(cls).fit(X, Y))
    with pytest.raises(JournalError, match="differs in racing"):
        search_of(cls, checkpoint=path, racing=False).fit(X, Y)


class Interrupted(Formula):
    """A model whose fit number `at` is interrupted."""

    n_fits, at = 0, None

    def fit(self, X, y):
        Interrupted.n_fits += 1
        if Interrupted.n_fits == Interrupted.at:
            raise KeyboardInterrupt
        return super().fit(X, y)


@pytest.mark.parametrize("at", [2, 23, 31, 52])
def test_an_interrupted_search_goes_on(cls, tmp_path, monkeypatch, at):
    monkeypatch.setattr(Interrupted, "n_fits", 0)
    monkeypatch.setattr(Interrupted, "at", at)
    options = {"model": Interrupted(), "n_iter": 20}
    with pytest.raises(KeyboardInterrupt):
        search_of(cls, checkpoint=tmp_path / "j", **options).fit(X, Y)
    again = search_of(cls, checkpoint=tmp_path / "j", **options).fit(X, Y)
    assert columns_of(again) == columns_of(search_of(cls, **options).fit(X, Y))


class Fatal(Formula):
    """A model whose fit ends its process close to the best `x`."""

    def fit(self, X, y):
        if 0.27 < self.x < 0.3:
            os._exit(1)
        return self


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_process_that_dies_ends_a_candidate():
    two, three = (search_of(model=Fatal(), n_iter=14, n_jobs=n).fit(X, Y) for n in (2, 3))
    assert columns_of(two) == columns_of(three)
    died = np.isnan(two.cv_results_["mean_test_score"])
    n_run = two.cv_results_["n_splits_evaluated"]
    assert (n_run[died] == 1).any()
    assert n_run[two.best_index_] == 5


def test_a_dropped_candidate_is_no_better_one(cls):
    ends = search_of(cls, n_iter=100, n_iter_no_change=12).fit(X, Y).cv_results_
    best = np.argmax(np.where(ends["n_splits_evaluated"] == 5, ends["mean_test_score"], -np.inf))
    assert len(ends["params"]) == best + 1 + 12


@pytest.mark.filterwarnings("ignore")
def test_a_failed_split_ends_a_candidate_unless_its_score_is_a_number():
    failing = Formula(fails_above=0.35)
    ended = search_of(model=failing).fit(X, Y)
    n_run = ended.cv_results_["n_splits_evaluated"]
    failed = np.isnan(ended.cv_results_["mean_test_score"])
    assert failed[8:].any()
    assert (n_run[8:][failed[8:]] == 1).all()
    number = search_of(model=failing, error_score=0.5).fit(X, Y).cv_results_
    assert (number["n_splits_evaluated"][8:] > 1).any()


def test_fits_are_a_budget(cls):
    paid = search_of(cls, n_iter=None, n_fits=150).fit(X, Y).cv_results_
    assert 146 <= paid["n_splits_evaluated"].sum() <= 150
    without = search_of(cls, n_iter=None, n_fits=150, racing=False).fit(X, Y).cv_results_
    assert len(without["params"]) == 30
    assert len(paid["params"]) > 30
    assert "n_splits_evaluated" not in without


@pytest.mark.parametrize(
    ("options", "is_raced"),
    [
        ({"cv": 3}, False),
        ({"cv": 4}, True),
        ({"racing": 0.05, "cv": 2}, True),
        ({"racing": False}, False),
        ({"refit": lambda table: 0}, False),
        ({"refit": lambda table: 0, "racing": 0.05}, True),
        ({"scoring": SCORING, "refit": False}, False),
        ({"scoring": SCORING, "refit": "first"}, True),
    ],
)
def test_auto_races_four_splits_if_one_metric_decides(options, is_raced):
    table = search_of(n_iter=6, **({"racing": "auto"} | options)).fit(X, Y).cv_results_
    assert ("n_splits_evaluated" in table) == is_raced


@pytest.mark.filterwarnings("ignore:The space has")
def test_what_is_evaluated_whole_is_never_raced():
    for space in ({"x": [0.1, 0.2, 0.5, 0.7, 0.8, 0.9]}, {"x": [0.1, 0.3], "y": [1, 2, 3, 4]}):
        search = BayesSearchCV(Formula(), space, n_iter=8, racing=0.2, refit=False).fit(X, Y)
        assert "n_splits_evaluated" not in search.cv_results_


@pytest.mark.parametrize("cv", [RepeatedKFold(n_splits=5, n_repeats=4), TimeSeriesSplit(4)])
def test_splits_of_all_kinds_can_be_raced(cv):
    cv = RepeatedKFold(n_splits=5, n_repeats=4, random_state=0) if cv.get_n_splits() > 5 else cv
    table = search_of(cv=cv).fit(X, Y).cv_results_
    n_run = table["n_splits_evaluated"]
    assert n_run.min() < cv.get_n_splits() == n_run.max()


def test_the_metric_that_refit_names_decides():
    for refit, scorer in SCORING.items():
        table = search_of(scoring=SCORING, refit=refit).fit(X, Y).cv_results_
        n_run = table["n_splits_evaluated"]
        alone = search_of(scoring=scorer).fit(X, Y).cv_results_
        assert table["params"] == alone["params"]
        assert n_run.tolist() == alone["n_splits_evaluated"].tolist()
        assert n_run.min() < 5
        for name in SCORING:
            splits = np.array([table[f"split{split}_test_{name}"] for split in range(5)])
            assert np.array_equal(np.isfinite(splits).sum(axis=0), n_run)


@pytest.mark.parametrize("racing", [0.0, 1.0, True, "fast"])
def test_a_wrong_level_is_named(racing):
    with pytest.raises(ValueError, match="'racing' parameter of BayesSearchCV must be"):
        search_of(racing=racing).fit(X, Y)


@pytest.mark.slow
def test_on_real_data_it_finds_as_good_a_model_from_fewer_fits():
    data = load_breast_cancer(return_X_y=True)
    space = {"svc__C": loguniform(1e-3, 1e4), "svc__gamma": loguniform(1e-6, 1e2)}
    model = make_pipeline(StandardScaler(), SVC())
    options = {"n_iter": 30, "random_state": 0, "refit": False, "cv": 5}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = BayesSearchCV(model, space, **options).fit(*data)
        raced = BayesSearchCV(model, space, racing="auto", **options).fit(*data)
    assert raced.cv_results_["n_splits_evaluated"].sum() < 0.8 * 30 * 5
    assert raced.best_score_ > whole.best_score_ - 0.01


def test_progress_says_which_candidates_were_dropped(capsys):
    raced = search_of(n_iter=15, verbose=2).fit(X, Y)
    first, *lines = capsys.readouterr().out.splitlines()
    trials, last = lines[:15], lines[15]
    assert first.endswith("totalling at most 75 fits")
    n_run = raced.cv_results_["n_splits_evaluated"]
    assert [("score" in line) for line in trials] == (n_run == 5).tolist()
    dropped = [re.search(r"dropped after (\d)/5 splits ", line) for line in trials]
    assert [int(found[1]) for found in dropped if found] == n_run[n_run < 5].tolist()
    assert last.endswith(f"  {(n_run < 5).sum()} dropped")
