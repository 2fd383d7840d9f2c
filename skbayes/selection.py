"""Other winners than the candidate with the highest mean score: callables for `refit`.

Scores within a standard error of the best one can hardly be told from it. Among those candidates
the simplest or the cheapest is often the better choice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skbayes.evaluation.table import evaluated_means, listed, metrics_of, split_scores
from skbayes.surrogate import most_expected
from skbayes.trial import FloatArray

By = str | Callable[[Mapping[str, Any]], float]
"""A parameter, 'fit_time', 'score_time', or a function of the parameters; less is better."""

TIMES = ("fit_time", "score_time")


@dataclass(frozen=True)
class _LeastNearTheBest:
    """Selects the candidate with the least of something among those close to the best.

    Parameters
    ----------
    by : str or callable
    tolerance : float or None
        How far below the best mean score a candidate may be; None is its standard error.
    metric : str
    """

    by: By
    tolerance: float | None
    metric: str

    def __call__(self, cv_results: Mapping[str, Any]) -> int:
        """Return the index of the candidate."""
        means = _means(cv_results, self.metric)
        best = int(np.nanargmax(means))
        tolerance = self.tolerance
        if tolerance is None:
            tolerance = _standard_error(cv_results, self.metric, best)
        near = np.flatnonzero(means >= means[best] - tolerance)  # NaN is not near
        amounts = _amounts(cv_results, self.by, near)
        return int(near[np.lexsort((-means[near], amounts))[0]])


def one_standard_error(by: By, *, metric: str = "score") -> Callable[[Mapping[str, Any]], int]:
    """Return a `refit` that takes the simplest candidate within one standard error of the best.

    It pays if a simpler model is worth a little of the score: by fit time, some 0.002 on 34 small
    data sets, see doc/guide/after_the_search.md.

    Parameters
    ----------
    by : str or callable
        What makes a candidate simple, less being simpler: the name of a parameter, 'fit_time',
        'score_time', or a function that is given the parameters and returns a number.
    metric : str, default='score'
        The metric, if there are several.

    Returns
    -------
    refit : callable
        Is given `cv_results_` and returns the index of a candidate that was evaluated on all
        splits. It can be pickled if `by` can.

    Raises
    ------
    ValueError
        In ``fit``, if there is no such metric or parameter, or a value of it is not a number.

    References
    ----------
    Breiman, Friedman, Olshen & Stone, "Classification and Regression Trees", 1984, section 3.4.3.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skbayes.selection import one_standard_error
    >>> X, y = load_iris(return_X_y=True)
    >>> tree = DecisionTreeClassifier(random_state=0)
    >>> refit = one_standard_error(by="max_depth")
    >>> search = GridSearchCV(tree, {"max_depth": [1, 2, 3, 4, 5, 6]}, refit=refit).fit(X, y)
    >>> search.best_params_
    {'max_depth': 3}
    """
    return _LeastNearTheBest(by, None, metric)


def within(
    tolerance: float, by: By = "fit_time", *, metric: str = "score"
) -> Callable[[Mapping[str, Any]], int]:
    """Return a `refit` that takes the cheapest candidate within a tolerance of the best.

    It pays whenever fits or predictions are expensive: a tolerance of 0.005 cost nothing on the
    held-out data of 34 small data sets, see doc/guide/after_the_search.md.

    Parameters
    ----------
    tolerance : float
        How much less than the best mean score is still good enough, in units of the score.
    by : str or callable, default='fit_time'
        What makes a candidate cheap, less being cheaper, as for `one_standard_error`.
    metric : str, default='score'
        The metric, if there are several.

    Returns
    -------
    refit : callable
        As of `one_standard_error`.

    Raises
    ------
    ValueError
        If the tolerance is negative or not a number; in ``fit``, as `one_standard_error`.

    Examples
    --------
    >>> from skbayes.selection import within
    >>> table = {"mean_test_score": [0.90, 0.89, 0.70], "mean_fit_time": [2.0, 0.5, 0.1]}
    >>> within(0.02)(table)
    1
    """
    if not tolerance >= 0.0:
        raise ValueError(f"tolerance={tolerance!r}: give a number of at least 0.")
    return _LeastNearTheBest(by, tolerance, metric)


@dataclass(frozen=True)
class _BestPosteriorMean:
    """Selects the candidate of which the surrogate expects most.

    Parameters
    ----------
    param_distributions : dict or list of dict
    metric : str
    """

    param_distributions: Any
    metric: str

    def __call__(self, cv_results: Mapping[str, Any]) -> int:
        """Return the index of the candidate."""
        _means(cv_results, self.metric)  # raises if there are none
        return most_expected(self.param_distributions, cv_results, self.metric)


def posterior_mean(
    param_distributions: Any, *, metric: str = "score"
) -> Callable[[Mapping[str, Any]], int]:
    """Return a `refit` that takes the candidate of which the surrogate expects most.

    A score that is much better than those of similar candidates is probably lucky. The surrogate
    weighs it against its neighbours, if it finds noise. A search does so by itself if fits are
    noisy, see `is_noisy_`; otherwise, on 34 small data sets, its winners were as good as those with
    the best score, see doc/guide/after_the_search.md.

    Parameters
    ----------
    param_distributions : dict or list of dict
        The space, as the search is given it.
    metric : str, default='score'
        The metric, if there are several.

    Returns
    -------
    refit : callable
        Is given `cv_results_` and returns the index of a candidate that was evaluated on all
        splits.

    Raises
    ------
    ValueError
        In ``fit``, if there is no such metric.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.selection import posterior_mean
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": loguniform(1e-3, 1e3)}
    >>> search = BayesSearchCV(SVC(), space, n_iter=10, refit=posterior_mean(space))
    >>> bool(search.fit(X, y).best_index_ < 10)
    True
    """
    return _BestPosteriorMean(param_distributions, metric)


def _means(cv_results: Mapping[str, Any], metric: str) -> FloatArray:
    """Return the mean scores; NaN where a candidate was not evaluated on everything."""
    known = metrics_of(cv_results)
    if metric not in known:
        raise ValueError(f"metric={metric!r} was not scored; give {listed(known)}.")
    means = evaluated_means(cv_results, metric)
    if np.isnan(means).all():
        raise ValueError("no candidate has a score on all splits.")
    return means


def _standard_error(cv_results: Mapping[str, Any], metric: str, index: int) -> float:
    """Return the standard error of a mean score over the splits; zero if there is one split."""
    scores = split_scores(cv_results, metric)[index]
    return float(np.std(scores, ddof=1) / np.sqrt(len(scores))) if len(scores) > 1 else 0.0


def _amounts(cv_results: Mapping[str, Any], by: By, near: Any) -> FloatArray:
    """Return how much of `by` each of some candidates has."""
    if by in TIMES:
        return np.array(cv_results[f"mean_{by}"], dtype=float)[near]
    candidates = [cv_results["params"][index] for index in near]
    amounts = []
    for params in candidates:
        if isinstance(by, str) and by not in params:
            raise ValueError(
                f"by={by!r} is not a parameter of the candidate {params}; give one that all "
                "candidates have, 'fit_time', 'score_time' or a function of the parameters."
            )
        amount = params[by] if isinstance(by, str) else by(params)
        try:
            amounts.append(float(amount))
        except (TypeError, ValueError):
            raise ValueError(
                f"by={by!r} is {amount!r} for the candidate {params}, which is not a number; give "
                "a function of the parameters that returns one."
            ) from None
    return np.array(amounts)
