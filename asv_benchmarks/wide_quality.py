"""Our searches beside their peers on the wide tasks, at equal numbers of fits.

    python -m asv_benchmarks.wide_quality run OPTIMIZER ... [--part development] [--seeds 20]
    python -m asv_benchmarks.wide_quality table [--part development] [--ours BayesSearchCV]

The tasks are stand-ins, see `stand_ins`, made of the points that `python -m asv_benchmarks.wide
pool` has evaluated. With racing, a search is looked at when it has spent the fits of 10, 20, 30 and
50 full evaluations. The store has a line for every task and optimizer, so `run` can be stopped and
started again. The part *final* is for the final word: nothing is chosen by it.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from asv_benchmarks.optimizers import OPTIMIZERS
from asv_benchmarks.search_quality import N_BOOTSTRAP, count_worse, resampled_means
from asv_benchmarks.searches import MakeSampler, bayes, tpe
from asv_benchmarks.stand_ins import CHECKPOINTS, StandIn
from asv_benchmarks.stores import load, run_all
from asv_benchmarks.wide import PARTS, stand_in
from asv_benchmarks.wide import STORE as POOL
from skbayes.estimators.base import RACING

STORE = Path(".asv/wide_runs.jsonl")
SHOWN = (20, 50)


def peer(name: str) -> Callable[[StandIn, int], np.ndarray]:
    """Return what runs an optimizer on a stand-in, every evaluation on all splits."""

    def run(stand_in: StandIn, seed: int) -> np.ndarray:
        search = OPTIMIZERS[name]
        space, n_trials = stand_in.task.space, CHECKPOINTS[-1]
        return stand_in.regrets_of(lambda objective: search(space, objective, n_trials, seed), seed)

    return run


def ours(
    make_sampler: MakeSampler, racing: float | None = RACING, **options: Any
) -> Callable[[StandIn, int], np.ndarray]:
    """Return what runs a search of ours on a stand-in."""
    return lambda stand_in, seed: stand_in.regrets(make_sampler, seed, racing=racing, **options)


RUNS = {
    "BayesSearchCV": ours(bayes),
    "BayesSearchCV, no racing": ours(bayes, None),
    "BayesSearchCV, 4 at once": ours(bayes, n_points=4),
    "BayesSearchCV, 8 at once": ours(bayes, n_points=8),
    "BayesSearchCV, best score wins": ours(bayes, best_score_wins=True),
    "TPESearchCV": ours(tpe),
    "TPESearchCV, no racing": ours(tpe, None),
    "TPESearchCV, 4 at once": ours(tpe, n_points=4),
    "TPESearchCV, best score wins": ours(tpe, best_score_wins=True),
    **{name: peer(name) for name in OPTIMIZERS if not name.startswith("skbayes")},
}
"""Optimizers by name. Ours race unless the name says otherwise."""


def searched(name: str, optimizer: str, seeds: range) -> dict[str, Any]:
    """Return the record of an optimizer on a task."""
    warnings.simplefilter("ignore")
    with threadpool_limits(1), np.errstate(all="ignore"):
        made, _ = stand_in(name, load(POOL))
        regrets = [RUNS[optimizer](made, seed).round(5).tolist() for seed in seeds]
    return {"task": name, "optimizer": optimizer, "regrets": regrets}


def run(store: Path, part: str, optimizers: list[str], n_seeds: int) -> None:
    """Do the searches that the store does not hold."""
    n_done = {key: len(regrets) for key, regrets in read(store).items()}
    wanted = [(t, o) for o in optimizers for t in PARTS[part] if n_done.get((t, o), 0) < n_seeds]
    calls = [(*key, range(n_done.get(key, 0), n_seeds)) for key in wanted]
    for record in run_all(store, searched, calls):
        at_last = np.mean([regrets[-1] for regrets in record["regrets"]])
        print(record["optimizer"], record["task"], f"{at_last:.3f}", flush=True)


def read(store: Path) -> dict[tuple[str, str], np.ndarray]:
    """Return regrets by task and optimizer, each of shape (n_seeds, n_checkpoints)."""
    found: dict[tuple[str, str], list[list[float]]] = {}
    for record in load(store):
        found.setdefault((record["task"], record["optimizer"]), []).extend(record["regrets"])
    return {key: np.array(regrets) for key, regrets in found.items()}


def kinds_of(part: str) -> dict[str, list[str]]:
    """Return the tasks of a part by kind; a task may be of several."""
    marks = {name: task.marks.split() for name, task in PARTS[part].items()}
    kinds = sorted({mark for own in marks.values() for mark in own})
    return {kind: [name for name, own in marks.items() if kind in own] for kind in kinds}


def table(store: Path, part: str, ours: str) -> None:
    """Print the regrets of a part, as ratios to ours, and by kind of task."""
    found, tasks, kinds = read(store), list(PARTS[part]), kinds_of(part)
    complete = [o for o in RUNS if all((task, o) in found for task in tasks)]
    last = CHECKPOINTS[-1]

    def at(optimizer: str, names: list[str], n: int = last) -> dict[str, np.ndarray]:
        return {name: found[name, optimizer][:, CHECKPOINTS.index(n)] for name in names}

    print(f"\n### {part}: {len(tasks)} tasks\n")
    heads = [f"at {n}" for n in CHECKPOINTS] + [f"{ours} / it at {n}" for n in SHOWN]
    print(f"| optimizer | seeds | {' | '.join(heads)} |")
    print("|---|---|" + "---|" * len(heads))
    for optimizer in complete:
        cells = [f"{mean(at(optimizer, tasks, n)):.3f}" for n in CHECKPOINTS]
        pairs = [(at(ours, tasks, n), at(optimizer, tasks, n)) for n in SHOWN]
        cells += ["" if optimizer == ours else ratio(*pair) for pair in pairs]
        n_seeds = min(len(found[task, optimizer]) for task in tasks)
        print(f"| {optimizer} | {n_seeds} | {' | '.join(cells)} |")

    print(f"\nRegret at {last} by kind:\n\n| kind | tasks | {' | '.join(complete)} |")
    print("|---|---|" + "---|" * len(complete))
    for kind, names in kinds.items():
        cells = [f"{mean(at(optimizer, names)):.3f}" for optimizer in complete]
        print(f"| {kind} | {len(names)} | {' | '.join(cells)} |")

    if "random search" in complete:
        hard = sorted({*kinds["failing"], *kinds["exploding"]})
        print("\nRuns on failing or exploding tasks that end worse than random search's median:\n")
        for optimizer in complete:
            n_worse, n = count_worse(at(optimizer, hard), at("random search", hard))
            print(f"- {optimizer}: {n_worse} of {n}")


def mean(by_task: dict[str, np.ndarray]) -> float:
    """Return the mean over tasks of the mean over seeds."""
    return float(np.mean([regrets.mean() for regrets in by_task.values()]))


def ratio(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> str:
    """Return the ratio of the means, with its interval over tasks and seeds."""
    drawn = np.random.default_rng(1).choice(list(ours), (N_BOOTSTRAP, len(ours)))
    draws = resampled_means(ours, drawn) / resampled_means(theirs, drawn)
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{mean(ours) / mean(theirs):.2f} [{low:.2f}, {high:.2f}]"


def difference(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> str:
    """Return the difference of the means, with its interval over tasks and seeds."""
    drawn = np.random.default_rng(0).choice(list(ours), (N_BOOTSTRAP, len(ours)))
    draws = resampled_means(ours, drawn) - resampled_means(theirs, drawn)
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{mean(ours) - mean(theirs):+.3f} [{low:+.3f}, {high:+.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["run", "table"])
    parser.add_argument("optimizers", nargs="*", choices=[*RUNS, []], default=[])
    parser.add_argument("--part", choices=list(PARTS), default="development")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--ours", choices=list(RUNS), default="BayesSearchCV")
    parser.add_argument("--store", type=Path, default=STORE)
    arguments = parser.parse_args()
    if arguments.action == "run":
        run(arguments.store, arguments.part, arguments.optimizers, arguments.seeds)
    else:
        table(arguments.store, arguments.part, arguments.ours)


if __name__ == "__main__":
    main()
