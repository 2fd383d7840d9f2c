"""What rules of racing would have saved and missed, on searches in which every split was evaluated.

    python -m asv_benchmarks.racing_rules run STORE first_seed last_seed
    python -m asv_benchmarks.racing_rules table STORE

A rule goes through the 60 candidates of a search without racing in their order, and drops some. It
has missed the winner if one that it dropped is better than all that it did not. The store is a file
to which every search is appended.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from asv_benchmarks.racing_quality import NAMES, SEARCHES, append, fit_quietly, load, make_search
from asv_benchmarks.tasks import TASKS
from skbayes.pruning.racing import MIN_COMPLETE, Race
from skbayes.trial import FloatArray

DEVELOPMENT = [name for name in NAMES if not TASKS[name].is_final]
N_TRIALS, N_SPLITS = 60, 5
ALPHAS = (0.02, 0.05, 0.1)
WEIGHTS = "skbayes.pruning.racing.PRIOR_WEIGHT", "skbayes.models.split_effects.PRIOR_WEIGHT"


def search_once(task: str, search: str, seed: int) -> dict[str, Any]:
    """Return the scores of one search by candidate and split."""
    made = make_search(task, search, "none", N_SPLITS, seed, n_iter=N_TRIALS)
    results = fit_quietly(made, task, "none").cv_results_
    columns = [results[f"split{split}_test_score"] for split in range(N_SPLITS)]
    return {"rows": np.transpose(columns).tolist()}


def run(store: Path, first: int, last: int) -> None:
    """Do the searches that the store does not hold."""
    keys = product(DEVELOPMENT, SEARCHES, range(first, last))
    append(store, ("task", "search", "seed"), keys, search_once)


def follow(
    table: FloatArray, summary: Callable[..., Any], alpha: float, is_rotated: bool
) -> tuple[float, bool]:
    """Return the share of fits that a rule runs in a search, and whether it missed the winner."""
    n_fits, complete = 0, np.empty((0, N_SPLITS))
    for number, scores in enumerate(table):
        order = np.roll(np.arange(N_SPLITS), -number if is_rotated else 0)
        n_needed = None
        if len(complete) >= MIN_COMPLETE:
            best, *others = complete[np.argsort(-complete.mean(axis=1), kind="stable")]
            half = np.array(others[: (len(complete) - 1) // 2])
            prior = float(summary(np.var(half - best, axis=1, ddof=1)))
            n_needed = Race(best, prior, alpha).n_needed(order.tolist(), scores[order])
        if n_needed is None and np.isfinite(scores).all():
            complete = np.vstack([complete, scores])
        n_fits += N_SPLITS if n_needed is None else n_needed
    means = np.where(np.isfinite(table).all(axis=1), table.mean(axis=1), -np.inf)
    return n_fits / table.size, bool(means.max() > complete.mean(axis=1).max() + 1e-12)


def table(store: Path) -> None:
    """Print what each rule runs and misses."""
    tables = [np.array(record["rows"], dtype=float) for record in load(store)]
    print(f"| s₀² | ν₀ | rotated | {' | '.join(f'α = {alpha}' for alpha in ALPHAS)} |")
    print("|---|---|---|" + "---|" * len(ALPHAS))
    for summary, weight, is_rotated in [
        (np.median, 4, False),
        (np.median, 4, True),
        (np.mean, 4, True),
        (np.mean, 8, True),
        (np.mean, 16, True),
    ]:
        cells = []
        for alpha in ALPHAS:
            with patch(WEIGHTS[0], float(weight)), patch(WEIGHTS[1], float(weight)):
                followed = [follow(rows, summary, alpha, is_rotated) for rows in tables]
            share, missed = np.mean(followed, axis=0)
            cells.append(f"{share:.1%}, {missed:.1%}")
        rotated = "yes" if is_rotated else "no"
        print(f"| {summary.__name__} | {weight} | {rotated} | {' | '.join(cells)} |", flush=True)
    print(f"{len(tables)} searches")


if __name__ == "__main__":
    command, store, *rest = sys.argv[1:]
    {"run": run, "table": table}[command](Path(store), *map(int, rest))
