"""Notes for the user of an interrupted search: what was kept, and how to resume."""

from __future__ import annotations

from typing import Any

from skbayes.space.written import shown


def what_was_kept(search: Any) -> str:
    """Return the note on an interrupt while candidates were evaluated.

    Parameters
    ----------
    search : estimator
        With the results of the finished candidates, if there were any with a score.
    """
    name = type(search).__name__
    if not hasattr(search, "cv_results_"):
        kept = (
            f"{name} has no cv_results_: it was interrupted before a candidate with a score was "
            "finished."
        )
    else:
        n = len(search.cv_results_["params"])
        kept = f"{name} keeps the {n} candidates that were finished in cv_results_."
        if hasattr(search, "best_score_"):
            best = shown(search.best_params_)
            kept += f" The best has the score {search.best_score_:.6g}: {best}"
    again = (
        "Calling fit again begins anew; give checkpoint a path, and it goes on instead."
        if search.checkpoint is None
        else f"Calling fit again goes on from checkpoint={shown(search.checkpoint)}."
    )
    return f"{kept}\n{again}"


def what_was_kept_before_the_refit(search: Any) -> str:
    """Return the note on an interrupt while the best candidate was refitted.

    Parameters
    ----------
    search : estimator
    """
    return (
        f"{type(search).__name__} was interrupted in the refit; cv_results_ and best_params_ are "
        "complete."
    )
