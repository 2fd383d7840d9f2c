"""Are fits noisy? One split of the best trial is fitted again, and its scores are compared.

An estimator without a seed draws other random numbers in each fit. Many such estimators use none
all the same, so only a second fit tells. It costs nothing where every random state is a number.
"""

from __future__ import annotations

import warnings
from typing import Any

from skbayes.evaluation.results import Record, outcome_of
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
    scores = [outcome_of([result], metric).score for result in (first, second)]
    return scores[0] != scores[1]
