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
        Of some splits.
    n_splits : int

    Returns
    -------
    results : list of SplitResult
        Of all splits, in order.
    """
    if len(results) == n_splits:
        return list(results)
    names = ["test_scores", "train_scores", "fit_time", "score_time"]
    means = {
        name: _mean([result[name] for result in results]) for name in names if name in results[0]
    }
    known = {result["split"]: result for result in results}
    missing = {**results[0], **means, "fit_error": None}
    return [known.get(split, missing) for split in range(n_splits)]


def take_out(table: dict[str, Any], records: Sequence[Record], n_splits: int) -> None:
    """Take what was filled in out of a table of results.

    Parameters
    ----------
    table : dict
        As ``cv_results_``; changed in place.
    records : sequence of Record
    n_splits : int
    """
    partial = {
        number: record.results
        for number, record in enumerate(records)
        if len(record.results) < n_splits
    }
    metrics = [name.removeprefix("mean_") for name in table if name.startswith("mean_")]
    for name in metrics:
        for number, results in partial.items():
            splits = [result["split"] for result in results]
            if name.endswith("_time"):
                run = np.array([result[name] for result in results])
            else:
                run = np.array([table[f"split{split}_{name}"][number] for split in splits])
                for split in set(range(n_splits)).difference(splits):
                    table[f"split{split}_{name}"][number] = np.nan
            table[f"mean_{name}"][number], table[f"std_{name}"][number] = run.mean(), run.std()
        if f"rank_{name}" in table:
            means = table[f"mean_{name}"].copy()
            means[list(partial)] = np.nan
            table[f"rank_{name}"] = _ranks(means)


def _mean(values: Sequence[Any]) -> Any:
    if isinstance(values[0], dict):
        return {name: _mean([value[name] for value in values]) for name in values[0]}
    return float(np.mean(values))


def _ranks(means: Any) -> Any:
    """Return ranks as scikit-learn gives them: candidates without a mean share the last one."""
    if np.isnan(means).all():
        return np.ones(len(means), dtype=np.int32)
    means = np.nan_to_num(means, nan=np.nanmin(means) - 1)
    return rankdata(-means, method="min").astype(np.int32)
