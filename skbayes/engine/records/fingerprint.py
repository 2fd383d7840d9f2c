"""Digests of what the user passed, by structure.

Two objects have the same digest if they are made of the same things: arrays of the same numbers,
estimators of the same class and parameters, functions of the same code, distributions with the
same quantiles. The name and the address of an object do not matter, so two processes agree on the
digest of the same data. Nothing is executed except what is needed to read an object.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Set
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator

from skbayes.space.distributions import draw, is_distribution, prior_of

LENGTH = 16
"""Hexadecimal digits of a digest."""

IGNORED_PARAMETERS = {"n_jobs", "verbose"}
"""Parameters of an estimator that have no effect on what it learns."""

N_QUANTILES = 99
SIGNIFICANT_DIGITS = 10
"""Digits of a quantile in a digest; the last ones differ between versions of SciPy."""


def digest(value: Any) -> str:
    """Return the digest of an object, as hexadecimal digits.

    Parameters
    ----------
    value : object

    Returns
    -------
    digest : str
        Of `LENGTH` hexadecimal digits.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> digest({"C": loguniform(1, 10)}) == digest({"C": loguniform(1, 10)})
    True
    >>> digest([1, 2]) == digest([1, 2.0])
    False
    """
    hasher = _Hasher()
    hasher.add(value)
    return hasher.hexdigest()


class _Hasher:
    """A hash that objects are added to, each with its type and its length."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._inside: list[int] = []
        self._is_frozen = False  # inside an estimator whose clone keeps its fitted state

    def hexdigest(self) -> str:
        return self._hash.hexdigest()[:LENGTH]

    def add(self, value: Any) -> None:
        """Add an object; if it contains itself, the inner reference is added by its depth."""
        if id(value) in self._inside:
            self._label("itself", len(self._inside) - self._inside.index(id(value)))
            return
        self._inside.append(id(value))
        self._add(value)
        self._inside.pop()

    def _add(self, value: Any) -> None:
        match value:
            case np.generic() | np.ndarray():
                self._add_array(np.asarray(value), np.ma.getmask(value))
            case None | bool() | int() | float() | complex() | str() | bytes() | slice() | range():
                self._label(type(value).__name__, repr(value))
            case list() | tuple():
                self._add_all(type(value).__name__, value)
            case Mapping():
                pairs = [(digest(key), item) for key, item in value.items()]
                self._add_all("dict", sorted(pairs, key=lambda pair: pair[0]))
            case Set():
                self._add_all("set", sorted(digest(item) for item in value))
            case type() | ModuleType() | BuiltinFunctionType() | np.ufunc():
                self._label("name", _name_of(value))
            case CodeType():
                self._add_all("code", [value.co_code, value.co_names, value.co_consts])
            case FunctionType():
                closure = [_content_of(cell) for cell in value.__closure__ or ()]
                parts = [value.__code__, value.__defaults__, value.__kwdefaults__, closure]
                self._add_all(_name_of(value), parts)
            case MethodType():
                self._add_all("method", [value.__self__, value.__func__])
            case partial():
                self._add_all("partial", [value.func, value.args, value.keywords])
            case _ if sparse.issparse(value):
                rows = value.tocsr()
                parts = [value.format, value.shape, rows.data, rows.indices, rows.indptr]
                self._add_all("sparse", parts)
            case _ if is_distribution(value):
                self._add_distribution(value)
            case _ if hasattr(value, "get_params"):
                self._add_estimator(value)
            case _ if hasattr(value, "columns") and hasattr(value, "dtypes"):
                self._add_all("table", [(name, value[name]) for name in value.columns])
            case _ if hasattr(value, "__array__"):
                dtype = getattr(value, "dtype", None)
                kind = [str(dtype), *(getattr(dtype, n, None) for n in ("categories", "ordered"))]
                self._add_all("column", [*kind, np.asarray(value)])
            case _:
                self._add_state(value)

    def _add_all(self, label: str, parts: Iterable[Any]) -> None:
        parts = list(parts)
        self._label(label, len(parts))
        for part in parts:
            self.add(part)

    def _add_array(self, array: Any, mask: Any) -> None:
        if mask is not np.ma.nomask:
            self._add_array(np.asarray(mask), np.ma.nomask)
        if array.dtype.hasobject:
            self._label("array", array.shape)
            self._add_all("objects", array.ravel().tolist())
            return
        self._label(str(array.dtype.descr), array.shape)
        self._hash.update(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"")

    def _add_estimator(self, value: Any) -> None:
        """Add an estimator by its parameters, or by all attributes if a clone keeps them."""
        outside, own = self._is_frozen, getattr(type(value), "__sklearn_clone__", None)
        self._is_frozen = outside or own not in (None, BaseEstimator.__sklearn_clone__)
        parts = vars(value) if self._is_frozen else value.get_params(deep=False)
        parts = {name: part for name, part in parts.items() if name not in IGNORED_PARAMETERS}
        self._add_all(_name_of(type(value)), [parts])
        self._is_frozen = outside

    def _add_distribution(self, value: Any) -> None:
        """Add a distribution by its quantiles, or by draws if it offers nothing else."""
        self._label("distribution", _name_of(type(value)))
        prior = prior_of(value, "distribution")
        if prior is None:
            self._add_all("draws", draw(value, "distribution"))
            return
        places = np.arange(1, N_QUANTILES + 1) / (N_QUANTILES + 1)
        numbers = [prior.low, prior.high, *prior.value_at(places).tolist()]
        self._add_all("prior", [f"{number:.{SIGNIFICANT_DIGITS}g}" for number in numbers])

    def _add_state(self, value: Any) -> None:
        """Add the state that pickle would store; without one, add the name of the class."""
        try:
            state = value.__reduce_ex__(4)
        except Exception:  # pickling an object can raise any error
            self._label("object", _name_of(type(value)))
            return
        if isinstance(state, str):
            self._label("global", state)
            return
        make, arguments, *rest = state
        self._add_all(_name_of(type(value)), [make, arguments, *map(_as_listed, rest)])

    def _label(self, name: str, detail: Any) -> None:
        self._hash.update(f"{name}:{detail};".encode())


def _content_of(cell: Any) -> Any:
    """Return the content of a cell of a closure; None if it is empty."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _as_listed(part: Any) -> Any:
    """Return the items of an iterator as a list; anything else as it is."""
    return list(part) if hasattr(part, "__next__") else part


def _name_of(value: Any) -> str:
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', value.__name__)}"
