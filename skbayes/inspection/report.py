"""The report of a search: what a colleague needs to judge its result, and to repeat it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv, cross_validate
from sklearn.utils.validation import check_is_fitted

from skbayes.engine.records.checkpoint import is_repeatable, versions
from skbayes.evaluation.table import evaluated_means, split_scores
from skbayes.findings import Edge, Gain, edges_of, index_of_defaults, paired_gain
from skbayes.inspection.diagnosis import Failure, Outlook, failures_of, outlook_of, stability_of
from skbayes.inspection.hold_out import HoldOut, compare_on
from skbayes.inspection.honest import HonestScore, honest_score
from skbayes.inspection.importance import Importance, importance_of
from skbayes.inspection.reading import complete_candidates, metric_of, space_of, surrogate_of
from skbayes.inspection.report_figures import figures_of
from skbayes.inspection.report_text import as_html, as_text
from skbayes.params_json import params_to_json
from skbayes.space import Space
from skbayes.space.space import dicts_of
from skbayes.space.written import described, shown, text_of
from skbayes.threads import one_blas_thread
from skbayes.trial import FloatArray

IRRELEVANT = 0.02
"""Share of the variance below which a parameter did not matter."""


@dataclass(frozen=True, eq=False)
class SearchReport:
    """What `search_report` found out; print it, or look at it in a notebook.

    What could not be found out is None or empty, with the reason in `notes`.

    Parameters
    ----------
    search : str
        The class of the search.
    estimator : str
    metric : str
    best_index : int
    best_params : dict
    best_params_json : str or None
        As `params_to_json` writes them; None if it cannot.
    best_score, standard_error : float
        Mean score of the best candidate over the splits, and its standard error.
    baseline_score : float or None
        Mean score of the estimator as it stands, on the same splits.
    gain : Gain or None
        Of the best candidate over it.
    honest : HonestScore or None
        The score without the optimism of the choice.
    hold_out : HoldOut or None
        The score on test data, and whether the gain held there.
    stability : float or None
        Share of resamples of the splits in which the same candidate is the best.
    edges : list of Edge
        Best values at the end of their range, of parameters that matter.
    importance : Importance or None
    irrelevant : list of str
        Parameters that did not matter.
    failures : list of Failure
    outlook : Outlook or None
        How much more trials would probably bring.
    counts : dict of str to int
        Numbers of candidates, fits, failed and dropped candidates, splits.
    seconds : dict of str to float
        Time spent on fits, on scoring and on the refit.
    settings : dict of str to str
        Space, splits, scoring, seed, versions.
    notes : list of str
        What could not be found out, and why.
    figures : dict of str to bytes
        Pictures by their titles, as PNG; empty without matplotlib.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection import search_report
    >>> X, y = load_iris(return_X_y=True)
    >>> search = BayesSearchCV(SVC(), {"C": loguniform(1e-3, 1e3)}, n_iter=4, random_state=0)
    >>> report = search_report(search.fit(X, y))
    >>> report.to_dict()["counts"]
    {'candidates': 4, 'splits': 5, 'fits': 20, 'failed': 0, 'dropped': 0}
    """

    search: str
    estimator: str
    metric: str
    best_index: int
    best_params: dict[str, Any]
    best_params_json: str | None
    best_score: float
    standard_error: float
    baseline_score: float | None
    gain: Gain | None
    honest: HonestScore | None
    hold_out: HoldOut | None
    stability: float | None
    edges: list[Edge]
    importance: Importance | None
    irrelevant: list[str]
    failures: list[Failure]
    outlook: Outlook | None
    counts: dict[str, int]
    seconds: dict[str, float]
    settings: dict[str, str]
    notes: list[str]
    figures: dict[str, bytes]

    def __str__(self) -> str:
        """Return the report as a text of one screen."""
        return as_text(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as a dict of what JSON knows; parameters as `params_to_json` does."""
        plain: dict[str, Any] = {}
        for name, value in vars(self).items():
            if name == "best_params":
                text = self.best_params_json
                plain[name] = shown(value) if text is None else json.loads(text)
            elif name not in ("best_params_json", "figures"):
                plain[name] = _plain(value)
        return plain

    def to_json(self, indent: int | None = None) -> str:
        """Return the report as JSON.

        Parameters
        ----------
        indent : int or None, default=None
            As of :func:`json.dumps`.
        """
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def to_html(self) -> str:
        """Return the report as a page of its own, with figures if matplotlib is installed."""
        return as_html(self)

    def _repr_html_(self) -> str:
        return as_html(self, is_page=False)


def search_report(
    search: Any,
    X_test: Any = None,
    y_test: Any = None,
    *,
    X: Any = None,
    y: Any = None,
    metric: str | None = None,
    fit_params: Mapping[str, Any] | None = None,
) -> SearchReport:
    """Report what a search found: whether it is better, how surely, why, and what next.

    Parameters
    ----------
    search : estimator
        A fitted search, of this library or of scikit-learn.
    X_test, y_test : object, default=None
        Data that the search has not seen. With them the report has the score of the best estimator
        there.
    X, y : object, default=None
        The data that the search was fitted to. With them the estimator as it stands is evaluated on
        the same splits, if the search has not done that (``initial_params='default'``), and it is
        compared with the best estimator on the test data.
    metric : str or None, default=None
        One of several metrics; None is the one that selected the best candidate.
    fit_params : mapping or None, default=None
        What was passed to ``fit`` in addition to the data; only used with `X`.

    Returns
    -------
    report : SearchReport
        ``print(report)`` is one screen; it has ``to_dict``, ``to_json`` and ``to_html``.

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    ValueError
        If there is no such metric, or no candidate has a score.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.inspection import search_report
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": loguniform(1e-3, 1e3)}
    >>> search = BayesSearchCV(SVC(), space, n_iter=10, random_state=0, initial_params="default")
    >>> report = search_report(search.fit(X, y))
    >>> report.counts["candidates"], report.baseline_score is not None
    (10, True)
    """
    check_is_fitted(search, "cv_results_")
    name, results = metric_of(search, metric), search.cv_results_
    notes: list[str] = []
    means = np.asarray(results[f"mean_test_{name}"], dtype=float)
    if not np.isfinite(means).any():
        raise ValueError(f"no candidate of this search has a score of {name!r}.")
    best = best_index_of(search, name)
    scores = split_scores(results, name)
    space = Space(space_of(search))
    baseline = _baseline(search, space, name, scores, (X, y, fit_params), notes)
    own = scores[best]
    n_splits = len(own)
    fitted = cache(lambda: surrogate_of(search, name))
    with one_blas_thread():
        importance = _or_note(lambda: importance_of(fitted()), "importance", notes)
    irrelevant, splits = _irrelevant(importance), getattr(search, "splits_", None)
    edges = [
        edge for edge in edges_of(space, results["params"][best]) if edge.name not in irrelevant
    ]
    return SearchReport(
        search=type(search).__name__,
        estimator=shown(search.estimator),
        metric=name,
        best_index=best,
        best_params=dict(results["params"][best]),
        best_params_json=_or_note(
            lambda: params_to_json(results["params"][best]), "best_params as JSON", notes
        ),
        best_score=float(means[best]),
        standard_error=float(own.std(ddof=1) / np.sqrt(n_splits)) if n_splits > 1 else np.nan,
        baseline_score=None if baseline is None else float(np.mean(baseline)),
        gain=None if baseline is None else paired_gain(own, baseline, splits),
        honest=_or_note(lambda: _honest(search, name, best), "honest score", notes),
        hold_out=_hold_out(search, name, (X_test, y_test), (X, y, fit_params), notes),
        stability=_or_note(lambda: stability_of(search, name, best), "stability", notes),
        edges=edges,
        importance=importance,
        irrelevant=irrelevant,
        failures=failures_of(search, space, name),
        outlook=_or_note(lambda: outlook_of(fitted(), best), "outlook", notes),
        counts=_counts(results, scores),
        seconds=_seconds(search, results, scores),
        settings=_settings(search),
        notes=notes,
        figures=figures_of(search, name, importance),
    )


def best_index_of(search: Any, metric: str) -> int:
    """Return the index of the candidate that the search has chosen, or else of the best score.

    Parameters
    ----------
    search : estimator
    metric : str
    """
    if hasattr(search, "best_index_"):
        return int(search.best_index_)
    return int(np.nanargmax(evaluated_means(search.cv_results_, metric)))


def _or_note(find: Callable[[], Any], what: str, notes: list[str]) -> Any:
    """Return what is found, or None and a note of the reason: a report is never lost to a part."""
    try:
        return find()
    except Exception as error:
        notes.append(f"{what}: {text_of(error)}")
        return None


def _honest(search: Any, metric: str, best: int) -> HonestScore:
    indices, S = complete_candidates(search, metric)
    if len(indices) < 2:
        raise ValueError("one candidate alone was evaluated on everything, so none was chosen")
    if best not in indices or S[list(indices).index(best)].mean() < S.mean(axis=1).max():
        raise ValueError("refit has chosen another candidate than the one with the best score")
    return honest_score(search, metric=metric)


def _baseline(
    search: Any,
    space: Space,
    metric: str,
    scores: FloatArray,
    data: tuple[Any, Any, Any],
    notes: list[str],
) -> FloatArray | None:
    """Return the scores of the estimator as it stands by split, evaluated now if need be."""
    index = index_of_defaults(space, search.estimator.get_params(deep=True), search.cv_results_)
    has_failed = index in getattr(search, "failures_", {})
    if index is not None and not has_failed and np.isfinite(scores[index]).all():
        return np.asarray(scores[index], dtype=float)
    X, y, fit_params = data
    if X is None:
        notes.append("baseline: give initial_params='default' to the search, or X and y to this")
        return None
    return _or_note(lambda: _evaluated(search, metric, X, y, fit_params), "baseline", notes)


def _evaluated(search: Any, metric: str, X: Any, y: Any, fit_params: Any) -> FloatArray:
    splits = getattr(search, "splits_", None)
    if splits is None:
        cv = check_cv(search.cv, y, classifier=is_classifier(search.estimator))
        if not is_repeatable(cv):
            raise ValueError("the search's splits are random and cannot be drawn again")
        splits = list(cv.split(X, y, (fit_params or {}).get("groups")))
    own = {name: value for name, value in (fit_params or {}).items() if name != "groups"}
    given = {"params": own} if own else {}
    found = cross_validate(
        clone(search.estimator),
        X,
        y,
        cv=splits,
        scoring=search.scorer_,
        error_score=np.nan,
        **given,
    )
    name = f"test_{metric}" if f"test_{metric}" in found else "test_score"
    if not np.isfinite(found[name]).all():
        raise ValueError("the estimator as it stands cannot be scored on every split")
    return np.asarray(found[name], dtype=float)


def _hold_out(
    search: Any,
    metric: str,
    test: tuple[Any, Any],
    data: tuple[Any, Any, Any],
    notes: list[str],
) -> HoldOut | None:
    if test[0] is None:
        return None
    if not hasattr(search, "best_estimator_"):
        notes.append("hold-out score: there is no best_estimator_; the search needs refit=True")
        return None
    scorer = search.scorer_[metric] if isinstance(search.scorer_, dict) else search.scorer_
    defaults = None
    if data[0] is None:
        notes.append("gain on the test data: give X and y, to fit the defaults to them")
    else:
        X, y, fit_params = data
        targets = () if y is None else (y,)
        own = {name: value for name, value in (fit_params or {}).items() if name != "groups"}
        defaults = _or_note(
            lambda: clone(search.estimator).fit(X, *targets, **own),
            "defaults on the test data",
            notes,
        )
    return _or_note(
        lambda: compare_on(*test, scorer, search.best_estimator_, defaults),
        "hold-out score",
        notes,
    )


def _irrelevant(importance: Importance | None) -> list[str]:
    """Return the parameters that did not matter, in the order of the space."""
    if importance is None or not importance.total.any():
        return []
    return [
        name
        for name, total, high in zip(
            importance.names, importance.total, importance.high, strict=True
        )
        if total < IRRELEVANT and high < 5 * IRRELEVANT
    ]


def _counts(results: Mapping[str, Any], scores: FloatArray) -> dict[str, int]:
    n_candidates, n_splits = scores.shape
    n_run = np.asarray(results.get("n_splits_evaluated", np.full(n_candidates, n_splits)))
    means = np.isfinite(scores).any(axis=1)
    return {
        "candidates": n_candidates,
        "splits": n_splits,
        "fits": int(n_run.sum()),
        "failed": int((~means).sum()),
        "dropped": int((n_run < n_splits).sum()),
    }


def _seconds(search: Any, results: Mapping[str, Any], scores: FloatArray) -> dict[str, float]:
    n_run = np.asarray(results.get("n_splits_evaluated", np.full(len(scores), scores.shape[1])))
    columns = {"fit": "mean_fit_time", "score": "mean_score_time"}
    seconds = {
        step: float(np.nansum(np.asarray(results[column], dtype=float) * n_run))
        for step, column in columns.items()
        if column in results
    }
    if hasattr(search, "refit_time_"):
        seconds["refit"] = float(search.refit_time_)
    return seconds


def _settings(search: Any) -> dict[str, str]:
    """Return what has to be known to repeat the search, as texts."""
    dicts = dicts_of(space_of(search))
    settings = {
        f"{name}{f' (dict {number})' if len(dicts) > 1 else ''}": described(values)
        for number, grid in enumerate(dicts)
        for name, values in grid.items()
    }
    known = search.get_params(deep=False)
    for name in ("random_state", "cv", "scoring", "n_iter", "n_points", "racing", "initial_params"):
        if name in known:
            settings[name] = shown(known[name])
    settings["versions"] = ", ".join(f"{name} {value}" for name, value in versions().items())
    return settings


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it; numbers that are not finite become None."""
    if isinstance(value, np.ndarray | list | tuple):
        return [
            _plain(item) for item in (value.tolist() if isinstance(value, np.ndarray) else value)
        ]
    if isinstance(value, Mapping):
        return {_key(name): _plain(item) for name, item in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(item) for name, item in vars(value).items()}
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if np.isfinite(float(value)) else None
    return value if value is None or isinstance(value, str) else shown(value)


def _key(name: Any) -> str:
    return " x ".join(name) if isinstance(name, tuple) else str(name)
