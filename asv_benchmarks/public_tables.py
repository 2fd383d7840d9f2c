"""Our searches beside their peers on the fifteen public tables, in one command.

    python -m asv_benchmarks.public_tables [--seeds 10] [--optimizers NAME ...]

does the searches that the store does not hold yet, prints the mean regret over the tables, and
draws it against the number of evaluations. Regret is 0 for the best configuration of a table, and
1 for what random search has after five evaluations (median).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from asv_benchmarks.optimizers import OPTIMIZERS
from asv_benchmarks.search_quality import (
    CUT,
    N_POOL,
    Regrets,
    load,
    print_group,
    run,
)
from asv_benchmarks.tables import TABLES

STORE = Path(".asv/public_tables.jsonl")
FIGURE = Path("public_tables.png")
PEERS = ["random search", "Optuna TPE", "Optuna TPE, groups", "Hyperopt"]
DEFAULT = ["skbayes", "skbayes TPE", *PEERS]


def curves(records: list[dict[str, Any]], optimizer: str) -> np.ndarray:
    """Return the mean regret after 1, 2, … evaluations, over seeds and tables."""
    means = []
    for name, table in TABLES.items():
        runs = [r["scores"] for r in records if (r["task"], r["optimizer"]) == (name, optimizer)]
        best_of_five = [max(r["scores"][:5]) for r in records if _is_random(r, name)]
        unit = table.best - float(np.median(best_of_five))
        best = np.array([np.maximum.accumulate(scores) for scores in runs])
        means.append(np.minimum((table.best - best) / unit, CUT).mean(axis=0))
    return np.asarray(np.mean(means, axis=0))


def _is_random(record: dict[str, Any], task: str) -> bool:
    return (record["task"], record["optimizer"]) == (task, "random search")


def draw(records: list[dict[str, Any]], optimizers: list[str]) -> None:
    """Draw the curves of all optimizers, if matplotlib is there."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        return
    figure, axis = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for optimizer in optimizers:
        regret = curves(records, optimizer)
        is_ours = optimizer.startswith("skbayes")
        axis.plot(1 + np.arange(len(regret)), regret, label=optimizer, lw=2.5 if is_ours else 1.2)
    axis.set(
        xlabel="evaluations",
        ylabel="mean regret",
        yscale="log",
        title="Fifteen public tables of trained networks",
    )
    axis.legend()
    figure.savefig(FIGURE, dpi=120)
    print(f"\nThe figure is in {FIGURE}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--optimizers", nargs="+", choices=list(OPTIMIZERS), default=DEFAULT)
    parser.add_argument("--store", type=Path, default=STORE)
    arguments = parser.parse_args()
    for optimizer in arguments.optimizers:
        n_seeds = N_POOL if optimizer == "random search" else arguments.seeds
        run(arguments.store, optimizer, list(TABLES), range(n_seeds))
    records = load(arguments.store)
    print_group(
        Regrets(records), arguments.optimizers, "public tables", list(TABLES), "skbayes", 50
    )
    draw(records, arguments.optimizers)


if __name__ == "__main__":
    main()
