"""Parameters as JSON which a colleague can read back into the same model.

What JSON has is written as it is. Anything else is an object with a key that starts with ``@``:

    {"@float": "nan"}    {"@int": "0x1f"}    {"@complex": "1j"}     {"@dict": [[0, 1.5]]}
    {"@tuple": [1, 2]}   {"@slice": [0, 2, null]}                   {"@import": "numpy.log1p"}
    {"@scalar": 0.5, "dtype": "float32"}     {"@array": [1, 2], "dtype": "int64", "shape": [2]}
    {"@estimator": "sklearn.svm.SVC", "params": {"C": 1.5}}

The one idea: a file only names what it needs, and whether that is trusted is decided before it is
imported.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.gaussian_process.kernels import Kernel

from skbayes.space.written import shown

PACKAGES = ("sklearn", "skbayes")
"""Packages whose estimators any file may name: their constructors only store parameters."""

NOT_OURS = {"conftest", "externals", "tests"}
"""Their submodules that import other packages."""

FUNCTION_MODULES = [f"sklearn.{name}" for name in ("feature_selection", "metrics", "preprocessing")]
FUNCTION_MODULES += ["sklearn.metrics.pairwise"]
"""Modules whose own functions any file may name."""

HARMLESS: dict[str, Any] = {
    **{f"builtins.{kind.__name__}": kind for kind in (bool, int, float, complex, str, object)},
    **{
        f"numpy.{name}": member
        for name, member in vars(np).items()
        if isinstance(member, np.ufunc) or np.generic in getattr(member, "__mro__", ())
    },
    **{"numpy.bool": np.bool_, "numpy.mean": np.mean},  # np.mean: FeatureAgglomeration's default
}
"""Ufuncs and what serves as a dtype, by the import path under which any file may name it."""

MAX_INT_BITS = 2000
"""Longer integers are hexadecimal: Python may be set to refuse more than 640 decimal digits."""

PATH = re.compile(r"(?!__)[^\W\d]\w*(\.(?!__)[^\W\d]\w*)+")

DTYPE = re.compile(
    r"bool|str|u?int(8|16|32|64)|float(16|32|64)|complex(64|128)"
    r"|[<>]([iu][248]|f[248]|c8|c16|U\d{1,4})"
)
"""Excludes objects, and numbers whose width depends on the platform."""


def params_to_json(params: Mapping[str, Any], *, indent: int | None = None) -> str:
    """Return parameters, such as `best_params_`, as JSON that `params_from_json` reads.

    Parameters
    ----------
    params : mapping of str to object
        Values may be None, booleans, numbers, strings, tuples, lists, dicts, slices, NumPy scalars
        and arrays of numbers, booleans or strings, functions and classes that can be imported, and
        estimators. Estimators are written with all their parameters, without their fitted state.
    indent : int or None, default=None
        Spaces by which a level is indented; None writes one line.

    Returns
    -------
    text : str
        Strict JSON, in ASCII.

    Raises
    ------
    ValueError
        If a value cannot be written, or would not give the same model when it is read.

    Examples
    --------
    >>> params_to_json({"C": 1.5, "kernel": "rbf", "class_weight": {0: 1.0, 1: 2.0}})
    '{"C": 1.5, "kernel": "rbf", "class_weight": {"@dict": [[0, 1.0], [1, 2.0]]}}'
    """
    if not isinstance(params, Mapping) or not all(isinstance(name, str) for name in params):
        raise TypeError(f"params: {shown(params)} is not a dict of parameters by name.")
    try:
        return json.dumps(_plain(dict(params), "params"), indent=indent, allow_nan=False)
    except RecursionError:
        raise ValueError("params: nested too deeply, or a value contains itself.") from None


def params_from_json(text: str, *, trusted: Iterable[str] = ()) -> dict[str, Any]:
    """Return the parameters that `params_to_json` wrote, for ``estimator.set_params(**params)``.

    Files of strangers can be read: nothing is unpickled, and by default only estimators of
    scikit-learn and skbayes, NumPy ufuncs and dtypes, and functions of a few public modules of
    scikit-learn are imported. Look at the parameters before you fit: `memory` names a directory.

    Parameters
    ----------
    text : str
        JSON, not the name of a file.
    trusted : iterable of str, default=()
        What else may be imported: packages, such as 'xgboost', or full import paths, such as
        'mypackage.features.log_ratio'.

    Returns
    -------
    params : dict
        Its estimators are not fitted.

    Raises
    ------
    ValueError
        If the text is not what `params_to_json` writes, names something that is not trusted or
        cannot be imported, or if the installed version of an estimator refuses its parameters.

    Examples
    --------
    >>> params_from_json('{"clf": {"@estimator": "sklearn.svm.SVC", "params": {"C": 2.0}}}')
    {'clf': SVC(C=2.0)}
    """
    if not isinstance(text, str):
        raise TypeError(f"text: {shown(text)} is not a string; give what the file contains.")
    names = () if isinstance(trusted, str) else tuple(trusted)
    if isinstance(trusted, str) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"trusted={shown(trusted)}: give a list of packages, such as ['xgboost'].")
    try:
        plain = json.loads(text, object_pairs_hook=_unique, parse_constant=_unknown)
        params = _Reader(names).value(plain, "params")
    except json.JSONDecodeError as error:
        raise ValueError(f"text: {shown(text)} is not valid JSON: {error}.") from None
    except RecursionError:
        raise ValueError("text: nested too deeply for parameters.") from None
    if not isinstance(params, dict) or not all(isinstance(name, str) for name in params):
        raise ValueError(f"text: {shown(text)} is not an object of parameters by name.")
    return params


def _plain(value: Any, label: str) -> Any:
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        return value if value.bit_length() <= MAX_INT_BITS else {"@int": hex(value)}
    if kind is float:
        return value if math.isfinite(value) else {"@float": repr(value)}
    if kind is complex:
        return {"@complex": repr(value)}
    if kind is list:
        return [_plain(item, f"{label}[{i}]") for i, item in enumerate(value)]
    if kind is tuple:
        return {"@tuple": _plain(list(value), label)}
    if kind is slice:
        return {"@slice": _plain([value.start, value.stop, value.step], label)}
    if kind is dict:
        pairs = [(key, _plain(item, f"{label}[{shown(key)}]")) for key, item in value.items()]
        if all(type(key) is str and not key.startswith("@") for key in value):
            return dict(pairs)
        return {"@dict": [[_plain(key, f"a key of {label}"), item] for key, item in pairs]}
    if kind is np.ndarray or isinstance(value, np.generic):
        return _plain_array(value, label)
    if _is_estimator(value) and not isinstance(value, type):
        return _plain_estimator(value, label)
    return {"@import": _import_path(value, label)}


def _plain_array(value: Any, label: str) -> dict[str, Any]:
    is_scalar, dtype = isinstance(value, np.generic), value.dtype
    name = dtype.name if dtype.isnative and dtype.kind in "biufc" else dtype.str
    if is_scalar and dtype.kind == "U":
        name = "str"
    if not DTYPE.fullmatch(name):
        raise ValueError(
            f"{label}: {shown(value)} of dtype {dtype} cannot be written; give numbers of at most "
            "64 bits, booleans or strings, or make it a list."
        )
    if is_scalar:
        return {"@scalar": _plain(value.item(), label), "dtype": name}
    return {"@array": _plain(value.ravel().tolist(), label), "dtype": name, "shape": [*value.shape]}


def _plain_estimator(value: Any, label: str) -> dict[str, Any]:
    path, params = _import_path(type(value), label), value.get_params(deep=False)
    plain = {
        name: _plain(item, _nested(label, name))
        for name, item in params.items()
        if not (isinstance(item, str) and item == "deprecated")  # another version has no such one
    }
    if vars(clone(value)).keys() - vars(type(value)(**params)).keys():
        raise ValueError(
            f"{label}: {shown(value)} has settings that are not parameters, such as those of "
            "set_output, and would be read without them; make them after reading."
        )
    return {"@estimator": path, "params": plain}


def _import_path(value: Any, label: str) -> str:
    """Return the shortest public path to a function or class, through modules that are loaded."""
    is_ufunc = isinstance(value, np.ufunc)  # which may not say where it is from
    name = getattr(value, "__name__" if is_ufunc else "__qualname__", None)
    module = "numpy" if is_ufunc else getattr(value, "__module__", None)
    if not isinstance(name, str) or not isinstance(module, str):
        raise ValueError(
            f"{label}: {shown(value)} of type {type(value).__name__} cannot be written; give "
            "numbers, strings, tuples, lists, dicts, arrays, estimators, functions or classes."
        )
    parts = module.split(".")
    homes = [".".join(parts[: n + 1]) for n in range(len(parts))]
    if is_ufunc:
        homes = ["numpy", "scipy.special"]
    paths = [f"{home}.{name}" for home in homes if _loaded(home, name) is value]
    public = [path for path in paths if "._" not in path]
    if not paths or module == "__main__":
        raise ValueError(
            f"{label}: {shown(value)} cannot be imported as {name!r} from {module!r}: a lambda, a "
            "method, or defined in a function or a script; define it at the top of a module that "
            "the reader has."
        )
    return public[0] if public else paths[-1]


def _loaded(module: str, qualname: str) -> Any:
    found: Any = sys.modules.get(module)
    try:
        for name in qualname.split("."):
            found = getattr(found, name)
    except (AttributeError, ImportError):  # scikit-learn's experimental names raise the latter
        return None
    return found


def _is_estimator(value: Any) -> bool:
    return all(callable(getattr(value, name, None)) for name in ("get_params", "set_params"))


def _nested(label: str, name: str) -> str:
    is_parameter = re.fullmatch(r"params\['\w+'\]", label)
    return f"{label[:-2]}__{name}']" if is_parameter else f"{label}.{name}"


class _Reader:
    def __init__(self, trusted: tuple[str, ...]) -> None:
        self.trusted = trusted

    def value(self, plain: Any, label: str) -> Any:
        if isinstance(plain, list):
            return [self.value(item, f"{label}[{i}]") for i, item in enumerate(plain)]
        if not isinstance(plain, dict):
            return plain
        marker = next((key for key in plain if key.startswith("@")), None)
        if marker is None:
            return {key: self.value(item, f"{label}[{shown(key)}]") for key, item in plain.items()}
        beside = {key: item for key, item in plain.items() if key != marker}
        if marker == "@import" and not beside:
            return self.imported(plain[marker], label)
        if marker == "@estimator" and beside.keys() == {"params"}:
            return self.estimator(plain[marker], beside["params"], label)
        kind, made = MADE.get(marker, (object, _unknown))
        content = self.value(plain[marker], label)
        try:
            if not isinstance(content, kind):
                raise TypeError(f"{marker} must hold a {kind.__name__}")
            return made(content, **beside)
        except Exception as error:  # whatever a type or NumPy raises
            raise ValueError(f"{label}: {shown(plain)} is not a valid value: {error}.") from None

    def estimator(self, path: Any, params: Any, label: str) -> Any:
        made = self.imported(path, label)
        if not isinstance(made, type) or not _is_estimator(made) or not isinstance(params, dict):
            raise ValueError(f"{label}: {path!r} is not an estimator with a dict of parameters.")
        values = {name: self.value(item, _nested(label, name)) for name, item in params.items()}
        top = path.partition(".")[0]
        try:
            return made(**values)
        except Exception as error:  # whatever a constructor raises
            raise ValueError(
                f"{label}: {path} of {top} {getattr(sys.modules[top], '__version__', '')} refuses "
                f"its parameters: {error}. Install the version with which they were written, or "
                "take what it no longer needs out of the file."
            ) from error

    def imported(self, path: Any, label: str) -> Any:
        if not isinstance(path, str) or not PATH.fullmatch(path):
            raise ValueError(f"{label}: {shown(path)} is not an import path.")
        if path in HARMLESS:
            return HARMLESS[path]
        top, *rest = path.split(".")
        if self.is_trusted(path) or (top in PACKAGES and NOT_OURS.isdisjoint(rest)):
            try:
                found = _imported(path)
            except Exception as error:  # whatever a module raises
                raise ValueError(f"{label}: {path!r} cannot be imported: {error}.") from error
            origin = getattr(found, "__module__", None) or path  # a ufunc may have none
            is_trusted = self.is_trusted(path) and self.is_trusted(origin)
            if is_trusted or path in self.trusted or _is_harmless(found, path):
                return found
        raise ValueError(
            f"{label}: {path!r} is not trusted; if you know what it does, read with "
            f"trusted=[{path!r}]."
        )

    def is_trusted(self, path: str) -> bool:
        return any(f"{path}.".startswith(f"{name}.") for name in self.trusted)


def _imported(path: str) -> Any:
    top, *rest = path.split(".")
    found, reached = import_module(top), top
    for name in rest:
        reached = f"{reached}.{name}"
        if isinstance(found, ModuleType) and not hasattr(found, name):
            import_module(reached)
        found = getattr(found, name)
        if isinstance(found, ModuleType) and found.__name__.partition(".")[0] != top:
            raise ImportError(f"{reached!r} is the module {found.__name__!r}")
    return found


def _is_harmless(found: Any, path: str) -> bool:
    module, _, name = path.rpartition(".")
    origin = f"{getattr(found, '__module__', None)}."
    if isinstance(found, type):
        return issubclass(found, BaseEstimator | Kernel) and origin.partition(".")[0] in PACKAGES
    is_function = isinstance(found, FunctionType) and origin.startswith(f"{module}.")
    return is_function and module in FUNCTION_MODULES and not name.startswith("_")


def _unknown(content: Any, **beside: Any) -> Any:
    raise ValueError(f"{shown(content)} is nothing that this version of skbayes writes")


def _dict(pairs: list[list[Any]]) -> dict[Any, Any]:
    made = {key: item for key, item in pairs}  # noqa: C416
    if len(made) < len(pairs) or not all(isinstance(pair, list) for pair in pairs):
        raise ValueError("a key is there twice, or a pair is not a list")
    return made


def _array(items: list[Any], dtype: Any, shape: Any) -> Any:
    if not isinstance(dtype, str) or not DTYPE.fullmatch(dtype) or not isinstance(shape, list):
        raise ValueError("the dtype is not of numbers, booleans or strings, or shape not a list")
    with np.errstate(over="raise"):
        array = np.array(items, dtype=dtype)
    kinds = {"b": (bool,), "f": (int, float), "c": (complex,), "U": (str,)}
    is_kept = array.dtype.kind in "fc" or array.tolist() == items
    if not is_kept or not all(type(item) in kinds.get(array.dtype.kind, (int,)) for item in items):
        raise ValueError(f"an item is not of dtype {dtype}")
    return array.reshape(shape)


MADE: dict[str, tuple[type, Callable[..., Any]]] = {
    "@float": (str, float),
    "@int": (str, lambda digits: int(digits, 16)),
    "@complex": (str, complex),
    "@tuple": (list, tuple),
    "@slice": (list, lambda ends: slice(*ends)),
    "@dict": (list, _dict),
    "@scalar": (object, lambda item, dtype: _array([item], dtype, [])[()]),
    "@array": (list, _array),
}
"""What a marker holds, and how a value is made of it and of the keys beside it."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    counts = Counter(key for key, _ in pairs)
    if len(counts) < len(pairs):
        raise ValueError(f"text: the key {shown(counts.most_common(1)[0][0])} is there twice")
    return dict(pairs)
