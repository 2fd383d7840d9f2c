"""Regret of searches with and without racing, at equal numbers of fits.

    python -m asv_benchmarks.racing_quality run STORE [n_seeds] [budget]
    python -m asv_benchmarks.racing_quality table STORE
    python -m asv_benchmarks.racing_quality risk STORE [n_seeds]

Real tasks with five splits. A search without racing has `budget` candidates; the others have as
many as the same number of fits pays for. The store is a file to which every search is appended, so
that a run can be stopped and started again.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections import defaultdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from threadpoolctl import threadpool_limits

from asv_benchmarks.tasks import TASKS
from skbayes import BayesSearchCV, TPESearchCV

N_SPLITS = 5
SEARCHES = {"BayesSearchCV": BayesSearchCV, "TPESearchCV": TPESearchCV}
RULES = {"none": False, "0.05": 0.05, "0.1": 0.1}
NAMES = [name for name, task in TASKS.items() if not task.is_noisy]


def make_search(task_name: str, search: str, rule: str, seed: int, **options: Any) -> Any:
    """Return a search on a task."""
    task = TASKS[task_name]
    return SEARCHES[search](
        task.make_estimator(),
        task.space,
        scoring=task.scoring,
        cv=task.splitter(N_SPLITS),
        racing=RULES[rule],
        random_state=seed,
        refit=False,
        **options,
    )


def search_once(task_name: str, search: str, rule: str, budget: int, seed: int) -> dict[str, Any]:
    """Return the record of one search."""
    size = {"n_iter": budget} if rule == "none" else {"n_iter": None, "n_fits": N_SPLITS * budget}
    fitted = make_search(task_name, search, rule, seed, **size)
    begin = time.process_time()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        results = fitted.fit(*TASKS[task_name].data()).cv_results_
    n_run = results.get("n_splits_evaluated", np.full(len(results["params"]), N_SPLITS))
    complete = np.where(n_run == N_SPLITS, results["mean_test_score"], np.nan)
    return {
        "task": task_name,
        "search": search,
        "rule": rule,
        "budget": budget,
        "seed": seed,
        "best": float(np.nanmax(complete)),
        "first": float(np.nanmax(complete[:5])),
        "n_trials": len(n_run),
        "n_fits": int(n_run.sum()),
        "seconds": round(time.process_time() - begin, 2),
    }


def key_of(record: dict[str, Any]) -> tuple[Any, ...]:
    """Return what tells one search from another."""
    return tuple(record[name] for name in ("task", "search", "rule", "budget", "seed"))


def load(store: Path) -> list[dict[str, Any]]:
    """Return the records of a store."""
    return [json.loads(line) for line in store.read_text().splitlines()] if store.exists() else []


def run(store: Path, n_seeds: int = 5, budget: int = 30) -> None:
    """Do the searches that the store does not hold."""
    done = {key_of(record) for record in load(store)}
    with threadpool_limits(1):
        for seed in range(n_seeds):
            for task in NAMES:
                for search in SEARCHES:
                    for rule in RULES:
                        if (task, search, rule, budget, seed) not in done:
                            record = search_once(task, search, rule, budget, seed)
                            with store.open("a") as lines:
                                lines.write(json.dumps(record) + "\n")


def risk(store: Path, n_seeds: int = 3) -> None:
    """Evaluate the splits that searches of 40 candidates have skipped, and print what they missed.

    A search has missed its winner if a dropped candidate is better than all complete ones.
    """
    found = [json.loads(line) for line in store.read_text().splitlines()] if store.exists() else []
    done = {tuple(row[:4]) for row in found}
    with threadpool_limits(1), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for key in product(range(n_seeds), NAMES, SEARCHES, ("0.05", "0.1")):
            if key not in done:
                found.append([*key, *dropped_by(*key)])
                with store.open("a") as lines:
                    lines.write(json.dumps(found[-1]) + "\n")
    print("| search | racing | searches | fits saved | dropped better ones | missed winners |")
    print("|---|---|---|---|---|---|")
    for search, rule in product(SEARCHES, ("0.05", "0.1")):
        rows = np.array([row[4:] for row in found if row[2:4] == [search, rule]], dtype=float)
        saved, n_dropped, n_better = rows.T
        print(
            f"| {search} | {rule} | {len(rows)} | {saved.mean():.0%} "
            f"| {n_better.sum():.0f} of {n_dropped.sum():.0f} | {(n_better > 0).mean():.1%} |"
        )


def dropped_by(seed: int, task_name: str, search: str, rule: str) -> tuple[float, int, int]:
    """Return the share of fits saved, and how many candidates were dropped and were better."""
    fitted = make_search(task_name, search, rule, seed, n_iter=40).fit(*TASKS[task_name].data())
    n_run = fitted.cv_results_["n_splits_evaluated"]
    has_score = np.isfinite(fitted.cv_results_["mean_test_score"])  # what failed is no winner
    is_dropped = (n_run < N_SPLITS) & has_score
    dropped = [fitted.cv_results_["params"][i] for i in np.flatnonzero(is_dropped)]
    n_better = 0
    for params in dropped:
        model = clone(fitted.estimator).set_params(**clone(params, safe=False))
        data = TASKS[task_name].data()
        scores = cross_val_score(model, *data, scoring=fitted.scoring, cv=fitted.cv)
        n_better += bool(scores.mean() > fitted.best_score_)
    return 1.0 - n_run.sum() / (len(n_run) * N_SPLITS), len(dropped), n_better


def regrets_of(records: list[dict[str, Any]]) -> dict[tuple[str, str, int], dict[str, np.ndarray]]:
    """Return normalised regrets by search, rule and budget, and then by task, over the seeds."""
    by_task = defaultdict(list)
    for record in sorted(records, key=lambda record: record["seed"]):
        by_task[record["task"]].append(record)
    regrets: dict[Any, dict[str, Any]] = defaultdict(lambda: defaultdict(list))
    for task, own in by_task.items():
        best = max(record["best"] for record in own)
        unit = best - np.median([record["first"] for record in own])
        for record in own:
            key = record["search"], record["rule"], record["budget"]
            regrets[key][task].append(min((best - record["best"]) / unit, 2.0))
    return {key: {t: np.array(v) for t, v in tasks.items()} for key, tasks in regrets.items()}


def table(store: Path) -> None:
    """Print the regrets, and their ratios and differences to those without racing."""
    records = load(store)
    regrets = regrets_of(records)
    rng = np.random.default_rng(0)
    print("| search | full evaluations | racing | candidates | regret | ratio | difference |")
    print("|---|---|---|---|---|---|---|")
    for key in sorted(regrets):
        search, rule, budget = key
        n_trials = np.mean([r["n_trials"] for r in records if key_of(r)[1:4] == key])
        plain = regrets[search, "none", budget]
        tasks = [t for t in regrets[key] if len(plain[t]) == len(regrets[key][t])]
        pairs = [(regrets[key][task], plain[task]) for task in tasks]
        ours, theirs = (np.mean([pair[side].mean() for pair in pairs]) for side in (0, 1))
        draws = []
        for _ in range(2000):
            chosen = [pairs[i] for i in rng.integers(len(pairs), size=len(pairs))]
            seeds = [rng.integers(len(a), size=len(a)) for a, _ in chosen]
            draws.append(
                np.mean([(a - b)[s].mean() for (a, b), s in zip(chosen, seeds, strict=True)])
            )
        low, high = np.quantile(draws, [0.025, 0.975])
        print(
            f"| {search} | {budget} | {rule} | {n_trials:.0f} | {ours:.3f} | {ours / theirs:.2f} "
            f"| {ours - theirs:+.3f} [{low:+.3f}, {high:+.3f}] |"
        )


if __name__ == "__main__":
    command, store, *rest = sys.argv[1:]
    {"run": run, "table": table, "risk": risk}[command](Path(store), *map(int, rest))
