"""The base class of the callbacks that send a search to a tracker."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Protocol

from skbayes.evaluation.finished_trial import FinishedTrial
from skbayes.tracking.contents import begin_of, end_of, trial_of
from skbayes.tracking.outbox import Message, Outbox


class Sender(Protocol):
    """Sends the messages of one search; its methods raise an error if that is not possible."""

    def begin(self, message: Message) -> None:
        """Begin the run of a search, or continue it.

        Parameters
        ----------
        message : Message
        """
        ...

    def trial(self, message: Message) -> None:
        """Add the run of a trial.

        Parameters
        ----------
        message : Message
        """
        ...

    def end(self, message: Message) -> None:
        """End the run of the search.

        Parameters
        ----------
        message : Message
        """
        ...


class Tracker(ABC):
    """Sends one run for a search and one for each of its trials.

    One object can serve several searches, also at the same time.
    """

    PACKAGE: ClassVar[str]  # which is also the name of the extra
    NAME: ClassVar[str]
    log_model: bool = False

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
        self._outboxes[id(search)] = Outbox(self.NAME, file, send)
        self._outboxes[id(search)].put(begin_of(search))

    def __call__(self, search: Any, trial: FinishedTrial) -> None:
        """Send a finished trial.

        Parameters
        ----------
        search : estimator
        trial : FinishedTrial
        """
        self._outboxes[id(search)].put(trial_of(trial, search.best_trial_))

    def on_search_end(self, search: Any) -> None:
        """Send what was found, and end the run.

        Parameters
        ----------
        search : estimator
        """
        outbox = self._outboxes.pop(id(search), None)
        if outbox is not None:  # None if the extra is not installed
            outbox.put(end_of(search, self.log_model))
            outbox.close()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the searches under way: threads cannot be pickled."""
        return {name: value for name, value in vars(self).items() if name != "_running"}

    @abstractmethod
    def _make_sender(self, search: Any) -> Sender:
        """Return what sends the messages of a search."""

    @property
    def _outboxes(self) -> dict[int, Outbox]:
        running: dict[int, Outbox] = vars(self).setdefault("_running", {})
        return running
