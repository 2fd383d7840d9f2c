"""A search that may be killed: `python search.py CLASS N_JOBS JOURNAL LOG RESULT`.

Every fit leaves a line in LOG; what the search found is written to RESULT when it ends.
"""

import os
import pickle
import sys

import numpy as np
from scipy.stats import loguniform, randint
from sklearn.datasets import load_iris
from sklearn.ensemble import ExtraTreesClassifier

import skbayes


class Logged(ExtraTreesClassifier):
    """Extra trees that write down which of them are fitted on what, when they are done."""

    def __init__(self, n_estimators=20, max_features=1.0, min_samples_leaf=1, log=None):
        super().__init__(random_state=0)
        self.n_estimators = n_estimators
        self.max_features = max_features
        self.min_samples_leaf = min_samples_leaf
        self.log = log

    def fit(self, X, y):
        super().fit(X, y)
        params = (self.n_estimators, self.max_features, self.min_samples_leaf)
        line = f"{params!r} {float(np.sum(X))!r} {len(X)}\n"
        fd = os.open(self.log, os.O_APPEND | os.O_WRONLY | os.O_CREAT)
        os.write(fd, line.encode())
        os.close(fd)
        return self


SPACE = {"max_features": loguniform(0.1, 1), "min_samples_leaf": randint(1, 20)}
OPTIONS = {
    "BayesSearchCV": {"n_iter": 18},
    "TPESearchCV": {"n_iter": 18},
    "HalvingBayesSearchCV": {
        "resource": "n_estimators",
        "min_resources": 3,
        "max_resources": 27,
        "n_candidates": 9,
        "n_brackets": "auto",
    },
}


def main(name, n_jobs, journal, log, result):
    X, y = load_iris(return_X_y=True)
    search = getattr(skbayes, name)(
        Logged(log=log),
        SPACE,
        cv=3,
        n_jobs=int(n_jobs),
        random_state=0,
        checkpoint=journal or None,
        **OPTIONS[name],
    ).fit(X, y)
    columns = {k: np.asarray(v) for k, v in search.cv_results_.items() if "time" not in k}
    found = columns, search.best_params_, search.predict_proba(X)
    with open(result, "wb") as file:
        pickle.dump(found, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
