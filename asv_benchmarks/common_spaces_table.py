"""What tuning gains on held-out data with the spaces of the user guide.

    python -m asv_benchmarks.common_spaces_table run STORE [n_seeds [ESTIMATOR ...]]
    python -m asv_benchmarks.common_spaces_table table STORE

For every estimator of doc/guide/common_spaces.md, at most 600 rows of a data set that ships with
scikit-learn are divided into halves, once per seed. The winner of a search of 30 candidates on one
half, the estimator of the page as it stands, and the defaults of scikit-learn behind the same
preprocessing, are scored on the other half.
The scores are accuracies of classifiers and R² of regressors. ``±`` is the standard error of a mean
difference; it takes the divisions as independent, although they share rows. The store is a file to
which every search is appended, so that a run can be stopped and started again; to run an estimator
again, remove its lines.
"""

from __future__ import annotations

import re
import sys
import time
import warnings
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.compose import TransformedTargetRegressor
from sklearn.cross_decomposition import PLSRegression
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from asv_benchmarks.racing_quality import append
from asv_benchmarks.racing_quality import load as records_of
from skbayes import BayesSearchCV

PAGE = Path(__file__).parents[1] / "doc" / "guide" / "common_spaces.md"
N_ITER = 30
N_ROWS = 600
"""At most so many rows of a data set are used."""


@dataclass(frozen=True, eq=False)
class Model:
    """An estimator of the page.

    Parameters
    ----------
    estimator : estimator
        As the page has it.
    space : str
        Name of its space on the page.
    data : str
        Name of a data set that ships with scikit-learn.
    scaled : {'', 'X', 'X and y'}, default=''
        What is standardised.
    scaled_default : str or None, default=None
        What is standardised for the defaults; None if it is the same.
    """

    estimator: BaseEstimator
    space: str
    data: str
    scaled: str = ""
    scaled_default: str | None = None

    @property
    def default(self) -> Model:
        """The same estimator with scikit-learn's defaults, but for the seed."""
        cls = type(self.estimator)
        names = {"random_state"} & set(self.estimator.get_params())
        scaled = self.scaled if self.scaled_default is None else self.scaled_default
        return replace(self, estimator=cls(**dict.fromkeys(names, 0)), scaled=scaled)

    def with_preprocessing(self) -> tuple[BaseEstimator, str]:
        """Return what is fitted, and the prefix of the parameters of the estimator in it."""
        estimator, prefix = clone(self.estimator), ""
        if self.scaled:
            estimator = make_pipeline(StandardScaler(), estimator)
            prefix = f"{estimator.steps[-1][0]}__"
        if self.scaled == "X and y":
            estimator = TransformedTargetRegressor(estimator, transformer=StandardScaler())
            prefix = f"regressor__{prefix}"
        return estimator, prefix


# The penalties of lasso and elastic net have the unit of the target. Their default of 1 is a
# constant prediction for a scaled target, so their defaults are those for the target as it is.
MODELS = {
    type(model.estimator).__name__: model
    for model in [
        Model(LogisticRegression(max_iter=1000), "logistic_space", "breast_cancer", "X"),
        Model(Ridge(), "ridge_space", "diabetes", "X"),
        Model(Lasso(max_iter=10000), "lasso_space", "diabetes", "X and y", "X"),
        Model(ElasticNet(max_iter=10000), "elastic_net_space", "diabetes", "X and y", "X"),
        Model(SGDClassifier(average=True, random_state=0), "sgd_space", "digits", "X"),
        Model(LinearSVC(dual=False, max_iter=10000), "linear_svc_space", "breast_cancer", "X"),
        Model(SVC(), "svc_space", "digits", "X"),
        Model(SVR(), "svr_space", "diabetes", "X and y"),
        Model(KernelRidge(), "kernel_ridge_space", "diabetes", "X and y"),
        Model(KNeighborsClassifier(), "neighbors_space", "digits", "X"),
        Model(PLSRegression(), "pls_space", "diabetes"),
        Model(DecisionTreeClassifier(random_state=0), "tree_space", "breast_cancer"),
        Model(RandomForestClassifier(random_state=0), "forest_space", "digits"),
        Model(ExtraTreesRegressor(random_state=0), "extra_trees_space", "diabetes"),
        Model(BaggingClassifier(n_estimators=50, random_state=0), "bagging_space", "digits"),
        Model(GradientBoostingRegressor(random_state=0), "gradient_boosting_space", "diabetes"),
        Model(
            HistGradientBoostingClassifier(random_state=0), "hist_classifier_space", "breast_cancer"
        ),
        Model(
            HistGradientBoostingRegressor(early_stopping=True, max_iter=500, random_state=0),
            "hist_regressor_space",
            "diabetes",
        ),
        Model(
            AdaBoostClassifier(n_estimators=100, random_state=0), "ada_boost_space", "breast_cancer"
        ),
        Model(
            MLPClassifier(max_iter=2000, random_state=0),
            "mlp_space",
            "digits",
            "X",
        ),
    ]
}


def blocks_of(page: Path) -> list[str]:
    """Return the Python of a page, block by block."""
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


@cache
def page_names() -> dict[str, Any]:
    """Run the Python of the page, and return what it defines."""
    names: dict[str, Any] = {}
    for block in blocks_of(PAGE):
        exec(compile(block, PAGE.name, "exec"), names)
    return names


def search_of(model: Model, **options: Any) -> BayesSearchCV:
    """Return a search of the space of the page."""
    estimator, prefix = model.with_preprocessing()
    space = page_names()["with_prefix"](page_names()[model.space], prefix)
    return BayesSearchCV(estimator, space, **options)


@cache
def data_of(name: str, n_rows: int = N_ROWS) -> tuple[np.ndarray, np.ndarray]:
    """Return random rows of a data set."""
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    chosen = np.random.default_rng(0).permutation(len(y))[:n_rows]
    return X[chosen], y[chosen]


def search_once(name: str, seed: int) -> dict[str, Any]:
    """Return the record of one search."""
    begin = time.process_time()
    model = MODELS[name]
    X, y = data_of(model.data)
    strata = y if is_classifier(model.estimator) else None
    X, X_held_out, y, y_held_out = train_test_split(
        X, y, test_size=0.5, stratify=strata, random_state=seed
    )
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        default, untuned = (m.with_preprocessing()[0].fit(X, y) for m in (model.default, model))
        search = search_of(model, n_iter=N_ITER, random_state=seed).fit(X, y)
        return {
            "default": float(default.score(X_held_out, y_held_out)),
            "untuned": float(untuned.score(X_held_out, y_held_out)),
            "tuned": float(search.score(X_held_out, y_held_out)),
            "cv_score": float(search.best_score_),
            "best": {key: str(value) for key, value in search.best_params_.items()},
            "seconds": round(time.process_time() - begin, 2),
        }


def table(store: Path) -> None:
    """Print what tuning gained with every estimator."""
    by_name = defaultdict(list)
    for record in records_of(store):
        by_name[record["estimator"]].append(record)
    print(
        "| estimator | data | defaults | as on the page | tuned | gain | better | equal | worse |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name in MODELS:
        if name in by_name:
            print(f"| {name} | {MODELS[name].data.replace('_', ' ')} | {_row(by_name[name])} |")


def _row(records: list[dict[str, Any]]) -> str:
    """Return the means of an estimator, its gain with a standard error, and how often it gains."""
    default, untuned, tuned = (
        np.array([each[key] for each in records]) for key in ("default", "untuned", "tuned")
    )
    gain = tuned - default
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    means = " | ".join(f"{scores.mean():.3f}" for scores in (default, untuned, tuned))
    counts = " | ".join(str(int(np.sum(np.sign(gain) == sign))) for sign in (1, 0, -1))
    return f"{means} | {gain.mean():+.3f} ± {error:.3f} | {counts}"


if __name__ == "__main__":
    command, store, *rest = sys.argv[1:]
    if command == "run":
        n_seeds = int(rest[0]) if rest else 10
        keys = ((name, seed) for seed, name in product(range(n_seeds), rest[1:] or MODELS))
        append(Path(store), ("estimator", "seed"), keys, search_once)
    else:
        table(Path(store))
