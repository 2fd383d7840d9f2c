"""Rounds that patience and racing save in a staged search, and what they lose.

    python -m asv_benchmarks.staged_savings run [--seeds 5]
    python -m asv_benchmarks.staged_savings table

Every search tries the same number of candidates. The first grows each of them to the end on all
splits, the second ends fits whose mean curve no longer gets better, the third races splits as well,
and the fourth ends candidates while their first split grows.
The tasks are those of `staged_quality`, but for the one that cannot pause. The store has a line for
every search, so that `run` can be stopped and started again.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import AdaBoostRegressor
from threadpoolctl import threadpool_limits

from asv_benchmarks.staged_quality import N_SPLITS, TASKS, rounds_of
from asv_benchmarks.stores import load, run_all, run_or_table
from asv_benchmarks.wide_quality import difference, mean
from skbayes import BayesSearchCV

STORE = Path(".asv/staged_savings.jsonl")
N_CANDIDATES = 40
N_FIRST = 5

METHODS: dict[str, dict[str, Any]] = {
    "all rounds, all splits": {"staged_patience": None, "racing": False},
    "patience": {"racing": False},
    "patience and racing": {},
    "patience, racing and pruning": {"pruning": "gp"},
}
NAMES = [name for name, task in TASKS.items() if not isinstance(task.estimator, AdaBoostRegressor)]


def searched(name: str, method: str, seed: int) -> dict[str, Any]:
    """Return the record of a search: its rounds, and its best score after each candidate."""
    warnings.simplefilter("ignore")
    task = TASKS[name]
    X, _, y, _ = task.parts()
    estimator = task.estimator.set_params(**{task.parameter: task.most})
    options = {"staged": task.parameter, "staged_route": task.route, "scoring": task.scoring}
    options |= {"n_iter": N_CANDIDATES, "cv": N_SPLITS, "refit": False, "random_state": seed}
    with threadpool_limits(1):
        search = BayesSearchCV(estimator, task.space, **options | METHODS[method]).fit(X, y)
    table = search.cv_results_
    n_splits = table.get("n_splits_evaluated", np.full(N_CANDIDATES, N_SPLITS))
    scores = np.where(n_splits == N_SPLITS, table["mean_test_score"], -np.inf)
    best = np.fmax.accumulate(scores).tolist()
    rounds = int(rounds_of(task, search).sum())
    return {"task": name, "method": method, "seed": seed, "rounds": rounds, "best": best}


def run(store: Path, n_seeds: int) -> None:
    """Do the searches that the store does not hold."""
    done = {(r["task"], r["method"], r["seed"]) for r in load(store)}
    keys = [(t, m, s) for s in range(n_seeds) for t in NAMES for m in METHODS]
    for record in run_all(store, searched, [key for key in keys if key not in done]):
        shown = record["task"], record["method"], record["seed"], record["rounds"]
        print(*shown, f"{record['best'][-1]:.4f}", flush=True)


def regrets(records: list[dict[str, Any]]) -> dict[str, dict[str, np.ndarray]]:
    """Return regrets by method and task.

    0 is the best score of all searches, 1 what the best of five candidates has in the median of the
    searches that grow all of them to the end.
    """
    found: dict[str, dict[str, np.ndarray]] = {method: {} for method in METHODS}
    for name in NAMES:
        own = [record for record in records if record["task"] == name]
        best = max(record["best"][-1] for record in own)
        whole = [record for record in own if record["method"] == next(iter(METHODS))]
        usual = np.median([record["best"][N_FIRST - 1] for record in whole])
        for method in METHODS:
            ends = [record["best"][-1] for record in own if record["method"] == method]
            found[method][name] = (best - np.array(ends)) / (best - usual)
    return found


def table(store: Path) -> None:
    """Print the share of rounds that were fitted, and the regrets."""
    records = load(store)
    found = regrets(records)
    base = found[next(iter(METHODS))]
    print("| a candidate is grown by | seeds | rounds | regret | to all rounds on all splits |")
    print("|---|---|---|---|---|")
    for method, by_task in found.items():
        own = [record for record in records if record["method"] == method]
        most = N_CANDIDATES * N_SPLITS
        share = np.mean([r["rounds"] / (most * TASKS[r["task"]].most) for r in own])
        cells = [method, min(map(len, by_task.values())), f"{share:.0%}", f"{mean(by_task):.3f}"]
        cells.append("" if by_task is base else difference(by_task, base))
        print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    run_or_table(__doc__, run, table, STORE)
