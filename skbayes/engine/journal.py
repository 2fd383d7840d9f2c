"""The journal: what a search has seen, on disk, a line a finished trial.

The first line, the header, says which search it is. Every line is JSON and ends with a checksum of
itself and of the checksum before it, so a line that was changed, moved or comes from elsewhere is
found out, and so is a last line that was cut off in the middle, which is dropped. A line is on the
disk before the search goes on. Nothing that is read is ever executed.

A journal belongs to one process at a time, by a lock of the operating system that ends with it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
    import msvcrt

FORMAT = 1
FIRST = b'{"skbayes_journal":'
"""How every journal begins."""

SUM_LENGTH = 16


class JournalError(ValueError):
    """A journal that cannot be continued; the message says why, and what to do."""


class Journal:
    """The journal in a file, opened and locked.

    Parameters
    ----------
    path : Path
        Need not exist; it is created by `begin`.

    Attributes
    ----------
    header : dict or None
        None until a new journal is begun.
    records : list of dict
        What the trials have left, in the order they were finished.

    Raises
    ------
    JournalError
        If the file is no journal, of another format, damaged, or in use.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header: dict[str, Any] | None = None
        self.records: list[dict[str, Any]] = []
        self._sum = ""
        self._file: BinaryIO | None = None
        if path.exists():
            self._file = path.open("r+b")
            self._lock()
            try:
                self._read()
            except BaseException:
                self.close()
                raise

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"checkpoint={str(self.path)!r}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def begin(self, header: Mapping[str, Any]) -> None:
        """Write the header of a new journal."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a+b")
            self._lock()
            _sync_folder(self.path.parent)
            if self.path.stat().st_size:
                self.close()
                raise self._error("another search has just begun it")
        self.header = {"skbayes_journal": FORMAT, **header}
        self._write(self.header)

    def append(self, record: Mapping[str, Any]) -> None:
        """Write what a trial has left; when this returns, it is on the disk."""
        self._write(record)

    def close(self) -> None:
        """Close the file, which ends the lock."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, content: Mapping[str, Any]) -> None:
        assert self._file is not None
        body = json.dumps(content, separators=(",", ":"), default=_plain).encode()[:-1]
        self._sum = _chained(self._sum, body)
        self._file.write(body + _ending(self._sum))
        self._file.flush()
        os.fsync(self._file.fileno())

    def _read(self) -> None:
        assert self._file is not None
        content = self._file.read()
        lines = content.splitlines(keepends=True)
        n_good = 0  # bytes
        for number, line in enumerate(lines):
            is_last = number == len(lines) - 1
            body = line[: -len(_ending("0" * SUM_LENGTH))]
            expected = _chained(self._sum, body)
            if line != body + _ending(expected):
                if is_last and (number > 0 or _is_torn_header(line)):
                    break
                raise self._damaged(number, line)
            self._sum = expected
            self._take(number, self._parsed(number, line, body + b"}"))
            n_good += len(line)
        if n_good < len(content):
            warnings.warn(
                f"{self.name}: the last line is damaged, as if it had not been "
                "written to its end, and is dropped; that trial is evaluated again.",
                stacklevel=2,
            )
        self._file.seek(n_good)
        self._file.truncate()

    def _parsed(self, number: int, line: bytes, text: bytes) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads(text)
        except ValueError:
            raise self._damaged(number, line) from None
        return content

    def _take(self, number: int, content: dict[str, Any]) -> None:
        if number > 0:
            self.records.append(content)
            return
        if content.get("skbayes_journal") != FORMAT:
            raise self._error(
                f"it has format {content.get('skbayes_journal')!r}, and this version of skbayes "
                f"reads format {FORMAT}"
            )
        self.header = content

    def _damaged(self, number: int, line: bytes) -> JournalError:
        if number == 0:
            is_ours = line.startswith(FIRST)
            return self._error(
                "its first line was changed" if is_ours else "it is not a journal of skbayes"
            )
        return self._error(
            f"line {number + 1} was changed, or belongs elsewhere; keep the lines before it if "
            "you want to continue from there"
        )

    def _error(self, problem: str) -> JournalError:
        return JournalError(f"{self.name}: {problem}. Give another path to begin anew.")

    def _lock(self) -> None:
        assert self._file is not None
        try:
            if fcntl is not None:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            else:
                msvcrt.locking(self._file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:
            self.close()
            is_taken = error.errno in (errno.EWOULDBLOCK, errno.EACCES)
            problem = "another search is using it" if is_taken else f"it cannot be locked: {error}"
            raise self._error(problem) from None


def _chained(previous: str, body: bytes) -> str:
    return hashlib.sha256(previous.encode() + body).hexdigest()[:SUM_LENGTH]


def _ending(checksum: str) -> bytes:
    return f',"sum":"{checksum}"}}\n'.encode()


def _is_torn_header(line: bytes) -> bool:
    """Whether a header was begun and not ended, as when the power fails."""
    return line.startswith(FIRST) and not line.endswith(b"\n")


def _sync_folder(folder: Path) -> None:
    """See to it that the name of a new file is on the disk too, where folders can be opened."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def _plain(value: Any) -> Any:
    """Return a NumPy scalar as the number it is."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} of type {type(value).__name__} cannot stand in a journal")
