"""Table of simple regret on problems whose optimum is known.

python -m asv_benchmarks.regret_table [n_seeds]
"""

from __future__ import annotations

import sys

import numpy as np
from threadpoolctl import threadpool_limits

from asv_benchmarks.problems import PROBLEMS
from asv_benchmarks.searches import bayes, random, run

POISONED = 12


def main(n_seeds: int = 20) -> None:
    print(f"Simple regret, median [quartiles] over {n_seeds} seeds.")
    print("| problem | evaluations | skbayes | skbayes, one score of −10⁶ | random search |")
    print("|---|---|---|---|---|")
    with threadpool_limits(1):
        for name, problem in PROBLEMS.items():
            if problem.is_noisy:  # the best score seen is not the best
                continue
            columns = [
                [
                    -run(problem, make, seed, poisoned_trial=poison)[0].max()
                    for seed in range(n_seeds)
                ]
                for make, poison in ((bayes, None), (bayes, POISONED), (random, None))
            ]
            cells = " | ".join(_summary(np.array(regrets)) for regrets in columns)
            print(f"| {name} | {problem.n_trials} | {cells} |", flush=True)


def _summary(regrets: np.ndarray) -> str:
    low, median, high = np.quantile(regrets, [0.25, 0.5, 0.75])
    return f"{median:.2g} [{low:.2g}, {high:.2g}]"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
