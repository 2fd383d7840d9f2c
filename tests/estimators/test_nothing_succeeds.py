"""Searches in which fits, scorers or whole rungs fail: they end early and say why."""

import numpy as np
import pytest
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer
from sklearn.model_selection import LeaveOneOut, PredefinedSplit
from sklearn.svm import SVC

from skbayes import BayesSearchCV, HalvingBayesSearchCV, TPESearchCV
from skbayes.engine.budget import N_SAME_FAILURES

X, Y = load_iris(return_X_y=True)
CLASSES = [BayesSearchCV, TPESearchCV, HalvingBayesSearchCV]
SPACE = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 10)}


class Counting(SVC):
    """Counts its fits."""

    n_fits = 0

    def fit(self, X, y):
        Counting.n_fits += 1
        return super().fit(X, y)


@pytest.fixture(autouse=True)
def counted_from_zero(monkeypatch):
    monkeypatch.setattr(Counting, "n_fits", 0)


def make(cls, model=None, space=SPACE, **options):
    size = {"n_candidates": 30} if cls is HalvingBayesSearchCV else {"n_iter": 30}
    return cls(model or Counting(), space, **({**size, "random_state": 0} | options))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("cls", CLASSES)
def test_hopeless_data_costs_ten_candidates_and_not_all(cls):
    data = X.copy()
    data[:, 0] = np.nan
    with pytest.raises(ValueError, match=r"The search ended after 10 of \d+ candidates") as raised:
        make(cls).fit(data, Y)
    assert "Input X contains NaN" in str(raised.value)
    assert Counting.n_fits == 5 * N_SAME_FAILURES


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("error_score", [np.nan, 0.0])
def test_all_fits_failing_is_scikit_learns_error_and_says_how_early(cls, error_score):
    model = Counting(class_weight="nonsense")
    with pytest.raises(ValueError, match=r"(?s)ended after 10 of .*All the 50 fits failed"):
        make(cls, model, error_score=error_score).fit(X, Y)


def test_the_same_end_with_two_workers_and_after_an_interruption(tmp_path):
    model = SVC(class_weight="nonsense")
    for n_jobs in (1, 2, 1):
        search = make(BayesSearchCV, model, n_jobs=n_jobs, checkpoint=tmp_path / "j")
        with pytest.raises(ValueError, match="ended after 10 of 30") as raised:
            search.fit(X, Y)
        assert "give another path to try them again" in str(raised.value)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more")
def test_a_grid_whose_first_half_cannot_be_fitted_is_finished():
    grid = {"decision_function_shape": ["nonsense", "ovr"], "gamma": np.logspace(-3, 1, 15)}
    search = make(BayesSearchCV, SVC(), grid).fit(X, Y)
    assert len(search.cv_results_["params"]) == 30
    assert search.best_params_["decision_function_shape"] == "ovr"


NAMES = np.where(Y == 0, "yes", "no")


@pytest.mark.filterwarnings("ignore:Scoring failed")
@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("error_score", [np.nan, 0.0])
def test_a_scorer_that_always_fails_is_an_error_with_its_message(cls, error_score):
    search = make(cls, scoring="f1", error_score=error_score)
    with pytest.raises(ValueError, match=r"(?s)No candidate has a score.*pos_label=1 is not a"):
        search.fit(X, NAMES)
    assert Counting.n_fits == 5 * N_SAME_FAILURES
    assert not hasattr(search, "best_params_")


@pytest.mark.filterwarnings("ignore:Scoring failed", "ignore:One or more")
@pytest.mark.parametrize("cls", CLASSES)
def test_why_scores_failed_is_kept(cls):
    def picky(y_true, y_pred):
        accuracy = float(np.mean(y_true == y_pred))
        if accuracy < (0.8 if cls is HalvingBayesSearchCV else 0.9):  # fewer samples, lower scores
            raise ZeroDivisionError("a class is missing")
        return accuracy

    search = make(cls, scoring=make_scorer(picky)).fit(X, Y)
    is_missing = np.isnan(search.cv_results_["mean_test_score"])
    assert 0 < is_missing.sum() < len(is_missing)
    assert set(np.flatnonzero(is_missing)) <= set(search.failures_)
    for failures in search.failures_.values():
        (failure,) = failures
        assert failure.step == "score"
        assert failure.reason == "ZeroDivisionError: a class is missing"
        assert "in picky" in failure.traceback
    assert not np.isnan(search.best_score_)


@pytest.mark.filterwarnings("ignore:Scoring failed", "ignore:One or more")
def test_one_of_several_metrics_may_fail():
    scoring = ["accuracy", "f1"]
    search = make(BayesSearchCV, scoring=scoring, refit="accuracy", n_iter=12).fit(X, NAMES)
    assert len(search.cv_results_["params"]) == 12
    assert search.best_score_ > 0.9
    assert {f.step for found in search.failures_.values() for f in found} == {"score"}
    with pytest.raises(ValueError, match="No candidate has a score"):
        search.set_params(refit="f1").fit(X, NAMES)


@pytest.mark.filterwarnings("ignore:Scoring failed", "ignore:One or more")
def test_a_callable_of_several_metrics_may_fail():
    def scoring(estimator, X, y):
        if estimator.C > 10:
            raise ZeroDivisionError
        return {"a": estimator.score(X, y), "b": 0.0}

    search = make(BayesSearchCV, scoring=scoring, refit="a").fit(X, Y)
    is_failed = search.cv_results_["param_C"] > 10
    assert 0 < is_failed.sum() < 30
    assert np.array_equal(np.isnan(search.cv_results_["mean_test_b"]), is_failed)
    assert set(search.failures_) == set(np.flatnonzero(is_failed))


@pytest.mark.parametrize("cls", CLASSES)
def test_a_scorer_that_returns_nan_alone_is_an_error(cls):
    search = make(cls, scoring=lambda estimator, X, y: np.nan)
    with pytest.raises(ValueError, match="No error was raised: the scorer returned NaN"):
        search.fit(X, Y)


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_of_the_scorer_is_raised_if_that_is_wanted(cls):
    with pytest.raises(ValueError, match="pos_label=1 is not a valid label"):
        make(cls, scoring="f1", error_score="raise").fit(X, NAMES)


class Quoting(ClassifierMixin, BaseEstimator):
    """Fails with a given message."""

    def __init__(self, x=0.0, message=""):
        self.x, self.message = x, message

    def fit(self, X, y):
        if self.x > 0.5:
            raise ValueError(self.message)
        return self

    def score(self, X, y):
        return self.x


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more")
@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize(
    "message",
    [
        'bad template:\n  File "page.html", line 3',
        'Traceback (most recent call last):\n  File "x", line 1\n    f()',
        "\n\n",
        '\n  File "\n  File "\n',
        "\udcff\x00",
    ],
    ids=range(5),
)
def test_no_message_of_a_failed_fit_ends_the_search(cls, message, tmp_path):
    options = {"refit": False, "cv": 2}
    for _ in range(2):
        search = make(
            cls, Quoting(message=message), {"x": uniform()}, checkpoint=tmp_path / "j", **options
        ).fit(X, Y)
    assert search.failures_
    for failures in search.failures_.values():
        assert failures[0].reason == f"ValueError: {message}".rstrip()


DIABETES = load_diabetes(return_X_y=True)


@pytest.mark.parametrize(
    "cv", [LeaveOneOut(), PredefinedSplit(np.repeat([0, 1, 2, 3, -1], [2, 2, 2, 2, 22]))]
)
def test_small_folds_keep_test_samples_in_the_first_rungs(cv):
    data = tuple(array[:30] for array in DIABETES)
    search = HalvingBayesSearchCV(
        Ridge(),
        {"alpha": loguniform(1e-3, 1e3)},
        cv=cv,
        min_resources=6,
        scoring="neg_mean_absolute_error",
        random_state=0,
    ).fit(*data)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_small_folds_of_a_classifier_keep_two_samples_a_class():
    fold = np.full(150, -1)
    fold[[0, 1, 2, 50, 51, 52, 100, 101, 102]] = 0
    search = HalvingBayesSearchCV(
        SVC(), SPACE, cv=PredefinedSplit(fold), min_resources=50, random_state=0
    )
    scored = []

    def scoring(estimator, X, y):
        scored.append(len(y))
        return estimator.score(X, y)

    search.set_params(scoring=scoring).fit(X, Y)
    assert set(scored) == {6, 9}


class NeedsMany(ClassifierMixin, BaseEstimator):
    """Cannot be fitted on few samples, as SMOTE with its neighbours."""

    def __init__(self, x=0.0, n_needed=40):
        self.x, self.n_needed = x, n_needed

    def fit(self, X, y):
        if len(X) < self.n_needed:
            raise ValueError(f"Expected n_neighbors <= n_samples, but n_samples = {len(X)}")
        return self

    def score(self, X, y):
        return self.x


@pytest.mark.parametrize("n_brackets", [1, 2])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_rung_in_which_all_fail_ends_the_search_and_names_the_resource(n_jobs, n_brackets):
    search = HalvingBayesSearchCV(
        NeedsMany(),
        {"x": uniform()},
        n_candidates=6,
        min_resources=30,
        n_brackets=n_brackets,
        n_jobs=n_jobs,
        random_state=0,
    )
    with pytest.raises(ValueError, match="These candidates had n_samples=30") as raised:
        search.fit(X, Y)
    assert "give min_resources a larger number" in str(raised.value)
    assert "Expected n_neighbors <= n_samples" in str(raised.value)
    search.set_params(min_resources=60).fit(X, Y)


def test_a_last_rung_that_fails_leaves_the_best_of_the_one_before():
    class FailsAtTheTop(NeedsMany):
        def __init__(self, x=0.0, rounds=1):
            self.x, self.rounds = x, rounds

        def fit(self, X, y):
            if self.rounds == 9:
                raise MemoryError("too many rounds")
            return self

    search = HalvingBayesSearchCV(
        FailsAtTheTop(), {"x": uniform()}, resource="rounds", max_resources=9, refit=False
    ).set_params(n_brackets=1, random_state=0)
    with pytest.warns((FitFailedWarning, UserWarning)):
        search.fit(X, Y)
    assert search.best_params_["rounds"] == 3
    second = search.cv_results_["mean_test_score"][search.cv_results_["iter"] == 1]
    assert search.best_score_ == second.max()
