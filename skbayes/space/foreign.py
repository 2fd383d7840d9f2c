"""Dimensions of other libraries: accepted, or refused with an error that says what to write.

Those of scikit-optimize and Optuna are accepted, so that their users can keep their spaces. Those
of Hyperopt, Ray Tune, ConfigSpace and Keras Tuner are refused; the error has a replacement, ready
to be copied. The classes are recognised by name; none of the libraries is imported.

All are first read into a `Range` of numbers, a `Choice` among values, or an `Expression`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
from scipy import stats

from skbayes.space.dimensions import (
    Constant,
    Continuous,
    Dimension,
    Finite,
)
from skbayes.space.distributions import log_randint, prior_of
from skbayes.space.reading import MAX_LISTED, dimension_of_distribution, listed
from skbayes.space.values import is_number, level_of
from skbayes.space.written import shown, written


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included.

    Parameters
    ----------
    low, high : float or int
    is_integer : bool
    is_log : bool, default=False
        Whether each order of magnitude is equally likely.
    step : float, int or None, default=None
        Distance between values, from `low` on. None means 1 for integers, and no steps for floats.
    """

    low: Any
    high: Any
    is_integer: bool
    is_log: bool = False
    step: Any = None

    def dimension(self, label: str) -> Dimension:
        """Return the dimension that means the same.

        Parameters
        ----------
        label : str
            How errors name it, such as ``param_distributions['C']``.

        Returns
        -------
        dimension : Dimension

        Raises
        ------
        ValueError
            If no dimension means the same.
        """
        if self.is_log and not self.low > 0:
            raise ValueError(f"{label}: a log scale begins above 0, and not at {self.low!r}.")
        if self.low == self.high:
            return Constant(self.low)
        if self.step is not None:
            if self.n_steps >= MAX_LISTED:
                raise ValueError(
                    f"{label}: {self.n_steps + 1} steps are more than {MAX_LISTED}; leave the "
                    f"step out, or give {replace(self, step=None).text}."
                )
            values = self.low + self.step * np.arange(self.n_steps + 1)
            return listed(values.tolist(), np.ones(len(values)))
        if self.is_integer:
            return dimension_of_distribution(self._distribution, label)[0]
        prior = prior_of(self._distribution, label)
        assert prior is not None
        return Continuous(replace(prior, has_low=True, has_high=True))

    @property
    def n_steps(self) -> int:
        """How many steps there are from the lowest to the highest value."""
        return int((self.high - self.low) / self.step + 1e-9)

    @property
    def text(self) -> str:
        """What the user would write here."""
        if self.step is not None and self.is_integer:
            return f"range({self.low}, {self.high + 1}, {self.step})"
        if self.step is not None:
            last = self.low + self.step * self.n_steps
            return f"numpy.linspace({self.low:.12g}, {last:.12g}, {self.n_steps + 1})"
        package = "skbayes" if self.is_integer and self.is_log else "scipy.stats"
        return f"{package}.{written(self._distribution)}"

    @property
    def _distribution(self) -> Any:
        if self.is_integer:
            return (log_randint if self.is_log else stats.randint)(self.low, self.high + 1)
        if self.is_log:
            return stats.loguniform(self.low, self.high)
        return stats.uniform(self.low, self.high - self.low)


@dataclass(frozen=True)
class Choice:
    """One of some values.

    Parameters
    ----------
    values : sequence of object
    weights : sequence of float or None, default=None
        How likely each is, up to a factor; None if all are equally likely.
    is_ordered : bool, default=False
        Whether numbers are ordered, and not categories.
    """

    values: Sequence[Any]
    weights: Sequence[float] | None = None
    is_ordered: bool = False

    def dimension(self, label: str) -> Dimension:
        """Return the dimension that means the same.

        Parameters
        ----------
        label : str
            How errors name it, such as ``param_distributions['C']``.

        Returns
        -------
        dimension : Dimension
        """
        values = list(self.values)
        weights = np.ones(len(values)) if self.weights is None else np.asarray(self.weights)
        if len(values) == 1:
            return Constant(values[0])
        if self.is_ordered and all(map(is_number, values)):
            order = sorted(range(len(values)), key=lambda i: level_of(values[i]))
            return listed([values[i] for i in order], weights[order])
        return Finite(values, is_ordered=False, weights=weights)

    @property
    def text(self) -> str:
        """What the user would write here."""
        return repr(list(self.values))


@dataclass(frozen=True)
class Expression:
    """A distribution that is neither a range nor a choice, as the user would write it."""

    text: str


def dimension_of_foreign(values: Any, label: str) -> Dimension | None:
    """Read a dimension of another library, or return None if it is none.

    Parameters
    ----------
    values : object
        What the user gave for one parameter.
    label : str
        How errors name it, such as ``param_distributions['C']``.

    Raises
    ------
    TypeError
        If it is of a library whose dimensions are refused; the message has the replacement.
    ValueError
        If no dimension of skbayes means the same.
    """
    if _is_triple(values):
        low, high, prior = values
        is_integer = isinstance(low, Integral) and isinstance(high, Integral)
        return Range(low, high, is_integer, is_log=prior == "log-uniform").dimension(label)
    library, names = _origin_of(values)
    if library in ACCEPTED:
        description = ACCEPTED[library](values, names, label)
        return None if description is None else description.dimension(label)
    if library not in REFUSED:
        return None
    title, read = REFUSED[library]
    try:
        meant = read(values, names)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        meant = None  # that version of the library has other attributes
    name = label.rpartition("[")[2].rstrip("]")
    wanted = (
        "give a distribution of scipy.stats or a list of values"
        if meant is None
        else f"write {name}: {meant.text}"
    )
    raise TypeError(f"{label}: {shown(values)} is of {title}, which is not taken; {wanted}.")


def _origin_of(value: Any) -> tuple[str, set[str]]:
    """Return the library that an object's class is from, and the names of its classes."""
    classes = [c for c in type(value).__mro__ if c is not object]
    for cls in classes:
        library = str(cls.__module__).partition(".")[0]
        if library in ACCEPTED or library in REFUSED:
            return library, {c.__name__ for c in classes}
    return "", set()


def _is_triple(values: Any) -> bool:
    """Whether a tuple is scikit-optimize's short form of a range with its prior."""
    return (
        isinstance(values, tuple)
        and len(values) == 3
        and is_number(values[0])
        and is_number(values[1])
        and isinstance(values[2], str)
        and values[2] in ("uniform", "log-uniform")
    )


def _scikit_optimize(value: Any, names: set[str], label: str) -> Range | Choice | None:
    if "Categorical" in names:
        return Choice(value.categories, value.prior, is_ordered=value.transform_ == "identity")
    if not names & {"Real", "Integer"}:
        return None
    if value.prior not in ("uniform", "log-uniform"):
        raise ValueError(f"{label}: the prior {value.prior!r} is not known here; give a scipy one.")
    if "Real" in names and np.dtype(value.dtype) != np.dtype(float):
        raise ValueError(f"{label}: the dtype {value.dtype!r} cannot be kept; leave it out.")
    return Range(value.low, value.high, "Integer" in names, is_log=value.prior == "log-uniform")


def _optuna(value: Any, names: set[str], label: str) -> Range | Choice | None:
    if "CategoricalDistribution" in names:
        return Choice(value.choices)
    if "FloatDistribution" in names:
        return Range(value.low, value.high, False, is_log=value.log, step=value.step)
    if "IntDistribution" in names:
        step = None if value.step == 1 else value.step
        return Range(value.low, value.high, True, is_log=value.log, step=step)
    return None


def _hyperopt(value: Any, names: set[str]) -> Range | Choice | Expression | None:
    if value.name == "switch":
        return Choice([option.obj for option in value.pos_args[1:]])
    is_whole = value.name == "int"
    while value.name in ("int", "float"):
        value = value.pos_args[0]
    drawn = value.pos_args[1]
    arguments = [argument.obj for argument in drawn.pos_args]
    arguments += [argument.obj for _, argument in drawn.named_args]
    low, high = (arguments + arguments)[:2]
    match drawn.name:
        case "randint":
            low, high = (0, low) if len(arguments) == 1 else (low, high)
            return Range(low, high - 1, True)
        case "uniform":
            return Range(low, high, False)
        case "loguniform":
            return Range(float(f"{np.exp(low):.12g}"), float(f"{np.exp(high):.12g}"), False, True)
        case "quniform":
            q = arguments[2]
            low, high = q * round(low / q), q * round(high / q)  # as Hyperopt rounds its draws
            return Range(low, high, is_whole, step=None if is_whole and q == 1 else q)
        case "normal":
            return Expression(f"scipy.stats.norm({low}, {high})")
        case "lognormal":
            return Expression(f"scipy.stats.lognorm({high}, scale={np.exp(low):.12g})")
    return None


def _ray(value: Any, names: set[str]) -> Range | Choice | Expression | None:
    if "Categorical" in names:
        return Choice(value.categories)
    sampler = value.sampler
    step = getattr(sampler, "q", None)
    kind = type(sampler if step is None else sampler.sampler).__name__
    if kind == "_Normal":
        return Expression(f"scipy.stats.norm({sampler.mean}, {sampler.sd})")
    is_integer = "Integer" in names
    low, high = value.lower, value.upper
    if step is None:
        return Range(low, high - 1 if is_integer else high, is_integer, kind == "_LogUniform")
    low, high = step * math.ceil(low / step), step * math.floor(high / step)  # multiples, as in Ray
    if kind == "_LogUniform":
        return _without_step(Range(low, high, is_integer, is_log=True))
    return Range(low, high, is_integer, step=None if step == 1 else step)


def _config_space(value: Any, names: set[str]) -> Range | Choice | Expression | None:
    if "CategoricalHyperparameter" in names:
        return Choice(value.choices)
    if "OrdinalHyperparameter" in names:
        return Choice(value.sequence)
    if "Constant" in names:
        return Choice([value.value])
    is_integer = "IntegerHyperparameter" in names
    if "UniformFloatHyperparameter" in names or "UniformIntegerHyperparameter" in names:
        return Range(value.lower, value.upper, is_integer, is_log=value.log)
    if "NormalFloatHyperparameter" in names and not value.log:
        ends = [(end - value.mu) / value.sigma for end in (value.lower, value.upper)]
        return Expression(
            f"scipy.stats.truncnorm({ends[0]:.6g}, {ends[1]:.6g}, {value.mu}, {value.sigma})"
        )
    return None


def _keras_tuner(value: Any, names: set[str]) -> Range | Choice | Expression | None:
    if "Choice" in names:
        return Choice(value.values)
    if "Boolean" in names:
        return Choice([False, True])
    if "Fixed" in names:
        return Choice([value.value])
    is_integer, is_log = "Int" in names, value.sampling == "log"
    step = None if is_log or (value.step == 1 and is_integer) else value.step
    meant = Range(value.min_value, value.max_value, is_integer, is_log, step)
    is_stepped = is_log and value.step not in (None, 1)
    return _without_step(meant) if is_stepped else meant


def _without_step(meant: Range) -> Expression:
    """Return a range that cannot have the step it had, as the user would write it."""
    return Expression(f"{meant.text}, without the step")


ACCEPTED: dict[str, Callable[[Any, set[str], str], Range | Choice | None]] = {
    "skopt": _scikit_optimize,
    "optuna": _optuna,
}
"""Readers of the libraries whose dimensions are accepted."""

REFUSED: dict[str, tuple[str, Callable[[Any, set[str]], Range | Choice | Expression | None]]] = {
    "hyperopt": ("Hyperopt", _hyperopt),
    "ray": ("Ray Tune", _ray),
    "ConfigSpace": ("ConfigSpace", _config_space),
    "keras_tuner": ("Keras Tuner", _keras_tuner),
    "kerastuner": ("Keras Tuner", _keras_tuner),
}
"""Names and readers of the libraries whose dimensions are refused with a replacement."""
