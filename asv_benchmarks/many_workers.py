"""What `n_points` costs and gains with many workers, by simulation.

    python -m asv_benchmarks.many_workers [n_seeds]

Two tables. The first says what a large `n_points` costs: how many candidates a search needs until
its best score is what a search with ``n_points=2`` has after 64 (the median over its seeds), on
problems with a known optimum; medians over problems and seeds, and the quartiles.

The second says what it gains. A search of 256 candidates on 5 splits is played by the clock: splits
take log-normal times (σ 0.5 between candidates, 0.2 between splits), a worker that is free takes
the next split, and proposals take no time. *Busy* is the share of the workers' time that is spent
on splits. *Speed* is how many times as fast as one worker with ``n_points=2`` the search comes to
the same score: workers times busy, divided by what the candidates cost.
"""

from __future__ import annotations

import heapq
import sys
from collections import deque
from itertools import product

import numpy as np

from asv_benchmarks.problems import PROBLEMS, UNIT
from skbayes.samplers.base import NoProposal
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.space import Space
from skbayes.study import Study
from skbayes.trial import Trial

N_TRIALS, N_SPLITS, N_REFERENCE = 256, 5, 64
NAMES = ("Branin", "Hartmann-6", "Rosenbrock-4", "mixed")
WORKERS, N_POINTS = (8, 32, 128), (2, 8, 32, 128)


def best_scores(name: str, n_points: int, seed: int) -> np.ndarray:
    """Return the best score after every candidate of a search."""
    problem = PROBLEMS[name]
    study = Study(problem.space, n_points=n_points, random_state=seed)
    pending: deque[Trial] = deque()
    while study.n_finished < N_TRIALS:
        trial = study.ask() if len(study.trials) < N_TRIALS else NoProposal.WAIT
        if isinstance(trial, Trial):
            pending.append(trial)
        else:
            trial = pending.popleft()
            study.tell(trial, problem.score(dict(trial.params)))
    scores = [problem.true_score(dict(trial.params)) for trial in study.trials]
    return np.maximum.accumulate(scores)


def n_needed(n_seeds: int) -> dict[int, np.ndarray]:
    """Return how many candidates are needed, by `n_points`, for all problems and seeds."""
    needed: dict[int, list[int]] = {q: [] for q in N_POINTS}
    for name in NAMES:
        curves = {q: [best_scores(name, q, seed) for seed in range(n_seeds)] for q in N_POINTS}
        target = np.median([curve[N_REFERENCE - 1] for curve in curves[2]])
        for q, own in curves.items():
            needed[q].extend(int(np.searchsorted(curve, target)) + 1 for curve in own)
    return {q: np.array(numbers) for q, numbers in needed.items()}


def share_busy(n_workers: int, n_points: int, seed: int) -> float:
    """Return the share of the workers' time that is spent on splits."""
    rng = np.random.default_rng(seed)
    seconds = np.exp(rng.normal(0, 0.5, (N_TRIALS, 1)) + rng.normal(0, 0.2, (N_TRIALS, N_SPLITS)))
    space = Space({"x": UNIT})
    study = Study(space, QuasiRandomSampler(space, 0), n_points=n_points, random_state=0)
    ready: deque[tuple[int, int]] = deque()
    running: list[tuple[float, int]] = []  # end, trial
    missing: dict[int, int] = {}
    now = 0.0
    while True:
        while len(study.trials) < N_TRIALS and isinstance(trial := study.ask(), Trial):
            missing[trial.number] = N_SPLITS
            ready.extend((trial.number, split) for split in range(N_SPLITS))
        while ready and len(running) < n_workers:
            number, split = ready.popleft()
            heapq.heappush(running, (now + float(seconds[number, split]), number))
        if not running:
            return float(seconds.sum() / (n_workers * now))
        now, number = heapq.heappop(running)
        missing[number] -= 1
        if missing[number] == 0:
            study.tell(study.trials[number], 0.0)


def main(n_seeds: int = 5) -> None:
    needed = n_needed(n_seeds)
    print("| n_points | candidates needed | quartiles |\n|---|---|---|")
    for q, numbers in needed.items():
        low, middle, high = np.percentile(numbers, (25, 50, 75))
        print(f"| {q} | {middle:.0f} | {low:.0f} to {high:.0f} |", flush=True)
    print("\n| workers | n_points | busy | speed |\n|---|---|---|---|")
    for n_workers, q in product(WORKERS, N_POINTS):
        busy = np.median([share_busy(n_workers, q, seed) for seed in range(5)])
        cost = np.median(needed[q]) / np.median(needed[2])
        print(f"| {n_workers} | {q} | {busy:.2f} | {busy * n_workers / cost:.0f} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
