"""What a search prints while it runs: a line for every finished candidate."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import numpy as np

from skbayes.engine.budget import resource_of
from skbayes.engine.finished import Listener
from skbayes.evaluation.results import Record, error_of, reason_of
from skbayes.trial import Trial

MAX_REASON = 30
"""Maximum number of characters of the reason of a failure."""

WIDTH = 79
"""Maximum number of characters of a line."""


class Progress(Listener):
    """Prints how far a search is.

    Parameters
    ----------
    n_trials : int or None
        How many candidates there will be; None if it is not known.
    total_cost : float
        Sum of `resource_of` over all candidates.
    metric : object
        Name of the metric that is maximised if there are several.
    resource : str or None, default=None
        Name of the resource; None if there is none.
    """

    def __init__(
        self, n_trials: int | None, total_cost: float, metric: Any, resource: str | None = None
    ) -> None:
        self._n_trials, self._total_cost = n_trials, total_cost
        self._metric, self._resource = metric, resource
        self._begin = time.monotonic()
        self._cost = self._cost_restored = 0.0
        self._n_restored = 0
        self._best: Trial | None = None

    def trial_counted(self, record: Record, is_restored: bool) -> None:
        """Print the line of a finished trial; those of a journal are counted together.

        Parameters
        ----------
        record : Record
        is_restored : bool
            Whether it comes from a journal.
        """
        trial = record.trial
        cost = resource_of(trial)
        self._cost += cost
        if (
            trial.is_complete
            and np.isfinite(trial.score)
            and not (self._best and self._best.score >= trial.score)
        ):
            self._best = trial
        if is_restored:
            self._n_restored += 1
            self._cost_restored += cost
            return
        if self._n_restored:
            say(f"{self._n_restored} candidates were taken over")
            self._n_restored = 0
        say(self._line(record))

    def _line(self, record: Record) -> str:
        trial = record.trial
        total = "" if self._n_trials is None else f"/{self._n_trials}"
        number = f"{trial.number + 1:>{max(len(total) - 1, 1)}}{total}"
        parts = [f"[{number}]"]
        if self._resource is not None:
            parts.append(f"{self._resource}={trial.fidelity}")
        parts.append(self._score_of(record))
        if self._best is not None:
            parts.append(f"best {self._best.score:.5g} [{self._best.number + 1}]")
        return "  ".join([*parts, self._times()])[:WIDTH]

    def _score_of(self, record: Record) -> str:
        trial, outcome = record.trial, record.trial.outcome
        if outcome is not None and np.isfinite(trial.score):
            if trial.is_complete:
                return f"score {trial.score:.5g}"
            # The mean of the splits that were run would mislead: they may be the easy ones.
            return f"dropped after {len(outcome.splits)}/{outcome.n_splits}"
        errors = (error_of(result, self._metric) for result in record.results)
        reason = next((reason_of(error) for error in errors if error is not None), "score is NaN")
        kind, separator, message = (reason.splitlines() or [""])[0].partition(":")
        short = f"{kind.rpartition('.')[2]}{separator}{message}"
        return f"failed: {short[:MAX_REASON]}"

    def _times(self) -> str:
        elapsed = time.monotonic() - self._begin
        text = f"{_clock(elapsed)} elapsed"
        done = self._cost - self._cost_restored
        if self._n_trials is None or done <= 0:
            return text
        rest = elapsed / done * max(self._total_cost - self._cost, 0.0)
        return f"{text}, {_clock(rest)} left"


def say(text: str) -> None:
    """Print a line without delay; a search does not end because it cannot print.

    Parameters
    ----------
    text : str
    """
    with suppress(OSError, ValueError):  # a closed pipe, a closed file, an encoding without a sign
        print(text, flush=True)


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
