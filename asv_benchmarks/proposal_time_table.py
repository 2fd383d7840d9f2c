"""Table of the CPU time of one proposal, side by side with the peers in the same run.

    python -m asv_benchmarks.proposal_time_table [n_seeds] [ours] [peer ...]

Six mixed dimensions, one BLAS thread, hyper-parameter fits included. Needs the `bench` extra, and
Optuna's Gaussian process needs torch.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
from threadpoolctl import threadpool_limits

from asv_benchmarks.optimizers import OPTIMIZERS
from asv_benchmarks.problems import MIXED_6
from asv_benchmarks.search_quality import Recorder

WINDOWS = ((40, 60), (90, 110), (190, 210))
PEERS = ("scikit-optimize", "Optuna GP", "Optuna TPE, groups")


def seconds_of(optimizer: str, seed: int, n_trials: int) -> np.ndarray:
    """Return the CPU time between every two evaluations."""
    recorder = Recorder(MIXED_6)
    OPTIMIZERS[optimizer](MIXED_6.space, recorder, n_trials, seed)
    return np.array(recorder.seconds)


def main(n_seeds: int = 3, ours: str = "skbayes", *peers: str) -> None:
    means = {}
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for optimizer in (ours, *(peers or PEERS)):
            runs = [seconds_of(optimizer, seed, WINDOWS[-1][1]) for seed in range(n_seeds)]
            means[optimizer] = [
                1e3 * np.median([run[first:last].mean() for run in runs]) for first, last in WINDOWS
            ]
    print(f"CPU time of one proposal, mean over the trials, median of {n_seeds} seeds.")
    print(f"| optimizer | {' | '.join(f'{first + 1}–{last}' for first, last in WINDOWS)} |")
    print("|---|" + "---|" * len(WINDOWS))
    for optimizer, values in means.items():
        cells = [
            f"{value:.1f} ms ({value / own:.1f} ×)"
            for value, own in zip(values, means[ours], strict=True)
        ]
        print(f"| {optimizer} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:])
