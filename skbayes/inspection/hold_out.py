"""Whether a gain held on data that a search has not seen."""

from __future__ import annotations

import warnings
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
        Of the estimator as it stands, fitted to the data of the search; None if it is not known.
    gain : Gain or None
        Over the baseline, with the interval of a bootstrap of the test samples.
    verdict : str
        'the gain held', 'the gain did not hold', 'cannot be told from noise' or 'nothing to compare
        with'.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection import search_report
    >>> X, y = load_iris(return_X_y=True)
    >>> X, X_test, y, y_test = X[::2], X[1::2], y[::2], y[1::2]
    >>> search = BayesSearchCV(SVC(), {"C": [0.1, 1.0, 10.0]}, cv=3).fit(X, y)
    >>> hold_out = search_report(search, X_test, y_test, X=X, y=y).hold_out
    >>> hold_out.verdict, hold_out.is_better
    ('cannot be told from noise', False)
    """

    score: float
    baseline_score: float | None
    gain: Gain | None
    verdict: str

    @property
    def is_better(self) -> bool:
        """Whether the interval of the gain is above zero."""
        return self.gain is not None and self.gain.is_sure


def compare_on(X: Any, y: Any, scorer: Any, best: Any, defaults: Any) -> HoldOut:
    """Compare the best estimator with the defaults on test data.

    Parameters
    ----------
    X, y : object
        The test data.
    scorer : callable
    best : estimator
        Fitted.
    defaults : estimator or None
        The estimator as it stands, fitted to the data of the search; without it there is nothing
        to compare with.
    """
    score = float(scorer(best, X, y))
    of_best = _resampled(best, X, y, scorer, score)
    if defaults is None:
        return HoldOut(score, None, None, "nothing to compare with")
    known = float(scorer(defaults, X, y))
    differences = of_best - _resampled(defaults, X, y, scorer, known)
    differences = differences[np.isfinite(differences)]
    if not len(differences):
        return HoldOut(score, known, Gain(score - known, -np.inf, np.inf), _verdict(None))
    low, high = np.quantile(differences, [0.025, 0.975])
    gain = Gain(score - known, float(low), float(high))
    return HoldOut(score, known, gain, _verdict(gain))


def _verdict(gain: Gain | None) -> str:
    if gain is not None and gain.is_sure:
        return "the gain held"
    if gain is not None and gain.high < 0.0:
        return "the gain did not hold"
    return "cannot be told from noise"


def _resampled(model: Any, X: Any, y: Any, scorer: Any, known: float) -> FloatArray:
    """Return the scores of a model on resampled test samples; NaN where they are not defined.

    All are NaN if the model's predictions alone do not give its known score.
    """
    n = num_samples(X)
    rng = np.random.default_rng(0)  # the same resamples for every model
    try:
        kept, targets = _kept(model, X), np.asarray(y)
        if not np.isclose(_score_of(kept, np.arange(n), targets, scorer), known, rtol=1e-4):
            return np.full(N_RESAMPLES, np.nan)
    except Exception:  # whatever a model raises that predicts in an unusual way
        return np.full(N_RESAMPLES, np.nan)
    return np.array(
        [_score_of(kept, rng.integers(n, size=n), targets, scorer) for _ in range(N_RESAMPLES)]
    )


def _score_of(kept: Kept, drawn: Any, targets: Any, scorer: Any) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that are missing among few samples
        try:
            return float(scorer(kept, drawn[:, np.newaxis], targets[drawn]))
        except (AttributeError, IndexError, TypeError, ValueError):
            return float("nan")


def _kept(model: Any, X: Any) -> Kept:
    """Return a stand-in with the predictions of a model, which are made once."""
    method = next(name for name in METHODS if hasattr(model, name))
    kind = "regressor" if is_regressor(model) else None
    kind = "classifier" if is_classifier(model) else kind
    classes = getattr(model, "classes_", None)
    labels = model.predict(X) if hasattr(model, "predict") else None
    return Kept(method, np.asarray(getattr(model, method)(X)), classes, kind, labels)
