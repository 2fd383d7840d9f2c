"""What the user passed to a search, read and checked before anything is evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from skbayes._sklearn_compat import num_samples
from skbayes.estimators.hints import did_you_mean
from skbayes.evaluation.growth.growing import Stages
from skbayes.evaluation.predictions import PredictionStore
from skbayes.evaluation.results import Record
from skbayes.evaluation.splits import Split, as_split
from skbayes.samplers.base import GivenPoint, Sampler
from skbayes.space import Space
from skbayes.space.written import shown


@dataclass(frozen=True, eq=False)
class Inputs:
    """Data, routed metadata, scorers and splitter of a fit.

    Parameters
    ----------
    X, y : object
        Indexable data and target.
    routed : Bunch
        Metadata by consumer, as scikit-learn routes it.
    metadata : dict or None
        The part of the metadata that callbacks are given.
    scorers : object
    cv : splitter
    """

    X: Any
    y: Any
    routed: Any
    metadata: dict[str, Any] | None
    scorers: Any
    cv: Any


@dataclass(frozen=True, eq=False)
class Plan:
    """The space, the sampler, and the splits on which every trial is evaluated.

    Parameters
    ----------
    space : Space
    sampler : Sampler
    splits : list of Split
    seed : int
        Seeds the proposals, the start-up design and the subsampling.
    predictions : PredictionStore or None, default=None
        Keeps the predictions on the test samples, if they are wanted.
    initial : sequence of Record, default=()
        Trials of an earlier search that come first.
    stages : Stages or None, default=None
        What of the estimator grows, if it is scored while it does.
    """

    space: Space
    sampler: Sampler
    splits: list[Split]
    seed: int
    predictions: PredictionStore | None = None
    initial: Sequence[Record] = ()
    stages: Stages | None = None

    @property
    def staged(self) -> str | None:
        """The parameter that counts the rounds of a model that grows."""
        return None if self.stages is None else self.stages.parameter


def draw_splits(inputs: Inputs) -> list[Split]:
    """Return the splits of the cross-validation, drawn once for all trials.

    Parameters
    ----------
    inputs : Inputs

    Returns
    -------
    splits : list of Split

    Raises
    ------
    ValueError
        If there are no splits, or not as many as the splitter announced.
    TypeError
        If a split is not a pair of indices, masks or slices.
    """
    split_params = inputs.routed.splitter.split
    n_splits = inputs.cv.get_n_splits(inputs.X, inputs.y, **split_params)
    n_samples = num_samples(inputs.X)
    wrapped = getattr(inputs.cv, "cv", None)
    for chosen in wrapped if isinstance(wrapped, list) else ():  # scikit-learn unpacks them
        as_split(chosen, n_samples)
    splits = [
        as_split(split, n_samples) for split in inputs.cv.split(inputs.X, inputs.y, **split_params)
    ]
    if not splits:
        raise ValueError(
            "No fits were performed. Was the CV iterator empty? Were there no candidates?"
        )
    if len(splits) != n_splits:
        raise ValueError(
            "cv.split and cv.get_n_splits return inconsistent results. "
            f"Expected {n_splits} splits, got {len(splits)}"
        )
    return splits


def check_names(estimator: Any, space: Space) -> None:
    """Raise for a searched name that the estimator does not have, and name the closest it has.

    Parameters
    ----------
    estimator : estimator
    space : Space

    Raises
    ------
    ValueError
        If parameters of the space cannot be set.
    """
    known = estimator.get_params(deep=True)
    for params in space.examples():
        # A value that is an estimator changes which parameters exist.
        if params.keys() <= known.keys() and not any(
            hasattr(value, "get_params") for value in params.values()
        ):
            continue
        probe = clone(estimator)
        try:
            probe.set_params(**clone(params, safe=False))
        except (ValueError, AttributeError) as error:
            has = probe.get_params(deep=True)
            unknown = [name for name in params if name not in has] or list(params)
            hint = did_you_mean(unknown, has)
            raise ValueError(f"param_distributions[{unknown[0]!r}]: {error}{hint}") from error


def given_points(initial_params: Any, estimator: Any, space: Space) -> Sequence[GivenPoint]:
    """Return the points to evaluate first, after a check that those of a list lie in the space.

    Parameters
    ----------
    initial_params : None, 'default' or list of dict
        As the user gave it.
    estimator : estimator
        Has the values that 'default' stands for.
    space : Space

    Returns
    -------
    points : sequence of GivenPoint

    Raises
    ------
    TypeError
        If a point is not a dict.
    ValueError
        If a point lies outside the space.
    """
    if initial_params is None:
        return []
    if isinstance(initial_params, str):
        return [GivenPoint(*space.own_values(estimator.get_params(deep=True)))]
    centre = np.full(space.n_columns, 0.5)
    for number, params in enumerate(initial_params):
        label = f"initial_params[{number}]"
        if not isinstance(params, Mapping):
            raise TypeError(f"{label}: {shown(params)} is not a dict of names to values.")
        try:
            space.complete(params, centre)
        except ValueError as error:
            raise ValueError(f"{label}: {error}.") from None
    return [GivenPoint(params) for params in initial_params]
