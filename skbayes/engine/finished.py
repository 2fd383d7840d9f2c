"""The finished trials of a search: which of them is the last, and who is told of them.

Workers may finish trials in any order. Stopping rules are asked in the order of the trial numbers,
so a search ends after the same trial for any number of workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from skbayes.engine.budget import StoppingRule
from skbayes.evaluation.results import Record


class Listener:
    """Is told of finished trials; a subclass overrides the methods it needs."""

    def trial_finished(self, record: Record) -> None:
        """Take note of a trial as soon as it is finished.

        Parameters
        ----------
        record : Record
            Record of a trial that was evaluated now, not restored from a journal.
        """

    def trial_counted(self, record: Record, is_restored: bool) -> None:
        """Take note of a trial once all trials before it are finished too.

        Parameters
        ----------
        record : Record
        is_restored : bool
            Whether it was evaluated by an earlier search and restored from a journal.
        """

    def tick(self) -> None:
        """Take note that time has passed; called several times a second while workers are busy."""


@dataclass
class FinishedTrials:
    """The records of the finished trials.

    Parameters
    ----------
    rules : sequence of StoppingRule, default=()
        Each of them can end the search.
    listeners : sequence of Listener, default=()
        Are told of every trial, in this order.
    n_initial : int, default=0
        How many trials are of an earlier search; the rules are not asked about them.

    Attributes
    ----------
    n_counted : int
        Trials 0 to `n_counted` - 1 are finished, and no rule ended the search before them.
    is_complete : bool
        Whether a rule has ended the search.
    """

    rules: Sequence[StoppingRule] = ()
    listeners: Sequence[Listener] = ()
    n_counted: int = 0
    is_complete: bool = False
    n_initial: int = 0
    _records: dict[int, Record] = field(default_factory=dict)
    _restored: set[int] = field(default_factory=set)

    def add(self, record: Record, is_restored: bool = False) -> None:
        """Add a finished trial, and ask the rules about trials whose predecessors are finished.

        Parameters
        ----------
        record : Record
        is_restored : bool, default=False
            Whether it comes from a journal.
        """
        self._records[record.trial.number] = record
        if is_restored:
            self._restored.add(record.trial.number)
        else:
            for listener in self.listeners:
                listener.trial_finished(record)
        while not self.is_complete and self.n_counted in self._records:
            self._count(self._records[self.n_counted])

    def tick(self) -> None:
        """Tell the listeners that time has passed."""
        for listener in self.listeners:
            listener.tick()

    def records(self, is_interrupted: bool = False) -> list[Record]:
        """Return the records of the search in the order of the trials.

        Parameters
        ----------
        is_interrupted : bool, default=False
            By default, return the records of trials 0 to `n_counted` - 1. If True, return those of
            all finished trials.
        """
        if is_interrupted:
            return [self._records[number] for number in sorted(self._records)]
        return [self._records[number] for number in range(self.n_counted)]

    def _count(self, record: Record) -> None:
        self.n_counted += 1
        for listener in self.listeners:
            listener.trial_counted(record, record.trial.number in self._restored)
        if record.trial.number < self.n_initial:
            return
        # Ask every rule, even after one that ends the search: rules keep track of all trials.
        asked = [rule.should_stop(record.trial, record.results) for rule in self.rules]
        self.is_complete = any(asked)
