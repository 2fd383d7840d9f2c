"""The Gaussian-process sampler: that it learns, and from what."""

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import approx_fprime

from skbayes.acquisition.improvement import log_augmented_improvement
from skbayes.acquisition.maximize import maximize
from skbayes.acquisition.prior_weight import log_prior_weight
from skbayes.models.gaussian_process import GaussianProcess, HyperPrior
from skbayes.samplers.base import History
from skbayes.samplers.gp import (
    NO_NOISE,
    Acquisition,
    GPSampler,
    GPState,
    default_n_initial_points,
    excess_noise,
    has_plateaus,
    neglected_subspace,
    unscored_candidates,
)
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.space import Space
from skbayes.study import Study
from skbayes.trial import Outcome, Trial

UNIFORM = stats.uniform(0, 1)


def branin(params):
    """Branin's function upside down: the maximum is 0, at three places."""
    x, y = 15 * params["x"] - 5, 15 * params["y"]
    ridge = y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6
    return -(ridge**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10 - 0.39788735772973816)


def search(space, function, n_trials, seed=0, n_points=1, sampler=None):
    if sampler is None:
        sampler = GPSampler(space, QuasiRandomSampler(space, seed), space.n_columns + 2)
    study = Study(space, sampler, n_points=n_points, random_state=seed)
    study.optimize(function, n_trials)
    return study.trials


def regret(trials):
    return -np.nanmax([trial.score for trial in trials])


def trials_at(rows, scores, state=None):
    """Trials at these rows; a score of None is that of a pending one."""
    outcomes = [None if score is None else Outcome.of_scores(score) for score in scores]
    return [
        Trial(n, row, {}, state=state, outcome=outcome)
        for n, (row, outcome) in enumerate(zip(rows, outcomes, strict=True))
    ]


def acquisition_after(monkeypatch, space, rows, scores):
    """What is maximised for the proposal after these trials."""
    maximized = []

    def keep(acquisition, *arguments):
        maximized.append(acquisition)
        return maximize(acquisition, *arguments)

    monkeypatch.setattr("skbayes.samplers.gp.maximize", keep)
    sampler = GPSampler(space, QuasiRandomSampler(space, 0), 4)
    history = History(space, trials_at(rows, scores), len(rows))
    sampler.propose(history, np.random.default_rng(0))
    [acquisition] = maximized
    return acquisition


BRANIN = {"x": UNIFORM, "y": UNIFORM}


def test_it_finds_the_maximum_of_branin():
    regrets = [regret(search(Space(BRANIN), branin, 30, seed)) for seed in range(5)]
    assert np.median(regrets) < 0.01


@pytest.mark.slow
def test_one_catastrophic_score_does_not_mislead_it():
    def poisoned(params, calls=[]):  # noqa: B006
        calls.append(params)
        return -1e6 if len(calls) % 30 == 12 else branin(params)

    regrets = [regret(search(Space(BRANIN), poisoned, 30, seed)) for seed in range(5)]
    assert np.median(regrets) < 0.02


@pytest.mark.slow
def test_it_avoids_the_region_that_fails_and_finds_the_optimum_of_the_rest():
    def failing(params):
        return np.nan if params["x"] < 0.4 else branin(params)

    searches = [search(Space(BRANIN), failing, 40, seed) for seed in range(5)]
    assert np.median([regret(trials) for trials in searches]) < 0.02
    late = [np.isnan(trial.score) for trials in searches for trial in trials[20:]]
    assert np.mean(late) < 0.4


def test_pending_trials_are_not_proposed_again():
    for seed in range(3):
        rows = np.array([t.row for t in search(Space(BRANIN), branin, 24, seed, n_points=4)])
        distances = np.linalg.norm(rows[:, None] - rows, axis=2) + np.eye(24)
        assert distances.min() > 1e-6


@pytest.mark.slow
def test_four_at_once_still_learn():
    regrets = [regret(search(Space(BRANIN), branin, 30, seed, n_points=4)) for seed in range(5)]
    assert np.median(regrets) < 0.2


def test_it_starts_with_the_space_filling_design():
    space = Space(BRANIN)
    start = QuasiRandomSampler(space, 3)
    *trials, first_of_model = search(space, branin, 7, sampler=GPSampler(space, start, 6))
    assert first_of_model.state is not None
    for number, trial in enumerate(trials):
        assert np.array_equal(trial.row, start.point(number))
        assert trial.state is None


@pytest.mark.parametrize(
    ("n_columns", "n_points"), [(0, 4), (2, 4), (3, 5), (7, 9), (8, 10), (9, 10), (50, 10)]
)
def test_the_design_has_two_more_points_than_the_space_columns_within_limits(n_columns, n_points):
    space = Space({f"x{j}": UNIFORM for j in range(n_columns)})
    assert default_n_initial_points(space) == n_points


@pytest.mark.parametrize("score", [np.nan, np.inf])
def test_it_goes_on_filling_the_space_while_nothing_succeeds(score):
    trials = search(Space(BRANIN), lambda params: score, 8)
    assert all(trial.state is None for trial in trials)


@pytest.mark.parametrize("n_scored", [1, 2])
def test_the_model_takes_over_as_soon_as_two_trials_have_a_score(n_scored):
    space = Space(BRANIN)
    rows = np.random.default_rng(0).random((6, 2))
    trials = trials_at(rows, [0.5, 0.7][:n_scored] + [np.nan] * (6 - n_scored))
    sampler = GPSampler(space, QuasiRandomSampler(space, 0), 4)
    proposal = sampler.propose(History(space, trials, 6), np.random.default_rng(0))
    assert (proposal.state is not None) == (n_scored == 2)


def test_hyper_parameters_are_stored_with_the_trial():
    trials = search(Space(BRANIN), branin, 8)
    assert len(trials[-1].state.theta) == 4
    assert all(isinstance(value, float) for value in trials[-1].state.theta)


def test_it_chooses_the_right_category_and_integer():
    space = Space({"kind": list("abcde"), "n": stats.randint(0, 50), "x": UNIFORM})

    def score(params):
        return (params["kind"] == "d") - abs(params["n"] - 31) / 50 - abs(params["x"] - 0.2)

    best = max(search(space, score, 40), key=lambda trial: trial.score)
    assert best.params["kind"] == "d"
    assert abs(best.params["n"] - 31) <= 1


def test_plateaus_are_ties_among_the_better_half():
    assert has_plateaus(np.array([0.1, 0.5, 0.9, 0.9]))
    assert has_plateaus(np.array([0.1, 0.5, 0.5, 0.5, 0.9]))
    assert not has_plateaus(np.array([0.1, 0.1, 0.1, 0.5, 0.6, 0.7, 0.8]))
    assert not has_plateaus(np.array([0.1, np.nan, np.nan, 0.5]))


def test_on_a_plateau_it_looks_further_away():
    """A score in steps of 0.1: nothing is gained right beside the best trial."""

    def steps(params):
        return np.round(-abs(params["x"] - 0.7) - abs(params["y"] - 0.2), 1)

    def closest(function):
        rows = np.array([trial.row for trial in search(Space(BRANIN), function, 24)[8:]])
        return np.median([np.linalg.norm(rows[:i] - rows[i], axis=1).min() for i in range(1, 16)])

    smooth = closest(lambda params: -abs(params["x"] - 0.7) - abs(params["y"] - 0.2))
    assert closest(steps) > 2 * smooth


def test_no_subspace_is_given_up_after_two_bad_scores(monkeypatch):
    space = Space([{"kind": [kind], kind: UNIFORM} for kind in "abc"])

    def score(params):
        return -5.0 if params["kind"] == "c" else -abs(params[params["kind"]] - 0.3)

    def n_of_c():
        return sum(trial.params["kind"] == "c" for trial in search(space, score, 40))

    assert n_of_c() >= 4
    monkeypatch.setattr("skbayes.samplers.gp.MIN_SHARE", 0.0)
    assert n_of_c() < 4


def test_the_neglected_subspace_is_the_one_with_too_few_trials():
    space = Space([{"kind": [kind], kind: UNIFORM} for kind in "ab"])
    first, second = space.subspace_positions
    rows = np.full((40, space.n_columns), 0.5)
    rows[:, 0] = first
    assert neglected_subspace(space, rows) == second
    rows[:6, 0] = second  # √40 = 6.3
    assert neglected_subspace(space, rows) == second
    assert neglected_subspace(space, rows[:36]) is None
    assert neglected_subspace(Space(BRANIN), rows) is None


def test_of_many_subspaces_each_gets_one_trial_before_any_counts_as_neglected():
    space = Space([{"kind": [kind], kind: UNIFORM} for kind in "abcdefghij"])
    rows = np.full((10, space.n_columns), 0.5)
    rows[:, 0] = space.subspace_positions
    assert neglected_subspace(space, rows) is None
    rows[0, 0] = rows[1, 0]
    assert neglected_subspace(space, rows) == space.subspace_positions[0]


def test_candidates_whose_score_is_unknown_are_the_pending_ones_without_those_known(monkeypatch):
    space = Space(BRANIN)
    rows = np.random.default_rng(0).random((8, 2))
    rows[5] = rows[0]  # handed out again, and known
    history = History(space, trials_at(rows, [0.1, 0.2, np.nan, *[None] * 5]), 8)
    assert unscored_candidates(history).tolist() == rows[[3, 4, 6, 7]].tolist()
    monkeypatch.setattr("skbayes.samplers.gp.MAX_ACTIVE", 3)  # the most recent ones
    assert unscored_candidates(history).tolist() == rows[[4, 6, 7]].tolist()
    known = History(space, trials_at(rows[:2], [0.1, 0.2]), 2)
    assert unscored_candidates(known).shape == (0, 2)


def test_the_incumbent_is_the_best_mean_and_pending_trials_are_fantasized(monkeypatch):
    rows = np.random.default_rng(0).random((10, 2))
    scores = [*(rows[:7, 0] - rows[:7, 1]).tolist(), np.nan, None, None]
    acquisition = acquisition_after(monkeypatch, Space(BRANIN), rows, scores)
    surrogate = acquisition.surrogate
    assert surrogate.Z.tolist() == rows.tolist()
    best = surrogate.mean(rows[[np.argmax(scores[:7])]])[0]
    assert acquisition.incumbent == pytest.approx(best, abs=1e-6)
    assert surrogate.mean(rows[:7]).max() == pytest.approx(best, abs=1e-6)


def test_the_gradient_of_the_acquisition_is_that_of_its_value():
    rng = np.random.default_rng(0)
    rows, y = rng.random((12, 3)), rng.standard_normal(12)
    is_continuous = np.array([True, True, False])
    surrogate = GaussianProcess(rows, y, np.array([-1.0, 0.0, -0.5, 0.0, -3.0]), ~is_continuous)
    acquisition = Acquisition(surrogate, 0.8, 0.01, 0.0, None, is_continuous, 12)
    places = rng.random((5, 3))
    values, gradients = acquisition.with_gradient(places)
    np.testing.assert_allclose(values, acquisition(places))
    for place, gradient in zip(places, gradients, strict=True):
        numeric = approx_fprime(place, lambda x: acquisition(x[None])[0], 1e-7)
        np.testing.assert_allclose(gradient, numeric, rtol=1e-4, atol=1e-4)


def test_the_active_set_covers_in_the_length_scales_of_the_latest_estimate(monkeypatch):
    scales = []

    def keep(Z, y, w, is_categorical):
        scales.append(1.0 / np.sqrt(w))
        return np.arange(len(y))

    monkeypatch.setattr("skbayes.samplers.gp.active_set", keep)
    space = Space(BRANIN)
    rows = np.random.default_rng(0).random((6, 2))
    state = GPState((np.log(0.5), np.log(4.0), 0.0, -9.0))
    trials = trials_at(rows, rows[:, 0].tolist(), state)
    sampler = GPSampler(space, QuasiRandomSampler(space, 0), 4)
    sampler.propose(History(space, trials, 6), np.random.default_rng(0))
    np.testing.assert_allclose(scales, [[0.5, 4.0]])


@pytest.mark.slow
def test_beyond_the_active_set_it_still_learns(monkeypatch):
    monkeypatch.setattr("skbayes.models.active_set.MAX_ACTIVE", 20)
    regrets = [regret(search(Space(BRANIN), branin, 60, seed)) for seed in range(5)]
    assert np.median(regrets) < 0.05


def test_beyond_the_active_set_a_proposal_is_conditioned_on_as_many_trials_and_no_more(monkeypatch):
    rows = np.random.default_rng(0).random((30, 2))
    scores = rows[:, 0].tolist()
    assert len(acquisition_after(monkeypatch, Space(BRANIN), rows, scores).surrogate.Z) == 30
    monkeypatch.setattr("skbayes.models.active_set.MAX_ACTIVE", 20)
    Z = acquisition_after(monkeypatch, Space(BRANIN), rows, scores).surrogate.Z
    assert len(Z) == 20
    assert set(np.sort(rows[:, 0])[-10:]) <= set(Z[:, 0])


def test_the_belief_in_the_middle_of_the_ranges_fades_with_the_finished_trials(monkeypatch):
    space, rng = Space(BRANIN | {"z": list("ab")}), np.random.default_rng(0)
    places = space.snap(rng.random((10, 3)))
    for n in (12, 40):
        rows = space.snap(rng.random((n + 2, 3)))
        scores = [*rng.standard_normal(n), None, None]
        acquisition = acquisition_after(monkeypatch, space, rows, scores)
        mean, std = acquisition.surrogate.predict(places)
        promise = log_augmented_improvement(mean, std, acquisition.incumbent, acquisition.noise)
        belief, _ = log_prior_weight(places, np.array([True, True, False]), n)
        np.testing.assert_allclose(acquisition(places), promise + belief)


def test_noise_counts_as_far_as_it_exceeds_what_is_assumed():
    rows, scores = np.random.default_rng(0).random((2, 6, 2))
    theta = HyperPrior.for_dimension(2).mean

    def excess(log_noise):
        theta_of = np.append(theta[:-1], log_noise)
        return excess_noise(GaussianProcess(rows, scores[:, 0], theta_of, np.zeros(2, dtype=bool)))

    assert excess(theta[-1]) == NO_NOISE
    assert excess(0.0) == pytest.approx(1.0, rel=1e-3)


def test_a_proposal_takes_account_of_noisy_scores_and_of_exact_ones(monkeypatch):
    rng = np.random.default_rng(0)
    rows = rng.random((40, 2))
    exact, noise = np.sin(4 * rows[:, 0]) + rows[:, 1], rng.standard_normal(40)
    assert acquisition_after(monkeypatch, Space(BRANIN), rows, exact).noise == NO_NOISE
    assert acquisition_after(monkeypatch, Space(BRANIN), rows, exact + noise).noise > 0.1


@pytest.mark.slow
def test_noise_is_found_after_trials_without_any():
    """From next to no noise the likelihood has no slope: the estimate begins elsewhere too."""
    rng = np.random.default_rng(0)

    def noisy(params):
        return branin(params) / 50 + 0.3 * rng.standard_normal()

    noise = [search(Space(BRANIN), noisy, 30, seed)[-1].state.theta[-1] for seed in range(3)]
    assert np.median(noise) > -4
    calm = [search(Space(BRANIN), branin, 30, seed)[-1].state.theta[-1] for seed in range(3)]
    assert np.median(calm) < -7


@pytest.mark.parametrize("seed", range(5))
def test_the_last_bits_of_what_is_known_do_not_steer_a_proposal(seed):
    space = Space({"x": stats.uniform(0, 1), "y": stats.loguniform(1, 100)})
    sampler = GPSampler(space, QuasiRandomSampler(space, seed), 4)
    rng = np.random.default_rng(seed)
    rows = space.snap(rng.random((12, space.n_columns)))
    scores = -((rows[:, 0] - 0.3) ** 2) - (rows[:, 1] - 0.6) ** 2

    def proposal(factor):
        history = History(space, trials_at(rows * factor, scores), 12)
        return sampler.propose(history, np.random.default_rng(0))

    exact, shaken = proposal(1.0), proposal(1.0 + 4e-16)
    assert exact.row.tolist() == shaken.row.tolist()
    assert exact.params == shaken.params
    assert exact.state == shaken.state
