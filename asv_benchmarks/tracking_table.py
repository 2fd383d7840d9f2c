"""What trackers cost a search, beside what their own calls take.

    python -m asv_benchmarks.tracking_table [n_trials] [n_repeats]

Needs the extras of the trackers. MLflow writes into a local SQLite database and W&B into offline
files, both in a temporary folder. *Callback* is the time per trial that the search waits for the
callback; *own calls* is the time per trial that the tracker's calls take, in their thread. The rest
is how much longer the whole search takes than one without a tracker, less the own calls: negative
where the calls run beside fits.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from skbayes import TPESearchCV
from skbayes.tracking import MLflowCallback, TensorBoardCallback, WandbCallback
from skbayes.tracking.outbox import Outbox

SPACE = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 10)}


class Timed:
    """Measures a tracker."""

    def __init__(self, tracker: Any) -> None:
        self.tracker, self.waited, self.own = tracker, 0.0, 0.0

    def on_search_begin(self, search: Any) -> None:
        self.tracker.on_search_begin(search)

    def __call__(self, search: Any, trial: Any) -> None:
        begin = time.perf_counter()
        self.tracker(search, trial)
        self.waited += time.perf_counter() - begin

    def on_search_end(self, search: Any) -> None:
        self.tracker.on_search_end(search)


def seconds_of(n_trials: int, seed: int, callback: Any) -> float:
    """Return how long a search takes."""
    X, y = load_iris(return_X_y=True)
    search = TPESearchCV(
        SVC(), SPACE, n_iter=n_trials, racing=False, random_state=seed, callbacks=callback
    )
    begin = time.perf_counter()
    search.fit(X, y)
    return time.perf_counter() - begin


def measure(n_trials: int, seed: int, tracker: Any) -> tuple[float, float, float]:
    """Return milliseconds per trial: in the callback, of the own calls, and the rest."""
    timed = Timed(tracker)
    send = Outbox.__init__

    def timing(self: Outbox, name: str, file: Path, own_send: Any) -> None:
        def sending(message: Any) -> None:
            begin = time.perf_counter()
            own_send(message)
            timed.own += time.perf_counter() - begin

        send(self, name, file, sending)

    alone = seconds_of(n_trials, seed, None)
    Outbox.__init__ = timing  # type: ignore[method-assign]
    try:
        tracked = seconds_of(n_trials, seed, timed)
    finally:
        Outbox.__init__ = send  # type: ignore[method-assign]
    rest = tracked - alone - timed.own
    waited, own, rest = (1000 * s / n_trials for s in (timed.waited, timed.own, rest))
    return waited, own, rest


def main(n_trials: int = 100, n_repeats: int = 5) -> None:
    os.environ["WANDB_SILENT"] = "true"
    warnings.simplefilter("ignore")
    print("| tracker | callback | own calls | rest |\n|---|---|---|---|")
    with TemporaryDirectory() as folder:
        trackers = {
            "MLflow": MLflowCallback(f"sqlite:///{folder}/runs.db", "benchmark"),
            "W&B": WandbCallback(project="benchmark", mode="offline", folder=folder),
            "TensorBoard": TensorBoardCallback(f"{folder}/runs"),
        }
        for name, tracker in trackers.items():
            seconds_of(2, 0, tracker)  # imports it
            rows = [measure(n_trials, seed, tracker) for seed in range(n_repeats)]
            waited, own, rest = np.median(rows, axis=0)
            print(f"| {name} | {waited:.2f} ms | {own:.1f} ms | {rest:.2f} ms |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
