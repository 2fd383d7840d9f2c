"""The journal: a file that records a search, with one line per finished trial.

The first line, the header, identifies the search. Every line is JSON and ends with a checksum of
itself and of the checksum before it, so that a line that was changed, moved or copied from another
journal is detected. A last line that was cut off in the middle is dropped. A line is on the disk
before the search goes on. Nothing that is read is ever executed.

A journal is locked by one process at a time; the operating system releases the lock when the
process ends. Processes that a fit forks close the file at once, or they would keep the lock.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import warnings
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any, Self

import numpy as np

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
    import msvcrt

from skbayes.space.written import text_of

FORMAT = 4
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
        The lines of the trials, in the order they were finished.

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
        self._file: FileIO | None = None
        _JOURNALS.add(self)
        with self._naming_itself("read"):
            if not path.exists():
                return
            if not path.is_file():  # a pipe or a device may be read for ever
                raise self._error("it is not a regular file")
            self._file = FileIO(path, "r+")
        self._lock()
        try:
            with self._naming_itself("read"):
                self._read()
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        """The name of the journal in messages."""
        return f"checkpoint={str(self.path)!r}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def begin(self, header: Mapping[str, Any]) -> None:
        """Write the header of a new journal.

        Parameters
        ----------
        header : mapping of str to object
            As JSON can hold it.
        """
        if self._file is None:
            with self._naming_itself("created"):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = FileIO(self.path, "a+")
            self._lock()
            with self._naming_itself("created"):
                _sync_folder(self.path.parent)
                is_taken = self.path.stat().st_size > 0
            if is_taken:
                self.close()
                raise self._error("another search has just begun it")
        self.header = {"skbayes_journal": FORMAT, **header}
        self._write(self.header)

    def append(self, record: Mapping[str, Any]) -> None:
        """Write the line of a trial; when this returns, it is on the disk.

        Parameters
        ----------
        record : mapping of str to object
            As JSON can hold it.
        """
        self._write(record)

    def close(self) -> None:
        """Close the file, which ends the lock."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, content: Mapping[str, Any]) -> None:
        assert self._file is not None
        body = json.dumps(content, separators=(",", ":"), default=_plain).encode()[:-1]
        checksum = _chained(self._sum, body)
        line = body + _ending(checksum)
        with self._naming_itself("written"):
            end = self._file.seek(0, os.SEEK_END)
            try:
                n_written = 0
                while n_written < len(line):
                    n_written += self._file.write(line[n_written:]) or 0
                os.fsync(self._file.fileno())
            except OSError:
                self._file.truncate(end)  # leave no incomplete line
                raise
        self._sum = checksum

    @contextmanager
    def _naming_itself(self, what: str) -> Iterator[None]:
        """Turn an error of the operating system into one that names the checkpoint."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or text_of(error)
            raise JournalError(f"{self.name}: it cannot be {what}: {reason}.") from error

    def _read(self) -> None:
        assert self._file is not None
        # A file that is no journal may be large: check its first bytes before reading the rest.
        content = self._file.read(len(FIRST)) or b""
        if content and not FIRST.startswith(content):
            raise self._damaged(0, content)
        content += self._file.readall() or b""
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
            self._add_line(number, self._parsed(number, line, body + b"}"))
            n_good += len(line)
        if n_good < len(content):
            warnings.warn(
                f"{self.name}: the last line is damaged, as if it had not been "
                "written to its end, and is dropped; that trial is evaluated again.",
                stacklevel=2,
            )
            self._file.truncate(n_good)

    def _parsed(self, number: int, line: bytes, text: bytes) -> dict[str, Any]:
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            raise self._damaged(number, line) from None
        if not isinstance(content, dict):
            raise self._damaged(number, line)
        return content

    def _add_line(self, number: int, content: dict[str, Any]) -> None:
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


_JOURNALS: weakref.WeakSet[Journal] = weakref.WeakSet()
"""Journals of this process."""


def _close_all() -> None:
    """Close the files that a forked process inherited; they share the lock of its parent."""
    for journal in list(_JOURNALS):
        journal.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_all)


def _chained(previous: str, body: bytes) -> str:
    return hashlib.sha256(previous.encode() + body).hexdigest()[:SUM_LENGTH]


def _ending(checksum: str) -> bytes:
    return f',"sum":"{checksum}"}}\n'.encode()


def _is_torn_header(line: bytes) -> bool:
    """Whether a header is incomplete, as after a power failure."""
    return line.startswith(FIRST) and not line.endswith(b"\n")


def _sync_folder(folder: Path) -> None:
    """Write the folder entry of a new file to disk too, on systems that can open folders."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def _plain(value: Any) -> Any:
    """Return a NumPy scalar as the number it is."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} of type {type(value).__name__} cannot stand in a journal")
