"""When each fit of a search ran, and on which worker."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skbayes.inspection.displays.candidates import score_name_of
from skbayes.inspection.displays.figures import (
    axes_for,
    background_of,
    colorbar,
    pyplot_for,
    score_map,
    score_norm,
    settle,
)
from skbayes.inspection.displays.scores_shown import legend_above
from skbayes.inspection.reading import metric_of
from skbayes.trial import FloatArray

COLORS = ("score", "candidate")

GOLDEN = (5.0**0.5 - 1.0) / 2.0


@dataclass(frozen=True, eq=False)
class Fits:
    """The fits of a search.

    Parameters
    ----------
    candidate, split, worker : ndarray of shape (n_fits,)
        Numbers from 0.
    begin, end : ndarray of shape (n_fits,)
        In seconds since the first fit.
    failed : ndarray of shape (n_fits,)
    score : ndarray of shape (n_fits,)
        Mean score of the candidate; NaN if it has none.
    """

    candidate: NDArray[np.intp]
    split: NDArray[np.intp]
    worker: NDArray[np.intp]
    begin: FloatArray
    end: FloatArray
    failed: NDArray[np.bool_]
    score: FloatArray


def fits_of(search: Any, *, metric: str | None = None) -> Fits:
    """Return when the fits of a search ran.

    Those that were restored from a record, and did not run, are left out.

    Parameters
    ----------
    search : estimator
        A fitted search of this library.
    metric : str or None, default=None
        One of several metrics; None is the one that selected the best candidate.

    Returns
    -------
    fits : Fits

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    ValueError
        If the search does not say when it fitted, no fit ran, or there is no such metric.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection.displays.timelines import fits_of
    >>> search = BayesSearchCV(SVC(), {"C": loguniform(1e-2, 1e2)}, n_iter=3, random_state=0)
    >>> fits = fits_of(search.fit(*load_iris(return_X_y=True)))
    >>> float(fits.begin.min()), bool((fits.end > fits.begin).all())
    (0.0, True)
    """
    check_is_fitted(search, "cv_results_")
    timeline = getattr(search, "timeline_", None)
    if timeline is None:
        raise ValueError(
            f"{type(search).__name__} has no timeline_; give a fitted search of skbayes, such as "
            "BayesSearchCV."
        )
    has_run = np.asarray(timeline["end"]) > 0.0
    if not has_run.any():
        raise ValueError("timeline_: no fit of this search ran, all trials come from a record.")
    own = {name: np.asarray(column)[has_run] for name, column in timeline.items()}
    scores = np.array(search.cv_results_[f"mean_test_{metric_of(search, metric)}"], dtype=float)
    scores[~np.isfinite(scores)] = np.nan
    first = own["begin"].min()
    return Fits(
        own["candidate"],
        own["split"],
        own["worker"],
        own["begin"] - first,
        own["end"] - first,
        own["failed"].astype(bool),
        scores[own["candidate"]],
    )


class TimelineDisplay:
    """When each fit of a search ran, with one row per worker.

    It is recommended to make it with `from_search`.

    Parameters
    ----------
    fits : Fits
    color : {'score', 'candidate'}, default='score'
        What the colours say.
    score_name : str, default='score'

    Attributes
    ----------
    ax_ : matplotlib axes
    figure_ : matplotlib figure

    See Also
    --------
    skbayes.inspection.displays.timelines.fits_of : The numbers.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection import TimelineDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> search = BayesSearchCV(SVC(), {"C": loguniform(1e-3, 1e3)}, n_iter=4, random_state=0)
    >>> display = TimelineDisplay.from_search(search.fit(X, y))
    >>> len(display.fits.begin)  # 4 candidates on 5 splits
    20
    """

    def __init__(self, fits: Fits, *, color: str = "score", score_name: str = "score") -> None:
        self.fits, self.color, self.score_name = fits, color, score_name

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        color: str = "score",
        metric: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw when the fits of a search ran.

        Parameters
        ----------
        search : estimator
            A fitted search of this library.
        color : {'score', 'candidate'}, default='score'
            What the colours say.
        metric : str or None, default=None
            One of several metrics; None is the one that selected the best candidate.
        ax : matplotlib axes, default=None
        **kwargs : dict
            For `plot`.

        Returns
        -------
        display : TimelineDisplay
        """
        pyplot_for(cls.__name__)
        if color not in COLORS:
            raise ValueError(f"color={color!r}: give {' or '.join(map(repr, COLORS))}.")
        fits = fits_of(search, metric=metric)
        name = score_name_of(search, metric_of(search, metric))
        return cls(fits, color=color, score_name=name).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw a bar for each fit; those that failed are red and hatched.

        Parameters
        ----------
        ax : matplotlib axes, default=None
        **kwargs : dict
            For the bars.

        Returns
        -------
        display : TimelineDisplay
        """
        fits = self.fits
        workers, rows = np.unique(fits.worker, return_inverse=True)
        ax = axes_for(type(self).__name__, ax, (8.0, 2.0 + 0.35 * min(len(workers), 24)))
        # Numbers that follow each other get colours that lie far apart.
        colors = GOLDEN * fits.candidate.astype(float) % 1.0
        values = np.asarray(fits.score if self.color == "score" else colors, dtype=float)
        known = values[np.isfinite(values)]
        self._draw(ax, rows, values, known, **kwargs)
        every = -(-len(workers) // 12)
        ax.set_yticks(np.arange(0, len(workers), every), workers[::every])
        ax.set_ylim(len(workers) - 0.4, -0.6)
        span = float(fits.end.max()) or 1.0
        ax.set_xlim(-0.01 * span, 1.01 * span)
        ax.locator_params(axis="x", nbins=8)
        ax.set(xlabel="seconds since the first fit", ylabel="worker")
        if fits.failed.any():
            legend_above(ax)
        self.ax_, self.figure_ = ax, ax.figure
        settle([ax])
        return self

    def _draw(
        self, ax: Any, rows: Any, values: FloatArray, known: FloatArray, **kwargs: Any
    ) -> None:
        fits, plt = self.fits, pyplot_for(type(self).__name__)
        cmap = score_map(ax)
        norm = score_norm(known) if len(known) and self.color == "score" else None
        norm = norm or plt.Normalize(0.0, 1.0)
        colors = np.array([cmap(norm(v)) if np.isfinite(v) else (0.5, 0.5, 0.5, 1) for v in values])
        is_wide = np.median(fits.end - fits.begin) > 0.003 * float(fits.end.max())
        bars = np.array([fits.begin, rows - 0.4, fits.end, rows + 0.4])
        corners = bars[[[0, 1], [0, 3], [2, 3], [2, 1]]].transpose(2, 0, 1)
        collection = import_module("matplotlib.collections").PolyCollection
        for failed in (False, True):
            own = fits.failed == failed
            if not own.any():
                continue
            face = "tab:red" if failed else colors[own]
            edge = background_of(ax) if is_wide or failed else face
            style = {"facecolors": face, "edgecolors": edge, "linewidths": 0.5}
            if failed:
                style |= {"hatch": "////", "label": "failed"}
            ax.add_collection(collection(corners[own], **style | kwargs))
        if len(known) and self.color == "score":
            mappable = plt.cm.ScalarMappable(norm, cmap)
            colorbar(mappable, ax, self.score_name, known)
