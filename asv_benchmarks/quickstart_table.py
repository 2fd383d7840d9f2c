"""How often a search reaches the grid of the quickstart with a ninth of its fits.

python -m asv_benchmarks.quickstart_table [n_seeds [n_jobs]]
"""

from __future__ import annotations

import sys

import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV

GRID = {"svc__C": np.logspace(-2, 3, 15), "svc__gamma": np.logspace(-5, 1, 15)}
BOX = {"svc__C": loguniform(1e-2, 1e3), "svc__gamma": loguniform(1e-5, 1e1)}


def main(n_seeds: int = 20, n_jobs: int = 2) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    X_train, _, y_train, _ = train_test_split(X, y, stratify=y, random_state=0)
    model = make_pipeline(StandardScaler(), SVC())
    grid = GridSearchCV(model, GRID, n_jobs=n_jobs, refit=False).fit(X_train, y_train)
    print(f"Best CV score of the grid: {grid.best_score_:.4f} after 1125 fits.")
    print(f"| 125 fits, {n_seeds} seeds | within 0.001 of the grid | median best CV score |")
    print("|---|---|---|")
    for search in (BayesSearchCV, RandomizedSearchCV):
        scores = np.array(
            [
                search(model, BOX, n_iter=25, random_state=seed, n_jobs=n_jobs, refit=False)
                .fit(X_train, y_train)
                .best_score_
                for seed in range(n_seeds)
            ]
        )
        share = np.mean(scores >= grid.best_score_ - 0.001)
        print(f"| {search.__name__} | {share:.0%} | {np.median(scores):.4f} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
