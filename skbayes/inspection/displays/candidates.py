"""What the displays read of the candidates of a fitted search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skbayes.inspection.displays.axes_labels import plain
from skbayes.inspection.displays.parameter_axes import ParameterAxis, parameter_axes, values_of
from skbayes.inspection.importance import parameter_importance
from skbayes.inspection.reading import complete_candidates, metric_of, space_of
from skbayes.space.space import Space
from skbayes.trial import FloatArray


@dataclass(frozen=True, eq=False)
class Candidates:
    """The candidates of a search with their scores, in the order of ``cv_results_``.

    Parameters
    ----------
    params : sequence of mapping
    scores : ndarray of shape (n,)
        Mean over the splits; NaN for those that failed.
    is_complete : ndarray of shape (n,)
        Whether a candidate has a score on every split, in the last rung if there are rungs. At
        least one has.
    metric : str
    """

    params: Sequence[Mapping[str, Any]]
    scores: FloatArray
    is_complete: NDArray[np.bool_]
    metric: str

    @property
    def best(self) -> int:
        """Index of the complete candidate with the highest score."""
        return int(np.where(self.is_complete, self.scores, -np.inf).argmax())


@dataclass(frozen=True, eq=False)
class Placed:
    """Candidates on the axes of their parameters.

    Parameters
    ----------
    axes : dict of str to ParameterAxis
    positions : ndarray of shape (n, n_axes)
        In the unit interval; NaN for a parameter that a candidate does not have.
    scores : ndarray of shape (n,)
    is_complete : ndarray of shape (n,)
    """

    axes: dict[str, ParameterAxis]
    positions: FloatArray
    scores: FloatArray
    is_complete: NDArray[np.bool_]


def candidates_of(search: Any, metric: str | None = None) -> Candidates:
    """Return the candidates of a fitted search.

    Parameters
    ----------
    search : estimator
        Of this library or of scikit-learn.
    metric : str or None, default=None
        One of several metrics; None is the one that selected the best candidate.

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    ValueError
        If there is no such metric, or no candidate has a score on every split.
    """
    indices, _ = complete_candidates(search, metric)
    name = metric_of(search, metric)
    results = search.cv_results_
    scores = np.array(results[f"mean_test_{name}"], dtype=float)
    scores[~np.isfinite(scores)] = np.nan
    is_complete = np.zeros(len(scores), dtype=bool)
    is_complete[indices] = True
    return Candidates(results["params"], scores, is_complete, name)


def placed_of(search: Any, metric: str | None, max_parameters: int) -> Placed:
    """Return the candidates of a fitted search on the axes of its parameters.

    Parameters
    ----------
    search : estimator
        Of this library or of scikit-learn.
    metric : str or None
        One of several metrics; None is the one that selected the best candidate.
    max_parameters : int
        Of more parameters, those that matter most are taken.

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    ValueError
        If there is no such metric, no candidate has a score on every split, or no parameter has
        two values.
    """
    check_count("max_parameters", max_parameters)
    found = candidates_of(search, metric)
    space = Space(space_of(search))
    axes = parameter_axes(space, found.params)
    axes = {name: axis for name, axis in axes.items() if name in space.names}
    if not axes:
        raise ValueError("no parameter of this search has two values.")
    names = most_important(search, metric, list(axes), max_parameters)
    axes = {name: axes[name] for name in names}
    places = values_of(space, found.params, axes)
    positions = np.column_stack([places[name] for name in axes])
    return Placed(axes, positions, found.scores, found.is_complete)


def most_important(search: Any, metric: str | None, names: list[str], n: int) -> list[str]:
    """Return the parameters that matter most, in the order in which they are given.

    Parameters
    ----------
    search : estimator
        Fitted.
    metric : str or None
    names : list of str
    n : int
        Maximum number of parameters.
    """
    if len(names) <= n:
        return names
    try:
        ranked = parameter_importance(search, metric=metric).names
    except ValueError:  # one candidate has a score
        ranked = []
    chosen = [*[name for name in ranked if name in names], *names]
    first = list(dict.fromkeys(chosen))[:n]
    return [name for name in names if name in first]


def score_name_of(search: Any, metric: str) -> str:
    """Return what the axis of scores is called.

    Parameters
    ----------
    search : estimator
    metric : str
    """
    scoring = getattr(search, "scoring", None)
    return plain(scoring if metric == "score" and isinstance(scoring, str) else metric)


def check_count(name: str, value: Any) -> None:
    """Raise if a number of things to draw is not a positive integer.

    Parameters
    ----------
    name : str
    value : object
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name}={value!r}: give a positive integer.")
