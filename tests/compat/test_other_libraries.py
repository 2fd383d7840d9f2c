"""Models of other libraries: frames, sample weights, two workers."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from numpy.testing import assert_array_equal
from scipy.stats import loguniform
from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from skorch import NeuralNetClassifier
from xgboost import XGBClassifier

from skbayes import BayesSearchCV, HalvingBayesSearchCV, log_randint

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

DATA = load_breast_cancer()
X = pd.DataFrame(DATA.data[:, :8], columns=[f"x{i}" for i in range(8)])
Y = DATA.target
WEIGHTS = np.where(Y == 1, 2.0, 1.0)

TREES = {
    "xgboost": (
        XGBClassifier(n_jobs=1, random_state=0),
        {"learning_rate": loguniform(1e-2, 1), "n_estimators": log_randint(5, 40)},
    ),
    "lightgbm": (
        LGBMClassifier(n_jobs=1, random_state=0, verbose=-1),
        {"learning_rate": loguniform(1e-2, 1), "n_estimators": log_randint(5, 40)},
    ),
    "catboost": (
        CatBoostClassifier(thread_count=1, random_seed=0, verbose=False, allow_writing_files=False),
        {"learning_rate": loguniform(1e-2, 1), "iterations": log_randint(5, 40)},
    ),
}


def search(model, space, n_jobs):
    return BayesSearchCV(model, space, n_iter=8, cv=3, random_state=0, n_jobs=n_jobs)


@pytest.mark.parametrize(("model", "space"), TREES.values(), ids=TREES)
def test_boosted_trees_are_searched_with_weights_and_two_workers(model, space):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one, two = (
            search(model, space, n_jobs).fit(X, Y, sample_weight=WEIGHTS) for n_jobs in (1, 2)
        )
    assert two.best_score_ > 0.9
    assert one.cv_results_["params"] == two.cv_results_["params"]
    assert_array_equal(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])
    assert two.predict_proba(X).shape == (len(X), 2)


class Net(torch.nn.Module):
    """One hidden layer."""

    def __init__(self, n_hidden=8):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(8, n_hidden), torch.nn.ReLU(), torch.nn.Linear(n_hidden, 2)
        )

    def forward(self, X):
        return self.layers(X)


def to_float32(X):
    return np.asarray(X, dtype=np.float32)


def test_a_torch_net_is_searched_with_two_workers():
    net = NeuralNetClassifier(
        Net, criterion=torch.nn.CrossEntropyLoss, max_epochs=15, train_split=None, verbose=0
    )
    model = make_pipeline(StandardScaler(), FunctionTransformer(to_float32), net)
    space = {
        "neuralnetclassifier__lr": loguniform(1e-3, 1),
        "neuralnetclassifier__module__n_hidden": log_randint(2, 32),
    }
    fitted = search(model, space, 2).fit(X, Y)
    assert fitted.best_score_ > 0.9
    assert fitted.predict(X).shape == Y.shape


def test_epochs_of_a_torch_net_are_a_resource():
    net = NeuralNetClassifier(
        Net, criterion=torch.nn.CrossEntropyLoss, max_epochs=9, train_split=None, verbose=0
    )
    fitted = HalvingBayesSearchCV(
        make_pipeline(StandardScaler(), FunctionTransformer(to_float32), net),
        {"neuralnetclassifier__lr": loguniform(1e-3, 1)},
        resource="neuralnetclassifier__max_epochs",
        n_brackets=1,
        cv=3,
        random_state=0,
    ).fit(X, Y)
    assert fitted.n_candidates_ == [9, 3, 1]
    assert fitted.n_resources_ == [1, 3, 9]
    assert len(fitted.best_estimator_[-1].history) == 9
    assert fitted.best_score_ > 0.9
