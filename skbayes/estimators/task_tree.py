"""The part of scikit-learn's task tree that a search adds: one task per split of a candidate.

All contexts are made before the first task is sent to a worker: one that is made while tasks are
sent cannot be pickled. Without callbacks none is made, because they are slow to send.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from skbayes.samplers.halving import Bracket, rung_of
from skbayes.trial import Trial


class SearchTask:
    """The task "search", and below it one for every split of every candidate.

    Parameters
    ----------
    search : estimator
    context : CallbackContext
        Of the whole fit.
    n_trials, n_splits : int
        How many there will be at most.
    """

    def __init__(self, search: Any, context: Any, n_trials: int, n_splits: int) -> None:
        self._search, self._n_trials, self._n_splits = search, n_trials, n_splits
        self._contexts: list[Any] = []
        self._task = context.subcontext(
            task_name="search", max_subtasks=self._n_subtasks, sequential_subtasks=False
        ).call_on_fit_task_begin(estimator=search)

    @property
    def _n_subtasks(self) -> int:
        return self._n_trials * self._n_splits

    def make_contexts(self) -> None:
        """Make the contexts of all splits."""
        self._contexts = _contexts_below(self._task, self._n_subtasks)

    def context_of(self, trial: Trial, split: int) -> Any:
        """Return the context of a split of a trial.

        Parameters
        ----------
        trial : Trial
        split : int

        Returns
        -------
        context : CallbackContext
        """
        return self._contexts[trial.number * self._n_splits + split]

    def end(self) -> None:
        """End the task."""
        self._task.call_on_fit_task_end(estimator=self._search)


class HalvingTask(SearchTask):
    """The task "search", below it one for every rung, and below that one for every split.

    Parameters
    ----------
    search : estimator
    context : CallbackContext
        Of the whole fit.
    brackets : sequence of Bracket
    n_splits : int
    """

    def __init__(
        self, search: Any, context: Any, brackets: Sequence[Bracket], n_splits: int
    ) -> None:
        self._sizes = {
            (number, step): rung.n_candidates * n_splits
            for number, bracket in enumerate(brackets)
            for step, rung in enumerate(bracket.rungs)
        }
        self._rungs: list[Any] = []
        self._unused: dict[tuple[int, int], Iterator[Any]] = {}  # contexts of each rung
        self._used: dict[int, list[Any]] = {}  # contexts of each trial
        super().__init__(search, context, sum(self._sizes.values()) // n_splits, n_splits)

    @property
    def _n_subtasks(self) -> int:
        return len(self._sizes)

    def make_contexts(self) -> None:
        for number, (place, size) in enumerate(self._sizes.items()):
            rung = self._task.subcontext(
                task_name="halving-iteration",
                task_id=number,
                max_subtasks=size,
                sequential_subtasks=False,
            ).call_on_fit_task_begin(estimator=self._search)
            self._rungs.append(rung)
            self._unused[place] = iter(_contexts_below(rung, size))

    def context_of(self, trial: Trial, split: int) -> Any:
        if trial.number not in self._used:
            self._used[trial.number] = list(islice(self._unused[rung_of(trial)], self._n_splits))
        return self._used[trial.number][split]

    def end(self) -> None:
        for rung in self._rungs:
            rung.call_on_fit_task_end(estimator=self._search)
        super().end()


def _contexts_below(task: Any, n: int) -> list[Any]:
    return [
        task.subcontext(task_name="candidate-split-evaluation", task_id=number)
        for number in range(n)
    ]
