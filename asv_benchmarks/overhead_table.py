"""Cost of the search's machinery beside `RandomizedSearchCV`'s, on fits that cost nothing.

    python -m asv_benchmarks.overhead_table [n_repeats]

200 candidates of a `DummyClassifier` on 5 splits; the sampler's proposal time is subtracted.
"""

from __future__ import annotations

import sys
import time
from typing import Any
from unittest.mock import patch

import numpy as np
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import RandomizedSearchCV

from skbayes import BayesSearchCV
from skbayes.samplers.gp import GPSampler

SPACE = {"random_state": list(range(400))}


def seconds_of(search_class: type, n_jobs: int) -> float:
    """Return the wall time of a search without that of its proposals."""
    X, y = make_classification(200, 5, random_state=0)
    search = search_class(DummyClassifier(), SPACE, n_iter=200, cv=5, n_jobs=n_jobs, random_state=0)
    if search_class is BayesSearchCV:
        search.set_params(racing=False)  # as many fits as the other
    proposing = 0.0
    propose = GPSampler.propose

    def timed(*args: Any) -> Any:
        nonlocal proposing
        begin = time.perf_counter()
        proposal = propose(*args)
        proposing += time.perf_counter() - begin
        return proposal

    with patch.object(GPSampler, "propose", timed):
        begin = time.perf_counter()
        search.fit(X, y)
        return time.perf_counter() - begin - proposing


def main(n_repeats: int = 15) -> None:
    print(f"Median wall time of {n_repeats} alternating repeats, proposals subtracted.")
    print("| n_jobs | RandomizedSearchCV | BayesSearchCV | median ratio |")
    print("|---|---|---|---|")
    for n_jobs in (1, 2):
        seconds_of(RandomizedSearchCV, n_jobs)  # the workers start
        pairs = [
            [seconds_of(search, n_jobs) for search in (RandomizedSearchCV, BayesSearchCV)]
            for _ in range(n_repeats)
        ]
        theirs, ours = np.median(pairs, axis=0)
        ratio = np.median([b / a for a, b in pairs])
        print(f"| {n_jobs} | {theirs:.2f} s | {ours:.2f} s | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
