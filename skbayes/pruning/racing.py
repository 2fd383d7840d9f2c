"""Racing: a trial is dropped once its first splits show that it will not be the best.

K      number of splits                      j    number of splits evaluated so far
s      scores of the trial, (j,)             t    scores of the trial to beat, (K,)
d      differences s − t on the same splits, (j,)
s₀²    prior variance of a difference        ν₀   weight of the prior, in degrees of freedom

The trial to beat is the best complete one; in a rung of successive halving from which m candidates
are promoted, the m-th best complete one of the rung. The trial is compared with t split by split,
so that what makes a split easy or hard cancels out.
With σ̂² = (ν₀ s₀² + Σ (dₖ − d̄)²) / (ν₀ + j − 1), the difference of the means over all K splits has
a Student t distribution with ν₀ + j − 1 degrees of freedom around d̄, of scale
σ̂ √((K − j) / (K j)): the K splits are a finite population, of which j are known. A trial is dropped
if the probability that it is better than t is less than α.

The prior s₀² is the mean variance of such differences between t and the better half of the complete
trials. (The median is zero as soon as half of them are as good as copies of t, and then every other
trial would be dropped after one split.) Everything is a pure function of the complete trials that
the proposal was shown and of the scores of the trial itself, so the decision is the same for any
number of workers.

Racing by paired tests follows Birattari, Stützle, Paquete & Varrentrapp, "A Racing Algorithm for
Configuring Metaheuristics", GECCO 2002; the prior on the variance lets it decide after one split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from skbayes.models.split_effects import PRIOR_WEIGHT, variance_of_mean
from skbayes.trial import FloatArray

MIN_COMPLETE = 4
"""Complete trials that a race needs, so that the start-up design is not raced against itself."""

N_DECISIONS = 10
"""Most decisions about a trial: with many splits, a decision is made after each block of them."""


@dataclass(frozen=True, eq=False)
class Race:
    """The trial to beat, and what is known about differences between trials.

    Parameters
    ----------
    best : ndarray of shape (K,)
        Scores t of the trial to beat; greater is better.
    prior_variance : float
        s₀².
    alpha : float
        Probability of being the best below which a trial is dropped.
    """

    best: FloatArray
    prior_variance: float
    alpha: float

    @property
    def block(self) -> int:
        """Number of splits between two decisions."""
        return max(1, len(self.best) // N_DECISIONS)

    def probability_better(self, splits: Sequence[int], scores: FloatArray) -> float:
        """Return the probability that the mean over all splits is above that of the trial to beat.

        Parameters
        ----------
        splits : sequence of int
            The j splits that were evaluated; 0 < j < K.
        scores : ndarray of shape (j,)
            On these splits, finite.

        Returns
        -------
        probability : float
        """
        n_splits, j = len(self.best), len(scores)
        d = scores - self.best[list(splits)]
        squares = np.square(d - d.mean()).sum()
        scale = np.sqrt(variance_of_mean(squares, j, n_splits, self.prior_variance))
        if scale == 0.0:
            return float(d.mean() >= 0.0)
        return float(stdtr(PRIOR_WEIGHT + j - 1.0, d.mean() / scale))

    def n_needed(self, splits: Sequence[int], scores: FloatArray) -> int | None:
        """Return after how many splits a trial is dropped, if it is.

        Parameters
        ----------
        splits : sequence of int
            The j splits that were evaluated, in this order.
        scores : ndarray of shape (j,)
            On these splits. A split without a finite score drops the trial.

        Returns
        -------
        n_needed : int or None
            None if the trial is not dropped within these splits, or not before the last split.
        """
        failed = np.flatnonzero(~np.isfinite(scores))
        n_finite = int(failed[0]) if len(failed) else len(scores)
        for j in range(self.block, min(n_finite, len(self.best) - 1) + 1, self.block):
            if self.probability_better(splits[:j], scores[:j]) < self.alpha:
                return j
        return n_finite + 1 if n_finite < min(len(scores), len(self.best) - 1) else None


def make_race(table: FloatArray, alpha: float, n_kept: int = 1) -> Race | None:
    """Return the race against the best of some complete trials.

    Parameters
    ----------
    table : ndarray of shape (n, K)
        Scores of the complete trials by split; all finite.
    alpha : float
    n_kept : int, default=1
        How many of them are worth as much as the best; the last of these is to be beaten.

    Returns
    -------
    race : Race or None
        None if there are fewer than `MIN_COMPLETE` or `n_kept` trials, or fewer than two splits.
    """
    if len(table) < max(MIN_COMPLETE, n_kept) or table.shape[1] < 2:
        return None
    order = np.argsort(-table.mean(axis=1), kind="stable")
    better = table[order[: max((len(order) + 1) // 2, n_kept)]]
    others = np.delete(better, n_kept - 1, axis=0)
    variances = np.var(others - better[n_kept - 1], axis=1, ddof=1)
    return Race(better[n_kept - 1], float(np.mean(variances)), alpha)
