"""Functional analysis of variance: which columns of the unit cube a function depends on.

f      a function of rows of the unit cube; its columns are independent and uniform
V      variance of f                       V_u    variance of E[f | columns u]
main   V_u / V                             total  E[variance of f over the columns u] / V

The main effect of some columns is the share of the variance that they explain alone, their total
effect is the share that is lost if they are known to nobody: it has all interactions in it. For an
additive function both are the same, and their sum is 1.

For each set of columns u, f is evaluated at all combinations of G levels of u and M quasi-random
points of the other columns. Averages over the points are common to all levels, so that what does
not depend on u cancels.

Follows Sobol', "Global sensitivity indices for nonlinear mathematical models and their Monte Carlo
estimates", Mathematics and Computers in Simulation, 2001; for hyper-parameters Hutter, Hoos &
Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter Importance", ICML 2014.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from skbayes.space.dimensions import Column
from skbayes.trial import FloatArray

Function = Callable[[FloatArray], FloatArray]
"""Maps rows, (m, d), to values, (m, s): those of s functions."""

N_POINTS = 256
"""M, points of the other columns."""

N_LEVELS = 32
"""G for one column without cells, or with more cells than that."""

N_LEVELS_JOINT = 24
"""The same for the joint effect of two sets of columns."""

MAX_LEVELS = 1024
"""Largest G for several columns."""

CHUNK = 1024
"""Rows at which functions are evaluated at once: their covariances fit into the cache."""

N_BASE = 8192
"""Points for the variance of f."""


@dataclass(frozen=True, eq=False)
class Levels:
    """Places in some columns, with weights that sum to 1.

    Parameters
    ----------
    rows : ndarray of shape (G, k)
    weights : ndarray of shape (G,)
    """

    rows: FloatArray
    weights: FloatArray


def levels_of(columns: Sequence[Column], n: int = N_LEVELS) -> Levels:
    """Return levels that represent the uniform distribution in some columns.

    Parameters
    ----------
    columns : sequence of Column
        The values of a column are its levels if they are few.
    n : int
        Number of levels of any other column, fewer if the combinations of several are too many.
    """
    for n_each in (n, n // 2):
        axes = [_levels_along(column, n_each) for column in columns]
        if math.prod(len(axis.rows) for axis in axes) <= MAX_LEVELS:
            return functools.reduce(combined, axes)
    rows = sobol(MAX_LEVELS, len(columns))
    return Levels(rows, np.full(len(rows), 1.0 / len(rows)))


def _levels_along(column: Column, n: int) -> Levels:
    edges, positions = column.edges, column.positions
    if edges is None or positions is None or len(positions) > N_LEVELS:
        middles = (np.arange(n) + 0.5) / n
        return Levels(middles[:, np.newaxis], np.full(n, 1.0 / n))
    return Levels(positions[:, np.newaxis], np.diff(edges))


def combined(first: Levels, second: Levels) -> Levels:
    """Return all combinations of the levels of two independent sets of columns.

    Parameters
    ----------
    first, second : Levels
    """
    i, j = (index.ravel() for index in np.indices((len(first.rows), len(second.rows))))
    rows = np.hstack([first.rows[i], second.rows[j]])
    return Levels(rows, first.weights[i] * second.weights[j])


def sobol(n: int, d: int) -> FloatArray:
    """Return the first points of a scrambled Sobol sequence, always the same ones.

    Parameters
    ----------
    n : int
        A power of two.
    d : int

    Returns
    -------
    points : ndarray of shape (n, d)
    """
    points: FloatArray = qmc.Sobol(d, scramble=True, seed=np.random.default_rng(0)).random(n)
    return points


def crossed(f: Function, d: int, columns: Sequence[int], levels: Levels, n: int) -> FloatArray:
    """Return f at every level of some columns, at each of n points of the others.

    Parameters
    ----------
    f : callable
    d : int
    columns : sequence of int
    levels : Levels
    n : int
        A power of two.

    Returns
    -------
    values : ndarray of shape (G, n, s)
    """
    rows = np.repeat(sobol(n, d)[np.newaxis], len(levels.rows), axis=0)
    rows[:, :, list(columns)] = levels.rows[:, np.newaxis]
    rows = rows.reshape(-1, d)
    values = np.concatenate([f(rows[i : i + CHUNK]) for i in range(0, len(rows), CHUNK)])
    return values.reshape(len(levels.rows), n, -1)


def variance(f: Function, d: int) -> FloatArray:
    """Return V of each function, of shape (s,).

    Parameters
    ----------
    f : callable
    d : int
    """
    return np.asarray(f(sobol(N_BASE, d)).var(axis=0), dtype=float)


def effects(
    f: Function, d: int, columns: Sequence[int], levels: Levels
) -> tuple[FloatArray, FloatArray]:
    """Return V_u of some columns, and the mean variance of f over them.

    Parameters
    ----------
    f : callable
    d : int
    columns : sequence of int
    levels : Levels
        Of these columns.

    Returns
    -------
    main, total : ndarray of shape (s,)
        Not divided by V.
    """
    values, w = crossed(f, d, columns, levels, N_POINTS), levels.weights
    main = _weighted_variance(values.mean(axis=1), w)
    total = _weighted_variance(values, w).mean(axis=0)
    return main, total


def joint_effect(
    f: Function, d: int, columns: tuple[Sequence[int], Sequence[int]], levels: tuple[Levels, Levels]
) -> FloatArray:
    """Return V_u of the columns of two sets together, of shape (s,).

    Parameters
    ----------
    f : callable
    d : int
    columns : tuple of two sequences of int
    levels : tuple of two Levels
        `N_LEVELS_JOINT` of a column are enough.
    """
    both = combined(*levels)
    values = crossed(f, d, [*columns[0], *columns[1]], both, N_POINTS // 4)
    return _weighted_variance(values.mean(axis=1), both.weights)


def _weighted_variance(values: FloatArray, w: FloatArray) -> FloatArray:
    """Return the variance along the first axis."""
    mean = np.tensordot(w, values, axes=1)
    squares: FloatArray = np.tensordot(w, np.square(values - mean), axes=1)
    return squares
