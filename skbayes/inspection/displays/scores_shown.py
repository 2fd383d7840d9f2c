"""Scores in a picture: dots for trials, a star for the best, and an edge for disasters."""

from __future__ import annotations

from typing import Any

import numpy as np

from skbayes.inspection.displays.figures import background_of, foreground
from skbayes.trial import FloatArray

DOT = 0.65
"""Opacity of dots."""


def limit_scores(ax: Any, low: float, high: float, n_below: int) -> None:
    """Set the limits of an axis of scores; the legend says how many scores lie below them.

    Parameters
    ----------
    ax : matplotlib axes
    low, high : float
    n_below : int
    """
    room = 0.06 * (high - low)
    ax.set_ylim(low - room, high + room)
    if n_below:
        label = f"{n_below} lower score{'s' if n_below > 1 else ''}"
        ax.scatter([], [], marker="v", s=22, color=[foreground()], alpha=DOT, label=label)


def draw_trials(ax: Any, x: FloatArray, y: FloatArray, low: float, **kwargs: Any) -> int:
    """Draw a dot for each trial, or a triangle at the edge if its score is too low.

    Parameters
    ----------
    ax : matplotlib axes
    x, y : ndarray of shape (n,)
    low : float
        The lowest score that is drawn.
    **kwargs : dict
        For `scatter`.

    Returns
    -------
    n_below : int
    """
    is_below = y < low
    style = {"s": 22, "linewidths": 0, "zorder": 2, "alpha": DOT} | kwargs
    ax.scatter(x[~is_below], y[~is_below], **style)
    ax.scatter(x[is_below], np.full(is_below.sum(), low), **style | {"marker": "v", "label": None})
    return int(is_below.sum())


def draw_best(ax: Any, x: float, y: float) -> Any:
    """Draw a star.

    Parameters
    ----------
    ax : matplotlib axes
    x, y : float
    """
    return ax.scatter(
        [x], [y], marker="*", s=170, zorder=5, label="best",
        facecolor=[foreground()], edgecolor=[background_of(ax)], linewidths=0.8,
    )  # fmt: skip


def legend_above(ax: Any) -> None:
    """Draw a legend above the axes, where it hides nothing, if there is anything to say.

    Parameters
    ----------
    ax : matplotlib axes
    """
    handles, labels = ax.get_legend_handles_labels()
    if not handles:
        return
    points = ax.get_window_extent().width / ax.figure.dpi * 72.0
    longest = max(map(len, labels))
    n_columns = int(np.clip(points / (5.5 * longest + 36.0), 1, len(labels)))
    ax.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.3,
        frameon=False, fontsize="small", ncols=n_columns, columnspacing=1.4, handletextpad=0.5,
    )  # fmt: skip
