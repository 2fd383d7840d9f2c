"""Routes: the ways to learn what a model predicts after fewer rounds than it was fitted for.

===========  =====================================================  ============================
route        uses                                                   same as separate fits
===========  =====================================================  ============================
staged       `staged_predict` and its siblings                      yes
iteration    the argument of `predict` that names an iteration:     yes
             XGBoost, LightGBM, CatBoost
warm_start   `fit` with ``warm_start=True``, which goes on          forests, extra trees, bagging
partial_fit  `partial_fit`, one epoch at a time                     no
===========  =====================================================  ============================

A route yields a snapshot for each stage: something that answers the methods of a scorer as the
model of this stage would. A route that can pause works ahead as little as it can, so that who asks
may stop early, and may ask for the other stages later.
"""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any, ClassVar

from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import unique_labels

from skbayes.evaluation.continued import RESOURCE_OF, can_grow, fit_up_to
from skbayes.evaluation.growth.stages import COARSE, FINE

ROUNDS = {"n_estimators", "max_iter", "iterations", "n_iter", "max_epochs", "epochs"}
"""Names of parameters that count rounds."""

SHARE = 0.1
"""How much a fit that may be stopped goes on at least, as a share of what was fitted."""

SHARE_OF_OTHERS = 0.5
"""The same where each time the data are prepared and the model so far predicts once more."""


class Snapshot:
    """What a model predicts after some rounds.

    Parameters
    ----------
    model : estimator
        Fitted.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    def has(self, method: str) -> bool:
        """Whether it answers a method.

        Parameters
        ----------
        method : str
            Such as 'predict_proba'.
        """
        return hasattr(self.model, method)

    def respond(self, method: str, X: Any) -> Any:
        """Return what the method returns for some samples.

        Parameters
        ----------
        method : str
        X : object
        """
        return getattr(self.model, method)(X)


class _AtStage(Snapshot):
    """Reads the generators of `staged_predict` and its siblings, which all stages share."""

    def __init__(self, model: Any, stage: int, streams: dict[Any, Any]) -> None:
        super().__init__(model)
        self._stage, self._streams = stage, streams

    def has(self, method: str) -> bool:
        return hasattr(self.model, f"staged_{method}")

    def respond(self, method: str, X: Any) -> Any:
        key = method, id(X)
        if key not in self._streams:
            # X is kept, so that no other data is given its id.
            self._streams[key] = [getattr(self.model, f"staged_{method}")(X), 0, None, X]
        stream = self._streams[key]
        while stream[1] < self._stage:
            # A model that was finished early has fewer stages; its last one stays.
            stream[2] = next(stream[0], stream[2])
            stream[1] += 1
        return stream[2].copy()


class _AtIteration(Snapshot):
    """Calls the methods of a model with the argument that names an iteration."""

    def __init__(self, model: Any, stage: int) -> None:
        super().__init__(model)
        self._option = _iteration_option(model, stage)

    def has(self, method: str) -> bool:
        return _takes(getattr(self.model, method, None), *self._option)

    def respond(self, method: str, X: Any) -> Any:
        return getattr(self.model, method)(X, **self._option)


@dataclass(eq=False)
class Growth:
    """A model that is to grow, and how far.

    Parameters
    ----------
    model : estimator
        Changed in place, or replaced by the one that is fitted further.
    parameter : str
        The one of its own that counts the rounds.
    stages : sequence of int
        Ascending.
    data : sequence
        X, and y if there is one.
    options : mapping
        Further arguments of `fit`.
    needed : callable
        Returns the stage that will be asked for in any case, by what is known so far.
    first : int
        Position of the first stage that is asked for.
    n_fitted : int
        Rounds that the model has been fitted to.
    """

    model: Any
    parameter: str
    stages: Sequence[int]
    data: Sequence[Any]
    options: Mapping[str, Any]
    needed: Callable[[], int]
    first: int
    n_fitted: int

    @property
    def asked_for(self) -> Sequence[int]:
        """The stages that are asked for."""
        return self.stages[self.first :]

    def fit_ahead(self, stage: int, share: float) -> None:
        """Fit the model to the stage that is needed in any case, or one somewhat later.

        Parameters
        ----------
        stage : int
            The one that is asked for.
        share : float
            How much to go on at least, as a share of what was fitted.
        """
        least = max(stage, self.needed(), math.ceil(self.n_fitted * (1 + share)))
        n_rounds = next((s for s in self.stages if s >= least), self.stages[-1])
        of_model = self.model, self.parameter, self.n_fitted
        self.model = fit_up_to(n_rounds, *of_model, self.data, self.options)
        self.n_fitted = n_rounds


class Route(ABC):
    """One of the ways."""

    name: ClassVar[str]
    ratio: ClassVar[float] = FINE

    @abstractmethod
    def suits(self, model: Any, parameter: str) -> bool:
        """Whether a model can go this way.

        Parameters
        ----------
        model : estimator
        parameter : str
            The one that counts the rounds.
        """

    def is_exact(self, model: Any) -> bool:
        """Whether the scores of a stage are those of a separate fit.

        Parameters
        ----------
        model : estimator
        """
        return True

    def can_pause(self, model: Any, parameter: str, n_samples: int) -> bool:
        """Whether a model can be fitted a few rounds at a time.

        Parameters
        ----------
        model : estimator
        parameter : str
            The one that counts the rounds.
        n_samples : int
            Number of training samples.
        """
        return True

    @abstractmethod
    def grow(self, growth: Growth) -> Iterator[Snapshot]:
        """Fit a model, and yield a snapshot for each stage.

        Parameters
        ----------
        growth : Growth
        """


class Staged(Route):
    """By `staged_predict` and its siblings: boosting of scikit-learn."""

    name = "staged"

    def suits(self, model: Any, parameter: str) -> bool:
        return parameter in ROUNDS and hasattr(model, "staged_predict")

    def can_pause(self, model: Any, parameter: str, n_samples: int) -> bool:
        return can_grow(model, parameter, n_samples)

    def grow(self, growth: Growth) -> Iterator[Snapshot]:
        streams: dict[Any, Any] = {}
        for stage in growth.asked_for:
            if stage > growth.n_fitted:
                growth.fit_ahead(stage, SHARE)
                streams = {}
            yield _AtStage(growth.model, stage, streams)


class Iteration(Route):
    """By an argument of `predict`: XGBoost, LightGBM, CatBoost."""

    name = "iteration"

    def suits(self, model: Any, parameter: str) -> bool:
        return parameter in ROUNDS and bool(_iteration_option(model, 1))

    def can_pause(self, model: Any, parameter: str, n_samples: int) -> bool:
        return can_grow(model, parameter, n_samples)

    def grow(self, growth: Growth) -> Iterator[Snapshot]:
        for stage in growth.asked_for:
            if stage > growth.n_fitted:
                growth.fit_ahead(stage, SHARE_OF_OTHERS)
            yield _AtIteration(growth.model, stage)


class WarmStart(Route):
    """By fits that go on where the last one ended."""

    name = "warm_start"
    ratio = COARSE

    def suits(self, model: Any, parameter: str) -> bool:
        return parameter in ROUNDS and "warm_start" in model.get_params(deep=False)

    def is_exact(self, model: Any) -> bool:
        return type(model) in RESOURCE_OF

    def grow(self, growth: Growth) -> Iterator[Snapshot]:
        model = growth.model.set_params(warm_start=True)
        if model.get_params(deep=False).get("oob_score"):
            model.set_params(oob_score=False)  # it is not asked for, and not always possible
        # Ensembles count all their members, other models the iterations of one call.
        counts_all = growth.parameter == "n_estimators" or isinstance(model, tuple(RESOURCE_OF))
        for stage in growth.asked_for:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                # Of class weights that are balanced anew: the samples are the same.
                warnings.filterwarnings("ignore", "class_weight presets", UserWarning)
                n_rounds = stage if counts_all else stage - growth.n_fitted
                model.set_params(**{growth.parameter: n_rounds})
                model.fit(*growth.data, **growth.options)
            growth.n_fitted = stage
            yield Snapshot(model)


class PartialFit(Route):
    """By epochs of `partial_fit`."""

    name = "partial_fit"

    def suits(self, model: Any, parameter: str) -> bool:
        return parameter in ROUNDS and hasattr(model, "partial_fit")

    def is_exact(self, model: Any) -> bool:
        return False

    def grow(self, growth: Growth) -> Iterator[Snapshot]:
        model = growth.model.set_params(**{growth.parameter: 1})
        options = dict(growth.options)
        if is_classifier(model) and _takes(model.partial_fit, "classes"):
            options["classes"] = unique_labels(growth.data[1])
        for stage in growth.asked_for:
            for _ in range(stage - growth.n_fitted):
                model.partial_fit(*growth.data, **options)
            growth.n_fitted = stage
            yield Snapshot(model)


ROUTES: Sequence[Route] = (Staged(), Iteration(), WarmStart(), PartialFit())
"""In the order in which they are tried."""


def route_of(model: Any, parameter: str, name: str = "auto") -> Route | None:
    """Return the first route on which a model can go.

    Parameters
    ----------
    model : estimator
    parameter : str
        Of the model itself, without the names of the steps around it.
    name : str, default='auto'
        'auto' for a route whose scores are those of separate fits; or the name of one.

    Returns
    -------
    route : Route or None
    """
    for route in ROUTES:
        is_wanted = route.is_exact(model) if name == "auto" else route.name == name
        if is_wanted and route.suits(model, parameter):
            return route
    return None


def _iteration_option(model: Any, stage: int) -> dict[str, Any]:
    """Return the argument by which `predict` is told an iteration; empty if there is none."""
    options = {"iteration_range": (0, stage), "num_iteration": stage, "ntree_end": stage}
    predict = getattr(model, "predict", None)
    return next(({name: value} for name, value in options.items() if _takes(predict, name)), {})


def _takes(method: Any, name: str) -> bool:
    return callable(method) and name in signature(method).parameters
