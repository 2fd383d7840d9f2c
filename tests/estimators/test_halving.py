"""`HalvingBayesSearchCV` on real models and data; its schedule is tested in `tests/samplers`."""

import pickle
import warnings

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_array_equal
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_digits, load_iris, make_classification
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    ShuffleSplit,
    StratifiedKFold,
    cross_validate,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import check_estimator

from skbayes import HalvingBayesSearchCV
from skbayes.evaluation.subsampling import subsampled_splits

X, Y = make_classification(
    300, 8, n_informative=4, n_classes=3, weights=[0.6, 0.25, 0.15], random_state=0
)
BOX = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-5, 1e1)}
TREES = {"max_depth": randint(1, 8), "min_samples_leaf": randint(1, 20)}


def forest_search(**options):
    options = {"resource": "n_estimators", "max_resources": 9, "cv": 3, "random_state": 0} | options
    return HalvingBayesSearchCV(RandomForestClassifier(random_state=0), TREES, **options)


class Counting(ClassifierMixin, BaseEstimator):
    """Scores by its parameter, and remembers how many samples of which class it saw."""

    seen = []  # noqa: RUF012

    def __init__(self, x=0.0, fails_above=np.inf, n_rounds=7, name="a"):
        self.x = x
        self.fails_above = fails_above
        self.n_rounds = n_rounds
        self.name = name

    def fit(self, X, y):
        if self.x > self.fails_above:
            raise ValueError("too high")
        self.classes_ = np.unique(y)
        self.seen.append(np.bincount(y))
        return self

    def score(self, X, y):
        return -abs(self.x - 0.6) + 0.01 * len(y) / 300


def counting_search(**options):
    options = {"cv": 3, "random_state": 0, "n_candidates": 9, "min_resources": 30} | options
    options = {"n_brackets": 1} | options
    return HalvingBayesSearchCV(Counting(), {"x": uniform()}, **options)


@pytest.mark.parametrize("n_brackets", [1, pytest.param("auto", marks=pytest.mark.slow)])
def test_the_search_is_the_same_for_every_number_of_workers(n_brackets):
    search = forest_search(n_brackets=n_brackets, n_points=3)
    sequential = clone(search).fit(X, Y)
    for backend in ("loky", "threading"):
        with parallel_config(backend):
            parallel = clone(search).set_params(n_jobs=2).fit(X, Y)
        for key, column in sequential.cv_results_.items():
            if not key.endswith("_time"):
                assert_array_equal(column, parallel.cv_results_[key], err_msg=key)
        assert_array_equal(parallel.predict(X), sequential.predict(X))


def test_samples_are_added_and_classes_keep_their_shares():
    Counting.seen = []
    fitted = counting_search(cv=StratifiedKFold(3), max_resources=270, refit=False).fit(X, Y)
    assert fitted.n_resources_ == [30, 90, 270]
    assert_array_equal(fitted.cv_results_["n_resources"], [30] * 9 + [90] * 3 + [270])
    totals = [classes.sum() for classes in Counting.seen]
    assert totals == [20] * 27 + [60] * 9 + [180] * 3
    shares = np.array(Counting.seen) / np.array(totals)[:, None]
    np.testing.assert_allclose(shares, np.tile(np.bincount(Y) / 300, (39, 1)), atol=0.06)


def test_a_larger_part_holds_every_smaller_one_and_keeps_the_order():
    splits = list(KFold(3, shuffle=True, random_state=0).split(X))
    parts = subsampled_splits(splits, 300, [30, 90, 300], seed=0, labels=Y)
    for small, large, whole, (train, test) in zip(
        parts[30], parts[90], parts[300], splits, strict=True
    ):
        for a, b, c, full in zip(small, large, whole, (train, test), strict=True):
            assert set(a) < set(b) < set(c)
            assert_array_equal(c, full)
            assert (np.diff(a) > 0).all()
    assert [len(train) for train, _ in parts[30]] == [20, 20, 20]


@pytest.mark.parametrize("cv", [KFold(3, shuffle=True), ShuffleSplit(3), 3])
def test_any_splitter_will_do(cv):
    fitted = counting_search(cv=cv).fit(X, Y)
    assert fitted.best_params_["x"] == pytest.approx(0.6, abs=0.2)


def test_a_parameter_of_a_step_is_a_resource_and_its_own_value_the_most():
    pipeline = Pipeline(
        [("scale", StandardScaler()), ("clf", GradientBoostingClassifier(n_estimators=9))]
    )
    space = {"clf__learning_rate": loguniform(1e-3, 1), "clf__max_depth": randint(1, 4)}
    fitted = HalvingBayesSearchCV(
        pipeline, space, resource="clf__n_estimators", n_brackets=1, cv=2, random_state=0
    ).fit(X, Y)
    assert fitted.max_resources_ == 9
    assert fitted.n_resources_ == [1, 3, 9]
    assert_array_equal(
        fitted.cv_results_["param_clf__n_estimators"], fitted.cv_results_["n_resources"]
    )
    assert fitted.best_estimator_["clf"].n_estimators_ == 9


def test_the_best_is_one_that_got_the_most():
    def worse_with_more(estimator, X, y):
        return -estimator.x - len(y)

    fitted = counting_search(scoring=worse_with_more, n_brackets="auto").fit(X, Y)
    assert fitted.cv_results_["n_resources"][fitted.best_index_] == 270
    assert np.argmax(fitted.cv_results_["mean_test_score"]) != fitted.best_index_
    assert fitted.best_score_ == fitted.cv_results_["mean_test_score"][fitted.best_index_]


@pytest.mark.parametrize(
    ("most", "factor", "resources", "candidates"),
    [
        pytest.param(300, 3, [33, 100, 300], [9, 3, 1], marks=pytest.mark.slow),
        pytest.param(80, 2, [10, 20, 40, 80], [8, 4, 2, 1], marks=pytest.mark.slow),
        (30, 3, [3, 10, 30], [10, 4, 2]),
        (40, 10, [4, 40], [10, 1]),
        (2, 3, [2], [3]),
    ],
)
def test_a_parameter_begins_at_a_ninth_and_ends_with_the_most(most, factor, resources, candidates):
    fitted = forest_search(max_resources=most, factor=factor, refit=False, cv=2).fit(X, Y)
    assert first_bracket(fitted.n_resources_) == resources
    assert first_bracket(fitted.n_candidates_) == candidates


def first_bracket(rungs):
    return rungs[0] if isinstance(rungs[0], list) else rungs


@pytest.mark.parametrize(
    ("n_samples", "resources"),
    [(1000, [111, 333, 1000]), (300, [100, 300]), (100, [33, 100]), (30, [30])],
)
def test_samples_begin_where_each_class_has_thirty(n_samples, resources):
    X, y = make_classification(n_samples, 8, n_informative=4, n_classes=3, random_state=0)
    search = HalvingBayesSearchCV(Counting(), {"x": uniform()}, cv=2, random_state=0, refit=False)
    assert first_bracket(search.fit(X, y).n_resources_) == resources


def test_brackets_for_which_no_candidate_is_left_are_not_told_of():
    space = {"max_depth": list(range(1, 11))}
    search = forest_search(n_brackets=3).set_params(param_distributions=space)
    assert search.fit(X, Y).n_candidates_ == [[9, 3, 1], [1, 1]]


def test_more_brackets_than_kinds_begin_again():
    fitted = forest_search(n_brackets=5).fit(X, Y)
    assert fitted.n_candidates_ == [[9, 3, 1], [5, 2], [3], [9, 3, 1], [5, 2]]
    assert fitted.n_resources_[3:] == [[1, 3, 9], [3, 9]]


def test_several_brackets_are_lists_of_lists_and_a_column():
    fitted = forest_search(n_brackets="auto").fit(X, Y)
    assert fitted.n_resources_ == [[1, 3, 9], [3, 9], [9]]
    assert fitted.n_candidates_ == [[9, 3, 1], [5, 2], [3]]
    columns = fitted.cv_results_
    assert sorted(set(zip(columns["bracket"], columns["iter"], strict=True))) == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 1),
        (2, 0),
    ]
    assert "bracket" not in forest_search(n_brackets=1).fit(X, Y).cv_results_


def test_several_metrics_and_a_callable_refit():
    scoring = ["accuracy", "f1_macro"]
    fitted = forest_search(scoring=scoring, refit="f1_macro").fit(X, Y)
    at_the_top = fitted.cv_results_["n_resources"] == 9
    assert fitted.best_score_ == fitted.cv_results_["mean_test_f1_macro"][at_the_top].max()
    fitted = forest_search(scoring=scoring, refit=lambda results: 2).fit(X, Y)
    assert fitted.best_index_ == 2


def test_a_candidate_that_fails_is_not_promoted():
    search = counting_search(refit=False)
    search.estimator.set_params(fails_above=0.7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = search.fit(X, Y)
    is_failed = np.isnan(fitted.cv_results_["mean_test_score"])
    assert is_failed.any()
    assert not is_failed[fitted.cv_results_["iter"] > 0].any()


def test_the_model_proposes_better_candidates_than_chance():
    columns = counting_search(n_candidates=27, n_brackets="auto").fit(X, Y).cv_results_
    is_new = (columns["iter"] == 0) & (columns["bracket"] > 0)
    xs = np.array(columns["param_x"][is_new], dtype=float)
    assert np.median(np.abs(xs - 0.6)) < 0.1


def test_groups_and_given_candidates():
    fitted = counting_search(cv=GroupKFold(3), initial_params=[{"x": 0.5}, {}]).fit(
        X, Y, groups=np.arange(300) % 10
    )
    assert fitted.cv_results_["param_x"][0] == 0.5
    own = counting_search(initial_params="default").fit(X, Y)
    assert own.cv_results_["param_x"][0] == 0.0


def test_defaults_outside_the_space_are_promoted_and_found_again(tmp_path):
    options = {"cv": 3, "random_state": 0, "max_resources": 120, "initial_params": "default"}
    space = {"gamma": loguniform(10, 1000)}
    whole = HalvingBayesSearchCV(SVC(), space, **options).fit(X, Y)
    assert whole.best_params_ == {"gamma": "scale"}
    path = tmp_path / "search.jsonl"
    for _ in range(2):
        resumed = HalvingBayesSearchCV(SVC(), space, checkpoint=path, **options).fit(X, Y)
        assert resumed.cv_results_["params"] == whole.cv_results_["params"]


def test_it_nests_and_pickles():
    search = HalvingBayesSearchCV(SVC(), BOX, cv=3, random_state=0, max_resources=120)
    assert (
        cross_validate(make_pipeline(StandardScaler(), search), *load_iris(return_X_y=True))[
            "test_score"
        ].mean()
        > 0.85
    )
    fitted = pickle.loads(pickle.dumps(search.fit(X, Y)))
    assert_array_equal(fitted.predict(X), search.predict(X))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("estimator", "space"),
    [(LogisticRegression(), {"C": loguniform(1e-2, 1e2)}), (Ridge(), {"alpha": [0.1, 1.0]})],
    ids=["classifier", "regressor"],
)
def test_scikit_learns_estimator_checks(estimator, space):
    search = HalvingBayesSearchCV(estimator, space, cv=2, n_candidates=3, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        checks = check_estimator(search.set_params(min_resources=8), on_skip=None)
    assert sum(check["status"] == "passed" for check in checks) > 40


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resource": "rounds"}, "Cannot use resource=rounds which is not supported by estimator"),
        ({"resource": "x", "max_resources": 9}, "Cannot use parameter x as the resource since"),
        ({"resource": "name"}, "max_resources='auto' takes the estimator's own name, and 'a' is"),
        ({"min_resources": 15, "max_resources": 14}, "min_resources_=15 is greater than max_res"),
        ({"min_resources": "exhaust", "n_candidates": "exhaust"}, "cannot be both set to 'exhaus"),
        ({"factor": 1}, "The 'factor' parameter of HalvingBayesSearchCV must be"),
        ({"n_brackets": 0}, "The 'n_brackets' parameter of HalvingBayesSearchCV must be"),
        ({"max_resources": 2.5}, "The 'max_resources' parameter"),
        ({"min_resources": 400}, "min_resources_=400 is greater than max_resources_=300"),
    ],
)
def test_bad_input_is_named(options, message):
    search = counting_search(**options)
    with pytest.raises(ValueError, match=message):
        search.fit(X, Y)
    assert not [name for name in vars(search) if name.endswith("_")]


@pytest.mark.slow
def test_it_finds_what_the_full_search_finds_with_less():
    data = load_digits(return_X_y=True)
    tree = DecisionTreeClassifier(random_state=0)
    space = {"max_depth": randint(1, 20), "min_samples_leaf": randint(1, 50)}
    best = [
        HalvingBayesSearchCV(tree, space, n_candidates=27, random_state=seed).fit(*data).best_score_
        for seed in range(3)
    ]
    assert min(best) > 0.72
