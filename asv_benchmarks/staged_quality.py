"""Rounds found by the fits beside rounds that are searched, and beside early stopping.

    python -m asv_benchmarks.staged_quality run [--seeds 5] [--candidates 12 --store FILE]
    python -m asv_benchmarks.staged_quality table [--candidates 12 --store FILE]
    python -m asv_benchmarks.staged_quality stopped [--seeds 5]

Every search may fit the same number of rounds, all splits together: as many as 12 candidates, or
another number of them, have on all splits with the most rounds. The store has a line for every
search, with its scores against the rounds it had spent, so `run` can be stopped and started again.
Two fifths of the samples are held out, and the winner is scored on them. `stopped` does the
searches with early stopping, in which every fit holds out a tenth of its samples, and compares
their winners with those of `staged`.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import loguniform, uniform
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.ensemble import (
    AdaBoostRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from asv_benchmarks.stores import load, run_all
from asv_benchmarks.wide_data import classes, numbers
from asv_benchmarks.wide_quality import mean, ratio
from skbayes import BayesSearchCV, log_randint
from skbayes.evaluation.growth.growing import Stages, fit_as_scored

STORE = Path(".asv/staged_runs.jsonl")
N_FULL = 12
MOST = 300
N_SPLITS = 5
STOPPED = "early stopping"
N_STOPPED = 30
"""Candidates of a search with early stopping: about as many as the others try with their rounds."""


class Task(NamedTuple):
    """An estimator with the most rounds, its space without them, and data."""

    estimator: Any
    parameter: str
    space: dict[str, Any]
    data: Callable[[], tuple[Any, Any]]
    route: str = "auto"
    most: int = MOST

    @property
    def scoring(self) -> str:
        return "neg_log_loss" if is_classifier(self.estimator) else "neg_mean_squared_error"

    def parts(self) -> list[Any]:
        """Return X, what is held out of X, y, and what is held out of y."""
        X, y = self.data()
        labels = y if is_classifier(self.estimator) else None
        return train_test_split(X, y, test_size=0.4, random_state=0, stratify=labels)


TREES = {
    "learning_rate": loguniform(0.01, 1),
    "max_depth": log_randint(1, 8),
    "min_samples_leaf": log_randint(1, 60),
    "subsample": uniform(0.4, 0.6),
}
HISTOGRAMS = {
    "learning_rate": loguniform(0.01, 1),
    "max_leaf_nodes": log_randint(3, 32),
    "min_samples_leaf": log_randint(2, 60),
    "l2_regularization": loguniform(1e-6, 10),
}
ADA = {"learning_rate": loguniform(0.01, 2), "estimator__max_depth": log_randint(1, 8)}
NETWORK = {
    "learning_rate_init": loguniform(1e-4, 0.1),
    "alpha": loguniform(1e-6, 1),
    "hidden_layer_sizes": [(8,), (32,), (100,)],
}
LINEAR = {
    "alpha": loguniform(1e-6, 0.1),
    "eta0": loguniform(1e-4, 1),
    "learning_rate": ["constant", "invscaling", "adaptive"],
}


class _ByEpochs:
    """Trains epoch by epoch, as a staged search does, so that both search the same scores."""

    max_iter: int
    partial_fit: Callable[..., Any]

    def fit(self, X: Any, y: Any) -> Any:
        """Train for `max_iter` epochs."""
        options = {"classes": np.unique(y)} if is_classifier(self) else {}
        for _ in range(self.max_iter):
            self.partial_fit(X, y, **options)
        return self


class ClassifierByEpochs(_ByEpochs, MLPClassifier):
    pass


class RegressorByEpochs(_ByEpochs, MLPRegressor):
    pass


class LinearByEpochs(_ByEpochs, SGDClassifier):
    pass


def _ada() -> AdaBoostRegressor:
    return AdaBoostRegressor(DecisionTreeRegressor(random_state=0), random_state=0)


def _piped(model: Any, space: dict[str, Any]) -> tuple[Any, str, dict[str, Any]]:
    name = type(model).__name__.lower()
    searched = {f"{name}__{key}": values for key, values in space.items()}
    return make_pipeline(StandardScaler(), model), f"{name}__max_iter", searched


TASKS = {
    "trees diabetes": Task(
        GradientBoostingRegressor(random_state=0),
        "n_estimators",
        TREES,
        lambda: load_diabetes(return_X_y=True),
    ),
    "trees cancer": Task(
        GradientBoostingClassifier(random_state=0),
        "n_estimators",
        TREES,
        lambda: load_breast_cancer(return_X_y=True),
    ),
    "trees pima": Task(
        GradientBoostingClassifier(random_state=0), "n_estimators", TREES, classes("pima", 600)
    ),
    "trees houses": Task(
        GradientBoostingRegressor(random_state=0), "n_estimators", TREES, numbers("houses", 500)
    ),
    "histograms german": Task(
        HistGradientBoostingClassifier(random_state=0, early_stopping=False),
        "max_iter",
        HISTOGRAMS,
        classes("german", 600),
    ),
    "histograms vehicle": Task(
        HistGradientBoostingClassifier(random_state=0, early_stopping=False),
        "max_iter",
        HISTOGRAMS,
        classes("vehicle", 600),
        most=150,
    ),
    "histograms cars": Task(
        HistGradientBoostingRegressor(random_state=0, early_stopping=False),
        "max_iter",
        HISTOGRAMS,
        numbers("cars", 500),
    ),
    "histograms balances": Task(
        HistGradientBoostingRegressor(random_state=0, early_stopping=False),
        "max_iter",
        HISTOGRAMS,
        numbers("balances", 500),
    ),
    "ada boost car seats": Task(_ada(), "n_estimators", ADA, numbers("car seats", 400), most=150),
    "network digits": Task(
        *_piped(ClassifierByEpochs(random_state=0), NETWORK),
        lambda: tuple(part[:500] for part in load_digits(return_X_y=True)),
        route="partial_fit",
        most=100,
    ),
    "network meats": Task(
        *_piped(RegressorByEpochs(random_state=0), NETWORK),
        numbers("meats", 250),
        route="partial_fit",
        most=200,
    ),
    "linear phoneme": Task(
        *_piped(LinearByEpochs(loss="log_loss", random_state=0), LINEAR),
        classes("phoneme", 600),
        route="partial_fit",
        most=100,
    ),
}


def rounds_of(task: Task, search: Any) -> np.ndarray:
    """Return how many rounds each candidate was fitted for, all splits together."""
    table = search.cv_results_
    n_splits = table.get("n_splits_evaluated", np.full(len(table["params"]), N_SPLITS))
    if search.staged is None:
        return np.array([p[task.parameter] for p in table["params"]]) * n_splits
    if search.staged_patience is None or isinstance(task.estimator, AdaBoostRegressor):
        return task.most * n_splits
    return np.array([_last_stages(curves).sum() for curves in search.cv_curves_])


def _last_stages(curves: dict[str, np.ndarray]) -> np.ndarray:
    """Return the last stage at which each split was scored, which is how far it was fitted."""
    [scores] = [table for name, table in curves.items() if name.startswith("test")]
    is_scored = np.isfinite(scores)
    return np.max(np.where(is_scored, curves["stages"], 0), axis=1)


def spent(task: Task, search: BayesSearchCV, budget: int, X: Any, y: Any) -> tuple[Any, np.ndarray]:
    """Return a search that goes on until its rounds are spent, and the rounds spent so far."""
    rounds, n_fits = np.zeros(1), 0
    with TemporaryDirectory() as folder:
        search.set_params(checkpoint=f"{folder}/journal.jsonl")
        while rounds[-1] < budget:
            n_fits += N_FULL * N_SPLITS
            search.set_params(n_fits=n_fits).fit(X, y)
            rounds = np.cumsum(rounds_of(task, search))
    return search, rounds


def searched(name: str, method: str, seed: int, n_full: int = N_FULL) -> dict[str, Any]:
    """Return the record of a search: its scores against the rounds, and the loss held out."""
    warnings.simplefilter("ignore")
    task = TASKS[name]
    budget = n_full * N_SPLITS * task.most
    estimator = task.estimator.set_params(**{task.parameter: task.most})
    X, X_out, y, y_out = task.parts()
    options: dict[str, Any] = {"n_iter": None, "cv": N_SPLITS, "refit": False}
    options |= {"scoring": task.scoring, "random_state": seed}
    space = task.space
    if method == "rounds searched":
        space = {**space, task.parameter: log_randint(max(2, task.most // 30), task.most)}
    else:
        options |= {"staged": task.parameter, "staged_route": task.route}
        options |= METHODS[method]
    with threadpool_limits(1):
        search, rounds = spent(task, BayesSearchCV(estimator, space, **options), budget, X, y)
        is_within = rounds <= budget
        table = search.cv_results_
        complete = table.get("n_splits_evaluated", np.full(len(rounds), N_SPLITS)) == N_SPLITS
        scores = np.where(complete & is_within, table["mean_test_score"], -np.inf)
        best = clone(estimator).set_params(**table["params"][int(np.argmax(scores))])
        if search.staged is None:
            best.fit(X, y)
        else:
            fit_as_scored(best, Stages(task.parameter, task.route), X, y, {})
    held_out = get_scorer(task.scoring)(best, X_out, y_out)
    found = np.maximum.accumulate(scores)[is_within].round(8).tolist()
    key = {"task": name, "method": method, "seed": seed}
    return {**key, "rounds": rounds[is_within].tolist(), "best": found, "held_out": held_out}


METHODS: dict[str, dict[str, Any]] = {
    "rounds searched": {},
    "staged": {},
    "staged, pruning='gp'": {"pruning": "gp"},
    "staged, cost='rounds'": {"cost": "rounds"},
    "staged, all rounds": {"staged_patience": None},
}


def stopped(name: str, method: str, seed: int) -> dict[str, Any]:
    """Return the record of a search whose fits stop early by the samples that they hold out."""
    warnings.simplefilter("ignore")
    task = TASKS[name]
    estimator = clone(task.estimator).set_params(**{task.parameter: task.most}, n_iter_no_change=10)
    if hasattr(estimator, "early_stopping"):
        estimator.set_params(early_stopping=True)
    X, X_out, y, y_out = task.parts()
    with threadpool_limits(1):
        search = BayesSearchCV(
            estimator,
            task.space,
            n_iter=N_STOPPED,
            cv=N_SPLITS,
            scoring=task.scoring,
            random_state=seed,
        ).fit(X, y)
    held_out = get_scorer(task.scoring)(search.best_estimator_, X_out, y_out)
    key = {"task": name, "method": method, "seed": seed}
    return {**key, "rounds": [], "best": [search.best_score_], "held_out": held_out}


def compare_stopped(store: Path, n_seeds: int) -> None:
    """Do the searches with early stopping, and print what staged ones are better by."""
    done = {(r["task"], r["method"], r["seed"]) for r in load(store)}
    names = [name for name, task in TASKS.items() if hasattr(task.estimator, "n_iter_no_change")]
    keys = [(name, STOPPED, seed) for seed in range(n_seeds) for name in names]
    for record in run_all(store, stopped, [key for key in keys if key not in done]):
        print(record["task"], record["seed"], record["held_out"], flush=True)
    losses = {(r["task"], r["method"], r["seed"]): -r["held_out"] for r in load(store)}
    print("| task | seeds | loss held out, early stopping | staged | staged better, seeds |")
    print("|---|---|---|---|---|")
    for name in names:
        pairs = np.array(
            [
                (losses[name, STOPPED, seed], losses[name, "staged", seed])
                for seed in range(n_seeds)
                if (name, "staged", seed) in losses
            ]
        )
        first, second = pairs.mean(axis=0)
        n_better = int((pairs[:, 1] < pairs[:, 0]).sum())
        print(f"| {name} | {len(pairs)} | {first:.4g} | {second:.4g} | {n_better} |")


def run(store: Path, n_seeds: int, n_full: int) -> None:
    """Do the searches that the store does not hold."""
    done = {(r["task"], r["method"], r["seed"]) for r in load(store)}
    keys = [(t, m, s) for s in range(n_seeds) for t in TASKS for m in METHODS]
    calls = [(*key, n_full) for key in keys if key not in done]
    for record in run_all(store, searched, calls):
        print(record["task"], record["method"], record["seed"], record["best"][-1], flush=True)


def regrets(
    records: list[dict[str, Any]], share: float, n_full: int
) -> dict[str, dict[str, np.ndarray]]:
    """Return the regrets of every method by task, at a share of the rounds.

    0 is the best score of any search, 1 the score of the median search after a tenth of the rounds.
    """
    by_task: dict[str, dict[str, list[float]]] = {}
    records = [record for record in records if record["method"] != STOPPED]
    for name in TASKS:
        own = [r for r in records if r["task"] == name]
        budget = n_full * N_SPLITS * TASKS[name].most
        best = max(record["best"][-1] for record in own)
        start = np.median([_at(record, 0.1 * budget) for record in own])
        for record in own:
            regret = (best - _at(record, share * budget)) / (best - start)
            by_task.setdefault(record["method"], {}).setdefault(name, []).append(regret)
    return {m: {t: np.array(v) for t, v in tasks.items()} for m, tasks in by_task.items()}


def _at(record: dict[str, Any], rounds: float) -> float:
    """Return the best score after so many rounds; the first one there is if they are too few."""
    finite = [(n, score) for n, score in zip(record["rounds"], record["best"], strict=True)]
    known = [score for n, score in finite if np.isfinite(score)]
    return next((s for n, s in reversed(finite) if n <= rounds and np.isfinite(s)), known[0])


def table(store: Path, n_full: int) -> None:
    """Print the regrets, their ratios to that of searched rounds, and the loss held out."""
    records = load(store)
    methods = [m for m in METHODS if {r["task"] for r in records if r["method"] == m} == {*TASKS}]
    print("| method | seeds | at half | at all | ratio at all | loss held out | better, worse |")
    print("|---|---|---|---|---|---|---|")
    halves, wholes = (regrets(records, share, n_full) for share in (0.5, 1.0))
    held = {
        (m, t): np.mean([r["held_out"] for r in records if (r["method"], r["task"]) == (m, t)])
        for m in methods
        for t in TASKS
    }
    first = methods[0]
    for method in methods:
        means = [mean(table[method]) for table in (halves, wholes)]
        n_seeds = min(map(len, wholes[method].values()))
        better = sum(held[method, t] > held[first, t] for t in TASKS)
        loss = np.mean([held[method, t] / held[first, t] - 1.0 for t in TASKS])
        cells = [method, n_seeds, *(f"{m:.3f}" for m in means)]
        cells += [ratio(wholes[method], wholes[first]), f"{loss:+.1%}"]
        print("| " + " | ".join(map(str, [*cells, f"{better}, {len(TASKS) - better}"])) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["run", "table", "stopped"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--candidates", type=int, default=N_FULL)
    parser.add_argument("--store", type=Path, default=STORE)
    arguments = parser.parse_args()
    if arguments.action == "run":
        run(arguments.store, arguments.seeds, arguments.candidates)
    elif arguments.action == "stopped":
        compare_stopped(arguments.store, arguments.seeds)
    else:
        table(arguments.store, arguments.candidates)


if __name__ == "__main__":
    main()
