"""A `Parallel` whose answers are there the moment they are delivered."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Any

from sklearn.utils.parallel import Parallel

PATIENCE = 0.05
"""Seconds without a delivery after which joblib is asked all the same; it may have an error."""


class StreamingParallel(Parallel):
    """scikit-learn's `Parallel`, with a consumer that is woken instead of looking every 10 ms.

    joblib reports progress from the thread that delivers an answer, right after the answer can be
    had. Ten milliseconds are as long as many a fit, and a search waits once a trial.
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
        """Run tasks, and return an iterator over their answers in the order they come."""
        self._n_delivered = 0
        return self._as_they_come(iter(super().__call__(iterable)))

    def _as_they_come(self, answers: Iterator[Any]) -> Iterator[Any]:
        n_consumed = 0
        while True:
            self._delivery.clear()
            if self._n_delivered <= n_consumed:
                self._delivery.wait(PATIENCE)
            try:
                yield next(answers)
            except StopIteration:
                return
            n_consumed += 1
