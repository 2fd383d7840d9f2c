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
