"""Successive halving with and without a model, at equal resource, on real tuning tasks.

    python -m asv_benchmarks.halving_quality run [n_seeds]
    python -m asv_benchmarks.halving_quality table
    python -m asv_benchmarks.halving_quality workers

`run` does the searches that the store does not hold yet, so it can be stopped and started again.
All searches of a task have the same splits, and spend about the same: one bracket of 108
candidates, or four that begin with 27. Regret is that of the score at the full resource of the
candidate that is selected: 0 is the best known, 1 what the best of five random candidates has in
the median; it is cut off at 2. `workers` prints the share of time that two workers are idle, and
how much of the fits is saved where they continue.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import sklearn.experimental.enable_halving_search_cv  # noqa: F401
from joblib import Parallel, delayed
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    make_classification,
    make_friedman1,
)
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import ElasticNet
from sklearn.model_selection import (
    HalvingRandomSearchCV,
    KFold,
    RandomizedSearchCV,
    StratifiedKFold,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from skbayes import HalvingBayesSearchCV, log_randint
from skbayes.engine import continued
from skbayes.engine.continued import RESOURCE_OF

STORE = Path(".asv/halving_quality.jsonl")
CUT = 2.0
N_BOOTSTRAP = 4000
CANDIDATES = {"n_candidates": 27}
ONE_BRACKET = {"n_candidates": 108}
"""As many candidates as make one bracket cost what four brackets of 27 candidates do."""

N_FIRST = 5
"""Random candidates whose best has a regret of one, in the median."""


@dataclass(frozen=True, eq=False)
class HalvingTask:
    """A model to tune, with a resource.

    Parameters
    ----------
    make_estimator : callable
    space : dict
    data : callable
        Returns `X, y`.
    resources : dict
        Options of the search that say what the resource is.
    """

    make_estimator: Callable[[], Any]
    space: dict[str, Any]
    data: Callable[[], tuple[np.ndarray, np.ndarray]]
    resources: dict[str, Any] = field(default_factory=dict)

    @property
    def cv(self) -> Any:
        is_regression = self.data()[1].dtype.kind == "f"
        return (KFold if is_regression else StratifiedKFold)(3, shuffle=True, random_state=0)


def trees(name: str) -> dict[str, Any]:
    """Return the options of a search whose resource is a number of trees or iterations."""
    return {"resource": name, "min_resources": 3, "max_resources": 81} | CANDIDATES


DIGITS, CANCER, DIABETES = (
    cache(lambda load=load: load(return_X_y=True))
    for load in (load_digits, load_breast_cancer, load_diabetes)
)
FRIEDMAN = cache(lambda: make_friedman1(1000, 10, noise=1.0, random_state=0))
BOX = {"svc__C": loguniform(1e-2, 1e3), "svc__gamma": loguniform(1e-5, 1e1)}
FEW = {"min_resources": 40} | CANDIDATES
MORE = {"min_resources": 60} | CANDIDATES

TASKS = {
    "svc-digits, samples": HalvingTask(
        lambda: make_pipeline(StandardScaler(), SVC()), BOX, DIGITS, MORE
    ),
    "svc-cancer, samples": HalvingTask(
        lambda: make_pipeline(StandardScaler(), SVC()), BOX, CANCER, FEW
    ),
    "knn-digits, samples": HalvingTask(
        KNeighborsClassifier,
        {
            "n_neighbors": log_randint(1, 60),
            "weights": ["uniform", "distance"],
            "p": uniform(1, 4),
        },
        DIGITS,
        MORE,
    ),
    "tree-digits, samples": HalvingTask(
        lambda: DecisionTreeClassifier(random_state=0),
        {
            "max_depth": randint(2, 16),
            "min_samples_leaf": log_randint(1, 40),
            "max_features": uniform(0.05, 0.95),
            "criterion": ["gini", "entropy"],
        },
        DIGITS,
        MORE,
    ),
    "svr-friedman, samples": HalvingTask(
        lambda: make_pipeline(StandardScaler(), SVR()),
        {
            "svr__C": loguniform(1e-1, 1e3),
            "svr__gamma": loguniform(1e-4, 1e1),
            "svr__epsilon": loguniform(1e-3, 1e1),
        },
        FRIEDMAN,
        FEW,
    ),
    "elastic-net-friedman, samples": HalvingTask(
        lambda: make_pipeline(StandardScaler(), PolynomialFeatures(2), ElasticNet(max_iter=300)),
        {"elasticnet__alpha": loguniform(1e-4, 1e1), "elasticnet__l1_ratio": uniform(0, 1)},
        FRIEDMAN,
        FEW,
    ),
    "forest-friedman, trees": HalvingTask(
        lambda: RandomForestRegressor(random_state=0),
        {
            "max_depth": randint(2, 16),
            "min_samples_leaf": log_randint(1, 30),
            "max_features": uniform(0.1, 0.9),
        },
        FRIEDMAN,
        trees("n_estimators"),
    ),
    "extra-trees-digits, trees": HalvingTask(
        lambda: ExtraTreesClassifier(random_state=0),
        {
            "max_depth": randint(2, 16),
            "min_samples_leaf": log_randint(1, 30),
            "max_features": uniform(0.1, 0.9),
            "criterion": ["gini", "entropy"],
        },
        DIGITS,
        trees("n_estimators"),
    ),
    "boosting-diabetes, trees": HalvingTask(
        lambda: GradientBoostingRegressor(random_state=0),
        {
            "learning_rate": loguniform(1e-3, 1),
            "max_depth": randint(1, 7),
            "subsample": uniform(0.3, 0.7),
            "min_samples_leaf": log_randint(1, 50),
        },
        DIABETES,
        trees("n_estimators"),
    ),
    "hist-boosting-cancer, iterations": HalvingTask(
        lambda: HistGradientBoostingClassifier(random_state=0, early_stopping=False),
        {
            "learning_rate": loguniform(1e-3, 1),
            "max_leaf_nodes": log_randint(2, 64),
            "min_samples_leaf": log_randint(1, 60),
            "l2_regularization": loguniform(1e-4, 1e2),
        },
        CANCER,
        trees("max_iter"),
    ),
    "mlp-cancer, epochs": HalvingTask(
        lambda: make_pipeline(StandardScaler(), MLPClassifier(random_state=0)),
        {
            "mlpclassifier__hidden_layer_sizes": [(4,), (16,), (64,), (16, 16)],
            "mlpclassifier__alpha": loguniform(1e-6, 1e1),
            "mlpclassifier__learning_rate_init": loguniform(1e-4, 1),
        },
        CANCER,
        trees("mlpclassifier__max_iter"),
    ),
}


def best_score(search: Any, options: dict[str, Any], task: HalvingTask, seed: int) -> float:
    """Return the best score of a search among the candidates with the full resource."""
    X, y = task.data()
    fitted = search(
        task.make_estimator(),
        task.space,
        cv=task.cv,
        random_state=seed,
        refit=False,
        **(task.resources | options),
    ).fit(X, y)
    columns = fitted.cv_results_
    at_the_top = columns["n_resources"] == columns["n_resources"].max()
    return float(np.nanmax(columns["mean_test_score"][at_the_top]))


def best_of_few(task: HalvingTask, seed: int) -> float:
    """Return the best score of five random candidates with the full resource."""
    X, y = task.data()
    name = task.resources.get("resource")
    estimator = task.make_estimator()
    if name is not None:
        estimator.set_params(**{name: task.resources["max_resources"]})
    search = RandomizedSearchCV(
        estimator, task.space, n_iter=N_FIRST, cv=task.cv, random_state=seed, refit=False
    )
    return float(search.fit(X, y).best_score_)


SEARCHES: dict[str, Callable[[HalvingTask, int], float]] = {
    "five random candidates": best_of_few,
    "HalvingRandomSearchCV": partial(best_score, HalvingRandomSearchCV, ONE_BRACKET),
    "HalvingBayesSearchCV, one bracket": partial(best_score, HalvingBayesSearchCV, ONE_BRACKET),
    "HalvingBayesSearchCV": partial(best_score, HalvingBayesSearchCV, {"n_brackets": "auto"}),
}


def load() -> dict[tuple[str, str, int], float]:
    """Return the scores that the store holds."""
    lines = STORE.read_text().splitlines() if STORE.exists() else []
    return {(r["task"], r["search"], r["seed"]): r["score"] for r in map(json.loads, lines)}


def run(n_seeds: int) -> None:
    """Do the searches that the store does not hold."""
    STORE.parent.mkdir(parents=True, exist_ok=True)
    done = load()
    wanted = [(t, s, seed) for seed in range(n_seeds) for t in TASKS for s in SEARCHES]
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for task, search, seed in wanted:
            if (task, search, seed) not in done:
                score = SEARCHES[search](TASKS[task], seed)
                record = {"task": task, "search": search, "seed": seed, "score": score}
                with STORE.open("a") as lines:
                    lines.write(json.dumps(record) + "\n")
                print(task, search, seed, round(score, 4), flush=True)


def table() -> None:
    """Print the regrets of the searches of which the store holds the same seeds."""
    scores = load()
    seeds = {key[2] for key in scores}
    seeds = {s for s in seeds if all((t, n, s) in scores for t in TASKS for n in SEARCHES)}
    regrets = {search: np.empty((len(TASKS), len(seeds))) for search in SEARCHES}
    for row, task in enumerate(TASKS):
        found = {n: np.array([scores[task, n, s] for s in sorted(seeds)]) for n in SEARCHES}
        best = max(values.max() for values in found.values())
        unit = best - np.median(found["five random candidates"])
        for search, values in found.items():
            regrets[search][row] = np.minimum((best - values) / unit, CUT)
    print(f"Mean normalised regret, {len(seeds)} seeds.\n")
    print(f"| task | {' | '.join(SEARCHES)} |\n|---|{'---|' * len(SEARCHES)}")
    for row, task in enumerate(TASKS):
        print(f"| {task} | {' | '.join(f'{r[row].mean():.3f}' for r in regrets.values())} |")
    print(f"| mean | {' | '.join(f'{r.mean():.3f}' for r in regrets.values())} |")
    ours, theirs = regrets["HalvingBayesSearchCV"], regrets["HalvingRandomSearchCV"]
    rng = np.random.default_rng(0)
    ratios, gaps = [], []
    for _ in range(N_BOOTSTRAP):
        rows = rng.integers(len(TASKS), size=len(TASKS))
        columns = rng.integers(len(seeds), size=(2, len(seeds)))
        a, b = ours[rows][:, columns[0]].mean(), theirs[rows][:, columns[1]].mean()
        ratios.append(a / b)
        gaps.append(a - b)
    for label, value, drawn in (
        ("ratio", ours.mean() / theirs.mean(), ratios),
        ("difference", ours.mean() - theirs.mean(), gaps),
    ):
        low, high = np.quantile(drawn, [0.025, 0.975])
        print(f"\nOurs to HalvingRandomSearchCV, {label}: {value:.3f} [{low:.3f}, {high:.3f}]")


class Sleeper(RegressorMixin, BaseEstimator):
    """A model that takes an eighth of a second to fit, half as long or twice as long."""

    def __init__(self, x: float = 0.5, n_rounds: int = 27) -> None:
        self.x = x
        self.n_rounds = n_rounds

    def fit(self, X: np.ndarray, y: np.ndarray) -> Sleeper:
        time.sleep(0.125 * 4.0 ** (self.x - 0.5))
        return self

    def score(self, X: np.ndarray, y: np.ndarray) -> float:
        return -abs(self.x - 0.3)


def idle_share() -> float:
    """Return which share of the time of two workers is spent on no fit, over four brackets."""
    search = HalvingBayesSearchCV(
        Sleeper(),
        {"x": uniform()},
        resource="n_rounds",
        n_brackets="auto",
        n_jobs=2,
        refit=False,
        random_state=0,
    )
    X, y = np.zeros((30, 1)), np.arange(30.0)
    Parallel(n_jobs=2)(delayed(time.sleep)(0.5) for _ in range(4))  # workers are up
    begin = time.perf_counter()
    columns = search.fit(X, y).cv_results_
    seconds = time.perf_counter() - begin
    return 1.0 - float(columns["mean_fit_time"].sum()) * search.n_splits_ / (2.0 * seconds)


MANY = cache(lambda: make_classification(5_000, 20, n_informative=8, random_state=0))
LARGER = {
    "forest": TASKS["forest-friedman, trees"],
    "histogram boosting": replace(TASKS["hist-boosting-cancer, iterations"], data=MANY),
}


def saved_share(task: HalvingTask) -> float:
    """Return the fit time that continued fits save, as a share of what they can save.

    Of R rungs that cost the same each, (R − 1) / (η R) of the time is what was spent on the
    promoted candidates before.
    """
    X, y = task.data()
    seconds = {}
    for label, known in (("continued", RESOURCE_OF), ("anew", {})):
        with patch.object(continued, "RESOURCE_OF", known):
            search = HalvingBayesSearchCV(
                task.make_estimator(),
                task.space,
                cv=task.cv,
                random_state=0,
                refit=False,
                resource=task.resources["resource"],
                min_resources=30,
                max_resources=810,
                n_candidates=27,
            ).fit(X, y)
            seconds[label] = search.cv_results_["mean_fit_time"].sum()
    n_rungs = len(search.n_resources_)
    possible = (n_rungs - 1) / (search.factor * n_rungs)
    return float((1.0 - seconds["continued"] / seconds["anew"]) / possible)


def workers() -> None:
    """Print how busy the workers are, and what continued fits save."""
    shares = [idle_share() for _ in range(3)]
    print(f"Idle share of two workers over four brackets, median of 3: {np.median(shares):.1%}")
    with threadpool_limits(1):
        for name, task in LARGER.items():
            print(f"{name}: continued fits save {saved_share(task):.0%} of what they can")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["run", *n_seeds]:
            run(*map(int, n_seeds or [20]))
        case ["workers"]:
            workers()
        case _:
            table()
