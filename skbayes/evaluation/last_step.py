"""Another way to fit the last step of a pipeline, or an estimator that is no pipeline.

The step is replaced while its pipeline is fitted, so the steps before are fitted as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags


def fit_with(
    fit_last: Callable[..., Any],
    estimator: Any,
    path: Sequence[Any],
    X: Any,
    y: Any,
    options: Mapping[str, Any],
) -> Any:
    """Fit an estimator with another way to fit its last step.

    Parameters
    ----------
    fit_last : callable
        Is given samples, targets and further arguments as the step's `fit` would be, and returns
        the fitted step, which may be another object.
    estimator : estimator
        A pipeline is changed in place.
    path : sequence of estimator
        The pipelines around the last step, and the step.
    X, y : object
    options : mapping
        Further arguments of the estimator's `fit`.

    Returns
    -------
    fitted : estimator
        The pipeline, or what `fit_last` has returned.
    """
    *pipelines, last = path
    if not pipelines:
        return fit_last(X, y, **options)
    innermost: Pipeline = pipelines[-1]
    name, _ = innermost.steps[-1]
    stand_in = _LastStep(last, fit_last)
    innermost.steps[-1] = (name, stand_in)
    try:
        estimator.fit(X, *(() if y is None else (y,)), **options)
    finally:
        innermost.steps[-1] = (name, stand_in.model)
    return estimator


class StandIn(BaseEstimator):
    """Stands for a model, and has what the model has.

    Parameters
    ----------
    model : estimator
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    def __getattr__(self, name: str) -> Any:
        if name == "model":
            raise AttributeError(name)
        return getattr(self.model, name)

    def __sklearn_tags__(self) -> Any:
        return get_tags(self.model)

    def get_metadata_routing(self) -> Any:
        """Return what the model asks for."""
        return self.model.get_metadata_routing()


class _LastStep(StandIn):
    """Stands for the last step of a pipeline while it is fitted."""

    def __init__(self, model: Any, fit_last: Callable[..., Any]) -> None:
        super().__init__(model)
        self.fit_last = fit_last

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        """Fit the step in the other way.

        Parameters
        ----------
        X, y, **options : object
            As the steps before have transformed them.
        """
        self.model = self.fit_last(X, y, **options)
        return self
