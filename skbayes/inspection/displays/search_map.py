"""Where a search looked: the candidates over each pair of parameters."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from skbayes.inspection.displays.axes_labels import plain_all
from skbayes.inspection.displays.candidates import (
    Placed,
    candidates_of,
    placed_of,
    score_name_of,
)
from skbayes.inspection.displays.figures import (
    FAINT,
    background_of,
    colorbar,
    foreground,
    grid_for,
    pyplot_for,
    score_map,
    score_norm,
    settle,
)
from skbayes.inspection.displays.parameter_axes import ParameterAxis
from skbayes.inspection.displays.scores_shown import draw_best
from skbayes.trial import FloatArray

N_BINS = 12
"""Number of bars of a histogram of numbers."""

N_TICKS = 4
"""Number of tick labels of an axis of numbers."""


class SearchMapDisplay:
    """The candidates over each pair of parameters, and how often each value was tried.

    It is recommended to make it with `from_search`.

    Parameters
    ----------
    placed : Placed
        The candidates on the axes of their parameters.
    score_name : str, default='score'

    Attributes
    ----------
    ax_ : ndarray of matplotlib axes, of shape (n_parameters, n_parameters)
        None above the diagonal.
    figure_ : matplotlib figure

    See Also
    --------
    skbayes.inspection.displays.candidates.placed_of : The numbers.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection import SearchMapDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 1e1)}
    >>> search = BayesSearchCV(SVC(), space, n_iter=8, random_state=0).fit(X, y)
    >>> display = SearchMapDisplay.from_search(search)
    >>> display.ax_.shape
    (2, 2)
    """

    def __init__(self, placed: Placed, *, score_name: str = "score") -> None:
        self.placed, self.score_name = placed, score_name

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        max_parameters: int = 6,
        metric: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw where a fitted search looked.

        Parameters
        ----------
        search : estimator
            Of this library or of scikit-learn.
        max_parameters : int, default=6
            Of more parameters, those that matter most are shown.
        metric : str or None, default=None
            One of several metrics; None is the one that selected the best candidate.
        ax : matplotlib axes, default=None
            The panels take its place.
        **kwargs : dict
            For `plot`.

        Returns
        -------
        display : SearchMapDisplay
        """
        pyplot_for(cls.__name__)
        placed = placed_of(search, metric, max_parameters)
        name = score_name_of(search, candidates_of(search, metric).metric)
        return cls(placed, score_name=name).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the panels.

        Candidates that are not complete are crosses without a colour. Those with the same listed
        value are spread a little, so that they do not hide each other.

        Parameters
        ----------
        ax : matplotlib axes, default=None
            The panels take its place.
        **kwargs : dict
            For the dots.

        Returns
        -------
        display : SearchMapDisplay
        """
        axes = list(self.placed.axes.values())
        k = len(axes)
        side = max(4.8, 1.2 + 1.75 * k)
        figure, grid = grid_for(type(self).__name__, ax, (k, k), (side + 1.0, side))
        panels = np.full((k, k), None, dtype=object)
        spread = _spread(self.placed)
        for i in range(k):
            for j in range(i + 1):
                panel = panels[i, j] = figure.add_subplot(grid[i, j])
                if i == j:
                    _draw_histogram(panel, axes[i], self.placed.positions[:, i])
                else:
                    dots = self._draw_dots(panel, spread[:, [j, i]], **kwargs)
                    axes[i].apply_to(panel.yaxis, _n_ticks(axes[i]), 10)
                axes[j].apply_to(panel.xaxis, _n_ticks(axes[j]), 10)
                _label_edges(panel, i, j, axes)
        drawn = [panel for panel in panels.ravel() if panel is not None]
        if k > 1:
            complete = self.placed.scores[self.placed.is_complete]
            colorbar(dots, drawn, self.score_name, complete, shrink=0.6, anchor=(0.0, 1.0))
        self.ax_, self.figure_ = panels, figure
        settle(drawn)
        return self

    def _draw_dots(self, panel: Any, points: FloatArray, **kwargs: Any) -> Any:
        placed = self.placed
        complete = np.flatnonzero(placed.is_complete)
        own = complete[np.argsort(placed.scores[complete], kind="stable")]
        rest = points[~placed.is_complete]
        panel.scatter(*rest.T, marker="x", s=12, c=[foreground()], alpha=FAINT, linewidths=0.8)
        style = {"s": 22, "edgecolors": [foreground()], "linewidths": 0.3} | kwargs
        colors = {"cmap": score_map(panel), "norm": score_norm(placed.scores[own])}
        dots = panel.scatter(*points[own].T, c=placed.scores[own], **style, **colors)
        if np.isfinite(points[own[-1]]).all():
            draw_best(panel, *points[own[-1]])
        return dots


def _n_ticks(axis: ParameterAxis) -> int:
    return 12 if axis.span is None else N_TICKS


def _label_edges(panel: Any, i: int, j: int, axes: list[ParameterAxis]) -> None:
    """Label the left and the lower panels only."""
    is_left, is_low = j == 0, i == len(axes) - 1
    labels = plain_all([axis.name for axis in axes], 16)
    panel.tick_params(labelleft=is_left, labelbottom=is_low, labelsize="small")
    if i == j > 0:
        panel.set_yticks([])
    if is_low:
        panel.set_xlabel(labels[j], fontsize="small")
    if is_left:
        panel.set_ylabel("trials" if i == 0 else labels[i], fontsize="small")


def _draw_histogram(panel: Any, axis: ParameterAxis, places: FloatArray) -> None:
    places = places[np.isfinite(places)]
    edges = np.linspace(axis.start if axis.span is not None else 0.0, 1.0, N_BINS + 1)
    if axis.span is None:
        edges = np.linspace(0.0, 1.0, len(axis.levels) + 1)
    else:
        lower = [axis.place(level) for level in axis.levels]
        panel.bar(lower, [np.isclose(places, x).sum() for x in lower], 0.06, color="C0")
        places = places[places >= edges[0] - 1e-9]
    counts, _ = np.histogram(np.clip(places, 0.0, 1.0), edges)
    middles, width = (edges[:-1] + edges[1:]) / 2.0, edges[1] - edges[0]
    panel.bar(middles, counts, 0.92 * width, color="C0", edgecolor=background_of(panel))
    panel.locator_params(axis="y", nbins=4, integer=True)


def _spread(placed: Placed) -> FloatArray:
    """Return positions moved at random within the cells of listed values."""
    rng = np.random.default_rng(0)
    moved = placed.positions.copy()
    for j, axis in enumerate(placed.axes.values()):
        if axis.span is None:
            moved[:, j] += rng.uniform(-0.25, 0.25, len(moved)) / len(axis.levels)
    return moved
