"""How busy two workers are kept, for every back end, beside `RandomizedSearchCV`.

    python -m asv_benchmarks.cluster_table [n_repeats]

Needs `distributed` and `ray`. 40 candidates on 5 splits; *sleeping* fits sleep for 50 ms, *real*
ones are support vector machines that take 10 or 45 ms and need a core each, so that the proposals
compete with them. Without racing, so both searches have the same number of fits. Efficiency is the
median over the repeats of the time of `RandomizedSearchCV` divided by that of the search in the
same repeat: more than 1 is faster.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import joblib
import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.model_selection import RandomizedSearchCV
from sklearn.svm import SVC

from skbayes import BayesSearchCV

SLEEP = 0.05
N_ITER = 40
BACKENDS = ("loky", "threading", "multiprocessing", "dask", "ray")


class Sleeps(SVC):
    """Sleeps for some time, and takes no other."""

    def fit(self, X: Any, y: Any) -> Sleeps:
        time.sleep(SLEEP)
        return self

    def score(self, X: Any, y: Any) -> float:
        return -abs(float(np.log(self.C)))


FITS: dict[str, tuple[Any, int]] = {
    "sleeping": (Sleeps(), 100),
    "real, 10 ms": (SVC(), 700),
    "real, 45 ms": (SVC(), 1797),
}
"""Models, each with the number of samples."""


@contextmanager
def backend_of(name: str) -> Iterator[None]:
    """Start two workers of a back end, and make it joblib's active one."""
    if name == "dask":
        from distributed import Client

        with (
            Client(n_workers=2, threads_per_worker=1, dashboard_address=None),
            joblib.parallel_config("dask"),
        ):
            yield
    elif name == "ray":
        import ray
        from ray.util.joblib import register_ray

        register_ray()
        ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR")
        with joblib.parallel_config("ray"):
            yield
        ray.shutdown()
    else:
        with joblib.parallel_config(name):
            yield


def seconds_of(cls: Any, fits: str, seed: int, **options: Any) -> float:
    """Return how long a search takes."""
    model, n_samples = FITS[fits]
    X, y = load_digits(return_X_y=True)
    space = {"C": loguniform(0.1, 10), "gamma": loguniform(1e-4, 1e-3)}
    search = cls(model, space, n_iter=N_ITER, n_jobs=2, random_state=seed, refit=False, **options)
    begin = time.perf_counter()
    search.fit(X[:n_samples], y[:n_samples])
    return time.perf_counter() - begin


def main(n_repeats: int = 5) -> None:
    warnings.simplefilter("ignore")
    print(
        "| back end | fits | RandomizedSearchCV | n_points=2 | n_points=4 |\n|---|---|---|---|---|"
    )
    for name in BACKENDS:
        with backend_of(name):
            for fits in FITS:
                seconds_of(RandomizedSearchCV, fits, 0)  # starts the workers
                peer, ratios = [], []
                for seed in range(n_repeats):
                    peer.append(seconds_of(RandomizedSearchCV, fits, seed))
                    ours = [
                        seconds_of(BayesSearchCV, fits, seed, racing=False, n_points=q)
                        for q in (2, 4)
                    ]
                    ratios.append([peer[-1] / seconds for seconds in ours])
                two, four = np.median(ratios, axis=0)
                print(
                    f"| {name} | {fits} | {np.median(peer):.2f} s | {two:.2f} | {four:.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
