"""What racing saves in the rungs of successive halving, and what it loses.

    python -m asv_benchmarks.halving_racing run [--seeds 5]
    python -m asv_benchmarks.halving_racing table

Both searches of a task have the same brackets, those of `halving_quality`, on five splits. Scores
are on the scale of that benchmark: 1 is the distance from the best known to what the best of five
random candidates has in the median, on three splits. The store has a line for every search, so
that `run` can be stopped and started again.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from asv_benchmarks import halving_quality
from asv_benchmarks.stores import load, run_all, run_or_table
from asv_benchmarks.wide_quality import difference, mean
from skbayes import HalvingBayesSearchCV

STORE = Path(".asv/halving_racing.jsonl")
N_SPLITS = 5
METHODS: dict[str, float | bool] = {"all splits": False, "raced": 0.05}


def searched(name: str, method: str, seed: int) -> dict[str, Any]:
    """Return the record of a search: what it cost in full candidates, and its best score."""
    warnings.simplefilter("ignore")
    task = halving_quality.TASKS[name]
    splitter = KFold if isinstance(task.cv, KFold) else StratifiedKFold
    options = task.resources | halving_quality.DEFAULT_BRACKETS
    options |= {"n_brackets": halving_quality.n_default_brackets(task)}
    with threadpool_limits(1):
        search = HalvingBayesSearchCV(
            task.make_estimator(),
            task.space,
            cv=splitter(N_SPLITS, shuffle=True, random_state=0),
            random_state=seed,
            refit=False,
            racing=METHODS[method],
            **options,
        ).fit(*task.data())
    table = search.cv_results_
    n_splits = table.get("n_splits_evaluated", np.full(len(table["params"]), N_SPLITS))
    resources = table["n_resources"] / table["n_resources"].max()
    cost = float(np.sum(resources * n_splits) / N_SPLITS)
    key = {"task": name, "method": method, "seed": seed}
    return {**key, "cost": cost, "score": float(search.best_score_)}


def run(store: Path, n_seeds: int) -> None:
    """Do the searches that the store does not hold."""
    done = {(r["task"], r["method"], r["seed"]) for r in load(store)}
    keys = [(t, m, s) for s in range(n_seeds) for t in halving_quality.TASKS for m in METHODS]
    for record in run_all(store, searched, [key for key in keys if key not in done]):
        print(*record.values(), flush=True)


def table(store: Path) -> None:
    """Print what was fitted, and the regrets."""
    records, known = load(store), halving_quality.load()
    found: dict[str, dict[str, np.ndarray]] = {method: {} for method in METHODS}
    for name in halving_quality.TASKS:
        own = [record for record in records if record["task"] == name]
        ends = [curve[-1][1] for (task, _, _), curve in known.items() if task == name]
        usual = [c[-1][1] for (t, s, _), c in known.items() if t == name and s.startswith("five")]
        unit, best = max(ends) - np.median(usual), max(record["score"] for record in own)
        for method in METHODS:
            scores = [record["score"] for record in own if record["method"] == method]
            found[method][name] = (best - np.array(scores)) / unit
    cost = {m: np.mean([r["cost"] for r in records if r["method"] == m]) for m in METHODS}
    base = next(iter(METHODS))
    print("| rungs | seeds | resource | regret | to all splits |\n|---|---|---|---|---|")
    for method, by_task in found.items():
        cells = [method, min(map(len, by_task.values())), f"{cost[method] / cost[base]:.0%}"]
        cells += [f"{mean(by_task):.3f}", difference(by_task, found[base])]
        print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    run_or_table(__doc__, run, table, STORE)
