"""Boosting of other libraries is scored after fewer rounds exactly, and networks by epochs."""

import numpy as np
import pytest
import torch
from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRegressor
from scipy.stats import loguniform
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from xgboost import XGBClassifier, XGBRegressor

from skbayes import BayesSearchCV

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

X, CLASSES = load_breast_cancer(return_X_y=True)
X = X[:, :8].astype(np.float32)
TARGETS = X[:, 0] * X[:, 1] + X[:, 2]
MOST = 25

XGBOOST = {"n_estimators": MOST, "n_jobs": 1, "random_state": 0, "subsample": 0.7}
LIGHTGBM = {"n_estimators": MOST, "n_jobs": 1, "random_state": 0, "verbose": -1}
CATBOOST = {
    "iterations": MOST,
    "thread_count": 1,
    "random_seed": 0,
    "verbose": False,
    "allow_writing_files": False,
    "learning_rate": 0.1,  # by default it depends on the number of iterations
}

MODELS = [
    (XGBClassifier(**XGBOOST), "n_estimators"),
    (XGBRegressor(**XGBOOST), "n_estimators"),
    (LGBMClassifier(**LIGHTGBM), "n_estimators"),
    (LGBMRegressor(**LIGHTGBM), "n_estimators"),
    (CatBoostClassifier(**CATBOOST), "iterations"),
    (CatBoostRegressor(**CATBOOST), "iterations"),
]


def curves_of(model, y, staged, **options):
    space = {"standardscaler__with_mean": [True]}
    options = {"n_iter": 1, "cv": 3, "refit": False, "staged_patience": None} | options
    search = BayesSearchCV(model, space, staged=staged, **options)
    return search.fit(X, y).cv_curves_[0]


@pytest.mark.parametrize(("model", "parameter"), MODELS, ids=lambda v: type(v).__name__)
def test_the_scores_of_a_stage_are_those_of_a_separate_fit(model, parameter):
    pipeline = make_pipeline(StandardScaler(), model)
    name = f"{type(model).__name__.lower()}__{parameter}"
    y, scorings = (CLASSES, [None, "neg_log_loss"]) if is_classifier(model) else (TARGETS, [None])
    for scoring in scorings:
        curves = curves_of(pipeline, y, name, scoring=scoring)
        for position in (0, 4, 12, len(curves["stages"]) - 1):
            fits = clone(pipeline).set_params(**{name: int(curves["stages"][position])})
            expected = cross_validate(fits, X, y, cv=3, scoring=scoring)["test_score"]
            # CatBoost adds up the trees in another order; the other two are the same bit for bit.
            tolerance = 1e-14 if parameter == "iterations" else 0.0
            found = curves["test_score"][:, position]
            np.testing.assert_allclose(found, expected, rtol=tolerance)


@pytest.mark.parametrize("model", [XGBClassifier, LGBMClassifier], ids=lambda v: v.__name__)
def test_a_pruned_candidate_has_the_score_of_a_separate_fit(model):
    estimator = model(n_estimators=40, n_jobs=1, random_state=0)
    search = BayesSearchCV(
        estimator,
        {"learning_rate": loguniform(1e-3, 1), "max_depth": [2, 3, 4, 5]},
        n_iter=15,
        cv=3,
        staged="n_estimators",
        pruning="halving",
        scoring="neg_log_loss",
        refit=False,
        random_state=0,
    ).fit(X, CLASSES)
    table = search.cv_results_
    pruned = np.flatnonzero(table["is_pruned"])
    assert len(pruned) >= 3
    for number in pruned[:3]:
        assert search.cv_curves_[number]["stages"][-1] < 40
        fits = clone(estimator).set_params(**table["params"][number])
        expected = cross_validate(fits, X, CLASSES, cv=3, scoring="neg_log_loss")["test_score"]
        assert table[f"split{number % 3}_test_score"][number] == expected[number % 3]


def test_early_stopping_of_the_library_is_refused():
    model = XGBClassifier(**XGBOOST, early_stopping_rounds=5)
    search = BayesSearchCV(model, {"max_depth": [2, 3]}, n_iter=2, staged="n_estimators")
    with pytest.raises(ValueError, match="XGBClassifier would stop early"):
        search.fit(X, CLASSES)


def test_a_number_of_rounds_must_be_known():
    search = BayesSearchCV(XGBClassifier(), {"max_depth": [2, 3]}, n_iter=2, staged="n_estimators")
    with pytest.raises(ValueError, match="None is not a positive integer; set n_estimators to one"):
        search.fit(X, CLASSES)


def test_a_network_of_torch_is_scored_after_every_epoch():
    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.Sequential(
                torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2), torch.nn.Softmax(1)
            )

        def forward(self, X):
            return self.layers(X)

    torch.manual_seed(0)
    network = NeuralNetClassifier(Network, max_epochs=15, lr=0.1, train_split=None, verbose=0)
    pipeline = make_pipeline(StandardScaler(), network)
    name = "neuralnetclassifier__max_epochs"
    options = {"staged_route": "partial_fit", "scoring": "neg_log_loss"}
    curves = curves_of(pipeline, CLASSES, name, **options)
    assert curves["stages"].tolist() == list(range(1, 16))
    means = curves["test_score"].mean(axis=0)
    assert means[-1] > means[0] + 0.1
