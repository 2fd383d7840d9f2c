"""Predictions on the test samples of every split, kept for every candidate.

With them the choice of the best candidate can be repeated on other samples (`honest_score`), and
candidates can be combined. A trial has one array: the predictions of its splits, one below the
other, each in the order of the split's test samples. The arrays are kept in memory up to
`MAX_IN_MEMORY` bytes, and beyond that, or beside a journal, in files that are mapped into memory. A
result of a split keeps only the digest of its predictions, so that a journal knows them again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skbayes._sklearn_compat import num_samples
from skbayes.evaluation.results import SplitResult
from skbayes.evaluation.splits import Split

METHODS = ("predict_proba", "decision_function", "predict")
"""Methods of a model that predict, in the order in which 'auto' tries them."""

MAX_IN_MEMORY = 2**28
"""Bytes of predictions that are kept in memory; further ones are written to files."""

Predictions = NDArray[Any]


@dataclass(frozen=True, eq=False)
class PredictionMethod:
    """How a fitted model predicts, in a form that can be sent to a worker.

    Parameters
    ----------
    name : str
        One of `METHODS`, or 'auto' for the first that the model has.
    classes : ndarray of shape (n_classes,) or None
        All classes; None if the model is no classifier.
    """

    name: str
    classes: NDArray[Any] | None

    def __call__(self, model: Any, X: Any) -> tuple[str, Predictions] | None:
        """Return the name of the method that predicted, and the predictions.

        Parameters
        ----------
        model : estimator
            Fitted.
        X : object
            The test samples.

        Returns
        -------
        named : tuple or None
            Probabilities and decisions are of 32 bits. None if the model has no such method, or
            raises, or predicts what is no array with a row per sample.
        """
        names = METHODS if self.name == "auto" else (self.name,)
        name = next((name for name in names if hasattr(model, name)), None)
        if name is None:
            return None
        try:
            predicted = np.asarray(getattr(model, name)(X))
            if predicted.dtype.kind == "O":
                predicted = predicted.astype(str)
            if len(predicted) != num_samples(X):
                return None
            if name != "predict":
                missing = 0.0 if name == "predict_proba" else -np.inf
                known = getattr(model, "classes_", None)
                predicted = self._of_all_classes(predicted.astype(np.float32), known, missing)
        except Exception:  # whatever a model raises; its scores tell the reason
            return None
        return name, predicted

    def _of_all_classes(self, predicted: Predictions, known: Any, missing: float) -> Predictions:
        """Return predictions with a column for each class, also for one not seen in training."""
        if self.classes is None or known is None or len(known) == len(self.classes):
            return predicted
        aligned = np.full((len(predicted), len(self.classes)), missing, dtype=np.float32)
        if predicted.ndim == 2 and predicted.shape[1] == len(known):
            aligned[:, np.searchsorted(self.classes, known)] = predicted
        else:
            aligned[:] = np.nan
        return aligned


@dataclass(frozen=True, eq=False)
class TrialPredictions:
    """The predictions of one trial.

    Parameters
    ----------
    place : ndarray or Path
        The predictions of its splits, one below the other, or the file that they are in.
    bounds : tuple of (int, int) or None
        For each split its first row and the one after its last; None if it has no predictions.
    """

    place: Predictions | Path
    bounds: tuple[tuple[int, int] | None, ...]

    def load(self) -> Predictions:
        """Return the array; one in a file is mapped into memory."""
        if not isinstance(self.place, Path):
            return self.place
        mapped: Predictions = np.load(self.place, mmap_mode="r", allow_pickle=False)
        return mapped

    def by_split(self) -> list[Predictions | None]:
        """Return the predictions of each split."""
        array = self.load() if any(self.bounds) else np.empty(0)
        return [None if rows is None else array[slice(*rows)] for rows in self.bounds]


class TemporaryFolder:
    """A folder that is removed when nothing refers to this object any more."""

    def __init__(self) -> None:
        self.path = Path(mkdtemp(prefix="skbayes-predictions-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


class CVPredictions(Sequence[Any]):
    """Out-of-fold predictions of every candidate, fold by fold.

    ``predictions[i]`` is the list of the predictions of candidate `i`: for each split an array with
    a row per test sample, in the order of ``test_indices``, or None if the split was not evaluated
    or its fit failed.

    Parameters
    ----------
    arrays : list of TrialPredictions
        Where the predictions of each candidate are.
    methods : list of str or None
        The method that made them, for each candidate.
    test_indices : list of ndarray
        For each split, the positions of its test samples in the training data.
    y : object
        The target of all samples.
    classes : ndarray of shape (n_classes,) or None
        The classes in the order of the columns of probabilities; None if there are none.
    folder : TemporaryFolder or None, default=None
        Kept as long as this object, since the files lie in it.
    """

    def __init__(
        self,
        arrays: list[TrialPredictions],
        methods: list[str | None],
        test_indices: list[NDArray[np.intp]],
        y: Any,
        classes: NDArray[Any] | None,
        folder: TemporaryFolder | None = None,
    ) -> None:
        self._arrays, self._folder = arrays, folder
        self.methods, self.test_indices, self.y, self.classes = methods, test_indices, y, classes

    def __len__(self) -> int:
        """Return the number of candidates."""
        return len(self._arrays)

    def __getitem__(self, index: Any) -> Any:
        """Return the predictions of a candidate by split."""
        if isinstance(index, slice):
            return [kept.by_split() for kept in self._arrays[index]]
        return self._arrays[index].by_split()

    def __repr__(self) -> str:
        """Return a short text."""
        return f"<predictions of {len(self)} candidates on {len(self.test_indices)} splits>"

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: arrays, not the files that they may lie in."""
        in_memory = [TrialPredictions(np.array(kept.load()), kept.bounds) for kept in self._arrays]
        return {**vars(self), "_arrays": in_memory, "_folder": None}


class PredictionStore:
    """Keeps the predictions of the trials of a search.

    Parameters
    ----------
    method : PredictionMethod
    splits : sequence of Split
    y : object
    folder : Path or None
        Where the files are, one per trial; None to keep the predictions in memory, or in a
        temporary folder if they are many.
    """

    def __init__(
        self, method: PredictionMethod, splits: Sequence[Split], y: Any, folder: Path | None
    ) -> None:
        self.method, self._y, self._folder = method, y, folder
        self._test = [test for _, test in splits]
        self._temporary: TemporaryFolder | None = None
        self._n_bytes = 0
        self._places: dict[int, Predictions | Path] = {}

    def put(self, number: int, results: Sequence[SplitResult]) -> None:
        """Take the predictions out of the results of a trial, and leave their digests.

        Parameters
        ----------
        number : int
            Of the trial.
        results : sequence of SplitResult
            Of its splits; changed in place.
        """
        named = {result["split"]: result.pop("predictions", None) for result in results}
        made = {split: pair for split, pair in named.items() if pair is not None}
        for result in results:
            result["predictions"] = None
        shapes = {predicted.shape[1:] for _, predicted in made.values()}
        if len(shapes) != 1:  # none, or a class was not seen by a model that does not name its own
            return
        array = np.concatenate([predicted for _, predicted in made.values()])
        begin = 0
        for result in results:
            if result["split"] in made:
                name, predicted = made[result["split"]]
                end = begin + len(predicted)
                result["predictions"] = f"{name}:{_digest(array[begin:end])}"
                begin = end
        self._n_bytes += array.nbytes
        if self._folder is None and self._n_bytes > MAX_IN_MEMORY:
            self._temporary = TemporaryFolder()
            self._folder = self._temporary.path
        self._places[number] = array
        if self._folder is not None:
            self._places[number] = self._path_of(number)
            _save(array, self._path_of(number))

    def restore(self, number: int, results: Sequence[SplitResult]) -> None:
        """Find the predictions of a trial of a journal again.

        Parameters
        ----------
        number : int
        results : sequence of SplitResult
            With the digests of the predictions.

        Raises
        ------
        ValueError
            If the file is missing or damaged.
        """
        if all(result.get("predictions") is None for result in results):
            return
        path = self._path_of(number)
        try:
            self._places[number] = path
            parts = self._kept(number, results).by_split()
        except (OSError, ValueError) as error:
            raise ValueError(f"the predictions in {path} cannot be read: {error}") from None
        for result in results:
            part = parts[result["split"]]
            if part is not None and _digest(part) != result["predictions"].partition(":")[2]:
                raise ValueError(f"the predictions in {path} are damaged")

    def predictions(self, trials: Mapping[int, Sequence[SplitResult]]) -> CVPredictions:
        """Return the predictions of trials.

        Parameters
        ----------
        trials : mapping of int to sequence of SplitResult
            The results of the splits by the number of the trial, in the order of the candidates.
        """
        first = (
            next((r["predictions"] for r in results if r["predictions"] is not None), None)
            for results in trials.values()
        )
        return CVPredictions(
            [self._kept(number, results) for number, results in trials.items()],
            [None if name is None else name.partition(":")[0] for name in first],
            self._test,
            self._y,
            self.method.classes,
            self._temporary,
        )

    def _kept(self, number: int, results: Sequence[SplitResult]) -> TrialPredictions:
        """Return where the predictions of a trial are."""
        bounds: list[tuple[int, int] | None] = [None] * len(self._test)
        begin = 0
        for result in results:
            if result["predictions"] is not None:
                end = begin + len(self._test[result["split"]])
                bounds[result["split"]] = (begin, end)
                begin = end
        return TrialPredictions(self._places.get(number, np.empty(0)), tuple(bounds))

    def _path_of(self, number: int) -> Path:
        assert self._folder is not None
        return self._folder / f"{number}.npy"


def _save(array: Predictions, path: Path) -> None:
    """Write an array; when this returns, it is on the disk.

    An older file is replaced, not changed: it may still be mapped into memory.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    begun = path.with_suffix(".part")
    with open(begun, "wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    os.replace(begun, path)


def _digest(predicted: Predictions) -> str:
    content = f"{predicted.dtype.str}{predicted.shape}".encode() + predicted.tobytes()
    return hashlib.sha256(content).hexdigest()
