"""What it costs and gains to choose another winner than the best score, on held-out data.

    python -m asv_benchmarks.selection_table run STORE [n_seeds]
    python -m asv_benchmarks.selection_table table STORE

Searches as in `honest_table`, on the same data sets. Each rule of `skbayes.selection` chooses from
the same table of results; its winner is fitted to the whole sample and scored on what was held out.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections import defaultdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer
from sklearn.model_selection import KFold, StratifiedKFold

from asv_benchmarks.datasets import DATA_SETS
from asv_benchmarks.honest_table import MODEL_OF, MODELS, N_SPLITS, split
from asv_benchmarks.racing_quality import append
from asv_benchmarks.racing_quality import load as records_of
from skbayes import BayesSearchCV
from skbayes.selection import one_standard_error, posterior_mean, within

N_ITER = 40


def rules_for(space: Any) -> dict[str, Any]:
    """Return the rules by name; the first is the best score."""
    return {
        "best score": within(0.0),
        "posterior_mean": posterior_mean(space),
        "within(0.005)": within(0.005),
        "within(0.02)": within(0.02),
        'one_standard_error(by="fit_time")': one_standard_error(by="fit_time"),
    }


def search_once(name: str, seed: int) -> dict[str, Any]:
    """Return the held-out score and the fit time of the winner of each rule."""
    is_classification = DATA_SETS[name].is_classification
    scoring = "accuracy" if is_classification else "r2"
    splitter = StratifiedKFold if is_classification else KFold
    cv = splitter(N_SPLITS, shuffle=True, random_state=seed)
    model, scorer = MODELS[MODEL_OF[name]], get_scorer(scoring)
    X, X_held_out, y, y_held_out = split(name, seed)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        results = (
            BayesSearchCV(
                model.make_estimator(), model.space, n_iter=N_ITER, scoring=scoring, cv=cv,
                random_state=seed, refit=False,
            )
            .fit(X, y)
            .cv_results_
        )  # fmt: skip
        record: dict[str, Any] = {}
        for rule, choose in rules_for(model.space).items():
            index = choose(results)
            winner = model.make_estimator().set_params(**results["params"][index])
            begin = time.perf_counter()
            winner.fit(X, y)
            seconds = time.perf_counter() - begin
            record[rule] = [float(scorer(winner, X_held_out, y_held_out)), seconds, int(index)]
    return record


def table(store: Path) -> None:
    """Print the mean difference to the best score, and how often a rule is better or worse."""
    by_data = defaultdict(list)
    for record in records_of(store):
        by_data[record["data"]].append(record)
    rules = [name for name in next(iter(by_data.values()))[0] if name not in ("data", "seed")]
    rng = np.random.default_rng(0)
    print("| rule | held out, minus that of the best score | other winner | fit time, ratio |")
    print("|---|---|---|---|")
    for rule in rules[1:]:
        differences, ratios, is_other = [], [], []
        for own in by_data.values():
            first = [record[rules[0]] for record in own]
            chosen = [record[rule] for record in own]
            pairs = list(zip(chosen, first, strict=True))
            differences.append(np.mean([a[0] - b[0] for a, b in pairs]))
            ratios.append(np.median([a[1] / b[1] for a, b in pairs]))
            is_other.append(np.mean([a[2] != b[2] for a, b in pairs]))
        n = len(differences)
        means = np.array(differences)[rng.integers(n, size=(2000, n))].mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        print(
            f"| {rule} | {np.mean(differences):+.4f} [{low:+.4f}, {high:+.4f}] "
            f"| {np.mean(is_other):.0%} | {np.median(ratios):.2f} |"
        )


if __name__ == "__main__":
    command, store, *rest = sys.argv[1:]
    if command == "run":
        n_seeds = int(rest[0]) if rest else 10
        keys = ((name, seed) for seed, name in product(range(n_seeds), DATA_SETS))
        append(Path(store), ("data", "seed"), keys, search_once)
    else:
        table(Path(store))
