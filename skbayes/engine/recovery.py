"""Recovery from worker processes that died: find the split that ended them, and go on.

When a process dies, joblib fails all tasks and does not say which one was the cause. The files that
dead processes left (`evaluation.watch`) name the splits that were under way. Each of these is
evaluated alone in fresh processes, where it can end no other.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from skbayes.engine._joblib_compat import TerminatedWorkerError
from skbayes.engine.queue import MakeParallel
from skbayes.engine.under_way import TrialsUnderWay
from skbayes.evaluation.results import SplitResult
from skbayes.evaluation.task import Answer
from skbayes.evaluation.watch import ParentWatchdog, Watch

logger = logging.getLogger("skbayes")

MAX_CRASHES = 3
"""Times in a row that processes may die while no split was under way."""


class _Search(Protocol):
    """What recovery needs of the loop of a search."""

    def is_over(self) -> bool: ...

    def receive(self, answer: Answer) -> None: ...

    def add_results(self, number: int, results: Mapping[int, SplitResult]) -> None: ...


@dataclass
class Recovery:
    """Marks the splits that ended their worker processes as failed.

    Parameters
    ----------
    watch : Watch
    under_way : TrialsUnderWay
        The splits of the search that have no result yet.
    search : SearchLoop
    """

    watch: Watch
    under_way: TrialsUnderWay
    search: _Search
    _n_crashes: int = 0  # in a row, while no split was under way

    def __post_init__(self) -> None:
        self._watchdog = ParentWatchdog(self.watch)

    def end_overdue(self) -> None:
        """End processes that exceed `max_fit_time` and cannot end themselves; cheap to call."""
        self._watchdog.end_overdue()

    def fail_or_retry(self, make_parallel: MakeParallel) -> None:
        """Mark the splits that have ended their processes as failed.

        Parameters
        ----------
        make_parallel : callable
            Returns a `Parallel` that runs tasks in fresh processes.

        Raises
        ------
        RuntimeError
            If processes die again and again before they evaluate anything.
        """
        suspects, exceeded = self.watch.collect_leftovers()
        logger.warning(
            "worker processes died; under way were (trial, split): %s",
            ", ".join(map(str, [*suspects, *exceeded])) or "none",
        )
        for (number, split), stack in exceeded.items():
            if self.under_way.is_missing(number, split):
                self._fail(number, split, self.watch.excess, stack)
        for number, split in [] if exceeded else suspects:
            if self.under_way.is_missing(number, split) and not self.search.is_over():
                self._try_alone(make_parallel, number, split)
        self._n_crashes = 0 if exceeded or suspects else self._n_crashes + 1
        if self._n_crashes == MAX_CRASHES:
            raise RuntimeError("worker processes die before they evaluate anything")

    def _try_alone(self, make_parallel: MakeParallel, number: int, split: int) -> None:
        """Evaluate a split in a process of its own, to see whether it ends the process."""
        try:
            task = self.under_way.task_of(number, split)
            with make_parallel() as parallel, closing(parallel([task])) as answers:
                for answer in answers:
                    self.end_overdue()
                    if answer is not None:
                        self.search.receive(answer)
                    elif self.search.is_over():
                        return  # leaving the block ends the process
        except TerminatedWorkerError:
            exceeded = self.watch.collect_leftovers()[1]
            reason = self.watch.excess if exceeded else "the process that fitted it died"
            self._fail(number, split, reason, exceeded.get((number, split), ""))

    def _fail(self, number: int, split: int, reason: str, stack: str) -> None:
        result = self.under_way.failed(number, split, reason, stack)
        self.search.add_results(number, {split: result})
