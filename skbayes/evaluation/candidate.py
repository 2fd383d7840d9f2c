"""The estimator of a candidate, and its parts."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline


def candidate_of(estimator: Any, params: Mapping[str, Any]) -> Any:
    """Return a clone of an estimator with the parameters of a candidate.

    The values are cloned too: they may be estimators, and the space is the user's.

    Parameters
    ----------
    estimator : estimator
    params : mapping of str to object

    Returns
    -------
    candidate : estimator
    """
    return clone(estimator).set_params(**clone(dict(params), safe=False))


def is_unseeded(candidate: Any) -> bool:
    """Whether a random state of a candidate, or of a part of it, is None.

    Parameters
    ----------
    candidate : estimator
    """
    return any(state is None for state in _random_states(candidate))


def is_seeded(estimator: Any) -> bool:
    """Whether every random state of an estimator, or of a part of it, is a number.

    Parameters
    ----------
    estimator : estimator
    """
    return all(isinstance(state, Integral) for state in _random_states(estimator))


def _random_states(estimator: Any) -> list[Any]:
    """Return the random states of an estimator and of its parts."""
    params = estimator.get_params(deep=True)
    return [value for name, value in params.items() if name.rpartition("__")[2] == "random_state"]


def path_to(estimator: Any, parameter: str) -> list[Any] | None:
    """Return the pipelines around the owner of a parameter, and the owner.

    Parameters
    ----------
    estimator : estimator
    parameter : str
        Of the estimator itself, or of the last step of a pipeline, maybe in another one.

    Returns
    -------
    path : list of estimator or None
        None if it is a parameter of something else.
    """
    path = [estimator]
    for name in parameter.split("__")[:-1]:
        last = path[-1].steps[-1] if isinstance(path[-1], Pipeline) else (None, None)
        if last[0] != name:
            return None
        path.append(last[1])
    return path
