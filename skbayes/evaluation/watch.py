"""Files that tell which splits the worker processes were evaluating when they died.

A worker process keeps a file for a split while it evaluates that split. So the files that a dead
process leaves name the splits that were under way. If a split exceeds `max_fit_time`, a watchdog in
the same process writes the stack into the file and ends the process. If the process is suspended,
its watchdog does not run, and the parent process ends it a little later.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

LONGEST_WATCH = 1e8
"""Longest time limit in seconds that the timers of all systems accept."""

GRACE = 2.0
"""Seconds after `max_fit_time` in which a process can end itself, before the parent does it."""

INTERVAL = 0.25
"""Seconds between two checks by the parent process."""


@dataclass(frozen=True)
class Watch:
    """Keeps a file for every split under way in processes that may die.

    Parameters
    ----------
    folder : Path
        Where the files are, each named by trial, split and process.
    max_fit_time : float or None
        Seconds per split after which a process writes its stack and ends itself; None for no limit.
    """

    folder: Path
    max_fit_time: float | None

    @property
    def excess(self) -> str:
        """The reason why a split that took too long has failed."""
        return f"exceeded max_fit_time={self.max_fit_time}"

    @contextmanager
    def over(self, number: int, split: int) -> Iterator[None]:
        """Keep the file of a split during the block; warn if the folder cannot be written to.

        Parameters
        ----------
        number, split : int
            Numbers of the trial and of its split.
        """
        path = self.folder / f"{number}-{split}-{os.getpid()}"
        try:
            stack = path.open("w")
        except OSError as error:
            warnings.warn(
                f"Worker processes cannot be watched, because {str(self.folder)!r} cannot be "
                f"written to ({error.strerror}): max_fit_time has no effect, and if one dies it "
                "is not known which split it was at.",
                stacklevel=2,
            )
            yield
            return
        try:
            with stack, self._limited(stack.fileno()):
                yield
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)  # the parent may have removed it

    @contextmanager
    def _limited(self, stack: int) -> Iterator[None]:
        """End the process if the block takes too long."""
        if self.max_fit_time is None:
            yield
            return
        seconds = min(self.max_fit_time, LONGEST_WATCH)
        # Unlike a Python thread, this watchdog also runs while the fit holds the GIL.
        faulthandler.dump_traceback_later(seconds, exit=True, file=stack)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()

    def collect_leftovers(self) -> tuple[list[tuple[int, int]], dict[tuple[int, int], str]]:
        """Return the splits whose files dead processes have left, and remove the files.

        Returns
        -------
        suspects : list of (int, int)
            Trial and split of the evaluations that were under way within the time limit.
        exceeded : dict of (int, int) to str
            Trial and split of the evaluations that exceeded `max_fit_time`, with their stacks.
        """
        suspects, exceeded = [], {}
        for path in self.under_way():
            number, split, _ = map(int, path.name.split("-"))
            try:
                stack = path.read_text()
                path.unlink(missing_ok=True)
            except OSError:
                continue  # the split was finished just now
            if stack:
                exceeded[number, split] = stack
            else:
                suspects.append((number, split))
        return suspects, exceeded

    def under_way(self) -> list[Path]:
        """Return the files of all splits under way."""
        return sorted(self.folder.glob("[0-9]*-[0-9]*-[0-9]*"))


@dataclass
class ParentWatchdog:
    """Ends overdue processes whose own watchdog does not run, such as suspended ones.

    Parameters
    ----------
    watch : Watch
    """

    watch: Watch
    _seen: dict[Path, float] = field(default_factory=dict)
    _last_look: float = 0.0

    def end_overdue(self) -> None:
        """End overdue processes; cheap enough to be called in a polling loop."""
        now = time.monotonic()
        if self.watch.max_fit_time is None or now - self._last_look < INTERVAL:
            return
        self._last_look = now
        self._seen = {path: self._seen.get(path, now) for path in self.watch.under_way()}
        for path, begin in self._seen.items():
            if now - begin > self.watch.max_fit_time + GRACE:
                self._end(path)

    def _end(self, path: Path) -> None:
        with suppress(OSError):  # the process has ended just now
            path.write_text("The process was stopped, and could not tell where it was.\n")
            os.kill(int(path.name.split("-")[2]), getattr(signal, "SIGKILL", signal.SIGTERM))
