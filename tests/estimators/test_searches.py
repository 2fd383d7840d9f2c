"""The searches on real models and data: the calls users have today, and what they promise."""

import json
import pickle
import warnings

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_array_equal
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_breast_cancer, load_iris, make_regression
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    ParameterGrid,
    ShuffleSplit,
    cross_validate,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skbayes import BayesSearchCV, log_randint
from skbayes.space import Space

X, Y = load_iris(return_X_y=True)
BOX = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-5, 1e1)}
TIMES = ("fit_time", "score_time")


def assert_same_search(a, b):
    """Equal `cv_results_` but for the times."""
    assert a.keys() == b.keys()
    for key in a:
        if not key.endswith(TIMES):
            assert_array_equal(np.ma.getmaskarray(a[key]), np.ma.getmaskarray(b[key]))
            assert_array_equal(a[key], b[key], err_msg=key)


class Moody(ClassifierMixin, BaseEstimator):
    """Scores by its parameter, and fails where it is told to."""

    def __init__(self, x=0.0, fails_below=0.0):
        self.x = x
        self.fails_below = fails_below

    def fit(self, X, y):
        if self.x < self.fails_below:
            raise ValueError("too low")
        self.classes_ = np.unique(y)
        return self

    def score(self, X, y):
        return -((self.x - 0.55) ** 2)


def test_a_grid_search_with_the_class_name_changed_is_the_grid_search(search_class):
    grid = {"C": [0.1, 1, 10], "gamma": [1, 0.1, 0.01], "kernel": ["rbf"]}
    options = {"cv": 5, "scoring": "accuracy", "n_jobs": -1}
    ours = search_class(SVC(), grid, **options).fit(X, Y)
    theirs = GridSearchCV(SVC(), grid, **options).fit(X, Y)
    assert list(ours.cv_results_) == list(theirs.cv_results_)
    assert_same_search(ours.cv_results_, theirs.cv_results_)
    assert ours.cv_results_["params"] == list(ParameterGrid(grid))
    assert ours.best_params_ == theirs.best_params_


@pytest.mark.slow
def test_a_randomized_search_with_the_class_name_changed(search_class):
    space = {
        "learning_rate": loguniform(1e-4, 1e-1),
        "n_estimators": randint(10, 100),
        "max_depth": randint(2, 6),
    }
    search = search_class(
        GradientBoostingClassifier(), space, n_iter=20, cv=5, random_state=42, n_jobs=-1
    ).fit(X, Y)
    assert len(search.cv_results_["params"]) == 20
    assert search.best_score_ > 0.93
    assert all(type(p["max_depth"]) is int for p in search.cv_results_["params"])
    json.dumps(search.best_params_)


def test_a_pipeline_whose_step_is_chosen_each_with_its_own_space(search_class):
    pipeline = Pipeline([("scale", StandardScaler()), ("clf", SVC())])
    space = [
        {"clf": [SVC()], "clf__C": loguniform(1e-2, 1e2)},
        {"clf": [RandomForestClassifier(random_state=0)], "clf__max_depth": [None, 2, 4]},
        {"clf": [LogisticRegression()], "clf__C": loguniform(1e-2, 1e2)},
    ]
    search = search_class(pipeline, space, n_iter=12, cv=3, random_state=0, n_jobs=2).fit(X, Y)
    names = {type(params["clf"]).__name__ for params in search.cv_results_["params"]}
    assert len(names) > 1
    is_forest = [isinstance(p["clf"], RandomForestClassifier) for p in search.cv_results_["params"]]
    assert_array_equal(search.cv_results_["param_clf__C"].mask, is_forest)
    assert search.best_score_ > 0.93
    assert not hasattr(space[0]["clf"][0], "classes_")


def test_it_works_inside_cross_validate_and_as_a_step(search_class):
    search = search_class(SVC(), BOX, n_iter=6, cv=3, random_state=0)
    outer = cross_validate(search, X, Y, n_jobs=2, return_estimator=True)
    assert outer["test_score"].mean() > 0.9
    assert len(outer["estimator"][0].cv_results_["params"]) == 6
    assert make_pipeline(StandardScaler(), search).fit(X, Y).score(X, Y) > 0.9


@pytest.fixture(scope="module")
def uneven(search_class):
    """A search whose fits differ in time by more than tenfold, run by one worker."""
    space = {
        "n_estimators": log_randint(2, 120),
        "max_depth": [None, 1, 2, 4],
        "criterion": ["gini", "entropy"],
    }
    forest = RandomForestClassifier(random_state=0)
    search = search_class(forest, space, n_iter=15, cv=3, random_state=0, n_points=3)
    return search, clone(search).fit(X, Y)


@pytest.mark.parametrize("n_jobs", [2, pytest.param(-1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("backend", ["loky", pytest.param("threading", marks=pytest.mark.slow)])
def test_the_search_is_the_same_for_every_number_of_workers(uneven, n_jobs, backend):
    search, sequential = uneven
    times = sequential.cv_results_["mean_fit_time"]
    assert times.max() > 10 * times.min()
    with parallel_config(backend):
        parallel = clone(search).set_params(n_jobs=n_jobs).fit(X, Y)
    assert_same_search(parallel.cv_results_, sequential.cv_results_)
    assert_array_equal(parallel.predict(X), sequential.predict(X))


def test_same_seed_same_search_and_another_seed_another(uneven):
    search, first = uneven
    assert_same_search(search.fit(X, Y).cv_results_, first.cv_results_)
    other = clone(search).set_params(random_state=1).fit(X, Y)
    assert other.cv_results_["params"] != first.cv_results_["params"]


def test_without_a_seed_numpys_global_one_decides(search_class):
    search = search_class(SVC(), BOX, n_iter=5, cv=2)
    searches = []
    for _ in range(2):
        np.random.seed(3)
        searches.append(clone(search).fit(X, Y).cv_results_["params"])
    assert searches[0] == searches[1]
    assert clone(search).fit(X, Y).cv_results_["params"] != searches[0]


@pytest.mark.parametrize("n_points", [1, 2, 4])
def test_a_search_of_30_extended_to_50_is_the_search_of_50(search_class, n_points):
    short, long = (
        search_class(
            Moody(),
            {"x": uniform(0, 1)},
            n_iter=n,
            cv=2,
            random_state=0,
            n_points=n_points,
            refit=False,
        ).fit(X, Y)
        for n in (30, 50)
    )
    assert long.cv_results_["params"][:30] == short.cv_results_["params"]


@pytest.mark.parametrize(
    "cv",
    [
        KFold(3, shuffle=True),
        ShuffleSplit(3),
        ShuffleSplit(3, random_state=np.random.RandomState(0)),
    ],
)
def test_a_shuffling_splitter_gives_every_trial_the_same_splits(search_class, cv):
    same = [{"C": 1.0, "gamma": 0.1}] * 6
    search = search_class(SVC(), BOX, n_iter=6, cv=cv, initial_params=same).fit(X, Y)
    for split in range(3):
        assert np.ptp(search.cv_results_[f"split{split}_test_score"]) == 0


def test_a_candidate_that_fails_costs_one_row(search_class):
    search = search_class(
        Moody(fails_below=0.4), {"x": uniform(0, 1)}, n_iter=25, cv=3, random_state=0
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.fit(X, Y)
    failures, non_finite = (str(warning.message) for warning in caught)
    assert "fits failed out of a total of 75" in failures
    assert "One or more of the test scores are non-finite" in non_finite
    assert [warning.category for warning in caught] == [FitFailedWarning, UserWarning]
    is_failed = np.isnan(search.cv_results_["mean_test_score"])
    xs = search.cv_results_["param_x"].data.astype(float)
    assert_array_equal(is_failed, xs < 0.4)
    assert 0 < is_failed.sum() < 13
    assert abs(search.best_params_["x"] - 0.55) < 0.01
    assert (search.cv_results_["rank_test_score"][is_failed] == (~is_failed).sum() + 1).all()


@pytest.mark.parametrize("error_score", [np.nan, 0.0])
def test_the_model_takes_a_failed_fit_as_bad_whatever_the_error_score(search_class, error_score):
    """With scores below zero, an error score of 0 would look best."""
    search = search_class(
        Moody(fails_below=0.5),
        {"x": uniform(0, 1)},
        n_iter=20,
        n_initial_points=4,
        cv=2,
        random_state=0,
        error_score=error_score,
        refit=False,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(X, Y)
    xs = search.cv_results_["param_x"].data.astype(float)
    assert np.abs(xs - 0.55).min() < 0.02
    assert (xs[4:] < 0.5).mean() < 1 / 3


def test_if_every_fit_fails_the_error_is_scikit_learns(search_class):
    search = search_class(Moody(fails_below=2.0), {"x": uniform(0, 1)}, n_iter=4, cv=2)
    with pytest.raises(ValueError, match="All the 8 fits failed"):
        search.fit(X, Y)
    with pytest.raises(ValueError, match="too low"):
        search.set_params(error_score="raise").fit(X, Y)


def test_initial_params_come_first(search_class):
    search = search_class(SVC(), BOX, n_iter=4, cv=2, random_state=0)
    search.set_params(initial_params=[{"C": 3, "gamma": 0.25}, {"gamma": 0.5}])
    params = search.fit(X, Y).cv_results_["params"]
    assert params[0] == {"C": 3, "gamma": 0.25}
    assert params[1]["gamma"] == 0.5


@pytest.mark.parametrize(
    "space, own",
    [
        (BOX, {"C": 1.0, "gamma": "scale"}),
        ({"C": loguniform(10, 1000)}, {"C": 1.0}),
        ([{"kernel": ["poly"], "C": [2, 4, 8]}, {"C": loguniform(0.1, 7)}], {"C": 1.0}),
        ([{"kernel": ["poly"], "C": [2, 4, 8]}, {"C": [5, 7]}], {"C": 1.0, "kernel": "rbf"}),
        ({"kernel": ["poly"]}, {"kernel": "rbf"}),
        ({"C": [0.1, 10, 1000], "kernel": ["poly", "linear"]}, {"C": 1.0, "kernel": "rbf"}),
    ],
)
def test_the_defaults_are_evaluated_exactly_as_they_stand(search_class, space, own):
    search = search_class(SVC(), space, n_iter=12, cv=2, random_state=0, initial_params="default")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of spaces with fewer candidates than n_iter
        results = search.fit(X, Y).cv_results_
    assert results["params"][0] == own
    as_it_stands = cross_validate(SVC(), X, Y, cv=2)["test_score"]
    assert results["mean_test_score"][0] == pytest.approx(as_it_stands.mean())
    rest = results["params"][1:]
    assert len(rest) == min(11, Space(space).size or 11)  # no candidate counts as evaluated by it
    for params in rest:
        Space(space).encode(params)  # raises if it lies outside


def test_defaults_outside_the_space_can_win(search_class):
    search = search_class(
        SVC(), {"gamma": loguniform(50, 1000)}, n_iter=8, cv=2, initial_params="default"
    ).fit(X, Y)
    assert search.best_params_ == {"gamma": "scale"}
    assert search.best_estimator_.gamma == "scale"


def test_defaults_outside_the_space_are_found_again_in_a_journal(search_class, tmp_path):
    space = {"C": loguniform(10, 1000), "gamma": loguniform(1e-3, 1), "kernel": ["poly", "linear"]}
    options = {"cv": 2, "random_state": 0, "initial_params": "default"}
    whole = search_class(SVC(), space, n_iter=9, **options).fit(X, Y)
    path = tmp_path / "search.jsonl"
    search_class(SVC(), space, n_iter=4, checkpoint=path, **options).fit(X, Y)
    resumed = search_class(SVC(), space, n_iter=9, checkpoint=path, **options).fit(X, Y)
    assert resumed.cv_results_["params"] == whole.cv_results_["params"]
    assert resumed.cv_results_["params"][0] == {"C": 1.0, "gamma": "scale", "kernel": "rbf"}


def test_an_estimator_given_first_is_found_again_after_clone(search_class):
    pipeline = Pipeline([("clf", SVC())])
    space = {"clf": [SVC(), LogisticRegression(max_iter=500)], "clf__C": loguniform(0.1, 10)}
    given = [{"clf": space["clf"][1], "clf__C": 2.0}]
    search = search_class(pipeline, space, n_iter=2, cv=2, initial_params=given, random_state=0)
    params = clone(search).fit(X, Y).cv_results_["params"]
    assert isinstance(params[0]["clf"], LogisticRegression)


def test_a_finite_space_with_distributions_ends_when_it_is_used_up(search_class):
    search = search_class(
        DecisionTreeClassifier(random_state=0), {"max_depth": randint(1, 5)}, n_iter=20, cv=2
    ).fit(X, Y)
    assert sorted(p["max_depth"] for p in search.cv_results_["params"]) == [1, 2, 3, 4]


def test_n_points_auto_is_the_number_of_workers(search_class):
    search = search_class(SVC(), BOX, n_iter=3, cv=2, n_points="auto", n_jobs=2).fit(X, Y)
    assert search.n_points_ == 2
    assert search.set_params(n_points=3).fit(X, Y).n_points_ == 3


@pytest.mark.parametrize("pre_dispatch", ["all", 1, 100, "n_jobs"])
def test_pre_dispatch_changes_nothing_but_memory(search_class, pre_dispatch):
    search = search_class(SVC(), BOX, n_iter=5, cv=2, random_state=0)
    expected = clone(search).fit(X, Y).cv_results_
    search.set_params(pre_dispatch=pre_dispatch, n_jobs=2).fit(X, Y)
    assert_same_search(search.cv_results_, expected)


def test_several_metrics_follow_the_one_that_refit_names(search_class):
    def distance(estimator, X, y):
        return -abs(estimator.x - 0.2)

    def other(estimator, X, y):
        return -abs(estimator.x - 0.8)

    def search(refit, scoring):
        return search_class(
            Moody(),
            {"x": uniform(0, 1)},
            n_iter=20,
            cv=2,
            scoring=scoring,
            refit=refit,
            random_state=0,
        ).fit(X, Y)

    def both(estimator, X, y):
        return {"a": distance(estimator, X, y), "b": other(estimator, X, y)}

    for scoring in ({"a": distance, "b": other}, both):
        for refit, target in (("a", 0.2), ("b", 0.8), (False, 0.2), (lambda results: 0, 0.2)):
            fitted = search(refit, scoring)
            xs = fitted.cv_results_["param_x"].data.astype(float)[8:]
            near, elsewhere = (np.abs(xs - x) < 0.1 for x in (target, 1 - target))
            assert near.sum() > 2 * elsewhere.sum()
            assert np.abs(xs - target).min() < 0.03
            assert fitted.multimetric_
    assert search("b", both).best_params_["x"] == pytest.approx(0.8, abs=0.03)


def test_a_second_fit_forgets_the_first(search_class):
    search = search_class(SVC(), BOX, n_iter=2, cv=2).fit(X, Y)
    with pytest.raises(ValueError, match="n_iter"):
        search.set_params(n_iter=0).fit(X, Y)
    search.set_params(n_iter=2, refit=False).fit(X, Y)
    assert not hasattr(search, "best_estimator_")
    with pytest.raises(TypeError, match="of type str"):
        search.set_params(param_distributions={"C": "wrong"}).fit(X, Y)
    assert not [name for name in vars(search) if name.endswith("_")]


def test_it_can_be_pickled_before_and_after_fit(search_class):
    search = search_class(SVC(), BOX, n_iter=4, cv=2, random_state=0)
    fitted = pickle.loads(pickle.dumps(search)).fit(X, Y)
    restored = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(restored.predict(X), fitted.predict(X))


def test_it_regresses_and_takes_integers_bools_and_none(search_class):
    data = make_regression(80, 5, noise=10, random_state=0)
    space = {"alpha": loguniform(1e-3, 1e3), "fit_intercept": [True, False], "max_iter": [None, 50]}
    search = search_class(Ridge(), space, n_iter=12, random_state=0).fit(*data)
    assert {type(p["fit_intercept"]) for p in search.cv_results_["params"]} == {bool}
    assert search.best_score_ > 0.9


def test_it_warns_of_nothing_itself(search_class):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search_class(SVC(), BOX, n_iter=12, cv=2, random_state=0).fit(X, Y)


def test_it_prints_what_scikit_learn_prints(search_class, capsys):
    search_class(SVC(), BOX, n_iter=2, cv=2, verbose=3, random_state=0).fit(X, Y)
    printed = capsys.readouterr().out
    assert "Fitting 2 folds for each of 2 candidates, totalling 4 fits" in printed
    assert printed.count("[CV 1/2] END") == 2


def test_the_global_generator_is_not_touched_by_a_seeded_search(search_class):
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    model = LogisticRegression(max_iter=500)  # SVC draws from the global generator itself
    search_class(model, {"C": BOX["C"]}, n_iter=6, cv=2, random_state=0).fit(X, Y)
    assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.slow
def test_most_seeds_reach_the_grid_with_a_ninth_of_its_fits():
    data = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), SVC())
    box = {f"svc__{name}": distribution for name, distribution in BOX.items()}
    grid = {"svc__C": np.logspace(-2, 3, 15), "svc__gamma": np.logspace(-5, 1, 15)}
    best = GridSearchCV(model, grid, n_jobs=2, refit=False).fit(*data).best_score_
    scores = [
        BayesSearchCV(model, box, n_iter=25, random_state=seed, n_jobs=2, refit=False)
        .fit(*data)
        .best_score_
        for seed in range(10)
    ]
    assert np.mean(np.array(scores) >= best - 0.001) >= 0.7


class AnyValue(Moody):
    """Takes whatever it is given."""

    def fit(self, X, y):
        return self

    def score(self, X, y):
        return 0.5


@pytest.mark.parametrize(
    "values",
    [
        [1, 1.0, 2, 2.0],
        [2**53, 2**53 + 1, 2**53 + 2],
        [10**400, 1, 2],
        [1.0, float("nan"), 2.0],
        list(np.array([1.0, np.nan, np.inf, 3.0])),
        list(np.arange(3).astype("m8[s]")),
        [None, 1, 1.0, 3],
    ],
    ids=range(7),
)
@pytest.mark.parametrize("n_iter", [3, 50])
def test_every_value_of_a_list_is_the_one_that_was_written(search_class, values, n_iter):
    search = search_class(AnyValue(), {"x": values}, n_iter=n_iter, cv=2, refit=False)
    search.fit(X, Y)
    tried = [params["x"] for params in search.cv_results_["params"]]
    assert all(any(value is known for known in values) for value in tried)
    assert len({id(value) for value in tried}) == len(tried) == min(n_iter, len(values))
    if n_iter == 50:
        assert all(value is known for value, known in zip(tried, values, strict=True))


@pytest.mark.parametrize("distribution", [uniform(0, 1), loguniform(1e-2, 1)], ids=["lin", "log"])
def test_no_candidate_lies_on_an_end_that_no_draw_gives(search_class, distribution):
    class Outwards(Moody):
        """Draws the search to the ends of the range."""

        def score(self, X, y):
            return abs(float(distribution.cdf(self.x)) - 0.5)

    search = search_class(Outwards(), {"x": distribution}, n_iter=30, cv=2, random_state=0)
    tried = search.fit(X, Y).cv_results_["param_x"]
    low, high = distribution.support()
    assert low < min(tried) < max(tried) < high
