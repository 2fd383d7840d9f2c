"""Bars of how much each parameter matters."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from skbayes.inspection.displays.axes_labels import plain_all
from skbayes.inspection.displays.candidates import check_count
from skbayes.inspection.displays.figures import FAINT, axes_for, foreground, pyplot_for, settle
from skbayes.inspection.displays.scores_shown import legend_above
from skbayes.inspection.importance import Importance, parameter_importance


class ParameterImportanceDisplay:
    """Bars of how much of the variance of the score each parameter explains.

    It is recommended to make it with `from_search`.

    Parameters
    ----------
    importance : Importance
    max_parameters : int, default=15
        Number of bars; the most important parameters are shown.

    Attributes
    ----------
    ax_ : matplotlib axes
    figure_ : matplotlib figure
    bars_ : list of matplotlib containers
        The total effects, and the main effects in front of them.

    See Also
    --------
    skbayes.inspection.parameter_importance : The numbers.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection import ParameterImportanceDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": loguniform(1, 100), "kernel": ["rbf", "sigmoid"]}
    >>> search = BayesSearchCV(SVC(), space, n_iter=8, random_state=0).fit(X, y)
    >>> display = ParameterImportanceDisplay.from_search(search)
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['kernel', 'C']
    """

    def __init__(self, importance: Importance, *, max_parameters: int = 15) -> None:
        self.importance, self.max_parameters = importance, max_parameters

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        among: str = "all",
        max_parameters: int = 15,
        metric: str | None = None,
        random_state: int = 0,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw how much each parameter of a fitted search matters.

        Parameters
        ----------
        search : estimator
            Of this library or of scikit-learn.
        among : {'all', 'best'}, default='all'
            Whether differences count everywhere, or only in the best tenth of the space.
        max_parameters : int, default=15
            Number of bars; the most important parameters are shown.
        metric : str or None, default=None
            One of several metrics; None is the one that selected the best candidate.
        random_state : int, default=0
            Seeds the functions drawn for the intervals.
        ax : matplotlib axes, default=None
        **kwargs : dict
            For `plot`.

        Returns
        -------
        display : ParameterImportanceDisplay
        """
        pyplot_for(cls.__name__)
        check_count("max_parameters", max_parameters)
        found = parameter_importance(search, metric=metric, among=among, random_state=random_state)
        if not found.names:
            raise ValueError("no parameter of this search has two values.")
        return cls(found, max_parameters=max_parameters).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib axes, default=None
        **kwargs : dict
            For the bars.

        Returns
        -------
        display : ParameterImportanceDisplay
        """
        found, n = self.importance, min(len(self.importance.names), self.max_parameters)
        ax = axes_for(type(self).__name__, ax, (6.4, 1.4 + 0.32 * max(n, 3)))
        y = np.arange(n)
        style = {"height": 0.66, "color": "C0"} | kwargs
        whiskers = [found.total[:n] - found.low[:n], found.high[:n] - found.total[:n]]
        total = ax.barh(y, found.total[:n], **style, alpha=FAINT, label="with interactions")
        main = ax.barh(y, found.main[:n], **style, label="alone")
        ax.errorbar(
            found.total[:n], y, xerr=whiskers, fmt="none", ecolor=foreground(),
            elinewidth=1.0, capsize=3.0, label="95 % interval",
        )  # fmt: skip
        ax.set_yticks(y, plain_all(found.names)[:n])
        ax.set_ylim(n - 0.4, -0.6)
        ax.set_xlim(0.0, max(0.05, 1.05 * float(found.high[:n].max())))
        ax.xaxis.set_major_formatter(lambda share, _: f"{100.0 * share:.4g} %")
        where = " among the best" if found.among == "best" else ""
        n_left_out = len(found.names) - n
        more = f"; {n_left_out} less important left out" if n_left_out else ""
        ax.set_xlabel(f"share of the variance of the score{where}{more}")
        legend_above(ax)
        self.bars_, self.ax_, self.figure_ = [total, main], ax, ax.figure
        settle([ax])
        return self
