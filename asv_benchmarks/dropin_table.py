"""Table of what works with `RandomizedSearchCV`, and with model-based searches in its place.

    python -m asv_benchmarks.dropin_table

Needs the `bench` extra. Every cell is the answer of the check of that name below.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, ClassifierMixin, is_classifier
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    BaseCrossValidator,
    KFold,
    RandomizedSearchCV,
    ShuffleSplit,
    cross_val_score,
)
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import check_estimator

from skbayes import BayesSearchCV

X, Y = load_iris(return_X_y=True)
MakeSearch = Callable[..., Any]


class FailsBelow(ClassifierMixin, BaseEstimator):
    """Fails for small C on every split."""

    def __init__(self, C: float = 1.0) -> None:
        self.C = C

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> FailsBelow:
        """Fit, or fail."""
        if self.C < 1:
            raise ValueError("C is too small")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Any) -> Any:
        """Predict the first class."""
        return np.full(len(X), self.classes_[0])


class OnceSplit(BaseCrossValidator):
    """Counts how often the splits are drawn."""

    def __init__(self) -> None:
        self.n_drawn = 0

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return 3."""
        return 3

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Any:
        """Split, and count."""
        self.n_drawn += 1
        return KFold(3).split(X)


def randomized(estimator: Any, **options: Any) -> Any:
    """Make a search of C by scikit-learn."""
    space = options.pop("space", {"C": loguniform(1e-2, 1e2)})
    return RandomizedSearchCV(estimator, space, **{"random_state": 0, "n_iter": 8} | options)


def ours(estimator: Any, **options: Any) -> Any:
    """Make a search of C by skbayes."""
    space = options.pop("space", {"C": loguniform(1e-2, 1e2)})
    return BayesSearchCV(estimator, space, **{"random_state": 0, "n_iter": 8} | options)


def scikit_optimize(estimator: Any, **options: Any) -> Any:
    """Make a search of C by scikit-optimize."""
    from skopt import BayesSearchCV as SkoptSearchCV

    space = options.pop("space", {"C": (1e-2, 1e2, "log-uniform")})
    return SkoptSearchCV(estimator, space, **{"random_state": 0, "n_iter": 8} | options)


def optuna_search(estimator: Any, **options: Any) -> Any:
    """Make a search of C by Optuna's integration."""
    import optuna
    from optuna.distributions import FloatDistribution
    from optuna_integration import OptunaSearchCV

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space = options.pop("space", {"C": FloatDistribution(1e-2, 1e2, log=True)})
    options["n_trials"] = options.pop("n_iter", 8)
    return OptunaSearchCV(estimator, space, **{"random_state": 0} | options)


SEARCHES: dict[str, MakeSearch] = {
    "BayesSearchCV (skbayes)": ours,
    "RandomizedSearchCV": randomized,
    "BayesSearchCV (scikit-optimize)": scikit_optimize,
    "OptunaSearchCV": optuna_search,
}


def failed_estimator_checks(make: MakeSearch) -> str:
    checks = check_estimator(make(LogisticRegression(), n_iter=2, cv=2), on_skip=None, on_fail=None)
    return f"{sum(check['status'] == 'failed' for check in checks)} of {len(checks)}"


def takes_scipy_distributions(make: MakeSearch) -> bool:
    make(SVC(), space={"C": loguniform(1e-2, 1e2)}, n_iter=2).fit(X, Y)
    return True


def survives_a_candidate_that_fails(make: MakeSearch) -> bool:
    search = make(FailsBelow(), error_score=np.nan, n_iter=12, cv=2).fit(X, Y)
    return bool(np.isnan(search.cv_results_["mean_test_score"]).any())


def draws_the_splits_once(make: MakeSearch) -> str:
    cv = OnceSplit()
    make(SVC(), cv=cv, n_iter=6).fit(X, Y)
    return "yes" if cv.n_drawn == 1 else f"{cv.n_drawn} times in 6 trials"


def spread_of_one_candidate(make: MakeSearch) -> str:
    """Range of the mean score of candidates that are as good as identical."""
    values = [1.0, 1.0 + 1e-9, 1.0 + 2e-9, 1.0 + 3e-9, 1.0 + 4e-9, 1.0 + 5e-9]
    space: dict[str, Any] = {"C": values}
    if make is optuna_search:
        from optuna.distributions import CategoricalDistribution

        space = {"C": CategoricalDistribution(values)}
    search = make(SVC(), cv=ShuffleSplit(3), n_iter=6, space=space).fit(X, Y)
    return f"{np.ptp(search.cv_results_['mean_test_score']):.3f}"


def is_seen_as_a_classifier(make: MakeSearch) -> bool:
    return is_classifier(make(SVC()))


def nested_score_on_iris(make: MakeSearch) -> str:
    return f"{cross_val_score(make(SVC(), n_iter=4), X, Y).mean():.2f}"


def has_params_and_ranks_in_results(make: MakeSearch) -> bool:
    results = make(SVC(), n_iter=3).fit(X, Y).cv_results_
    return {"params", "param_C", "rank_test_score"} <= set(results)


def takes_several_metrics(make: MakeSearch) -> bool:
    scoring = {"accuracy": "accuracy", "f1": "f1_macro"}
    search = make(SVC(), scoring=scoring, refit="f1", n_iter=3).fit(X, Y)
    return "mean_test_f1" in search.cv_results_


def takes_refit_by_a_callable(make: MakeSearch) -> bool:
    return bool(make(SVC(), refit=lambda results: 1, n_iter=3).fit(X, Y).best_index_ == 1)


def methods_follow_the_estimator(make: MakeSearch) -> bool:
    return not hasattr(make(SVC()), "predict_proba") and hasattr(
        make(LogisticRegression()), "predict_proba"
    )


def same_search_on_two_workers(make: MakeSearch) -> bool:
    runs = [make(SVC(), n_jobs=n_jobs, n_iter=14).fit(X, Y) for n_jobs in (1, 2)]
    scores = [run.cv_results_["mean_test_score"] for run in runs]
    return bool(np.array_equal(*scores))


def callbacks_see_the_candidates(make: MakeSearch) -> bool:
    seen = []

    class Counting:
        def setup(self, estimator: Any, context: Any) -> None: ...

        def teardown(self, estimator: Any, context: Any) -> None: ...

        def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
            seen.append(context.task_name)

        def on_fit_task_end(self, estimator: Any, context: Any) -> None: ...

    make(SVC(), n_iter=2, cv=2).set_callbacks(Counting()).fit(X, Y)
    return seen.count("candidate-split-evaluation") == 4


def values_may_be_unhashable(make: MakeSearch) -> bool:
    space = {"class_weight": [{0: 1.0}, {1: 2.0}, {2: 3.0}]}
    make(SVC(), space=space, n_iter=3).fit(X, Y)
    return True


CHECKS = [
    failed_estimator_checks,
    takes_scipy_distributions,
    survives_a_candidate_that_fails,
    draws_the_splits_once,
    spread_of_one_candidate,
    is_seen_as_a_classifier,
    nested_score_on_iris,
    has_params_and_ranks_in_results,
    takes_several_metrics,
    takes_refit_by_a_callable,
    methods_follow_the_estimator,
    same_search_on_two_workers,
    callbacks_see_the_candidates,
    values_may_be_unhashable,
]


def answer(check: Callable[[MakeSearch], Any], make: MakeSearch) -> str:
    """Return the cell: the answer, or the error that stands in its way."""
    try:
        found = check(make)
    except Exception as error:  # the table reports what went wrong, whatever it is
        return f"no ({type(error).__name__})"
    return found if isinstance(found, str) else "yes" if found else "no"


def main() -> None:
    print(f"| | {' | '.join(SEARCHES)} |")
    print("|---" * (len(SEARCHES) + 1) + "|")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for check in CHECKS:
            cells = [answer(check, make) for make in SEARCHES.values()]
            print(f"| {check.__name__.replace('_', ' ')} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
