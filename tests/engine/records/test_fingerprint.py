"""Digests: equal for what is made alike, different for what is not, the same in any process."""

import functools
import math
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse, stats
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import KFold, RepeatedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skbayes import log_randint
from skbayes.engine.records.fingerprint import digest


class OnlyDraws:
    def __init__(self, high):
        self.high = high

    def rvs(self, random_state):
        return random_state.randint(self.high)


class Nothing:
    """Says nothing of itself but where in memory it lies."""


def scorer_with(bonus):
    return lambda estimator, X, y: bonus


MAKERS = {
    "none": lambda: None,
    "true": lambda: True,
    "one": lambda: 1,
    "float one": lambda: 1.0,
    "text": lambda: "1",
    "bytes": lambda: b"1",
    "nan": lambda: math.nan,
    "list": lambda: [1, 2],
    "nested": lambda: [[1], 2],
    "tuple": lambda: (1, 2),
    "range": lambda: range(2),
    "dict": lambda: {"a": 1, "b": 2},
    "other dict": lambda: {"a": 2, "b": 1},
    "set": lambda: {"a", "b"},
    "array": lambda: np.arange(6.0).reshape(2, 3),
    "array of another shape": lambda: np.arange(6.0).reshape(3, 2),
    "integers": lambda: np.arange(6).reshape(2, 3),
    "empty array": lambda: np.empty((0, 3)),
    "objects": lambda: np.array(["a", None, 3], dtype=object),
    "dates": lambda: np.array(["2020-01-01"], dtype="datetime64[D]"),
    "masked": lambda: np.ma.masked_array([1.0, 2.0], mask=[True, False]),
    "sparse": lambda: sparse.csr_matrix(np.eye(3)),
    "sparse columns": lambda: sparse.csc_matrix(np.eye(3)),
    "pandas": lambda: pd.DataFrame({"x": [1.0, 2.0], "y": ["a", "b"]}),
    "pandas, other name": lambda: pd.DataFrame({"x": [1.0, 2.0], "z": ["a", "b"]}),
    "polars": lambda: pl.DataFrame({"x": [1.0, 2.5]}),
    "series": lambda: pd.Series([1.0, 7.0]),
    "categories": lambda: pd.DataFrame({"x": pd.Categorical(["a", "b"])}),
    "more categories": lambda: pd.DataFrame({"x": pd.Categorical(["a", "b"], ["a", "b", "c"])}),
    "ordered": lambda: pd.DataFrame({"x": pd.Categorical(["a", "b"], ordered=True)}),
    "strings": lambda: pd.DataFrame({"x": ["a", "b"]}),
    "frozen": lambda: FrozenEstimator(PCA(1).fit([[1.0, 2], [2, 1], [3, 5]])),
    "frozen, fitted otherwise": lambda: FrozenEstimator(PCA(1).fit([[1.0, 2], [2, 1], [3, 4]])),
    "within a pipeline": lambda: make_pipeline(FrozenEstimator(PCA(1).fit([[1.0, 2], [2, 1]]))),
    "within, otherwise": lambda: make_pipeline(FrozenEstimator(PCA(1).fit([[1.0, 2], [2, 2]]))),
    "estimator": lambda: LogisticRegression(C=2),
    "other estimator": lambda: LogisticRegression(C=3),
    "pipeline": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "other pipeline": lambda: make_pipeline(StandardScaler(), LogisticRegression(C=5)),
    "splitter": lambda: KFold(3),
    "other splitter": lambda: KFold(4),
    "repeated": lambda: RepeatedKFold(n_splits=3, n_repeats=2, random_state=0),
    "uniform": lambda: stats.uniform(0, 1),
    "loguniform": lambda: stats.loguniform(1, 10),
    "loguniform, wider": lambda: stats.loguniform(1, 100),
    "integers of scipy": lambda: stats.randint(0, 5),
    "log integers": lambda: log_randint(1, 50),
    "draws": lambda: OnlyDraws(5),
    "other draws": lambda: OnlyDraws(6),
    "scorer": lambda: make_scorer(f1_score),
    "other scorer": lambda: make_scorer(f1_score, average="macro"),
    "function": lambda: scorer_with(1),
    "function with another value": lambda: scorer_with(2),
    "lambda": lambda: lambda x: x + 1,
    "other lambda": lambda: lambda x: x + 2,
    "partial": lambda: functools.partial(f1_score, average="micro"),
    "ufunc": lambda: np.exp,
    "builtin": lambda: math.exp,
    "class": lambda: LogisticRegression,
    "method": lambda: LogisticRegression().fit,
    "generator": lambda: np.random.default_rng(1),
    "RandomState": lambda: np.random.RandomState(1),
    "other RandomState": lambda: np.random.RandomState(2),
    "object": Nothing,
    "lock": threading.Lock,
    "slice": lambda: slice(1, 2),
}


def test_alike_is_alike_and_different_is_different():
    digests = {name: digest(make()) for name, make in MAKERS.items()}
    assert digests == {name: digest(make()) for name, make in MAKERS.items()}
    assert len(set(digests.values())) == len(MAKERS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6.0).reshape(2, 3))),
        (np.arange(10)[::2], np.array([0, 2, 4, 6, 8])),
        (stats.uniform(0, 1), stats.uniform()),
        (RandomForestClassifier(n_jobs=2, verbose=1), RandomForestClassifier()),
        (make_pipeline(RandomForestClassifier(n_jobs=2)), make_pipeline(RandomForestClassifier())),
        (PCA(1).fit(np.eye(3)), PCA(1)),
        (stats.loguniform(1, 10), stats.reciprocal(1, 10)),
    ],
)
def test_how_it_was_made_does_not_matter(one, other):
    assert digest(one) == digest(other)


def test_a_distribution_that_was_used_is_the_same():
    used = stats.loguniform(1, 10)
    used.rvs(3)
    used.ppf(0.3)
    assert digest(used) == digest(stats.loguniform(1, 10))


def test_what_holds_itself_has_a_digest():
    one, other = [1], [1]
    one.append(one)
    other.append(other)
    assert digest(one) == digest(other) != digest([1, [1]])


@pytest.mark.parametrize("error", [TypeError, ValueError, RuntimeError])
def test_what_cannot_be_pickled_counts_by_its_class(error):
    class Shy:
        def __reduce_ex__(self, protocol):
            raise error("no")

    assert digest(Shy()) == digest(Shy())
    assert digest(lambda: later) == digest(lambda: later)
    later = 1


@pytest.mark.slow
def test_another_process_agrees():
    """With another order of hashes, so that nothing depends on it."""
    program = (
        "from tests.engine.records.test_fingerprint import MAKERS, digest;"
        "print({n: digest(m()) for n, m in MAKERS.items()})"
    )
    printed = [
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            check=True,
            text=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
