"""Pictures of a fitted search, in the style of scikit-learn's displays.

Each display has a `from_search` that computes its numbers and draws them; the numbers are
attributes, and a function of the same module returns them without a picture. matplotlib is
imported when something is drawn: ``pip install "skbayes[plot]"``.
"""

from __future__ import annotations

from skbayes.inspection.displays.convergence import ConvergenceDisplay
from skbayes.inspection.displays.effect_panels import PartialEffectDisplay
from skbayes.inspection.displays.importance_bars import ParameterImportanceDisplay
from skbayes.inspection.displays.parallel_coordinates import ParallelCoordinatesDisplay
from skbayes.inspection.displays.rungs import RungDisplay
from skbayes.inspection.displays.search_map import SearchMapDisplay
from skbayes.inspection.displays.stage_curves import StageCurvesDisplay
from skbayes.inspection.displays.timelines import TimelineDisplay

__all__ = [
    "ConvergenceDisplay",
    "ParallelCoordinatesDisplay",
    "ParameterImportanceDisplay",
    "PartialEffectDisplay",
    "RungDisplay",
    "SearchMapDisplay",
    "StageCurvesDisplay",
    "TimelineDisplay",
]
