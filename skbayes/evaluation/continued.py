"""Continued fits: a model is fitted to more rounds from where it is.

A fit of scikit-learn goes on with ``warm_start=True``; XGBoost and LightGBM are given the model so
far as an argument of `fit`. Only those are continued whose model is then, bit for bit, that of one
fit. A test covers every entry of the lists.

scikit-learn goes on with its random numbers. XGBoost and LightGBM begin again with them, so
parameters that make them draw some, and those that nobody has tried, must have their defaults.
CatBoost is not among them: it goes on with its random numbers and sums as long as the model stays
in the process, and without them if the model was sent to another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Self

from sklearn.base import clone
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from skbayes.evaluation.candidate import is_seeded, path_to
from skbayes.evaluation.last_step import StandIn, fit_with

RESOURCE_OF = {
    RandomForestClassifier: "n_estimators",
    RandomForestRegressor: "n_estimators",
    ExtraTreesClassifier: "n_estimators",
    ExtraTreesRegressor: "n_estimators",
    GradientBoostingClassifier: "n_estimators",
    GradientBoostingRegressor: "n_estimators",
    BaggingClassifier: "n_estimators",
    BaggingRegressor: "n_estimators",
    HistGradientBoostingClassifier: "max_iter",
    HistGradientBoostingRegressor: "max_iter",
}
"""The parameter that a warm start increases, by exact class: a subclass may fit differently."""

N_AUTO_STOPPING = 10_000
"""Samples above which ``early_stopping='auto'`` stops early."""


@dataclass(frozen=True)
class Library:
    """How another library's fits go on.

    Parameters
    ----------
    argument : str
        Of `fit`; the model so far.
    free : frozenset of str
        Parameters that may have any value; all others must have their defaults.
    """

    argument: str
    free: frozenset[str]

    def continues(self, model: Any) -> bool:
        """Whether a continued fit of a model with these parameters is the same as one fit.

        Parameters
        ----------
        model : estimator
        """
        default = type(model)().get_params(deep=False)
        given = {
            name
            for name, value in model.get_params(deep=False).items()
            if name not in default or repr(value) != repr(default[name])
        }
        return given <= self.free


_ROUNDS = "n_estimators"
_OF_BOTH = {
    _ROUNDS,
    "importance_type",
    "learning_rate",
    "max_depth",
    "min_child_weight",
    "n_jobs",
    "objective",
    "random_state",
    "reg_alpha",
    "reg_lambda",
    "verbosity",
}
_OF_XGBOOST = {
    "gamma",
    "grow_policy",
    "max_bin",
    "max_delta_step",
    "max_leaves",
    "scale_pos_weight",
    "tree_method",
}
_OF_LIGHTGBM = {
    "min_child_samples",
    "min_split_gain",
    "num_leaves",
    "subsample",  # does nothing without subsample_freq
    "verbose",
}
_XGBOOST = Library("xgb_model", frozenset(_OF_BOTH | _OF_XGBOOST))
_LIGHTGBM = Library("init_model", frozenset(_OF_BOTH | _OF_LIGHTGBM))
LIBRARIES = {
    ("xgboost", "XGBClassifier"): _XGBOOST,
    ("xgboost", "XGBRegressor"): _XGBOOST,
    ("lightgbm", "LGBMClassifier"): _LIGHTGBM,
    ("lightgbm", "LGBMRegressor"): _LIGHTGBM,
}
"""By the package and the name of an exact class, so that none of them has to be imported."""


def can_continue(model: Any, resource: str | None, n_samples: int) -> bool:
    """Whether continuing the fit of a model gives the model of one fit, bit for bit.

    Parameters
    ----------
    model : estimator
        It may be the last step of a pipeline. The steps before it are fitted again, with the same
        result.
    resource : str or None
        The parameter that is increased.
    n_samples : int
        Largest number of training samples of a split.
    """
    path = None if resource is None else path_to(model, resource)
    if resource is None or path is None:
        return False
    *pipelines, last = path
    draws_alike = _library_of(last) is not None or isinstance(_own(last, "random_state"), Integral)
    return (
        can_grow(last, resource.rpartition("__")[2], n_samples)
        and draws_alike
        and all(is_seeded(pipeline[:-1]) for pipeline in pipelines)
    )


def can_grow(model: Any, resource: str | None, n_samples: int) -> bool:
    """Whether the fit of a model can go on, with or without a seed.

    Parameters
    ----------
    model : estimator
    resource : str or None
        The parameter that is increased.
    n_samples : int
        Largest number of training samples of a split.
    """
    library = _library_of(model)
    if library is not None:
        return resource == _ROUNDS and library.continues(model)
    if resource is None or RESOURCE_OF.get(type(model)) != resource:
        return False
    return (
        not stops_early(model, n_samples)
        and not _own(model, "oob_score")  # warm starts reject it or compute it anew
        and not isinstance(_own(model, "class_weight"), str)  # scikit-learn warns
    )


def stops_early(model: Any, n_samples: int) -> bool:
    """Whether a model holds out training samples to decide itself when to stop.

    Parameters
    ----------
    model : estimator
    n_samples : int
        Number of training samples.
    """
    params = model.get_params(deep=False)
    if params.get("early_stopping_rounds") is not None:
        return True
    if "early_stopping" not in params:
        return params.get("n_iter_no_change") is not None
    if params["early_stopping"] == "auto":
        return n_samples > N_AUTO_STOPPING
    return bool(params["early_stopping"])


def fit_up_to(
    n_rounds: int,
    model: Any,
    parameter: str,
    n_fitted: int,
    data: Sequence[Any],
    options: Mapping[str, Any],
) -> Any:
    """Return a model that is fitted to a number of rounds.

    Parameters
    ----------
    n_rounds : int
    model : estimator
        Changed in place, if it is not continued by another library.
    parameter : str
        The one of its own that counts the rounds.
    n_fitted : int
        Rounds that it has been fitted to; 0 if it has not been fitted.
    data : sequence
        X, and y if there is one.
    options : mapping
        Further arguments of `fit`.
    """
    library = _library_of(model)
    if n_fitted == 0:
        return model.set_params(**{parameter: n_rounds}).fit(*data, **options)
    if library is None:
        further = {parameter: n_rounds, "warm_start": True}
        return model.set_params(**further).fit(*data, **options)
    further = clone(model).set_params(**{parameter: n_rounds - n_fitted})
    return further.fit(*data, **{**options, library.argument: model})


def to_continue(model: Any, resource: str, n_fitted: int) -> Any:
    """Return what fits a model further, if it is fitted after its parameters were set.

    Parameters
    ----------
    model : estimator
        Fitted; it may be the last step of a pipeline.
    resource : str
        The parameter that is increased.
    n_fitted : int
        Rounds that it has been fitted to.
    """
    path = path_to(model, resource) or [model]
    if _library_of(path[-1]) is not None:
        return GoingOn(model, resource, n_fitted)
    owner, separator, _ = resource.rpartition("__")
    return model.set_params(**{f"{owner}{separator}warm_start": True})


class GoingOn(StandIn):
    """A fitted model of another library whose `fit` goes on.

    Parameters
    ----------
    model : estimator
    resource : str
    n_fitted : int
        As for `to_continue`.
    """

    def __init__(self, model: Any, resource: str, n_fitted: int) -> None:
        super().__init__(model)
        self.resource, self.n_fitted = resource, n_fitted

    def set_params(self, **params: Any) -> Self:
        """Take the number of rounds; the other parameters are those of the model already.

        Parameters
        ----------
        **params : object
        """
        self.n_rounds = params[self.resource]
        return self

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        """Fit the model further.

        Parameters
        ----------
        X, y : object
            The samples that it was fitted to.
        **options : object
            Further arguments of its `fit`.
        """
        path = path_to(self.model, self.resource) or [self.model]
        own = self.resource.rpartition("__")[2]

        def fit_last(X: Any, y: Any = None, **options: Any) -> Any:
            data = (X,) if y is None else (X, y)
            return fit_up_to(self.n_rounds, path[-1], own, self.n_fitted, data, options)

        self.model = fit_with(fit_last, self.model, path, X, y, options)
        return self


def _library_of(model: Any) -> Library | None:
    """Return the library of a model, if its fits may be continued."""
    kind = type(model)
    return LIBRARIES.get((kind.__module__.partition(".")[0], kind.__name__))


def _own(model: Any, name: str) -> Any:
    """Return a parameter of a model; None if it has none of this name."""
    return model.get_params(deep=False).get(name)
