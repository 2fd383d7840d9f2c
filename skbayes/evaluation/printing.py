"""What a fit prints in a worker process while the main process shows a line of progress.

Both write to the same terminal. The worker erases the line before it prints whole lines of its own,
and the main process draws it again below them.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

ERASE_LINE = "\r\x1b[K"
"""Moves a terminal's cursor to the first column, and erases from there to the end of the line."""


class StreamProxy(ABC):
    """Stands before standard output or error, and writes otherwise.

    Parameters
    ----------
    stream : file
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @abstractmethod
    def write(self, text: str) -> Any:
        """Write text.

        Parameters
        ----------
        text : str
        """

    def writelines(self, lines: Any) -> None:
        """Write texts, one after the other.

        Parameters
        ----------
        lines : iterable of str
        """
        self.write("".join(lines))


Proxy = TypeVar("Proxy", bound=StreamProxy)


@contextmanager
def standard_streams_behind(proxy_of: Callable[[Any], Proxy]) -> Iterator[list[Proxy]]:
    """Put proxies before standard output and error during the block.

    Parameters
    ----------
    proxy_of : callable
        Makes the proxy of a stream.

    Returns
    -------
    proxies : context manager of list of StreamProxy
        Of the streams that there are.
    """
    before = sys.stdout, sys.stderr
    proxies = [None if stream is None else proxy_of(stream) for stream in before]
    sys.stdout, sys.stderr = proxies
    try:
        yield [proxy for proxy in proxies if proxy is not None]
    finally:
        sys.stdout, sys.stderr = before


class _OverTheLine(StreamProxy):
    """Writes whole lines, each in place of the line of progress."""

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._begun = ""

    def write(self, text: str) -> int:
        whole, newline, self._begun = (self._begun + text).rpartition("\n")
        if newline:
            self._stream.write(f"{ERASE_LINE}{whole}\n")
            self._stream.flush()
        return len(text)

    def end(self) -> None:
        """Write the rest that has no newline."""
        if self._begun:
            self.write("\n")


@contextmanager
def over_the_line() -> Iterator[None]:
    """Let the block print lines in place of the line of progress of another process."""
    with standard_streams_behind(_OverTheLine) as streams:
        try:
            yield
        finally:
            for stream in streams:
                stream.end()
