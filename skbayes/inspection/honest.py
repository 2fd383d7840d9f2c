"""How good the best candidate is, without the optimism of having been chosen.

S      scores of the candidates by split, (n, K)      B    number of resamples
c      how often a resample holds a split, (B, K)

The best of many candidates is also the luckiest one: its score is too high. All estimates here
choose the winner on one part of the evidence and look at it on another.

Splits: K splits are drawn with replacement, the winner is the candidate with the highest mean on
them, and its score is that on the splits which were not drawn.

Samples: the same for samples, whose out-of-fold predictions the search has kept. This is BBC-CV of
Tsamardinos, Greasidou & Borboudakis, "Bootstrapping the out-of-sample predictions for efficient and
accurate cross-validation", Machine Learning 2018.

Tibshirani & Tibshirani, "A bias correction for the minimum error rate in cross-validation", Annals
of Applied Statistics 2009: the optimism is the mean over the splits of how much the best candidate
of one split is better on it than the best candidate of all splits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skbayes.inspection.out_of_fold import OutOfFold
from skbayes.inspection.reading import complete_scores
from skbayes.trial import FloatArray

N_RESAMPLES = 2000

METHODS = ("splits", "samples", "tibshirani")


@dataclass(frozen=True)
class HonestScore:
    """The score of the best candidate, corrected for the choice.

    Parameters
    ----------
    score : float
        The corrected score.
    low, high : float
        95 % interval of the bootstrap; equal to `score` if there is nothing to resample.
    best_score : float
        The score as cross-validation gave it.
    method : {'splits', 'samples', 'tibshirani'}
        How it was corrected.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.svm import SVC
    >>> from skbayes.inspection import honest_score
    >>> X, y = load_iris(return_X_y=True)
    >>> honest = honest_score(GridSearchCV(SVC(), {"C": [0.1, 1, 10, 100]}).fit(X, y))
    >>> honest.method, round(honest.best_score, 2), round(honest.score, 2)
    ('splits', 0.98, 0.97)
    """

    score: float
    low: float
    high: float
    best_score: float
    method: str

    @property
    def optimism(self) -> float:
        """How much the score is too high."""
        return self.best_score - self.score

    def __str__(self) -> str:
        """Return a sentence with the numbers."""
        return (
            f"{self.score:.4g} [{self.low:.4g}, {self.high:.4g}] instead of {self.best_score:.4g} "
            f"({self.method})"
        )


def honest_score(
    search: Any,
    *,
    metric: str | None = None,
    method: str = "auto",
    random_state: int = 0,
) -> HonestScore:
    """Return the score of the best candidate without the optimism of having been chosen.

    Only candidates that were evaluated on all splits count. It is taken for granted that the best
    candidate is the one with the highest mean score.

    Parameters
    ----------
    search : estimator
        A fitted search with `cv_results_`, of this library or of scikit-learn.
    metric : str or None, default=None
        One of several metrics; None is the one that selected the best candidate.
    method : {'auto', 'splits', 'samples', 'tibshirani'}, default='auto'
        'splits' chooses on resampled splits and looks at the others. 'samples' does the same with
        samples, and needs the predictions that a search keeps with `return_predictions`.
        'tibshirani' subtracts what the best candidates of single splits gain on them; the interval
        is that of 'splits'. 'auto' is 'samples' if all candidates have predictions from which the
        scores can be computed again and the splitter knows no groups, and else 'splits'. Splits of
        a repeated cross-validation share samples: take 'samples' there.
    random_state : int, default=0
        Seeds the bootstrap.

    Returns
    -------
    honest : HonestScore

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    ValueError
        If there is one split only, no such method or metric, no candidate with a score on every
        split, or no predictions for 'samples'.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.stats import loguniform
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection import honest_score
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(100, 5)), rng.integers(2, size=100)  # nothing to learn
    >>> space = {"C": loguniform(1e-4, 1e4)}
    >>> search = BayesSearchCV(LogisticRegression(), space, n_iter=12, random_state=0).fit(X, y)
    >>> honest = honest_score(search)
    >>> bool(honest.score < search.best_score_)
    True
    """
    if method not in (*METHODS, "auto"):
        raise ValueError(f"method={method!r}: give 'auto', {', '.join(map(repr, METHODS))}.")
    S = complete_scores(search, metric)
    best = S.mean(axis=1).argmax()
    best_score = float(S[best].mean())
    rng = np.random.default_rng(random_state)
    has_predictions = getattr(search, "cv_predictions_", None) is not None
    # Samples of a group are not independent, so only whole splits can be resampled.
    is_grouped = "Group" in type(getattr(search, "cv", None)).__name__
    if method == "samples" or (method == "auto" and has_predictions and not is_grouped):
        try:
            return _by_samples(OutOfFold.of(search, metric), best_score, rng)
        except ValueError:
            if method == "samples":
                raise
    if S.shape[1] < 2:
        raise ValueError(
            "this search has one split; with at least two, a candidate can be chosen on one and "
            "looked at on another."
        )
    scores = resampled_scores(S, rng)
    low, high = np.quantile(scores, [0.025, 0.975])
    if method == "tibshirani":
        score = best_score - float((S.max(axis=0) - S[best]).mean())
        return HonestScore(score, float(low), float(high), best_score, method)
    return HonestScore(float(scores.mean()), float(low), float(high), best_score, "splits")


def _by_samples(out_of_fold: OutOfFold, best_score: float, rng: np.random.Generator) -> HonestScore:
    optimism, scores = out_of_fold.optimism(rng)
    score = best_score - optimism
    low, high = score + np.quantile(scores, [0.025, 0.975]) - scores.mean()
    return HonestScore(score, float(low), float(high), best_score, "samples")


def resampled_scores(S: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the scores of winners on the splits that had no part in their choice.

    Parameters
    ----------
    S : ndarray of shape (n, K)
        K > 1.
    rng : numpy.random.Generator

    Returns
    -------
    scores : ndarray of shape (B,)
        Fewer than `N_RESAMPLES`, since resamples that hold every split are left out.
    """
    n_splits = S.shape[1]
    c = rng.multinomial(n_splits, np.full(n_splits, 1.0 / n_splits), size=N_RESAMPLES)
    c = c[(c == 0).any(axis=1)]
    winners = (c @ S.T).argmax(axis=1)
    is_out = c == 0
    out: FloatArray = (S[winners] * is_out).sum(axis=1) / is_out.sum(axis=1)
    return out
