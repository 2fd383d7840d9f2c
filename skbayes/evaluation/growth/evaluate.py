"""The evaluation of a split of an estimator that grows, by scikit-learn's own function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from skbayes._sklearn_compat import (
    check_method_params,
    fit_and_score,
    replaying_scorer,
    safe_split,
)
from skbayes.evaluation.growth.growing import Growing, Paused, Stages
from skbayes.evaluation.growth.stages import unnamed
from skbayes.pruning.pruner import Pruner


def fit_and_score_stages(
    stages: Stages,
    *,
    estimator: Any,
    scorer: Any,
    errors: dict[str, str],
    X: Any,
    y: Any,
    train: Any,
    test: Any,
    score_params: Mapping[str, Any] | None,
    error_score: Any,
    return_train_score: bool,
    before: Paused | None,
    has_lost: Pruner | None,
    **options: Any,
) -> dict[str, Any]:
    """Fit and score one split at every stage, or at those that are missing.

    Parameters
    ----------
    stages : Stages
    estimator, X, y, train, test, score_params, error_score, return_train_score, **options : object
        As scikit-learn's function takes them.
    scorer : object
        One that stores the tracebacks of scores that failed in `errors`.
    errors : dict of str to str
        By the name of the metric. Those of metrics that have a score at some stage are removed.
    before : Paused or None
        What was grown before, if it is to be grown further.
    has_lost : callable or None
        As in `Growing`.

    Returns
    -------
    result : dict
        As scikit-learn returns it, with the scores of the last stage; `curves` are added, None if
        no stage has a score, `paused`, None if the model cannot grow further, and `is_pruned`.
    """

    def score_on(view: Any, X: Any, y: Any, params: Mapping[str, Any]) -> Any:
        targets = () if y is None else (y,)
        try:
            return scorer(view, X, *targets, **params)
        except Exception:
            if error_score == "raise":
                raise
            return np.nan

    X_test, y_test = safe_split(estimator, X, y, test, train)
    on_test, on_train = (
        check_method_params(X, params=score_params or {}, indices=indices)
        for indices in (test, train)
    )
    growing = Growing(
        estimator,
        stages,
        lambda view: score_on(view, X_test, y_test, on_test),
        (lambda view, X, y: score_on(view, X, y, on_train)) if return_train_score else None,
        before,
        has_lost,
    )
    parts = iter(("test", "train"))  # the order in which scikit-learn scores them

    def replay(*data: Any, **params: Any) -> Any:
        last = _last_scores(growing.curves[next(parts)])
        # If a metric has no score at all, scikit-learn is to see why.
        return scorer(growing.view, *data, **params) if last is None else last

    result = fit_and_score(
        estimator=growing,
        scorer=replaying_scorer(scorer, replay),
        X=X,
        y=y,
        train=train,
        test=test,
        score_params=score_params,
        error_score=error_score,
        return_train_score=return_train_score,
        **options,
    )
    result["fit_time"] = max(0.0, result["fit_time"] - growing.seconds_of_scoring)
    result["score_time"] += growing.seconds_of_scoring
    curves = growing.curves["test"]
    has_scores = result["fit_error"] is None and any(np.isfinite(c).any() for c in curves.values())
    result["curves"] = growing.curves if has_scores else None
    result["paused"] = growing.paused if has_scores else None
    result["is_pruned"] = has_scores and growing.is_pruned
    for metric in list(errors):  # the error of a callable stands for all of its metrics
        failed = [curves[metric]] if metric in curves else list(curves.values())
        if failed and all(np.isfinite(curve).any() for curve in failed):
            del errors[metric]
    return result


def _last_scores(curves: Mapping[str, list[float]]) -> Any:
    """Return the scores of the last stage at which there is one; None if a metric has none."""
    last = {metric: [s for s in curve if np.isfinite(s)][-1:] for metric, curve in curves.items()}
    if not all(last.values()):
        return None
    return unnamed({metric: found[0] for metric, found in last.items()})
