"""`cv_results_` of candidates that were evaluated on some splits only.

Scikit-learn formats a table in which every candidate has a result for every split. So results that
are missing are filled in, and taken out of the table again: a split that was not run is NaN, means
and deviations are those of the splits that were run, and the rank is behind all candidates that
were evaluated on all splits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from skbayes.evaluation.results import Record, SplitResult


def filled(results: Sequence[SplitResult], n_splits: int) -> list[SplitResult]:
    """Return the results of a trial, with means in place of those that are missing.

    Parameters
    ----------
    results : sequence of SplitResult
        Of the first splits.
    n_splits : int

    Returns
    -------
    results : list of SplitResult
        Of all splits.
    """
    n_missing = n_splits - len(results)
    if n_missing == 0:
        return list(results)
    names = ["test_scores", "train_scores", "fit_time", "score_time"]
    means = {
        name: _mean([result[name] for result in results]) for name in names if name in results[0]
    }
    return [*results, *[{**results[0], **means, "fit_error": None}] * n_missing]


def take_out(table: dict[str, Any], records: Sequence[Record], n_splits: int) -> None:
    """Take what was filled in out of a table of results.

    Parameters
    ----------
    table : dict
        As ``cv_results_``; changed in place.
    records : sequence of Record
    n_splits : int
    """
    n_run = np.array([len(record.results) for record in records])
    metrics = [name.removeprefix("mean_") for name in table if name.startswith("mean_")]
    for name in metrics:
        if name.endswith("_time"):
            columns = _columns([[r[name] for r in record.results] for record in records], n_splits)
        else:
            columns = np.array([table[f"split{split}_{name}"] for split in range(n_splits)])
        columns[np.arange(n_splits)[:, np.newaxis] >= n_run] = np.nan
        for number in np.flatnonzero(n_run < n_splits):
            run = columns[: n_run[number], number]
            table[f"mean_{name}"][number], table[f"std_{name}"][number] = run.mean(), run.std()
            for split in range(n_run[number], n_splits):
                if f"split{split}_{name}" in table:
                    table[f"split{split}_{name}"][number] = np.nan
        if f"rank_{name}" in table:
            means = np.where(n_run < n_splits, np.nan, table[f"mean_{name}"])
            table[f"rank_{name}"] = _ranks(means)


def _mean(values: Sequence[Any]) -> Any:
    if isinstance(values[0], dict):
        return {name: _mean([value[name] for value in values]) for name in values[0]}
    return float(np.mean(values))


def _columns(rows: Sequence[Sequence[float]], n_splits: int) -> Any:
    """Return values by split and candidate, NaN where there is none."""
    return np.array([[*row, *[np.nan] * (n_splits - len(row))] for row in rows]).T


def _ranks(means: Any) -> Any:
    """Return ranks as scikit-learn gives them: candidates without a mean share the last one."""
    if np.isnan(means).all():
        return np.ones(len(means), dtype=np.int32)
    means = np.nan_to_num(means, nan=np.nanmin(means) - 1)
    return rankdata(-means, method="min").astype(np.int32)
