"""The callbacks of a search: called in the main process for every finished trial, in order.

Progress, the log and the user's callbacks are all told by one announcer, so they all see the same
trials at the same moments. scikit-learn's own callbacks are another thing: they are called inside
the workers, see `task_tree.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from skbayes.engine.finished import Listener
from skbayes.estimators.progress import Progress
from skbayes.evaluation.finished_trial import FinishedTrial
from skbayes.evaluation.results import Record, SplitResult
from skbayes.space.written import shown
from skbayes.trial import Trial

logger = logging.getLogger("skbayes")

Callback = Callable[[Any, FinishedTrial], Any]


def callbacks_of(search: Any) -> list[Callback]:
    """Return the callbacks of a search as a list, after a check of each.

    Parameters
    ----------
    search : estimator

    Raises
    ------
    TypeError
        If one of them cannot be called with a search and a trial.
    """
    given = search.callbacks
    if given is None:
        return []
    is_list = isinstance(given, list | tuple)
    for number, callback in enumerate(given if is_list else [given]):
        label = f"callbacks[{number}]" if is_list else "callbacks"
        if isinstance(callback, type):
            raise TypeError(
                f"{label}: {callback.__name__} is a class; give an instance of it, such as "
                f"{callback.__name__}()."
            )
        if hasattr(callback, "on_fit_task_begin"):
            raise TypeError(
                f"{label}: {type(callback).__name__} is a callback of scikit-learn; set it with "
                f"search.set_callbacks({type(callback).__name__}())."
            )
        if not callable(callback):
            raise TypeError(
                f"{label}: {shown(callback)} is not callable; give a function of a search and a "
                "trial, or an object with such a __call__."
            )
    return list(given) if is_list else [given]


class Announcer(Listener):
    """Tells callbacks of the finished trials, and is the rule that ends a search for them.

    Parameters
    ----------
    search : estimator
        Its attribute `best_trial_` is the best trial so far while the search runs.
    callbacks : sequence of callable

    Attributes
    ----------
    error : BaseException or None
        What a callback has raised.
    """

    def __init__(self, search: Any, callbacks: Sequence[Callback]) -> None:
        self._search, self._callbacks = search, callbacks
        self._progress: Progress | None = None
        self._begun: list[Callback] = []  # the callbacks that were told of the begin
        self._wants_stop = False
        self._n_restored = 0
        self.error: BaseException | None = None

    @property
    def draws_a_line(self) -> bool:
        """Whether progress is shown in the last line of a terminal."""
        return self._progress is not None and self._progress.screen.is_terminal

    def begin(self, progress: Progress | None) -> None:
        """Tell the callbacks that the search begins.

        Parameters
        ----------
        progress : Progress or None
            Is told of every trial too, before the callbacks.
        """
        self._progress = progress
        self._search.best_trial_ = None
        logger.info("%s begins", type(self._search).__name__)
        for callback in self._callbacks:
            self._begun.append(callback)
            getattr(callback, "on_search_begin", _nothing)(self._search)

    @contextmanager
    def announcing_the_end(self) -> Iterator[None]:
        """Tell the callbacks after the block that the search has ended, if they know it began."""
        try:
            yield
            self._log_end()
            while self._begun:  # one that raises is not called again
                getattr(self._begun.pop(0), "on_search_end", _nothing)(self._search)
        except BaseException as error:
            logger.info("%s ends: %s", type(self._search).__name__, type(error).__name__)
            self._end_after(error)
            raise
        finally:
            vars(self._search).pop("best_trial_", None)

    def tick(self) -> None:
        if self._progress is not None:
            self._progress.tick()

    def trial_counted(self, record: Record, is_restored: bool) -> None:
        """Call the callbacks with a finished trial.

        Parameters
        ----------
        record : Record
        is_restored : bool
        """
        search = self._search
        trial = FinishedTrial.of(record, search.n_splits_, is_restored)
        self._log_resume(is_restored)
        if trial.is_better_than(search.best_trial_):
            search.best_trial_ = trial
            if not is_restored:
                logger.info("trial %d is the best so far: %.6g", trial.number, trial.score)
        if self._progress is not None:
            self._progress.add(trial)
        try:
            # Call every callback, even after one that ends the search.
            answers = [bool(callback(search, trial)) for callback in self._callbacks]
        except BaseException as error:
            self.error = error
            raise
        self._wants_stop = self._wants_stop or any(answers)

    def should_stop(self, trial: Trial, results: Sequence[SplitResult]) -> bool:
        """Whether a callback gave a true answer to this trial.

        Parameters
        ----------
        trial : Trial
        results : sequence of SplitResult
        """
        return self._wants_stop

    def _end_after(self, error: BaseException) -> None:
        """Tell the callbacks of the end of a search that has failed; they cannot hide why."""
        while self._begun:
            callback = self._begun.pop(0)
            try:
                getattr(callback, "on_search_end", _nothing)(self._search)
            except Exception as another:
                name = type(callback).__name__
                error.add_note(f"{name}.on_search_end has failed too: {shown(another)}")

    def _log_resume(self, is_restored: bool) -> None:
        if is_restored:
            self._n_restored += 1
        elif self._n_restored:
            logger.info("resumed after %d restored trials", self._n_restored)
            self._n_restored = 0

    def _log_end(self) -> None:
        results: Mapping[str, Any] = self._search.cv_results_
        best = getattr(self._search, "best_score_", None)
        logger.info(
            "%s ends after %d trials%s",
            type(self._search).__name__,
            len(results["params"]),
            "" if best is None else f"; best score {best:.6g}",
        )


def _nothing(search: Any) -> None:
    """Stands for a method that a callback does not have."""
