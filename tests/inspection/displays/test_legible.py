"""All displays, on all kinds of searches: nothing is cut or overlaps, and errors are clear."""

import copy
import sys

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from skbayes import BayesSearchCV
from skbayes.inspection import displays
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
from tests.inspection.displays import searches
from tests.inspection.displays.layout import check_legible, texts_of, words_of

pytestmark = pytest.mark.slow

ALL = [getattr(displays, name) for name in displays.__all__]
ALL.remove(StageCurvesDisplay)  # it needs a search of its own
OF_SPACES = [ParallelCoordinatesDisplay, ParameterImportanceDisplay, SearchMapDisplay]


@pytest.mark.parametrize("space", ["one", "mixed", "twelve", "long", "conditions"])
@pytest.mark.parametrize("display", OF_SPACES)
def test_parameters_of_all_kinds_are_legible(display, space):
    few = {"max_parameters": 4} if display is SearchMapDisplay else {}
    check_legible(display.from_search(searches.fitted(space), **few).figure_)


def test_names_and_values_with_markup_are_legible():
    check_legible(ParallelCoordinatesDisplay.from_search(searches.fitted("odd")).figure_)


EFFECTS = {
    "one": "C",
    "mixed": ["C", "kernel", "max_depth", ("kernel", "C")],
    "long": [searches.LONG[0], tuple(searches.LONG[:2])],
    "conditions": ["kernel", "dict", "degree"],
    "odd": ["$x_1$", "value $a$"],
    "many_values": "category",
}


@pytest.mark.parametrize("space", EFFECTS)
def test_effects_of_all_kinds_are_legible(space):
    drawn = PartialEffectDisplay.from_search(searches.fitted(space), EFFECTS[space])
    check_legible(drawn.figure_)


IN_STYLES = [(display, "dark_background") for display in ALL]
IN_STYLES += [
    (display, "default") for display in (ConvergenceDisplay, RungDisplay, TimelineDisplay)
]


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_curves_are_legible_in_light_and_dark(style, plt):
    with plt.style.context(style):
        check_legible(StageCurvesDisplay.from_search(searches.staged()).figure_)


@pytest.mark.parametrize("display, style", IN_STYLES)
def test_displays_are_legible_in_light_and_dark(display, style, plt):
    with plt.style.context(style):
        drawn = display.from_search(searches.halved())
        check_legible(drawn.figure_)
        background = plt.rcParams["axes.facecolor"]
        assert all(text.get_color() != background for text in texts_of(drawn.figure_))


@pytest.mark.parametrize("display", [ConvergenceDisplay, *OF_SPACES, PartialEffectDisplay])
def test_displays_are_drawn_on_the_axes_that_are_given(display, plt):
    figure, axes = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
    drawn = display.from_search(searches.halved(), ax=axes[1])
    assert drawn.figure_ is figure
    assert not axes[0].has_data()
    assert len(plt.get_fignums()) == 1
    check_legible(figure)


def test_a_display_is_drawn_again(plt):
    drawn = RungDisplay.from_search(searches.halved())
    first = drawn.figure_
    ax = plt.figure().add_subplot()
    assert drawn.plot(ax) is drawn
    assert drawn.ax_ is ax
    assert drawn.figure_ is not first


def test_names_are_written_as_they_are():
    drawn = ConvergenceDisplay.from_search(dict.fromkeys(searches.ODD, searches.gridded()))
    words = words_of(drawn.figure_)
    assert {"<script>alert(1)</script>", r"\$x_1\$", "a_b__c_d", " _hidden"} <= set(words)


@pytest.mark.parametrize("display", ALL)
def test_the_extra_is_named_if_matplotlib_is_missing(display, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    wanted = rf'{display.__name__} needs matplotlib; pip install "skbayes\[plot\]"\.'
    with pytest.raises(ImportError, match=wanted):
        display.from_search(searches.halved())


@pytest.mark.parametrize("display", ALL)
def test_a_search_that_is_not_fitted_has_no_picture(display):
    with pytest.raises(NotFittedError):
        display.from_search(BayesSearchCV(searches.Formula(), {"C": [1, 2]}))


@pytest.mark.parametrize("display", [ConvergenceDisplay, RungDisplay, SearchMapDisplay])
def test_an_interrupted_search_has_a_picture(display):
    search = copy.copy(searches.halved())
    del search.best_estimator_
    assert display.from_search(search).ax_ is not None


@pytest.mark.parametrize("display", [d for d in ALL if d is not TimelineDisplay])
def test_without_a_score_there_is_no_picture(display):
    with pytest.raises(ValueError, match=r"no candidate of|at least two candidates"):
        display.from_search(searches.all_failed())


@pytest.mark.parametrize("display", [d for d in ALL if d is not RungDisplay])
def test_failed_candidates_are_left_out_or_marked(display):
    check_legible(display.from_search(searches.partly_failed()).figure_)


@pytest.mark.parametrize("display", [d for d in ALL if d is not RungDisplay])
def test_of_several_metrics_one_is_named(display):
    with pytest.raises(ValueError, match="metric: give 'a' or 'b'"):
        display.from_search(searches.several_metrics())
    if display in (ConvergenceDisplay, ParallelCoordinatesDisplay):
        drawn = display.from_search(searches.several_metrics(), metric="b")
        assert drawn.score_name == "b"


@pytest.fixture(scope="module")
def one_trial():
    return searches.bayes({"C": [1, 2], "kernel": ["rbf", "linear"]}, n_iter=1)


@pytest.mark.parametrize(
    "display",
    [ConvergenceDisplay, ParallelCoordinatesDisplay, SearchMapDisplay, TimelineDisplay],
)
def test_one_trial_is_drawn(display, one_trial):
    check_legible(display.from_search(one_trial).figure_)


@pytest.mark.parametrize("display", [ParameterImportanceDisplay, PartialEffectDisplay])
def test_one_trial_has_no_surrogate(display, one_trial):
    with pytest.raises(ValueError, match="at least two candidates with a score"):
        display.from_search(one_trial)


@pytest.mark.parametrize("display", [*OF_SPACES, PartialEffectDisplay])
def test_a_constant_has_no_axis(display):
    search = GridSearchCV(searches.Formula(), [{"C": [1]}, {"C": [1]}], cv=2)
    search.fit(searches.X, searches.Y)
    search.param_grid = {"C": [1]}
    with pytest.raises(ValueError, match="no parameter of this search has two values"):
        display.from_search(search)


@pytest.mark.parametrize("display", [ParallelCoordinatesDisplay, SearchMapDisplay])
def test_of_many_parameters_those_that_matter_are_drawn(display):
    search = searches.fitted("two")
    drawn = display.from_search(search, max_parameters=1)
    important = ParameterImportanceDisplay.from_search(search).importance.names[:1]
    assert set(drawn.placed.axes) == set(important)
    with pytest.raises(ValueError, match="max_parameters=0: give a positive integer"):
        display.from_search(search, max_parameters=0)


def test_forty_parameters_are_legible():
    drawn = ParallelCoordinatesDisplay.from_search(searches.fitted("forty"))
    assert len(drawn.placed.axes) == 12
    check_legible(drawn.figure_)


def test_what_a_display_needs_is_said():
    grid = searches.gridded()
    with pytest.raises(ValueError, match="GridSearchCV has no rungs; give a successive halving"):
        RungDisplay.from_search(grid)
    with pytest.raises(ValueError, match="GridSearchCV has no timeline_; give a fitted search"):
        TimelineDisplay.from_search(grid)
    with pytest.raises(ValueError, match="search: it has no curves; give staged="):
        StageCurvesDisplay.from_search(grid)
    with pytest.raises(ValueError, match="names: 'D' was not searched"):
        PartialEffectDisplay.from_search(grid, "D")
    with pytest.raises(ValueError, match="names: 3 is neither a parameter nor a tuple"):
        PartialEffectDisplay.from_search(grid, [3])
    with pytest.raises(ValueError, match="x='cost': give 'trials', 'fits', 'time', 'resource'"):
        ConvergenceDisplay.from_search(grid, x="cost")
    with pytest.raises(ValueError, match="labels: 1 of them for 2 searches"):
        ConvergenceDisplay.from_search([grid, grid], labels=["a"])
    with pytest.raises(ValueError, match="color='split': give 'score' or 'candidate'"):
        TimelineDisplay.from_search(searches.halved(), color="split")
    with pytest.raises(ValueError, match="ax: 2 axes for 1 panels"):
        PartialEffectDisplay.from_search(grid, "C", ax=np.array([None, None]))
