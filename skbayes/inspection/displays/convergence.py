"""The best score so far, against what it took to find it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skbayes.evaluation.table import split_scores
from skbayes.inspection.displays.axes_labels import plain_all
from skbayes.inspection.displays.candidates import Candidates, candidates_of, score_name_of
from skbayes.inspection.displays.figures import (
    axes_for,
    pyplot_for,
    score_range,
    settle,
)
from skbayes.inspection.displays.scores_shown import draw_trials, legend_above, limit_scores
from skbayes.trial import FloatArray

LABELS = {
    "trials": "trials",
    "fits": "fits (splits evaluated)",
    "time": "time (seconds)",
    "resource": "resource used (full evaluations)",
}


@dataclass(frozen=True, eq=False)
class Convergence:
    """The best score so far of one search.

    Parameters
    ----------
    x : ndarray of shape (n,)
        What was spent until each candidate was finished, increasing.
    scores : ndarray of shape (n,)
        Mean over the splits; NaN for candidates that failed.
    best : ndarray of shape (n,)
        Highest score of a complete candidate so far; NaN as long as there is none.
    is_complete : ndarray of shape (n,)
        Whether a candidate has a score on every split, in the last rung if there are rungs.
    candidates : ndarray of shape (n,)
        Index of each candidate in ``cv_results_``.
    """

    x: FloatArray
    scores: FloatArray
    best: FloatArray
    is_complete: NDArray[np.bool_]
    candidates: NDArray[np.intp]


def convergence_of(search: Any, x: str = "trials", *, metric: str | None = None) -> Convergence:
    """Return the best score so far, and what it took to find it.

    Parameters
    ----------
    search : estimator
        A fitted search, of this library or of scikit-learn.
    x : {'trials', 'fits', 'time', 'resource'}, default='trials'
        What was spent. 'fits' counts the splits that were evaluated. 'time' is seconds since the
        begin of the search; if it does not say when it fitted, or went on from a record, the sum
        of the times of all fits and scores. 'resource' counts evaluations on all splits with all
        of the resource of a successive halving.
    metric : str or None, default=None
        One of several metrics; None is the one that selected the best candidate.

    Returns
    -------
    convergence : Convergence

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    ValueError
        If there is no such metric, or no candidate has a score on every split.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.svm import SVC
    >>> from skbayes.inspection.displays.convergence import convergence_of
    >>> search = GridSearchCV(SVC(), {"C": [0.001, 1, 1000]}).fit(*load_iris(return_X_y=True))
    >>> found = convergence_of(search, "fits")
    >>> found.x.tolist(), bool(found.best[-1] == search.best_score_)
    ([5.0, 10.0, 15.0], True)
    """
    if x not in LABELS:
        raise ValueError(f"x={x!r}: give {', '.join(map(repr, LABELS))}.")
    found = candidates_of(search, metric)
    spent = _spent(search, x, found)
    order = np.argsort(spent, kind="stable")
    best = np.maximum.accumulate(np.where(found.is_complete, found.scores, -np.inf)[order])
    best[~np.isfinite(best)] = np.nan
    return Convergence(spent[order], found.scores[order], best, found.is_complete[order], order)


def _spent(search: Any, x: str, found: Candidates) -> FloatArray:
    results, n = search.cv_results_, len(found.scores)
    if x == "trials":
        return np.arange(1.0, n + 1.0)
    n_splits = split_scores(results, found.metric).shape[1]
    n_evaluated = np.asarray(results.get("n_splits_evaluated", np.full(n, n_splits)), dtype=float)
    if x == "fits":
        return np.cumsum(n_evaluated)
    if x == "resource":
        amounts = np.asarray(results.get("n_resources", np.ones(n)), dtype=float)
        most = max(float(getattr(search, "max_resources_", 0.0)), float(amounts.max()))
        if "n_resources" not in results:
            most = 1.0
        return np.cumsum(n_evaluated * amounts) / (most * n_splits)
    ends = _ends(getattr(search, "timeline_", None), n)
    if ends is not None:
        return ends
    seconds = np.asarray(results["mean_fit_time"]) + np.asarray(results["mean_score_time"])
    return np.cumsum(np.nan_to_num(np.asarray(seconds, dtype=float)) * n_evaluated)


def _ends(timeline: Mapping[str, Any] | None, n: int) -> FloatArray | None:
    """Return when candidates were finished, in seconds since the first fit, if that is known."""
    if timeline is None or len(timeline["end"]) == 0 or not np.all(timeline["end"] > 0.0):
        return None
    ends = np.full(n, -np.inf)
    np.maximum.at(ends, timeline["candidate"], timeline["end"])
    if not np.isfinite(ends).all():
        return None
    out: FloatArray = ends - timeline["begin"].min()
    return out


class ConvergenceDisplay:
    """The best score so far of one or several searches.

    It is recommended to make it with `from_search`.

    Parameters
    ----------
    curves : dict of str to Convergence
        By label.
    x : {'trials', 'fits', 'time', 'resource'}, default='trials'
        What was spent.
    score_name : str, default='score'

    Attributes
    ----------
    ax_ : matplotlib axes
    figure_ : matplotlib figure
    lines_ : list of matplotlib lines
        One per search.

    See Also
    --------
    skbayes.inspection.displays.convergence.convergence_of : The numbers.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection import ConvergenceDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> search = BayesSearchCV(SVC(), {"C": loguniform(1e-3, 1e3)}, n_iter=5, random_state=0)
    >>> display = ConvergenceDisplay.from_search(search.fit(X, y), x="fits")
    >>> display.ax_.get_xlabel()
    'fits (splits evaluated)'
    """

    def __init__(
        self, curves: Mapping[str, Convergence], *, x: str = "trials", score_name: str = "score"
    ) -> None:
        self.curves, self.x, self.score_name = curves, x, score_name

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        x: str = "trials",
        metric: str | None = None,
        labels: Sequence[str] | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the best score so far of fitted searches.

        Candidates that were dropped, and those of lower rungs, are never the best. Scores far below
        the best lie outside the picture: triangles at its lower edge stand for them.

        Parameters
        ----------
        search : estimator, list of estimators, or dict of str to estimator
            Fitted searches, of this library or of scikit-learn; the keys are labels.
        x : {'trials', 'fits', 'time', 'resource'}, default='trials'
            What was spent; see `convergence_of`.
        metric : str or None, default=None
            One of several metrics; None is the one that selected the best candidate.
        labels : sequence of str, default=None
            Of searches that are no dict; the names of their classes by default.
        ax : matplotlib axes, default=None
        **kwargs : dict
            For `plot`.

        Returns
        -------
        display : ConvergenceDisplay
        """
        pyplot_for(cls.__name__)
        searches = _labelled(search, labels)
        curves = {label: convergence_of(each, x, metric=metric) for label, each in searches.items()}
        first = next(iter(searches.values()))
        name = score_name_of(first, candidates_of(first, metric).metric)
        return cls(curves, x=x, score_name=name).plot(ax, **kwargs)

    def plot(self, ax: Any = None, *, show_trials: bool = True, **kwargs: Any) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib axes, default=None
        show_trials : bool, default=True
            Whether there is a dot for each trial; hollow if it is not complete.
        **kwargs : dict
            For the lines.

        Returns
        -------
        display : ConvergenceDisplay
        """
        ax = axes_for(type(self).__name__, ax)
        scores = [curve.scores[curve.is_complete] for curve in self.curves.values()]
        low, high = score_range(np.concatenate(scores))
        styles = cycle(["-", "--", "-.", ":"])
        self.lines_, n_below = [], 0
        texts = plain_all(list(self.curves))
        for text, curve in zip(texts, self.curves.values(), strict=True):
            style = {"drawstyle": "steps-post", "linestyle": next(styles), "zorder": 3}
            (line,) = ax.plot(curve.x, curve.best, **style | kwargs)
            line.set_label(f" {text}" if text.startswith("_") else text)
            self.lines_.append(line)
            if show_trials:
                n_below += _draw_dots(ax, curve, low, line.get_color())
        limit_scores(ax, low, high, n_below)
        ax.set(xlabel=LABELS[self.x], ylabel=f"best {self.score_name} so far")
        ax.locator_params(axis="both", nbins=8)
        if self.x in ("trials", "fits"):
            ax.xaxis.get_major_locator().set_params(integer=True)
        legend_above(ax)
        self.ax_, self.figure_ = ax, ax.figure
        settle([ax])
        return self


def _draw_dots(ax: Any, curve: Convergence, low: float, color: Any) -> int:
    full = curve.is_complete
    part = ~full & np.isfinite(curve.scores)
    n = draw_trials(ax, curve.x[full], curve.scores[full], low, color=color)
    hollow = {"facecolors": "none", "edgecolors": [color], "linewidths": 0.8}
    if part.any():
        n += draw_trials(ax, curve.x[part], curve.scores[part], low, **hollow)
    return n


def _labelled(search: Any, labels: Sequence[str] | None) -> dict[str, Any]:
    if isinstance(search, Mapping):
        if labels is not None:
            raise ValueError("labels: the searches are a dict, whose keys are the labels.")
        searches = {str(label): each for label, each in search.items()}
    else:
        listed = list(search) if isinstance(search, list | tuple) else [search]
        names = [type(each).__name__ for each in listed] if labels is None else list(labels)
        if labels is not None and len(names) != len(listed):
            raise ValueError(f"labels: {len(names)} of them for {len(listed)} searches.")
        repeated = {name for name in names if names.count(name) > 1}
        numbers = {name: iter(range(1, len(names) + 1)) for name in repeated}
        names = [f"{name} {next(numbers[name])}" if name in repeated else name for name in names]
        searches = dict(zip(names, listed, strict=True))
    if not searches:
        raise ValueError("search: the list is empty; give at least one fitted search.")
    return searches
