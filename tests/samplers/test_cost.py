"""Proposals that are worth their price."""

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import approx_fprime

from skbayes.models.gaussian_process import GaussianProcess, HyperPrior
from skbayes.samplers.base import History
from skbayes.samplers.cost import CostRule, KnownCost, checked_cost
from skbayes.samplers.gp import Acquisition, GPSampler
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.samplers.tpe import TPESampler, log_improvement
from skbayes.space import Space
from skbayes.study import Study
from skbayes.trial import Outcome, Trial

SQUARE = Space({"x": stats.uniform(0, 1), "y": stats.uniform(0, 1)})


def price(params):
    """Between 1 and 100; only x matters."""
    return 100.0 ** params["x"]


def paid(trial):
    return None if trial.outcome is None else trial.outcome.cost


def history_of(rows, costs):
    outcomes = [Outcome({"score": (0.0,)}, (0,), cost=cost) for cost in costs]
    trials = [
        Trial(n, row, SQUARE.decode(row), outcome=outcome)
        for n, (row, outcome) in enumerate(zip(rows, outcomes, strict=True))
    ]
    return History(SQUARE, trials, len(trials))


def test_a_cost_is_learned_from_what_trials_have_cost():
    rng = np.random.default_rng(0)
    rows = rng.random((30, 2))
    log_cost = CostRule(of_trial=paid).log_cost(
        SQUARE, history_of(rows, [price({"x": row[0]}) for row in rows])
    )
    others = rng.random((50, 2))
    values = log_cost(others)
    expected = others[:, 0] * np.log(100.0)
    np.testing.assert_allclose(values - values.mean(), expected - expected.mean(), atol=0.1)


@pytest.mark.parametrize("costs", [[], [3.0], [2.0, 2.0, 2.0], [3.0, np.nan, 0.0, np.inf]])
def test_nothing_is_learned_where_all_cost_the_same(costs):
    rows = np.random.default_rng(0).random((len(costs), 2))
    assert CostRule(of_trial=paid).log_cost(SQUARE, history_of(rows, costs)) is None


def test_a_known_cost_is_that_of_the_parameters():
    rows = np.random.default_rng(0).random((5, 2))
    np.testing.assert_allclose(
        KnownCost(SQUARE, price)(rows), rows[:, 0] * np.log(100.0), atol=0.01
    )


def test_the_gradient_is_that_of_the_values():
    rng = np.random.default_rng(0)
    rows = rng.random((12, 2))
    log_cost = CostRule(of_trial=paid).log_cost(SQUARE, history_of(rows, np.exp(rows.sum(axis=1))))
    theta = HyperPrior.for_dimension(2).mean
    surrogate = GaussianProcess(rows, np.sin(5 * rows[:, 0]), theta, np.zeros(2, dtype=bool))
    acquisition = Acquisition(surrogate, 0.5, 1e-3, 0.0, None, np.ones(2, dtype=bool), 12, log_cost)
    for row in rng.random((5, 2)):
        [gradient] = acquisition.with_gradient(row[np.newaxis])[1]
        expected = approx_fprime(row, lambda z: acquisition(z[np.newaxis])[0], 1e-7)
        np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-4)


def test_the_improvement_of_a_density_ratio_is_that_of_the_paper():
    gain = np.linspace(-5, 5, 11)
    expected = np.log(1.0 / (0.2 + 0.8 * np.exp(-gain)))
    np.testing.assert_allclose(log_improvement(gain, 0.2), expected)
    assert (np.diff(log_improvement(gain, 1.0)) >= 0.0).all()


def spent(make_sampler, rule, seed):
    """Return the mean price of 25 trials of a search among two equally good places."""
    start = QuasiRandomSampler(SQUARE, seed)
    study = Study(SQUARE, make_sampler(start, rule), random_state=seed)
    for _ in range(25):
        trial = study.ask()
        x, y = trial.params["x"], trial.params["y"]
        score = -min((x - 0.15) ** 2, (x - 0.85) ** 2) - (y - 0.5) ** 2
        study.tell(trial, Outcome({"score": (score,)}, (0,), cost=price(trial.params)))
    return np.mean([price(trial.params) for trial in study.trials]), study.best_trial.score


SAMPLERS = {
    "Gaussian process": lambda start, rule: GPSampler(SQUARE, start, 6, rule),
    "TPE": lambda start, rule: TPESampler(SQUARE, start, 6, rule),
}


@pytest.mark.parametrize("name", ["TPE", pytest.param("Gaussian process", marks=pytest.mark.slow)])
@pytest.mark.parametrize("rule", [CostRule(of_params=price), CostRule(of_trial=paid)])
def test_of_two_equally_good_places_the_cheap_one_is_searched(name, rule):
    make = SAMPLERS[name]
    paid, best = np.transpose([spent(make, rule, seed) for seed in range(4)])
    blind, _ = np.transpose([spent(make, None, seed) for seed in range(4)])
    assert paid.mean() < 0.8 * blind.mean()
    assert best.min() > -0.02


@pytest.mark.parametrize("cost", [0.0, -1.0, np.nan, np.inf, None, "much"])
def test_what_is_no_cost_is_refused_with_the_candidate(cost):
    with pytest.raises(ValueError, match=r"cost: .* came for \{'x': 1\}; return a positive number"):
        checked_cost(lambda params: cost, {"x": 1})
