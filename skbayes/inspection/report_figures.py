"""The pictures of a report, drawn without a screen and without changing pyplot's state."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from skbayes.inspection.displays import ConvergenceDisplay, ParameterImportanceDisplay
from skbayes.inspection.importance import Importance


def figures_of(search: Any, metric: str, importance: Importance | None) -> dict[str, bytes]:
    """Return pictures of a search by their titles, as PNG.

    Parameters
    ----------
    search : estimator
        Fitted.
    metric : str
    importance : Importance or None
        None if it is not known.

    Returns
    -------
    figures : dict of str to bytes
        Empty without matplotlib; without those that cannot be drawn.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return {}
    draw: dict[str, Callable[[Any], Any]] = {
        "Best score so far": lambda ax: ConvergenceDisplay.from_search(search, metric=metric, ax=ax)
    }
    if importance is not None:
        draw["Which parameters mattered"] = ParameterImportanceDisplay(importance).plot
    pictures = {title: _drawn(each, Figure) for title, each in draw.items()}
    return {title: picture for title, picture in pictures.items() if picture is not None}


def _drawn(draw: Callable[[Any], Any], make: Any) -> bytes | None:
    """Return one picture; None if it cannot be drawn, since a report is not lost to a picture."""
    figure, content = make(figsize=(7, 3.5), layout="constrained"), BytesIO()
    try:
        draw(figure.subplots())
        figure.savefig(content, format="png", dpi=100)
    except Exception:  # whatever a search and matplotlib may raise
        return None
    return content.getvalue()
