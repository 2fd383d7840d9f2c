"""How good is what a search finds: our search beside its peers, on real tuning tasks.

    python -m asv_benchmarks.search_quality run OPTIMIZER [--seeds 20] [--tasks real]
    python -m asv_benchmarks.search_quality table [--ours skbayes] [--at 50]

`run` does the searches that the store does not hold yet, one line of JSON each, so it can be
stopped and started again, and several may run side by side. `table` prints what the store holds.

Regret is normalised: 0 is the best known score of a task, 1 what random search has after five
evaluations (median); it is cut off at 2. For a noisy task what counts is not the score that was
seen but the mean of new evaluations of the candidate that the search would have selected.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata
from threadpoolctl import threadpool_limits

from asv_benchmarks.optimizers import OPTIMIZERS
from asv_benchmarks.problems import PROBLEMS, Problem
from asv_benchmarks.tables import TABLES, Table
from asv_benchmarks.tasks import TASKS, Task
from skbayes.space import Space

STORE = Path(".asv/search_quality.jsonl")
CHECKPOINTS = (5, 10, 20, 30, 50, 60)
N_POOL = 40
"""Random searches of a task; together they are the pool of 2,000 random points."""

GROUPS = {
    "development": [name for name, task in TASKS.items() if not task.is_final],
    "final": [name for name, task in TASKS.items() if task.is_final],
    "synthetic": list(PROBLEMS),
    "public": list(TABLES),
}
ALL: dict[str, Task | Problem | Table] = {**TASKS, **PROBLEMS, **TABLES}

CUT = 2.0
N_BOOTSTRAP = 4000


class Recorder:
    """An objective that keeps what was asked for, how it scored, and the time in between.

    Attributes
    ----------
    params : list of dict
    scores : list of float
    seconds : list of float
        CPU time the optimizer took for each proposal.
    """

    def __init__(self, task: Task | Problem | Table) -> None:
        self._task = task
        self.params: list[dict[str, Any]] = []
        self.scores: list[float] = []
        self.seconds: list[float] = []
        self._returned = time.process_time()

    def __call__(self, params: dict[str, Any]) -> float:
        self.seconds.append(time.process_time() - self._returned)
        score = self._task.score(params)
        self.params.append(params)
        self.scores.append(score)
        self._returned = time.process_time()
        return score

    def worth(self) -> list[float]:
        """Return the true score of what the search would have selected at each checkpoint."""
        known: dict[int, float] = {}
        worths = []
        for n in CHECKPOINTS:
            scores = np.array(self.scores[:n])
            if not np.isfinite(scores).any():
                worths.append(np.nan)
                continue
            best = int(np.nanargmax(scores))
            if best not in known:
                is_noisy = self._task.is_noisy
                known[best] = self._task.true_score(self.params[best]) if is_noisy else scores[best]
            worths.append(known[best])
        return worths


def search_once(task_name: str, optimizer: str, seed: int) -> dict[str, Any]:
    """Return the record of one search; one that raised holds what it had."""
    task = ALL[task_name]
    recorder = Recorder(task)
    np.random.seed(seed + 1000)  # the unseeded estimators of the noisy tasks draw from here
    error = None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            OPTIMIZERS[optimizer](task.space, recorder, CHECKPOINTS[-1], seed)
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
    record = {
        "task": task_name,
        "optimizer": optimizer,
        "seed": seed,
        "scores": recorder.scores,
        "worth": recorder.worth(),
        "seconds": [round(seconds, 6) for seconds in recorder.seconds],
        "error": error,
    }
    if optimizer == "random search":
        space = Space(task.space)
        record["rows"] = [space.encode(params).round(7).tolist() for params in recorder.params]
    return record


def load(store: Path) -> list[dict[str, Any]]:
    """Return the records of the store, the latest of every search."""
    lines = store.read_text().splitlines() if store.exists() else []
    records = [json.loads(line) for line in lines]
    return list({(r["task"], r["optimizer"], r["seed"]): r for r in records}.values())


def run(store: Path, optimizer: str, task_names: Iterable[str], seeds: range) -> None:
    """Do the searches that the store does not hold."""
    store.parent.mkdir(parents=True, exist_ok=True)
    done = {
        (r["task"], r["optimizer"], r["seed"])
        for r in load(store)
        if len(r["worth"]) == len(CHECKPOINTS)  # an older store has shorter searches
    }
    wanted = [(task, optimizer, seed) for seed in seeds for task in task_names]
    with threadpool_limits(1):
        for key in wanted:
            if key not in done:
                record = search_once(*key)
                with store.open("a") as lines:
                    lines.write(json.dumps(record) + "\n")
                print(*key, record["error"] or "", flush=True)


class Regrets:
    """Normalised regrets of all recorded searches.

    Parameters
    ----------
    records : list of dict

    Attributes
    ----------
    by_search : dict
        From optimizer and task to an array of shape (n_seeds, n_checkpoints).
    """

    def __init__(self, records: list[dict[str, Any]]) -> None:
        worths: dict[str, dict[str, list[list[float]]]] = defaultdict(lambda: defaultdict(list))
        for record in sorted(records, key=lambda record: record["seed"]):
            n_missing = len(CHECKPOINTS) - len(record["worth"])
            worth = record["worth"] + [np.nan] * n_missing
            worths[record["task"]][record["optimizer"]].append(worth)
        self.by_search: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
        for task, by_optimizer in worths.items():
            seen = np.nanmax([worth for w in by_optimizer.values() for worth in w])
            best = getattr(ALL[task], "best", seen)
            unit = best - np.nanmedian(np.array(by_optimizer["random search"])[:, 0])
            for optimizer, values in by_optimizer.items():
                regret = (best - np.array(values, dtype=float)) / unit
                self.by_search[optimizer][task] = np.minimum(np.nan_to_num(regret, nan=CUT), CUT)

    def at(self, optimizer: str, task: str, checkpoint: int) -> np.ndarray:
        """Return the regrets of every seed."""
        return self.by_search[optimizer][task][:, CHECKPOINTS.index(checkpoint)]

    def mean(self, optimizer: str, tasks: list[str], checkpoint: int) -> float:
        """Return the mean over tasks of the mean over seeds."""
        return float(np.mean([self.at(optimizer, t, checkpoint).mean() for t in tasks]))

    def resampled(self, optimizer: str, tasks: np.ndarray, checkpoint: int) -> np.ndarray:
        """Return means over resampled tasks and seeds, see `resampled_means`."""
        by_task = {task: self.at(optimizer, task, checkpoint) for task in np.unique(tasks)}
        return resampled_means(by_task, tasks)


def resampled_means(by_task: dict[str, np.ndarray], tasks: np.ndarray) -> np.ndarray:
    """Return means over drawn tasks, and in each of them over resampled seeds.

    Parameters
    ----------
    by_task : dict of str to ndarray of shape (n_seeds,)
    tasks : ndarray of shape (n, n_tasks)
        Names of the tasks of each draw.

    Returns
    -------
    means : ndarray of shape (n,)
    """
    rng = np.random.default_rng(0)
    means: dict[str, np.ndarray] = {}
    for task in np.unique(tasks):
        values = by_task[task]
        draws = rng.integers(len(values), size=(len(tasks), len(values)))
        means[task] = values[draws].mean(axis=1)
    return np.array(
        [np.mean([means[task][row] for task in names]) for row, names in enumerate(tasks)]
    )


def count_worse(by_task: dict[str, np.ndarray], random: dict[str, np.ndarray]) -> tuple[int, int]:
    """Return how many runs end worse than random search does in the median, and of how many."""
    worse = [r > np.median(random[task]) + 1e-12 for task, r in by_task.items()]
    return sum(int(w.sum()) for w in worse), sum(len(w) for w in worse)


def random_needs(records: list[dict[str, Any]], optimizer: str, task: str, n: int) -> float:
    """Return how many times n evaluations random search needs, by the stored pool.

    The first of N random points that is as good as a score which k of them reach comes, on
    average over their orders, at place (N + 1) / (k + 1).
    """
    pool = _scores(records, "random search", task)
    ours = [_finite(scores[:n]) for scores in _scores_by_seed(records, optimizer, task)]
    places = [(len(pool) + 1) / (sum(s >= max(o) for s in pool) + 1) for o in ours if o]
    return float(np.median(places)) / n


def _scores_by_seed(records: list[dict[str, Any]], optimizer: str, task: str) -> list[list[float]]:
    return [r["scores"] for r in records if (r["optimizer"], r["task"]) == (optimizer, task)]


def _scores(records: list[dict[str, Any]], optimizer: str, task: str) -> list[float]:
    return [s for scores in _scores_by_seed(records, optimizer, task) for s in scores]


def _finite(scores: list[float]) -> list[float]:
    return [score for score in scores if np.isfinite(score)]


def table(store: Path, ours: str, at: int) -> None:
    """Print the tables of what the store holds of searches of `at` evaluations."""
    records = [r for r in load(store) if len(r["worth"]) > CHECKPOINTS.index(at) or _is_random(r)]
    regrets = Regrets(records)
    real = GROUPS["development"] + GROUPS["final"]
    groups = GROUPS | {"development and final": real, "all": real + GROUPS["synthetic"]}
    groups = {label: tasks for label, tasks in groups.items() if label != "public"}
    for label, tasks in groups.items():
        complete = [o for o in OPTIMIZERS if set(tasks) <= set(regrets.by_search[o])]
        if ours in complete:
            print_group(regrets, complete, label, tasks, ours, at)
    _print_tasks(records, regrets, ours, at)
    _print_safety(regrets, at)


def _is_random(record: dict[str, Any]) -> bool:
    return bool(record["optimizer"] == "random search")


def print_group(
    regrets: Regrets, optimizers: list[str], label: str, tasks: list[str], ours: str, at: int
) -> None:
    print(f"\n### {label}: {len(tasks)} tasks\n")
    shown = [n for n in CHECKPOINTS[1:] if n <= at]
    heads = " | ".join(f"at {n}" for n in shown)
    print(f"| optimizer | seeds | {heads} | rank at {at} | {ours} − it at {at} [95 %] |")
    print("|---|---|" + "---|" * (len(shown) + 2))
    last = np.array([[regrets.at(o, t, at).mean() for t in tasks] for o in optimizers])
    ranks = rankdata(last, axis=0).mean(axis=1)
    drawn = np.random.default_rng(1).choice(tasks, (N_BOOTSTRAP, len(tasks)))
    own = regrets.resampled(ours, drawn, at)
    for optimizer, rank in zip(optimizers, ranks, strict=True):
        cells = [f"{regrets.mean(optimizer, tasks, n):.3f}" for n in shown]
        n_seeds = min(len(regrets.by_search[optimizer][task]) for task in tasks)
        difference = ""
        if optimizer != ours:
            low, high = np.quantile(own - regrets.resampled(optimizer, drawn, at), [0.025, 0.975])
            gap = regrets.mean(ours, tasks, at) - regrets.mean(optimizer, tasks, at)
            difference = f"{gap:+.3f} [{low:+.3f}, {high:+.3f}]"
        print(f"| {optimizer} | {n_seeds} | {' | '.join(cells)} | {rank:.1f} | {difference} |")


def _print_tasks(records: list[dict[str, Any]], regrets: Regrets, ours: str, at: int) -> None:
    optimizers = [o for o in OPTIMIZERS if o in regrets.by_search]
    print(f"\n### Regret at {at} by task\n")
    print(f"| task | | {' | '.join(optimizers)} | random needs |")
    print("|---|---|" + "---|" * (len(optimizers) + 1))
    all_needs = []
    for label, tasks in GROUPS.items():
        for task in tasks if label != "public" else []:
            known = [task in regrets.by_search[o] for o in optimizers]
            cells = [
                f"{regrets.at(o, task, at).mean():.3f}" if is_known else ""
                for o, is_known in zip(optimizers, known, strict=True)
            ]
            needs = ""
            if task in regrets.by_search[ours] and task in regrets.by_search["random search"]:
                ratio = random_needs(records, ours, task, at)
                needs = f"{ratio:.0f} ×"
                all_needs += [] if label == "synthetic" else [ratio]
            print(f"| {task} | {label}, {ALL[task].marks} | {' | '.join(cells)} | {needs} |")
    if all_needs:
        print(f"\nRandom search needs, median over the real tasks: {np.median(all_needs):.0f} ×")


def _print_safety(regrets: Regrets, at: int) -> None:
    """Print how often a search of a hard task ends worse than random search does in the median."""
    hard = [name for name, t in TASKS.items() if "failing" in t.marks or "exploding" in t.marks]
    print("\nRuns on failing or exploding tasks that end worse than the median of random search:\n")
    for optimizer, by_task in regrets.by_search.items():
        known = [task for task in hard if task in by_task]
        own, random = (
            {task: regrets.at(name, task, at) for task in known}
            for name in (optimizer, "random search")
        )
        n_worse, n = count_worse(own, random)
        if n:
            print(f"- {optimizer}: {n_worse} of {n}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["run", "table"])
    parser.add_argument("optimizer", nargs="?", choices=list(OPTIMIZERS))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--tasks", choices=[*GROUPS, "real"], default="real")
    parser.add_argument("--ours", choices=list(OPTIMIZERS), default="skbayes")
    parser.add_argument("--at", type=int, choices=CHECKPOINTS, default=50)
    parser.add_argument("--store", type=Path, default=STORE)
    arguments = parser.parse_args()
    if arguments.action == "table":
        table(arguments.store, arguments.ours, arguments.at)
        return
    if arguments.optimizer is None:
        parser.error("name the optimizer to run")
    real = GROUPS["development"] + GROUPS["final"]
    tasks = real if arguments.tasks == "real" else GROUPS[arguments.tasks]
    seeds = N_POOL if arguments.optimizer == "random search" else arguments.seeds
    run(arguments.store, arguments.optimizer, tasks, range(seeds))


if __name__ == "__main__":
    main()
