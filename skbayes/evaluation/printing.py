"""What a fit prints in a worker process while the main process shows a line of progress.

Both write to the same terminal. The worker erases the line before it prints whole lines of its own,
and the main process draws it again below them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ERASE_LINE = "\r\x1b[K"
"""Moves a terminal's cursor to the first column, and erases from there to the end of the line."""


class _OverTheLine:
    """A stream that writes whole lines, each in place of the line of progress."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._begun = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        whole, newline, self._begun = (self._begun + text).rpartition("\n")
        if newline:
            self._stream.write(f"{ERASE_LINE}{whole}\n")
            self._stream.flush()
        return len(text)

    def writelines(self, lines: Any) -> None:
        self.write("".join(lines))

    def end(self) -> None:
        """Write the rest that has no newline."""
        if self._begun:
            self.write("\n")


@contextmanager
def over_the_line() -> Iterator[None]:
    """Let the block print lines in place of the line of progress of another process."""
    before = sys.stdout, sys.stderr
    streams = [None if stream is None else _OverTheLine(stream) for stream in before]
    sys.stdout, sys.stderr = streams
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for stream in filter(None, streams):
            stream.end()
