"""Whether a gain held on data that a search has not seen."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor

from skbayes._sklearn_compat import num_samples
from skbayes.evaluation.predictions import METHODS
from skbayes.findings import Gain
from skbayes.inspection.out_of_fold import Kept
from skbayes.trial import FloatArray

N_RESAMPLES = 400
"""Resamples of the test samples for the interval of a gain."""


@dataclass(frozen=True)
class HoldOut:
    """Scores on test data.

    Parameters
    ----------
    score : float
        Of the best estimator.
    baseline_score : float or None
        Of the estimator as it stands: on the test data if it could be fitted, and else its mean
        score over the splits; None if neither is known.
    gain : Gain or None
        Over the baseline, with the interval of a bootstrap of the test samples.
    verdict : str
        'the gain held', 'the gain did not hold', 'cannot be told from noise' or 'nothing to compare
        with'.
    """

    score: float
    baseline_score: float | None
    gain: Gain | None
    verdict: str


def compare_on(
    X: Any, y: Any, scorer: Any, best: Any, defaults: Any, baseline: FloatArray | None
) -> HoldOut:
    """Compare the best estimator with the defaults on test data.

    Parameters
    ----------
    X, y : object
        The test data.
    scorer : callable
    best : estimator
        Fitted.
    defaults : estimator or None
        The estimator as it stands, fitted to the data of the search.
    baseline : ndarray of shape (K,) or None
        Scores of the estimator as it stands by split, used without `defaults`.
    """
    score = float(scorer(best, X, y))
    of_best = _resampled(best, X, y, scorer)
    if defaults is not None:
        known: float | None = float(scorer(defaults, X, y))
        of_defaults = _resampled(defaults, X, y, scorer)
    elif baseline is not None:
        known = float(np.mean(baseline))
        of_defaults = np.full(len(of_best), known)
    else:
        return HoldOut(score, None, None, "nothing to compare with")
    assert known is not None
    differences = of_best - of_defaults
    differences = differences[np.isfinite(differences)]
    if not len(differences):
        return HoldOut(score, known, Gain(score - known, -np.inf, np.inf), _verdict(None))
    low, high = np.quantile(differences, [0.025, 0.975])
    gain = Gain(score - known, float(low), float(high))
    return HoldOut(score, known, gain, _verdict(gain))


def _verdict(gain: Gain | None) -> str:
    if gain is not None and gain.low > 0.0:
        return "the gain held"
    if gain is not None and gain.high < 0.0:
        return "the gain did not hold"
    return "cannot be told from noise"


def _resampled(model: Any, X: Any, y: Any, scorer: Any) -> FloatArray:
    """Return the scores of a model on resampled test samples; NaN where they are not defined."""
    return np.array(list(_scores_of(model, X, y, scorer)))


def _scores_of(model: Any, X: Any, y: Any, scorer: Any) -> Iterator[float]:
    n = num_samples(X)
    rng = np.random.default_rng(0)  # the same resamples for every model
    kept, targets = _kept(model, X), np.asarray(y)
    for _ in range(N_RESAMPLES):
        drawn = rng.integers(n, size=n)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes that are missing among few samples
            try:
                yield float(scorer(kept, drawn[:, np.newaxis], targets[drawn]))
            except (TypeError, ValueError):
                yield float("nan")


def _kept(model: Any, X: Any) -> Kept:
    """Return a stand-in with the predictions of a model, which are made once."""
    method = next(name for name in METHODS if hasattr(model, name))
    kind = "regressor" if is_regressor(model) else None
    kind = "classifier" if is_classifier(model) else kind
    classes = getattr(model, "classes_", None)
    return Kept(method, np.asarray(getattr(model, method)(X)), classes, kind)
