"""Which parameters mattered: functional analysis of variance of the surrogate."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from skbayes.inspection.reading import surrogate_of
from skbayes.models.anova import (
    N_LEVELS_JOINT,
    Function,
    effects,
    joint_effect,
    levels_of,
    sobol,
    variance,
)
from skbayes.surrogate import Surrogate
from skbayes.threads import one_blas_thread
from skbayes.trial import FloatArray

N_FUNCTIONS = 32
"""Functions drawn from the posterior, for the intervals."""

N_INTERACTING = 6
"""Number of parameters with the largest interactions whose pairs are looked at."""

BEST = 0.1
"""Share of the space that counts as the best."""


@dataclass(frozen=True, eq=False)
class Importance:
    """Shares of the variance of the score over the space, most important parameter first.

    Parameters
    ----------
    names : list of str
        Parameters with more than one value; 'dict' is the choice of a dict of a list.
    main : ndarray of shape (d,)
        Share that a parameter explains alone.
    total : ndarray of shape (d,)
        Share that it explains alone or together with others.
    low, high : ndarray of shape (d,)
        95 % interval of `total`, by how little is known of the score, given the hyper-parameters of
        the surrogate.
    interactions : dict of (str, str) to float
        Share that two parameters explain together, beyond what each explains alone.
    among : {'all', 'best'}
        Whether differences count everywhere, or only among the best.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection import parameter_importance
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": loguniform(1, 100), "kernel": ["rbf", "sigmoid"]}
    >>> search = BayesSearchCV(SVC(), space, n_iter=8, random_state=0).fit(X, y)
    >>> importance = parameter_importance(search)
    >>> importance.names, bool(importance.main[0] > 0.5)
    (['kernel', 'C'], True)
    """

    names: list[str]
    main: FloatArray
    total: FloatArray
    low: FloatArray
    high: FloatArray
    interactions: dict[tuple[str, str], float] = field(default_factory=dict)
    among: str = "all"

    def __str__(self) -> str:
        """Return a table."""
        width = max(map(len, self.names), default=0)
        return "\n".join(
            f"{name:<{width}}  {total:4.0%} [{low:.0%}, {high:.0%}]"
            for name, total, low, high in zip(
                self.names, self.total, self.low, self.high, strict=True
            )
        )


def parameter_importance(
    search: Any, *, metric: str | None = None, among: str = "all", random_state: int = 0
) -> Importance:
    """Return how much of the variance of the score each parameter explains.

    The variance is that of the surrogate's mean over the space, as the distributions weigh it.
    Scores far below the best are compressed, as for the search, so that a few disasters do not
    hide all other differences.

    Parameters
    ----------
    search : estimator
        A fitted search, of this library or of scikit-learn.
    metric : str or None, default=None
        One of several metrics; None is the one that selected the best candidate.
    among : {'all', 'best'}, default='all'
        'best' counts differences only in the best tenth of the space: all worse scores are taken
        as equal. A parameter that only decides between bad and good has less of it.
    random_state : int, default=0
        Seeds the functions drawn for the intervals.

    Returns
    -------
    importance : Importance
        With no names if no parameter has two values, and with zeros if all scores are equal.

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    ValueError
        If there is no such metric, or fewer than two candidates have a score.

    References
    ----------
    Hutter, Hoos & Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter Importance",
    ICML 2014; their section 5 has the variant of differences above a threshold.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection import parameter_importance
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-5, 1e1)}
    >>> space["shrinking"] = [True, False]
    >>> search = BayesSearchCV(SVC(), space, n_iter=20, random_state=0).fit(X, y)
    >>> parameter_importance(search).names[-1]
    'shrinking'
    """
    if among not in ("all", "best"):
        raise ValueError(f"among={among!r}: give 'all' or 'best'.")
    with one_blas_thread():
        return importance_of(surrogate_of(search, metric), among, random_state)


def importance_of(surrogate: Surrogate, among: str = "all", random_state: int = 0) -> Importance:
    """Return the importance under a surrogate that is fitted already.

    Parameters
    ----------
    surrogate : Surrogate
    among : {'all', 'best'}, default='all'
    random_state : int, default=0
        As of `parameter_importance`.
    """
    columns = columns_by_name(surrogate)
    mean: Function = surrogate.mean
    drawn = surrogate.functions(N_FUNCTIONS, np.random.default_rng(random_state))
    if among == "best":
        mean, drawn = (_above_threshold(f, surrogate.space.n_columns) for f in (mean, drawn))
    main, total = (shares[:, 0] for shares in _shares(mean, surrogate, columns))
    low, high = np.quantile(_shares(drawn, surrogate, columns)[1], [0.025, 0.975], axis=1)
    order = np.argsort(-total, kind="stable")
    names = [list(columns)[i] for i in order]
    return Importance(
        names,
        main[order],
        total[order],
        np.minimum(low, total)[order],
        np.maximum(high, total)[order],
        _interactions(mean, surrogate, columns, main, total),
        among,
    )


def columns_by_name(surrogate: Surrogate) -> dict[str, list[int]]:
    """Return the columns of each parameter that has any.

    Parameters
    ----------
    surrogate : Surrogate
    """
    columns: dict[str, list[int]] = {}
    for j, name in enumerate(surrogate.space.column_names):
        columns.setdefault(name, []).append(j)
    return columns


def _shares(
    f: Function, surrogate: Surrogate, columns: dict[str, list[int]]
) -> tuple[FloatArray, FloatArray]:
    """Return main and total effects as shares of the variance, each of shape (d, s)."""
    space = surrogate.space
    if not columns:
        return np.empty((0, 1)), np.empty((0, 1))
    V = variance(f, space.n_columns)
    safe = np.where(V > 0.0, V, 1.0)
    found = [
        effects(f, space.n_columns, own, levels_of([space.columns[j] for j in own]))
        for own in columns.values()
    ]
    main, total = (np.clip(np.array(each) / safe, 0.0, 1.0) for each in zip(*found, strict=True))
    return main, np.maximum(main, total)


def _interactions(
    f: Function,
    surrogate: Surrogate,
    columns: dict[str, list[int]],
    main: FloatArray,
    total: FloatArray,
) -> dict[tuple[str, str], float]:
    """Return the interactions of the parameters that interact most, the largest first."""
    space, names = surrogate.space, list(columns)
    if len(names) < 2:
        return {}
    V = float(variance(f, space.n_columns)[0]) or 1.0
    most = sorted(np.argsort(main - total, kind="stable")[:N_INTERACTING])
    levels = {
        i: levels_of([space.columns[j] for j in columns[names[i]]], N_LEVELS_JOINT) for i in most
    }
    found: dict[tuple[str, str], float] = {}
    for i, j in combinations(most, 2):
        own = (columns[names[i]], columns[names[j]])
        both = float(joint_effect(f, space.n_columns, own, (levels[i], levels[j]))[0]) / V
        found[names[i], names[j]] = float(np.clip(both - main[i] - main[j], 0.0, 1.0))
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _above_threshold(f: Function, d: int) -> Function:
    """Return a function for which all values below the best share of the space are equal."""
    threshold = np.quantile(f(sobol(1024, d)), 1.0 - BEST, axis=0)
    return lambda rows: np.maximum(f(rows), threshold)
