"""The surrogate of a finished search: what its scores say about the whole space.

It is the Gaussian process of `BayesSearchCV`, fitted to the table of results of any search over a
space, and rebuilt from that table whenever it is asked for. Candidates that were dropped count with
the splits they have, and those of lower rungs of a successive halving by one more column, as in the
search. Other than in the search, differences between bad scores are kept if much of the space is
bad: a search evaluates most candidates near the best one, and they would set the scale alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skbayes.evaluation.table import evaluated_means, split_scores
from skbayes.models.active_set import active_set
from skbayes.models.anova import sobol
from skbayes.models.gaussian_process import GaussianProcess, HyperPrior, fit_hyperparameters
from skbayes.models.kernels import ScaledRows
from skbayes.models.output_transform import on_the_scores_scale, surrogate_scores
from skbayes.models.sample_paths import sample_paths
from skbayes.models.split_effects import estimates
from skbayes.space import Space
from skbayes.space.dimensions import ELSEWHERE
from skbayes.space.fidelity import FidelitySpace
from skbayes.trial import FloatArray

MAX_ITERATIONS = 200
"""Iterations of the fit of the hyper-parameters, which is made once."""

N_POINTS = 1024
"""Points of the space, each of which counts for the candidate nearest to it."""


class Surrogate:
    """A Gaussian process of the mean score over a space.

    Parameters
    ----------
    space : Space
    rows : ndarray of shape (n, d)
        Of the evaluated candidates.
    scores : ndarray of shape (n,)
        Greater is better; NaN for failed candidates. At least two are finite.
    variances : ndarray of shape (n,), default=None
        Variance of each score; zero by default.
    resources : ndarray of shape (n,), default=None
        How much of a resource each candidate had; all of it by default.
    is_pruned : ndarray of shape (n,), default=None
        Candidates that were ended while they grew; those are not learned from.

    Attributes
    ----------
    space : Space
    rows, scores : ndarray
        As given.
    """

    def __init__(
        self,
        space: Space,
        rows: FloatArray,
        scores: FloatArray,
        variances: FloatArray | None = None,
        resources: FloatArray | None = None,
        is_pruned: NDArray[np.bool_] | None = None,
    ) -> None:
        self.space, self.rows, self.scores = space, rows, scores
        self._full = None
        if resources is not None and resources.min() < resources.max():
            self._full = FidelitySpace(space, float(resources.min()), float(resources.max()))
        searched = space if self._full is None else self._full
        is_comparable = ~(rows >= ELSEWHERE).all(axis=1) | (space.n_columns == 0)
        if is_pruned is not None:
            is_comparable &= ~np.asarray(is_pruned, dtype=bool)
        self._own = own = scores[is_comparable]
        if np.isfinite(own).sum() < 2:
            raise ValueError("a surrogate needs at least two candidates with a score.")
        Z = rows
        if self._full is not None and resources is not None:
            pairs = zip(rows, resources, strict=True)
            Z = np.array([self._full.with_fidelity(row, amount) for row, amount in pairs])
        Z, variances = Z[is_comparable], None if variances is None else variances[is_comparable]
        is_categorical = searched.is_categorical
        prior = HyperPrior.for_dimension(Z.shape[1]).mean
        w = np.exp(-2.0 * prior[:-2])
        points = self._with_full(space.snap(sobol(N_POINTS, space.n_columns)))
        nearest = ScaledRows(Z, w, is_categorical).distances_from(points).argmin(axis=1)
        self._weights = np.bincount(nearest, minlength=len(Z)).astype(float)
        y, extra_noise = surrogate_scores(own, variances, self._weights)
        active = active_set(Z, y, w, is_categorical)
        Z, y, extra_noise = Z[active], y[active], extra_noise[active]
        starts = [prior, np.append(prior[:-1], -3.0)]
        theta = fit_hyperparameters(Z, y, extra_noise, is_categorical, starts, MAX_ITERATIONS)
        self._process = GaussianProcess(Z, y, theta, is_categorical, extra_noise)

    @classmethod
    def of_results(
        cls, param_distributions: Any, cv_results: Mapping[str, Any], metric: str
    ) -> Self:
        """Fit a surrogate to the table of results of a search.

        Parameters
        ----------
        param_distributions : dict or list of dict
            The space that was searched.
        cv_results : mapping
            As ``cv_results_``.
        metric : str

        Raises
        ------
        ValueError
            If fewer than two candidates have a score.
        """
        space = Space(param_distributions)
        table = split_scores(cv_results, metric)
        scores = np.array(cv_results[f"mean_test_{metric}"], dtype=float)
        scores[~np.isfinite(scores)] = np.nan
        if np.isfinite(scores).sum() < 2:
            raise ValueError("a surrogate needs at least two candidates with a score.")
        variances = None
        is_partial = np.isnan(table).any(axis=1) & np.isfinite(scores)
        n_complete = (np.isfinite(table).all(axis=1)).sum()
        if "n_splits_evaluated" in cv_results and is_partial.any() and n_complete >= 2:
            variances, is_scored = np.zeros(len(scores)), np.isfinite(table).any(axis=1)
            is_scored &= np.isfinite(scores)
            mean, variances[is_scored] = estimates(table[is_scored])
            scores[is_partial] = mean[is_partial[is_scored]]
        resources = cv_results.get("n_resources")
        amounts = None if resources is None else np.asarray(resources, dtype=float)
        rows = np.array([row_of(space, params) for params in cv_results["params"]])
        rows = rows.reshape(len(scores), space.n_columns)
        return cls(space, rows, scores, variances, amounts, cv_results.get("is_pruned"))

    def predict(self, params: Sequence[Mapping[str, Any]]) -> tuple[FloatArray, FloatArray]:
        """Return what is expected of candidates, on the scale of the score.

        Parameters
        ----------
        params : sequence of mapping
            Candidates of the space, as in ``cv_results_["params"]``.

        Returns
        -------
        mean, std : ndarray of shape (n,)
            Median of the score without noise, and half the width of the interval of one standard
            deviation to either side.
        """
        rows = np.array([row_of(self.space, each) for each in params])
        mean, std = self._process.predict(self._with_full(rows.reshape(-1, self.space.n_columns)))
        half = (self.on_scale(mean + std) - self.on_scale(mean - std)) / 2.0
        return self.on_scale(mean), half

    def mean(self, rows: FloatArray) -> FloatArray:
        """Return the posterior mean at rows, on the surrogate's own scale, of shape (m, 1).

        Parameters
        ----------
        rows : ndarray of shape (m, d)
        """
        return self._process.mean(self._with_full(self._placed(rows)))[:, np.newaxis]

    def functions(self, n: int, rng: np.random.Generator) -> Callable[[FloatArray], FloatArray]:
        """Return functions drawn from the posterior, on the surrogate's own scale.

        Parameters
        ----------
        n : int
        rng : numpy.random.Generator

        Returns
        -------
        functions : callable
            Maps rows, (m, d), to values, (m, n).
        """
        paths = sample_paths(self._process, n, rng)
        return lambda rows: paths(self._with_full(self._placed(rows)))

    def on_scale(self, y: FloatArray) -> FloatArray:
        """Return values of the surrogate's own scale on the scale of the score.

        Parameters
        ----------
        y : ndarray
        """
        return on_the_scores_scale(y, self._own, self._weights)

    def _placed(self, rows: FloatArray) -> FloatArray:
        """Return rows moved to candidates of the space, except those that lie outside it."""
        is_outside = ((rows < 0.0) | (rows > 1.0)).any(axis=1, keepdims=True)
        return np.where(is_outside, rows, self.space.snap(rows))

    def _with_full(self, rows: FloatArray) -> FloatArray:
        if self._full is None:
            return rows
        return np.hstack([rows, np.ones((len(rows), 1))])


def most_expected(param_distributions: Any, cv_results: Mapping[str, Any], metric: str) -> int:
    """Return the index of the candidate of which the surrogate expects most.

    Parameters
    ----------
    param_distributions : dict or list of dict
        The space that was searched.
    cv_results : mapping
        In which a candidate at least was evaluated on all splits.
    metric : str

    Returns
    -------
    index : int
        Of a candidate that was evaluated on all splits.
    """
    scores = evaluated_means(cv_results, metric)
    is_chosen_from = np.isfinite(scores)
    if is_chosen_from.sum() > 1:
        surrogate = Surrogate.of_results(param_distributions, cv_results, metric)
        scores = surrogate.predict(cv_results["params"])[0]
    return int(np.nanargmax(np.where(is_chosen_from, scores, np.nan)))


def row_of(space: Space, params: Mapping[str, Any]) -> FloatArray:
    """Return the row of a candidate, beyond the unit cube if it lies outside the space.

    Parameters
    ----------
    space : Space
    params : mapping of str to object
        Names that are not searched, such as a resource, are left out.
    """
    searched = {name: value for name, value in params.items() if name in space.names}
    try:
        return space.encode(searched)
    except ValueError:
        return space.place(searched)
