"""The scores of a successive halving, rung by rung."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skbayes.evaluation.table import has_most
from skbayes.inspection.displays.axes_labels import number_text, plain
from skbayes.inspection.displays.candidates import candidates_of, score_name_of
from skbayes.inspection.displays.figures import FAINT, axes_for, pyplot_for, score_range, settle
from skbayes.inspection.displays.scores_shown import (
    draw_best,
    draw_trials,
    legend_above,
    limit_scores,
)
from skbayes.space.values import is_same_value
from skbayes.trial import FloatArray

MARKERS = "osD^vP"


@dataclass(frozen=True, eq=False)
class Rungs:
    """The candidates of a successive halving, in the order of ``cv_results_``.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Mean over the splits; NaN for those that failed or were dropped before their last split.
    resources : ndarray of shape (n,)
        How much of the resource each had.
    rung, bracket : ndarray of shape (n,)
        Numbers from 0.
    parent : ndarray of shape (n,)
        Index of the same candidate one rung below; -1 if there is none.
    is_complete : ndarray of shape (n,)
        Whether a candidate has a score on every split of the last rung.
    """

    scores: FloatArray
    resources: FloatArray
    rung: NDArray[np.intp]
    bracket: NDArray[np.intp]
    parent: NDArray[np.intp]
    is_complete: NDArray[np.bool_]


def rungs_of(search: Any, *, metric: str | None = None) -> Rungs:
    """Return the candidates of a successive halving, and which of them were promoted.

    Parameters
    ----------
    search : estimator
        A fitted successive halving, of this library or of scikit-learn.
    metric : str or None, default=None
        One of several metrics; None is the one that selected the best candidate.

    Returns
    -------
    rungs : Rungs

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    ValueError
        If the search is no successive halving, there is no such metric, or no candidate has a
        score in the last rung.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import HalvingBayesSearchCV
    >>> from skbayes.inspection.displays.rungs import rungs_of
    >>> search = HalvingBayesSearchCV(SVC(), {"C": loguniform(1e-2, 1e2)}, random_state=0)
    >>> rungs = rungs_of(search.fit(*load_iris(return_X_y=True)))
    >>> bool((rungs.resources[rungs.parent[rungs.rung == 1]] == search.n_resources_[0][0]).all())
    True
    """
    found = candidates_of(search, metric)
    results = search.cv_results_
    if "iter" not in results or "n_resources" not in results:
        raise ValueError(
            f"{type(search).__name__} has no rungs; give a successive halving, such as "
            "HalvingBayesSearchCV or scikit-learn's HalvingRandomSearchCV."
        )
    rung = np.asarray(results["iter"], dtype=int)
    bracket = np.asarray(results.get("bracket", np.zeros(len(rung))), dtype=int)
    own = [
        {name: value for name, value in params.items() if name != getattr(search, "resource", None)}
        for params in found.params
    ]
    resources = np.asarray(results["n_resources"], dtype=float)
    parent = _parents(own, rung, bracket)
    scores = np.where(has_most(results, "n_splits_evaluated"), found.scores, np.nan)
    return Rungs(scores, resources, rung, bracket, parent, found.is_complete)


def _parents(
    params: list[dict[str, Any]], rung: NDArray[np.intp], bracket: NDArray[np.intp]
) -> NDArray[np.intp]:
    parent = np.full(len(params), -1)
    free: set[int] = set(range(len(params)))
    for i in range(len(params)):
        below = np.flatnonzero((rung == rung[i] - 1) & (bracket == bracket[i]))
        same = [j for j in below if j in free and _is_same(params[i], params[j])]
        if same:
            parent[i] = same[0]
            free.discard(same[0])
    return parent


def _is_same(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    return a.keys() == b.keys() and all(is_same_value(a[name], b[name]) for name in a)


class RungDisplay:
    """The scores of a successive halving against the resource, rung by rung.

    It is recommended to make it with `from_search`.

    Parameters
    ----------
    rungs : Rungs
    resource : str, default='n_resources'
        What the resource is.
    score_name : str, default='score'

    Attributes
    ----------
    ax_ : matplotlib axes
    figure_ : matplotlib figure

    See Also
    --------
    skbayes.inspection.displays.rungs.rungs_of : The numbers.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import HalvingBayesSearchCV
    >>> from skbayes.inspection import RungDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> search = HalvingBayesSearchCV(SVC(), {"C": loguniform(1e-2, 1e2)}, random_state=0)
    >>> display = RungDisplay.from_search(search.fit(X, y))
    >>> display.ax_.get_xlabel()
    'number of samples'
    """

    def __init__(
        self, rungs: Rungs, *, resource: str = "n_resources", score_name: str = "score"
    ) -> None:
        self.rungs, self.resource, self.score_name = rungs, resource, score_name

    @classmethod
    def from_search(
        cls, search: Any, *, metric: str | None = None, ax: Any = None, **kwargs: Any
    ) -> Self:
        """Draw the rungs of a fitted successive halving.

        Parameters
        ----------
        search : estimator
            Of this library or of scikit-learn.
        metric : str or None, default=None
            One of several metrics; None is the one that selected the best candidate.
        ax : matplotlib axes, default=None
        **kwargs : dict
            For `plot`.

        Returns
        -------
        display : RungDisplay
        """
        pyplot_for(cls.__name__)
        rungs = rungs_of(search, metric=metric)
        name = score_name_of(search, candidates_of(search, metric).metric)
        resource = getattr(search, "resource", "n_resources")
        return cls(rungs, resource=resource, score_name=name).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw a dot for each candidate in each rung, and lines between those of the same one.

        Parameters
        ----------
        ax : matplotlib axes, default=None
        **kwargs : dict
            For the lines.

        Returns
        -------
        display : RungDisplay
        """
        ax = axes_for(type(self).__name__, ax)
        rungs = self.rungs
        low, high = score_range(rungs.scores[np.isfinite(rungs.scores)])
        n_below = 0
        brackets = np.unique(rungs.bracket)
        for number in brackets:
            own = (rungs.bracket == number) & np.isfinite(rungs.scores)
            color = f"C{number % 10}"
            style = {"color": color, "alpha": FAINT + 0.1, "linewidth": 1.0} | kwargs
            for i in np.flatnonzero(own & (rungs.parent >= 0)):
                pair = [rungs.parent[i], i]
                ax.plot(rungs.resources[pair], np.maximum(rungs.scores[pair], low), **style)
            marker = MARKERS[number % len(MARKERS)]
            dots = {"color": color, "marker": marker, "label": f"bracket {number}"}
            n_below += draw_trials(ax, rungs.resources[own], rungs.scores[own], low, **dots)
        best = int(np.where(rungs.is_complete, rungs.scores, -np.inf).argmax())
        draw_best(ax, rungs.resources[best], rungs.scores[best])
        self._label(ax)
        limit_scores(ax, low, high, n_below)
        legend_above(ax)
        self.ax_, self.figure_ = ax, ax.figure
        settle([ax])
        return self

    def _label(self, ax: Any) -> None:
        amounts = np.unique(self.rungs.resources)
        if amounts[0] > 0.0:
            ax.set_xscale("log")
            ax.set_xlim(amounts[0] / 1.15, amounts[-1] * 1.15)
        ax.set_xticks(amounts, [number_text(amount) for amount in amounts])
        ax.set_xticks([], minor=True)
        ax.locator_params(axis="y", nbins=8)
        resource = "number of samples" if self.resource == "n_samples" else self.resource
        ax.set(xlabel=plain(resource), ylabel=self.score_name)
