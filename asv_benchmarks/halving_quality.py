"""Successive halving with and without a model, at equal resource, on real tuning tasks.

    python -m asv_benchmarks.halving_quality run n_seeds [search …]
    python -m asv_benchmarks.halving_quality table
    python -m asv_benchmarks.halving_quality workers

`run` does the searches that the store does not hold yet, so it can be stopped and started again.
All searches of a task have the same splits, and spend about the same: one bracket of 109
candidates, four that begin with a 27th of the resource, five that begin with a ninth or eight with
a third, 17 candidates with everything, or trials of Optuna until as much is spent. Regret is that
of the selected candidate's score on the whole splits, with the full resource: 0 is the best known,
1 what the best of five random candidates has in the median; it is cut off at 2. `workers` prints
the share of time that two workers are idle, how much of the fits is saved where they continue, and
the memory of the models that are kept.
"""

from __future__ import annotations

import json
import pickle
import sys
import time
import warnings
from collections.abc import Callable, Sequence
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
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from asv_benchmarks.optimizers import all_flat, params_of, suggest
from skbayes import BayesSearchCV, HalvingBayesSearchCV, log_randint
from skbayes.evaluation import continued
from skbayes.evaluation.continued import RESOURCE_OF
from skbayes.evaluation.subsampling import subsampled_splits
from skbayes.evaluation.warm_start import WarmStartPool
from skbayes.samplers.halving import make_ladder
from skbayes.trial import Trial

STORE = Path(".asv/halving_curves.jsonl")
CUT = 2.0
N_BOOTSTRAP = 4000
CANDIDATES = {"n_candidates": 27}
ONE_BRACKET = {"n_candidates": 109}
"""As many candidates as make one bracket cost what four brackets of 27 candidates do."""

FROM_A_27TH = {"n_brackets": "auto"}
"""Four brackets of 27, 12, 6 and 4 candidates."""

DEFAULT_BRACKETS = {"min_resources": "auto", "n_candidates": "exhaust"}
"""Those that begin where they do by default."""

N_FULL = 17
"""Candidates with everything that cost what the brackets do."""

OURS = "HalvingBayesSearchCV"

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


def samples(n_samples: int) -> dict[str, Any]:
    """Return the options of a search whose resource is samples, up to nearly all of them."""
    return {"min_resources": n_samples // 27} | CANDIDATES


TASKS = {
    "svc-digits, samples": HalvingTask(
        lambda: make_pipeline(StandardScaler(), SVC()), BOX, DIGITS, samples(1797)
    ),
    "svc-cancer, samples": HalvingTask(
        lambda: make_pipeline(StandardScaler(), SVC()), BOX, CANCER, samples(569)
    ),
    "knn-digits, samples": HalvingTask(
        KNeighborsClassifier,
        {
            "n_neighbors": log_randint(1, 41),
            "weights": ["uniform", "distance"],
            "p": [1, 2],
        },
        DIGITS,
        samples(1797),
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
        samples(1797),
    ),
    "svr-friedman, samples": HalvingTask(
        lambda: make_pipeline(StandardScaler(), SVR()),
        {
            "svr__C": loguniform(1e-1, 1e3),
            "svr__gamma": loguniform(1e-4, 1e1),
            "svr__epsilon": loguniform(1e-3, 1e1),
        },
        FRIEDMAN,
        samples(1000),
    ),
    "elastic-net-friedman, samples": HalvingTask(
        lambda: make_pipeline(StandardScaler(), PolynomialFeatures(2), ElasticNet(max_iter=300)),
        {"elasticnet__alpha": loguniform(1e-4, 1e1), "elasticnet__l1_ratio": uniform(0, 1)},
        FRIEDMAN,
        samples(1000),
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


Curve = list[tuple[float, float]]
"""Full resources spent, and the worth of the candidate that is the best by then."""


def curve_of(
    task: HalvingTask,
    resources: Sequence[int],
    scores: Sequence[float],
    params: Sequence[dict[str, Any]],
) -> Curve:
    """Return how the selected candidate changed with what was spent."""
    spent, best, curve = 0.0, -np.inf, []
    for n_resources, score, candidate in zip(resources, scores, params, strict=True):
        spent += n_resources / max(resources)
        if n_resources == max(resources) and score > best:
            best = score
            curve.append((spent, worth(task, candidate)))
    return [*curve, (spent, curve[-1][1])]


def worth(task: HalvingTask, params: dict[str, Any]) -> float:
    """Return the score of a candidate on the whole splits with the full resource."""
    model = at_full_resource(task).set_params(**params)
    return float(cross_val_score(model, *task.data(), cv=task.cv).mean())


def at_full_resource(task: HalvingTask) -> Any:
    """Return the model of a task with the most of a resource that is a parameter."""
    name = task.resources.get("resource")
    estimator = task.make_estimator()
    return estimator.set_params(**{name: task.resources["max_resources"]} if name else {})


def halving(search: Any, options: dict[str, Any], task: HalvingTask, seed: int) -> Curve:
    """Search by halving."""
    fitted = search(
        task.make_estimator(),
        task.space,
        cv=task.cv,
        random_state=seed,
        refit=False,
        **(task.resources | options),
    ).fit(*task.data())
    columns = fitted.cv_results_
    scores = columns["mean_test_score"].tolist()
    return curve_of(task, columns["n_resources"].tolist(), scores, columns["params"])


def n_default_brackets(task: HalvingTask) -> int:
    """Return how many of the default brackets cost what the other searches do."""
    begins_at_a_third = task.data is DIGITS and "resource" not in task.resources
    return 8 if begins_at_a_third else 5


def by_default(task: HalvingTask, seed: int) -> Curve:
    """Search in the default brackets."""
    options = {**DEFAULT_BRACKETS, "n_brackets": n_default_brackets(task)}
    return halving(HalvingBayesSearchCV, options, task, seed)


def all_at_once(search: Any, n_iter: int, task: HalvingTask, seed: int) -> Curve:
    """Search with the full resource for every candidate."""
    fitted = search(
        at_full_resource(task),
        task.space,
        n_iter=n_iter,
        cv=task.cv,
        random_state=seed,
        refit=False,
    ).fit(*task.data())
    columns = fitted.cv_results_
    return curve_of(task, [1] * n_iter, columns["mean_test_score"].tolist(), columns["params"])


def raced(task: HalvingTask, seed: int) -> Curve:
    """Search with the full resource, and drop candidates after their first splits."""
    fitted = BayesSearchCV(
        at_full_resource(task),
        task.space,
        n_iter=None,
        n_fits=N_FULL * task.cv.get_n_splits(),
        cv=task.cv,
        racing=0.05,
        random_state=seed,
        refit=False,
    ).fit(*task.data())
    columns = fitted.cv_results_
    whole = np.full(len(columns["params"]), task.cv.get_n_splits())
    n_splits = columns.get("n_splits_evaluated", whole).tolist()
    return curve_of(task, n_splits, columns["mean_test_score"].tolist(), columns["params"])


def optuna_hyperband(task: HalvingTask, seed: int) -> Curve:
    """Search as one writes it by hand with Optuna: a loop over rungs, pruned between them."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    X, y = task.data()
    splits = list(task.cv.split(X, y))
    name = task.resources.get("resource")
    least = task.resources["min_resources"]
    ladder = make_ladder(least, task.resources.get("max_resources", len(X)), 3)
    labels = y if isinstance(task.cv, StratifiedKFold) else None
    parts = subsampled_splits(splits, len(X), ladder, seed, labels)
    spent, resources, scores, candidates = 0, [], [], []

    def score_of(trial: Any) -> float:
        nonlocal spent
        params = params_of(task.space, 0, {n: suggest(trial, f) for n, f in flat.items()})
        score = np.nan
        for step, n_resources in enumerate(ladder):
            model = task.make_estimator().set_params(**params)
            if name is not None:
                model.set_params(**{name: n_resources})
            used = splits if name is not None else parts[n_resources]
            score = np.mean([model.fit(X[i], y[i]).score(X[j], y[j]) for i, j in used])
            spent += n_resources
            resources.append(n_resources)
            scores.append(score)
            candidates.append(params)
            trial.report(score, step + 1)
            if step + 1 < len(ladder) and trial.should_prune():
                raise optuna.TrialPruned
        return float(score)

    flat = all_flat(task.space)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.HyperbandPruner(1, len(ladder), 3),
    )
    while spent < N_FULL * ladder[-1]:
        study.optimize(score_of, n_trials=1)
    return curve_of(task, resources, scores, candidates)


Search = Callable[[HalvingTask, int], Curve]

SEARCHES: dict[str, Search] = {
    "five random candidates": partial(all_at_once, RandomizedSearchCV, N_FIRST),
    "HalvingRandomSearchCV": partial(halving, HalvingRandomSearchCV, ONE_BRACKET),
    "Optuna TPE, HyperbandPruner": optuna_hyperband,
    "HalvingBayesSearchCV, from a 27th": partial(halving, HalvingBayesSearchCV, FROM_A_27TH),
    "HalvingBayesSearchCV": by_default,
    "BayesSearchCV, no halving": partial(all_at_once, BayesSearchCV, N_FULL),
    "BayesSearchCV, racing": raced,
}


def load() -> dict[tuple[str, str, int], Curve]:
    """Return the searches that the store holds."""
    lines = STORE.read_text().splitlines() if STORE.exists() else []
    return {(r["task"], r["search"], r["seed"]): r["curve"] for r in map(json.loads, lines)}


def run(n_seeds: int, names: Sequence[str]) -> None:
    """Do the searches that the store does not hold."""
    STORE.parent.mkdir(parents=True, exist_ok=True)
    done = load()
    wanted = [(t, s, seed) for seed in range(n_seeds) for t in TASKS for s in names or SEARCHES]
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for task, search, seed in wanted:
            if (task, search, seed) not in done:
                curve = SEARCHES[search](TASKS[task], seed)
                record = {"task": task, "search": search, "seed": seed, "curve": curve}
                with STORE.open("a") as lines:
                    lines.write(json.dumps(record) + "\n")
                print(task, search, seed, round(curve[-1][1], 4), flush=True)


def table() -> None:
    """Print the regrets of the searches in the store, for the seeds that it holds of all."""
    curves = load()
    searches = [name for name in SEARCHES if any(key[1] == name for key in curves)]
    seeds = sorted(
        s
        for s in {key[2] for key in curves}
        if all((t, n, s) in curves for t in TASKS for n in searches)
    )
    regrets = {search: np.empty((len(TASKS), len(seeds))) for search in searches}
    for row, task in enumerate(TASKS):
        found = {n: np.array([curves[task, n, s][-1][1] for s in seeds]) for n in searches}
        best = max(values.max() for values in found.values())
        unit = best - np.median(found["five random candidates"])
        for search, values in found.items():
            regrets[search][row] = np.minimum((best - values) / unit, CUT)
    print(f"Mean normalised regret, {len(seeds)} seeds.\n")
    print(f"| task | {' | '.join(searches)} |\n|---|{'---|' * len(searches)}")
    for row, task in enumerate(TASKS):
        print(f"| {task} | {' | '.join(f'{r[row].mean():.3f}' for r in regrets.values())} |")
    print(f"| mean | {' | '.join(f'{r.mean():.3f}' for r in regrets.values())} |")
    print("\n| ours to | ratio [95 %] | difference [95 %] | share of its resource |")
    print("|---|---|---|---|")
    for name, theirs in regrets.items():
        if name != OURS:
            ratio, gap = intervals(regrets[OURS], theirs)
            pairs = [(curves[t, OURS, s], curves[t, name, s]) for t in TASKS for s in seeds]
            share = np.median([share_needed(ours, other) for ours, other in pairs])
            print(f"| {name} | {ratio} | {gap} | {share:.2f} |")


def share_needed(ours: Curve, theirs: Curve) -> float:
    """Return what share of their resource ours spends until it has their final score."""
    spent, score = theirs[-1]
    return next((at / spent for at, best in ours if best >= score), np.inf)


def intervals(ours: np.ndarray, theirs: np.ndarray) -> tuple[str, str]:
    """Return ratio and difference of two mean regrets, with what tasks and seeds leave open."""
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(N_BOOTSTRAP):
        rows = rng.integers(len(ours), size=len(ours))
        columns = rng.integers(ours.shape[1], size=(2, ours.shape[1]))
        a, b = ours[rows][:, columns[0]].mean(), theirs[rows][:, columns[1]].mean()
        drawn.append((a / b, a - b))
    values = ours.mean() / theirs.mean(), ours.mean() - theirs.mean()
    bounds = np.quantile(drawn, [0.025, 0.975], axis=0).T
    ratio, gap = (
        f"{value:.2f} [{low:.2f}, {high:.2f}]"
        for value, (low, high) in zip(values, bounds, strict=True)
    )
    return ratio, gap


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


def long_search(task: HalvingTask, n_jobs: int = 1) -> HalvingBayesSearchCV:
    """Return a fitted search of four rungs with many trees or iterations."""
    return HalvingBayesSearchCV(
        task.make_estimator(),
        task.space,
        cv=task.cv,
        random_state=0,
        refit=False,
        resource=task.resources["resource"],
        min_resources=30,
        max_resources=810,
        n_candidates=27,
        n_jobs=n_jobs,
    ).fit(*task.data())


def saved_shares(task: HalvingTask) -> tuple[float, float]:
    """Return what continued fits save of what they can save.

    Of R rungs that cost the same each, (R − 1) / (η R) of the time is what was spent on the
    promoted candidates before.

    Returns
    -------
    of_fits : float
        By the fit times of one worker.
    of_search : float
        By the wall time of two, between which and the search the models go back and forth.
    """
    fits, walls = {}, {}
    for label, known in (("warm start", RESOURCE_OF), ("anew", {})):
        with patch.object(continued, "RESOURCE_OF", known):
            search = long_search(task)
            fits[label] = search.cv_results_["mean_fit_time"].sum()
            begin = time.perf_counter()
            long_search(task, 2)
            walls[label] = time.perf_counter() - begin
    n_rungs = len(search.n_resources_)
    possible = (n_rungs - 1) / (search.factor * n_rungs)
    of_fits, of_search = (
        float((1.0 - t["warm start"] / t["anew"]) / possible) for t in (fits, walls)
    )
    return of_fits, of_search


def kept_megabytes(task: HalvingTask) -> tuple[float, float]:
    """Return the largest size of all models that were kept at a time, and of the last model."""
    sizes = [0.0]
    put = WarmStartPool.put

    def measured(pool: WarmStartPool, trial: Trial, models: Sequence[Any]) -> None:
        put(pool, trial, models)
        stored = [model for of_trial in pool._models.values() for model in of_trial]
        sizes.append(sum(len(pickle.dumps(model)) for model in stored) / 1e6)

    with patch.object(WarmStartPool, "put", measured):
        long_search(task)
    model = at_full_resource(task).set_params(**{task.resources["resource"]: 810})
    return max(sizes), len(pickle.dumps(model.fit(*task.data()))) / 1e6


def workers() -> None:
    """Print how busy the workers are, what continued fits save, and what they need."""
    shares = [idle_share() for _ in range(3)]
    print(f"Idle share of two workers over four brackets, median of 3: {np.median(shares):.1%}")
    with threadpool_limits(1):
        for name, task in LARGER.items():
            of_fits, of_search = saved_shares(task)
            print(f"{name}: continued fits save {of_fits:.0%} of the fit time they can", end=", ")
            print(f"{of_search:.0%} by the wall clock of two workers")
            kept, one = kept_megabytes(task)
            print(f"{name}: {kept:.1f} MB of models kept at most; one of 810 is {one:.1f} MB")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["run", n_seeds, *names]:
            run(int(n_seeds), names)
        case ["workers"]:
            workers()
        case _:
            table()
