"""Share of the ideal speed that the sliding window reaches, by workers and `n_points`.

    python -m asv_benchmarks.window_table [racing]

40 trials of 5 splits that sleep for a log-normal time; ideal is the sum of all sleeps divided by
the number of workers. With `racing`, 40 trials without racing are put beside 80 with it, and the
sleeps of splits that are thrown away do not count.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from itertools import product

import numpy as np
from scipy.stats import uniform
from sklearn.utils.parallel import delayed

from skbayes.engine.loop import SearchLoop
from skbayes.engine.queue import Pool
from skbayes.engine.streaming import StreamingParallel
from skbayes.evaluation.results import SplitResult, outcome_of
from skbayes.evaluation.task import Answer, Task
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.space import Space
from skbayes.study import Study
from skbayes.trial import Trial

N_TRIALS, N_SPLITS, MEDIAN_SECONDS = 40, 5, 0.05
N_REPEATS = 5


def sleep(number: int, splits: Sequence[int], seconds: float, scores: Sequence[float]) -> Answer:
    """Stand for fits of so many seconds."""
    time.sleep(seconds)
    same = {"fit_error": None, "fit_time": 0.0, "score_time": 0.0}
    results = {
        split: {"split": split, "test_scores": score, **same}
        for split, score in zip(splits, scores, strict=True)
    }
    return Answer(number, results, seconds)


class Sleeper:
    """Tasks whose durations and scores differ between trials and, less, between splits."""

    n_splits = N_SPLITS

    def __init__(self, sigma: float, n_trials: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        by_trial = rng.normal(0, sigma, (n_trials, 1))
        by_split = rng.normal(0, 0.2, (n_trials, N_SPLITS))
        self.seconds = MEDIAN_SECONDS * np.exp(by_trial + by_split)
        self.scores = rng.normal(0, 1.0, (n_trials, 1)) + rng.normal(0, 0.2, (n_trials, N_SPLITS))

    def task(
        self,
        trial: Trial,
        splits: Sequence[int],
        before: Mapping[int, SplitResult],
        has_lost: object = None,
    ) -> Task:
        """Return the task of some splits."""
        own = trial.number, list(splits)
        seconds = float(self.seconds[own].sum())
        task: Task = delayed(sleep)(trial.number, splits, seconds, self.scores[own].tolist())
        return task

    def failed(self, trial: Trial, split: int, reason: str, stack: str) -> SplitResult:
        """Raise: no process dies here."""
        raise RuntimeError(reason)

    def to_grow(self, results: Sequence[SplitResult]) -> dict[int, SplitResult]:
        """Return nothing: no task is gone on with."""
        return {}

    def keep(self, trial: Trial, results: Sequence[SplitResult]) -> None:
        """There is no model to keep."""


def share_of_ideal(
    n_workers: int,
    n_points: int,
    sigma: float,
    n_trials: int = N_TRIALS,
    racing: float | None = None,
    seed: int = 0,
) -> float:
    """Return ideal over measured wall time."""
    sleeper = Sleeper(sigma, n_trials, seed)
    space = Space({"x": uniform(0, 1)})
    sampler = QuasiRandomSampler(space, 0)
    loop = SearchLoop(
        Study(space, sampler, n_points=n_points, random_state=0, racing=racing),
        sleeper,
        lambda results: outcome_of(results, None, N_SPLITS),
        n_trials,
        nullcontext,
    )
    # As the searches do: with racing nothing is handed out ahead of time.
    ahead = {} if racing is None else {"pre_dispatch": n_workers}
    parallel = StreamingParallel(n_jobs=n_workers, **ahead)
    # The workers start on the first call, which is not counted.
    list(parallel(delayed(time.sleep)(0.01) for _ in range(2 * n_workers)))
    begin = time.perf_counter()
    loop.run(Pool(lambda: parallel, n_workers=n_workers))
    spent = time.perf_counter() - begin
    outcomes = [trial.outcome for trial in loop.study.trials]
    useful = sum(
        sleeper.seconds[number, list(outcome.splits)].sum()
        for number, outcome in enumerate(outcomes)
        if outcome is not None
    )
    return float(useful / n_workers / spent)


def table_of_racing() -> None:
    """Print the shares without and with racing, by the number of workers n."""
    print(
        "| workers n | σ | without racing, q = n | with racing, q = n | q = 2n | ratio of q = 2n |"
    )
    print("|---|---|---|---|---|---|")
    for n, sigma in product((2, 8, 32), (0.2, 0.7)):
        kinds = [(n, 1, None), (n, 2, 0.05), (2 * n, 2, 0.05)]
        shares = np.array(
            [
                [share_of_ideal(n, q, sigma, N_TRIALS * m, alpha, seed) for q, m, alpha in kinds]
                for seed in range(N_REPEATS)
            ]
        )
        cells = " | ".join(f"{share:.2f}" for share in np.median(shares, axis=0))
        ratio = np.median(shares[:, 2] / shares[:, 0])
        print(f"| {n} | {sigma} | {cells} | {ratio:.2f} |", flush=True)


def main() -> None:
    print("| workers | σ of log duration | q = 1 | q = 2 | q = 3 | q = 4 | q = 8 |")
    print("|---|---|---|---|---|---|---|")
    for n_workers in (2, 8):
        for sigma in (0.7, 1.2):
            shares = [share_of_ideal(n_workers, q, sigma) for q in (1, 2, 3, 4, 8)]
            cells = " | ".join(f"{share:.2f}" for share in shares)
            print(f"| {n_workers} | {sigma} | {cells} |", flush=True)


if __name__ == "__main__":
    table_of_racing() if sys.argv[1:] == ["racing"] else main()
