"""The part of scikit-learn's task tree that a search adds: one task per split of a candidate.

A context is made when its task is first made. What is sent to another process is a copy that knows
its ancestors but not its siblings, because the whole tree would be sent with every task.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from skbayes._sklearn_compat import without_siblings
from skbayes.samplers.halving import Bracket, rung_of
from skbayes.trial import Trial


class SearchTask:
    """The task "search", and below it one for every split of every candidate.

    Parameters
    ----------
    search : estimator
    context : CallbackContext
        Of the whole fit.
    n_subtasks : int or None
        How many subtasks there will be at most; None if that is not known.
    n_splits : int
        Splits of a candidate.
    """

    def __init__(self, search: Any, context: Any, n_subtasks: int | None, n_splits: int) -> None:
        self._search, self._n_splits = search, n_splits
        self._contexts: dict[tuple[int, int], Any] = {}  # by trial and split
        self._task = context.subcontext(
            task_name="search", max_subtasks=n_subtasks, sequential_subtasks=False
        ).call_on_fit_task_begin(estimator=search)

    def context_of(self, trial: Trial, split: int, is_sent: bool) -> Any:
        """Return the context of a split of a trial.

        Parameters
        ----------
        trial : Trial
        split : int
        is_sent : bool
            Whether it is sent to another process.

        Returns
        -------
        context : CallbackContext
        """
        if (trial.number, split) not in self._contexts:
            for number in range(self._n_splits):
                self._contexts[trial.number, number] = self._new_context(trial, number)
        context = self._contexts[trial.number, split]
        return without_siblings(context) if is_sent else context

    def end(self) -> None:
        """End the task."""
        self._task.call_on_fit_task_end(estimator=self._search)

    def _new_context(self, trial: Trial, split: int) -> Any:
        return _below(self._task, trial.number * self._n_splits + split)


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
        sizes = {
            (number, step): rung.n_candidates * n_splits
            for number, bracket in enumerate(brackets)
            for step, rung in enumerate(bracket.rungs)
        }
        super().__init__(search, context, len(sizes), n_splits)
        self._n_used: Counter[tuple[int, int]] = Counter()  # contexts of each rung
        self._rungs = {
            place: self._task.subcontext(
                task_name="halving-iteration",
                task_id=number,
                max_subtasks=size,
                sequential_subtasks=False,
            ).call_on_fit_task_begin(estimator=search)
            for number, (place, size) in enumerate(sizes.items())
        }

    def end(self) -> None:
        for rung in self._rungs.values():
            rung.call_on_fit_task_end(estimator=self._search)
        super().end()

    def _new_context(self, trial: Trial, split: int) -> Any:
        place = rung_of(trial)
        self._n_used[place] += 1
        return _below(self._rungs[place], self._n_used[place] - 1)


def _below(task: Any, number: int) -> Any:
    return task.subcontext(task_name="candidate-split-evaluation", task_id=number)
