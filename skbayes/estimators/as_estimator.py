"""A search as an estimator of scikit-learn: its clones, its tags, and `fit_transform`."""

from __future__ import annotations

from copy import copy, deepcopy
from typing import Any

from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if

from skbayes._sklearn_compat import BaseSearchCV, clone_parametrized


def _can_transform(search: Any) -> bool:
    """Whether there is `transform`; if not, raise the error that says why."""
    return search.transform is not None


class SearchAsEstimator(BaseSearchCV):
    """What a search has in addition to `BaseSearchCV`, to take the place of its estimator."""

    callbacks: Any

    def __sklearn_clone__(self) -> Any:
        """Return a clone that shares the callbacks, which may hold files or connections."""
        without = copy(self)
        without.callbacks = None
        clone = clone_parametrized(without)
        clone.callbacks = self.callbacks
        return clone

    def __sklearn_tags__(self) -> Any:
        """Forward the transformer and target tags too, in addition to those of `BaseSearchCV`."""
        tags = super().__sklearn_tags__()
        own = get_tags(self.estimator)
        tags.transformer_tags = deepcopy(own.transformer_tags)
        is_required = tags.target_tags.required  # scikit-learn leaves that to the estimator
        tags.target_tags = deepcopy(own.target_tags)
        tags.target_tags.required = is_required
        return tags

    @available_if(_can_transform)
    def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Search, refit, and transform `X` by the best estimator.

        Only available if `refit` is not False and the estimator has ``transform``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training vectors.
        y : array-like of shape (n_samples,), default=None
            Target relative to X; None for unsupervised learning.
        **params : dict of str -> object
            Parameters passed to ``fit``.

        Returns
        -------
        Xt : array-like of shape (n_samples, n_features_new)
            `X` transformed by the best estimator.
        """
        return self.fit(X, y, **params).transform(X)
