"""The trials of a finished search, in a form in which another search can take them along.

Scores are only comparable if they were made with the same data, splits, scoring and estimator. So
they carry a fingerprint of all that decides a score, except the searched parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from skbayes.engine.records.fingerprint import IGNORED_PARAMETERS, digest
from skbayes.estimators.inputs import Inputs
from skbayes.evaluation.results import Record, SplitResult, maximised_metric, outcome_of
from skbayes.evaluation.splits import Split
from skbayes.evaluation.table import metrics_of
from skbayes.space import Space
from skbayes.surrogate import row_of
from skbayes.trial import SINGLE_METRIC, Trial

NOT_COMPARABLE = "not comparable"
"""Stands for the digest of an object that cannot be looked into."""


@dataclass(frozen=True, eq=False)
class PastTrials:
    """The finished trials of a search; `initial_trials` of another search takes them along.

    Parameters
    ----------
    fingerprint : mapping of str to str
        Digests of what the scores depend on, by their names in errors.
    params : list of dict
        Parameters of each trial.
    results : list of list of SplitResult
        Results of its splits.
    searched : frozenset of str
        Names of the parameters that the search has set.
    """

    fingerprint: Mapping[str, str]
    params: list[dict[str, Any]]
    results: list[list[SplitResult]]
    searched: frozenset[str]

    def __len__(self) -> int:
        """Return the number of trials."""
        return len(self.params)

    def __repr__(self) -> str:
        """Return a short text."""
        return f"<{len(self)} trials of an earlier search>"

    @property
    def identity(self) -> Any:
        """What tells these trials from others, for the journal of a search that takes them."""
        scores = [[result["test_scores"] for result in results] for results in self.results]
        return dict(self.fingerprint), self.params, scores


def past_trials_of(
    search: Any, fingerprint: Mapping[str, str], searched: frozenset[str]
) -> PastTrials:
    """Return the trials of a fitted search, read from its public attributes.

    Parameters
    ----------
    search : estimator
    fingerprint : mapping of str to str
        See `fingerprint_of`.
    searched : frozenset of str
        Names of the searched parameters.
    """
    params = [dict(each) for each in search.cv_results_["params"]]
    results = [_results_of(search, index) for index in range(len(params))]
    return PastTrials(fingerprint, params, results, searched)


def _results_of(search: Any, index: int) -> list[SplitResult]:
    """Return the results of the splits of a candidate; their times are the means over them."""
    table, failures = search.cv_results_, search.failures_.get(index, [])
    is_partial = "n_splits_evaluated" in table and (
        table["n_splits_evaluated"][index] < search.n_splits_
    )
    metric = maximised_metric(metrics_of(table), search.refit)
    found = []
    for split, (_, test) in enumerate(search.splits_):
        own = [failure for failure in failures if split in failure.splits]
        errors = {failure.step: failure.traceback for failure in own}
        scores = _scores_of(search, "test", index, split)
        values = list(scores.values()) if isinstance(scores, dict) else [scores]
        if is_partial and not own and np.isnan(values).all():
            continue  # it was not run
        result = {
            "split": split,
            "test_scores": scores,
            "n_test_samples": len(test),
            "fit_time": float(table["mean_fit_time"][index]),
            "score_time": float(table["mean_score_time"][index]),
            "fit_error": errors.get("fit"),
            "score_errors": {metric: errors["score"]} if "score" in errors else {},
        }
        if search.return_train_score:
            result["train_scores"] = _scores_of(search, "train", index, split)
        found.append(result)
    return found


def _scores_of(search: Any, kind: str, index: int, split: int) -> Any:
    prefix = f"split{split}_{kind}_"
    scores = {
        name.removeprefix(prefix): float(column[index])
        for name, column in search.cv_results_.items()
        if name.startswith(prefix)
    }
    return scores if search.multimetric_ else scores[SINGLE_METRIC]


def fingerprint_of(
    search: Any, inputs: Inputs, splits: Sequence[Split], searched: set[str]
) -> dict[str, str]:
    """Return digests of what the scores of a search depend on, except the searched parameters.

    Parameters
    ----------
    search : estimator
    inputs : Inputs
    splits : sequence of Split
    searched : set of str
        Names of the parameters that are searched.
    """
    routed = inputs.routed
    parts: dict[str, Any] = {
        "X": inputs.X,
        "y": inputs.y,
        "splits": list(splits),
        "scoring": search.scoring,
        "return_train_score": search.return_train_score,
        "metadata": [routed.estimator.fit, routed.scorer.score],
        "the class of the estimator": type(search.estimator),
    }
    for name, value in search.estimator.get_params(deep=True).items():
        if _is_searched(name, searched) or name.rpartition("__")[2] in IGNORED_PARAMETERS:
            continue
        if hasattr(value, "get_params"):  # its parameters are parts of their own
            parts[f"the class of the estimator's {name}"] = type(value)
        elif not _has_estimators(value):
            parts[f"the estimator's {name}"] = value
    return {name: _digest_of(part) for name, part in parts.items()}


def _digest_of(part: Any) -> str:
    """Return a digest, or `NOT_COMPARABLE`: a search must not end because of an odd object."""
    try:
        return digest(part)
    except Exception:  # whatever an object raises when it is looked into
        return NOT_COMPARABLE


def _has_estimators(value: Any) -> bool:
    """Whether a value is a list such as the steps of a pipeline, whose parts are parameters too."""
    if isinstance(value, list | tuple):
        return any(map(_has_estimators, value))
    return hasattr(value, "get_params")


def initial_records(
    search: Any, space: Space, fingerprint: Mapping[str, str], n_splits: int
) -> list[Record]:
    """Return records of past trials for a search, after a check that their scores are comparable.

    Parameters
    ----------
    search : estimator
        The search that takes them along.
    space : Space
        Of this search.
    fingerprint : mapping of str to str
        Of this search.
    n_splits : int

    Raises
    ------
    TypeError
        If `initial_trials` is neither such a search nor its `trials_`.
    ValueError
        If the trials are of other data, splits, scoring or another estimator.
    """
    past, own = search.initial_trials, search.estimator.get_params(deep=True)
    trials = getattr(past, "trials_", past)
    if not isinstance(trials, PastTrials):
        raise TypeError(
            f"initial_trials: a {type(past).__name__} is neither a fitted search of this library "
            "nor the attribute trials_ of one. A table of scores alone does not say on which data "
            "and splits they were made. Of a journal, fit the search that wrote it with the same "
            "checkpoint, which reads the journal, and give that search."
        )
    added = {name: own[name] for name in space.names - trials.searched if name in own}
    mine = {**fingerprint, **{f"the estimator's {n}": _digest_of(v) for n, v in added.items()}}
    other = trials.fingerprint
    names = [n for n in {*mine, *other} if not _is_of_searched(n, trials.searched)]
    different = sorted(n for n in names if mine.get(n) != other.get(n) or mine[n] == NOT_COMPARABLE)
    left_out = sorted(trials.searched - space.names)
    if different or left_out:
        what = ", ".join(different) or f"what is searched ({', '.join(left_out)} is not any more)"
        raise ValueError(
            f"initial_trials: they are of a search that differs in {what}, so their scores are not "
            "comparable. Fit without them, or give their candidates as initial_params. With "
            "cv=search.splits_ the splits are those of the earlier search."
        )
    records = []
    for number, (known, results) in enumerate(zip(trials.params, trials.results, strict=True)):
        params = dict(sorted({**added, **known}.items()))
        is_outside = not _is_candidate(space, params)
        complete = [{**result, **_UNKNOWN} for result in results]
        outcome = outcome_of(complete, search.refit, n_splits)
        trial = Trial(number, row_of(space, params), params, outcome=outcome, is_outside=is_outside)
        records.append(Record(trial, complete, n_shown=0))
    return records


_UNKNOWN = {
    "predictions": None,
    "began": 0.0,
    "ended": 0.0,
    "worker": "",
    "stop_requested": False,
}
"""What is not known of a result of an earlier search."""


def _is_of_searched(part: str, searched: Set[str]) -> bool:
    """Whether a part of a fingerprint belongs to a parameter that the other search has set."""
    name = part.removeprefix("the class of ").removeprefix("the estimator's ")
    return name != part and _is_searched(name, searched)


def _is_searched(name: str, searched: Set[str]) -> bool:
    """Whether a parameter is searched, or belongs to an object that is."""
    return any(name == other or name.startswith(f"{other}__") for other in searched)


def _is_candidate(space: Space, params: Mapping[str, Any]) -> bool:
    try:
        row = space.encode(params)
    except ValueError:
        return False
    return bool(np.allclose(space.snap(row[np.newaxis])[0], row))
