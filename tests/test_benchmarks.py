"""The benchmarks run, and their problems have the optimum they claim."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize

import asv_benchmarks
from asv_benchmarks import wide
from asv_benchmarks.optimizers import Number, domain_of, params_of, subspaces_of
from asv_benchmarks.problems import PROBLEMS
from asv_benchmarks.search import Propose, ProposeTPE
from asv_benchmarks.search_quality import CHECKPOINTS, Regrets, random_needs, search_once
from asv_benchmarks.searches import bayes, random, run, tpe
from asv_benchmarks.stand_ins import make
from asv_benchmarks.tasks import TASKS
from asv_benchmarks.window_table import share_of_ideal
from skbayes.space import Space

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
    "Rosenbrock-4": {f"x{i}": 3 / 4 for i in range(4)},
    "mixed": {"x": 0.3, "rate": 1e-2, "n": 7, "kind": "a", "flag": False},
}


OPTIMA["noisy Hartmann-6"] = OPTIMA["Hartmann-6"]


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_best_score_is_zero(name):
    problem = PROBLEMS[name]
    best = problem.true_score(OPTIMA[name])
    assert best == pytest.approx(0, abs=1e-5)
    names = [key for key, value in OPTIMA[name].items() if key.startswith("x")]
    result = minimize(
        lambda x: -problem.true_score(OPTIMA[name] | dict(zip(names, x, strict=True))),
        [OPTIMA[name][key] for key in names],
        method="Nelder-Mead",
    )
    assert -result.fun <= 1e-9


@pytest.mark.parametrize("make_sampler", [bayes, tpe, random])
def test_a_search_of_a_problem_gives_scores_and_times(make_sampler):
    scores, seconds = run(PROBLEMS["mixed"], make_sampler, 0, 8, n_points=2)
    assert scores.shape == seconds.shape == (8,)
    assert (scores <= 0).all()
    assert (seconds >= 0).all()


@pytest.mark.parametrize("timed", [Propose, ProposeTPE])
def test_the_timed_proposal_runs(timed):
    benchmark = timed()
    benchmark.setup(20, 2)
    benchmark.time_propose(20, 2)
    benchmark.teardown(20, 2)


def test_the_parts_of_the_wide_benchmark_share_no_data():
    data_sets = [{task.data.args[0] for task in part.values()} for part in wide.PARTS.values()]
    assert len(set.union(*data_sets)) == sum(map(len, data_sets)) >= 30
    tasks = wide.TASKS.values()
    assert len(tasks) == sum(map(len, wide.PARTS.values())) >= 60
    assert sum(len(Space(task.space).subspaces) > 1 for task in tasks) >= 15
    assert sum(task.is_noisy for task in tasks) >= 10
    assert {task.n_splits for task in tasks} == {3, 5, 10}


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_every_task_is_evaluated(name):
    """Every task answers a number, and the same one twice unless it is marked noisy."""
    task = TASKS[name]
    space = Space(task.space)
    rows = space.snap(np.random.default_rng(1).random((8, space.n_columns)))
    first, second = ([task.score(space.decode(row)) for row in rows] for _ in range(2))
    assert np.isfinite(first).any()
    assert task.is_noisy != np.array_equal(first, second, equal_nan=True)
    assert np.isfinite(first).all() or "failing" in task.marks


def test_peers_are_told_the_same_space():
    space = TASKS["kernel-ridge-diabetes"].space
    subspaces = subspaces_of(space)
    assert [len(subspace) for subspace in subspaces] == [3, 5, 2]
    assert {flat.key for flat in subspaces[0]} == {"kernel@0", "alpha", "gamma"}
    assert domain_of(space[0]["alpha"]) == Number(1e-6, 1e2, True, False)
    assert domain_of(space[1]["degree"]) == Number(1, 6, False, True)
    values = {"kernel@1": 0, "alpha": 0.1, "gamma": 1.0, "degree": 3.0, "coef0": 0.5}
    params = params_of(space, 1, values)
    assert params == {"kernel": "poly", "alpha": 0.1, "gamma": 1.0, "degree": 3, "coef0": 0.5}


@pytest.mark.slow
def test_a_recorded_search_knows_its_worth_at_every_checkpoint():
    record = search_once("svr-diabetes", "random search", 5)
    scores = np.array(record["scores"])
    assert record["worth"] == [scores[:n].max() for n in CHECKPOINTS]
    assert len(record["rows"]) == len(record["seconds"]) == CHECKPOINTS[-1]
    regrets = Regrets([record, record | {"optimizer": "skbayes"}])
    assert regrets.mean("skbayes", ["svr-diabetes"], 50) == 0
    n = CHECKPOINTS[-1]
    needs = random_needs([record], "random search", "svr-diabetes", n)
    assert needs == pytest.approx((n + 1) / 2 / n)


@pytest.mark.slow
def test_a_stand_in_answers_what_the_task_would():
    records = [search_once("svr-diabetes", "random search", seed) for seed in range(5)]
    stand_in, r2 = make("svr-diabetes", records)
    assert r2 > 0.8
    regrets = stand_in.regrets(random, 0)
    assert (np.diff(regrets) <= 0).all()
    assert abs(regrets[-1]) < 1  # what is interpolated may be better than what was seen
    row = stand_in.space.snap(np.full((1, 3), 0.4))[0]
    real = TASKS["svr-diabetes"].score(stand_in.space.decode(row))
    assert abs(stand_in.true_score(row) - real) < stand_in.unit


@pytest.mark.parametrize("path", sorted(Path(asv_benchmarks.__file__).parent.glob("*.py")))
def test_every_benchmark_can_be_imported(path):
    """Its peers are imported where they are used, so that it needs none of them here."""
    import_module(f"asv_benchmarks.{path.stem}")


def test_the_window_on_sleeping_tasks_is_measured():
    assert 0 < share_of_ideal(2, 2, 0.0, n_trials=2) <= 1
