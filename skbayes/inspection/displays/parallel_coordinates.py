"""One line per candidate over the axes of all parameters."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Self

import numpy as np

from skbayes.inspection.displays.axes_labels import number_text, plain_all, round_ticks
from skbayes.inspection.displays.candidates import (
    Placed,
    candidates_of,
    check_count,
    placed_of,
    score_name_of,
)
from skbayes.inspection.displays.figures import (
    axes_for,
    background_of,
    colorbar,
    foreground,
    pyplot_for,
    score_map,
    score_norm,
    score_range,
    settle,
)
from skbayes.trial import FloatArray

N_TICKS = 6
"""Number of tick labels of each axis of numbers."""


class ParallelCoordinatesDisplay:
    """One line per candidate over the axes of all parameters and the score.

    It is recommended to make it with `from_search`.

    Parameters
    ----------
    placed : Placed
        The candidates on the axes of their parameters.
    n_best : int or None, default=None
        Number of candidates with a colour, the best ones; None is all complete ones.
    score_name : str, default='score'

    Attributes
    ----------
    candidates : ndarray of shape (n_lines,)
        Indices in ``cv_results_`` of the candidates with a colour, the best one last.
    ax_ : matplotlib axes
    figure_ : matplotlib figure
    lines_ : matplotlib collection
        Of the candidates with a colour.

    See Also
    --------
    skbayes.inspection.displays.candidates.placed_of : The numbers.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection import ParallelCoordinatesDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 1e1)}
    >>> search = BayesSearchCV(SVC(), space, n_iter=8, random_state=0).fit(X, y)
    >>> display = ParallelCoordinatesDisplay.from_search(search, n_best=3)
    >>> len(display.candidates)
    3
    """

    def __init__(
        self, placed: Placed, *, n_best: int | None = None, score_name: str = "score"
    ) -> None:
        self.placed, self.n_best, self.score_name = placed, n_best, score_name

    @property
    def candidates(self) -> Any:
        """Indices of the candidates with a colour, the best one last."""
        complete = np.flatnonzero(self.placed.is_complete)
        order = complete[np.argsort(self.placed.scores[complete], kind="stable")]
        return order if self.n_best is None else order[-self.n_best :]

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        n_best: int | None = None,
        max_parameters: int = 12,
        metric: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the candidates of a fitted search.

        The line of a candidate is interrupted where it does not have a parameter.

        Parameters
        ----------
        search : estimator
            Of this library or of scikit-learn.
        n_best : int or None, default=None
            Number of candidates with a colour, the best ones; None is all complete ones. The
            others stand behind.
        max_parameters : int, default=12
            Of more parameters, those that matter most are shown.
        metric : str or None, default=None
            One of several metrics; None is the one that selected the best candidate.
        ax : matplotlib axes, default=None
        **kwargs : dict
            For `plot`.

        Returns
        -------
        display : ParallelCoordinatesDisplay
        """
        pyplot_for(cls.__name__)
        if n_best is not None:
            check_count("n_best", n_best)
        placed = _shared_last(placed_of(search, metric, max_parameters))
        name = score_name_of(search, candidates_of(search, metric).metric)
        return cls(placed, n_best=n_best, score_name=name).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the lines.

        Parameters
        ----------
        ax : matplotlib axes, default=None
        **kwargs : dict
            For the lines with a colour.

        Returns
        -------
        display : ParallelCoordinatesDisplay
        """
        placed, names = self.placed, list(self.placed.axes)
        k = len(names)
        size = (max(6.4, 1.25 * (k + 1) + 1.2), 4.8)
        ax = axes_for(type(self).__name__, ax, size)
        own, scores = self.candidates, placed.scores[placed.is_complete]
        low, high = score_range(placed.scores[own])
        heights = np.clip((placed.scores - low) / (high - low), 0.0, 1.0)
        points = np.column_stack([placed.positions, heights])
        behind = np.setdiff1d(np.arange(len(points)), own)
        faint = {"color": [foreground()], "alpha": 0.25, "linewidths": 0.8, "zorder": 1}
        _draw_lines(ax, points[behind], **faint)
        colors = {"cmap": score_map(ax), "norm": score_norm(placed.scores[own])}
        style = colors | {"linewidths": 1.4, "alpha": 0.85, "zorder": 2} | kwargs
        self.lines_ = _draw_lines(ax, points[own], placed.scores[own], **style)
        if len(own):
            _draw_lines(ax, points[own[-1:]], placed.scores[own[-1:]], **style | {"linewidths": 3})
        self._draw_axes(ax, low, high, bool((placed.scores[own] < low).any()))
        colorbar(self.lines_, ax, self.score_name, scores)
        self.ax_, self.figure_ = ax, ax.figure
        settle([ax])
        return self

    def _draw_axes(self, ax: Any, low: float, high: float, has_lower: bool) -> None:
        axes = list(self.placed.axes.values())
        k = len(axes)
        for spine in ax.spines.values():
            spine.set_visible(False)
        ax.set(xlim=(-0.15, k + 0.75), ylim=(-0.05, 1.05), yticks=[])
        ax.vlines(np.arange(k + 1), 0.0, 1.0, color=foreground(), linewidth=0.8, zorder=3)
        width = ax.get_window_extent().width / ax.figure.dpi * 72.0 / (k + 0.9)
        n_characters = int(np.clip(width / 6.5, 4, 24))
        for x, axis in enumerate(axes):
            n_ticks = N_TICKS if axis.span is not None else 12
            _write_ticks(ax, x, *axis.ticks(n_ticks, n_characters))
        ticks = round_ticks(low, high, False, N_TICKS, False)
        labels = [number_text(tick) for tick in ticks]
        if has_lower and ticks and (ticks[0] - low) / (high - low) > 0.08:
            ticks, labels = [low, *ticks], [f"≤{number_text(float(f'{low:.2g}'))}", *labels]
        _write_ticks(ax, k, (np.array(ticks) - low) / (high - low), labels)
        ax.xaxis.tick_top()
        ax.tick_params(axis="x", length=0)
        ax.set_xticks(np.arange(k + 1), [*plain_all(list(self.placed.axes)), self.score_name])


def _shared_last(placed: Placed) -> Placed:
    """Return parameters that few candidates have first, so that most lines reach the score."""
    n_with = np.isfinite(placed.positions).sum(axis=0)
    order = np.argsort(n_with, kind="stable")
    items = list(placed.axes.items())
    axes = dict(items[j] for j in order)
    return Placed(axes, placed.positions[:, order], placed.scores, placed.is_complete)


def _write_ticks(ax: Any, x: float, positions: FloatArray, labels: list[str]) -> None:
    background = {
        "facecolor": background_of(ax), "alpha": 0.75, "edgecolor": "none", "pad": 0.8,
    }  # fmt: skip
    for y, label in zip(positions, labels, strict=True):
        ax.plot([x - 0.02, x + 0.02], [y, y], color=foreground(), linewidth=0.8, zorder=3)
        ax.annotate(
            label, (x, y), xytext=(4, 0), textcoords="offset points", va="center",
            fontsize="small", bbox=background, zorder=4,
        )  # fmt: skip


def _draw_lines(ax: Any, points: FloatArray, scores: Any = None, **style: Any) -> Any:
    """Draw lines through points, interrupted where one is NaN, and dots that stand alone."""
    collections = import_module("matplotlib.collections")
    x = np.arange(points.shape[1])
    segments, of_line = [], []
    for number, heights in enumerate(points):
        has = np.isfinite(heights)
        for j in np.flatnonzero(has[:-1] & has[1:]):
            segments.append([(x[j], heights[j]), (x[j + 1], heights[j + 1])])
            of_line.append(number)
    array = None if scores is None else scores[np.array(of_line, dtype=int)]
    lines = collections.LineCollection(segments, array=array, capstyle="round", **style)
    ax.add_collection(lines, autolim=False)
    of_dot, at = np.nonzero(np.isfinite(points))
    dots = {key: style[key] for key in ("cmap", "norm", "alpha", "zorder", "color") if key in style}
    color = {} if scores is None else {"c": scores[of_dot]}
    ax.scatter(x[at], points[of_dot, at], s=16, linewidths=0, **color, **dots)
    return lines
