"""Messages to a tracker, sent in order by a thread, so that a search never waits for a server.

If a message cannot be sent, there is one warning and the search goes on. The message and all later
ones are sent at the end of the search; if that fails too, they are written to a file.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from skbayes.space.written import shown

BEST = "best_score_so_far"
"""Name of the metric of a search that grows with its trials."""


@dataclass(frozen=True)
class Message:
    """What a tracker is told: that a search begins, that a trial is finished, or the end.

    Parameters
    ----------
    kind : {'begin', 'trial', 'end'}
    params : mapping of str to (bool, int, float or str)
        Parameters of the search or of the trial.
    metrics : mapping of str to float
        Finite numbers.
    tags : mapping of str to str
        Everything else that is short.
    texts : mapping of str to str, default={}
        Contents of files, by their names.
    number : int, default=-1
        Of the trial.
    began, ended : float, default=0.0
        Seconds of the epoch; 0 if they are not known.
    status : {'FINISHED', 'FAILED', 'KILLED'}, default='FINISHED'
    best : float or None, default=None
        Best score so far, including this trial.
    """

    kind: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    texts: Mapping[str, str] = field(default_factory=dict)
    number: int = -1
    began: float = 0.0
    ended: float = 0.0
    status: str = "FINISHED"
    best: float | None = None


class Outbox:
    """Sends messages in their order.

    Parameters
    ----------
    tracker : str
        Name of the tracker, for the warning.
    file : Path
        Where messages are written that cannot be sent.
    send : callable
        Sends a message; raises an error if that is not possible.
    """

    def __init__(self, tracker: str, file: Path, send: Callable[[Message], None]) -> None:
        self._tracker, self._file, self._send = tracker, file, send
        self._queue: SimpleQueue[Message | None] = SimpleQueue()
        self._unsent: list[Message] = []
        self._error: Exception | None = None
        self._has_warned = False
        until_closed = iter(self._queue.get, None)
        self._thread = Thread(
            target=self._send_all, args=(until_closed,), name=f"skbayes to {tracker}", daemon=True
        )
        self._thread.start()

    def put(self, message: Message) -> None:
        """Send a message, soon.

        Parameters
        ----------
        message : Message
        """
        self._queue.put(message)
        self._warn()

    def close(self) -> None:
        """Wait until all messages are sent, and try again to send those that were not."""
        self._queue.put(None)
        self._thread.join()
        self._warn()
        again, self._unsent = self._unsent, []
        self._send_all(again)
        if self._unsent:
            self._write_unsent()

    def _send_all(self, messages: Iterable[Message]) -> None:
        """Send messages, and keep those that cannot be sent."""
        is_down = False
        for message in messages:
            if not is_down:
                try:
                    self._send(message)
                    continue
                except Exception as error:
                    self._error = error
                    # Otherwise the tracker has refused this message alone.
                    is_down = isinstance(error, OSError) or message.kind == "begin"
            self._unsent.append(message)

    def _warn(self) -> None:
        if self._error is not None and not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"{self._tracker} cannot be reached or has refused a message, and is tried again "
                f"at the end of the search: {shown(self._error)}",
                stacklevel=2,
            )

    def _write_unsent(self) -> None:
        texts = [json.dumps(asdict(message)) + "\n" for message in self._unsent]
        try:
            self._file.write_text("".join(texts), encoding="utf-8")
        except OSError as another:
            where = f"and could not be written to {str(self._file)!r} either ({another.strerror})"
        else:
            where = f"and were written to {str(self._file)!r}"
        warnings.warn(
            f"{len(texts)} messages could not be sent to {self._tracker}, {where}: "
            f"{shown(self._error)}",
            stacklevel=2,
        )
