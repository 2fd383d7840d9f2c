"""The scores of candidates after more and more rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skbayes.inspection.displays.candidates import candidates_of, score_name_of
from skbayes.inspection.displays.figures import (
    FAINT,
    axes_for,
    foreground,
    pyplot_for,
    score_range,
    settle,
)
from skbayes.inspection.displays.scores_shown import legend_above, limit_scores
from skbayes.trial import FloatArray


@dataclass(frozen=True, eq=False)
class StageCurve:
    """The scores of one candidate at every stage.

    Parameters
    ----------
    candidate : int
        Index in ``cv_results_``.
    stages : ndarray of shape (n_stages,)
        Numbers of rounds.
    mean : ndarray of shape (n_stages,)
        Mean over the splits; NaN where a split has no score.
    chosen : int or None
        Position of the stage that the candidate is judged by; None if it has no scores.
    """

    candidate: int
    stages: NDArray[np.int64]
    mean: FloatArray
    chosen: int | None


def stage_curves_of(search: Any, *, metric: str | None = None) -> list[StageCurve]:
    """Return the curves of the candidates that were evaluated on all splits, the best one first.

    Parameters
    ----------
    search : estimator
        Fitted with ``staged=``.
    metric : str or None, default=None
        One of several metrics; None is the one that selected the best candidate.

    Returns
    -------
    curves : list of StageCurve

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    ValueError
        If its estimator did not grow.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import GradientBoostingClassifier
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection.displays.stage_curves import stage_curves_of
    >>> model = GradientBoostingClassifier(n_estimators=10, random_state=0)
    >>> search = BayesSearchCV(model, {"max_depth": [1, 2]}, staged="n_estimators", n_iter=2)
    >>> best = stage_curves_of(search.fit(*load_iris(return_X_y=True)))[0]
    >>> bool(best.mean[best.chosen] == search.best_score_)
    True
    """
    found = candidates_of(search, metric)
    if not hasattr(search, "cv_curves_"):
        raise ValueError(
            "search: it has no curves; give staged= the parameter that counts the rounds, such as "
            "BayesSearchCV(..., staged='n_estimators')."
        )
    ranked = np.argsort(np.where(found.is_complete, -found.scores, np.inf), kind="stable")
    curves = [_curve(search, int(i), found.metric) for i in ranked if found.is_complete[i]]
    known = [curve for curve in curves if np.isfinite(curve.mean).any()]
    if not known:
        raise ValueError("search: no candidate has a score on all splits after any stage.")
    return known


def _curve(search: Any, index: int, metric: str) -> StageCurve:
    curves = search.cv_curves_[index]
    stages = curves["stages"]
    mean = curves.get(f"test_{metric}", np.full((1, len(stages)), np.nan)).mean(axis=0)
    chosen = np.flatnonzero(stages == search.cv_results_["params"][index].get(search.staged))
    return StageCurve(index, stages, mean, int(chosen[0]) if len(chosen) else None)


class StageCurvesDisplay:
    """The scores of the best candidates after more and more rounds.

    It is recommended to make it with `from_search`.

    Parameters
    ----------
    curves : sequence of StageCurve
        The best one first.
    parameter : str, default='rounds'
        What counts the rounds.
    score_name : str, default='score'

    Attributes
    ----------
    ax_ : matplotlib axes
    figure_ : matplotlib figure
    lines_ : list of matplotlib lines
        One per candidate that is drawn.

    See Also
    --------
    skbayes.inspection.displays.stage_curves.stage_curves_of : The numbers.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import GradientBoostingClassifier
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection import StageCurvesDisplay
    >>> model = GradientBoostingClassifier(n_estimators=20, random_state=0)
    >>> space = {"learning_rate": loguniform(0.01, 1)}
    >>> search = BayesSearchCV(model, space, staged="n_estimators", n_iter=5, random_state=0)
    >>> display = StageCurvesDisplay.from_search(search.fit(*load_iris(return_X_y=True)))
    >>> display.ax_.get_xlabel()
    'n_estimators'
    """

    def __init__(
        self,
        curves: Sequence[StageCurve],
        *,
        parameter: str = "rounds",
        score_name: str = "score",
    ) -> None:
        self.curves, self.parameter, self.score_name = curves, parameter, score_name

    @classmethod
    def from_search(
        cls, search: Any, *, metric: str | None = None, ax: Any = None, **kwargs: Any
    ) -> Self:
        """Draw the curves of a fitted search.

        Parameters
        ----------
        search : estimator
            Fitted with ``staged=``.
        metric : str or None, default=None
            One of several metrics; None is the one that selected the best candidate.
        ax : matplotlib axes, default=None
        **kwargs : dict
            For `plot`.

        Returns
        -------
        display : StageCurvesDisplay
        """
        pyplot_for(cls.__name__)
        curves = stage_curves_of(search, metric=metric)
        name = score_name_of(search, candidates_of(search, metric).metric)
        return cls(curves, parameter=search.staged, score_name=name).plot(ax, **kwargs)

    def plot(self, ax: Any = None, *, n_best: int = 10, **kwargs: Any) -> Self:
        """Draw the curves of the best candidates, with a dot at the stage of each.

        Parameters
        ----------
        ax : matplotlib axes, default=None
        n_best : int, default=10
            How many candidates are drawn.
        **kwargs : dict
            For the line of the best one.

        Returns
        -------
        display : StageCurvesDisplay
        """
        ax = axes_for(type(self).__name__, ax)
        drawn = self.curves[:n_best]
        self.lines_ = []
        for rank, curve in enumerate(drawn):
            style = {"color": foreground(), "alpha": FAINT, "linewidth": 1, "zorder": 2}
            if rank == 0:
                style = {"color": "C0", "linewidth": 2, "zorder": 3} | kwargs
            label = {0: "best candidate", 1: "next ones"}.get(rank)
            (line,) = ax.plot(curve.stages, curve.mean, label=label, **style)
            self.lines_.append(line)
            if curve.chosen is not None:
                place = [curve.stages[curve.chosen]], [curve.mean[curve.chosen]]
                ax.scatter(
                    *place,
                    s=25,
                    color=line.get_color(),
                    alpha=line.get_alpha(),
                    zorder=line.get_zorder() + 0.5,
                )
        ends = [curve.mean[np.isfinite(curve.mean)] for curve in drawn]
        low, high = score_range(np.concatenate(ends))
        limit_scores(ax, low, high, 0)
        ax.set(xlabel=self.parameter.rpartition("__")[2], ylabel=f"mean {self.score_name}")
        ax.locator_params(axis="both", nbins=8)
        legend_above(ax)
        self.ax_, self.figure_ = ax, ax.figure
        settle([ax])
        return self
