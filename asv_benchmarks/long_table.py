"""Proposal time, memory and regret of long searches, wide spaces and large grids.

    python -m asv_benchmarks.long_table [n_seeds]

CPU time with one BLAS thread, hyper-parameter fits included.
"""

from __future__ import annotations

import resource
import sys

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from threadpoolctl import threadpool_limits

from asv_benchmarks.problems import MIXED_6, UNIT, Problem, hartmann6
from asv_benchmarks.searches import bayes, random, run, tpe
from skbayes import BayesSearchCV

N_LONG = 5_000
WINDOWS = ((40, 60), (90, 110), (190, 210), (500, 520), (1000, 1020), (2500, 2520), (4900, 4920))

WIDE = {
    d: Problem(
        {f"x{i}": UNIT for i in range(d)},
        lambda params: hartmann6({f"x{i}": params[f"x{i}"] for i in range(6)}),
        100,
    )
    for d in (20, 50)
}
GRID = Problem(
    {f"x{i}": np.linspace(0, 1, 10).tolist() for i in range(4)},
    lambda params: -float(sum((value - 0.37) ** 2 for value in params.values())),
    50,
)


class Flat(RegressorMixin, BaseEstimator):
    """A model of no size, whose score is a function of its parameters."""

    def __init__(self, a: float = 0.0, b: float = 0.0) -> None:
        self.a = a
        self.b = b

    def fit(self, X: np.ndarray, y: np.ndarray) -> Flat:
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.full(len(X), self.a * self.b)

    def score(self, X: np.ndarray, y: np.ndarray) -> float:
        return -((self.a - 0.3) ** 2) - (self.b - 0.6) ** 2


def growth_in_megabytes(n_trials: int = 1_000) -> float:
    """Return by how much the peak of the process grows over a search of a small model."""
    X, y = np.zeros((30, 2)), np.arange(30.0)
    space = {"a": UNIT, "b": UNIT}
    BayesSearchCV(Flat(), space, n_iter=30, cv=3, random_state=0).fit(X, y)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    BayesSearchCV(Flat(), space, n_iter=n_trials, cv=3, random_state=0).fit(X, y)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main(n_seeds: int = 10) -> None:
    print(f"Memory grows by {growth_in_megabytes():.0f} MB over a search of 1,000 trials.\n")
    with threadpool_limits(1):
        print(f"| regret, median of {n_seeds} seeds | trials | skbayes | random search |")
        print("|---|---|---|---|")
        rows = {f"Hartmann-6 in {d} columns": problem for d, problem in WIDE.items()}
        for name, problem in (rows | {"a grid of 10,000 points": GRID}).items():
            ours, theirs = (
                np.median([-run(problem, make, seed)[0].max() for seed in range(n_seeds)])
                for make in (bayes, random)
            )
            print(f"| {name} | {problem.n_trials} | {ours:.2g} | {theirs:.2g} |", flush=True)
        seconds = [run(MIXED_6, make, 0, N_LONG)[1] for make in (bayes, tpe)]
    print("\n| trials | BayesSearchCV | TPESearchCV |\n|---|---|---|")
    for first, last in WINDOWS:
        cells = [f"{1e3 * s[first:last].mean():.1f} ms" for s in seconds]
        print(f"| {first + 1}–{last} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
