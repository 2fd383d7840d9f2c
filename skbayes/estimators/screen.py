"""Where progress is shown: a line that is updated, in a terminal or a notebook, or plain lines.

While a line is shown in a terminal, everything else that is printed goes above it: what the main
process prints passes through `_AboveTheLine`, and what a worker process prints through
`evaluation.printing.over_the_line`.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from multiprocessing import current_process
from threading import Lock, RLock
from typing import Any

from skbayes.evaluation.printing import ERASE_LINE, StreamProxy, standard_streams_behind

REDRAW = 0.25
"""Seconds between two updates of a line."""

INTERVAL = 10.0
"""Seconds between two plain lines, at first."""

GROWTH = 0.1
"""Seconds between two plain lines later, as a share of the time since the search began."""

WIDTH = 120
"""Maximum number of characters of a plain line, and of the line in a notebook."""

Compose = Callable[[int], str]
"""Returns the line of progress, of at most this many characters."""

_one_line_at_a_time = Lock()  # a second search of this process prints plain lines


class Screen:
    """Prints plain lines, the later the longer the search takes; for pipes, files and CI."""

    is_terminal = False

    def __init__(self) -> None:
        self._begin = time.monotonic()
        self._next = INTERVAL
        self._last = ""

    def say(self, text: str) -> None:
        """Print a line that stays.

        Parameters
        ----------
        text : str
        """
        say(text)

    def update(self, compose: Compose) -> None:
        """Show how far the search is, if it is time for it.

        Parameters
        ----------
        compose : callable
        """
        elapsed = time.monotonic() - self._begin
        if elapsed >= self._next:
            self._next = elapsed + max(INTERVAL, GROWTH * elapsed)
            self.finish(compose)

    def finish(self, compose: Compose) -> None:
        """Show how far the search is, now.

        Parameters
        ----------
        compose : callable
        """
        text = compose(WIDTH)
        if text != self._last:
            self._last = text
            self.say(text)


class LiveScreen(Screen):
    """Updates a line."""

    def __init__(self) -> None:
        super().__init__()
        self._drawn_at = -REDRAW

    def update(self, compose: Compose) -> None:
        if time.monotonic() - self._drawn_at >= REDRAW:
            self._draw(compose)

    def finish(self, compose: Compose) -> None:
        self._draw(compose)

    @abstractmethod
    def _draw(self, compose: Compose) -> None:
        """Show the line as it is now."""


class NotebookScreen(LiveScreen):
    """Updates a line in the output of a notebook's cell."""

    def __init__(self) -> None:
        super().__init__()
        self._handle: Any = None

    def _draw(self, compose: Compose) -> None:
        self._drawn_at = time.monotonic()
        content = {"text/plain": compose(WIDTH)}
        with suppress(Exception):  # a search does not end because a notebook is gone
            if self._handle is None:
                display = import_module("IPython.display").display
                self._handle = display(content, raw=True, display_id=True)
            else:
                self._handle.update(content, raw=True)


class TerminalScreen(LiveScreen):
    """Updates the last line of a terminal."""

    is_terminal = True

    def __init__(self) -> None:
        super().__init__()
        self._lock = RLock()  # fits in threads print too
        self._is_drawn = False
        self._is_at_line_start = True
        self._stdout = sys.stdout

    def finish(self, compose: Compose) -> None:
        with self._lock:
            self._draw(compose)
            self._write("\n")
            self._is_drawn = False

    def _draw(self, compose: Compose) -> None:
        with self._lock:
            if not self._is_at_line_start:
                return  # a fit has printed half a line
            self._drawn_at = time.monotonic()
            self._write(ERASE_LINE + compose(shutil.get_terminal_size().columns - 1))
            self._is_drawn = True

    def _write(self, text: str) -> None:
        with suppress(Exception):  # as in `say`
            self._stdout.write(printable(text, self._stdout))
            self._stdout.flush()

    def write_above(self, text: str, stream: Any) -> Any:
        """Write text of somebody else where the line was; the line is drawn again later.

        Parameters
        ----------
        text : str
        stream : file
            Standard output or error.
        """
        with self._lock:
            if self._is_drawn and text:
                self._is_drawn, self._drawn_at = False, -REDRAW
                self._write(ERASE_LINE)
            written = stream.write(text)
            if text:
                self._is_at_line_start = text.endswith("\n")
                getattr(stream, "flush", int)()
            return written


class _AboveTheLine(StreamProxy):
    """Standard output or error while a line of progress is shown."""

    def __init__(self, screen: TerminalScreen, stream: Any) -> None:
        super().__init__(stream)
        self._screen = screen

    def write(self, text: str) -> Any:
        return self._screen.write_above(text, self._stream)


@contextmanager
def open_screen() -> Iterator[Screen]:
    """Return the screen that suits where standard output goes."""
    if _is_notebook():
        yield NotebookScreen()
    elif _is_terminal() and _one_line_at_a_time.acquire(blocking=False):
        try:
            screen = TerminalScreen()
            with standard_streams_behind(partial(_AboveTheLine, screen)):
                yield screen
        finally:
            _one_line_at_a_time.release()
    else:
        yield Screen()


def _is_notebook() -> bool:
    interactive = sys.modules.get("IPython")
    shell = None if interactive is None else interactive.get_ipython()
    return hasattr(shell, "kernel")


def _is_terminal() -> bool:
    """Whether standard output is a terminal that belongs to this process alone."""
    try:
        is_tty = sys.stdout.isatty()
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False
    is_worker = current_process().name != "MainProcess"
    has_escapes = os.environ.get("TERM") != "dumb" and (
        os.name != "nt" or "WT_SESSION" in os.environ
    )
    return is_tty and has_escapes and not is_worker


def say(text: str) -> None:
    """Print a line without delay; a search does not end because it cannot print.

    Parameters
    ----------
    text : str
    """
    with suppress(Exception):  # a closed pipe, a closed file, whatever stands for standard output
        print(printable(text, sys.stdout), flush=True)


def printable(text: str, stream: Any) -> str:
    """Return text in the characters that a stream can encode.

    Parameters
    ----------
    text : str
    stream : file
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.replace("±", "+-").encode(encoding, "replace").decode(encoding)
    except (LookupError, TypeError):  # there is no such encoding: leave it to the stream
        return text
    return text
