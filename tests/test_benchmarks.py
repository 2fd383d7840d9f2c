"""The benchmarks run, and their problems have the optimum they claim."""

import numpy as np
import pytest
from scipy.optimize import minimize

from asv_benchmarks.problems import PROBLEMS
from asv_benchmarks.search import Propose
from asv_benchmarks.searches import bayes, random, run

OPTIMA = {
    "Branin": {"x0": (np.pi + 5) / 15, "x1": 2.275 / 15},
    "Hartmann-6": dict(
        zip(
            [f"x{i}" for i in range(6)],
            [0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573],
            strict=True,
        )
    ),
    "Ackley-10": {f"x{i}": 15 / 40 for i in range(10)},
    "mixed": {"x": 0.3, "rate": 1e-2, "n": 7, "kind": "a", "flag": False},
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_best_score_is_zero(name):
    problem = PROBLEMS[name]
    best = problem.score(OPTIMA[name])
    assert best == pytest.approx(0, abs=1e-5)
    names = [key for key, value in OPTIMA[name].items() if key.startswith("x")]
    result = minimize(
        lambda x: -problem.score(OPTIMA[name] | dict(zip(names, x, strict=True))),
        [OPTIMA[name][key] for key in names],
        method="Nelder-Mead",
    )
    assert -result.fun <= 1e-9


@pytest.mark.parametrize("make_sampler", [bayes, random])
def test_a_search_of_a_problem_gives_scores_and_times(make_sampler):
    scores, seconds = run(PROBLEMS["mixed"], make_sampler, 0, 8, n_points=2)
    assert scores.shape == seconds.shape == (8,)
    assert (scores <= 0).all()
    assert (seconds >= 0).all()


def test_the_timed_proposal_runs():
    benchmark = Propose()
    benchmark.setup(20, 2)
    benchmark.time_propose(20, 2)
    benchmark.teardown(20, 2)
