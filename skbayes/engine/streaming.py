"""A `Parallel` whose answers can be consumed as soon as they are delivered."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from sklearn.utils.parallel import Parallel

from skbayes.engine._joblib_compat import has_error

SILENCE = 0.05
"""Seconds without a delivery after which the consumer is given None."""


class StreamingParallel(Parallel):
    """scikit-learn's `Parallel`, whose consumer is woken instead of polling every 10 ms.

    joblib reports progress from the thread that delivers an answer, right after the answer is
    available. Many fits take less than ten milliseconds, and a search waits once per trial.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(batch_size=1, return_as="generator_unordered", **options)
        self._delivery = threading.Event()
        self._n_delivered = 0

    def print_progress(self) -> None:
        """Report progress, and wake the consumer."""
        super().print_progress()
        self._n_delivered += 1
        self._delivery.set()

    def __call__(self, iterable: Iterable[Any]) -> Iterator[Any]:
        """Run tasks, and return an iterator over their answers in the order they come.

        While no answer arrives, it yields None from time to time, so that the consumer can check
        the time limit. Closing the iterator ends tasks that still run in other processes.
        """
        self._n_delivered = 0
        return self._as_they_come(super().__call__(iterable))

    def _as_they_come(self, answers: Any) -> Iterator[Any]:
        n_consumed = 0
        try:
            while True:
                self._delivery.clear()
                is_silent = self._n_delivered <= n_consumed and not self._delivery.wait(SILENCE)
                if is_silent and self._is_busy():
                    yield None
                    continue
                try:
                    yield next(answers)
                except StopIteration:
                    return
                n_consumed += 1
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about tasks that are ended on purpose
                answers.close()

    def _is_busy(self) -> bool:
        """Whether tasks are under way, and none of them has failed."""
        return self.n_completed_tasks < self.n_dispatched_tasks and not has_error(self)
