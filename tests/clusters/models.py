"""Models that the tests of all clusters fit, in a module that the workers can import."""

import os
import signal
import time
from pathlib import Path

import numpy as np
from scipy.stats import uniform
from sklearn.base import BaseEstimator, RegressorMixin

from skbayes import BayesSearchCV, HalvingBayesSearchCV, TPESearchCV

X, Y = np.random.default_rng(0).random((40, 2)), np.arange(40.0)
SPACE = {"x": uniform()}


class Quadratic(RegressorMixin, BaseEstimator):
    """Takes `seconds` to fit, and leaves a file for every fit in `folder`."""

    def __init__(self, x=0.5, seconds=0.0, folder=None):
        self.x = x
        self.seconds = seconds
        self.folder = folder

    def fit(self, X, y):
        if self.folder is not None:
            name = f"{self.x!r}-{float(y.sum())}-{os.getpid()}-{time.monotonic_ns()}"
            (Path(self.folder) / name).touch()
        time.sleep(self.seconds)
        return self

    def score(self, X, y):
        return -((self.x - 0.3) ** 2) - 0.001 * float(y.mean())


def kills(y):
    """Whether `KillsItsWorker` dies of these targets; it does on two of four splits."""
    return int(y.sum()) // 100 % 2 == 0


class KillsItsWorker(Quadratic):
    """Ends its process for x below 0.3 on some splits."""

    def fit(self, X, y):
        super().fit(X, y)
        if self.x < 0.3 and kills(y):
            os.kill(os.getpid(), signal.SIGKILL)
        return self


def search_of(model, **options):
    """Return a search that is the same for all workers."""
    options = {"n_iter": 12, "cv": 4, "random_state": 0, "n_points": 3, "refit": False} | options
    return BayesSearchCV(model, SPACE, **options)


def columns_of(search):
    """Return the columns of the results that do not depend on time."""
    return {k: np.asarray(v).tolist() for k, v in search.cv_results_.items() if "time" not in k}


def assert_that_killing_splits_failed(search):
    """Check that the splits on which `KillsItsWorker` dies have failed, and no others."""
    killing = {k for k, (train, _) in enumerate(search.splits_) if kills(Y[train])}
    assert len(killing) == 2
    for number, params in enumerate(search.cv_results_["params"]):
        failed = {s for failure in search.failures_.get(number, []) for s in failure.splits}
        assert failed == (killing if params["x"] < 0.3 else set())


def fits_in(folder):
    """Return how many fits have left a file, and how many different ones they were."""
    names = [path.name.rsplit("-", 2)[0] for path in Path(folder).iterdir()]
    return len(names), len(set(names))


def announced_by_all_searches(folder, **options):
    """Yield the numbers of announced and of all trials, of every search and of it resumed."""
    for cls in (BayesSearchCV, TPESearchCV, HalvingBayesSearchCV):
        size = {"n_candidates": 4, "min_resources": 10} if cls is HalvingBayesSearchCV else {}
        journal = Path(folder) / cls.__name__
        for stop in (2, None):
            seen = []

            def note(search, trial, seen=seen, stop=stop):
                seen.append((trial.number, trial.score))
                return trial.number == stop

            size = size or {"n_iter": 6}
            search = cls(
                Quadratic(), SPACE, cv=2, random_state=0, refit=False, callbacks=note,
                checkpoint=journal, **size, **options,
            ).fit(X, Y)  # fmt: skip
            yield [number for number, _ in seen], list(range(len(search.cv_results_["params"])))


def share_that_overlaps(timeline):
    """Return the share of the fits during which a fit of another worker was under way."""
    begin, end, worker = timeline["begin"], timeline["end"], timeline["worker"]
    is_together = (begin[:, np.newaxis] < end) & (begin < end[:, np.newaxis])
    return np.mean((is_together & (worker[:, np.newaxis] != worker)).any(axis=1))
