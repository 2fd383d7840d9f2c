"""Real tuning tasks: cheap models on data that ships with scikit-learn, or is generated.

Every task is small enough (some 5 to 60 ms an evaluation) for many seeds, and hard in a way of its
own, which its marks name. A third of the tasks is kept for the final word: nothing in the library
is tuned on them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.stats import loguniform, randint, uniform
from sklearn import datasets
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    ElasticNet,
    SGDClassifier,
    SGDRegressor,
    TweedieRegressor,
)
from sklearn.metrics import get_scorer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC, NuSVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from asv_benchmarks.problems import Distributions
from skbayes import log_randint

N_REPEATS = 4
"""Further evaluations whose mean is the true score of a candidate of a noisy task."""

SCALERS = [StandardScaler(), MinMaxScaler(), RobustScaler(), Normalizer(), "passthrough"]


@dataclass(frozen=True, eq=False)
class Task:
    """A model to tune.

    Parameters
    ----------
    make_estimator : callable
        Returns what to tune.
    space : dict or list of dict
        As `param_distributions`.
    data : callable
        Returns `X, y`.
    scoring : str
    marks : str
        What makes it hard, in words: smooth, plateaus, noisy, failing, exploding, conditional.
    n_splits : int, default=3
    is_final : bool, default=False
        Whether it is kept for the final word.
    """

    make_estimator: Callable[[], Any]
    space: Distributions
    data: Callable[[], tuple[np.ndarray, np.ndarray]]
    scoring: str
    marks: str
    n_splits: int = 3
    is_final: bool = False

    @property
    def is_noisy(self) -> bool:
        """Whether two evaluations of a candidate differ."""
        return "noisy" in self.marks

    def splitter(self, n_splits: int) -> KFold | StratifiedKFold:
        """Return a splitter of so many splits, the same ones every time."""
        is_classifier = any(word in self.scoring for word in ("accuracy", "log_loss", "roc_auc"))
        cls = StratifiedKFold if is_classifier else KFold
        return cls(n_splits, shuffle=True, random_state=0)

    def split_scores(self, params: dict[str, Any]) -> list[float]:
        """Return the score on every split; NaN from the first fit on that fails."""
        X, y = self.data()
        scorer = get_scorer(self.scoring)
        scores: list[float] = []
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for train, test in self.splitter(self.n_splits).split(X, y):
                model = self.make_estimator().set_params(**clone(params, safe=False))
                try:
                    scores.append(scorer(model.fit(X[train], y[train]), X[test], y[test]))
                except ValueError:
                    return scores + [np.nan] * (self.n_splits - len(scores))
        return scores

    def score(self, params: dict[str, Any]) -> float:
        """Return the mean score over the splits; NaN if a fit fails."""
        mean = float(np.mean(self.split_scores(params)))
        return mean if np.isfinite(mean) else np.nan

    def true_score(self, params: dict[str, Any]) -> float:
        """Return what a candidate is worth: for a noisy task, the mean of new evaluations."""
        n = N_REPEATS if self.is_noisy else 1
        return float(np.mean([self.score(params) for _ in range(n)]))


def _subset(load: Callable[..., Any], n: int) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """Return a function that loads n random samples of a data set, once."""

    @cache
    def data() -> tuple[np.ndarray, np.ndarray]:
        X, y = load(return_X_y=True)
        chosen = np.random.default_rng(0).permutation(len(y))[:n]
        return X[chosen], y[chosen]

    return data


def _made(make: Callable[..., Any], *args: Any, **options: Any) -> Callable[[], Any]:
    return cache(lambda: make(*args, random_state=0, **options))


CANCER = _subset(datasets.load_breast_cancer, 300)
DIGITS = _subset(datasets.load_digits, 300)
WINE = _subset(datasets.load_wine, 178)
DIABETES = _subset(datasets.load_diabetes, 250)
FRIEDMAN1 = _made(datasets.make_friedman1, 250, 10, noise=1.0)
FRIEDMAN3 = _made(datasets.make_friedman3, 250, noise=0.1)
MOONS = _made(datasets.make_moons, 250, noise=0.3)
UNEVEN = _made(datasets.make_classification, 250, 12, n_informative=5, weights=[0.75], flip_y=0.05)
MANY_CLASSES = _made(
    datasets.make_classification, 300, 15, n_informative=6, n_classes=4, class_sep=0.8
)


@cache
def _counts() -> tuple[np.ndarray, np.ndarray]:
    """Positive targets with a skew, for generalised linear models."""
    X, y = FRIEDMAN1()
    return X, np.random.default_rng(0).poisson(np.exp(y / 8)).astype(float) + 0.1


TASKS = {
    "svc-cancer": Task(
        lambda: make_pipeline(StandardScaler(), SVC()),
        {"svc__C": loguniform(1e-2, 1e3), "svc__gamma": loguniform(1e-5, 1e1)},
        CANCER,
        "accuracy",
        "plateaus",
    ),
    "svr-diabetes": Task(
        lambda: make_pipeline(StandardScaler(), SVR()),
        {
            "svr__C": loguniform(1e-1, 1e4),
            "svr__gamma": loguniform(1e-5, 1e1),
            "svr__epsilon": loguniform(1e-1, 1e2),
        },
        DIABETES,
        "r2",
        "smooth",
    ),
    "knn-wine": Task(
        lambda: make_pipeline("passthrough", KNeighborsClassifier()),
        {
            "passthrough": SCALERS,
            "kneighborsclassifier__n_neighbors": log_randint(1, 60),
            "kneighborsclassifier__weights": ["uniform", "distance"],
            "kneighborsclassifier__p": uniform(1, 4),
        },
        WINE,
        "neg_log_loss",
        "plateaus categorical",
    ),
    "elastic-net-friedman": Task(
        lambda: make_pipeline(StandardScaler(), PolynomialFeatures(), ElasticNet(max_iter=200)),
        {
            "elasticnet__alpha": loguniform(1e-5, 1e2),
            "elasticnet__l1_ratio": uniform(0, 1),
            "polynomialfeatures__degree": [1, 2, 3],
            "polynomialfeatures__interaction_only": [False, True],
        },
        FRIEDMAN1,
        "r2",
        "smooth",
    ),
    "tree-digits": Task(
        lambda: DecisionTreeClassifier(random_state=0),
        {
            "max_depth": [None, 2, 3, 4, 5, 6, 8, 10, 12, 15],
            "min_samples_split": log_randint(2, 40),
            "min_samples_leaf": log_randint(1, 40),
            "criterion": ["gini", "entropy"],
            "max_features": uniform(0.05, 0.95),
            "ccp_alpha": loguniform(1e-5, 1e-1),
        },
        DIGITS,
        "accuracy",
        "plateaus rough",
    ),
    "forest-friedman": Task(
        RandomForestRegressor,
        {
            "n_estimators": log_randint(5, 40),
            "max_depth": randint(2, 16),
            "min_samples_leaf": log_randint(1, 30),
            "max_features": uniform(0.1, 0.9),
            "bootstrap": [True, False],
        },
        FRIEDMAN1,
        "r2",
        "noisy",
    ),
    "boosting-diabetes": Task(
        lambda: GradientBoostingRegressor(random_state=0),
        {
            "n_estimators": log_randint(5, 80),
            "learning_rate": loguniform(1e-3, 1),
            "max_depth": randint(1, 7),
            "subsample": uniform(0.3, 0.7),
            "min_samples_leaf": log_randint(1, 50),
            "max_features": uniform(0.1, 0.9),
            "loss": ["squared_error", "absolute_error", "huber"],
        },
        DIABETES,
        "r2",
        "rough",
    ),
    "mlp-wine": Task(
        lambda: make_pipeline(StandardScaler(), MLPClassifier(max_iter=20)),
        {
            "mlpclassifier__hidden_layer_sizes": [(4,), (16,), (64,), (8, 8), (32, 32)],
            "mlpclassifier__alpha": loguniform(1e-6, 1e1),
            "mlpclassifier__learning_rate_init": loguniform(1e-4, 1),
            "mlpclassifier__batch_size": log_randint(8, 128),
            "mlpclassifier__activation": ["relu", "tanh", "logistic"],
            "mlpclassifier__beta_1": uniform(0.5, 0.49),
        },
        WINE,
        "neg_log_loss",
        "noisy",
    ),
    "kernel-ridge-diabetes": Task(
        KernelRidge,
        [
            {
                "kernel": ["rbf", "laplacian"],
                "alpha": loguniform(1e-6, 1e2),
                "gamma": loguniform(1e-3, 1e3),
            },
            {
                "kernel": ["poly"],
                "alpha": loguniform(1e-6, 1e2),
                "gamma": loguniform(1e-3, 1e3),
                "degree": randint(1, 7),
                "coef0": uniform(-1, 3),
            },
            {"kernel": ["linear"], "alpha": loguniform(1e-6, 1e2)},
        ],
        DIABETES,
        "neg_mean_squared_error",
        "conditional exploding",
    ),
    "sgd-diabetes": Task(
        lambda: make_pipeline(StandardScaler(), SGDRegressor(random_state=0, max_iter=30)),
        {
            "sgdregressor__loss": ["squared_error", "huber", "epsilon_insensitive"],
            "sgdregressor__penalty": ["l2", "l1", "elasticnet"],
            "sgdregressor__alpha": loguniform(1e-7, 1e1),
            "sgdregressor__eta0": loguniform(1e-5, 1e1),
            "sgdregressor__learning_rate": ["constant", "invscaling", "optimal", "adaptive"],
            "sgdregressor__power_t": uniform(0, 1),
        },
        DIABETES,
        "r2",
        "exploding",
    ),
    "svm-kernels-classes": Task(
        lambda: make_pipeline(StandardScaler(), SVC(max_iter=2000)),
        [
            {"svc__kernel": ["linear"], "svc__C": loguniform(1e-3, 1e2)},
            {
                "svc__kernel": ["rbf"],
                "svc__C": loguniform(1e-3, 1e2),
                "svc__gamma": loguniform(1e-4, 1e1),
            },
            {
                "svc__kernel": ["poly"],
                "svc__C": loguniform(1e-3, 1e2),
                "svc__gamma": loguniform(1e-4, 1),
                "svc__degree": randint(2, 6),
                "svc__coef0": uniform(0, 2),
            },
        ],
        MANY_CLASSES,
        "accuracy",
        "conditional plateaus",
    ),
    "nu-svc-uneven": Task(
        lambda: make_pipeline(StandardScaler(), NuSVC()),
        {
            "nusvc__nu": uniform(0.01, 0.98),
            "nusvc__gamma": loguniform(1e-4, 1e1),
            "nusvc__kernel": ["rbf", "sigmoid", "poly"],
            "nusvc__coef0": uniform(-1, 2),
        },
        UNEVEN,
        "balanced_accuracy",
        "failing",
    ),
    "choice-of-model-digits": Task(
        lambda: Pipeline(
            [
                ("scale", StandardScaler()),
                ("pca", PCA(svd_solver="full")),
                ("model", GaussianNB()),
            ]
        ),
        [
            {
                "model": [KNeighborsClassifier()],
                "model__n_neighbors": log_randint(1, 30),
                "model__p": uniform(1, 3),
                "pca__n_components": randint(2, 50),
            },
            {
                "model": [SVC()],
                "model__C": loguniform(1e-2, 1e3),
                "model__gamma": loguniform(1e-4, 1e1),
                "pca__n_components": randint(2, 50),
            },
            {
                "model": [GaussianNB()],
                "model__var_smoothing": loguniform(1e-10, 1),
                "pca__n_components": randint(2, 50),
            },
            {
                "model": [DecisionTreeClassifier(random_state=0)],
                "model__max_depth": randint(1, 15),
                "model__min_samples_leaf": log_randint(1, 30),
            },
        ],
        DIGITS,
        "accuracy",
        "conditional plateaus",
    ),
    "svr-pipeline-friedman": Task(
        lambda: make_pipeline(StandardScaler(), PCA(svd_solver="full"), SVR(max_iter=2000)),
        {
            "standardscaler__with_mean": [True, False],
            "standardscaler__with_std": [True, False],
            "pca__n_components": uniform(0.3, 0.699),
            "pca__whiten": [False, True],
            "svr__kernel": ["rbf", "poly", "sigmoid"],
            "svr__C": loguniform(1e-2, 1e3),
            "svr__gamma": loguniform(1e-4, 1e1),
            "svr__epsilon": loguniform(1e-3, 1e1),
            "svr__coef0": uniform(-1, 2),
            "svr__degree": randint(2, 5),
        },
        FRIEDMAN1,
        "neg_mean_squared_error",
        "exploding",
    ),
    "svc-digits": Task(
        lambda: make_pipeline(StandardScaler(), SVC()),
        {"svc__C": loguniform(1e-2, 1e3), "svc__gamma": loguniform(1e-5, 1e1)},
        DIGITS,
        "accuracy",
        "plateaus",
        is_final=True,
    ),
    "nu-svr-friedman": Task(
        lambda: make_pipeline(QuantileTransformer(n_quantiles=50), NuSVR()),
        {
            "quantiletransformer__output_distribution": ["uniform", "normal"],
            "nusvr__nu": uniform(0.05, 0.95),
            "nusvr__C": loguniform(1e-2, 1e3),
            "nusvr__gamma": loguniform(1e-4, 1e1),
        },
        FRIEDMAN3,
        "r2",
        "smooth",
        is_final=True,
    ),
    "linear-svc-cancer": Task(
        lambda: make_pipeline("passthrough", LinearSVC(max_iter=50, random_state=0)),
        {
            "passthrough": SCALERS,
            "linearsvc__penalty": ["l1", "l2"],
            "linearsvc__loss": ["hinge", "squared_hinge"],
            "linearsvc__dual": [True, False],
            "linearsvc__C": loguniform(1e-4, 1e2),
            "linearsvc__intercept_scaling": loguniform(1e-2, 1e2),
        },
        CANCER,
        "accuracy",
        "failing plateaus",
        is_final=True,
    ),
    "tweedie-counts": Task(
        lambda: make_pipeline(StandardScaler(), TweedieRegressor(max_iter=50)),
        {
            "tweedieregressor__power": uniform(-1, 4),
            "tweedieregressor__link": ["identity", "log"],
            "tweedieregressor__alpha": loguniform(1e-5, 1e2),
        },
        _counts,
        "neg_mean_squared_error",
        "smooth",
        is_final=True,
    ),
    "extra-trees-uneven": Task(
        ExtraTreesClassifier,
        {
            "n_estimators": log_randint(5, 40),
            "max_depth": [None, 2, 3, 5, 8, 12],
            "min_samples_leaf": log_randint(1, 30),
            "max_features": uniform(0.1, 0.9),
            "criterion": ["gini", "entropy"],
            "class_weight": [None, "balanced"],
        },
        UNEVEN,
        "neg_log_loss",
        "noisy",
        is_final=True,
    ),
    "sgd-moons": Task(
        lambda: make_pipeline(
            PolynomialFeatures(), StandardScaler(), SGDClassifier(loss="log_loss")
        ),
        {
            "polynomialfeatures__degree": randint(1, 8),
            "sgdclassifier__penalty": ["l2", "l1", "elasticnet"],
            "sgdclassifier__alpha": loguniform(1e-7, 1e1),
            "sgdclassifier__eta0": loguniform(1e-5, 1e1),
            "sgdclassifier__learning_rate": ["constant", "invscaling", "optimal", "adaptive"],
            "sgdclassifier__average": [False, True],
        },
        MOONS,
        "neg_log_loss",
        "noisy exploding",
        is_final=True,
    ),
    "choice-of-model-diabetes": Task(
        lambda: Pipeline([("scale", StandardScaler()), ("model", KNeighborsRegressor())]),
        [
            {
                "model": [KNeighborsRegressor()],
                "model__n_neighbors": log_randint(1, 100),
                "model__weights": ["uniform", "distance"],
                "scale": SCALERS,
            },
            {
                "model": [MLPRegressor(solver="lbfgs", max_iter=15, random_state=0)],
                "model__alpha": loguniform(1e-5, 1e3),
                "model__hidden_layer_sizes": [(4,), (16,), (32,)],
                "scale": SCALERS,
            },
            {
                "model": [DecisionTreeRegressor(random_state=0)],
                "model__max_depth": randint(1, 12),
                "model__min_samples_leaf": log_randint(1, 60),
            },
            {
                "model": [SVR()],
                "model__C": loguniform(1e-1, 1e4),
                "model__gamma": loguniform(1e-4, 1e1),
                "scale": SCALERS,
            },
        ],
        DIABETES,
        "r2",
        "conditional",
        is_final=True,
    ),
}
