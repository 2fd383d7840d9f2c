"""What Parzen estimators learn from good, bad, failed and pending trials."""

import numpy as np
import pytest
from scipy.stats import uniform

from asv_benchmarks.problems import PROBLEMS
from asv_benchmarks.searches import random, run, tpe
from skbayes.samplers.base import History
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.samplers.tpe import BANDWIDTH, MAX_GOOD, TPESampler, bandwidths, rank_weights
from skbayes.space import Space
from skbayes.trial import Outcome, Trial

LINE = Space({"x": uniform()})
KINDS = Space(
    [{"kind": ["a"], "x": uniform()}, {"kind": ["b"], "y": uniform()}, {"kind": ["c"], "z": [1, 2]}]
)


def proposals(space, scores_of, n_trials, n_drawn=40, pending=()):
    """What is proposed after trials at quasi-random places, for many generators."""
    start = QuasiRandomSampler(space, 0)
    rows = [start.point(index) for index in range(n_trials)]
    trials = [
        Trial(
            number,
            row,
            space.decode(row),
            outcome=None if number in pending else Outcome.of_scores(scores_of(row)),
        )
        for number, row in enumerate(rows)
    ]
    sampler, history = TPESampler(space, start), History(space, trials, n_trials)
    generators = [np.random.default_rng(seed) for seed in range(n_drawn)]
    return np.array([sampler.propose(history, rng).row for rng in generators])


def test_it_proposes_near_the_good_trials():
    rows = proposals(LINE, lambda row: -abs(row[0] - 0.7), 20)
    assert np.mean(np.abs(rows[:, 0] - 0.7) < 0.15) > 0.9


def test_it_draws_the_better_trials_more_often_and_now_and_then_from_anywhere(monkeypatch):
    monkeypatch.setattr("skbayes.samplers.tpe.N_CANDIDATES", 1)  # proposed is what is drawn
    monkeypatch.setattr("skbayes.samplers.tpe.BANDWIDTH", 0.02)
    good = np.array([0.6, 0.2, 0.8, 0.4])
    places = [*good, *np.linspace(0.0, 1.0, 12)]
    trials = [
        Trial(number, np.array([x]), {"x": x}, outcome=Outcome.of_scores(-number))
        for number, x in enumerate(places)
    ]
    sampler, history = TPESampler(LINE, QuasiRandomSampler(LINE, 0)), History(LINE, trials, 16)
    drawn = np.array(
        [sampler.propose(history, np.random.default_rng(seed)).row[0] for seed in range(600)]
    )
    distances = np.abs(drawn[:, None] - good)
    shares = (distances < 0.05).mean(axis=0)
    from_prior = (distances.min(axis=1) > 0.07).mean()  # these places are 44 % of the line
    assert 0.05 < from_prior < 0.15
    np.testing.assert_allclose(shares / shares.sum(), rank_weights(4) / 4, atol=0.06)


def test_it_leaves_the_region_that_fails():
    def score(row):
        return np.nan if row[0] > 0.5 else row[0]

    rows = proposals(LINE, score, 30)
    assert np.mean(rows[:, 0] > 0.55) < 0.1
    assert np.mean((rows[:, 0] > 0.3) & (rows[:, 0] < 0.55)) > 0.8


def test_it_stays_away_from_what_is_pending():
    def score(row):
        return -abs(row[0] - 0.5)

    start = QuasiRandomSampler(LINE, 0)
    best = int(np.argmin([abs(start.point(index)[0] - 0.5) for index in range(20)]))
    place = start.point(best)[0]
    around = [
        np.mean(np.abs(proposals(LINE, score, 20, 200, pending)[:, 0] - place) < 0.03)
        for pending in ((), (best,))
    ]
    assert around[1] < 0.7 * around[0]


def test_it_learns_which_sub_space_is_good():
    position = KINDS.subspace_positions[1]
    rows = proposals(KINDS, lambda row: float(row[0] == position), 20, 100)
    assert np.mean(rows[:, 0] == position) > 0.8


def test_before_the_design_is_complete_it_is_the_design():
    rows = proposals(LINE, lambda row: row[0], 9, n_drawn=3)
    assert (rows == QuasiRandomSampler(LINE, 0).point(9)).all()


def test_when_all_have_failed_the_design_goes_on():
    rows = proposals(LINE, lambda row: np.nan, 30, n_drawn=2)
    assert (rows == QuasiRandomSampler(LINE, 0).point(30)).all()


@pytest.mark.parametrize("n", [1, 2, MAX_GOOD])
def test_weights_fall_with_the_rank_and_are_one_on_average(n):
    weights = rank_weights(n)
    assert (np.diff(weights) < 0).all()
    assert (weights > 0).all()
    assert weights.mean() == pytest.approx(1)


def test_weights_are_those_of_recombination_in_cma_es():
    """Hansen 2016, eq. 49, for three parents."""
    weights = np.log(3.5 / np.array([1, 2, 3]))
    np.testing.assert_allclose(rank_weights(3), 3 * weights / weights.sum())


def test_bandwidths_shrink_with_the_number_of_rows():
    space = Space({"c": list("abcd"), "x": uniform()})
    few, many = bandwidths(space, 2), bandwidths(space, 2000)
    assert (many < few).all()
    assert few[0] == pytest.approx(4 / 7)


def test_bandwidths_of_numbers_follow_scotts_rule():
    """They shrink as n to the power −1 / (d + 4)."""
    one, many = bandwidths(LINE, 1)[0], bandwidths(LINE, 32)[0]
    assert (one, bandwidths(LINE, 0)[0]) == (BANDWIDTH, BANDWIDTH)
    assert one / many == pytest.approx(2.0)


@pytest.mark.parametrize("name", ["Branin", "Hartmann-6", "mixed"])
def test_it_beats_random_search(name):
    ours, theirs = (
        np.median([run(PROBLEMS[name], make, seed)[0].max() for seed in range(5)])
        for make in (tpe, random)
    )
    assert ours > 0.6 * theirs  # scores are negative: their optimum is zero
