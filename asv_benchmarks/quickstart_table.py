"""How often a search reaches the grid of the quickstart with a ninth of its fits.

    python -m asv_benchmarks.quickstart_table [n_splits [n_seeds [n_jobs]]]

One row for each train/test split of the breast-cancer data; the quickstart uses split 1.
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
SEARCHES = (BayesSearchCV, RandomizedSearchCV)


def main(n_splits: int = 5, n_seeds: int = 20, n_jobs: int = 2) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), SVC())
    names = " | ".join(search.__name__ for search in SEARCHES)
    print(f"Share of {n_seeds} seeds within 0.001 of the grid's best CV score, 125 fits.")
    print(f"| split | grid, 1125 fits | {names} |")
    print("|---|---|---|---|")
    for split in range(n_splits):
        X_train, _, y_train, _ = train_test_split(X, y, stratify=y, random_state=split)
        options = {"n_jobs": n_jobs, "refit": False}
        best = GridSearchCV(model, GRID, **options).fit(X_train, y_train).best_score_
        shares = [
            np.mean(
                [
                    search(model, BOX, n_iter=25, random_state=seed, **options)
                    .fit(X_train, y_train)
                    .best_score_
                    >= best - 0.001
                    for seed in range(n_seeds)
                ]
            )
            for search in SEARCHES
        ]
        print(f"| {split} | {best:.4f} | {shares[0]:.0%} | {shares[1]:.0%} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
