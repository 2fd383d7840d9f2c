"""The tasks of the wide benchmark for the final word: looked at once, at the end.

No data set of the other parts is among them, and what is tuned alone is another model.
"""

from __future__ import annotations

from functools import cache, partial
from importlib import import_module

import numpy as np
from scipy.stats import loguniform, randint, uniform
from sklearn.cross_decomposition import PLSRegression
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import BayesianRidge, HuberRegressor, SGDClassifier, TweedieRegressor
from sklearn.naive_bayes import ComplementNB, MultinomialNB
from sklearn.neighbors import KNeighborsRegressor, NearestCentroid
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, PolynomialFeatures, StandardScaler
from sklearn.random_projection import GaussianRandomProjection
from sklearn.svm import LinearSVR
from sklearn.tree import ExtraTreeClassifier

from asv_benchmarks.tasks import Task
from asv_benchmarks.wide_data import classes, numbers
from asv_benchmarks.wide_development import prefixed, scaled
from skbayes import log_randint

MODULES = ("linalg", "special", "optimize", "signal", "ndimage", "stats")
"""Modules of SciPy whose docstrings are told apart."""


@cache
def _docstrings(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the beginnings of docstrings, and the numbers of their modules."""
    texts: list[str] = []
    labels: list[int] = []
    for label, module_name in enumerate(MODULES):
        module = import_module(f"{name}.{module_name}")
        found = [getattr(module, key).__doc__ or "" for key in sorted(module.__all__)]
        kept = [text[:200] for text in dict.fromkeys(found) if len(text) > 80][:50]
        texts += kept
        labels += [label] * len(kept)
    return np.array(texts, dtype=object), np.array(labels)


def _spectra(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a sample with every eighth column."""
    X, y = numbers(name, 120)()
    return X[:, ::8], y


def _counts(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a sample with positive targets, for generalised linear models."""
    X, y = numbers(name)()
    return X, y - y.min() + 0.01


SGD_SPACE = {
    "loss": ["hinge", "log_loss", "modified_huber", "perceptron"],
    "alpha": loguniform(1e-7, 1),
    "penalty": ["l2", "l1", "elasticnet"],
    "learning_rate": ["optimal", "constant", "adaptive"],
    "eta0": loguniform(1e-4, 10),
}
HISTOGRAM_SPACE = {
    "learning_rate": loguniform(1e-2, 1),
    "max_iter": log_randint(2, 20),
    "max_leaf_nodes": log_randint(2, 32),
    "min_samples_leaf": log_randint(1, 50),
    "l2_regularization": loguniform(1e-4, 1e2),
    "max_bins": [4, 8, 16, 32, 64],
}
FOREST_SPACE = {
    "min_samples_leaf": log_randint(1, 50),
    "max_features": uniform(0.05, 0.95),
    "max_samples": uniform(0.1, 0.9),
}
WORDS_SPACE = {
    "words__ngram_range": [(1, 1), (1, 2), (2, 3)],
    "words__analyzer": ["word", "char_wb"],
    "words__min_df": log_randint(1, 12),
    "words__sublinear_tf": [False, True],
}
TREE_SPACE = {
    "estimator__max_depth": randint(1, 16),
    "estimator__min_samples_leaf": log_randint(1, 30),
    "max_samples": uniform(0.1, 0.9),
    "max_features": uniform(0.1, 0.9),
}

FINAL = {
    "Gaussian process cars": Task(
        partial(scaled, GaussianProcessRegressor(RBF(), optimizer=None, normalize_y=True)),
        {
            "gaussianprocessregressor__alpha": loguniform(1e-14, 1e2),
            "gaussianprocessregressor__kernel__length_scale": loguniform(1e-2, 1e5),
        },
        numbers("cars", 200),
        "r2",
        "smooth exploding",
        5,
    ),
    "neighbours houses": Task(
        partial(scaled, KNeighborsRegressor()),
        {
            "kneighborsregressor__n_neighbors": log_randint(1, 100),
            "kneighborsregressor__weights": ["uniform", "distance"],
            "kneighborsregressor__p": uniform(1, 4),
        },
        numbers("houses"),
        "r2",
        "discrete",
        10,
    ),
    "components meats": Task(
        lambda: make_pipeline(MaxAbsScaler(), PolynomialFeatures(1), PLSRegression()),
        {
            "polynomialfeatures__degree": [1, 2],
            "plsregression__n_components": randint(1, 30),
            "plsregression__scale": [False, True],
        },
        partial(_spectra, "meats"),
        "r2",
        "discrete smooth",
        5,
    ),
    "Tweedie visits": Task(
        lambda: make_pipeline(StandardScaler(), TweedieRegressor(max_iter=50, link="log")),
        {
            "tweedieregressor__power": uniform(1.0, 1.0),
            "tweedieregressor__alpha": loguniform(1e-5, 1e2),
        },
        partial(_counts, "visits"),
        "neg_mean_absolute_error",
        "smooth",
        5,
    ),
    "linear svr balances": Task(
        partial(scaled, LinearSVR(max_iter=200, random_state=0)),
        {
            "linearsvr__C": loguniform(1e-4, 1e3),
            "linearsvr__epsilon": loguniform(1e-4, 1),
            "linearsvr__loss": ["epsilon_insensitive", "squared_epsilon_insensitive"],
            "linearsvr__dual": [False, True],
        },
        numbers("balances", 200),
        "r2",
        "failing smooth",
        5,
    ),
    "sgd segment": Task(
        partial(scaled, SGDClassifier(max_iter=20, tol=None)),
        prefixed("sgdclassifier__", SGD_SPACE),
        classes("segment", 200),
        "accuracy",
        "noisy plateaus",
        3,
    ),
    "sgd australian": Task(
        partial(scaled, SGDClassifier(max_iter=20, tol=None)),
        prefixed("sgdclassifier__", SGD_SPACE),
        classes("australian"),
        "balanced_accuracy",
        "noisy",
        5,
    ),
    "forest car seats": Task(
        partial(RandomForestRegressor, n_estimators=8),
        FOREST_SPACE,
        numbers("car seats"),
        "r2",
        "noisy",
        3,
    ),
    "bagging penbased": Task(
        lambda: BaggingClassifier(ExtraTreeClassifier(), n_estimators=8),
        TREE_SPACE,
        classes("penbased", 250),
        "accuracy",
        "noisy plateaus",
        3,
    ),
    "histograms wdbc": Task(
        partial(HistGradientBoostingClassifier, random_state=0, early_stopping=False),
        HISTOGRAM_SPACE,
        classes("wdbc", 200),
        "neg_log_loss",
        "exploding",
        3,
    ),
    "histograms test scores": Task(
        partial(HistGradientBoostingRegressor, random_state=0, early_stopping=False),
        HISTOGRAM_SPACE,
        numbers("test scores", 300),
        "r2",
        "plateaus",
        3,
    ),
    "words": Task(
        lambda: Pipeline([("words", TfidfVectorizer()), ("clf", ComplementNB())]),
        WORDS_SPACE | {"clf__alpha": loguniform(1e-5, 1e2)},
        partial(_docstrings, "scipy"),
        "accuracy",
        "plateaus discrete",
        3,
    ),
    "projection chess": Task(
        lambda: Pipeline(
            [("project", GaussianRandomProjection(random_state=0)), ("clf", NearestCentroid())]
        ),
        {
            "project__n_components": log_randint(1, 60),
            "clf__shrink_threshold": loguniform(1e-3, 1e1),
            "clf__metric": ["euclidean", "manhattan"],
        },
        classes("chess"),
        "accuracy",
        "plateaus failing",
        5,
    ),
    "four regressions salaries": Task(
        lambda: Pipeline([("scale", StandardScaler()), ("model", BayesianRidge())]),
        [
            {
                "model": [BayesianRidge()],
                "model__alpha_1": loguniform(1e-8, 1e2),
                "model__lambda_1": loguniform(1e-8, 1e2),
            },
            {
                "model": [HuberRegressor(max_iter=50)],
                "model__epsilon": uniform(1.0, 3.0),
                "model__alpha": loguniform(1e-6, 1e3),
            },
            {
                "model": [RandomForestRegressor(n_estimators=8, random_state=0)],
                **prefixed("model__", FOREST_SPACE),
            },
            {
                "model": [KNeighborsRegressor()],
                "model__n_neighbors": log_randint(1, 100),
                "model__p": uniform(1, 4),
            },
        ],
        numbers("salaries"),
        "r2",
        "conditional",
        3,
    ),
    "three text models": Task(
        lambda: Pipeline([("words", TfidfVectorizer()), ("clf", ComplementNB())]),
        [
            {**WORDS_SPACE, "clf": [ComplementNB()], "clf__alpha": loguniform(1e-5, 1e2)},
            {**WORDS_SPACE, "clf": [MultinomialNB()], "clf__alpha": loguniform(1e-5, 1e2)},
            {
                **WORDS_SPACE,
                "clf": [SGDClassifier(max_iter=20, tol=None, random_state=0)],
                **prefixed("clf__", SGD_SPACE),
            },
        ],
        partial(_docstrings, "scipy"),
        "accuracy",
        "conditional plateaus",
        3,
    ),
    "two models twonorm": Task(
        lambda: Pipeline([("scale", StandardScaler()), ("model", NearestCentroid())]),
        [
            {
                "model": [BaggingClassifier(ExtraTreeClassifier(), n_estimators=8, random_state=0)],
                **prefixed("model__", TREE_SPACE),
            },
            {
                "model": [SGDClassifier(max_iter=20, tol=None, random_state=0)],
                **prefixed("model__", SGD_SPACE),
            },
        ],
        classes("twonorm", 200),
        "accuracy",
        "conditional plateaus",
        5,
    ),
    "late winner movements": Task(
        lambda: Pipeline([("scale", StandardScaler()), ("model", NearestCentroid())]),
        [
            {"model": [NearestCentroid()], "model__shrink_threshold": loguniform(1e-3, 1e1)},
            {
                "model": [BaggingClassifier(ExtraTreeClassifier(), n_estimators=8, random_state=0)],
                **prefixed("model__", TREE_SPACE),
            },
            {  # diverges unless the learning rate is small
                "model": [SGDClassifier(max_iter=20, tol=None, random_state=0)],
                "model__alpha": loguniform(1e-7, 1),
                "model__learning_rate": ["constant"],
                "model__eta0": loguniform(1e-6, 1e4),
            },
        ],
        classes("movement_libras", 240),
        "accuracy",
        "conditional plateaus",
        3,
    ),
    "forest features banana": Task(
        lambda: Pipeline([("map", PolynomialFeatures(2)), ("model", SGDClassifier())]),
        [
            {
                "map": [PolynomialFeatures()],
                "map__degree": [1, 2, 3, 4],
                "model": [SGDClassifier(max_iter=20, tol=None, random_state=0)],
                **prefixed("model__", SGD_SPACE),
            },
            {
                "map": ["passthrough"],
                "model": [HistGradientBoostingClassifier(random_state=0, early_stopping=False)],
                **prefixed("model__", HISTOGRAM_SPACE),
            },
        ],
        classes("banana"),
        "roc_auc",
        "conditional",
        3,
    ),
}
"""Tasks by name."""
