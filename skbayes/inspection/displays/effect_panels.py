"""Panels of how the score depends on one or two parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from skbayes.inspection.displays.axes_labels import plain_all
from skbayes.inspection.displays.candidates import Candidates, candidates_of, score_name_of
from skbayes.inspection.displays.figures import (
    axes_for,
    background_of,
    foreground,
    grid_for,
    pyplot_for,
    score_range,
    settle,
)
from skbayes.inspection.displays.parameter_axes import ParameterAxis, parameter_axes, values_of
from skbayes.inspection.displays.scores_shown import (
    draw_best,
    draw_trials,
    legend_above,
    limit_scores,
)
from skbayes.inspection.importance import parameter_importance
from skbayes.inspection.partial_effects import PartialEffect, partial_effect
from skbayes.inspection.reading import space_of
from skbayes.space.space import Space
from skbayes.trial import FloatArray

N_PANELS = 4
"""Parameters that are shown if none are named."""

N_CHARACTERS = 20
"""Number of characters of a value."""

N_COLUMNS = 3
"""Panels side by side, if there are more than four."""


class PartialEffectDisplay:
    """How the score depends on parameters, averaged over all others by the surrogate.

    It is recommended to make it with `from_search`.

    Parameters
    ----------
    effects : list of PartialEffect
        One per panel, of one or two parameters.
    axes : dict of str to ParameterAxis
        Of these parameters.
    trials : dict of str to ndarray of shape (n,)
        Where the complete candidates lie on these axes; NaN if a candidate lacks a parameter.
    scores : ndarray of shape (n,)
        Of these candidates.
    score_name : str, default='score'

    Attributes
    ----------
    ax_ : matplotlib axes, or array of them
        An array if there are several panels.
    figure_ : matplotlib figure

    See Also
    --------
    skbayes.inspection.partial_effect : The numbers.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection import PartialEffectDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 1e1)}
    >>> search = BayesSearchCV(SVC(), space, n_iter=8, random_state=0).fit(X, y)
    >>> display = PartialEffectDisplay.from_search(search, ["C", ("C", "gamma")])
    >>> [ax.get_xlabel() for ax in display.ax_]
    ['C', 'C']
    """

    def __init__(
        self,
        effects: Sequence[PartialEffect],
        axes: dict[str, ParameterAxis],
        trials: dict[str, FloatArray],
        scores: FloatArray,
        *,
        score_name: str = "score",
    ) -> None:
        self.effects, self.axes, self.trials, self.scores = effects, axes, trials, scores
        self.score_name = score_name

    @classmethod
    def from_search(
        cls,
        search: Any,
        names: Any = None,
        *,
        metric: str | None = None,
        random_state: int = 0,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw how the score depends on parameters of a fitted search.

        Parameters
        ----------
        search : estimator
            Of this library or of scikit-learn.
        names : str, tuple of two str, or list of these, default=None
            A parameter, or two for a map of both; a list has one panel for each item. None is the
            up to four parameters that matter most.
        metric : str or None, default=None
            One of several metrics; None is the one that selected the best candidate.
        random_state : int, default=0
            Seeds the functions drawn for the standard deviation.
        ax : matplotlib axes, or array of them, default=None
            Several panels take the place of one axes.
        **kwargs : dict
            For `plot`.

        Returns
        -------
        display : PartialEffectDisplay
        """
        pyplot_for(cls.__name__)
        found = candidates_of(search, metric)
        items = _default_names(search, metric) if names is None else _items(names)
        effects = [
            partial_effect(search, item, metric=metric, random_state=random_state) for item in items
        ]
        axes, trials = _trials(search, found, {name for item in items for name in item})
        name = score_name_of(search, found.metric)
        display = cls(effects, axes, trials, found.scores[found.is_complete], score_name=name)
        return display.plot(ax, **kwargs)

    def plot(self, ax: Any = None, *, show_trials: bool = True) -> Self:
        """Draw the panels.

        Parameters
        ----------
        ax : matplotlib axes, or array of them, default=None
        show_trials : bool, default=True
            Whether the complete candidates are drawn, the best of them as a star.

        Returns
        -------
        display : PartialEffectDisplay
        """
        panels = self._panels(ax)
        for effect, panel in zip(self.effects, panels, strict=True):
            draw = self._draw_line if len(effect.names) == 1 else self._draw_map
            draw(panel, effect, show_trials)
        self.ax_ = panels[0] if len(panels) == 1 else np.array(panels, dtype=object)
        self.figure_ = panels[0].figure
        settle(panels)
        return self

    def _panels(self, ax: Any) -> list[Any]:
        n, name = len(self.effects), type(self).__name__
        if isinstance(ax, np.ndarray | list | tuple):
            given = list(np.ravel(np.array(ax, dtype=object)))
            if len(given) != n:
                raise ValueError(f"ax: {len(given)} axes for {n} panels.")
            return [axes_for(name, each) for each in given]
        if n == 1:
            return [axes_for(name, ax)]
        n_columns = min(n, 2 if n <= 4 else N_COLUMNS)
        n_rows = -(-n // n_columns)
        size = (4.4 * n_columns, 3.4 * n_rows)
        figure, grid = grid_for(name, ax, (n_rows, n_columns), size)
        return [figure.add_subplot(grid[divmod(i, n_columns)]) for i in range(n)]

    def _draw_line(self, ax: Any, effect: PartialEffect, show_trials: bool) -> None:
        """Draw a line with a band over numbers, and a dot with a bar for every other value."""
        axis = self.axes[effect.names[0]]
        x, mean, std = axis.places(effect.values[0]), effect.mean, effect.std
        is_number = np.full(len(x), axis.span is not None) & (x >= axis.start)
        order = np.flatnonzero(is_number)[np.argsort(x[is_number])]
        if len(order):
            (line,) = ax.plot(x[order], mean[order], zorder=3)
            band = {"color": line.get_color(), "alpha": 0.25, "linewidth": 0}
            ax.fill_between(x[order], (mean - std)[order], (mean + std)[order], **band)
        rest = ~is_number
        if rest.any():
            style = {"fmt": "o", "color": "C0", "capsize": 4, "zorder": 3}
            ax.errorbar(x[rest], mean[rest], std[rest], **style)
        low, high = self._limits(effect, show_trials)
        n_below = self._draw_trials(ax, self.trials[axis.name], low) if show_trials else 0
        limit_scores(ax, low, high, n_below)
        legend_above(ax)
        axis.apply_to(ax.xaxis, n_characters=N_CHARACTERS)
        ax.locator_params(axis="y", nbins=7)
        ax.set(xlabel=self._labels[axis.name], ylabel=self.score_name)

    @property
    def _labels(self) -> dict[str, str]:
        return dict(zip(self.axes, plain_all(list(self.axes)), strict=True))

    def _limits(self, effect: PartialEffect, show_trials: bool) -> tuple[float, float]:
        """Return limits for the scores; a band may leave them, where little is known."""
        mean, std = effect.mean, effect.std
        ends = score_range(self.scores) if show_trials else (mean[0], mean[0])
        low, high = min(float(mean.min()), ends[0]), max(float(mean.max()), ends[1])
        room = (high - low) or float(std.max()) or 1.0
        band_low, band_high = float((mean - std).min()), float((mean + std).max())
        return min(low, max(band_low, low - room)), max(high, min(band_high, high + room / 2.0))

    def _draw_trials(self, ax: Any, at: FloatArray, low: float) -> int:
        has, best = np.isfinite(at), int(self.scores.argmax())
        n_below = draw_trials(ax, at[has], self.scores[has], low, color=foreground(), zorder=4)
        if has[best]:
            draw_best(ax, at[best], self.scores[best])
        return n_below

    def _draw_map(self, ax: Any, effect: PartialEffect, show_trials: bool) -> None:
        """Draw the mean over two parameters by colour."""
        axes = [self.axes[name] for name in effect.names]
        places = [a.places(values) for a, values in zip(axes, effect.values, strict=True)]
        orders = [np.argsort(each) for each in places]
        x, y = (each[order] for each, order in zip(places, orders, strict=True))
        mean = effect.mean[np.ix_(*orders)].T
        is_smooth = all(a.span is not None and not a.levels for a in axes)
        shading = "gouraud" if is_smooth else "nearest"
        mesh = ax.pcolormesh(x, y, mean, shading=shading, cmap="viridis", rasterized=True)
        bar = ax.figure.colorbar(mesh, ax=ax, label=self.score_name, pad=0.02)
        bar.ax.locator_params(nbins=6)
        if show_trials:
            at = [self.trials[name] for name in effect.names]
            has = np.isfinite(at[0]) & np.isfinite(at[1])
            ax.scatter(
                at[0][has], at[1][has], s=22, zorder=3, linewidths=0.9,
                facecolor=[foreground()], edgecolor=[background_of(ax)],
            )  # fmt: skip
            best = int(self.scores.argmax())
            if has[best]:
                draw_best(ax, at[0][best], at[1][best]).set_sizes([260])
        for axis, drawn in zip(axes, (ax.xaxis, ax.yaxis), strict=True):
            axis.apply_to(drawn, n_characters=N_CHARACTERS)
        ax.set(xlabel=self._labels[effect.names[0]], ylabel=self._labels[effect.names[1]])


def _items(names: Any) -> list[tuple[str, ...]]:
    """Return the parameters of each panel."""
    if isinstance(names, str):
        return [(names,)]
    if isinstance(names, tuple) and all(isinstance(name, str) for name in names):
        items: list[Any] = [names]
    else:
        items = list(names) if isinstance(names, Sequence) else [names]
    made = [(item,) if isinstance(item, str) else item for item in items]
    for item in made:
        is_tuple = isinstance(item, tuple) and all(isinstance(name, str) for name in item)
        if not is_tuple or len(item) not in (1, 2):
            raise ValueError(f"names: {item!r} is neither a parameter nor a tuple of two of them.")
    if not made:
        raise ValueError("names: the list is empty; give at least one parameter.")
    return made


def _default_names(search: Any, metric: str | None) -> list[tuple[str, ...]]:
    names = parameter_importance(search, metric=metric).names
    if not names:
        raise ValueError("no parameter of this search has two values.")
    return [(name,) for name in names[:N_PANELS]]


def _trials(
    search: Any, found: Candidates, names: set[str]
) -> tuple[dict[str, ParameterAxis], dict[str, FloatArray]]:
    """Return the axes of parameters, and where the complete candidates lie on them."""
    space = Space(space_of(search))
    axes = {
        name: axis for name, axis in parameter_axes(space, found.params).items() if name in names
    }
    params = [found.params[int(i)] for i in np.flatnonzero(found.is_complete)]
    return axes, values_of(space, params, axes)
