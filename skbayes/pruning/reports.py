"""What was reported of a pending trial: scores by split or by stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np

from skbayes.space.written import shown
from skbayes.trial import SINGLE_METRIC, Curve, Outcome


@dataclass
class Reports:
    """The reported scores of one trial.

    Parameters
    ----------
    are_stages : bool
        Whether they are by stage; otherwise by split.

    Attributes
    ----------
    scores : dict of int to float
        In the order in which they were reported; NaN stands for a failure.
    is_pruned : bool
        Whether the trial is to be ended by its curve.
    """

    are_stages: bool
    scores: dict[int, float] = field(default_factory=dict)
    is_pruned: bool = False

    def add(self, step: Any, score: float) -> None:
        """Add a score.

        Parameters
        ----------
        step : int
            Number of the split, or the stage.
        score : float

        Raises
        ------
        ValueError
            If the stage is no positive integer.
        """
        if self.are_stages and not (isinstance(step, Integral) and int(step) > 0):
            raise ValueError(f"step={shown(step)}: a stage is an integer of at least 1.")
        self.scores[int(step)] = float(score)

    @property
    def curves(self) -> dict[int, Curve]:
        """The finite scores by stage, as those of split 0; empty without any."""
        curve = {stage: score for stage, score in self.scores.items() if np.isfinite(score)}
        return {0: curve} if self.are_stages and curve else {}

    @property
    def has_failed(self) -> bool:
        """Whether the latest stage has no finite score."""
        return self.are_stages and not np.isfinite(self.scores[max(self.scores)])

    def outcome(self, n_needed: int | None, n_splits: int | None) -> Outcome:
        """Return the outcome of the trial, partial if it is to be ended early.

        Parameters
        ----------
        n_needed : int or None
            How many of the reported splits count; None for all.
        n_splits : int or None
            How many splits there are; None for as many as were reported.
        """
        if self.are_stages:
            last = self.scores[max(self.scores)]
            return Outcome(
                {SINGLE_METRIC: (last,)}, (0,), curves=self.curves, is_pruned=self.is_pruned
            )
        splits = tuple(sorted(list(self.scores)[:n_needed]))
        scores = tuple(self.scores[split] for split in splits)
        return Outcome({SINGLE_METRIC: scores}, splits, n_splits=n_splits)
