"""The quickstart over many train/test splits: what tuning gains on held-out patients.

    python -m asv_benchmarks.quickstart_table [n_repeats [n_jobs]]

Each repeat divides the patients into halves, tunes on each and scores on the other. The splits of
the quickstart are those of the first two repeats. ``±`` is the standard error of a mean difference
over the splits; it takes them as independent, although they share patients.
"""

from __future__ import annotations

import sys

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import loguniform
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, RepeatedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from asv_benchmarks.racing_quality import n_run_of
from skbayes import BayesSearchCV

MODEL = Pipeline([("scale", StandardScaler()), ("svr", SVR())])
SCALED_TARGET = TransformedTargetRegressor(MODEL, transformer=StandardScaler())
GRID = {
    "svr__C": [0.1, 1, 10, 100, 1000],
    "svr__gamma": [0.0001, 0.001, 0.01, 0.1, 1],
    "svr__epsilon": [0.1, 1, 10],
}
SPACE = {
    "svr__C": loguniform(0.1, 1000),
    "svr__gamma": loguniform(0.0001, 1),
    "svr__epsilon": loguniform(0.1, 10),
}


def make_searches(seed: int) -> dict[str, BaseEstimator]:
    """Everything that is compared; an empty grid is one candidate, the estimator as it is."""
    return {
        "defaults": GridSearchCV(MODEL, {}),
        "defaults, scaled target": GridSearchCV(SCALED_TARGET, {}),
        "LinearRegression": GridSearchCV(LinearRegression(), {}),
        "GridSearchCV": GridSearchCV(MODEL, GRID),
        "RandomizedSearchCV": RandomizedSearchCV(MODEL, SPACE, n_iter=20, random_state=seed),
        "BayesSearchCV": BayesSearchCV(MODEL, SPACE, n_iter=None, n_fits=100, random_state=seed),
    }


def scores_of(
    seed: int, train: np.ndarray, test: np.ndarray, X: np.ndarray, y: np.ndarray
) -> list[tuple[int, float, float]]:
    """Number of fits, CV score of the winner and held-out score of every search on one split."""
    fitted = [search.fit(X[train], y[train]) for search in make_searches(seed).values()]
    return [
        (
            n_run_of(each.cv_results_, each.n_splits_).sum(),
            each.best_score_,
            each.score(X[test], y[test]),
        )
        for each in fitted
    ]


def mean_with_error(differences: np.ndarray) -> str:
    """Mean and standard error; empty where a search is compared with itself."""
    if not differences.any():
        return ""
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    return f"{differences.mean():+.3f} ± {error:.3f}"


def main(n_repeats: int = 20, n_jobs: int = 2) -> None:
    X, y = load_diabetes(return_X_y=True)
    halves = RepeatedKFold(n_splits=2, n_repeats=n_repeats, random_state=0)
    scores = np.array(
        Parallel(n_jobs=n_jobs)(
            delayed(scores_of)(seed, train, test, X, y)
            for seed, (train, test) in enumerate(halves.split(X))
        )
    )
    names = list(make_searches(0))
    n_fits, cv_score, held_out = np.moveaxis(scores, 2, 0)
    defaults, grid = (held_out[:, names.index(name)] for name in ("defaults", "GridSearchCV"))
    print(f"Mean R² over {len(scores)} splits.")
    print("| | fits | CV score of winner | held-out score | minus defaults | minus grid |")
    print("|---|---|---|---|---|---|")
    for column, name in enumerate(names):
        scored = held_out[:, column]
        print(
            f"| {name} | {n_fits[:, column].mean():.0f} | {cv_score[:, column].mean():.3f} "
            f"| {scored.mean():.3f} | {mean_with_error(scored - defaults)} "
            f"| {mean_with_error(scored - grid)} |"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
