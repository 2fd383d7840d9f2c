"""The estimator of a candidate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.base import clone


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
    return any(
        value is None and name.rpartition("__")[2] == "random_state"
        for name, value in candidate.get_params(deep=True).items()
    )
