"""Searches that were recorded: whatever is rebuilt, they propose and find the same.

`python -m tests.test_recorded_searches` records them anew, for a change that means to alter them.
The numbers are compared to six digits, since BLAS rounds differently on other processors. Other
versions of NumPy or SciPy search elsewhere: with those the records say nothing, and are not read
(see `conftest.py`).
"""

import json

import numpy as np
import pytest
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.exceptions import FitFailedWarning

from skbayes import BayesSearchCV, HalvingBayesSearchCV, TPESearchCV, log_randint
from tests.conftest import RECORDS, recorded_versions

rng = np.random.default_rng(0)
DATA = rng.normal(size=(60, 3))
TARGET = DATA[:, 0] + 0.3 * DATA[:, 1] ** 2 + 0.1 * rng.normal(size=60)


class Formula(RegressorMixin, BaseEstimator):
    """A model whose score is a formula of its parameters and of the test samples."""

    def __init__(self, x=0.5, y=1.0, kind="a", depth=3, rounds=9, fails_above=None):
        self.x, self.y, self.kind, self.depth = x, y, kind, depth
        self.rounds, self.fails_above = rounds, fails_above

    def fit(self, X, y):
        if self.fails_above is not None and self.x > self.fails_above:
            raise ValueError("x is too large")
        return self

    def score(self, X, y):
        depth = 0 if self.depth is None else self.depth
        value = (self.x - 0.3) ** 2 + 0.1 * np.log10(self.y) ** 2 + 0.02 * abs(depth - 4)
        noise = 0.01 * np.mean(X[:, 0]) + 0.1 / self.rounds
        return float(-value - noise - 0.05 * (self.kind == "b"))


BOX = {"x": uniform(0, 1), "y": loguniform(1e-2, 1e2)}
MIXED = BOX | {"kind": ["a", "b", "c"], "depth": [None, 1, 2, 4, 8]}
UNION = [BOX | {"kind": ["b"]}, {"x": uniform(0, 0.5), "depth": randint(1, 9)}, {"kind": ["c"]}]
GIVEN = [{"x": 0.9}, {"x": 0.25, "y": 1.5}]


def search_of(cls, space=BOX, model=None, **options):
    size = {} if cls is HalvingBayesSearchCV else {"n_iter": 12}
    defaults = {"cv": 3, "random_state": 0, "refit": False}
    return cls(Formula() if model is None else model, space, **(defaults | size | options))


def halving(space=BOX, model=None, **options):
    return search_of(HalvingBayesSearchCV, space, model, **({"n_brackets": 1} | options))


def recorded_searches():
    """Return the searches by name."""
    searches = {}
    for name, cls in (("bayes", BayesSearchCV), ("tpe", TPESearchCV)):
        for n_points in (1, 2, 4):
            searches[f"{name}, {n_points} at once"] = search_of(cls, n_points=n_points)
        searches |= {
            f"{name}, mixed": search_of(cls, MIXED, n_initial_points=5),
            f"{name}, union": search_of(cls, UNION),
            f"{name}, given": search_of(cls, initial_params=GIVEN),
            f"{name}, failing": search_of(cls, model=Formula(fails_above=0.6)),
            f"{name}, integers": search_of(cls, {"x": uniform(0, 1), "depth": randint(0, 10**6)}),
            f"{name}, raced": search_of(cls, n_iter=20, cv=5),
        }
    rounds = {"resource": "rounds", "max_resources": 9}
    boosting = GradientBoostingRegressor(random_state=0, n_estimators=9)
    searches |= {
        "grid": search_of(BayesSearchCV, {"x": [0.1, 0.5, 0.9], "kind": ["a", "b"]}),
        "grid with a given point": search_of(
            BayesSearchCV, {"x": [0.1, 0.5, 0.9], "kind": ["a", "b"]}, initial_params=[{"x": 0.5}]
        ),
        "used up": search_of(BayesSearchCV, {"x": [0.1, 0.5], "depth": randint(1, 4)}, n_iter=9),
        "stopped": search_of(BayesSearchCV, n_iter_no_change=4, n_iter=30),
        "several metrics": search_of(
            BayesSearchCV, scoring=lambda e, X, y: {"a": e.score(X, y), "b": -e.x}, refit="b"
        ),
        "halving, samples": halving(n_candidates=9, min_resources=6),
        "halving, rounds": halving(**rounds),
        "halving, three brackets": halving(MIXED, n_brackets="auto", **rounds),
        "halving, three brackets, 4 at once": halving(n_brackets="auto", n_points=4, **rounds),
        "halving, failing": halving(
            model=Formula(fails_above=0.6), n_brackets=2, n_candidates=9, **rounds
        ),
        "halving, given": halving(initial_params=GIVEN, n_brackets=2, **rounds),
        "halving, grid": halving({"x": [0.1, 0.5, 0.9], "depth": [1, 4]}, **rounds),
        "halving, aggressive": halving(
            n_candidates=20, aggressive_elimination=True, min_resources=30
        ),
        "halving, continued": halving(
            {"learning_rate": loguniform(0.01, 1), "max_depth": log_randint(1, 5)},
            boosting,
            resource="n_estimators",
            n_brackets=2,
        ),
    }
    return searches


SEARCHES = recorded_searches()


def record_of(search):
    """Return what a search has tried and found, as JSON holds it."""
    results = search.fit(DATA, TARGET).cv_results_
    keys = [k for k in results if not k.endswith("_time") and not k.startswith(("param", "split"))]
    columns = {k: [_plain(v) for v in results[k]] for k in keys}
    return columns | {"params": [{k: _plain(v) for k, v in p.items()} for p in results["params"]]}


def _plain(value):
    value = value.item() if isinstance(value, np.generic) else value
    return "nan" if value != value else value


def assert_same(ours, recorded):
    if isinstance(recorded, float):
        assert ours == pytest.approx(recorded, rel=1e-6, abs=1e-8)
    elif isinstance(recorded, dict):
        assert list(ours) == list(recorded)
        for key in recorded:
            assert_same(ours[key], recorded[key])
    elif isinstance(recorded, list):
        assert len(ours) == len(recorded)
        for ours_, recorded_ in zip(ours, recorded, strict=True):
            assert_same(ours_, recorded_)
    else:
        assert ours == recorded


@pytest.mark.filterwarnings(f"ignore::{FitFailedWarning.__module__}.{FitFailedWarning.__name__}")
@pytest.mark.filterwarnings("ignore:One or more")
@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_is_the_one_that_was_recorded(name):
    assert_same(record_of(SEARCHES[name]), json.loads(RECORDS.read_text())[name])


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")
    lines = [f"{json.dumps(n)}: {json.dumps(record_of(s))}" for n, s in SEARCHES.items()]
    versions = f'"versions": {json.dumps(recorded_versions())}'
    RECORDS.write_text("{\n" + ",\n".join([versions, *lines]) + "\n}\n")
