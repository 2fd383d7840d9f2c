"""What asv tracks: times of proposals and of records, and the regret of a search."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
from scipy.stats import uniform
from threadpoolctl import threadpool_limits

from asv_benchmarks.problems import PROBLEMS, Problem
from asv_benchmarks.searches import bayes, random, run, tpe
from skbayes.engine.records.journal import Journal as FileJournal
from skbayes.evaluation.watch import Watch
from skbayes.space import Space
from skbayes.study import Study
from skbayes.trial import Outcome, Trial


class Propose:
    """One proposal, hyper-parameter fit included, after n trials in d dimensions."""

    make_sampler = staticmethod(bayes)
    params = ([20, 50, 100, 200], [2, 6, 10])
    param_names = ("n", "d")

    def setup(self, n: int, d: int) -> None:
        problem = Problem({f"x{i}": uniform(0, 1) for i in range(d)}, _bowl, n)
        space = Space(problem.space)
        rng = np.random.default_rng(0)
        self.study = Study(space, self.make_sampler(space, 0), random_state=0)
        for number, row in enumerate(rng.random((n, d))):
            params = space.decode(row)
            outcome = Outcome.of_scores(problem.score(params))
            self.study.restore(Trial(number, row, params, outcome=outcome))
        self.limits = threadpool_limits(1)

    def teardown(self, n: int, d: int) -> None:
        self.limits.restore_original_limits()

    def time_propose(self, n: int, d: int) -> None:
        self.study.propose()


class ProposeTPE(Propose):
    """The same by Parzen estimators."""

    make_sampler = staticmethod(tpe)
    params = ([20, 100, 1000, 5000], [2, 6, 10])


class Regret:
    """Median simple regret over five seeds."""

    params = (list(PROBLEMS), ["bayes", "tpe", "random"])
    param_names = ("problem", "search")
    timeout = 600

    def track_regret(self, problem: str, search: str) -> float:
        make_sampler = {"bayes": bayes, "tpe": tpe, "random": random}[search]
        with threadpool_limits(1):
            scores = [run(PROBLEMS[problem], make_sampler, seed)[0] for seed in range(5)]
        return float(np.median([-s.max() for s in scores]))


def _bowl(params: dict[str, float]) -> float:
    return -float(sum((value - 0.3) ** 2 for value in params.values()))


class Journal:
    """What a finished trial costs to record, but for waiting for the disk."""

    params = ([5, 50],)
    param_names = ("n_splits",)

    def setup(self, n_splits: int) -> None:
        self.folder = TemporaryDirectory()
        self.journal = FileJournal(Path(self.folder.name) / "journal")
        self.journal.begin({"identity": {}})
        result = {"test_scores": 0.9, "fit_time": 0.1, "score_time": 0.01, "fit_error": None}
        self.record = {"number": 1, "row": [0.5] * 6, "results": [result] * n_splits}
        self.sync = patch("os.fsync")
        self.sync.start()

    def teardown(self, n_splits: int) -> None:
        self.sync.stop()
        self.journal.close()
        self.folder.cleanup()

    def time_append(self, n_splits: int) -> None:
        self.journal.append(self.record)


class WatchedSplit:
    """What it costs to watch over a split."""

    params = ([None, 60.0],)
    param_names = ("max_fit_time",)

    def setup(self, max_fit_time: float | None) -> None:
        self.folder = TemporaryDirectory()
        self.watch = Watch(Path(self.folder.name), max_fit_time)

    def teardown(self, max_fit_time: float | None) -> None:
        self.folder.cleanup()

    def time_over(self, max_fit_time: float | None) -> None:
        with self.watch.over(0, 0):
            pass
