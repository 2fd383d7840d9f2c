"""How far the best score of a search is from its score on data that the search has not seen.

    python -m asv_benchmarks.honest_table run STORE [n_seeds]
    python -m asv_benchmarks.honest_table table STORE

Real data sets. Of each, a search of 40 candidates gets at most 200 rows, and the others are held
out. Scores are accuracies of classifiers and R² of regressors. The store is a file to which every
search is appended, so that a run can be stopped and started again.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import loguniform, randint, uniform
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from asv_benchmarks.datasets import DATA_SETS, load
from asv_benchmarks.problems import Distributions
from asv_benchmarks.racing_quality import append
from asv_benchmarks.racing_quality import load as records_of
from asv_benchmarks.tasks import SCALERS
from skbayes import BayesSearchCV, log_randint
from skbayes.inspection import honest_score
from skbayes.inspection.reading import complete_scores
from skbayes.trial import FloatArray

METHODS = ("splits", "samples", "tibshirani")
SEARCH = {"n_iter": 40, "racing": False, "return_predictions": "predict"}
N_SPLITS = 5
N_TRAIN = 200
N_HOLD_OUT = 5000


@dataclass(frozen=True, eq=False)
class Model:
    """A model to tune.

    Parameters
    ----------
    make_estimator : callable
        Returns what to tune.
    space : dict
        As `param_distributions`.
    """

    make_estimator: Callable[[], Any]
    space: Distributions


def _svm(name: str, **more: Any) -> Distributions:
    """Return the space of a support vector machine behind a scaler."""
    own = {
        "kernel": ["rbf", "poly", "sigmoid"],
        "C": loguniform(1e-2, 1e4),
        "gamma": loguniform(1e-5, 1e1),
        "coef0": uniform(-1, 2),
    }
    return {f"{name}__{key}": values for key, values in (own | more).items()}


def _neighbors(name: str) -> Distributions:
    """Return the space of nearest neighbours behind a scaler."""
    return {
        "standardscaler": SCALERS,
        f"{name}__n_neighbors": log_randint(1, 50),
        f"{name}__weights": ["uniform", "distance"],
        f"{name}__p": uniform(1, 3),
    }


MODELS = {
    "SVC": Model(
        lambda: make_pipeline(StandardScaler(), SVC(max_iter=10_000)),
        _svm("svc", class_weight=[None, "balanced"]),
    ),
    "forest": Model(
        lambda: RandomForestClassifier(random_state=0),
        {
            "n_estimators": log_randint(3, 20),
            "max_depth": randint(1, 13),
            "min_samples_leaf": log_randint(1, 30),
            "max_features": uniform(0.05, 0.95),
            "criterion": ["gini", "entropy"],
        },
    ),
    "neighbours (classes)": Model(
        lambda: make_pipeline(StandardScaler(), KNeighborsClassifier()),
        _neighbors("kneighborsclassifier"),
    ),
    "SVR": Model(
        lambda: make_pipeline(StandardScaler(), SVR(max_iter=10_000)),
        _svm("svr", epsilon=loguniform(1e-3, 1e1)),
    ),
    "boosting": Model(
        lambda: GradientBoostingRegressor(random_state=0),
        {
            "n_estimators": log_randint(5, 50),
            "learning_rate": loguniform(1e-2, 1),
            "max_depth": randint(1, 6),
            "subsample": uniform(0.3, 0.7),
            "min_samples_leaf": log_randint(1, 30),
            "max_features": uniform(0.1, 0.9),
        },
    ),
    "neighbours (numbers)": Model(
        lambda: make_pipeline(StandardScaler(), KNeighborsRegressor()),
        _neighbors("kneighborsregressor"),
    ),
}

_CLASSIFIERS = cycle(["SVC", "forest", "SVC", "neighbours (classes)"])
_REGRESSORS = cycle(["SVR", "boosting", "SVR", "neighbours (numbers)"])
MODEL_OF = {
    name: next(_CLASSIFIERS if data_set.is_classification else _REGRESSORS)
    for name, data_set in DATA_SETS.items()
}
"""The model that is tuned on a data set: in turns, every other one a support vector machine."""


def split(name: str, seed: int) -> list[np.ndarray]:
    """Return a random sample of a data set and what is held out: X and X, then y and y."""
    X, y = load(name)
    n_train = min(N_TRAIN, len(y) // 2)
    return train_test_split(
        X,
        y,
        train_size=n_train,
        test_size=min(N_HOLD_OUT, len(y) - n_train),
        stratify=y if DATA_SETS[name].is_classification else None,
        random_state=seed,
    )


def search_once(name: str, seed: int) -> dict[str, Any]:
    """Return the record of one search."""
    begin = time.process_time()
    is_classification = DATA_SETS[name].is_classification
    scoring = "accuracy" if is_classification else "r2"
    splitter = StratifiedKFold if is_classification else KFold
    cv = splitter(N_SPLITS, shuffle=True, random_state=seed)
    scorer = get_scorer(scoring)
    model = MODELS[MODEL_OF[name]]
    X, X_held_out, y, y_held_out = split(name, seed)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        default = model.make_estimator()
        default_cv = float(cross_val_score(default, X, y, scoring=scoring, cv=cv).mean())
        default.fit(X, y)
        search = BayesSearchCV(
            model.make_estimator(), model.space, scoring=scoring, cv=cv, random_state=seed, **SEARCH
        ).fit(X, y)
        estimates = {method: honest_score(search, method=method).score for method in METHODS}
        return {
            "model": MODEL_OF[name],
            "n_train": len(y),
            "n_held_out": len(y_held_out),
            "best_score": float(search.best_score_),
            "held_out": float(scorer(search.best_estimator_, X_held_out, y_held_out)),
            "honest": estimates,
            "default_cv": default_cv,
            "default_held_out": float(scorer(default, X_held_out, y_held_out)),
            "scores": complete_scores(search).round(6).tolist(),
            "seconds": round(time.process_time() - begin, 2),
        }


def differences_of(record: dict[str, Any]) -> dict[str, float]:
    """Return how much every estimate of a record is above the score on what was held out.

    The last one is that of the defaults, which are not chosen: its mean is what training on four
    fifths of the sample costs.
    """
    estimates = {"best score": record["best_score"]} | record["honest"]
    differences = {name: value - record["held_out"] for name, value in estimates.items()}
    return differences | {"defaults": record["default_cv"] - record["default_held_out"]}


def table(store: Path) -> None:
    """Print the mean differences of every data set, and then those of all."""
    by_data = defaultdict(list)
    for record in records_of(store):
        by_data[record["data"]].append(record)
    found = {data: [differences_of(record) for record in own] for data, own in by_data.items()}
    runs = [differences for own in found.values() for differences in own]
    names = [name for name in runs[-1] if all(name in differences for differences in runs)]
    values = {
        data: np.array([[d[name] for name in names] for d in own]) for data, own in found.items()
    }
    print(f"| data | model | runs | held out | {' | '.join(names)} |")
    print("|---|---|---|---|" + "---|" * len(names))
    for data, own in by_data.items():
        held_out = np.mean([record["held_out"] for record in own])
        means = " | ".join(f"{mean:+.3f}" for mean in values[data].mean(axis=0))
        print(f"| {data} | {own[0]['model']} | {len(own)} | {held_out:.3f} | {means} |")
    print()
    _print_summary(names, list(values.values()))


def _print_summary(names: list[str], values: list[FloatArray]) -> None:
    """Print the errors of the estimates over all data sets.

    The bias beyond chance is the root of the mean squared bias of a data set, less what it would be
    by the spread over the seeds alone.
    """
    biases = np.array([differences.mean(axis=0) for differences in values])
    by_chance = np.array([d.var(axis=0, ddof=1) / len(d) for d in values])
    beyond, low, high = bias_beyond_chance(biases, by_chance, np.random.default_rng(0))
    absolute = np.abs(biases).mean(axis=0)
    errors = np.abs(np.concatenate(values)).mean(axis=0)
    print("| estimate | mean bias | bias beyond chance | absolute bias | absolute error of a run |")
    print("|---|---|---|---|---|")
    for i, name in enumerate(names):
        print(
            f"| {name} | {biases[:, i].mean():+.4f} "
            f"| {beyond[i]:.4f} [{low[i]:.4f}, {high[i]:.4f}] | {absolute[i]:.4f} "
            f"| {errors[i]:.4f} |"
        )


def bias_beyond_chance(
    biases: FloatArray, by_chance: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the root mean squared bias without chance, and its 95 % interval over the data sets.

    Parameters
    ----------
    biases, by_chance : ndarray of shape (n_data_sets, n_estimates)
        Mean differences, and the variances of these means.
    rng : numpy.random.Generator

    Returns
    -------
    beyond, low, high : ndarray of shape (n_estimates,)
    """
    squares = np.square(biases) - by_chance
    resampled = squares[rng.integers(len(squares), size=(2000, len(squares)))].mean(axis=1)
    low, high = np.sqrt(np.maximum(np.quantile(resampled, [0.025, 0.975], axis=0), 0.0))
    return np.sqrt(np.maximum(squares.mean(axis=0), 0.0)), low, high


if __name__ == "__main__":
    command, store, *rest = sys.argv[1:]
    if command == "run":
        n_seeds = int(rest[0]) if rest else 10
        keys = ((name, seed) for seed, name in product(range(n_seeds), DATA_SETS))
        append(Path(store), ("data", "seed"), keys, search_once)
    else:
        table(Path(store))
