"""The base class of the callbacks that send a search to a tracker."""

from __future__ import annotations

import sys
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from skbayes.evaluation.finished_trial import FinishedTrial
from skbayes.space.written import shown
from skbayes.tracking.contents import begin_of, end_of, trial_of
from skbayes.tracking.outbox import Message, Outbox


class Sender(ABC):
    """Sends the messages of one search; its methods raise an error if that is not possible.

    Attributes
    ----------
    model : estimator or None
        The refitted model, which is sent with the end if it is wanted.
    problem : Exception or None
        Why the model could not be sent.
    """

    model: Any = None
    problem: Exception | None = None

    def try_model(self, send: Callable[[Any], Any]) -> None:
        """Send the model, if there is one; what has no file format is no reason to lose the rest.

        Parameters
        ----------
        send : callable
        """
        if self.model is None:
            return
        try:
            send(self.model)
        except Exception as error:
            self.problem = error

    @abstractmethod
    def begin(self, message: Message) -> None:
        """Begin the run of a search, or continue it.

        Parameters
        ----------
        message : Message
        """

    @abstractmethod
    def trial(self, message: Message) -> None:
        """Add the run of a trial.

        Parameters
        ----------
        message : Message
        """

    @abstractmethod
    def end(self, message: Message) -> None:
        """End the run of the search.

        Parameters
        ----------
        message : Message
        """


class _Tracked(NamedTuple):
    """A search under way."""

    outbox: Outbox
    sender: Sender
    error_before: BaseException | None  # which the program was handling when the search began


class Tracker(ABC):
    """Sends one run for a search and one for each of its trials.

    One object can serve several searches, also at the same time.

    Examples
    --------
    A tracker of your own, which prints. Its `Sender` is called in another thread than the search.

    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.tracking.tracker import Sender, Tracker
    >>> class Printer(Sender):
    ...     def begin(self, message):
    ...         print(message.kind)
    ...     trial = end = begin
    >>> class PrintTracker(Tracker):
    ...     PACKAGE, NAME = "json", "the printer"  # the package it needs, its name in warnings
    ...     def _make_sender(self, search):
    ...         return Printer()
    >>> search = BayesSearchCV(SVC(), {"C": loguniform(1, 9)}, n_iter=2, callbacks=PrintTracker())
    >>> search = search.fit(*load_iris(return_X_y=True))
    begin
    trial
    trial
    end
    """

    PACKAGE: ClassVar[str]  # which is also the name of the extra
    NAME: ClassVar[str]
    log_model: bool = False
    _running: dict[int, _Tracked]  # made by `_searches`, since a pickled callback has none

    def on_search_begin(self, search: Any) -> None:
        """Begin a run for the search.

        Parameters
        ----------
        search : estimator

        Raises
        ------
        ImportError
            If the package of the tracker is not installed.
        """
        if find_spec(self.PACKAGE) is None:
            raise ImportError(
                f"{type(self).__name__} needs {self.NAME}, which is not installed; "
                f"'pip install \"skbayes[{self.PACKAGE}]\"' brings it."
            )
        sender = self._make_sender(search)

        def send(message: Message) -> None:
            getattr(sender, message.kind)(message)

        file = Path(f"skbayes-{self.PACKAGE}-{search.run_id_}.jsonl").absolute()
        outbox = Outbox(self.NAME, file, send)
        self._searches[id(search)] = _Tracked(outbox, sender, sys.exception())
        outbox.put(begin_of(search))

    def __call__(self, search: Any, trial: FinishedTrial) -> None:
        """Send a finished trial.

        Parameters
        ----------
        search : estimator
        trial : FinishedTrial
        """
        self._searches[id(search)].outbox.put(trial_of(trial, search.best_trial_))

    def on_search_end(self, search: Any) -> None:
        """Send what was found, and end the run.

        Parameters
        ----------
        search : estimator
        """
        tracked = self._searches.pop(id(search), None)
        if tracked is None:  # the package is not installed
            return
        error = sys.exception()
        if self.log_model and hasattr(search, "best_estimator_"):
            tracked.sender.model = search.best_estimator_
        tracked.outbox.put(end_of(search, None if error is tracked.error_before else error))
        tracked.outbox.close()
        if tracked.sender.problem is not None:
            problem = shown(tracked.sender.problem)
            warnings.warn(f"{self.NAME} has not got the model: {problem}", stacklevel=2)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the searches under way: threads cannot be pickled."""
        return {name: value for name, value in vars(self).items() if name != "_running"}

    @abstractmethod
    def _make_sender(self, search: Any) -> Sender:
        """Return what sends the messages of a search."""

    @property
    def _searches(self) -> dict[int, _Tracked]:
        """The searches under way, by their `id`."""
        running: dict[int, _Tracked] = vars(self).setdefault("_running", {})
        return running
