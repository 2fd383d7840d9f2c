"""Table of the CPU time of one proposal, side by side with scikit-optimize in the same run.

    python -m asv_benchmarks.proposal_time_table [n_seeds]

Hartmann-6, one BLAS thread, hyper-parameter fits included. Needs the `bench` extra.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
from threadpoolctl import threadpool_limits

from asv_benchmarks.problems import PROBLEMS
from asv_benchmarks.searches import bayes, run

WINDOWS = ((40, 60), (90, 110))
PROBLEM = PROBLEMS["Hartmann-6"]


def scikit_optimize(seed: int, n_trials: int) -> np.ndarray:
    """Return the seconds of each proposal of `skopt.Optimizer`: ask, and the fit in tell."""
    from skopt import Optimizer

    optimizer = Optimizer([(0.0, 1.0)] * 6, random_state=seed, acq_optimizer="lbfgs")
    seconds = []
    for _ in range(n_trials):
        begin = time.process_time()
        point = optimizer.ask()
        spent = time.process_time() - begin
        score = PROBLEM.score({f"x{i}": value for i, value in enumerate(point)})
        begin = time.process_time()
        optimizer.tell(point, -score)
        seconds.append(spent + time.process_time() - begin)
    return np.array(seconds)


def main(n_seeds: int = 3) -> None:
    n_trials = WINDOWS[-1][1]
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = np.array([run(PROBLEM, bayes, seed, n_trials)[1] for seed in range(n_seeds)])
        theirs = np.array([scikit_optimize(seed, n_trials) for seed in range(n_seeds)])
    print(f"CPU time of one proposal, d = 6, mean over the trials, median of {n_seeds} seeds.")
    print("| trials | skbayes | scikit-optimize | ratio |")
    print("|---|---|---|---|")
    for first, last in WINDOWS:
        a, b = (1e3 * np.median(s[:, first:last].mean(1)) for s in (ours, theirs))
        print(f"| {first + 1}–{last} | {a:.1f} ms | {b:.0f} ms | {b / a:.0f} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
