"""Run a sampler on a problem, one trial after the other, and keep the time of each proposal."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

from asv_benchmarks.problems import Problem
from skbayes.samplers.base import Proposal, Sampler
from skbayes.samplers.gp import GPSampler, default_n_initial_points
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.samplers.tpe import TPESampler
from skbayes.space import Space
from skbayes.study import Study
from skbayes.trial import Trial

MakeSampler = Callable[[Space, int], Sampler]


def bayes(space: Space, seed: int) -> Sampler:
    """Return the sampler of `BayesSearchCV` with its defaults."""
    return GPSampler(space, QuasiRandomSampler(space, seed), default_n_initial_points(space))


def tpe(space: Space, seed: int) -> Sampler:
    """Return the sampler of `TPESearchCV` with its defaults."""
    return TPESampler(space, QuasiRandomSampler(space, seed))


class RandomSampler(Sampler):
    """Independent draws from the priors, as `RandomizedSearchCV` makes them."""

    def propose(self, history: object, rng: np.random.Generator) -> Proposal:
        return self._proposal(self.space.snap(rng.random((1, self.space.n_columns)))[0])


def random(space: Space, seed: int) -> Sampler:
    """Return the sampler of a random search."""
    return RandomSampler(space)


def run(
    problem: Problem,
    make_sampler: MakeSampler,
    seed: int,
    n_trials: int | None = None,
    n_points: int = 1,
    poisoned_trial: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Search a problem.

    Parameters
    ----------
    problem : Problem
    make_sampler : callable
    seed : int
    n_trials : int, default=None
        By default the number of the problem.
    n_points : int, default=1
        How many trials are under way at once.
    poisoned_trial : int, default=None
        Number of a trial that is told a score of −10⁶; its true score is not counted.

    Returns
    -------
    scores, seconds : ndarray of shape (n_trials,)
        True score and CPU time of the proposal of each trial.
    """
    numbers = count()

    def objective(params: dict[str, Any]) -> float:
        return -1e6 if next(numbers) == poisoned_trial else problem.score(params)

    sampler = make_sampler(Space(problem.space), seed)
    n_trials = problem.n_trials if n_trials is None else n_trials
    return run_sampler(sampler, objective, n_trials, seed, n_points)


def run_sampler(
    sampler: Sampler,
    objective: Callable[[dict[str, Any]], float],
    n_trials: int,
    seed: int,
    n_points: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Let a sampler search an objective; fewer trials if the space is used up.

    Returns
    -------
    scores, seconds : ndarray of shape (n_trials,)
        As `run`.
    """
    study = Study(sampler.space, sampler, n_points=n_points, random_state=seed)
    seconds = []
    for _ in range(n_trials):
        begin = time.process_time()
        trial = study.ask()
        seconds.append(time.process_time() - begin)
        if not isinstance(trial, Trial):
            break
        study.tell(trial, objective(dict(trial.params)))
    return np.array([trial.score for trial in study.trials]), np.array(seconds)


def run_raced(
    study: Study,
    split_scores: Callable[[dict[str, Any]], np.ndarray],
    n_splits: int,
    n_fits: int,
) -> None:
    """Let a study, with racing or without, spend a number of fits.

    As a search does, a trial is begun only if all its splits can be paid for.
    """
    n_done = 0
    while n_fits - n_done >= n_splits:
        trial = study.ask()
        if not isinstance(trial, Trial):
            break
        scores = split_scores(dict(trial.params))
        for split in trial.split_order(n_splits):
            study.report(trial, split, scores[split])
            n_done += 1
            if study.should_drop(trial):
                break
        study.tell(trial)
