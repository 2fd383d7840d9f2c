"""Our search and its peers behind one interface: `search(space, objective, n_trials, seed)`.

`objective` takes a dict of parameters and returns a score, greater is better, NaN where the
evaluation failed. Every peer is used as its own documentation shows, with its defaults; those
that cannot be told of a failure are told the worst score so far.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from asv_benchmarks.problems import Distributions
from asv_benchmarks.searches import bayes, random, run_sampler, tpe
from skbayes.space import Space

Objective = Callable[[dict[str, Any]], float]
Search = Callable[[Distributions, Objective, int, int], None]


class Number(NamedTuple):
    """A float or integer parameter between two inclusive ends."""

    low: float
    high: float
    is_log: bool
    is_integer: bool


class Choice(NamedTuple):
    """A parameter with listed values."""

    values: tuple[Any, ...]


class Flat(NamedTuple):
    """A parameter of some sub-spaces; `key` tells parameters of one name apart."""

    key: str
    name: str
    domain: Number | Choice


def domain_of(values: Any) -> Number | Choice:
    """Read a list or one of the distributions that the tasks use."""
    if not hasattr(values, "rvs"):
        return Choice(tuple(values))
    match values.dist.name:
        case "uniform":
            low, width = values.args
            return Number(low, low + width, False, False)
        case "loguniform" | "reciprocal":
            return Number(*values.args, True, False)
        case "randint" | "log_randint":
            low, high = values.args
            return Number(low, high - 1, values.dist.name == "log_randint", True)
    raise ValueError(f"no peer is told of {values.dist.name}")


def subspaces_of(space: Distributions) -> list[list[Flat]]:
    """Return the parameters of every sub-space; equal ones of one name share a key."""
    grids = [space] if isinstance(space, dict) else space
    domains = [{name: domain_of(values) for name, values in grid.items()} for grid in grids]
    return [
        [
            Flat(name if _is_shared(name, domains) else f"{name}@{number}", name, domain)
            for name, domain in grid.items()
        ]
        for number, grid in enumerate(domains)
    ]


def _is_shared(name: str, domains: list[dict[str, Number | Choice]]) -> bool:
    present = [grid[name] for grid in domains if name in grid]
    return all(repr(domain) == repr(present[0]) for domain in present)


def all_flat(space: Distributions) -> dict[str, Flat]:
    """Return the parameters of all sub-spaces by key."""
    return {flat.key: flat for subspace in subspaces_of(space) for flat in subspace}


def params_of(space: Distributions, subspace: int, values: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a sub-space from values by key, choices by position."""
    return {
        flat.name: _value(flat.domain, values[flat.key]) for flat in subspaces_of(space)[subspace]
    }


def _value(domain: Number | Choice, value: Any) -> Any:
    if isinstance(domain, Choice):
        return domain.values[int(value)]
    return round(float(value)) if domain.is_integer else float(value)


class WorstSoFar:
    """Losses to minimise, with the worst so far in place of failures."""

    def __init__(self) -> None:
        self._worst = 0.0
        self._is_empty = True

    def __call__(self, score: float) -> float:
        if np.isfinite(score):
            self._worst = -score if self._is_empty else max(self._worst, -score)
            self._is_empty = False
            return -score
        return self._worst


def skbayes(
    space: Distributions, objective: Objective, n_trials: int, seed: int, n_points: int = 1
) -> None:
    run_sampler(bayes(Space(space), seed), objective, n_trials, seed, n_points)


def skbayes_tpe(space: Distributions, objective: Objective, n_trials: int, seed: int) -> None:
    run_sampler(tpe(Space(space), seed), objective, n_trials, seed)


def random_search(space: Distributions, objective: Objective, n_trials: int, seed: int) -> None:
    run_sampler(random(Space(space), seed), objective, n_trials, seed)


def scikit_optimize(space: Distributions, objective: Objective, n_trials: int, seed: int) -> None:
    from skopt import Optimizer
    from skopt.space import Categorical, Integer, Real

    def dimension(domain: Number | Choice) -> Any:
        if isinstance(domain, Choice):
            return Categorical(list(range(len(domain.values))))
        prior = "log-uniform" if domain.is_log else "uniform"
        return (Integer if domain.is_integer else Real)(domain.low, domain.high, prior=prior)

    flats = all_flat(space)
    n_subspaces = len(subspaces_of(space))
    dimensions = [dimension(flat.domain) for flat in flats.values()]
    dimensions.append(Categorical(list(range(n_subspaces))))
    optimizer = Optimizer(dimensions if n_subspaces > 1 else dimensions[:-1], random_state=seed)
    loss = WorstSoFar()
    for _ in range(n_trials):
        point = optimizer.ask()
        subspace = int(point[-1]) if n_subspaces > 1 else 0
        score = objective(params_of(space, subspace, dict(zip(flats, point, strict=False))))
        optimizer.tell(point, loss(score))


def optuna(
    space: Distributions, objective: Objective, n_trials: int, seed: int, sampler: str
) -> None:
    import optuna as peer

    peer.logging.set_verbosity(peer.logging.ERROR)
    make = {
        "tpe": peer.samplers.TPESampler,
        "group": partial(peer.samplers.TPESampler, multivariate=True, group=True),
        "gp": peer.samplers.GPSampler,
    }[sampler]
    study = peer.create_study(direction="maximize", sampler=make(seed=seed))
    subspaces = subspaces_of(space)
    for _ in range(n_trials):
        trial = study.ask()
        subspace = 0
        if len(subspaces) > 1:
            subspace = trial.suggest_categorical("subspace", list(range(len(subspaces))))
        values = {flat.key: suggest(trial, flat) for flat in subspaces[subspace]}
        score = objective(params_of(space, subspace, values))
        if np.isfinite(score):
            study.tell(trial, score)
        else:
            study.tell(trial, state=peer.trial.TrialState.FAIL)


def suggest(trial: Any, flat: Flat) -> Any:
    if isinstance(flat.domain, Choice):
        return trial.suggest_categorical(flat.key, list(range(len(flat.domain.values))))
    low, high, is_log, is_integer = flat.domain
    suggest = trial.suggest_int if is_integer else trial.suggest_float
    return suggest(flat.key, low, high, log=is_log)


def hyperopt(space: Distributions, objective: Objective, n_trials: int, seed: int) -> None:
    from hyperopt import STATUS_FAIL, STATUS_OK, fmin, hp, tpe
    from hyperopt.pyll import scope

    def node(key: str, domain: Number | Choice) -> Any:
        if isinstance(domain, Choice):
            return hp.choice(key, list(range(len(domain.values))))
        low, high, is_log, is_integer = domain
        if is_log and is_integer:
            return scope.int(hp.qloguniform(key, np.log(low), np.log(high), 1))
        if is_log:
            return hp.loguniform(key, np.log(low), np.log(high))
        return (
            scope.int(hp.quniform(key, low, high, 1)) if is_integer else hp.uniform(key, low, high)
        )

    def loss(subspace_and_values: tuple[int, dict[str, Any]]) -> dict[str, Any]:
        score = objective(params_of(space, *subspace_and_values))
        if np.isfinite(score):
            return {"loss": -score, "status": STATUS_OK}
        return {"status": STATUS_FAIL}

    options = [
        (number, {flat.key: node(f"{number}:{flat.key}", flat.domain) for flat in subspace})
        for number, subspace in enumerate(subspaces_of(space))
    ]
    fmin(
        loss,
        hp.choice("subspace", options) if len(options) > 1 else options[0],
        algo=tpe.suggest,
        max_evals=n_trials,
        rstate=np.random.default_rng(seed),
        show_progressbar=False,
        verbose=False,
        allow_trials_fmin=False,
    )


def smac(space: Distributions, objective: Objective, n_trials: int, seed: int) -> None:
    """Search logarithms as such, because ConfigSpace refuses numbers that are very small."""
    from ConfigSpace import Categorical, ConfigurationSpace, Float, InCondition, Integer
    from smac import HyperparameterOptimizationFacade, Scenario

    def hyperparameter(key: str, domain: Number | Choice) -> Any:
        if isinstance(domain, Choice):
            return Categorical(key, [str(i) for i in range(len(domain.values))])
        if domain.is_integer:
            return Integer(key, (domain.low, domain.high), log=domain.is_log)
        ends = np.array([domain.low, domain.high])
        return Float(key, tuple((np.log(ends) if domain.is_log else ends).tolist()))

    subspaces, flats = subspaces_of(space), all_flat(space)
    configurations = ConfigurationSpace(seed=seed)
    hyperparameters = {key: hyperparameter(key, flat.domain) for key, flat in flats.items()}
    configurations.add(list(hyperparameters.values()))
    if len(subspaces) > 1:
        selector = Categorical("subspace", [str(number) for number in range(len(subspaces))])
        configurations.add(selector)
        for key, child in hyperparameters.items():
            users = [str(n) for n, s in enumerate(subspaces) if key in {flat.key for flat in s}]
            if len(users) < len(subspaces):
                configurations.add(InCondition(child, selector, users))
    loss = WorstSoFar()

    def target(config: Any, seed: int = 0) -> float:
        values = dict(config)
        for key, flat in flats.items():
            domain = flat.domain
            is_log = isinstance(domain, Number) and domain.is_log and not domain.is_integer
            if is_log and key in values:
                values[key] = float(np.clip(np.exp(values[key]), domain.low, domain.high))
        return loss(objective(params_of(space, int(values.get("subspace", 0)), values)))

    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(
            configurations,
            n_trials=n_trials,
            seed=seed,
            deterministic=True,
            output_directory=folder,  # type: ignore[arg-type]
        )
        HyperparameterOptimizationFacade(
            scenario, target, overwrite=True, logging_level=False
        ).optimize()


def bayesian_optimization(
    space: Distributions, objective: Objective, n_trials: int, seed: int
) -> None:
    """Search flattened: logarithms as such, sub-spaces as a choice."""
    from bayes_opt import BayesianOptimization

    def bounds(domain: Number | Choice) -> Any:
        if isinstance(domain, Choice):
            return tuple(str(i) for i in range(len(domain.values)))
        if domain.is_log:
            return (np.log(domain.low), np.log(domain.high))
        return (domain.low, domain.high, int) if domain.is_integer else (domain.low, domain.high)

    flats = all_flat(space)
    subspaces = subspaces_of(space)
    box = {key: bounds(flat.domain) for key, flat in flats.items()}
    if len(subspaces) > 1:
        box["subspace"] = tuple(str(number) for number in range(len(subspaces)))
    box = {key: end for key, end in box.items() if len(end) > 1}
    optimizer = BayesianOptimization(
        None, box, random_state=seed, allow_duplicate_points=True, verbose=0
    )
    loss = WorstSoFar()
    start = optimizer._space.random_sample
    for number in range(n_trials):
        point = optimizer.suggest() if number >= 5 else start()
        point = point if isinstance(point, dict) else optimizer._space.array_to_params(point)
        values = {key: _linear(flats[key].domain, point.get(key, 0)) for key in flats}
        score = objective(params_of(space, int(point.get("subspace", 0)), values))
        optimizer.register(point, -loss(score))


def _linear(domain: Number | Choice, value: Any) -> Any:
    return np.exp(value) if isinstance(domain, Number) and domain.is_log else value


def hebo(space: Distributions, objective: Objective, n_trials: int, seed: int) -> None:
    """Run HEBO, which pins old versions: it needs an environment of its own."""
    import pandas as pd
    from hebo.design_space.design_space import DesignSpace
    from hebo.optimizers.hebo import HEBO

    def described(key: str, domain: Number | Choice) -> dict[str, Any]:
        if isinstance(domain, Choice):
            return {"name": key, "type": "cat", "categories": list(range(len(domain.values)))}
        kind = {(0, 0): "num", (1, 0): "pow", (0, 1): "int", (1, 1): "pow_int"}
        return {
            "name": key,
            "type": kind[domain.is_log, domain.is_integer],
            "lb": domain.low,
            "ub": domain.high,
        }

    subspaces = subspaces_of(space)
    dimensions = [described(key, flat.domain) for key, flat in all_flat(space).items()]
    if len(subspaces) > 1:
        dimensions.append(described("subspace", Choice(tuple(range(len(subspaces))))))
    np.random.seed(seed)
    optimizer = HEBO(DesignSpace().parse(dimensions), scramble_seed=seed)
    loss = WorstSoFar()
    for _ in range(n_trials):
        suggested: pd.DataFrame = optimizer.suggest(1)
        values = suggested.iloc[0].to_dict()
        score = objective(params_of(space, int(values.get("subspace", 0)), values))
        optimizer.observe(suggested, np.array([[loss(score)]]))


OPTIMIZERS: dict[str, Search] = {
    "random search": random_search,
    "skbayes": skbayes,
    "skbayes, 4 at once": partial(skbayes, n_points=4),
    "skbayes TPE": skbayes_tpe,
    "scikit-optimize": scikit_optimize,
    "Optuna TPE": partial(optuna, sampler="tpe"),
    "Optuna TPE, groups": partial(optuna, sampler="group"),
    "Optuna GP": partial(optuna, sampler="gp"),
    "Hyperopt": hyperopt,
    "SMAC": smac,
    "bayesian-optimization": bayesian_optimization,
    "HEBO": hebo,
}
