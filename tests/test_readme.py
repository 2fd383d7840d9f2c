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


def rows_of(text):
    """Return the cells of the rows of a table."""
    return [
        [cell.strip() for cell in row.strip("|").split("|")]
        for row in re.findall(r"^\|.*\|$", text, re.MULTILINE)
    ]


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


def test_the_table_is_that_of_the_benchmarks():
    benchmarks = (Path(__file__).parent.parent / "doc/benchmarks.md").read_text(encoding="utf-8")
    lines = rows_of(benchmarks.partition("All 21 tasks:")[2].partition("The 14 tasks")[0])
    measured = {line[0]: dict(zip(lines[0], line, strict=True)) for line in lines}
    names, _, *rows = rows_of(README.partition("## Get it")[0])
    for n_evaluations, *regrets in rows:
        for name, regret in zip(names[1:], regrets, strict=True):
            assert regret.strip("*") == measured[name][f"at {n_evaluations}"]


def test_the_picture_is_in_the_repository():
    [picture] = re.findall(r"!\[.+?\]\(.+?/main/(.+?)\)", README)
    assert (Path(__file__).parent.parent / picture).exists()
