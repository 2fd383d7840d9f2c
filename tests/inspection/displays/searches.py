"""Fitted searches that cost nothing: the score is a formula of the parameters."""

import warnings
from functools import cache

import numpy as np
from scipy.stats import loguniform, norm, randint, uniform
from sklearn.base import BaseEstimator
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV

from skbayes import BayesSearchCV, HalvingBayesSearchCV

X, Y = np.arange(60.0)[:, np.newaxis], np.tile([0, 1], 30)

ODD = ["<script>alert(1)</script>", "$x_1$", "a_b__c_d", "$y^{2$", "50%", "_hidden", "back\\slash"]
LONG = [
    f"columntransformer__numeric_pipeline__imputer_{i}__strategy_of_the_imputer" for i in range(6)
]
LONG_VALUES = [f"a_rather_long_value_of_a_category_number_{i}" for i in range(5)]


class Formula(BaseEstimator):
    """An estimator that takes any parameters, and whose score is a formula of them."""

    def __init__(self, **params):
        self.params = params

    def get_params(self, deep=True):
        return dict(self.params)

    def set_params(self, **params):
        self.params = {**self.params, **params}
        return self

    def fit(self, X, y=None):
        if self.params.get("fails"):
            raise ValueError("it fails")
        self.share_ = len(X) / 60.0
        return self

    def score(self, X, y=None):
        total = 0.9 + 0.01 * np.sin(X.sum()) + 0.05 * self.share_
        for weight, name in enumerate(sorted(self.params), start=1):
            value = self.params[name]
            if isinstance(value, str):
                total -= 0.01 * (sum(map(ord, value)) % 7) / weight
            elif isinstance(value, int | float) and not isinstance(value, bool):
                total -= 0.03 * np.log(abs(value) + 0.1) ** 2 / weight**2
        return float(total)

    def predict(self, X):
        return np.zeros(len(X))


def bayes(space, n_iter=15, **kwargs):
    search = BayesSearchCV(Formula(), space, n_iter=n_iter, cv=2, random_state=0, **kwargs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return search.fit(X, Y)


SPACES = {
    "one": {"C": loguniform(1e-3, 1e3)},
    "two": {"C": loguniform(1e-3, 1e3), "momentum": uniform(0, 1)},
    "mixed": {
        "C": loguniform(1e-3, 1e3),
        "kernel": ["rbf", "linear", "poly"],
        "max_depth": [None, *range(1, 40)],
        "n_neighbors": randint(1, 200),
        "shift": norm(0, 1),
        "shrinking": [True, False],
    },
    "twelve": {f"parameter_{i}": loguniform(1e-4, 1e2) for i in range(6)}
    | {f"choice_{i}": ["first", "second", "third"] for i in range(6)},
    "long": dict.fromkeys(LONG[:3], LONG_VALUES) | dict.fromkeys(LONG[3:], uniform(0, 1)),
    "conditions": [
        {"kernel": ["linear"], "C": loguniform(1e-3, 1e3)},
        {"kernel": ["rbf", "laplace"], "C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-5, 10)},
        {"kernel": ["poly"], "degree": [2, 3, 4]},
    ],
    "odd": dict.fromkeys(ODD, uniform(0, 1)) | {"value $a$": ["$x$", "<b>", "$y$ and $z", "_u"]},
    "many_values": {"category": [f"category_{i}" for i in range(40)], "C": loguniform(1e-3, 1e3)},
    "forty": {f"p{i}": uniform(0, 1) for i in range(40)},
}


@cache
def fitted(name):
    """Return the fitted search over a space."""
    return bayes(SPACES[name])


class Growing(Formula):
    """Its score grows with the epochs, and falls again after a number that depends on C."""

    def partial_fit(self, X, y=None):
        self.n_ = getattr(self, "n_", 0) + 1
        return self

    def predict(self, X):
        return np.full(len(X), abs(np.log(self.n_ / (3.0 * self.params["C"] + 1.0))))


@cache
def staged():
    def closeness(estimator, X, y):
        return 1.0 - float(estimator.predict(X)[0])

    search = BayesSearchCV(
        Growing(epochs=40),
        {"C": loguniform(0.1, 10)},
        n_iter=12,
        cv=2,
        scoring=closeness,
        random_state=0,
        refit=False,
        staged="epochs",
        staged_route="partial_fit",
        staged_patience=15,
    )
    return search.fit(X, Y)


@cache
def raced():
    """Return a search that dropped candidates before their last split."""
    space = {"C": loguniform(1e-3, 1e3)}
    return BayesSearchCV(Formula(), space, n_iter=15, cv=5, random_state=0).fit(X, Y)


@cache
def halved(cls=HalvingBayesSearchCV, **kwargs):
    """Return a successive halving."""
    space = {"C": loguniform(1e-3, 1e3), "kernel": ["rbf", "linear"]}
    own = {"min_resources": 6, "cv": 2, "random_state": 0, "factor": 3} | kwargs
    return cls(Formula(), space, **own).fit(X, Y)


@cache
def halved_in_scikit_learn():
    return halved(HalvingRandomSearchCV)


@cache
def gridded():
    space = {"C": [0.01, 0.1, 1, 10], "kernel": ["rbf", "linear"]}
    return GridSearchCV(Formula(), space, cv=2).fit(X, Y)


@cache
def randomised():
    space = {"C": loguniform(1e-3, 1e3)}
    return RandomizedSearchCV(Formula(), space, n_iter=10, cv=2, random_state=0).fit(X, Y)


@cache
def partly_failed():
    """Return a search of which some candidates failed."""
    return bayes({"C": loguniform(1e-3, 1e3), "fails": [False, False, False, True]})


@cache
def all_failed():
    """Return a search without a score."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        space = {"C": [1, 10], "fails": [False]}
        search = GridSearchCV(Formula(), space, cv=2, refit=False).fit(X, Y)
    for name in list(search.cv_results_):
        if name.endswith("_test_score") and "rank" not in name:
            search.cv_results_[name] = np.full(2, np.nan)
    return search


@cache
def several_metrics(refit=False):
    scoring = {"a": lambda e, X, y: e.score(X), "b": lambda e, X, y: -e.score(X)}
    space = {"C": loguniform(1e-3, 1e3)}
    return bayes(space, n_iter=6, scoring=scoring, refit=refit)
