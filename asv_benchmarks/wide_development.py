"""The tasks of the wide benchmark on which the library may be developed."""

from __future__ import annotations

from functools import partial
from typing import Any

from scipy.stats import loguniform, randint, uniform
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import ElasticNet, LogisticRegression, SGDRegressor
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, NuSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from asv_benchmarks.tasks import Task
from asv_benchmarks.wide_data import classes, numbers
from skbayes import log_randint

SCALERS = [StandardScaler(), MinMaxScaler(), RobustScaler(), Normalizer(), "passthrough"]
SVC_SPACE = {"svc__C": loguniform(1e-2, 1e3), "svc__gamma": loguniform(1e-5, 1e1)}
SVR_SPACE = {
    "svr__C": loguniform(1e-2, 1e3),
    "svr__gamma": loguniform(1e-5, 1e1),
    "svr__epsilon": loguniform(1e-3, 1),
}
TREE_SPACE = {
    "max_depth": randint(1, 20),
    "min_samples_leaf": log_randint(1, 60),
    "min_samples_split": log_randint(2, 100),
    "max_features": uniform(0.1, 0.9),
    "ccp_alpha": loguniform(1e-5, 1e-1),
}
NEIGHBOURS_SPACE = {
    "passthrough": SCALERS,
    "kneighborsclassifier__n_neighbors": log_randint(1, 60),
    "kneighborsclassifier__weights": ["uniform", "distance"],
    "kneighborsclassifier__p": uniform(1, 4),
}
FOREST_SPACE = {
    "max_depth": randint(2, 16),
    "min_samples_leaf": log_randint(1, 40),
    "max_features": uniform(0.1, 0.9),
    "criterion": ["gini", "entropy"],
}
BOOSTING_SPACE = {
    "learning_rate": loguniform(1e-3, 1),
    "n_estimators": log_randint(5, 60),
    "max_depth": randint(1, 8),
    "min_samples_leaf": log_randint(1, 40),
    "subsample": uniform(0.3, 0.7),
    "max_features": uniform(0.1, 0.9),
}
NETWORK_SPACE = {
    "mlpclassifier__hidden_layer_sizes": log_randint(4, 64),
    "mlpclassifier__alpha": loguniform(1e-6, 1e1),
    "mlpclassifier__learning_rate_init": loguniform(1e-4, 1),
    "mlpclassifier__batch_size": [8, 16, 32, 64],
}


def scaled(model: Any) -> Pipeline:
    """Return a model behind a scaler."""
    return make_pipeline(StandardScaler(), model)


def prefixed(prefix: str, space: dict[str, Any]) -> dict[str, Any]:
    """Return a space with a prefix before all names."""
    return {prefix + name: values for name, values in space.items()}


DEVELOPMENT = {
    "svc ionosphere": Task(
        partial(scaled, SVC()), SVC_SPACE, classes("ionosphere"), "accuracy", "plateaus", 5
    ),
    "svc sonar": Task(partial(scaled, SVC()), SVC_SPACE, classes("sonar"), "roc_auc", "smooth", 10),
    "svc vowel": Task(
        partial(scaled, SVC()), SVC_SPACE, classes("vowel", 300), "accuracy", "plateaus", 3
    ),
    "nu-svc breast": Task(
        partial(scaled, NuSVC()),
        {"nusvc__nu": uniform(0.01, 0.98), "nusvc__gamma": loguniform(1e-5, 1e1)},
        classes("breast"),
        "balanced_accuracy",
        "failing plateaus",
        5,
    ),
    "svr Boston": Task(partial(scaled, SVR()), SVR_SPACE, numbers("Boston"), "r2", "smooth", 5),
    "svr babies": Task(partial(scaled, SVR()), SVR_SPACE, numbers("babies"), "r2", "smooth", 3),
    "neighbours led7digit": Task(
        partial(make_pipeline, "passthrough", KNeighborsClassifier()),
        NEIGHBOURS_SPACE,
        classes("led7digit"),
        "accuracy",
        "plateaus discrete",
        5,
    ),
    "neighbours heart": Task(
        partial(make_pipeline, "passthrough", KNeighborsClassifier()),
        NEIGHBOURS_SPACE,
        classes("heart"),
        "neg_log_loss",
        "exploding",
        5,
    ),
    "tree german": Task(
        partial(DecisionTreeClassifier, random_state=0),
        TREE_SPACE,
        classes("german"),
        "roc_auc",
        "plateaus",
        5,
    ),
    "tree concrete": Task(
        partial(DecisionTreeRegressor, random_state=0),
        TREE_SPACE,
        numbers("concrete", 400),
        "r2",
        "plateaus",
        10,
    ),
    "forest vehicle": Task(
        partial(RandomForestClassifier, n_estimators=8),
        FOREST_SPACE,
        classes("vehicle"),
        "accuracy",
        "noisy",
        3,
    ),
    "forest saheart": Task(
        partial(RandomForestClassifier, n_estimators=8),
        FOREST_SPACE,
        classes("saheart"),
        "neg_log_loss",
        "noisy exploding",
        3,
    ),
    "boosting colleges": Task(
        partial(GradientBoostingRegressor, random_state=0),
        BOOSTING_SPACE,
        numbers("colleges"),
        "r2",
        "smooth",
        3,
    ),
    "boosting baseball": Task(
        GradientBoostingRegressor, BOOSTING_SPACE, numbers("baseball", 200), "r2", "noisy", 3
    ),
    "network wisconsin": Task(
        partial(scaled, MLPClassifier(max_iter=10)),
        NETWORK_SPACE,
        classes("wisconsin", 150),
        "accuracy",
        "noisy plateaus",
        3,
    ),
    "network tae": Task(
        partial(scaled, MLPClassifier(max_iter=15)),
        NETWORK_SPACE,
        classes("tae"),
        "neg_log_loss",
        "noisy exploding",
        3,
    ),
    "elastic net schools": Task(
        lambda: make_pipeline(StandardScaler(), PolynomialFeatures(), ElasticNet(max_iter=200)),
        {
            "elasticnet__alpha": loguniform(1e-5, 1e2),
            "elasticnet__l1_ratio": uniform(0, 1),
            "polynomialfeatures__degree": [1, 2],
            "polynomialfeatures__interaction_only": [False, True],
        },
        numbers("schools", 150),
        "r2",
        "smooth exploding",
        5,
    ),
    "sgd air quality": Task(
        partial(scaled, SGDRegressor(random_state=0, max_iter=30)),
        {
            "sgdregressor__loss": ["squared_error", "huber", "epsilon_insensitive"],
            "sgdregressor__alpha": loguniform(1e-7, 1),
            "sgdregressor__eta0": loguniform(1e-5, 1),
            "sgdregressor__learning_rate": ["constant", "invscaling", "adaptive"],
            "sgdregressor__power_t": uniform(0, 0.6),
        },
        numbers("air quality"),
        "r2",
        "exploding",
        5,
    ),
    "kernels bands": Task(
        partial(scaled, SVC(max_iter=2000)),
        [
            {"svc__kernel": ["linear"], "svc__C": loguniform(1e-3, 1e3)},
            {"svc__kernel": ["rbf"], **SVC_SPACE},
            {
                "svc__kernel": ["poly"],
                **SVC_SPACE,
                "svc__degree": [2, 3, 4],
                "svc__coef0": uniform(0, 2),
            },
            {"svc__kernel": ["sigmoid"], **SVC_SPACE, "svc__coef0": uniform(-1, 2)},
        ],
        classes("bands"),
        "roc_auc",
        "conditional",
        5,
    ),
    "three models tic-tac-toe": Task(
        lambda: Pipeline([("scale", StandardScaler()), ("model", SVC())]),
        [
            {
                "model": [SVC()],
                "model__C": loguniform(1e-2, 1e3),
                "model__gamma": loguniform(1e-5, 1e1),
            },
            {
                "model": [KNeighborsClassifier()],
                "model__n_neighbors": log_randint(1, 60),
                "model__weights": ["uniform", "distance"],
            },
            {
                "model": [DecisionTreeClassifier(random_state=0)],
                **prefixed("model__", TREE_SPACE),
            },
        ],
        classes("tic-tac-toe"),
        "accuracy",
        "conditional plateaus",
        3,
    ),
    "five models Saratoga": Task(
        lambda: Pipeline([("scale", StandardScaler()), ("model", SVR())]),
        [
            {
                "model": [SVR()],
                "model__C": loguniform(1e-2, 1e3),
                "model__gamma": loguniform(1e-5, 1e1),
            },
            {
                "model": [KNeighborsRegressor()],
                "model__n_neighbors": log_randint(1, 60),
                "model__p": uniform(1, 4),
            },
            {
                "model": [DecisionTreeRegressor(random_state=0)],
                **prefixed("model__", TREE_SPACE),
            },
            {
                "model": [ElasticNet(max_iter=200)],
                "model__alpha": loguniform(1e-5, 1e2),
                "model__l1_ratio": uniform(0, 1),
            },
            {
                "model": [GradientBoostingRegressor(random_state=0)],
                **prefixed("model__", BOOSTING_SPACE),
            },
        ],
        numbers("Saratoga"),
        "r2",
        "conditional smooth",
        3,
    ),
    "late winner monk-2": Task(
        lambda: Pipeline([("features", "passthrough"), ("model", LogisticRegression())]),
        [
            {
                "features": ["passthrough"],
                "model": [LogisticRegression(max_iter=500)],
                "model__C": loguniform(1e-4, 1e2),
            },
            {
                "features": [PolynomialFeatures(2)],
                "model": [LogisticRegression(max_iter=500)],
                "model__C": loguniform(1e-4, 1e2),
            },
            {  # looks bad wherever gamma is not within a tenth of its range
                "features": [StandardScaler()],
                "model": [SVC()],
                "model__C": loguniform(1e-4, 1e4),
                "model__gamma": loguniform(1e-8, 1e3),
            },
        ],
        classes("monk-2"),
        "accuracy",
        "conditional plateaus",
        5,
    ),
    "preprocessing satimage": Task(
        lambda: Pipeline([("scale", StandardScaler()), ("reduce", PCA()), ("model", SVC())]),
        [
            {
                "scale": SCALERS[:3],
                "reduce": [PCA(svd_solver="full")],
                "reduce__n_components": randint(2, 30),
                "model__C": loguniform(1e-2, 1e3),
                "model__gamma": loguniform(1e-5, 1e1),
            },
            {
                "scale": SCALERS[:3],
                "reduce": [SelectKBest()],
                "reduce__k": randint(2, 36),
                "model__C": loguniform(1e-2, 1e3),
                "model__gamma": loguniform(1e-5, 1e1),
            },
        ],
        classes("satimage", 200),
        "accuracy",
        "conditional plateaus",
        3,
    ),
    "two trees wages": Task(
        partial(DecisionTreeRegressor, random_state=0),
        [
            {"splitter": ["best"], **TREE_SPACE},
            {"splitter": ["random"], "max_leaf_nodes": log_randint(2, 100)},
        ],
        numbers("wages"),
        "r2",
        "conditional plateaus",
        10,
    ),
}
"""Tasks by name: five and more lists of dicts, five noisy ones, 3, 5 and 10 splits."""
