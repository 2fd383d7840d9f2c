"""What callbacks cost, beside `RandomizedSearchCV` with the same callback.

    python -m asv_benchmarks.callback_table [n_repeats]

120 candidates on 5 splits with 2 workers. Seconds are medians; a ratio is the median over the
repeats of the ratio to `RandomizedSearchCV` in the same repeat.
"""

from __future__ import annotations

import io
import sys
import time
import warnings
from contextlib import redirect_stdout
from typing import Any

import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RandomizedSearchCV
from sklearn.preprocessing import scale

from skbayes import BayesSearchCV, TPESearchCV

N_ITER = 120


class Idle:
    """A callback of scikit-learn that does nothing."""

    def setup(self, estimator: Any, context: Any) -> None:
        pass

    def teardown(self, estimator: Any, context: Any) -> None:
        pass

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        pass

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
        return False


SEARCHES: dict[str, Any] = {
    "RandomizedSearchCV": (RandomizedSearchCV, {}),
    "BayesSearchCV": (BayesSearchCV, {}),
    "BayesSearchCV, racing=False": (BayesSearchCV, {"racing": False}),
    "TPESearchCV, racing=False": (TPESearchCV, {"racing": False}),
}
CALLBACKS = ("none", "Idle", "ProgressBar")


def callback_of(name: str) -> list[Any]:
    """Return the callback of that name, in a list; none for the first."""
    from sklearn.callback import ProgressBar

    return {"none": [], "Idle": [Idle()], "ProgressBar": [ProgressBar()]}[name]


def seconds_of(search: str, callback: str, seed: int) -> float:
    """Return how long a search takes."""
    cls, options = SEARCHES[search]
    model = cls(
        LogisticRegression(),
        {"C": loguniform(1e-3, 1e3)},
        n_iter=N_ITER,
        n_jobs=2,
        random_state=seed,
        **options,
    )
    model.set_callbacks(*callback_of(callback))
    X, y = load_breast_cancer(return_X_y=True)
    begin = time.perf_counter()
    with redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(scale(X), y)
    return time.perf_counter() - begin


def main(n_repeats: int = 9) -> None:
    seconds_of("RandomizedSearchCV", "none", 0)  # starts the workers
    print("| callback | search | seconds | ratio |\n|---|---|---|---|")
    for callback in CALLBACKS:
        times = np.array(
            [[seconds_of(name, callback, seed) for name in SEARCHES] for seed in range(n_repeats)]
        )
        ratios = np.median(times / times[:, :1], axis=0)
        for name, seconds, ratio in zip(SEARCHES, np.median(times, axis=0), ratios, strict=True):
            print(f"| {callback} | {name} | {seconds:.2f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
