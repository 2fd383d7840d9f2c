"""Figures of the displays: where they are drawn, their colours, and labels that do not overlap.

matplotlib is an optional extra, so it is imported by name and only when something is drawn. All
colours are those of the style in use, or of a map that is chosen by the background.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from math import radians, sin
from typing import Any

import numpy as np

from skbayes.trial import FloatArray

FAINT = 0.45
"""Opacity of what stands behind."""


def pyplot_for(display: str) -> Any:
    """Return `matplotlib.pyplot`.

    Parameters
    ----------
    display : str
        Name of the class that needs it.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import_module("matplotlib")
        return import_module("matplotlib.pyplot")
    except ImportError as error:
        raise ImportError(f'{display} needs matplotlib; pip install "skbayes[plot]".') from error


def axes_for(display: str, ax: Any, size: tuple[float, float] | None = None) -> Any:
    """Return the axes to draw on, those of a new figure if none are given.

    Parameters
    ----------
    display : str
        Name of the class that draws.
    ax : matplotlib axes or None
    size : tuple of float, default=None
        Width and height of a new figure in inches.
    """
    plt = pyplot_for(display)
    if ax is None:
        return plt.figure(figsize=size, layout="constrained").add_subplot()
    if not hasattr(ax, "get_subplotspec"):
        raise ValueError(f"ax: {display} is drawn on one axes, not on a {type(ax).__name__}.")
    return ax


def grid_for(display: str, ax: Any, shape: tuple[int, int], size: tuple[float, float]) -> Any:
    """Return a figure and a grid to add axes to, within the given axes if there are any.

    Parameters
    ----------
    display : str
        Name of the class that draws.
    ax : matplotlib axes or None
        Becomes empty, and the grid takes its place.
    shape : tuple of int
    size : tuple of float
        Width and height of a new figure in inches.
    """
    plt = pyplot_for(display)
    if ax is None:
        figure = plt.figure(figsize=size, layout="constrained")
        return figure, figure.add_gridspec(*shape)
    place = ax.get_subplotspec() if hasattr(ax, "get_subplotspec") else None
    if place is None:
        raise ValueError(
            f"ax: {display} draws several panels, and needs the axes of plt.subplots() to divide "
            "them; leave ax out for a figure of its own."
        )
    ax.set_axis_off()
    return ax.figure, place.subgridspec(*shape)


def background_of(ax: Any) -> Any:
    """Return the colour behind the data.

    Parameters
    ----------
    ax : matplotlib axes
    """
    color = ax.get_facecolor()
    return color if color[3] > 0.5 else ax.figure.get_facecolor()


def foreground() -> Any:
    """Return the colour of text in the style in use."""
    return import_module("matplotlib").rcParams["text.color"]


def score_map(ax: Any) -> Any:
    """Return a map of colours whose best end stands out from the background.

    Parameters
    ----------
    ax : matplotlib axes
    """
    red, green, blue, _ = background_of(ax)
    is_dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
    stops = np.linspace(0.12, 1.0, 256) if is_dark else np.linspace(0.92, 0.0, 256)
    matplotlib = import_module("matplotlib")
    colors = matplotlib.colormaps["viridis"](stops)
    return import_module("matplotlib.colors").ListedColormap(colors, name="score")


def score_norm(scores: FloatArray) -> Any:
    """Return the scale of colours for scores; those below its lower end look as that end.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Finite, n > 0.
    """
    low, high = score_range(scores)
    return import_module("matplotlib.colors").Normalize(low, high, clip=True)


def score_range(scores: FloatArray) -> tuple[float, float]:
    """Return the range of scores worth a look: the best, and the worst that is no disaster.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Finite, n > 0.

    Returns
    -------
    low, high : float
        `low` is at most thrice as far below the best score as the median is, or a lower quantile
        if the median is the best score; always less than `high`.

    Examples
    --------
    >>> import numpy as np
    >>> score_range(np.array([0.5, 0.75, 1.0]))
    (0.5, 1.0)
    >>> score_range(np.array([-1e6, 0.5, 0.75, 0.75, 1.0]))
    (0.25, 1.0)
    """
    high = float(scores.max())
    for share in (0.5, 0.25, 0.1, 0.0):
        typical = float(np.quantile(scores, share))
        low = max(float(scores.min()), high - 3.0 * (high - typical))
        if high - low > 1e-9 * max(abs(low), abs(high)):
            return low, high
    room = 0.01 * abs(high) or 0.01
    return high - room, high + room


def colorbar(mappable: Any, axes: Any, name: str, scores: FloatArray, **kwargs: Any) -> Any:
    """Draw the scale of colours, with an arrow if scores lie below it.

    Parameters
    ----------
    mappable : matplotlib artist
    axes : matplotlib axes or list of them
    name : str
    scores : ndarray of shape (n,)
    **kwargs : dict
        For `colorbar`.
    """
    figure = np.ravel([axes])[0].figure
    extend = "min" if scores.min() < mappable.norm.vmin else "neither"
    style = {"extend": extend, "extendfrac": 0.03, "pad": 0.02, "aspect": 32} | kwargs
    bar = figure.colorbar(mappable, ax=axes, label=name, **style)
    bar.locator = import_module("matplotlib.ticker").MaxNLocator(6)
    bar.update_ticks()
    return bar


def settle(axes: Iterable[Any]) -> None:
    """Turn tick labels that overlap, and if that is not enough, leave some out.

    Parameters
    ----------
    axes : iterable of matplotlib axes
        All of one figure.
    """
    axes = list(axes)
    figure = axes[0].figure.canvas.figure
    figure.draw_without_rendering()
    crowded = [ax for ax in axes if crowding(ax.xaxis) > 1.0]
    for ax in crowded:
        is_on_top = ax.xaxis.get_ticks_position() == "top"
        for label in ax.get_xticklabels():
            label.set(rotation=45, ha="left" if is_on_top else "right", rotation_mode="anchor")
    if crowded:
        figure.draw_without_rendering()
    for axis in (axis for ax in axes for axis in (ax.xaxis, ax.yaxis)):
        every = int(np.ceil(crowding(axis)))
        if every > 1:
            texts = [label.get_text() for label in axis.get_ticklabels()]
            kept = [text if i % every == 0 else "" for i, text in enumerate(texts)]
            axis.set_ticks(axis.get_ticklocs(), kept)


def crowding(axis: Any) -> float:
    """Return the room that tick labels need, relative to what there is for them.

    Parameters
    ----------
    axis : matplotlib axis
        Laid out.

    Returns
    -------
    crowding : float
        They do not overlap if it is at most 1.
    """
    places, labels = shown_labels(axis)
    if len(labels) < 2:
        return 0.0
    is_x = axis.axis_name == "x"
    ends = [places, np.full(len(places), axis.axes.get_ybound()[0])]
    if not is_x:
        ends = [np.full(len(places), axis.axes.get_xbound()[0]), places]
    pixels = axis.axes.transData.transform(np.column_stack(ends))[:, 0 if is_x else 1]
    order = np.argsort(pixels)
    if labels[0].get_rotation() % 90.0:
        height = labels[0].get_fontsize() * axis.axes.figure.dpi / 72.0
        needed = np.full(len(labels) - 1, 1.25 * height / sin(radians(labels[0].get_rotation())))
    else:
        boxes = [labels[i].get_window_extent() for i in order]
        sizes = np.array([box.width + 6.0 if is_x else box.height for box in boxes])
        needed = (sizes[:-1] + sizes[1:]) / 2.0
    return float((needed / np.maximum(np.diff(pixels[order]), 1e-9)).max())


def shown_labels(axis: Any) -> tuple[FloatArray, list[Any]]:
    """Return the positions and labels of the ticks that are drawn with a text.

    Parameters
    ----------
    axis : matplotlib axis
    """
    low, high = sorted(axis.get_view_interval())
    pairs = [
        (place, label)
        for place, label in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False)
        if label.get_text() and low <= place <= high
    ]
    return np.array([place for place, _ in pairs], dtype=float), [label for _, label in pairs]
