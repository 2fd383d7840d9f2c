"""What a search says while it runs: how far it is, and with `verbose=2` a line for every trial."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from skbayes.estimators.screen import Screen
from skbayes.evaluation.finished_trial import FinishedTrial
from skbayes.space.written import shown
from skbayes.trial import SINGLE_METRIC

MAX_REASON = 30
"""Maximum number of characters of the reason of a failure."""

MAX_NAME = 20
"""Maximum number of characters of a name in the line of progress."""

IMPORTANCE = ("count", "best", "left", "failed", "elapsed", "dropped")
"""Parts of the line of progress; where it is too narrow, the last ones are left out first."""


class Progress:
    """Shows how far a search is.

    Parameters
    ----------
    screen : Screen
        Where it is shown.
    n_trials : int or None
        How many trials there will be; None if it is not known.
    total_cost : float
        Sum of `cost_of` over all trials.
    resource : str or None, default=None
        Name of the resource; None if there is none.
    timeout : float or None, default=None
        Seconds that the search may take.
    lists_trials : bool, default=False
        Whether every trial has a line of its own.
    """

    def __init__(
        self,
        screen: Screen,
        n_trials: int | None,
        total_cost: float,
        resource: str | None = None,
        timeout: float | None = None,
        lists_trials: bool = False,
    ) -> None:
        self.screen = screen
        self._n_trials, self._total_cost = n_trials, total_cost
        self._resource, self._timeout = resource, timeout
        self._lists_trials = lists_trials
        self._begin = time.monotonic()
        self._n_done = self._n_failed = self._n_dropped = self._n_restored = 0
        self._cost = self._cost_restored = 0.0
        self._best: FinishedTrial | None = None
        self._best_at: float | None = None

    def add(self, trial: FinishedTrial) -> None:
        """Take note of a finished trial.

        Parameters
        ----------
        trial : FinishedTrial
        """
        self._n_done += 1
        self._n_failed += not np.isfinite(trial.score)
        self._n_dropped += trial.is_dropped and bool(np.isfinite(trial.score))
        self._cost += cost_of(trial)
        if trial.is_better_than(self._best):
            self._best, self._best_at = trial, None if trial.is_restored else self._elapsed
        if trial.is_restored:
            self._n_restored += 1
            self._cost_restored += cost_of(trial)
            return
        self._say_restored()
        if self._lists_trials:
            self.screen.say(self._line_of(trial))
        self.screen.update(self.line)

    def tick(self) -> None:
        """Show how far the search is, if it is time for it."""
        self.screen.update(self.line)

    def end(self) -> None:
        """Show how far the search has come."""
        self._say_restored()
        self.screen.finish(self.line)

    def line(self, width: int) -> str:
        """Return the line of progress.

        Parameters
        ----------
        width : int
            Maximum number of characters.
        """
        count, best = self._count(self._n_done), self._best_so_far()
        if len(count) + 2 + len(best) > width:
            best = best.partition(" ±")[0]
        parts = {
            "count": count,
            "best": best,
            "elapsed": f"{_clock(self._elapsed)} elapsed",
            "left": self._left(),
            "failed": f"{self._n_failed} failed" if self._n_failed else "",
            "dropped": f"{self._n_dropped} dropped" if self._n_dropped else "",
        }
        kept: set[str] = set()
        for name in IMPORTANCE:
            if parts[name] and len(_joined(parts, kept | {name})) <= width:
                kept.add(name)
        return _joined(parts, kept) or parts["count"][: max(width, 0)]

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._begin

    def _count(self, number: int) -> str:
        if self._n_trials is None:
            return f"[{number}]"
        return f"[{number:>{len(str(self._n_trials))}}/{self._n_trials}]"

    def _best_so_far(self) -> str:
        best = self._best
        if best is None:
            return ""
        metric = "" if best.metric == SINGLE_METRIC else f" {_short(best.metric)}"
        error = best.standard_error
        error_text = f" ± {error:.2g}" if np.isfinite(error) else ""
        resource = "" if self._resource is None else f", {_short(self._resource)}={best.resource}"
        at = "" if self._best_at is None else f" at {_clock(self._best_at)}"
        number = best.number + 1
        return f"best{metric} {best.score:.5g}{error_text} (candidate {number}{at}{resource})"

    def _left(self) -> str:
        if self._n_done == self._n_trials:
            return ""
        elapsed, done = self._elapsed, self._cost - self._cost_restored
        rest = np.inf if self._timeout is None else max(self._timeout - elapsed, 0.0)
        if self._n_trials is not None and done > 0:
            rest = min(rest, elapsed / done * max(self._total_cost - self._cost, 0.0))
        return f"{_clock(rest)} left" if np.isfinite(rest) else ""

    def _say_restored(self) -> None:
        if self._n_restored:
            self.screen.say(f"{self._n_restored} candidates were taken over")
            self._n_restored = 0

    def _line_of(self, trial: FinishedTrial) -> str:
        """Return the line of a trial, with its parameters."""
        params = ", ".join(f"{name}={_value(value)}" for name, value in trial.params.items())
        parts = [self._count(trial.number + 1), _outcome(trial), f"{trial.seconds:.2g} s", params]
        if self._resource is not None and self._resource not in trial.params:
            parts.insert(1, f"{self._resource}={trial.resource}")
        return "  ".join(parts)


def cost_of(trial: FinishedTrial) -> float:
    """Return what a trial is expected to cost, in proportion to its resource.

    Parameters
    ----------
    trial : FinishedTrial
    """
    return 1.0 if trial.resource is None else float(trial.resource)


def _outcome(trial: FinishedTrial) -> str:
    if np.isfinite(trial.score):
        if trial.is_pruned:
            return "pruned on its first split"
        if trial.is_dropped:
            # The mean of the splits that were run would mislead: they may be the easy ones.
            return f"dropped after {trial.n_evaluated}/{len(trial.fit_times)} splits"
        return f"{' '.join(trial.metric.split())} {trial.score:.5g}"
    reason = trial.failures[0].reason if trial.failures else "score is NaN"
    kind, separator, message = (reason.splitlines() or [""])[0].partition(":")
    return f"failed: {kind.rpartition('.')[2]}{separator}{message[:MAX_REASON]}"


def _joined(parts: dict[str, str], kept: set[str]) -> str:
    return "  ".join(text for name, text in parts.items() if name in kept)


def _short(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"


def _value(value: Any) -> str:
    return f"{float(value):.5g}" if isinstance(value, float) else shown(value)


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
