"""What went wrong in a search, how firm its choice is, and what more trials would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from skbayes.inspection.honest import N_RESAMPLES
from skbayes.inspection.reading import complete_candidates
from skbayes.models.anova import sobol
from skbayes.space import Space
from skbayes.surrogate import Surrogate, row_of
from skbayes.trial import FloatArray

MIN_CROWD = 4
"""Number of failed candidates from which on it is asked where they crowd."""

CROWDED = 0.85
"""Probability that a failed candidate lies beyond a good one, from which on failures crowd."""

EXPLODED = 1000.0
"""Distance below the best from which on a score has exploded, as a multiple of the median."""

MORE_TRIALS = 20

N_ROWS = 1024
N_FUNCTIONS = 128


@dataclass(frozen=True)
class Failure:
    """Candidates without a score, for one reason.

    Parameters
    ----------
    reason : str
    n_candidates : int
    advice : str
        Where they crowd; empty if nowhere.

    Examples
    --------
    >>> from skbayes.inspection.diagnosis import Failure
    >>> print(Failure("ValueError: specified nu is infeasible", 3, "most have nu above 0.8"))
    3 x ValueError: specified nu is infeasible: most have nu above 0.8
    """

    reason: str
    n_candidates: int
    advice: str

    def __str__(self) -> str:
        """Return a sentence."""
        return f"{self.n_candidates} x {self.reason}{self.advice and ': ' + self.advice}"


@dataclass(frozen=True)
class Outlook:
    """What more trials would probably bring, as the surrogate sees it.

    Parameters
    ----------
    n_trials : int
    gain : float
        Expected gain of the best of so many more candidates over the present one.
    most : float
        What it is expected to be at most, at the best place of the space.

    Examples
    --------
    >>> from skbayes.inspection.diagnosis import Outlook
    >>> print(Outlook(20, gain=0.0011, most=0.0012))
    20 more trials would probably bring +0.0011, any number in this space at most +0.0012
    """

    n_trials: int
    gain: float
    most: float

    def __str__(self) -> str:
        """Return a sentence."""
        return (
            f"{self.n_trials} more trials would probably bring {max(self.gain, 0.0):+.2g}, "
            f"any number in this space at most {max(self.most, 0.0):+.2g}"
        )


def failures_of(search: Any, space: Space, metric: str) -> list[Failure]:
    """Return why candidates have no score, or one that exploded; the most frequent reason first.

    Parameters
    ----------
    search : estimator
        Fitted.
    space : Space
    metric : str
    """
    results = search.cv_results_
    means = np.asarray(results[f"mean_test_{metric}"], dtype=float)
    known = getattr(search, "failures_", {})
    reasons: dict[str, list[int]] = {}
    is_failed = ~np.isfinite(means)
    is_failed[[index for index in known if index < len(means)]] = True  # error_score is a number
    for index in np.flatnonzero(is_failed):
        found = known.get(int(index), [])
        reason = found[0].reason if found else "the score is not finite"
        reasons.setdefault(reason, []).append(int(index))
    exploded = _exploded(np.where(is_failed, np.nan, means))
    if len(exploded):
        reasons["the score is far below all others"] = exploded.tolist()
        is_failed[exploded] = True
    rows = np.array([row_of(space, params) for params in results["params"]])
    return [
        Failure(reason, len(own), _crowding(space, rows, own, is_failed))
        for reason, own in sorted(reasons.items(), key=lambda item: -len(item[1]))
    ]


def _exploded(means: FloatArray) -> NDArray[np.intp]:
    """Return the indices of scores that are not just bad, but of another magnitude."""
    below = np.nanmax(means) - means if np.isfinite(means).any() else means
    typical = np.nanmedian(below[below > 0.0]) if (below > 0.0).any() else np.inf
    found: NDArray[np.intp] = np.flatnonzero(np.isfinite(below) & (below > EXPLODED * typical))
    return found


def _crowding(space: Space, rows: Any, failed: Sequence[int], is_failed: NDArray[np.bool_]) -> str:
    """Return at which end of which range failed candidates crowd; empty if nowhere."""
    good = np.flatnonzero(~is_failed)
    if len(failed) < MIN_CROWD or len(good) < MIN_CROWD:
        return ""
    found = []
    for j, name in enumerate(space.column_names):
        if space.is_categorical[j]:
            continue
        u = mannwhitneyu(rows[list(failed), j], rows[good, j]).statistic
        share = float(u) / (len(failed) * len(good))
        found.append((max(share, 1.0 - share), name, share > 0.5))
    if not found or max(found)[0] < CROWDED:
        return ""
    _, name, is_high = max(found)
    return f"at {'large' if is_high else 'small'} values of {name}; narrow its range there"


def stability_of(search: Any, metric: str, best: int) -> float:
    """Return in which share of resamples of the splits a candidate has the best mean score.

    Parameters
    ----------
    search : estimator
    metric : str
    best : int
        Index of the candidate.

    Raises
    ------
    ValueError
        If there is one split, or the candidate was not evaluated on all.
    """
    indices, S = complete_candidates(search, metric)
    if S.shape[1] < 2 or best not in indices:
        raise ValueError("it needs several splits, and a best candidate evaluated on all of them")
    n_splits = S.shape[1]
    rng = np.random.default_rng(0)
    counts = rng.multinomial(n_splits, np.full(n_splits, 1.0 / n_splits), size=N_RESAMPLES)
    means = counts @ S.T
    own = means[:, list(indices).index(best)]
    return float((own >= means.max(axis=1)).mean())


def outlook_of(surrogate: Surrogate, best: int) -> Outlook:
    """Return what more trials would probably bring.

    Functions are drawn from the posterior of the surrogate. The next trials are the places where
    they exceed the best candidate most on average.

    Parameters
    ----------
    surrogate : Surrogate
    best : int
        Index of the best candidate among its rows.
    """
    space = surrogate.space
    if not space.n_columns:
        raise ValueError("the space has one candidate")
    rows = np.vstack([sobol(N_ROWS, space.n_columns), surrogate.rows[[best]]])
    drawn = surrogate.functions(N_FUNCTIONS, np.random.default_rng(0))(rows)
    values = surrogate.on_scale(drawn)
    gains = np.maximum(values[:-1] - values[-1], 0.0)
    next_rows = np.argsort(-gains.mean(axis=1), kind="stable")[:MORE_TRIALS]
    return Outlook(
        MORE_TRIALS,
        float(gains[next_rows].max(axis=0).mean()),
        float(gains.max(axis=0).mean()),
    )
