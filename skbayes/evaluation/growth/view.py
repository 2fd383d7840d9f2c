"""An estimator after some rounds, as a scorer sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sklearn.base import is_classifier
from sklearn.metrics import accuracy_score, r2_score
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if

from skbayes.evaluation.growth.routes import Snapshot


def _answers(method: str) -> Callable[[AtStage], bool]:
    return lambda view: view.snapshot.has(method)


class AtStage:
    """A fitted estimator after some rounds, as a scorer sees it.

    Parameters
    ----------
    snapshot : Snapshot
        Of the part that grows.
    pipelines : sequence of Pipeline
        Around it, whose steps before are fitted.
    transformed : dict
        Samples that the steps before have transformed already; added to.
    """

    def __init__(
        self, snapshot: Snapshot, pipelines: Sequence[Pipeline], transformed: dict[int, Any]
    ) -> None:
        self.snapshot, self._pipelines, self._transformed = snapshot, pipelines, transformed

    @property
    def classes_(self) -> Any:
        """Class labels."""
        return self.snapshot.model.classes_

    @available_if(_answers("predict"))
    def predict(self, X: Any) -> Any:
        """Return predictions.

        Parameters
        ----------
        X : object
        """
        return self._respond("predict", X)

    @available_if(_answers("predict_proba"))
    def predict_proba(self, X: Any) -> Any:
        """Return probabilities of the classes.

        Parameters
        ----------
        X : object
        """
        return self._respond("predict_proba", X)

    @available_if(_answers("decision_function"))
    def decision_function(self, X: Any) -> Any:
        """Return decision values.

        Parameters
        ----------
        X : object
        """
        return self._respond("decision_function", X)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the score that the model's own method gives.

        Parameters
        ----------
        X, y, sample_weight : object
        """
        model = self.snapshot.model
        data = () if y is None else (y,)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        if type(self.snapshot) is Snapshot:  # it is the model itself
            return float(model.score(self._transform(X), *data, **weights))
        if type(model).__module__.startswith("catboost"):  # whose method looks into the model
            metric = accuracy_score if is_classifier(self) else r2_score
            return float(metric(y, self.predict(X), **weights))
        return float(type(model).score(self, X, *data, **weights))

    def _respond(self, method: str, X: Any) -> Any:
        return self.snapshot.respond(method, self._transform(X))

    def _transform(self, X: Any) -> Any:
        """Return samples as the steps before transform them."""
        if id(X) not in self._transformed:
            Z = X
            for pipeline in self._pipelines:
                for _, transformer in pipeline.steps[:-1]:
                    Z = transformer.transform(Z) if hasattr(transformer, "transform") else Z
            self._transformed[id(X)] = Z, X  # X is kept, so that no other data is given its id
        return self._transformed[id(X)][0]

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"{name} is not known: with staged=, a scorer is given the predictions of "
            f"{type(self.snapshot.model).__name__} after some rounds, and nothing else of it."
        )

    def __sklearn_tags__(self) -> Any:
        return get_tags(self.snapshot.model)

    def __sklearn_is_fitted__(self) -> bool:
        return True
