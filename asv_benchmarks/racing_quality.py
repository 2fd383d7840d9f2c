"""Regret of searches with and without racing, at equal numbers of fits.

    python -m asv_benchmarks.racing_quality run STORE n_splits first_seed last_seed [RULE ...]
    python -m asv_benchmarks.racing_quality table STORE
    python -m asv_benchmarks.racing_quality risk STORE n_splits first_seed last_seed [RULE ...]

Real tasks. Every search has the fits of 50 full evaluations, and is looked at after 10, 20, 30 and
50. The store is a file to which every search is appended, so that a run can be stopped and started
again, or shared between processes by seeds.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import wilcoxon
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from threadpoolctl import threadpool_limits

import skbayes.study
from asv_benchmarks.stores import load
from asv_benchmarks.tasks import TASKS
from skbayes import BayesSearchCV, TPESearchCV
from skbayes.estimators.base import MIN_SPLITS
from skbayes.pruning.racing import Race, make_race
from skbayes.trial import FloatArray

SEARCHES = {"BayesSearchCV": BayesSearchCV, "TPESearchCV": TPESearchCV}
TOO_SLOW = ("boosting-diabetes", "nu-svr-friedman")
NAMES = [name for name, task in TASKS.items() if not task.is_noisy and name not in TOO_SLOW]
BUDGETS = (10, 20, 30, 50)
N_RISKED = 40
"""Candidates of a search whose skipped splits are evaluated afterwards."""


class Forgiving(Race):
    """Drops a trial if the mean of its splits is not above the worst split of the best trial.

    Bergman, Purucker & Hutter, "Don't Waste Your Time: Early Stopping Cross-Validation", 2024.
    """

    def probability_better(self, splits: Sequence[int], scores: FloatArray) -> float:
        """Return 0 for a trial that is dropped, else 1."""
        return float(scores.mean() > self.best.min())


class Wilcoxon(Race):
    """Drops a trial that a signed-rank test finds worse than the best one at level 0.1.

    As Optuna's `WilcoxonPruner` does with its defaults.
    """

    def probability_better(self, splits: Sequence[int], scores: FloatArray) -> float:
        """Return 0 for a trial that is dropped, else 1."""
        d = scores - self.best[list(splits)]
        if len(d) < 2 or not d.any() or d.mean() > 0:
            return 1.0
        return float(wilcoxon(d, alternative="less", zero_method="zsplit").pvalue >= 0.1)


def _against_best(rule: type[Race]) -> Callable[[FloatArray, float], Race | None]:
    """Return what makes the race of another rule, from the first complete trial on."""
    return lambda table, alpha: (
        rule(table[table.mean(axis=1).argmax()], 0.0, alpha) if len(table) else None
    )


RULES: dict[str, tuple[float | bool, Any]] = {
    "none": (False, make_race),
    "0.05": (0.05, make_race),
    "0.1": (0.1, make_race),
    "forgiving": (0.05, _against_best(Forgiving)),
    "Wilcoxon": (0.05, _against_best(Wilcoxon)),
}


@contextmanager
def rule_of(name: str) -> Any:
    """Let searches drop trials by another rule."""
    skbayes.study.make_race = RULES[name][1]
    try:
        yield
    finally:
        skbayes.study.make_race = make_race


def make_search(
    task_name: str, search: str, rule: str, n_splits: int, seed: int, **size: Any
) -> Any:
    """Return a search on a task."""
    task = TASKS[task_name]
    return SEARCHES[search](
        task.make_estimator(),
        task.space,
        scoring=task.scoring,
        cv=task.splitter(n_splits),
        racing=RULES[rule][0],
        random_state=seed,
        refit=False,
        **size,
    )


def fit_quietly(search: Any, task_name: str, rule: str) -> Any:
    """Return the fitted search."""
    with warnings.catch_warnings(), np.errstate(all="ignore"), rule_of(rule):
        warnings.simplefilter("ignore")
        return search.fit(*TASKS[task_name].data())


def n_run_of(results: dict[str, Any], n_splits: int) -> Any:
    """Return how many splits of every candidate were evaluated."""
    return results.get("n_splits_evaluated", np.full(len(results["params"]), n_splits))


def search_once(task: str, search: str, rule: str, n_splits: int, seed: int) -> dict[str, Any]:
    """Return the record of one search."""
    size = {"n_iter": None, "n_fits": n_splits * max(BUDGETS)}
    begin = time.process_time()
    fitted = fit_quietly(make_search(task, search, rule, n_splits, seed, **size), task, rule)
    n_run = n_run_of(fitted.cv_results_, n_splits)
    scores = fitted.cv_results_["mean_test_score"]
    complete = np.where(np.isfinite(scores) & (n_run == n_splits), scores, -np.inf)
    n_fits = np.cumsum(n_run)
    n_trials = [int(np.sum(n_fits <= n_splits * budget)) for budget in BUDGETS]
    return {
        "best": [float(complete[:n].max(initial=-np.inf)) for n in n_trials],
        "first": float(complete[:5].max()),
        "n_trials": n_trials,
        "seconds": round(time.process_time() - begin, 2),
    }


KEY = ("task", "search", "rule", "n_splits", "seed")


def append(
    store: Path,
    names: Sequence[str],
    keys: Iterable[tuple[Any, ...]],
    once: Callable[..., dict[str, Any]],
) -> None:
    """Do the searches that the store does not hold; the names are those of the parts of a key."""
    done = {tuple(record[name] for name in names) for record in load(store)}
    with threadpool_limits(1):
        for key in keys:
            if key not in done:
                record = dict(zip(names, key, strict=True)) | once(*key)
                with store.open("a") as lines:
                    lines.write(json.dumps(record) + "\n")


def risk_once(task: str, search: str, rule: str, n_splits: int, seed: int) -> dict[str, Any]:
    """Return the record of a search of 40 candidates whose skipped splits are evaluated too.

    The search has missed its winner if a dropped candidate is better than all complete ones.
    """
    made = make_search(task, search, rule, n_splits, seed, n_iter=N_RISKED)
    fitted = fit_quietly(made, task, rule)
    n_run = n_run_of(fitted.cv_results_, n_splits)
    has_score = np.isfinite(fitted.cv_results_["mean_test_score"])  # what failed is no winner
    dropped = np.flatnonzero((n_run < n_splits) & has_score)
    n_better = 0
    for i in dropped:
        params = clone(fitted.cv_results_["params"][i], safe=False)
        model = clone(fitted.estimator).set_params(**params)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            data = TASKS[task].data()
            scores = cross_val_score(model, *data, scoring=fitted.scoring, cv=fitted.cv)
        n_better += bool(scores.mean() > fitted.best_score_)
    return {
        "saved": 1.0 - float(n_run.sum()) / (len(n_run) * n_splits),
        "n_dropped": len(dropped),
        "n_better": n_better,
    }


def print_risk(store: Path) -> None:
    """Print what the searches of `risk_once` have missed."""
    groups = defaultdict(list)
    for record in load(store):
        groups[record["search"], record["n_splits"], record["rule"]].append(record)
    print("| search | splits | racing | searches | fits saved | dropped better ones | missed |")
    print("|---|---|---|---|---|---|---|")
    for key, found in sorted(groups.items()):
        saved, n_dropped, n_better = (
            np.array([record[name] for record in found])
            for name in ("saved", "n_dropped", "n_better")
        )
        print(
            f"| {' | '.join(map(str, key))} | {len(found)} | {saved.mean():.0%} "
            f"| {n_better.sum()} of {n_dropped.sum():,} | {(n_better > 0).mean():.1%} |"
        )


def regrets_of(records: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[int, FloatArray]]:
    """Return normalised regrets by search, number of splits, rule and task, and then by seed.

    0 is the best score known of a task, 1 the median after five candidates; one for each budget.
    """
    by_task = defaultdict(list)
    for record in records:
        by_task[record["task"], record["n_splits"]].append(record)
    regrets: dict[Any, dict[int, Any]] = defaultdict(dict)
    for (task, n_splits), own in by_task.items():
        best = max(max(record["best"]) for record in own)
        unit = best - np.median([record["first"] for record in own])
        for record in own:
            key = record["search"], n_splits, record["rule"], task
            regret = (best - np.array(record["best"])) / unit
            regrets[key][record["seed"]] = np.minimum(regret, 2.0)
    return regrets


def pairs_of(
    regrets: dict[tuple[Any, ...], dict[int, FloatArray]], search: str, n_splits: int, rule: str
) -> list[FloatArray]:
    """Return regrets with and without racing, of shape (2, seeds, budgets), for each task."""
    pairs = []
    for task in NAMES:
        ours = regrets.get((search, n_splits, rule, task), {})
        theirs = regrets.get((search, n_splits, "none", task), {})
        seeds = sorted(ours.keys() & theirs.keys())
        if seeds:
            pairs.append(np.array([[table[seed] for seed in seeds] for table in (ours, theirs)]))
    return pairs


def table(store: Path) -> None:
    """Print regrets beside those without racing, by the number of splits.

    The numbers that are raced by default are also taken together.
    """
    regrets = regrets_of(load(store))
    print(
        "| search | splits | seeds | racing | full evaluations | regret | without racing | ratio "
        "| difference | tasks better, worse |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for search, rule in product(SEARCHES, RULES):
        found = sorted({key[1] for key in regrets if (key[0], key[2]) == (search, rule)})
        raced_by_default = [n_splits for n_splits in found if n_splits >= MIN_SPLITS]
        groups = [[n_splits] for n_splits in found]
        if len(raced_by_default) > 1:
            groups.append(raced_by_default)
        for group in groups if rule != "none" else []:
            print_rows(search, rule, {n: pairs_of(regrets, search, n, rule) for n in group})


def print_rows(search: str, rule: str, pairs_by_splits: dict[int, list[FloatArray]]) -> None:
    """Print a row for each budget."""
    rng = np.random.default_rng(0)
    pairs = [pair for own in pairs_by_splits.values() for pair in own]
    splits = ", ".join(map(str, pairs_by_splits))
    seeds = ", ".join(str(max(pair.shape[1] for pair in own)) for own in pairs_by_splits.values())
    for i, budget in enumerate(BUDGETS):
        ours, theirs = np.mean([pair[:, :, i].mean(axis=1) for pair in pairs], axis=0)
        differences = [pair[0, :, i] - pair[1, :, i] for pair in pairs]
        low, high = interval(differences, rng)
        n_better, n_worse = n_significant(differences)
        print(
            f"| {search} | {splits} | {seeds} | {rule} | {budget} | {ours:.3f} | {theirs:.3f} "
            f"| {ours / theirs:.2f} | {ours - theirs:+.3f} [{low:+.3f}, {high:+.3f}] "
            f"| {n_better}, {n_worse} |"
        )


def interval(differences: list[FloatArray], rng: np.random.Generator) -> tuple[float, float]:
    """Return the 95 % interval of the mean over the tasks, by a bootstrap of tasks and seeds."""
    draws = []
    for _ in range(2000):
        chosen = [differences[i] for i in rng.integers(len(differences), size=len(differences))]
        draws.append(np.mean([d[rng.integers(len(d), size=len(d))].mean() for d in chosen]))
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def n_significant(differences: list[FloatArray]) -> tuple[int, int]:
    """Return on how many tasks a rule is better and worse: Wilcoxon's test, Holm's correction."""
    p = [wilcoxon(d).pvalue if np.any(d) else 1.0 for d in differences]
    order = np.argsort(p)
    is_sure = np.minimum.accumulate(np.array(p)[order] * np.arange(len(p), 0, -1) < 0.05)
    signs = [np.sign(np.mean(differences[i])) for i in order[is_sure]]
    return signs.count(-1.0), signs.count(1.0)


if __name__ == "__main__":
    command, store, *rest = sys.argv[1:]
    if command == "table":
        table(Path(store))
    else:
        n_splits, first, last = map(int, rest[:3])
        once = {"run": search_once, "risk": risk_once}[command]
        rules = rest[3:] or list(RULES)
        seeds = range(first, last)
        keys = (
            (task, search, rule, n_splits, seed)
            for seed, task, search, rule in product(seeds, NAMES, SEARCHES, rules)
        )
        append(Path(store), KEY, keys, once)
        if command == "risk":
            print_risk(Path(store))
