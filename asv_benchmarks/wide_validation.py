"""The tasks of the wide benchmark that an idea is judged on once, after it passed development.

No data set of the development tasks is among them, and what is tuned alone is another model.
"""

from __future__ import annotations

from functools import partial

from scipy.stats import loguniform, randint, uniform
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
)
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Lasso, LogisticRegression, Ridge, RidgeClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    PowerTransformer,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
)
from sklearn.svm import LinearSVC, NuSVR
from sklearn.tree import DecisionTreeClassifier, ExtraTreeRegressor

from asv_benchmarks.tasks import Task
from asv_benchmarks.wide_data import classes, numbers
from asv_benchmarks.wide_development import prefixed, scaled
from skbayes import log_randint

RIDGE_SPACE = {
    "kernelridge__alpha": loguniform(1e-6, 1e3),
    "kernelridge__gamma": loguniform(1e-6, 1e2),
}
EXTRA_TREES_SPACE = {
    "max_depth": randint(2, 16),
    "min_samples_split": log_randint(2, 60),
    "max_features": uniform(0.05, 0.95),
    "criterion": ["gini", "entropy"],
}
LINEAR_SPACE = {
    "linearsvc__C": loguniform(1e-4, 1e3),
    "linearsvc__penalty": ["l1", "l2"],
    "linearsvc__loss": ["hinge", "squared_hinge"],
    "linearsvc__dual": [False, True],
}

VALIDATION = {
    "splines pima": Task(
        lambda: make_pipeline(
            StandardScaler(), SplineTransformer(), LogisticRegression(max_iter=100)
        ),
        {
            "splinetransformer__n_knots": [2, 3, 4, 6, 9, 14],
            "splinetransformer__degree": [1, 2, 3],
            "logisticregression__C": loguniform(1e-4, 1e3),
        },
        classes("pima", 200),
        "roc_auc",
        "smooth",
        5,
    ),
    "logistic splice": Task(
        partial(scaled, LogisticRegression(max_iter=50, solver="saga", tol=1e-2, random_state=0)),
        {
            "logisticregression__C": loguniform(1e-4, 1e3),
            "logisticregression__l1_ratio": uniform(0, 1),
        },
        classes("splice", 150),
        "accuracy",
        "plateaus",
        3,
    ),
    "kernel ridge diamonds": Task(
        partial(scaled, KernelRidge(kernel="rbf")),
        RIDGE_SPACE,
        numbers("diamonds"),
        "r2",
        "exploding",
        5,
    ),
    "kernel ridge computers": Task(
        partial(scaled, KernelRidge(kernel="laplacian")),
        RIDGE_SPACE,
        numbers("computers", 200),
        "r2",
        "smooth",
        10,
    ),
    "nu-svr pupils": Task(
        lambda: make_pipeline(PowerTransformer(), NuSVR(max_iter=2000)),
        {
            "nusvr__C": loguniform(1e-2, 1e3),
            "nusvr__gamma": loguniform(1e-5, 1e1),
            "nusvr__nu": uniform(0.05, 0.9),
        },
        numbers("pupils"),
        "r2",
        "smooth",
        5,
    ),
    "extra trees optdigits": Task(
        partial(ExtraTreesClassifier, n_estimators=8),
        EXTRA_TREES_SPACE,
        classes("optdigits", 300),
        "accuracy",
        "noisy",
        3,
    ),
    "extra trees contraceptive": Task(
        partial(ExtraTreesClassifier, n_estimators=8),
        EXTRA_TREES_SPACE,
        classes("contraceptive"),
        "balanced_accuracy",
        "noisy",
        5,
    ),
    "bagging diabetes": Task(
        lambda: BaggingRegressor(ExtraTreeRegressor(), n_estimators=6),
        {
            "estimator__min_samples_leaf": log_randint(1, 60),
            "estimator__max_features": uniform(0.1, 0.9),
            "max_samples": uniform(0.1, 0.9),
            "bootstrap": [False, True],
        },
        numbers("diabetes"),
        "r2",
        "noisy",
        3,
    ),
    "network computers": Task(
        partial(scaled, MLPRegressor(max_iter=30)),
        {
            "mlpregressor__hidden_layer_sizes": log_randint(2, 40),
            "mlpregressor__alpha": loguniform(1e-6, 1e1),
            "mlpregressor__learning_rate_init": loguniform(1e-4, 1),
            "mlpregressor__activation": ["relu", "tanh", "logistic"],
        },
        numbers("computers", 150),
        "r2",
        "noisy exploding",
        3,
    ),
    "linear svc spambase": Task(
        partial(scaled, LinearSVC(max_iter=100, random_state=0)),
        LINEAR_SPACE,
        classes("spambase"),
        "accuracy",
        "failing plateaus",
        3,
    ),
    "ada boost bupa": Task(
        lambda: AdaBoostClassifier(DecisionTreeClassifier(random_state=0), random_state=0),
        {
            "n_estimators": log_randint(2, 40),
            "learning_rate": loguniform(1e-2, 3),
            "estimator__max_depth": [1, 2, 3, 4, 6],
            "estimator__min_samples_leaf": log_randint(1, 30),
        },
        classes("bupa", 200),
        "accuracy",
        "plateaus discrete",
        3,
    ),
    "boosting mammographic": Task(
        partial(GradientBoostingClassifier, random_state=0),
        {
            "learning_rate": loguniform(1e-3, 2),
            "n_estimators": log_randint(3, 40),
            "max_depth": randint(1, 7),
            "max_features": uniform(0.2, 0.8),
        },
        classes("mammographic", 200),
        "neg_log_loss",
        "exploding",
        3,
    ),
    "naive Bayes texture": Task(
        lambda: make_pipeline(
            KBinsDiscretizer(subsample=None, quantile_method="averaged_inverted_cdf"), BernoulliNB()
        ),
        {
            "kbinsdiscretizer__n_bins": randint(2, 12),
            "kbinsdiscretizer__strategy": ["uniform", "quantile"],
            "bernoullinb__alpha": loguniform(1e-6, 1e2),
        },
        classes("texture", 200),
        "accuracy",
        "plateaus discrete",
        5,
    ),
    "kernel features magic": Task(
        lambda: Pipeline([("scale", StandardScaler()), ("map", Nystroem()), ("model", Ridge())]),
        [
            {
                "map": [Nystroem(random_state=0, n_components=40)],
                "map__gamma": loguniform(1e-5, 1e2),
                "map__kernel": ["rbf", "laplacian"],
                "model": [RidgeClassifier()],
                "model__alpha": loguniform(1e-5, 1e3),
            },
            {
                "map": [RBFSampler(random_state=0, n_components=60)],
                "map__gamma": loguniform(1e-5, 1e2),
                "model": [RidgeClassifier()],
                "model__alpha": loguniform(1e-5, 1e3),
            },
            {
                "map": [SplineTransformer()],
                "map__n_knots": randint(2, 12),
                "model": [LogisticRegression(max_iter=100)],
                "model__C": loguniform(1e-4, 1e2),
            },
        ],
        classes("magic"),
        "accuracy",
        "conditional plateaus",
        3,
    ),
    "six models phoneme": Task(
        lambda: Pipeline([("scale", StandardScaler()), ("model", GaussianNB())]),
        [
            {"model": [GaussianNB()], "model__var_smoothing": loguniform(1e-10, 1)},
            {
                "model": [LinearDiscriminantAnalysis(solver="lsqr")],
                "model__shrinkage": uniform(0, 1),
            },
            {"model": [QuadraticDiscriminantAnalysis()], "model__reg_param": uniform(0, 1)},
            {"model": [LogisticRegression(max_iter=100)], "model__C": loguniform(1e-4, 1e3)},
            {
                "model": [ExtraTreesClassifier(n_estimators=8, random_state=0)],
                **prefixed("model__", EXTRA_TREES_SPACE),
            },
            {
                "model": [GradientBoostingClassifier(random_state=0)],
                "model__learning_rate": loguniform(1e-3, 2),
                "model__n_estimators": log_randint(3, 40),
                "model__max_depth": randint(1, 7),
            },
        ],
        classes("phoneme"),
        "roc_auc",
        "conditional smooth",
        3,
    ),
    "late winner ring": Task(
        lambda: Pipeline([("map", StandardScaler()), ("model", RidgeClassifier())]),
        [
            {
                "map": [QuantileTransformer(n_quantiles=50)],
                "model": [ExtraTreesClassifier(n_estimators=5, random_state=0)],
                **prefixed("model__", EXTRA_TREES_SPACE),
            },
            {
                "map": [KBinsDiscretizer(subsample=None, quantile_method="averaged_inverted_cdf")],
                "map__n_bins": randint(2, 12),
                "model": [BernoulliNB()],
                "model__alpha": loguniform(1e-6, 1e2),
            },
            {  # good only with strong shrinkage and a narrow band of gamma
                "map": [Nystroem(random_state=0, n_components=60)],
                "map__gamma": loguniform(1e-8, 1e4),
                "model": [RidgeClassifier()],
                "model__alpha": loguniform(1e-8, 1e4),
            },
        ],
        classes("ring"),
        "accuracy",
        "conditional plateaus",
        5,
    ),
    "linear models pupils": Task(
        lambda: Pipeline([("map", SplineTransformer()), ("model", Ridge())]),
        [
            {
                "map__n_knots": randint(2, 15),
                "map__degree": [1, 2, 3],
                "model": [Ridge()],
                "model__alpha": loguniform(1e-6, 1e3),
            },
            {
                "map__n_knots": randint(2, 15),
                "map__degree": [1, 2, 3],
                "model": [Lasso(max_iter=200)],
                "model__alpha": loguniform(1e-6, 1e1),
            },
        ],
        numbers("pupils"),
        "r2",
        "conditional smooth",
        5,
    ),
    "kernels diamonds": Task(
        lambda: make_pipeline(StandardScaler(), KernelRidge()),
        [
            {"kernelridge__kernel": ["linear"], "kernelridge__alpha": loguniform(1e-6, 1e3)},
            {"kernelridge__kernel": ["rbf"], **RIDGE_SPACE},
            {"kernelridge__kernel": ["laplacian"], **RIDGE_SPACE},
            {
                "kernelridge__kernel": ["poly"],
                **RIDGE_SPACE,
                "kernelridge__degree": [2, 3, 4],
                "kernelridge__coef0": uniform(0, 2),
            },
        ],
        numbers("diamonds"),
        "r2",
        "conditional exploding",
        3,
    ),
}
"""Tasks by name."""
