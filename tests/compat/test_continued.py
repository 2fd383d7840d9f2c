"""Fits of XGBoost and LightGBM go on where they ended, with the model of one fit."""

import pickle

import lightgbm
import numpy as np
import pytest
import xgboost
from catboost import CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRegressor
from scipy.stats import loguniform, randint
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_diabetes, load_wine
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBRegressor, XGBRFRegressor

from skbayes import BayesSearchCV, HalvingBayesSearchCV
from skbayes.evaluation import continued
from skbayes.evaluation.continued import LIBRARIES, can_continue, can_grow, fit_up_to

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

CLASSES = load_wine(return_X_y=True)
NUMBERS = load_diabetes(return_X_y=True)
QUIET = {
    "xgboost": {"n_jobs": 1},
    "lightgbm": {"n_jobs": 1, "verbose": -1},
}
VALUES = {
    "xgboost": {
        "gamma": [0.1, 2.0],
        "learning_rate": [0.03, 0.3, 1.0],
        "max_bin": [8, 100],
        "max_delta_step": [0.5],
        "max_depth": [1, 4, 8],
        "min_child_weight": [0.1, 20.0],
        "random_state": [3],
        "reg_alpha": [0.1, 5.0],
        "reg_lambda": [0.01, 30.0],
        "tree_method": ["hist", "approx", "exact"],
    },
    "lightgbm": {
        "learning_rate": [0.03, 0.3, 1.0],
        "max_depth": [1, 4],
        "min_child_samples": [1, 30],
        "min_child_weight": [0.01, 5.0],
        "min_split_gain": [0.5],
        "num_leaves": [3, 60],
        "random_state": [3],
        "reg_alpha": [0.1, 5.0],
        "reg_lambda": [0.01, 30.0],
        "subsample": [0.5],
    },
}
"""Of parameters that may have any value."""


def model_of(package, name, **params):
    """Return a model that says nothing."""
    modules = {"xgboost": xgboost, "lightgbm": lightgbm}
    return getattr(modules[package], name)(**QUIET[package], **params)


def data_for(model):
    return CLASSES if is_classifier(model) else NUMBERS


def predictions(model, X):
    return model.predict_proba(X) if is_classifier(model) else model.predict(X)


def chain(model, stages, data, **options):
    """Return a model that was fitted to each of some stages after the other, and sent around."""
    n_fitted, further = 0, clone(model)
    for stage in stages:
        further = fit_up_to(stage, further, "n_estimators", n_fitted, data, options)
        further, n_fitted = pickle.loads(pickle.dumps(further)), stage
    return further


@pytest.mark.parametrize(("package", "name"), LIBRARIES)
@pytest.mark.parametrize("seed", range(8))
def test_a_model_fitted_further_is_the_one_fitted_at_once(package, name, seed):
    rng = np.random.default_rng(seed)
    params = {
        key: values[rng.integers(len(values))]
        for key, values in VALUES[package].items()
        if rng.random() < 0.5
    }
    model = model_of(package, name, **params)
    X, y = data_for(model)
    X, weights = X.copy(), rng.uniform(0.1, 3.0, len(y))
    X[rng.random(X.shape) < 0.05] = np.nan
    stages = np.sort(rng.choice(np.arange(1, 40), 3, replace=False)).tolist()
    assert can_grow(model, "n_estimators", len(y))
    at_once = clone(model).set_params(n_estimators=stages[-1]).fit(X, y, sample_weight=weights)
    further = chain(model, stages, (X, y), sample_weight=weights)
    np.testing.assert_array_equal(predictions(further, X), predictions(at_once, X))


DRAWING = [
    XGBRegressor(subsample=0.7, n_jobs=1),
    XGBRegressor(colsample_bytree=0.5, n_jobs=1),
    XGBRegressor(colsample_bynode=0.5, n_jobs=1),
    XGBRegressor(booster="dart", rate_drop=0.3, n_jobs=1),
    LGBMRegressor(subsample=0.7, subsample_freq=1, n_jobs=1, verbose=-1),
    LGBMRegressor(colsample_bytree=0.5, n_jobs=1, verbose=-1),
    LGBMRegressor(boosting_type="dart", n_jobs=1, verbose=-1),
    LGBMRegressor(extra_trees=True, n_jobs=1, verbose=-1),
    LGBMRegressor(use_quantized_grad=True, n_jobs=1, verbose=-1),
]


@pytest.mark.parametrize("model", DRAWING, ids=repr)
def test_what_draws_anew_is_another_model_and_not_continued(model):
    X, y = NUMBERS
    assert not can_grow(model, "n_estimators", len(y))
    at_once = clone(model).set_params(n_estimators=20).fit(X, y)
    further = chain(model, [8, 20], NUMBERS)
    assert not np.array_equal(further.predict(X), at_once.predict(X))


class OtherRegressor(XGBRegressor):
    """Not on the list, because a subclass may fit in another way."""


@pytest.mark.parametrize(
    ("model", "parameter"),
    [
        (OtherRegressor(), "n_estimators"),
        (XGBRFRegressor(), "n_estimators"),
        (XGBRegressor(), "max_depth"),
        (XGBRegressor(early_stopping_rounds=3), "n_estimators"),
        (XGBRegressor(monotone_constraints=(1,) * 10), "n_estimators"),
        (LGBMRegressor(linear_tree=True), "n_estimators"),
        (CatBoostRegressor(learning_rate=0.1), "iterations"),
    ],
    ids=repr,
)
def test_what_nobody_has_tried_is_not_continued(model, parameter):
    assert not can_grow(model, parameter, 100)


def test_neither_seeds_nor_imports_are_needed():
    assert can_continue(XGBClassifier(), "n_estimators", 100)
    piped = make_pipeline(StandardScaler(), LGBMClassifier(random_state=None))
    assert can_continue(piped, "lgbmclassifier__n_estimators", 100)


@pytest.fixture
def fits(monkeypatch):
    """The numbers of rounds of all fits of some classes from now on."""
    rounds = []
    for model_class in (XGBRegressor, LGBMRegressor):

        def counting(self, *data, fit=model_class.fit, **options):
            rounds.append(self.n_estimators)
            return fit(self, *data, **options)

        monkeypatch.setattr(model_class, "fit", counting)
    return rounds


REGRESSORS = [key for key in LIBRARIES if key[1].endswith("Regressor")]


def piped(package, name, **params):
    """Return a pipeline, the prefix of its last step's parameters, and that of its rounds."""
    prefix = f"{name.lower()}__"
    model = model_of(package, name, **params)
    return make_pipeline(StandardScaler(), model), prefix, f"{prefix}n_estimators"


@pytest.mark.parametrize(("package", "name"), REGRESSORS)
def test_no_round_of_a_staged_search_is_fitted_twice(package, name, fits):
    pipeline, prefix, rounds = piped(package, name)
    space = {f"{prefix}learning_rate": loguniform(0.05, 1)}
    options = {"staged": rounds, "staged_patience": 5, "n_iter": 5, "cv": 3, "random_state": 0}
    pipeline.set_params(**{rounds: 120})
    search = BayesSearchCV(pipeline, space, racing=False, refit=False, **options).fit(*NUMBERS)
    last = [c["stages"][np.isfinite(s)][-1] for c in search.cv_curves_ for s in c["test_score"]]
    assert sum(last) <= sum(fits) <= 1.4 * sum(last)  # they work ahead
    assert sum(last) < 0.7 * 5 * 3 * 120
    for index, params in enumerate(search.cv_results_["params"]):
        expected = cross_val_score(clone(pipeline).set_params(**params), *NUMBERS, cv=3)
        found = [search.cv_results_[f"split{k}_test_score"][index] for k in range(3)]
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("package", "name"), REGRESSORS)
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_halving_fits_promoted_models_further(package, name, n_jobs, fits, monkeypatch):
    pipeline, prefix, rounds = piped(package, name)
    space = {f"{prefix}max_depth": randint(1, 6), f"{prefix}learning_rate": loguniform(0.05, 1)}
    options = {"resource": rounds, "max_resources": 9, "min_resources": 1, "n_brackets": 1}
    options |= {"cv": 2, "random_state": 0, "refit": False, "n_jobs": n_jobs}
    search = HalvingBayesSearchCV(pipeline, space, **options)
    with_them = search.fit(*NUMBERS).cv_results_
    if n_jobs == 1:
        assert sum(fits) == 2 * (9 * 1 + 3 * 2 + 1 * 6)
    monkeypatch.setattr(continued, "LIBRARIES", {})
    without = search.fit(*NUMBERS).cv_results_
    for key, column in without.items():
        if not key.endswith("_time"):
            np.testing.assert_array_equal(with_them[key], column, err_msg=key)
