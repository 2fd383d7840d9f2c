"""A search that waits for Ctrl-C: `python interrupted.py N_JOBS RESULT`.

What is left of it, and of its processes, is written to RESULT.
"""

import pickle
import sys
import time
from pathlib import Path

import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from skbayes import BayesSearchCV


class Slow(SVC):
    def fit(self, X, y):
        time.sleep(0.05)
        return super().fit(X, y)


def n_workers():
    """Return how many processes this one has begun, but for the one that tracks shared memory."""
    n = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            command = (stat.parent / "cmdline").read_text()
        except OSError:
            continue  # it has come to its end
        n += parent == own_pid() and "resource_tracker" not in command
    return n


def own_pid():
    return int(Path("/proc/self/stat").read_text().split()[0])


def main(n_jobs, result):
    X, y = load_iris(return_X_y=True)
    space = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 1e1)}
    search = BayesSearchCV(Slow(), space, n_iter=10_000, n_jobs=int(n_jobs), random_state=0)
    print("searching", flush=True)
    try:
        search.fit(X, y)
    except KeyboardInterrupt:
        end = time.monotonic() + 5
        while n_workers() and time.monotonic() < end:
            time.sleep(0.05)
    found = {"n_workers_left": n_workers(), "is_consistent": True}
    if hasattr(search, "cv_results_"):
        scores = search.cv_results_["mean_test_score"]
        found["is_consistent"] = bool(
            search.best_score_ == np.max(scores)
            and search.best_params_ == search.cv_results_["params"][search.best_index_]
        )
    search.set_params(n_iter=3).fit(X, y)
    found["n_after"] = len(search.predict(X)) // 50
    Path(result).write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
