"""The numbers in the pictures are those of ``cv_results_``."""

import numpy as np
import pytest

from skbayes.inspection.displays import (
    ConvergenceDisplay,
    ParallelCoordinatesDisplay,
    PartialEffectDisplay,
    RungDisplay,
    SearchMapDisplay,
    StageCurvesDisplay,
    TimelineDisplay,
)
from skbayes.inspection.displays.axes_labels import plain_all, round_ticks
from skbayes.inspection.displays.convergence import Convergence, convergence_of
from skbayes.inspection.displays.figures import score_range
from skbayes.inspection.displays.parameter_axes import parameter_axes
from skbayes.inspection.displays.rungs import rungs_of
from skbayes.inspection.displays.stage_curves import stage_curves_of
from skbayes.inspection.displays.timelines import fits_of
from skbayes.space import Space
from tests.inspection.displays import searches
from tests.inspection.displays.layout import words_of


def test_the_best_so_far_is_that_of_complete_candidates():
    search = searches.raced()
    results, best, expected = search.cv_results_, -np.inf, []
    for score, n in zip(results["mean_test_score"], results["n_splits_evaluated"], strict=True):
        best = max(best, score) if n == 5 else best
        expected.append(best)
    assert results["n_splits_evaluated"].min() < 5
    found = convergence_of(search, "fits")
    assert found.best.tolist() == expected
    assert found.best[-1] == search.best_score_
    assert found.x.tolist() == np.cumsum(results["n_splits_evaluated"]).tolist()


def test_a_curve_that_begins_far_below_the_picture_is_drawn_as_it_is():
    best, numbers = np.r_[-50.0, -40.0, np.linspace(0.8, 0.9, 6)], np.arange(8)
    curve = Convergence(numbers + 1.0, best, best, np.full(8, True), numbers)
    drawn = ConvergenceDisplay({"a": curve}).plot()
    assert drawn.lines_[0].get_ydata().tolist() == curve.best.tolist()
    assert drawn.ax_.get_ylim()[0] > -1.0


@pytest.mark.parametrize("search", [searches.halved, searches.halved_in_scikit_learn])
def test_lower_rungs_are_never_the_best(search):
    search = search()
    found = convergence_of(search, "resource")
    amounts = search.cv_results_["n_resources"]
    first = int(np.argmax(amounts == amounts.max()))
    assert np.isnan(found.best[:first]).all()
    is_better = np.diff(found.best[first:]) > 0.0
    assert (amounts[first + 1 :][is_better] == amounts.max()).all()
    assert found.best[-1] == pytest.approx(search.best_score_)
    assert found.x == pytest.approx(np.cumsum(amounts / search.max_resources_))


def test_time_is_that_of_the_timeline_or_the_sum_of_all_fits():
    search = searches.fitted("two")
    found, timeline = convergence_of(search, "time"), search.timeline_
    assert found.x[-1] == timeline["end"].max() - timeline["begin"].min()
    assert (np.diff(found.x) >= 0.0).all()
    grid = searches.gridded()
    results = grid.cv_results_
    seconds = 2 * (results["mean_fit_time"] + results["mean_score_time"])
    assert convergence_of(grid, "time").x == pytest.approx(np.cumsum(seconds))


def test_several_searches_have_their_labels():
    drawn = ConvergenceDisplay.from_search([searches.raced(), searches.raced()])
    assert list(drawn.curves) == ["BayesSearchCV 1", "BayesSearchCV 2"]
    drawn = ConvergenceDisplay.from_search({"$x$": searches.raced(), "_grid": searches.gridded()})
    assert {r"\$x\$", " _grid"} <= set(words_of(drawn.figure_))
    assert len({line.get_linestyle() for line in drawn.lines_}) == 2


@pytest.mark.parametrize("search", [searches.halved, searches.halved_in_scikit_learn])
def test_promoted_candidates_are_joined(search):
    search = search()
    rungs, params = rungs_of(search), search.cv_results_["params"]
    for i, parent in enumerate(rungs.parent):
        assert (parent >= 0) == (rungs.rung[i] > 0)
        if parent >= 0:
            assert params[i] == params[parent]
            assert rungs.rung[parent] == rungs.rung[i] - 1
    drawn = RungDisplay.from_search(search)
    assert len(drawn.ax_.lines) == (rungs.parent >= 0).sum()


def test_dropped_candidates_are_not_drawn_as_if_they_had_a_score():
    search = searches.halved(cv=5, racing=0.3, n_brackets=4)
    rungs, table = rungs_of(search), search.cv_results_
    is_dropped = table["n_splits_evaluated"] < 5
    assert is_dropped.any()
    assert np.isnan(rungs.scores).tolist() == is_dropped.tolist()
    drawn = RungDisplay.from_search(search)
    n_dots = sum(len(dots.get_offsets()) for dots in drawn.ax_.collections)
    assert n_dots == (~is_dropped).sum() + 1  # and the star


def test_a_resource_that_is_a_parameter_does_not_tell_candidates_apart():
    search = searches.halved(resource="n_estimators", max_resources=9, min_resources=1)
    rungs = rungs_of(search)
    assert ((rungs.parent >= 0) == (rungs.rung > 0)).all()
    assert "n_estimators" in words_of(RungDisplay.from_search(search).figure_)


def test_curves_are_those_of_the_table_and_the_best_is_first():
    search = searches.staged()
    table, curves = search.cv_results_, stage_curves_of(search)
    assert curves[0].candidate == search.best_index_
    scores = [table["mean_test_score"][curve.candidate] for curve in curves]
    assert scores == sorted(scores, reverse=True)
    for curve in curves:
        assert curve.mean[curve.chosen] == table["mean_test_score"][curve.candidate]
        assert curve.stages[curve.chosen] == table["params"][curve.candidate]["epochs"]
    drawn = StageCurvesDisplay.from_search(search)
    assert len(drawn.lines_) == 10
    np.testing.assert_array_equal(drawn.lines_[0].get_ydata(), curves[0].mean)


def test_fits_are_those_of_the_timeline():
    search = searches.partly_failed()
    fits, timeline = fits_of(search), search.timeline_
    assert fits.begin.min() == 0.0
    assert (fits.end - fits.begin) == pytest.approx(timeline["end"] - timeline["begin"], abs=1e-6)
    assert fits.failed.sum() == timeline["failed"].sum() > 0
    drawn = TimelineDisplay.from_search(search)
    assert sum(len(bars.get_paths()) for bars in drawn.ax_.collections) == len(fits.begin)
    assert "failed" in words_of(drawn.figure_)


def test_restored_trials_are_left_out_of_the_timeline():
    search = searches.bayes({"C": [1, 2, 3]}, n_iter=3)
    for name in ("begin", "end"):
        search.timeline_[name][:2] = 0.0
    assert len(fits_of(search).begin) == 4
    seconds = search.cv_results_["mean_fit_time"] + search.cv_results_["mean_score_time"]
    assert convergence_of(search, "time").x[-1] == pytest.approx(2 * seconds.sum())
    search.timeline_["end"][:] = 0.0
    with pytest.raises(ValueError, match="no fit of this search ran"):
        fits_of(search)


def test_lines_have_a_place_for_each_value_and_the_best_is_on_top():
    search = searches.fitted("conditions")
    drawn = ParallelCoordinatesDisplay.from_search(search, n_best=5)
    assert drawn.candidates[-1] == search.best_index_
    assert len(drawn.candidates) == 5
    placed = drawn.placed
    for name, column in zip(placed.axes, placed.positions.T, strict=True):
        for params, position in zip(search.cv_results_["params"], column, strict=True):
            assert np.isfinite(position) == (name in params)
    C = placed.positions[:, list(placed.axes).index("C")]
    order = [i for i in np.argsort(C) if np.isfinite(C[i])]
    values = [search.cv_results_["params"][i]["C"] for i in order]
    assert values == sorted(values)


def test_the_map_has_a_panel_for_each_pair():
    search = searches.fitted("two")
    drawn = SearchMapDisplay.from_search(search)
    panels = drawn.ax_
    assert panels[0, 1] is None
    dots = panels[1, 0].collections[1]
    points = {tuple(np.round(point, 9)) for point in dots.get_offsets()}
    assert points == {tuple(np.round(point, 9)) for point in drawn.placed.positions}
    assert sum(bar.get_height() for bar in panels[0, 0].patches) == 15


def test_the_line_is_the_partial_effect_on_the_users_scale():
    search = searches.fitted("one")
    drawn = PartialEffectDisplay.from_search(search)
    (effect,) = drawn.effects
    assert effect.names == ("C",)
    (line,) = drawn.ax_.lines
    assert line.get_ydata() == pytest.approx(effect.mean)
    logs = np.log(effect.values[0])
    straight = (logs - logs[0]) / (logs[-1] - logs[0])
    assert np.ptp(line.get_xdata() / np.ptp(line.get_xdata()) - straight) < 1e-6
    assert {"0.001", "1", "1000"} <= set(words_of(drawn.figure_))
    best = search.cv_results_["params"][search.best_index_]["C"]
    star = next(c for c in drawn.ax_.collections if c.get_label() == "best").get_offsets()[0]
    assert star.tolist() == pytest.approx([drawn.axes["C"].place(best), search.best_score_])


@pytest.mark.slow
def test_the_most_important_parameters_are_drawn_unless_others_are_named():
    search = searches.fitted("mixed")
    drawn = PartialEffectDisplay.from_search(search)
    assert len(drawn.ax_) == 4
    two = PartialEffectDisplay.from_search(search, ("C", "kernel"))
    assert two.ax_.get_xlabel() == "C"
    assert two.ax_.get_ylabel() == "kernel"


def test_axes_suit_the_distribution():
    axes = parameter_axes(Space(searches.SPACES["mixed"]), [{"max_depth": 77}])
    assert axes["C"].is_log
    assert not axes["n_neighbors"].is_log
    assert axes["shift"].span is not None
    assert axes["kernel"].levels == ["rbf", "linear", "poly"]
    depth = axes["max_depth"]
    assert depth.levels == [None]
    assert depth.span == (1, 77)
    assert depth.place(None) == 0.0 < depth.place(1) < depth.place(77)
    assert depth.place(77) == pytest.approx(1.0)
    assert np.isnan(depth.place("deep"))


@pytest.mark.parametrize("n", [2, 5, 8, 12])
@pytest.mark.parametrize(
    "low, high, is_log",
    [(0.001, 0.999, False), (1e-5, 10, True), (3, 400, True), (1e6 + 0.1, 1e6 + 0.5, False)],
)
def test_ticks_are_few_and_round(low, high, is_log, n):
    ticks = round_ticks(low, high, is_log, n, False)
    assert len(ticks) <= n
    room = 0.02 * (high - low)
    assert is_log or all(low - room <= tick <= high + room for tick in ticks)


def test_long_names_stay_different():
    short = plain_all(searches.LONG)
    assert len(set(short)) == len(searches.LONG)
    assert all(len(text) <= 28 for text in short)
    alike = [f"{'x' * 40}{i}{'y' * 40}{j}{'z' * 40}" for i in range(2) for j in range(2)]
    assert len(set(plain_all(alike))) == 4


def test_the_range_of_scores_leaves_disasters_out():
    assert score_range(np.array([0.5])) == pytest.approx((0.495, 0.505))
    low, high = score_range(np.array([-1e9, 0.8, 0.85, 0.9, 0.9, 0.9]))
    assert 0.5 < low < high == 0.9
