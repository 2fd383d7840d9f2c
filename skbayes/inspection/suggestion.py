"""The space to search next: wider where the best lies at an edge, narrower where nothing was good.

Each distribution becomes one of the same kind. What cannot be moved, such as a distribution of
another kind, stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats
from sklearn.utils.validation import check_is_fitted

from skbayes.evaluation.table import evaluated_means
from skbayes.findings import edges_of
from skbayes.inspection.reading import metric_of, space_of
from skbayes.space import Space, log_randint
from skbayes.space.space import dicts_of
from skbayes.space.values import is_number, is_same_value
from skbayes.surrogate import row_of
from skbayes.trial import FloatArray

GOOD = 0.25
"""Share of the candidates, counted from the best, that are good."""

MIN_GOOD = 5
"""Number of good candidates below which nothing is narrowed."""

MARGIN = 0.15
"""Share of a range that is kept beyond the good values on either side."""

WIDENING = 0.5
"""Share of a range by which it grows at an edge."""


def suggest_space(search: Any, *, metric: str | None = None) -> Any:
    """Return a space to search next, of the same kinds of distributions.

    A range grows by half at an end where the best candidate lies, on its own scale; a positive
    number stays positive, and a linear range of shares ends at 1. It shrinks to the values of the
    best quarter of the candidates and a margin. Listed numbers beyond those of the best quarter are
    left out, and categories and dicts of a list that none of it has, if they were tried at least
    five times.

    Parameters
    ----------
    search : estimator
        A fitted search, of this library or of scikit-learn.
    metric : str or None, default=None
        One of several metrics; None is the one that selected the best candidate.

    Returns
    -------
    param_distributions : dict or list of dict
        As the search was given; pass it to a search with ``initial_trials=search``.

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    ValueError
        If there is no such metric, or no candidate has a score.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection import suggest_space
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression(max_iter=1000)
    >>> space = {"C": loguniform(1e-6, 1e-2)}  # the best values are larger
    >>> search = BayesSearchCV(model, space, n_iter=15, random_state=0).fit(X, y)
    >>> low, high = suggest_space(search)["C"].support()
    >>> bool(high > 1e-2)
    True
    """
    check_is_fitted(search, "cv_results_")
    name, given = metric_of(search, metric), space_of(search)
    results, space = search.cv_results_, Space(given)
    means = evaluated_means(results, name)
    if not np.isfinite(means).any():
        raise ValueError(f"no candidate of this search has a score of {name!r}.")
    order = np.argsort(-means, kind="stable")
    n_scored = int(np.isfinite(means).sum())
    good = order[: max(int(np.ceil(GOOD * n_scored)), min(MIN_GOOD, n_scored))]
    rows = np.array([row_of(space, params) for params in results["params"]])
    members = np.array([space.subspace_of(row) for row in rows])
    edges = {edge.name: edge.is_upper for edge in edges_of(space, results["params"][order[0]])}
    suggested = []
    for number, grid in enumerate(dicts_of(given)):
        own = good[members[good] == number]
        if not len(own) and (members[np.isfinite(means)] == number).sum() >= MIN_GOOD:
            continue
        own_edges = edges if members[order[0]] == number else {}
        tried = [results["params"][index] for index in np.flatnonzero(members == number)]
        params = [results["params"][index] for index in own]
        suggested.append(_suggested(space, number, grid, rows[own], params, tried, own_edges))
    return suggested[0] if isinstance(given, Mapping) else suggested


def _suggested(
    space: Space,
    number: int,
    grid: Mapping[str, Any],
    rows: FloatArray,
    params: Sequence[Mapping[str, Any]],
    tried: Sequence[Mapping[str, Any]],
    edges: Mapping[str, bool],
) -> dict[str, Any]:
    """Return one dict of the space, changed to where its good candidates lie."""
    changed = dict(grid)
    for name, values in grid.items():
        dimension, columns = space.subspaces[number][name]
        if not dimension.columns or not len(rows):
            continue
        if isinstance(values, Sequence | np.ndarray):
            if len(rows) >= MIN_GOOD:
                good, seen = ([each.get(name) for each in some] for some in (params, tried))
                changed[name] = _listed(list(values), good, seen)
            continue
        low, high = _bounds(rows[:, columns.start], len(rows))
        low, high = (0.0 if edges.get(name) is False else low), (1.0 if edges.get(name) else high)
        changed[name] = _moved(values, low, high, edges.get(name))
    return changed


def _bounds(positions: FloatArray, n_good: int) -> tuple[float, float]:
    """Return the part of the unit interval in which good candidates lie, with a margin."""
    inside = positions[(positions >= 0.0) & (positions <= 1.0)]
    if n_good < MIN_GOOD or not len(inside):
        return 0.0, 1.0
    low, high = float(inside.min()) - MARGIN, float(inside.max()) + MARGIN
    return max(low, 0.0), min(high, 1.0)


def _listed(values: list[Any], good: list[Any], seen: list[Any]) -> list[Any]:
    """Return the values of a list that are good or hardly tried, and numbers between good ones."""
    kept = [v for v in values if _count(v, good) or _count(v, seen) < MIN_GOOD]
    numbers = [value for value in values if is_number(value) and _count(value, good)]
    if len(numbers) < 2 or not all(is_number(v) or v is None for v in values):
        return kept or values
    low, high = min(numbers), max(numbers)
    return [v for v in values if (low <= v <= high if is_number(v) else v in kept)]


def _count(value: Any, others: list[Any]) -> int:
    return sum(is_same_value(value, other) for other in others)


def _moved(distribution: Any, low: float, high: float, is_upper: bool | None) -> Any:
    """Return a distribution of the same kind over another range.

    Parameters
    ----------
    distribution : object
    low, high : float
        The part of the old range to keep, as probabilities.
    is_upper : bool or None
        The end at which the range grows; None for neither.
    """
    family = getattr(getattr(distribution, "dist", None), "name", None)
    if family not in ("uniform", "loguniform", "reciprocal", "randint", "log_randint"):
        return distribution
    is_log, is_integer = family not in ("uniform", "randint"), family.endswith("randint")
    old_low, old_high = map(float, distribution.support())
    begin, end = (float(distribution.ppf(share)) for share in (low, high))
    begin, end = max(begin, old_low), min(end, old_high)
    if is_upper is not None:
        begin, end = _wider(begin, end, (old_low, old_high), is_log, is_upper)
    if is_integer:
        first, last = round(begin), max(round(end), round(begin) + 1)
        return (log_randint if is_log else stats.randint)(first, last + 1)
    if not begin < end:
        return distribution
    return stats.loguniform(begin, end) if is_log else stats.uniform(begin, end - begin)


def _wider(
    begin: float, end: float, old: tuple[float, float], is_log: bool, is_upper: bool
) -> tuple[float, float]:
    """Return a range that reaches beyond one end of the old one."""
    low, high = old
    if is_log:
        factor = (high / low) ** WIDENING
        return (begin, high * factor) if is_upper else (max(low / factor, _least(low)), end)
    step = WIDENING * (high - low)
    if is_upper:
        is_share = low >= 0.0 and high <= 1.0
        return begin, min(high + step, 1.0) if is_share else high + step
    if low < 0.0:
        return low - step, end
    return max(low - step, _least(low) or (1.0 - WIDENING) * low), end


def _least(low: float) -> float:
    """Return the smallest positive number of the kind of `low`: 1 for integers from 1 on."""
    return 1.0 if low >= 1.0 and float(low).is_integer() else 0.0
