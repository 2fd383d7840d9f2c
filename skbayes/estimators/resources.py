"""The resources of halving: what trials get more or less of, and how much of it there is.

=============  ===========================================  ================================
resource       what a trial with fidelity n gets            what is saved at a promotion
=============  ===========================================  ================================
Samples        n of the samples, training and test alike    nothing
Parameter      n as the value of an integer parameter       fits that can be continued
=============  ===========================================  ================================
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.utils.multiclass import check_classification_targets

from skbayes._sklearn_compat import num_samples
from skbayes.estimators.hints import did_you_mean
from skbayes.estimators.inputs import Inputs
from skbayes.evaluation.splits import Split
from skbayes.evaluation.subsampling import is_stratified, subsampled_splits
from skbayes.evaluation.warm_start import WarmStartPool
from skbayes.samplers.halving import n_powers
from skbayes.space.space import dicts_of
from skbayes.space.written import shown

LARGEST_RATIO = 9
"""Largest ratio of the most of a resource to the least, unless the user asks for another.

Chosen in doc/benchmarks.md: "smallest resource".
"""

ENOUGH = 30
"""Samples, for each class of a classifier, with which a score means something."""


class Resource(ABC):
    """What a halving search gives its trials more or less of.

    Parameters
    ----------
    search : HalvingBayesSearchCV
        Its parameters `resource`, `min_resources` and `max_resources` say what the user wants.
    """

    parameter: str | None = None
    """The estimator's parameter that the resource is; None if it is none."""

    def __init__(self, search: Any) -> None:
        self.search = search

    def check(self) -> None:
        """Check that the estimator has the resource.

        Raises
        ------
        ValueError
            If it is a parameter that the estimator does not have, or one that is searched.
        """
        return

    def note_on_most(self, most: int) -> str:
        """Return what an error adds about where the most of the resource comes from.

        Parameters
        ----------
        most : int

        Returns
        -------
        note : str
        """
        return ""

    def most(self, inputs: Inputs) -> int:
        """Return the most that a candidate may get.

        Parameters
        ----------
        inputs : Inputs

        Returns
        -------
        n_resources : int

        Raises
        ------
        ValueError
            If it is more than there is, or not known.
        """
        if self.search.max_resources == "auto":
            return self._all(inputs)
        return self._checked(int(self.search.max_resources), inputs)

    def least(self, inputs: Inputs) -> int:
        """Return what the first rung gets, unless it is to get more to exhaust the most.

        Parameters
        ----------
        inputs : Inputs

        Returns
        -------
        n_resources : int
        """
        if isinstance(self.search.min_resources, str):
            return self._smallest(inputs)
        return int(self.search.min_resources)

    def ladder(self, inputs: Inputs) -> list[int]:
        """Return the resources of the rungs that `min_resources='auto'` stands for.

        Parameters
        ----------
        inputs : Inputs

        Returns
        -------
        ladder : list of int
            Increasing, up to the most. The first is not below a `LARGEST_RATIO`-th of it, nor below
            what a score needs to mean something. Less than that is only taken where there would be
            a single rung, and never less than `smallest`.
        """
        most, factor = self.most(inputs), self.search.factor
        n_most = max(n_powers(LARGEST_RATIO, factor), 1)
        rungs = [int(most // factor**k) for k in range(n_most + 1)]
        enough = [n for n in rungs if n >= self._enough(inputs)]
        if len(enough) < 2:
            enough = [n for n in rungs[:2] if n >= self._smallest(inputs)] or [most]
        return enough[::-1]

    def subsampled_splits(
        self, inputs: Inputs, splits: Sequence[Split], fidelities: Iterable[int], seed: int
    ) -> dict[int, list[Split]]:
        """Return the splits of trials that do not see all samples, by their fidelity.

        Parameters
        ----------
        inputs : Inputs
        splits : sequence of Split
        fidelities : iterable of int
            Of all rungs.
        seed : int

        Returns
        -------
        splits : dict of int to list of Split
        """
        return {}

    def warm_start_pool(
        self, splits: Sequence[Split], n_promoted: Mapping[tuple[int, int], int]
    ) -> WarmStartPool | None:
        """Return where models wait to be fitted further; None if none ever is.

        Parameters
        ----------
        splits : sequence of Split
        n_promoted : mapping of (int, int) to int
            By rung, how many of its trials are promoted.

        Returns
        -------
        pool : WarmStartPool or None
        """
        return None

    @abstractmethod
    def _all(self, inputs: Inputs) -> int:
        """Return what `max_resources='auto'` stands for."""

    @abstractmethod
    def _smallest(self, inputs: Inputs) -> int:
        """Return what `min_resources='smallest'` stands for."""

    def _enough(self, inputs: Inputs) -> int:
        """Return with how much of the resource a score means something."""
        return self._smallest(inputs)

    def _checked(self, most: int, inputs: Inputs) -> int:
        """Return `max_resources`, after a check that there is so much."""
        return most


class Samples(Resource):
    """The number of samples."""

    def note_on_most(self, most: int) -> str:
        return f" The data has n_samples={most}." if self.search.max_resources == "auto" else ""

    def subsampled_splits(
        self, inputs: Inputs, splits: Sequence[Split], fidelities: Iterable[int], seed: int
    ) -> dict[int, list[Split]]:
        n_samples = num_samples(inputs.X)
        sizes = sorted({*fidelities} - {n_samples})
        labels = inputs.y if is_stratified(inputs.cv) else None
        floor = self._fewest_of_a_split(inputs)
        return subsampled_splits(splits, n_samples, sizes, seed, labels, floor)

    def _all(self, inputs: Inputs) -> int:
        return num_samples(inputs.X)

    def _smallest(self, inputs: Inputs) -> int:
        n_splits = inputs.cv.get_n_splits(inputs.X, inputs.y, **inputs.routed.splitter.split)
        if is_classifier(self.search.estimator):
            check_classification_targets(inputs.y)
        # Without any splits, the error is about the splits.
        return max(n_splits, 1) * self._fewest_of_a_split(inputs)

    def _enough(self, inputs: Inputs) -> int:
        return max(self._smallest(inputs), ENOUGH * self._n_classes(inputs))

    def _checked(self, most: int, inputs: Inputs) -> int:
        n_samples = num_samples(inputs.X)
        if most > n_samples:
            raise ValueError(
                f"max_resources={most} is more than the {n_samples} samples there are; give "
                "'auto' for all of them."
            )
        return most

    def _fewest_of_a_split(self, inputs: Inputs) -> int:
        """Return how many samples a split should have: two, of a classifier two per class."""
        return 2 * self._n_classes(inputs)

    def _n_classes(self, inputs: Inputs) -> int:
        return len(np.unique(inputs.y)) if is_classifier(self.search.estimator) else 1


class Parameter(Resource):
    """An integer parameter of the estimator, such as the number of trees."""

    def __init__(self, search: Any) -> None:
        super().__init__(search)
        self.parameter = search.resource

    def check(self) -> None:
        search = self.search
        if not self._exists():
            hint = did_you_mean([search.resource], ["n_samples", *search.estimator.get_params()])
            raise ValueError(
                f"Cannot use resource={search.resource} which is not supported "
                f"by estimator {search.estimator.__class__.__name__}.{hint}"
            )
        if any(search.resource in grid for grid in dicts_of(search.param_distributions)):
            raise ValueError(
                f"Cannot use parameter {search.resource} as the resource since "
                "it is part of the searched parameters."
            )

    def warm_start_pool(
        self, splits: Sequence[Split], n_promoted: Mapping[tuple[int, int], int]
    ) -> WarmStartPool | None:
        n_samples = max(len(train) for train, _ in splits)
        return WarmStartPool(self.search.estimator, self.search.resource, n_samples, n_promoted)

    def _all(self, inputs: Inputs) -> int:
        name = self.search.resource
        own = self.search.estimator.get_params().get(name)
        if not isinstance(own, Integral) or isinstance(own, bool) or own < 1:
            raise ValueError(
                f"max_resources='auto' takes the estimator's own {name}, and {shown(own)} is not "
                f"a positive integer; give max_resources a number, or set {name} of the estimator."
            )
        return int(own)

    def _smallest(self, inputs: Inputs) -> int:
        return 1

    def _exists(self) -> bool:
        """Whether the estimator takes the parameter; some list it only once it is set."""
        name, estimator = self.search.resource, self.search.estimator
        if name in estimator.get_params():
            return True
        try:
            probe = clone(estimator).set_params(**{name: 1})
        except (ValueError, TypeError):
            return False
        return name in probe.get_params()


RESOURCES: dict[str, type[Resource]] = {"n_samples": Samples}
"""Resources by their names; any other name is that of a parameter."""


def make_resource(search: Any) -> Resource:
    """Return the resource that a search names.

    Parameters
    ----------
    search : HalvingBayesSearchCV

    Returns
    -------
    resource : Resource
    """
    return RESOURCES.get(search.resource, Parameter)(search)
