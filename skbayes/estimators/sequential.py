"""What the searches of `n_iter` trials share: a sampler that is asked for one after the other."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from skbayes._sklearn_compat import Interval
from skbayes.estimators.base import BaseModelSearchCV, Inputs
from skbayes.samplers.base import Sampler
from skbayes.samplers.quasi_random import GivenFirst, GridSampler, QuasiRandomSampler
from skbayes.space import Space


class SequentialSearchCV(BaseModelSearchCV):
    """Base class of the searches of `n_iter` trials."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseModelSearchCV._parameter_constraints,
        "n_iter": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_iter: int = 50,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        n_initial_points: int | str = "auto",
        initial_params: Any = None,
        n_points: int | str = 2,
    ) -> None:
        super().__init__(
            estimator,
            param_distributions,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            random_state=random_state,
            error_score=error_score,
            return_train_score=return_train_score,
            n_initial_points=n_initial_points,
            initial_params=initial_params,
            n_points=n_points,
        )
        self.n_iter = n_iter

    def _make_space_and_sampler(self, inputs: Inputs, cv: Any, seed: int) -> tuple[Space, Sampler]:
        """Read the space, and decide what proposes: the grid it is, or a model of it."""
        space = self._make_space(seed)
        start = QuasiRandomSampler(space, seed)
        is_grid = self._grid_size(space) is not None
        sampler = GridSampler(space) if is_grid else self._make_sampler(space, start)
        given = self._given_params(space)
        return space, GivenFirst(given, start, sampler) if given else sampler

    def _n_planned(self, space: Space, sampler: Sampler) -> int:
        n_given = len(self.initial_params) if isinstance(self.initial_params, list) else 0
        size = self._grid_size(space) or space.size
        return self.n_iter if size is None else min(self.n_iter, size + n_given)

    def _grid_size(self, space: Space) -> int | None:
        """Return how large the grid is that the search walks through, or None if it does not."""
        is_grid = space.grid_size is not None and self.n_iter >= space.grid_size
        return space.grid_size if is_grid else None
