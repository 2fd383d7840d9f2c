"""The Python of the README runs as it is written."""

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

import skbayes

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def run(block):
    X, y = load_iris(return_X_y=True)
    names = {
        "X": X,
        "y": y,
        "X_new": X[::10],
        "model": SVC(),
        "grid": {"C": np.logspace(-2, 3, 15), "gamma": np.logspace(-5, 1, 15)},
        "GridSearchCV": GridSearchCV,
        "BayesSearchCV": skbayes.BayesSearchCV,
    }
    exec(compile(block, "README.md", "exec"), names)
    return names


def test_the_one_line_replacement():
    search = run(BLOCKS[0])["search"]
    assert search.n_iter == 50
    assert search.param_distributions["C"].shape == (15,)


@pytest.mark.slow
def test_the_example():
    search = run(BLOCKS[1])["search"]
    assert len(search.cv_results_["params"]) == 40
    assert search.best_score_ > 0.97


def test_a_loop_of_ones_own():
    study = run(BLOCKS[2])["study"]
    assert len(study.trials) == 20
    assert study.best_trial.score > -0.003
