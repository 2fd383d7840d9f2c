"""scikit-learn's task tree of a search: small to send, and no larger than the search."""

import pickle

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from skbayes import BayesSearchCV, HalvingBayesSearchCV
from skbayes._sklearn_compat import HAS_CALLBACKS
from skbayes.evaluation.evaluator import Evaluation

X, Y = load_iris(return_X_y=True)
SPACE = {"C": loguniform(1e-2, 1e2)}


class Watcher:
    """A callback of scikit-learn that keeps the root of the tree."""

    root = None

    def setup(self, estimator, context):
        Watcher.root = context

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        return False


def leaves_of(root):
    return [task for task in root if task.task_name == "candidate-split-evaluation"]


if HAS_CALLBACKS:

    def test_an_open_number_of_candidates_plans_no_tasks():
        search = BayesSearchCV(SVC(), SPACE, n_iter=None, timeout=0.3, cv=3)
        search.set_callbacks(Watcher()).fit(X, Y)
        [task] = [task for task in Watcher.root if task.task_name == "search"]
        assert task.max_subtasks is None
        begun = 3 * (len(search.cv_results_["params"]) + search.n_points_)
        assert 0 < len(leaves_of(Watcher.root)) <= begun

    def test_every_rung_has_its_tasks():
        search = HalvingBayesSearchCV(
            SVC(), SPACE, n_candidates=9, min_resources="smallest", n_brackets=1, cv=3
        )
        search.set_callbacks(Watcher()).fit(X, Y)
        n = len(search.cv_results_["params"])
        assert len(leaves_of(Watcher.root)) == 3 * n
        rungs = [task for task in Watcher.root if task.task_name == "halving-iteration"]
        assert [task.max_subtasks for task in rungs] == [3 * k for k in search.n_candidates_]

    @pytest.mark.parametrize("n_iter", [10, 40])
    def test_what_is_sent_does_not_grow_with_the_tree(n_iter, monkeypatch):
        sizes = []
        task_of = Evaluation.task

        def measured(self, trial, *options):
            task = task_of(self, trial, *options)
            own = {name: value for name, value in task[2].items() if name not in ("X", "y")}
            sizes.append(len(pickle.dumps((task[1][3], own))))
            return task

        monkeypatch.setattr(Evaluation, "task", measured)
        search = BayesSearchCV(SVC(), SPACE, n_iter=n_iter, n_jobs=2, racing=False)
        search.set_callbacks(Watcher()).fit(X, Y)
        assert np.ptp(sizes) < 1500  # contexts of several splits may go together
        assert max(sizes) < 6000

    def test_workers_are_told_of_their_place_in_the_tree(tmp_path):
        search = BayesSearchCV(SVC(), SPACE, n_iter=4, cv=3, n_jobs=2, racing=False)
        search.set_callbacks(Writer(str(tmp_path))).fit(X, Y)
        paths = sorted(path.read_text() for path in tmp_path.iterdir())
        assert paths == sorted(f"fit 0 search 0 candidate-split-evaluation {k}" for k in range(12))


class Writer(Watcher):
    """Writes the path of every split to a file, from wherever it runs."""

    def __init__(self, folder):
        self.folder = folder

    def on_fit_task_end(self, estimator, context):
        path, task = [], context
        while task is not None:
            path[:0] = [f"{task.task_name} {task.task_id}"]
            task = task.parent
        if context.task_name == "candidate-split-evaluation":
            assert estimator.n_iter == 4
            with open(f"{self.folder}/{context.task_id}", "w") as file:
                file.write(" ".join(path))
