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
import json
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from asv_benchmarks.optimizers import OPTIMIZERS
from asv_benchmarks.searches import MakeSampler, bayes, tpe
from asv_benchmarks.stand_ins import CHECKPOINTS, StandIn
from asv_benchmarks.wide import PARTS, load, stand_in
from skbayes.estimators.sequential import RACING

POOL = Path(".asv/wide_pool.jsonl")
STORE = Path(".asv/wide_runs.jsonl")
SHOWN = (20, 50)
N_BOOTSTRAP = 4000


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
    calls = [delayed(searched)(*key, range(n_done.get(key, 0), n_seeds)) for key in wanted]
    for record in Parallel(n_jobs=-1, return_as="generator_unordered")(calls):
        with store.open("a") as lines:
            lines.write(json.dumps(record) + "\n")
        at_last = np.mean([regrets[-1] for regrets in record["regrets"]])
        print(record["optimizer"], record["task"], f"{at_last:.3f}", flush=True)


def read(store: Path) -> dict[tuple[str, str], np.ndarray]:
    """Return regrets by task and optimizer, each of shape (n_seeds, n_checkpoints)."""
    lines = store.read_text().splitlines() if store.exists() else []
    found: dict[tuple[str, str], list[list[float]]] = {}
    for record in map(json.loads, lines):
        found.setdefault((record["task"], record["optimizer"]), []).extend(record["regrets"])
    return {key: np.array(regrets) for key, regrets in found.items()}


def draws(regrets: list[np.ndarray], seed: int = 0) -> np.ndarray:
    """Return means over resampled tasks, and for each of them resampled seeds.

    Parameters
    ----------
    regrets : list of ndarray of shape (n_seeds,)
        One for each task.
    seed : int, default=0
        The same seed draws the same tasks.
    """
    tasks = np.random.default_rng(seed).integers(len(regrets), size=(N_BOOTSTRAP, len(regrets)))
    rng = np.random.default_rng(seed + 1)
    means = np.array([r[rng.integers(len(r), size=(N_BOOTSTRAP, len(r)))].mean(1) for r in regrets])
    return means[tasks, np.arange(N_BOOTSTRAP)[:, np.newaxis]].mean(axis=1)


def interval(values: np.ndarray) -> str:
    low, high = np.quantile(values, [0.025, 0.975])
    return f"[{low:.2f}, {high:.2f}]"


def kinds_of(part: str) -> dict[str, list[str]]:
    """Return the tasks of a part by kind; a task may be of several."""
    marks = {name: task.marks.split() for name, task in PARTS[part].items()}
    kinds = sorted({mark for own in marks.values() for mark in own})
    return {kind: [name for name, own in marks.items() if kind in own] for kind in kinds}


def table(store: Path, part: str, ours: str) -> None:
    """Print the regrets of a part, as ratios to ours, and by kind of task."""
    found, tasks = read(store), list(PARTS[part])
    complete = [o for o in RUNS if all((task, o) in found for task in tasks)]
    at = {n: CHECKPOINTS.index(n) for n in CHECKPOINTS}

    def column(optimizer: str, names: list[str], n: int) -> list[np.ndarray]:
        return [found[name, optimizer][:, at[n]] for name in names]

    print(f"\n### {part}: {len(tasks)} tasks\n")
    heads = [f"at {n}" for n in CHECKPOINTS] + [f"{ours} / it at {n}" for n in SHOWN]
    print(f"| optimizer | seeds | {' | '.join(heads)} |")
    print("|---|---|" + "---|" * len(heads))
    for optimizer in complete:
        means = [np.mean([r.mean() for r in column(optimizer, tasks, n)]) for n in CHECKPOINTS]
        cells = [f"{mean:.3f}" for mean in means]
        for n in SHOWN:
            if optimizer == ours:
                cells.append("")
                continue
            pair = [column(o, tasks, n) for o in (ours, optimizer)]
            ratio = np.divide(*[np.mean([r.mean() for r in own]) for own in pair])
            cells.append(f"{ratio:.2f} {interval(draws(pair[0]) / draws(pair[1]))}")
        n_seeds = min(len(found[task, optimizer]) for task in tasks)
        print(f"| {optimizer} | {n_seeds} | {' | '.join(cells)} |")

    last = CHECKPOINTS[-1]
    print(f"\nRegret at {last} by kind:\n\n| kind | tasks | {' | '.join(complete)} |")
    print("|---|---|" + "---|" * len(complete))
    for kind, names in kinds_of(part).items():
        cells = [f"{np.mean([r.mean() for r in column(o, names, last)]):.3f}" for o in complete]
        print(f"| {kind} | {len(names)} | {' | '.join(cells)} |")
    safety(part, complete, partial(column, n=last))


def safety(
    part: str, optimizers: list[str], column: Callable[[str, list[str]], list[np.ndarray]]
) -> None:
    """Print how many runs on hard tasks end worse than random search does in the median."""
    kinds = kinds_of(part)
    hard = sorted({*kinds.get("failing", []), *kinds.get("exploding", [])})
    if "random search" not in optimizers:
        return
    medians = [np.median(r) for r in column("random search", hard)]
    print("\nRuns on failing or exploding tasks that end worse than random search's median:\n")
    for optimizer in optimizers:
        pairs = zip(column(optimizer, hard), medians, strict=True)
        is_worse = np.concatenate([r > median + 1e-12 for r, median in pairs])
        print(f"- {optimizer}: {is_worse.sum()} of {len(is_worse)}")


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
