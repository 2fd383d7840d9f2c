"""Pruning in hand-written training loops: our rules beside Optuna's pruners.

    python -m asv_benchmarks.pruning_quality run [--seeds 5]
    python -m asv_benchmarks.pruning_quality table

Every method trains the same number of trials, stage by stage, and may end each of them early. The
loop keeps the best model of a trial, so what it reports is the best score so far. What counts is
how many stages are saved, and the best score of a trial that was trained to the end. The store has
a line for every search, so `run` can be stopped and started again.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import loguniform, uniform
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_digits
from sklearn.ensemble import AdaBoostRegressor
from sklearn.metrics import get_scorer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from asv_benchmarks.optimizers import all_flat, params_of, subspaces_of, suggest
from asv_benchmarks.staged_quality import TASKS, Task
from asv_benchmarks.stores import load, run_all, run_or_table
from asv_benchmarks.wide_quality import difference, mean
from skbayes import Study, log_randint

STORE = Path(".asv/pruning_runs.jsonl")
N_TRIALS = 40
N_STAGES = 27
N_FIRST = 5

Train = Callable[[dict[str, Any]], Iterator[float]]


class Loop(NamedTuple):
    """A training loop: a space, and what yields a score after each of `N_STAGES` stages."""

    space: dict[str, Any]
    train: Train


def _grow(task: Task, params: dict[str, Any]) -> Iterator[float]:
    """Grow the model of a task, a 27th of the most rounds a stage, and score it out of sample."""
    X, X_out, y, y_out = task.parts()
    model = clone(task.estimator).set_params(**{task.parameter: task.most}, **params)
    if isinstance(model, Pipeline):
        X, X_out = model[:-1].fit_transform(X), model[:-1].transform(X_out)
        model = model[-1]
    rounds = np.linspace(0, task.most, N_STAGES + 1).round().astype(int)[1:]
    grow = _learn if task.route == "partial_fit" else partial(_boost, task.parameter)
    scorer = get_scorer(task.scoring)
    yield from grow(model, rounds, lambda: float(scorer(model, X_out, y_out)), X, y)


def _boost(
    parameter: str, model: Any, rounds: Any, score: Callable[[], float], X: Any, y: Any
) -> Iterator[float]:
    """Boost some more rounds a stage."""
    for n_rounds in rounds:
        model.set_params(warm_start=True, **{parameter: n_rounds}).fit(X, y)
        yield score()


def _learn(model: Any, rounds: Any, score: Callable[[], float], X: Any, y: Any) -> Iterator[float]:
    """Learn epoch by epoch, as `partial_fit` does."""
    options = {"classes": np.unique(y)} if is_classifier(model) else {}
    for n_epochs in np.diff(rounds, prepend=0):
        try:
            for _ in range(n_epochs):
                model.partial_fit(X, y, **options)
            found = score()
        except ValueError:  # it has exploded
            found = float("nan")
        yield found


def _train_torch(params: dict[str, Any]) -> Iterator[float]:
    """Train a small network of PyTorch on digits, an epoch a stage."""
    import torch

    torch.manual_seed(0)
    X, X_out, y, y_out = map(torch.as_tensor, _digits())
    X, X_out = X.float(), X_out.float()
    n_units = params["n_units"]
    model = torch.nn.Sequential(
        torch.nn.Linear(64, n_units),
        torch.nn.ReLU(),
        torch.nn.Dropout(params["dropout"]),
        torch.nn.Linear(n_units, 10),
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=params["learning_rate"], momentum=0.9)
    for _ in range(N_STAGES):
        model.train()
        for batch in torch.randperm(len(X)).split(params["batch_size"]):
            loss = torch.nn.functional.cross_entropy(model(X[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            yield -float(torch.nn.functional.cross_entropy(model(X_out), y_out))


def _digits() -> tuple[Any, Any, Any, Any]:
    X, y = load_digits(return_X_y=True)
    X, X_out, y, y_out = train_test_split(X[:800], y[:800], test_size=0.4, random_state=0)
    scaler = StandardScaler().fit(X)
    return scaler.transform(X), scaler.transform(X_out), y, y_out


TORCH = Loop(
    {
        "learning_rate": loguniform(1e-4, 10),
        "n_units": log_randint(8, 128),
        "dropout": uniform(0, 0.6),
        "batch_size": [32, 64, 128, 256],
    },
    _train_torch,
)
LOOPS = {
    name: Loop(task.space, partial(_grow, task))
    for name, task in TASKS.items()
    if not isinstance(task.estimator, AdaBoostRegressor)  # which cannot be gone on with
}
LOOPS["network of torch, digits"] = TORCH


def best_so_far(scores: Iterator[float]) -> Iterator[float]:
    """Yield the largest of the scores so far; NaN for one that is not finite."""
    best = -np.inf
    for score in scores:
        best = max(best, score)
        yield best if np.isfinite(score) else float("nan")


def _ours(loop: Loop, seed: int, pruning: str | None) -> Iterator[tuple[list[float], bool]]:
    study = Study(loop.space, pruning=pruning, random_state=seed)
    for _ in range(N_TRIALS):
        trial, curve, is_ended = study.ask(), [], False
        for score in best_so_far(loop.train(dict(trial.params))):
            curve.append(score)
            study.report(trial, len(curve), score)
            is_ended = study.should_prune(trial)
            if is_ended or not np.isfinite(score):
                break
        is_whole = len(curve) == N_STAGES and not is_ended
        study.tell(trial, curve[-1] if is_whole or pruning is None else None)
        yield curve, len(curve) == N_STAGES


def _optuna(loop: Loop, seed: int, pruner: str) -> Iterator[tuple[list[float], bool]]:
    import optuna as peer

    peer.logging.set_verbosity(peer.logging.ERROR)
    make = {
        "none": peer.pruners.NopPruner,
        "median": peer.pruners.MedianPruner,
        "hyperband": partial(peer.pruners.HyperbandPruner, 1, N_STAGES),
    }[pruner]
    sampler = peer.samplers.TPESampler(seed=seed)
    study = peer.create_study(direction="maximize", sampler=sampler, pruner=make())
    [flats], states = subspaces_of(loop.space), peer.trial.TrialState
    assert len(flats) == len(all_flat(loop.space))
    for _ in range(N_TRIALS):
        trial, curve, is_ended = study.ask(), [], False
        params = params_of(loop.space, 0, {flat.key: suggest(trial, flat) for flat in flats})
        for score in best_so_far(loop.train(params)):
            curve.append(score)
            trial.report(score, len(curve))
            is_ended = trial.should_prune() or not np.isfinite(score)
            if is_ended:
                break
        if is_ended:
            study.tell(trial, state=states.PRUNED)
        else:
            study.tell(trial, curve[-1])
        yield curve, len(curve) == N_STAGES


METHODS: dict[str, Callable[[Loop, int], Iterator[tuple[list[float], bool]]]] = {
    "Study": partial(_ours, pruning=None),
    "Study, median": partial(_ours, pruning="median"),
    "Study, halving": partial(_ours, pruning="halving"),
    "Study, paired": partial(_ours, pruning="paired"),
    "Study, gp": partial(_ours, pruning="gp"),
    "Optuna": partial(_optuna, pruner="none"),
    "Optuna, MedianPruner": partial(_optuna, pruner="median"),
    "Optuna, HyperbandPruner": partial(_optuna, pruner="hyperband"),
}


def searched(name: str, method: str, seed: int) -> dict[str, Any]:
    """Return the record of a search: epochs of each trial, and final scores of whole ones."""
    warnings.simplefilter("ignore")
    epochs, finals = [], []
    with threadpool_limits(1), np.errstate(all="ignore"):
        for curve, is_whole in METHODS[method](LOOPS[name], seed):
            epochs.append(len(curve))
            finals.append(curve[-1] if is_whole else float("nan"))
    return {"task": name, "method": method, "seed": seed, "epochs": epochs, "finals": finals}


def run(store: Path, n_seeds: int) -> None:
    """Do the searches that the store does not hold."""
    done = {(r["task"], r["method"], r["seed"]) for r in load(store)}
    keys = [(t, m, s) for s in range(n_seeds) for t in LOOPS for m in METHODS]
    for record in run_all(store, searched, [key for key in keys if key not in done]):
        shown = record["task"], record["method"], record["seed"], sum(record["epochs"])
        print(*shown, f"{np.nanmax(record['finals']):.4f}", flush=True)


Regrets = dict[str, dict[str, np.ndarray]]


def regrets(records: list[dict[str, Any]]) -> tuple[Regrets, Regrets]:
    """Return regrets by method and task, 0 is the best score of all searches.

    1 is what the best of five trials has in the median. Of methods that prune, the second are those
    of the same method without pruning, when it had trained as many epochs.
    """
    found, at_equal_epochs = {}, {}
    by_key = {(r["task"], r["method"], r["seed"]): r for r in records}
    for name in LOOPS:
        own = [record for record in records if record["task"] == name]
        best = max(np.nanmax(record["finals"]) for record in own)
        whole = [r["finals"][:N_FIRST] for r in own if r["method"] in ("Study", "Optuna")]
        usual = np.median([np.nanmax(finals) for finals in whole])
        for record in own:
            base = by_key[name, record["method"].partition(",")[0], record["seed"]]
            n_trials = int((np.cumsum(base["epochs"]) <= sum(record["epochs"])).sum())
            for by_method, finals in (
                (found, record["finals"]),
                (at_equal_epochs, base["finals"][:n_trials]),
            ):
                regret = min((best - np.nanmax(finals)) / (best - usual), 2.0)
                by_method.setdefault(record["method"], {}).setdefault(name, []).append(regret)
    first, second = (
        {m: {t: np.array(v) for t, v in by_task.items()} for m, by_task in by_method.items()}
        for by_method in (found, at_equal_epochs)
    )
    return first, second


def table(store: Path) -> None:
    """Print the share of epochs that were trained, and the regrets."""
    records = load(store)
    found, at_equal_epochs = regrets(records)
    print("| method | seeds | epochs | regret | to the same without pruning | at equal epochs |")
    print("|---|---|---|---|---|---|")
    for method in METHODS:
        by_task = found[method]
        own = [record for record in records if record["method"] == method]
        share = np.mean([sum(record["epochs"]) / (N_TRIALS * N_STAGES) for record in own])
        cells = [method, min(map(len, by_task.values())), f"{share:.0%}", f"{mean(by_task):.3f}"]
        for base in (found[method.partition(",")[0]], at_equal_epochs[method]):
            cells.append(difference(by_task, base) if "," in method else "")
        print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    run_or_table(__doc__, run, table, STORE)
