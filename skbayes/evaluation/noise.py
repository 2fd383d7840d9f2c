"""Are fits noisy? One split of the best trial is fitted again, and its scores are compared.

An estimator without a seed draws other random numbers in each fit. Many such estimators use none
all the same, so only a second fit tells. It costs nothing where every random state is a number.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from skbayes.evaluation.growth.stages import curves_of
from skbayes.evaluation.results import Record, maximised_metric, outcome_of
from skbayes.evaluation.task import Evaluator


def is_noisy(evaluator: Evaluator, record: Record, metric: Any) -> bool:
    """Whether a second fit of the first split of a trial has another score.

    Parameters
    ----------
    evaluator : Evaluator
    record : Record
        Of the trial.
    metric : object
        What `refit` is: the name of the metric that is compared, if there are several.
    """
    first = record.results[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the first fit has given them
        second = evaluator.again(record.trial, first["split"])
    both = [first, second]
    if all(result.get("curves") is not None for result in both):
        # The first may have been fitted further, for the mean over all splits.
        curves = curves_of(both, maximised_metric(first["curves"]["test"], metric))
        assert curves is not None
        return not np.array_equal(curves[0], curves[1], equal_nan=True)
    scores = [outcome_of([result], metric).score for result in both]
    return scores[0] != scores[1]
