"""How the score depends on one or two parameters, averaged over all others by the surrogate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skbayes.inspection.reading import surrogate_of
from skbayes.models.anova import Levels, crossed
from skbayes.space.axes import axis_of, fixed_in, subspaces_with
from skbayes.space.space import Space
from skbayes.surrogate import Surrogate, row_of
from skbayes.threads import one_blas_thread
from skbayes.trial import FloatArray

N_GRID = 64
"""Places along a parameter with more values than that."""

N_GRID_2D = 24
"""The same for two parameters."""

N_POINTS = 128
"""Points of the other parameters."""

N_FUNCTIONS = 64
"""Functions drawn from the posterior, for the standard deviation."""


@dataclass(frozen=True, eq=False)
class PartialEffect:
    """The average score at values of some parameters.

    Parameters
    ----------
    names : tuple of str
        One or two parameters.
    values : list of list of object
        For each of them its values, on the user's own scale, in the order of the space.
    mean, std : ndarray of shape (n,) or (n, m)
        Average over the other parameters, on the scale of the score, and its standard deviation.
    positions : list of ndarray
        For each parameter where its values lie in the unit interval.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection import partial_effect
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": loguniform(1, 100), "kernel": ["rbf", "sigmoid"]}
    >>> search = BayesSearchCV(SVC(), space, n_iter=8, random_state=0).fit(X, y)
    >>> effect = partial_effect(search, "kernel")
    >>> effect.values[0], effect.values[0][effect.mean.argmax()]
    (['rbf', 'sigmoid'], 'rbf')
    """

    names: tuple[str, ...]
    values: list[list[Any]]
    mean: FloatArray
    std: FloatArray
    positions: list[FloatArray]


def partial_effect(
    search: Any,
    names: str | Sequence[str],
    *,
    metric: str | None = None,
    random_state: int = 0,
) -> PartialEffect:
    """Return how the score depends on one or two parameters, averaged over the others.

    The average is that of the surrogate over the space, as the distributions weigh it. It is taken
    on the surrogate's own scale, where scores far below the best are compressed. In a list
    of dicts it is taken over the dict of the best candidate, or the first dict that has the
    parameters.

    Parameters
    ----------
    search : estimator
        A fitted search, of this library or of scikit-learn.
    names : str or sequence of str
        One or two parameters.
    metric : str or None, default=None
        One of several metrics; None is the one that selected the best candidate.
    random_state : int, default=0
        Seeds the functions drawn for the standard deviation.

    Returns
    -------
    effect : PartialEffect

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    ValueError
        If a parameter is unknown or has one value only, or fewer than two candidates have a score.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection import partial_effect
    >>> X, y = load_iris(return_X_y=True)
    >>> search = BayesSearchCV(SVC(), {"C": loguniform(1e-3, 1e3)}, n_iter=12, random_state=0)
    >>> effect = partial_effect(search.fit(X, y), "C")
    >>> 1 < effect.values[0][effect.mean.argmax()] < 100
    True
    """
    wanted = (names,) if isinstance(names, str) else tuple(names)
    if len(wanted) not in (1, 2):
        raise ValueError(f"names={names!r}: give one or two parameters.")
    if len(set(wanted)) < len(wanted):
        raise ValueError(f"names: {wanted[0]!r} is given twice; give it once.")
    surrogate = surrogate_of(search, metric)
    space = surrogate.space
    subspace = subspace_with(space, wanted, getattr(search, "best_params_", None))
    n_grid = N_GRID if len(wanted) == 1 else N_GRID_2D
    axes = [axis_of(space, subspace, name, n_grid) for name in wanted]
    i = np.indices([len(axis.values) for axis in axes]).reshape(len(axes), -1)
    rows = np.hstack([axis.rows[index] for axis, index in zip(axes, i, strict=True)])
    columns = [j for axis in axes for j in axis.columns]
    fixed_rows, fixed_columns = fixed_in(space, subspace)
    fixed_columns = [j for j in fixed_columns if j not in columns]
    fixed_rows = fixed_rows[: len(fixed_columns)]
    grid = Levels(
        np.hstack([rows, np.repeat(fixed_rows[np.newaxis], len(rows), axis=0)]),
        np.full(len(rows), 1.0 / len(rows)),
    )
    shape = [len(axis.values) for axis in axes]
    with one_blas_thread():
        mean, std = _average(surrogate, [*columns, *fixed_columns], grid, random_state)
    return PartialEffect(
        wanted,
        [axis.values for axis in axes],
        mean.reshape(shape),
        std.reshape(shape),
        [axis.positions for axis in axes],
    )


def subspace_with(space: Space, names: Sequence[str], best: Any) -> int:
    """Return the number of the dict that has some parameters, of the best candidate if possible.

    Parameters
    ----------
    space : Space
    names : sequence of str
    best : mapping or None
        Parameters of the best candidate.

    Raises
    ------
    ValueError
        If no dict has them, with more than one value each.
    """
    unknown = [name for name in names if name not in space.column_names]
    if unknown:
        known = ", ".join(map(repr, dict.fromkeys(space.column_names)))
        what = "has one value only" if unknown[0] in space.names else "was not searched"
        raise ValueError(f"names: {unknown[0]!r} {what}; give one or two of {known or 'none'}.")
    with_them = subspaces_with(space, names)
    if not with_them:
        raise ValueError(f"names: no dict of the space has {' and '.join(map(repr, names))}.")
    if best is not None:
        own = space.subspace_of(row_of(space, best))
        if own in with_them:
            return own
    return with_them[0]


def _average(
    surrogate: Surrogate, columns: list[int], grid: Levels, random_state: int
) -> tuple[FloatArray, FloatArray]:
    """Return averages over the other columns, and their standard deviations."""
    d = surrogate.space.n_columns
    mean = crossed(surrogate.mean, d, columns, grid, N_POINTS).mean(axis=1)[:, 0]
    drawn = surrogate.functions(N_FUNCTIONS, np.random.default_rng(random_state))
    std = crossed(drawn, d, columns, grid, N_POINTS // 4).mean(axis=1).std(axis=1)
    half = (surrogate.on_scale(mean + std) - surrogate.on_scale(mean - std)) / 2.0
    return surrogate.on_scale(mean), half
