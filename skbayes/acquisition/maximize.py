"""Maximise an acquisition function over the mixed unit cube.

The starts are the best rows of a pool of random rows and of neighbours of the best trials. From
each start, gradient steps along the continuous columns alternate with the best single change of a
discrete column. The acquisition is only evaluated where discrete columns have one of their values,
because only such rows can be trials. One exception is an ordered column with many values: it is
treated as continuous in the first round, to cross it quickly, and snapped afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from skbayes.space.base import SearchSpace, row_key
from skbayes.space.dimensions import Kind
from skbayes.trial import FloatArray

Values = Callable[[FloatArray], FloatArray]
ValuesAndGradients = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True)
class Effort:
    """How much work to spend on one maximisation.

    Parameters
    ----------
    n_random : int
        Random rows of the pool.
    n_neighbours : int
        Neighbours of each of the best trials in the pool.
    n_starts : int
        Rows of the pool from which the maximisation starts.
    n_rounds : int
        Alternations of gradient steps and discrete moves.
    n_gradient_steps : int
        Maximum number of iterations of L-BFGS-B in one round.
    """

    n_random: int = 384
    n_neighbours: int = 32
    n_starts: int = 4
    n_rounds: int = 3
    n_gradient_steps: int = 20


MANY_VALUES = 12
"""An ordered column with more values than this is long: crossed by gradient, then snapped."""

MAX_CATEGORY_MOVES = 24
"""Maximum number of other categories tried in one discrete move along one column."""


def maximize(
    acquisition: Values,
    gradient: ValuesAndGradients,
    space: SearchSpace,
    best_rows: FloatArray,
    seen: Set[bytes],
    rng: np.random.Generator,
    effort: Effort | None = None,
) -> FloatArray | None:
    """Return the snapped row with the largest acquisition that is not in `seen`.

    Parameters
    ----------
    acquisition : callable
        Maps rows of shape (m, d) to values of shape (m,).
    gradient : callable
        Maps rows to values and gradients of shape (m, d).
    space : SearchSpace
    best_rows : ndarray of shape (k, d)
        Rows of the best trials, whose neighbours are added to the pool.
    seen : set of bytes
        Keys of rows that may not be returned.
    rng : Generator
    effort : Effort, default=None

    Returns
    -------
    row : ndarray of shape (d,), or None
        None if every row that was evaluated is in `seen`.
    """
    effort = effort or Effort()
    if space.size is not None and space.size <= effort.n_random:
        rows = np.array(list(space.all_rows())).reshape(-1, space.n_columns)
        return _best_unseen(rows, acquisition(rows), seen)

    pool = np.vstack(
        [
            _stratified(effort.n_random, space.n_columns, rng),
            _neighbours(best_rows, effort.n_neighbours, space, rng),
        ]
    )
    pool = space.snap(pool)
    values = acquisition(pool)
    starts = _starts(values, effort)
    rows = pool[starts]
    found, found_values = [pool, rows], [values, values[starts]]
    for round_number in range(effort.n_rounds):
        before = found_values[-1]
        rows, is_moved = _climb(gradient, space, rows, round_number == 0, effort.n_gradient_steps)
        if is_moved:
            found.append(rows)
            found_values.append(acquisition(rows))
        moved = _discrete_moves(acquisition, space, rows, rng)
        if moved is not None:
            rows = moved[0]
            found.append(rows)
            found_values.append(moved[1])
        if moved is None or (found_values[-1] <= before + 1e-9).all():
            break
    return _best_unseen(np.vstack(found), np.concatenate(found_values), seen)


def _best_unseen(rows: FloatArray, values: FloatArray, seen: Set[bytes]) -> FloatArray | None:
    for index in np.argsort(-values, kind="stable"):
        if row_key(rows[index]) not in seen:
            return np.array(rows[index])
    return None


def _stratified(n: int, d: int, rng: np.random.Generator) -> FloatArray:
    """Return a Latin hypercube: n random rows that cover every column evenly."""
    strata = rng.permuted(np.tile(np.arange(n), (d, 1)), axis=1).T
    return (strata + rng.random((n, d))) / n


def _neighbours(
    best_rows: FloatArray, n_neighbours: int, space: SearchSpace, rng: np.random.Generator
) -> FloatArray:
    """Return random changes of the best rows: few columns, steps of all sizes down to 10⁻³."""
    rows = np.repeat(best_rows, n_neighbours, axis=0)
    n, d = rows.shape
    n_changed = min(3.0, d)
    is_changed = rng.random((n, d)) < n_changed / max(d, 1)
    steps = rng.standard_normal((n, d)) * 10.0 ** rng.uniform(-3.0, -0.5, (n, 1))
    is_jump = space.is_categorical | (rng.random((n, d)) < 0.1)
    moved = np.where(is_jump, rng.random((n, d)), np.clip(rows + steps, 0.0, 1.0))
    return np.where(is_changed, moved, rows)


def _starts(values: FloatArray, effort: Effort) -> NDArray[np.intp]:
    """Choose the best rows of the pool, half of them among the random ones."""
    n_half = effort.n_starts // 2
    best_random = np.argsort(-values[: effort.n_random], kind="stable")[:n_half]
    order = np.argsort(-values, kind="stable")[: effort.n_starts]
    rest = [index for index in order if index not in best_random]
    return np.concatenate([best_random, rest[: effort.n_starts - n_half]]).astype(np.intp)


def _climb(
    gradient: ValuesAndGradients, space: SearchSpace, rows: FloatArray, is_first: bool, n_steps: int
) -> tuple[FloatArray, bool]:
    """Follow the gradient along continuous columns, and in the first round along long ones.

    All starts are one problem for L-BFGS-B: the sum of their acquisitions is maximal where each is.
    """
    is_free = np.array(
        [
            column.kind is Kind.CONTINUOUS or (is_first and _is_long(space, j))
            for j, column in enumerate(space.columns)
        ]
    )
    free = space.active(rows) & is_free
    if not free.any():
        return rows, False

    def negative_sum(unknowns: FloatArray) -> tuple[float, FloatArray]:
        trial_rows = rows.copy()
        trial_rows[free] = unknowns
        values, gradients = gradient(trial_rows)
        return -float(values.sum()), -gradients[free]

    begin = rows[free]
    result = minimize(
        negative_sum,
        begin,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, 1.0)] * len(begin),
        options={"maxiter": n_steps, "ftol": 1e-5, "gtol": 3e-4},
    )
    climbed = rows.copy()
    climbed[free] = np.clip(result.x, 0.0, 1.0)
    return space.snap(climbed), True


def _is_long(space: SearchSpace, j: int) -> bool:
    column = space.columns[j]
    is_many = column.positions is None or len(column.positions) > MANY_VALUES
    return column.kind is Kind.ORDERED and is_many


def _discrete_moves(
    acquisition: Values, space: SearchSpace, rows: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray] | None:
    """Return each row after its best single discrete change, or itself, and the values.

    None if no column is discrete.
    """
    discrete = [j for j, c in enumerate(space.columns) if c.kind is not Kind.CONTINUOUS]
    if not discrete:
        return None
    moved, owner = [rows], [np.arange(len(rows))]
    is_active = space.active(rows)
    for i, row in enumerate(rows):
        for j in discrete:
            if is_active[i, j]:
                others = _other_positions(space, j, row[j], rng)
                changed = np.tile(row, (len(others), 1))
                changed[:, j] = others
                moved.append(changed)
                owner.append(np.full(len(others), i))
    candidates, owners = space.snap(np.vstack(moved)), np.concatenate(owner)
    values = acquisition(candidates)
    best = [
        members[np.argmax(values[members])]
        for members in (np.flatnonzero(owners == i) for i in range(len(rows)))
    ]
    return candidates[best], values[best]


def _other_positions(
    space: SearchSpace, j: int, position: float, rng: np.random.Generator
) -> FloatArray:
    """Return the places a discrete move along column j may go to."""
    column = space.columns[j]
    if column.positions is None:  # too many integers to list: steps of several sizes
        width = 10.0 ** np.arange(-6.0, 0.0)
        return np.clip(np.concatenate([position - width, position + width]), 0.0, 1.0)
    others = column.positions[column.positions != position]
    if column.kind is Kind.CATEGORICAL:
        n = min(len(others), MAX_CATEGORY_MOVES)
        return others if n == len(others) else rng.choice(others, n, replace=False)
    nearest = np.argsort(np.abs(others - position), kind="stable")
    return others[nearest[:6]]
