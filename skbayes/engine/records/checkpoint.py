"""Checks that a journal belongs to a search, and resumes the search from it.

The header of a journal holds a digest of everything that determines the trials and their scores:
estimator, space, data, splits, scoring, settings. `n_iter`, the number of workers and the budgets
are not part of it, so a finished search can be extended.
"""

from __future__ import annotations

import base64
import os
import re
import sys
import warnings
import zlib
from collections.abc import Iterable, Mapping
from importlib import metadata
from itertools import chain
from numbers import Integral
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import numpy as np

from skbayes._sklearn_compat import scorers_by_name
from skbayes.engine.finished import Listener
from skbayes.engine.records.contents import ResultFormat, content_of, restored
from skbayes.engine.records.fingerprint import IGNORED_PARAMETERS, digest
from skbayes.engine.records.journal import Journal, JournalError
from skbayes.engine.workers import blas_kernels
from skbayes.evaluation.predictions import PredictionStore
from skbayes.evaluation.results import Record
from skbayes.evaluation.splits import Split
from skbayes.samplers.base import Sampler
from skbayes.space.space import Space, dicts_of
from skbayes.space.written import shown

NOT_IN_IDENTITY = {
    "estimator",
    "param_distributions",
    "n_iter",
    "n_jobs",
    "refit",
    "cv",
    "verbose",
    "pre_dispatch",
    "random_state",
    "checkpoint",
    "timeout",
    "n_iter_no_change",
    "n_fits",
    "max_fit_time",
    "callbacks",
    "initial_trials",
}
"""Parameters that do not affect the trials, or that `identity_of` adds in another form."""

VERSIONED = ("skbayes", "scikit-learn", "numpy", "scipy", "joblib")

INDEX = np.dtype("<i8")


def version(name: str) -> str:
    """Return the version of an installed package; "unknown" if its metadata is missing.

    Parameters
    ----------
    name : str
    """
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"


def versions() -> dict[str, str]:
    """Return the versions that the numbers of a search may depend on.

    The kernels that BLAS chooses for a processor are among them: they round differently.
    """
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    packages = {name: version(name) for name in VERSIONED}
    return {"Python": python, **packages, "BLAS": blas_kernels()}


def identity_of(
    search: Any, inputs: Any, space: Space, n_points: int, is_grid: bool
) -> dict[str, str]:
    """Return the digests of all parts that identify a search, by their names in errors.

    Parameters
    ----------
    search : estimator
        With validated parameters.
    inputs : Inputs
    space : Space
        Read from its `param_distributions`.
    n_points : int
    is_grid : bool
        Whether the space is searched as a grid.
    """
    estimator, cv, routed = search.estimator, inputs.cv, inputs.routed
    parts: dict[str, Any] = {"the kind of search": type(search), "X": inputs.X, "y": inputs.y}
    parts["the class of the estimator"] = type(estimator)
    for name, value in estimator.get_params(deep=True).items():
        if name.rpartition("__")[2] not in IGNORED_PARAMETERS:
            parts[f"the estimator's {name}"] = value
    for number, grid in enumerate(dicts_of(search.param_distributions)):
        for name in grid:
            # An object with only `rvs` is identified by the draws that the space has made.
            value = space.draws.get((number, name), grid[name])
            parts[f"param_distributions[{name!r}] of dict {number}"] = value
    for consumer, values in (
        ("fit", routed.estimator.fit),
        ("the splitter", routed.splitter.split),
        ("the scorer", routed.scorer.score),
    ):
        parts.update((f"{name} for {consumer}", value) for name, value in values.items())
    settings = {**search.get_params(deep=False), "n_points": n_points}
    parts.update((name, settings[name]) for name in settings.keys() - NOT_IN_IDENTITY)
    parts["the metric that refit names"] = search.refit if isinstance(search.refit, str) else None
    initial = getattr(search, "initial_trials", None)
    parts["initial_trials"] = getattr(getattr(initial, "trials_", initial), "identity", None)
    parts["the order of the metrics"] = metrics_of(inputs.scorers)
    parts["cv"] = (type(cv), {k: v for k, v in vars(cv).items() if not _is_live(k, v)})
    parts["n_iter (whether the space is searched as a grid)"] = is_grid
    return {name: digest(part) for name, part in parts.items()}


class Checkpoint(Listener):
    """The journal of a search, if it has one.

    Parameters
    ----------
    path : str, path-like or None
        A file, or a folder in which each search has its own file; None for no journal.
    identity : mapping of str to str
        Digests of the parts of the search, see `identity_of`.
    seed : int
        Seed to use if the search is new.
    is_seeded : bool
        Whether the user gave this seed.

    Attributes
    ----------
    seed : int
        Seed of the search; if the user gave none, the recorded one.
    run_id : str
        Tells searches apart; a search that is resumed keeps the recorded one.
    """

    def __init__(self, path: Any, identity: Mapping[str, str], seed: int, is_seeded: bool) -> None:
        self._journal = None
        self._identity = dict(identity)
        self.seed = seed
        self.run_id = uuid4().hex
        if path is None:
            return
        if is_seeded:
            self._identity["random_state"] = digest(seed)
        if not os.fspath(path).strip() or "\0" in os.fspath(path):
            raise ValueError(f"checkpoint={path!r} is no path; give the name of a file or folder.")
        place = Path(path).expanduser()
        if os.path.isdir(place) or os.fspath(path).endswith(("/", os.sep)):
            place = place / f"{digest(self._identity)}.jsonl"
        self._journal = Journal(place)
        if self._journal.header is not None:
            try:
                self._check_header(self._journal.header)
                self._compare(self._journal.name, self._journal.header)
                if is_seeded and self._journal.header["seed"] != seed:
                    raise self._error("its first line has another seed than its random_state")
                self.seed = self._journal.header["seed"]
                without = digest(self._journal.header)  # for a journal of an earlier version
                self.run_id = self._journal.header.get("run_id", without)
            except BaseException:
                self._journal.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._journal is not None:
            self._journal.close()

    def _check_header(self, header: Mapping[str, Any]) -> None:
        """Raise if a field of the header is missing or has the wrong type."""
        splits = header.get("splits")
        is_right = {
            "versions": _is_texts(header.get("versions")),
            "identity": _is_texts(header.get("identity")),
            "run_id": _is_run_id(header.get("run_id", self.run_id)),
            "seed": type(header.get("seed")) is int and 0 <= header["seed"] < 2**31,
            "splits_digest": isinstance(header.get("splits_digest"), str),
            "splits": splits is None or (isinstance(splits, list) and _is_all_text(splits)),
        }
        wrong = [name for name, is_fine in is_right.items() if not is_fine]
        if wrong:
            raise self._error(
                f"its first line has no proper {wrong[0]}: {shown(header.get(wrong[0]))}"
            )

    def _compare(self, name: str, header: Mapping[str, Any]) -> None:
        """Raise if a journal is of another search, and warn if it is of another version."""
        known = header["identity"]
        names = {*known, *self._identity}
        different = sorted(n for n in names if known.get(n) != self._identity.get(n))
        then, now = header["versions"], versions()
        if different:
            nested = [n for n in different if "__" in n]
            shown = ", ".join(nested or different)
            is_newer = then.get("Python") != now["Python"]
            hint = " (functions are compared by their code, which depends on Python's version)"
            raise self._error(
                f"it belongs to a search that differs in {shown}{hint * is_newer}. Fit with what "
                "it was begun with, or give another path, or a folder, where every search finds "
                "its own"
            )
        changed = [f"{n} {then.get(n)} (now {now[n]})" for n in now if then.get(n) != now[n]]
        if changed:
            warnings.warn(
                f"{name}: it was begun with {', '.join(changed)}; the rest of the search "
                "may differ from what it would have been.",
                stacklevel=2,
            )

    def freeze(self, drawn: list[Split], is_repeatable: bool, n_samples: int) -> list[Split]:
        """Return the splits that all trials see, and begin the journal if it is new.

        Parameters
        ----------
        drawn : list of Split
            The splits as drawn in this run.
        is_repeatable : bool
            Whether they would be the same if they were drawn again; if not they are recorded.
        n_samples : int
        """
        if self._journal is None:
            return drawn
        if self._journal.header is None:
            self._journal.begin(
                {
                    "versions": versions(),
                    "identity": self._identity,
                    "seed": self.seed,
                    "run_id": self.run_id,
                    "splits_digest": digest(drawn),
                    "splits": None if is_repeatable else [_packed(i) for s in drawn for i in s],
                }
            )
            return drawn
        stored = self._journal.header["splits"]
        if stored is not None:
            # The stored splits may differ in size from those drawn now, but not by much.
            largest = max(len(indices) for split in drawn for indices in split)
            try:
                indices = [_unpacked(t, n_samples, 4 * max(largest, n_samples)) for t in stored]
                drawn = list(zip(indices[::2], indices[1::2], strict=True))
            except ValueError as error:
                raise self._error(f"its splits cannot be read: {error}") from None
        if digest(drawn) != self._journal.header["splits_digest"]:
            raise self._error(
                "it belongs to a search with other splits. Give cv an integer random_state, so "
                "that its splits can be drawn again, or give another path"
            )
        return drawn

    @property
    def predictions_folder(self) -> Path | None:
        """The folder beside the journal for predictions; None if there is no journal."""
        if self._journal is None:
            return None
        return self._journal.path.with_name(f"{self._journal.path.name}.predictions")

    def recorded(
        self,
        sampler: Sampler,
        expected: ResultFormat,
        has_callbacks: bool,
        predictions: PredictionStore | None = None,
    ) -> dict[int, Record]:
        """Return the trials that the journal holds, by number.

        Parameters
        ----------
        sampler : Sampler
            The sampler of the search, which checks and restores its proposals.
        expected : ResultFormat
            The format of the results of a trial.
        has_callbacks : bool
            Whether there are callbacks now; stop requests of earlier ones are ignored if not.
        predictions : PredictionStore or None, default=None
            Finds the predictions of the trials again.
        """
        if self._journal is None:
            return {}
        try:
            records = restored(self._journal.records, sampler, expected)
            if predictions is not None:
                for number, record in records.items():
                    predictions.restore(number, record.results)
        except ValueError as error:
            raise self._error(f"a line is not what it should be: {error}") from None
        for result in chain.from_iterable(record.results for record in records.values()):
            result["stop_requested"] = has_callbacks and result["stop_requested"]
        return records

    def trial_finished(self, record: Record) -> None:
        """Write the record of a trial; when this returns, it is on the disk.

        Parameters
        ----------
        record : Record
        """
        if self._journal is not None:
            self._journal.append(content_of(record))

    def _error(self, problem: str) -> JournalError:
        assert self._journal is not None
        return JournalError(f"{self._journal.name}: {problem}.")


def metrics_of(scorers: Any) -> list[str] | None:
    """Return the names of several metrics; the first is maximised if `refit` names none.

    Parameters
    ----------
    scorers : object
        What `BaseSearchCV` makes of `scoring`.

    Returns
    -------
    names : list of str or None
        None if there is one metric, or if `scoring` is a callable.
    """
    by_name = scorers_by_name(scorers)
    return list(by_name) if isinstance(by_name, Mapping) else None


def is_repeatable(cv: Any) -> bool:
    """Whether a splitter gives the same splits when it is asked again.

    Parameters
    ----------
    cv : splitter
    """
    is_random = getattr(cv, "shuffle", True) and hasattr(cv, "random_state")
    return not is_random or isinstance(cv.random_state, Integral)


def _is_live(name: str, value: Any) -> bool:
    """Whether an attribute of a splitter changes as it is used."""
    return name == "random_state" and not isinstance(value, Integral)


def _packed(indices: Any) -> str:
    """Return indices as text; differences of sorted indices are small and compress well."""
    steps = np.diff(np.asarray(indices, dtype=INDEX), prepend=0)
    return base64.b64encode(zlib.compress(steps.tobytes())).decode()


def _unpacked(text: str, n_samples: int, n_most: int) -> Any:
    """Return the indices that were packed.

    Raises
    ------
    ValueError
        If there are more than `n_most` indices, one is out of range, or the text is damaged.
    """
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(base64.b64decode(text), (n_most + 1) * INDEX.itemsize)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    steps = np.frombuffer(content, dtype=INDEX)
    if len(steps) > n_most or not unpacking.eof:
        raise ValueError(f"they are not complete, or of more than {n_most} samples")
    indices = np.cumsum(steps)
    if len(indices) and not 0 <= indices.min() <= indices.max() < n_samples:
        raise ValueError("they are of samples that are not there")
    return indices.astype(np.intp)


def _is_run_id(value: Any) -> bool:
    """Whether a value can be the identifier of a search."""
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{16,32}", value) is not None


def _is_texts(value: Any) -> bool:
    """Whether a value is a dict of texts."""
    return isinstance(value, dict) and _is_all_text(value.values())


def _is_all_text(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)
