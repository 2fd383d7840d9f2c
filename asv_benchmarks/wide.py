"""The wide benchmark: what its tasks score, evaluated once and kept.

    python -m asv_benchmarks.wide pool [--tasks NAME ...] [--points 2000]
    python -m asv_benchmarks.wide list

`pool` evaluates points of every task: a half are random, a quarter each are those of searches by
the Gaussian process and by Parzen estimators, because a stand-in must be accurate where searches
go. Every split's score is kept. The store has a line for every batch, so that `pool` can be
stopped and started again, and several may run side by side on different tasks. What is done with
the points is in `wide_quality`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from asv_benchmarks.searches import MakeSampler, bayes, random, tpe
from asv_benchmarks.stand_ins import StandIn, accuracy
from asv_benchmarks.stores import append, load
from asv_benchmarks.tasks import Task
from asv_benchmarks.wide_development import DEVELOPMENT
from asv_benchmarks.wide_final import FINAL
from asv_benchmarks.wide_validation import VALIDATION
from skbayes.space import Space
from skbayes.study import Study
from skbayes.trial import Trial

STORE = Path(".asv/wide_pool.jsonl")
N_BATCH = 50
"""Points of a batch, which are one search if a sampler proposes them."""

SOURCES: dict[str, tuple[MakeSampler, float]] = {
    "random": (random, 0.5),
    "gp": (bayes, 0.25),
    "tpe": (tpe, 0.25),
}
"""What proposes the points of a pool, and their share."""

PARTS = {"development": DEVELOPMENT, "validation": VALIDATION, "final": FINAL}

TASKS: dict[str, Task] = {name: task for part in PARTS.values() for name, task in part.items()}


def batch(name: str, source: str, seed: int) -> dict[str, Any]:
    """Return the points of one search and their scores by split."""
    task = TASKS[name]
    space = Space(task.space)
    study = Study(space, SOURCES[source][0](space, seed), random_state=seed)
    rows, scores = [], []
    np.random.seed(seed + 1000)  # unseeded estimators draw from here
    begin = time.perf_counter()
    for _ in range(N_BATCH):
        trial = study.ask()
        if not isinstance(trial, Trial):
            break
        by_split = task.split_scores(dict(trial.params))
        study.tell(trial, float(np.mean(by_split)))
        rows.append(trial.row.round(7).tolist())
        scores.append([round(float(score), 6) for score in by_split])
    seconds = round(time.perf_counter() - begin, 2)
    key = {"task": name, "source": source, "seed": seed}
    return {**key, "seconds": seconds, "rows": rows, "scores": scores}


def pool(store: Path, names: list[str], n_points: int) -> None:
    """Evaluate the batches that the store does not hold."""
    done = {(b["task"], b["source"], b["seed"]) for b in load(store)}
    n_batches = {s: round(share * n_points / N_BATCH) for s, (_, share) in SOURCES.items()}
    keys = [
        (name, source, seed)
        for seed in range(max(n_batches.values()))
        for name in names
        for source in SOURCES
        if seed < n_batches[source]
    ]
    with threadpool_limits(1):
        for key in keys:
            if key not in done:
                made = batch(*key)
                append(store, made)
                print(*key, f"{made['seconds']} s", flush=True)


def points(name: str, batches: list[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the rows of a task, their scores by split, and how many of the first are random."""
    own = [b for source in SOURCES for b in batches if (b["task"], b["source"]) == (name, source)]
    rows = np.concatenate([np.array(b["rows"]) for b in own])
    table = np.concatenate([np.array(b["scores"], dtype=float) for b in own])
    return rows, table, sum(len(b["rows"]) for b in own if b["source"] == "random")


def stand_in(name: str, batches: list[dict[str, Any]]) -> tuple[StandIn, float]:
    """Return the stand-in of a task, and its R² on a fifth of the points that was held back."""
    rows, table, n_random = points(name, batches)
    is_held = np.arange(len(rows)) % 5 == 4
    n_kept = int((~is_held[:n_random]).sum())
    held = StandIn(TASKS[name], rows[~is_held], table[~is_held], n_kept)
    r2 = accuracy(held, rows[is_held], table[is_held].mean(axis=1))
    return StandIn(TASKS[name], rows, table, n_random), r2


def describe(store: Path) -> None:
    """Print what the store holds of every task."""
    batches = load(store)
    for part, tasks in PARTS.items():
        print(f"\n{part}")
        for name, task in tasks.items():
            own = [b for b in batches if b["task"] == name]
            means = [float(np.mean(scores)) for b in own for scores in b["scores"]]
            best = f"{np.nanmax(means):.4g}" if means else ""
            print(f"{name:28s} {task.marks:24s} {task.n_splits:2d} splits {len(means):5d} {best}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["pool", "list"])
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--points", type=int, default=2000)
    parser.add_argument("--store", type=Path, default=STORE)
    arguments = parser.parse_args()
    actions: dict[str, Callable[[], None]] = {
        "pool": lambda: pool(arguments.store, arguments.tasks, arguments.points),
        "list": lambda: describe(arguments.store),
    }
    actions[arguments.action]()


if __name__ == "__main__":
    main()
