"""What a fitted search can answer: how good its best candidate really is, why, and what next.

Everything here reads the public attributes of a search, so it also works on scikit-learn's own.
"""

from __future__ import annotations

from skbayes.inspection.displays import (
    ConvergenceDisplay,
    ParallelCoordinatesDisplay,
    ParameterImportanceDisplay,
    PartialEffectDisplay,
    RungDisplay,
    SearchMapDisplay,
    StageCurvesDisplay,
    TimelineDisplay,
)
from skbayes.inspection.honest import HonestScore, honest_score
from skbayes.inspection.importance import Importance, parameter_importance
from skbayes.inspection.partial_effects import PartialEffect, partial_effect
from skbayes.inspection.report import SearchReport, search_report
from skbayes.inspection.suggestion import suggest_space
from skbayes.params_json import params_from_json, params_to_json

__all__ = [
    "ConvergenceDisplay",
    "HonestScore",
    "Importance",
    "ParallelCoordinatesDisplay",
    "ParameterImportanceDisplay",
    "PartialEffect",
    "PartialEffectDisplay",
    "RungDisplay",
    "SearchMapDisplay",
    "SearchReport",
    "StageCurvesDisplay",
    "TimelineDisplay",
    "honest_score",
    "parameter_importance",
    "params_from_json",
    "params_to_json",
    "partial_effect",
    "search_report",
    "suggest_space",
]
