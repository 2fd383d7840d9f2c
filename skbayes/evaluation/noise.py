"""Are fits noisy? One split of the best trial is fitted again, and its scores are compared.

An estimator without a seed draws other random numbers in each fit. Many such estimators use none
all the same, so only a second fit tells. It costs nothing where every random state is a number.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from sklearn.base import clone

from skbayes.evaluation.evaluator import Evaluation
from skbayes.evaluation.results import Record, outcome_of


def is_unseeded(estimator: Any, params: Mapping[str, Any]) -> bool:
    """Whether a random state of a candidate, or of a part of it, is None.

    Parameters
    ----------
    estimator : estimator
    params : mapping of str to object
        Parameters of the candidate.
    """
    candidate = clone(estimator).set_params(**clone(dict(params), safe=False))
    return any(
        value is None and name.rpartition("__")[2] == "random_state"
        for name, value in candidate.get_params(deep=True).items()
    )


def is_noisy(evaluation: Evaluation, record: Record, metric: Any) -> bool:
    """Whether a second fit of the first split of a trial has another score.

    Parameters
    ----------
    evaluation : Evaluation
    record : Record
        Of the trial.
    metric : object
        What `refit` is: the name of the metric that is compared, if there are several.
    """
    if not is_unseeded(evaluation.estimator, record.trial.params):
        return False
    first = record.results[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the first fit has given them
        second = evaluation.again(record.trial, first["split"])
    scores = [outcome_of([result], metric).score for result in (first, second)]
    return scores[0] != scores[1]
