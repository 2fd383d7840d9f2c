"""How closely a search keeps to its `timeout`.

    python -m asv_benchmarks.timeout_table [n_seeds] [timeout]

Splits of 0.1 to 0.6 seconds that sleep, so all searches run at the same time. Overshoot is how
much longer than the timeout a search took, in units of the longest split; unspent is what was left
when it ended, in units of its trials' mean duration.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from subprocess import run
from typing import Any

import numpy as np
from scipy.stats import uniform
from sklearn.base import BaseEstimator, RegressorMixin

from skbayes import BayesSearchCV

LONGEST = 0.6
CV = 5


class Sleeper(RegressorMixin, BaseEstimator):
    """A model that takes its time, by what it is fitted on."""

    def __init__(self, x: float = 0.5, is_quick: bool = False) -> None:
        self.x = x
        self.is_quick = is_quick

    def fit(self, X: np.ndarray, y: np.ndarray) -> Sleeper:
        draw = np.random.default_rng([int(1e9 * self.x), int(y.sum())]).random()
        if not self.is_quick:
            time.sleep(0.1 + (LONGEST - 0.1) * draw)
        return self

    def score(self, X: np.ndarray, y: np.ndarray) -> float:
        return -((self.x - 0.3) ** 2)


def search(seed: int, model: Sleeper, **options: Any) -> BayesSearchCV:
    X, y = np.zeros((50, 1)), np.arange(50.0)
    return BayesSearchCV(
        model, {"x": uniform()}, cv=CV, racing=False, random_state=seed, refit=False, **options
    ).fit(X, y)


def measure(seed: int, n_jobs: int, timeout: float) -> None:
    """Print overshoot, unspent time and whether the trials are the beginning of the whole."""
    begin = time.monotonic()
    timed = search(seed, Sleeper(), n_iter=None, timeout=timeout, n_jobs=n_jobs)
    seconds = time.monotonic() - begin
    found = timed.cv_results_
    n = len(found["params"])
    whole = search(seed, Sleeper(is_quick=True), n_iter=n)
    duration = found["mean_fit_time"].mean() * CV / n_jobs
    is_prefix = found["params"] == whole.cv_results_["params"]
    left = timeout - seconds
    print(n, max(-left, 0) / LONGEST, max(left, 0) / duration, int(is_prefix))


def main(n_seeds: int = 10, timeout: int = 60) -> None:
    """Print the table."""

    def in_a_process(seed_and_jobs: tuple[int, int]) -> list[float]:
        command = [sys.executable, "-m", "asv_benchmarks.timeout_table", "one"]
        arguments = [*map(str, seed_and_jobs), str(timeout)]
        done = run([*command, *arguments], check=True, capture_output=True, text=True)
        return [float(number) for number in done.stdout.split()]

    print("| n_jobs | trials | overshoot, most | unspent, most | beginnings of the whole |")
    print("|---|---|---|---|---|")
    for n_jobs in (1, 2):
        with ThreadPoolExecutor(n_seeds) as pool:
            rows = np.array(list(pool.map(in_a_process, [(s, n_jobs) for s in range(n_seeds)])))
        n, over, unspent, is_prefix = rows.T
        print(
            f"| {n_jobs} | {np.median(n):.0f} | {over.max():.2f} | {unspent.max():.2f} "
            f"| {int(is_prefix.sum())} of {n_seeds} |",
            flush=True,
        )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["one", seed, n_jobs, timeout]:
            measure(int(seed), int(n_jobs), float(timeout))
        case arguments:
            main(*map(int, arguments))
