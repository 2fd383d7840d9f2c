"""Scores of candidates on any samples, from the out-of-fold predictions that a search has kept.

A scorer is given a stand-in for the fitted models: an estimator whose data are the positions of
samples, and whose predictions are those that were kept.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.metaestimators import available_if

from skbayes.inspection.reading import complete_candidates, metric_of
from skbayes.trial import FloatArray

N_RESAMPLES = 200

MAX_CANDIDATES = 30
"""Number of best candidates among which the choice is repeated; others hardly ever win."""


def _has_kept(name: str) -> Callable[[Any], bool]:
    """Return a test for whether an estimator keeps what this method has predicted."""
    return lambda estimator: estimator.method == name


class Kept(BaseEstimator):
    """Predicts what a candidate has predicted for samples out of fold.

    Parameters
    ----------
    method : str
        The method that made the predictions.
    predictions : ndarray
        With a row per sample.
    classes : ndarray or None
    kind : str or None
        'classifier', 'regressor' or None, as scikit-learn knows them.
    labels : ndarray or None, default=None
        What `predict` returns; None for the class with the largest prediction.
    """

    def __init__(
        self, method: str, predictions: Any, classes: Any, kind: str | None, labels: Any = None
    ) -> None:
        self.method, self.predictions, self.classes, self.kind = method, predictions, classes, kind
        self.labels = labels
        self._estimator_type = kind  # before scikit-learn 1.6
        if classes is not None:
            self.classes_ = classes

    @available_if(_has_kept("predict_proba"))
    def predict_proba(self, X: Any) -> Any:
        """Return the probabilities, if it was they that were kept.

        Parameters
        ----------
        X : ndarray
            Positions of samples.
        """
        return self._kept(X)

    @available_if(_has_kept("decision_function"))
    def decision_function(self, X: Any) -> Any:
        """Return the decisions, if it was they that were kept.

        Parameters
        ----------
        X : ndarray
            Positions of samples.
        """
        return self._kept(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.estimator_type = self.kind
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X: Any, y: Any = None) -> Self:
        """Do nothing.

        Parameters
        ----------
        X, y : object
            Ignored.
        """
        return self

    def _kept(self, X: Any) -> Any:
        return self.predictions[np.ravel(X)]

    def predict(self, X: Any) -> Any:
        """Return the predicted labels or numbers.

        Parameters
        ----------
        X : ndarray
            Positions of samples.
        """
        if self.labels is not None:
            return np.asarray(self.labels)[np.ravel(X)]
        kept = self._kept(X)
        if self.method == "predict":
            return kept
        chosen = kept.argmax(axis=1) if kept.ndim == 2 else (kept > 0).astype(int)
        return self.classes[chosen]

    def score(self, X: Any, y: Any) -> float:
        """Return the score that scikit-learn's classifiers and regressors have by default.

        Parameters
        ----------
        X : ndarray
            Positions of samples.
        y : ndarray
        """
        metric = accuracy_score if self.kind == "classifier" else r2_score
        return float(metric(y, self.predict(X)))


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """The best candidates of a search, as they predicted the samples out of fold.

    Parameters
    ----------
    candidates : list of Kept
        The best first.
    y : ndarray of shape (m,)
        Target of each prediction; a sample may be in several splits.
    sample : ndarray of shape (m,)
        Position of its sample.
    scorer : callable
    """

    candidates: list[Kept]
    y: Any
    sample: NDArray[np.intp]
    scorer: Any

    @classmethod
    def of(cls, search: Any, metric: str | None = None) -> Self:
        """Read the predictions of a search.

        Parameters
        ----------
        search : estimator
            A fitted search with `cv_predictions_`.
        metric : str or None, default=None
            One of several metrics; None is the one that selected the best candidate.

        Raises
        ------
        ValueError
            If there are no predictions, or they do not suffice for the metric.
        """
        kept = getattr(search, "cv_predictions_", None)
        if kept is None:
            raise ValueError("method='samples' needs a search with return_predictions='auto'.")
        indices, S = complete_candidates(search, metric)
        order = indices[np.argsort(-S.mean(axis=1), kind="stable")]
        has_all = [i for i in order if all(part is not None for part in kept[i])]
        if len(has_all) < len(order):
            raise ValueError("some candidates of this search have no predictions for every split.")
        estimator = search.estimator
        kind = "classifier" if is_classifier(estimator) else None
        kind = "regressor" if is_regressor(estimator) else kind
        candidates = [
            Kept(kept.methods[i], np.concatenate(kept[i]), kept.classes, kind)
            for i in has_all[:MAX_CANDIDATES]
        ]
        scorer = search.scorer_
        if isinstance(scorer, dict):
            scorer = scorer[metric_of(search, metric)]
        if search.scoring is None and kind is None:
            raise ValueError("method='samples' needs 'scoring', since the model scores itself.")
        sample = np.concatenate(kept.test_indices)
        found = cls(candidates, np.asarray(kept.y)[sample], sample, scorer)
        rows = [list(indices).index(i) for i in has_all[:MAX_CANDIDATES]]
        found._check(S[rows], [len(test) for test in kept.test_indices])
        return found

    def optimism(self, rng: np.random.Generator) -> tuple[float, FloatArray]:
        """Return how much the best candidate gains by being chosen on the samples it is scored on.

        Parameters
        ----------
        rng : numpy.random.Generator

        Returns
        -------
        optimism : float
        scores : ndarray of shape (B,)
            Scores of winners on the samples that had no part in their choice.
        """
        everything = np.arange(len(self.y))
        best = np.nanmax([self._score(candidate, everything) for candidate in self.candidates])
        samples, position = np.unique(self.sample, return_inverse=True)
        scores = []
        for _ in range(N_RESAMPLES):
            n_drawn = rng.multinomial(len(samples), np.full(len(samples), 1.0 / len(samples)))
            drawn = np.repeat(everything, n_drawn[position])
            left = everything[n_drawn[position] == 0]
            chosen = [self._score(candidate, drawn) for candidate in self.candidates]
            if len(left) and np.isfinite(chosen).any():
                scores.append(self._score(self.candidates[int(np.nanargmax(chosen))], left))
        finite = np.array([score for score in scores if np.isfinite(score)])
        if not len(finite):
            raise ValueError("the metric cannot be computed on parts of the samples.")
        return float(best - finite.mean()), finite

    def _check(self, S: FloatArray, sizes: list[int]) -> None:
        """Raise if the kept predictions do not give the scores that the models had by split."""
        ends = np.cumsum(sizes)
        for candidate, scores in zip(self.candidates, S, strict=True):
            for known, begin, end in zip(scores, ends - sizes, ends, strict=True):
                again = self._score(candidate, np.arange(begin, end))
                if not np.isclose(again, known, rtol=1e-4, atol=1e-6):
                    raise ValueError(
                        "the kept predictions do not give the scores of the models, which predict "
                        "or are scored in another way; try return_predictions='predict'."
                    )

    def _score(self, candidate: Kept, positions: NDArray[np.intp]) -> float:
        """Return the score on some predictions; NaN where the metric is not defined."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes that are missing among few samples
            try:
                return float(self.scorer(candidate, positions[:, np.newaxis], self.y[positions]))
            except (
                AttributeError,
                TypeError,
                ValueError,
            ):  # not defined for one class, or a table of metrics
                return float("nan")
