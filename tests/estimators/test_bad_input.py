"""Bad input: at `fit`, by name, with what came and the way out."""

import numpy as np
import pytest
from scipy.stats import loguniform, norm, randint
from sklearn.datasets import load_iris
from sklearn.model_selection import BaseCrossValidator, KFold
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

X, Y = load_iris(return_X_y=True)


@pytest.fixture
def search(search_class):
    """Return a function that makes a search of an SVC."""

    def make(space=None, **options):
        options = {"n_iter": 3, "cv": 2, "random_state": 0} | options
        space = {"C": loguniform(1e-2, 1e2)} if space is None else space
        return search_class(SVC(), space, **options)

    return make


class NoSplits(BaseCrossValidator):
    def get_n_splits(self, X=None, y=None, groups=None):
        return 0

    def _iter_test_indices(self, X=None, y=None, groups=None):
        return iter(())


class Inconsistent(KFold):
    def get_n_splits(self, X=None, y=None, groups=None):
        return 7


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ([], r"param_distributions: the list of dicts is empty; give at least one dict"),
        ({"C": []}, r"param_distributions\['C'\]: \[\] is empty; give at least one value"),
        ({"C": "rbf"}, r"param_distributions\['C'\]: 'rbf' of type str is neither"),
        ({"C": 3}, r"param_distributions\['C'\]: 3 of type int is neither a list of values nor"),
        ({"C": loguniform}, r"\['C'\]: the distribution 'loguniform' needs its arguments \(a, b\)"),
        ({"C": randint}, r"needs its arguments \(low, high\); give randint\(\.\.\.\)"),
        ({"c": [1, 2]}, r"Invalid parameter 'c' for estimator SVC.* Did you mean 'C'\?"),
        ({"gama": [1, 2]}, r"Invalid parameter 'gama'.* Did you mean 'gamma'\?"),
        ([{"C": [1]}, {"kernl": ["rbf"]}], r"Invalid parameter 'kernl'.*'kernel'\?"),
        ("C", r"The 'param_distributions' parameter of \w+SearchCV must be"),
    ],
)
def test_a_wrong_space_is_named(search, space, message):
    with pytest.raises((ValueError, TypeError), match=message):
        search(space).fit(X, Y)


def test_a_wrong_nested_name_is_named(search_class):
    pipeline = Pipeline([("clf", SVC())])
    with pytest.raises(ValueError, match=r"Did you mean 'clf__gamma'\?"):
        search_class(pipeline, {"clf__gama": [1, 2]}).fit(X, Y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_iter": 0}, r"The 'n_iter' parameter of \w+SearchCV must be None or an int"),
        ({"n_iter": 2.5}, "'n_iter'"),
        ({"n_points": 0}, r"The 'n_points' parameter of \w+SearchCV must be"),
        ({"n_initial_points": 0}, "'n_initial_points'"),
        ({"initial_params": "defaults"}, "'initial_params'"),
        ({"initial_params": [3]}, r"initial_params\[0\]: 3 is not a dict"),
        ({"initial_params": [{"gamma": 1}]}, r"initial_params\[0\]: 'gamma' is not among the"),
        ({"initial_params": [{}, {"C": 1e6}]}, r"initial_params\[1\]: C=1000000.0 lies outside"),
        ({"initial_params": [{"C": "big"}]}, r"initial_params\[0\]: C='big' lies outside"),
        ({"scoring": ["accuracy", "f1_macro"]}, "For multi-metric scoring, the parameter refit"),
        ({"scoring": "acuracy"}, "'scoring'"),
        ({"cv": NoSplits()}, "No fits were performed"),
        ({"cv": Inconsistent(2)}, "inconsistent results. Expected 7 splits, got 2"),
        ({"random_state": "x"}, "'random_state'"),
    ],
)
def test_a_wrong_option_is_named(search, options, message):
    wrong = search(**options)
    with pytest.raises((ValueError, TypeError), match=message):
        wrong.fit(X, Y)
    assert not [name for name in vars(wrong) if name.endswith("_")]


def test_a_wrong_refit_for_a_callable_with_several_metrics_is_found_at_the_first_trial(search):
    calls = []

    def scoring(estimator, X, y):
        calls.append(1)
        return {"a": 1.0, "b": 2.0}

    with pytest.raises(ValueError, match="For multi-metric scoring, the parameter refit"):
        search(scoring=scoring, refit="c", n_iter=10).fit(X, Y)
    assert len(calls) <= 4


def test_what_looks_odd_but_is_right_is_taken(search):
    assert len(search({}).fit(X, Y).cv_results_["params"]) == 1
    assert search({"tol": norm(loc=1e-3, scale=1e-5)}).fit(X, Y).best_params_["tol"] > 0
    assert search({"C": norm}, error_score=0.0, refit=False).param_distributions["C"] is norm


@pytest.mark.filterwarnings("ignore:.*non-finite", "ignore:invalid value")
@pytest.mark.parametrize("score", [np.nan, np.inf])
def test_a_score_that_is_not_finite_is_a_failed_trial_and_no_error(search, score):
    def scoring(estimator, X, y):
        return score if estimator.C > 1 else 0.5

    fitted = search(scoring=scoring, n_iter=10).fit(X, Y)
    assert len(fitted.cv_results_["params"]) == 10
