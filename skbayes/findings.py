"""What a finished search says about its best candidate: the gain over the defaults, and the edges.

These are the two lines with which a search ends, and the first of its report. They need the space
and the table of results alone.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from scipy import stats

from skbayes.evaluation.table import is_evaluated, split_scores
from skbayes.space.axes import Axis, axis_of
from skbayes.space.dimensions import Kind
from skbayes.space.space import Space
from skbayes.space.values import is_number, is_same_value
from skbayes.space.written import shown
from skbayes.surrogate import row_of
from skbayes.trial import FloatArray

EDGE = 0.05
"""Share of a range at its end that counts as the edge."""

SHARE_TOLERANCE = 0.005
"""How exactly a range must be linear and end at 1; an end that no draw gives is left out."""

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Edge:
    """A parameter whose best value lies at an end of its range.

    Parameters
    ----------
    name : str
    value : object
    is_upper : bool
        At which end.

    Examples
    --------
    >>> from skbayes.findings import Edge
    >>> print(Edge("C", 99.8, is_upper=True))
    C=99.8 is at the upper end of its range; larger may be better
    """

    name: str
    value: Any
    is_upper: bool

    def __str__(self) -> str:
        """Return a sentence."""
        end, way = ("upper", "larger") if self.is_upper else ("lower", "smaller")
        return (
            f"{self.name}={short(self.value)} is at the {end} end of its range; {way} may be better"
        )


def short(value: Any) -> str:
    """Return a value as a short text; numbers with four digits.

    Parameters
    ----------
    value : object
    """
    is_fraction = is_number(value) and not isinstance(value, Integral)
    return f"{float(value):.4g}" if is_fraction else shown(value)


@dataclass(frozen=True)
class Gain:
    """How much better one candidate is than another on the same splits.

    Parameters
    ----------
    mean : float
    low, high : float
        Interval of 95 %; infinite if there is one split.

    Examples
    --------
    >>> from skbayes.findings import Gain
    >>> gain = Gain(0.03, -0.01, 0.07)
    >>> print(gain, gain.is_sure)
    +0.03 [-0.01, +0.07] False
    """

    mean: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """Whether the interval is above zero."""
        return self.low > 0.0

    def __str__(self) -> str:
        """Return the numbers."""
        if not np.isfinite(self.low):
            return f"{self.mean:+.3g}"
        return f"{self.mean:+.3g} [{self.low:+.3g}, {self.high:+.3g}]"


def paired_gain(scores: FloatArray, baseline: FloatArray, splits: Any = None) -> Gain:
    """Return the gain of a candidate over a baseline, with an interval.

    Training sets of a cross-validation overlap, so the variance of the mean difference is larger
    than that of independent differences.

    Parameters
    ----------
    scores, baseline : ndarray of shape (K,)
        By split.
    splits : sequence of (ndarray, ndarray), default=None
        Training and test samples; by default those of a K-fold cross-validation.

    Returns
    -------
    gain : Gain

    References
    ----------
    Nadeau & Bengio, "Inference for the Generalization Error", Machine Learning 2003: the variance
    of a difference counts 1 / K + n_test / n_train times.
    """
    differences = np.asarray(scores, dtype=float) - np.asarray(baseline, dtype=float)
    n_splits, mean = len(differences), float(differences.mean())
    if n_splits < 2:
        return Gain(mean, -np.inf, np.inf)
    ratio = 1.0 / (n_splits - 1)
    if splits is not None:
        ratio = float(np.mean([len(test) / max(len(train), 1) for train, test in splits]))
    factor = 1.0 / n_splits + ratio
    error = float(np.sqrt(factor * differences.var(ddof=1)))
    half = error * float(stats.t.ppf((1.0 + CONFIDENCE) / 2.0, n_splits - 1))
    return Gain(mean, mean - half, mean + half)


def index_of_defaults(
    space: Space, estimator_params: Mapping[str, Any], cv_results: Mapping[str, Any]
) -> int | None:
    """Return the index of the candidate that is the estimator as it stands, if it was evaluated.

    Parameters
    ----------
    space : Space
    estimator_params : mapping
        All parameters of the estimator.
    cv_results : mapping

    Returns
    -------
    index : int or None
        None if no candidate that was evaluated on everything has exactly these values.
    """
    is_whole = is_evaluated(cv_results)
    for index in np.flatnonzero(is_whole):
        params = cv_results["params"][index]
        if all(
            name in estimator_params and is_same_value(value, estimator_params[name])
            for name, value in params.items()
            if name in space.names
        ):
            return int(index)
    return None


def edges_of(space: Space, params: Mapping[str, Any]) -> list[Edge]:
    """Return the parameters of a candidate that lie at an end that they could pass.

    Counts cannot be less than one, and shares not more than one.

    Parameters
    ----------
    space : Space
    params : mapping of str to object
        A candidate; one outside the space has no edges.
    """
    row = row_of(space, params)
    if not ((row >= 0.0) & (row <= 1.0)).all():
        return []
    number = space.subspace_of(row)
    edges = []
    for name, (dimension, columns) in space.subspaces[number].items():
        if not dimension.columns or name not in params or not is_number(params[name]):
            continue
        if dimension.columns[-1].kind is Kind.CATEGORICAL:
            continue
        position = float(row[columns][-1])
        axis = axis_of(space, number, name, 3)
        low, high = _ends(axis)
        if position <= max(low, EDGE) and not _begins_at_one(axis):
            edges.append(Edge(name, params[name], is_upper=False))
        elif position >= min(high, 1.0 - EDGE) and not _is_share(axis):
            edges.append(Edge(name, params[name], is_upper=True))
    return edges


def _begins_at_one(axis: Axis) -> bool:
    """Whether there is probably nothing below, as for a number of neighbours."""
    smallest = min(value for value in axis.values if is_number(value))
    return isinstance(smallest, Integral) and smallest in (0, 1)


def _is_share(axis: Axis) -> bool:
    """Whether there is probably nothing above: numbers up to 1 on a linear scale."""
    if not all(map(is_number, axis.values)) or isinstance(axis.values[-1], Integral):
        return False
    x, values = axis.rows[:, -1], np.array(axis.values, dtype=float)
    slope, at_zero = np.polyfit(x, values, 1)
    is_linear = np.allclose(at_zero + slope * x, values, rtol=0.0, atol=SHARE_TOLERANCE)
    return bool(is_linear and at_zero >= 0.0 and abs(at_zero + slope - 1.0) < SHARE_TOLERANCE)


def _ends(axis: Axis) -> tuple[float, float]:
    """Return the positions of the smallest and of the largest number of an axis."""
    last = [row[-1] for row, value in zip(axis.rows, axis.values, strict=True) if is_number(value)]
    return float(min(last)), float(max(last))


def closing_lines(
    space: Space,
    estimator: Any,
    cv_results: Mapping[str, Any],
    metric: str,
    best: int,
    splits: Any = None,
    failed: Container[int] = (),
    is_noisy: bool = False,
) -> list[str]:
    """Return the two lines that matter at the end of a search.

    Parameters
    ----------
    space : Space
    estimator : estimator
    cv_results : mapping
    metric : str
    best : int
        Index of the best candidate.
    splits : sequence of (ndarray, ndarray), default=None
        Training and test samples of each split.
    failed : container of int, default=()
        Indices of candidates that failed, even if they have a score.
    is_noisy : bool, default=False
        Whether fitting again gives other scores.

    Returns
    -------
    lines : list of str
        The gain over the defaults, and if there is one a warning of edges.
    """
    scores = split_scores(cv_results, metric)
    means = np.where(is_evaluated(cv_results), scores.mean(axis=1), -np.inf)
    other = "Chosen by the surrogate, as fits are noisy" if is_noisy else "Chosen by refit"
    what = "Best score" if means[best] >= np.nanmax(means) else f"{other}: score"
    score = f"{what} {float(means[best]):.5g} [{best + 1}]"
    defaults = index_of_defaults(space, estimator.get_params(deep=True), cv_results)
    if defaults is None or defaults in failed or not np.isfinite(scores[defaults]).all():
        lines = [f"{score}; with initial_params='default' it is compared with the defaults"]
    elif defaults == best:
        lines = [f"{score}: the defaults"]
    else:
        gain = paired_gain(scores[best], scores[defaults], splits)
        doubt = "" if gain.is_sure else ", which may be noise"
        lines = [f"{score}, {gain} over the defaults{doubt}"]
    edges = edges_of(space, cv_results["params"][best])
    if edges:
        rest = f" (and {len(edges) - 1} more)" if len(edges) > 1 else ""
        lines.append(f"{edges[0]}{rest}")
    return lines
