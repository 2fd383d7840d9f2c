"""The pictures of a report, drawn without a screen and without changing pyplot's state."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from skbayes.inspection.displays import ConvergenceDisplay, ParameterImportanceDisplay

DISPLAYS: dict[str, Any] = {
    "Best score so far": ConvergenceDisplay,
    "Which parameters mattered": ParameterImportanceDisplay,
}


def figures_of(search: Any, metric: str) -> dict[str, bytes]:
    """Return pictures of a search by their titles, as PNG.

    Parameters
    ----------
    search : estimator
        Fitted.
    metric : str

    Returns
    -------
    figures : dict of str to bytes
        Empty without matplotlib; without those that cannot be drawn.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return {}
    found = {}
    for title, display in DISPLAYS.items():
        picture = _drawn(display.from_search, search, metric, Figure)
        if picture is not None:
            found[title] = picture
    return found


def _drawn(draw: Callable[..., Any], search: Any, metric: str, make: Any) -> bytes | None:
    """Return one picture; None if it cannot be drawn, since a report is not lost to a picture."""
    figure, content = make(figsize=(7, 3.5), layout="constrained"), BytesIO()
    try:
        draw(search, metric=metric, ax=figure.subplots())
        figure.savefig(content, format="png", dpi=100)
    except Exception:  # whatever a search and matplotlib may raise
        return None
    return content.getvalue()
