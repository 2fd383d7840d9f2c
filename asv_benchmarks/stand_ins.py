"""Stand-ins for the real tasks: an accurate interpolator of 2,000 real evaluations.

    python -m asv_benchmarks.stand_ins [n_seeds]

makes them from the random searches that `asv_benchmarks.search_quality` has stored, prints how
accurate they are on a fifth of the points that was held back, and searches them. An evaluation
costs a tenth of a millisecond, so that an ablation over 20 seeds is a matter of a minute or two.
What the interpolator cannot follow comes back as noise of the same size: drawn anew for a noisy
task, keyed by the candidate for the roughness of a deterministic one. The final word is on the
real fits.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from asv_benchmarks.optimizers import Objective
from asv_benchmarks.search_quality import CUT, STORE, load
from asv_benchmarks.searches import MakeSampler, bayes, run_raced
from asv_benchmarks.tasks import TASKS, Task
from skbayes.models.gaussian_process import GaussianProcess, fit_hyperparameters
from skbayes.models.kernels import ScaledRows
from skbayes.samplers.base import History
from skbayes.space import Space
from skbayes.study import Study
from skbayes.surrogate import Surrogate

N_FITTED = 500
"""Points on which the hyper-parameters of an interpolator are estimated."""

MAX_EXCESS = 0.1
"""How far an interpolator may rise above the best score it was made from, normalised."""

CHECKPOINTS = (10, 20, 30, 50)


class StandIn:
    """A task that is looked up instead of fitted.

    Parameters
    ----------
    task : Task
    rows : ndarray of shape (n, d)
    table : ndarray of shape (n, K)
        Scores by split; NaN where the evaluation failed.
    n_random : int or None, default=None
        How many of the first rows are random; None for all.
    """

    def __init__(
        self, task: Task, rows: np.ndarray, table: np.ndarray, n_random: int | None = None
    ) -> None:
        scores = table.mean(axis=1)
        self.task, self.space = task, Space(task.space)
        self.is_noisy = task.is_noisy
        is_counted = task.scoring == "accuracy"  # which makes plateaus
        self._step = 1.0 / len(task.data()[1]) if is_counted else 0.0
        is_scored = np.isfinite(scores)
        drawn = scores[: len(scores) if n_random is None else n_random]
        self._top = float(np.nanmax(scores))
        r = self._top - scores[is_scored]
        self._scale = 2.5 * (self._top - float(np.nanquantile(drawn, 0.75)))
        loss = np.where(r < self._scale, r / self._scale, 1.0)
        tail = np.log1p(np.log(np.maximum(r / self._scale, 1.0)))
        self._centre, self._spread = (loss + tail).mean(), (loss + tail).std()
        y = (loss + tail - self._centre) / self._spread
        self._surface = self._fit(rows[is_scored], y)
        self.n_splits = table.shape[1]
        deviations = table[is_scored] - scores[is_scored, np.newaxis]
        self._deviations = deviations / np.maximum(r, self._scale)[:, np.newaxis]
        w = np.exp(-2.0 * self._surface.theta[: rows.shape[1]])
        self._points = ScaledRows(rows[is_scored], w, self.space.is_categorical)
        self._noise = float(np.exp(0.5 * self._surface.theta[-1]))
        self._feasible = None
        if not is_scored.all():
            self._feasible = self._fit(rows, np.where(is_scored, 1.0, -1.0))
        places = np.arange(len(drawn) // 5 * 5).reshape(-1, 5)
        places = places[np.isfinite(drawn[places]).any(axis=1)]
        chosen = places[np.arange(len(places)), np.nanargmax(drawn[places], axis=1)]
        self.unit = self._top - float(np.median(drawn[chosen]))
        random = self.space.snap(np.random.default_rng(1).random((4000, self.space.n_columns)))
        best = float(np.nanmax([self.true_score(row) for row in np.concatenate([random, rows])]))
        self.best = max(self._top, best)
        if self.is_noisy:  # the best score that was seen is a lucky one
            self.best = best
            self.unit = best - float(np.median([self.true_score(rows[index]) for index in chosen]))

    def _fit(self, rows: np.ndarray, y: np.ndarray) -> GaussianProcess:
        few = slice(0, N_FITTED)
        doubt = np.zeros(len(y))
        start = np.append(np.zeros(rows.shape[1]), [0.0, -3.0])
        is_categorical = self.space.is_categorical
        theta = fit_hyperparameters(
            rows[few], y[few], doubt[few], is_categorical, [start], max_iterations=80
        )
        return GaussianProcess(rows, y, theta, is_categorical)

    def true_score(self, row: np.ndarray, deviate: float = 0.0) -> float:
        """Return the interpolated score, some standard deviations of the roughness off."""
        if self._feasible is not None and _mean(self._feasible, row) < 0.0:
            return np.nan
        loss = _mean(self._surface, row) + deviate * self._noise
        loss = loss * self._spread + self._centre
        r = loss if loss < 1.0 else np.exp(np.expm1(min(loss - 1.0, 5.0)))
        return float(min(self._top - self._scale * r, self._top + MAX_EXCESS * self.unit))

    def score(self, params: dict[str, Any]) -> float:
        """Return what an evaluation answers."""
        row = self.space.encode(params)
        key = None if self.is_noisy else list(row.tobytes())
        rng = self._rng if key is None else np.random.default_rng(key)
        score = self.true_score(row, rng.standard_normal())
        return self._step * float(np.round(score / self._step)) if self._step else score

    def split_scores(self, params: dict[str, Any]) -> np.ndarray:
        """Return the scores by split.

        Their mean is `score`, and they differ from it as at the nearest point that was evaluated,
        in the tail in proportion to how bad they are.
        """
        score = self.score(params)
        nearest = np.argmin(self._points.distances_from(self.space.encode(params)[np.newaxis]))
        return score + self._deviations[nearest] * max(self._top - score, self._scale)

    def regrets(
        self,
        make_sampler: MakeSampler,
        seed: int,
        n_points: int = 1,
        racing: float | None = None,
        best_score_wins: bool = False,
    ) -> np.ndarray:
        """Return the normalised regrets of one of our searches at the checkpoints.

        The checkpoints are full evaluations; with racing, as many fits. The winner of a noisy task
        is the one that a search chooses, or the one with the best score.
        """
        self._rng = np.random.default_rng([seed, 7])
        sampler = make_sampler(Space(self.task.space), seed)
        study = Study(sampler.space, sampler, n_points=n_points, random_state=seed, racing=racing)
        run_raced(study, self.split_scores, self.n_splits, self.n_splits * CHECKPOINTS[-1])
        n_fits = np.cumsum([len(t.outcome.splits) for t in study.trials if t.outcome is not None])

        def winner(n: int) -> int:
            chooses = self.is_noisy and not best_score_wins
            return winner_of(History(sampler.space, study.trials[:n], n), chooses)

        rows = [trial.row for trial in study.trials]
        scores = [trial.score if trial.is_complete else np.nan for trial in study.trials]
        return self._regrets_at(rows, scores, n_fits / self.n_splits, winner)

    def regrets_of(self, search: Callable[[Objective], object], seed: int) -> np.ndarray:
        """Return the regrets of anything that calls an objective for every trial."""
        self._rng = np.random.default_rng([seed, 7])
        rows: list[np.ndarray] = []
        scores: list[float] = []

        def objective(params: dict[str, Any]) -> float:
            rows.append(self.space.encode(params))
            scores.append(self.score(params))
            return scores[-1]

        search(objective)
        costs = np.arange(1, len(rows) + 1)
        return self._regrets_at(rows, scores, costs, lambda n: int(np.nanargmax(scores[:n])))

    def _regrets_at(
        self,
        rows: Sequence[np.ndarray],
        scores: Sequence[float],
        costs: np.ndarray,
        winner: Callable[[int], int],
    ) -> np.ndarray:
        regrets = np.full(len(CHECKPOINTS), CUT)
        for column, budget in enumerate(CHECKPOINTS):
            n = int((costs <= budget).sum())
            if np.isfinite(scores[:n]).any():
                best = winner(n)
                worth = self.true_score(rows[best]) if self.is_noisy else scores[best]
                regrets[column] = min((self.best - worth) / self.unit, CUT)
        return regrets


def winner_of(history: History, by_surrogate: bool) -> int:
    """Return the complete trial with the best score, or the best by the surrogate."""
    scores = np.where(history.is_complete, history.scores, np.nan)
    if by_surrogate and np.isfinite(scores).sum() > 1:
        surrogate = Surrogate(history.space, history.rows, *history.estimates)
        scores = np.where(history.is_complete, surrogate.mean(history.rows)[:, 0], np.nan)
    return int(np.nanargmax(scores))


def _mean(process: GaussianProcess, row: np.ndarray) -> float:
    return float(process.mean(row[np.newaxis])[0])


def make(name: str, records: list[dict[str, Any]]) -> tuple[StandIn, float]:
    """Return the stand-in of a task and its R² on points it was not made from."""
    runs = [r for r in records if (r["task"], r["optimizer"]) == (name, "random search")]
    rows = np.concatenate([np.array(r["rows"]) for r in runs])
    scores = np.concatenate([np.array(r["scores"], dtype=float) for r in runs])
    table = scores[:, np.newaxis]  # the store has means alone
    n = len(rows) * 4 // 5
    held = StandIn(TASKS[name], rows[:n], table[:n])
    return StandIn(TASKS[name], rows, table), accuracy(held, rows[n:], scores[n:])


def accuracy(stand_in: StandIn, rows: np.ndarray, scores: np.ndarray) -> float:
    """Return R² on points that a stand-in was not made from; bad scores count as equally bad."""
    predicted = np.array([stand_in.true_score(row) for row in rows])
    both = np.isfinite(predicted) & np.isfinite(scores)
    cut = stand_in.best - CUT * stand_in.unit
    seen, guess = (np.maximum(s[both], cut) for s in (scores, predicted))
    return 1.0 - float(((seen - guess) ** 2).sum() / ((seen - seen.mean()) ** 2).sum())


def ablation(
    stand_ins: list[StandIn], make_sampler: MakeSampler, n_seeds: int, n_points: int = 1
) -> np.ndarray:
    """Return regrets of shape (n_tasks, n_seeds, n_checkpoints)."""

    def one(stand_in: StandIn, seed: int) -> np.ndarray:
        with threadpool_limits(1):
            return stand_in.regrets(make_sampler, seed, n_points)

    regrets = Parallel(n_jobs=-1)(
        delayed(one)(stand_in, seed) for stand_in in stand_ins for seed in range(n_seeds)
    )
    return np.array(regrets).reshape(len(stand_ins), n_seeds, len(CHECKPOINTS))


def main(n_seeds: int = 20) -> None:
    records = load(STORE)
    names = [name for name, task in TASKS.items() if not task.is_final]
    with threadpool_limits(1):
        made = [make(name, records) for name in names]
    regrets = ablation([stand_in for stand_in, _ in made], bayes, n_seeds).mean(axis=1)
    print(f"| stand-in | R² | {' | '.join(f'at {n}' for n in CHECKPOINTS)} |")
    print("|---|---|" + "---|" * len(CHECKPOINTS))
    for name, (_, r2), row in zip(names, made, regrets, strict=True):
        print(f"| {name} | {r2:.2f} | {' | '.join(f'{value:.3f}' for value in row)} |")
    print(f"| mean | | {' | '.join(f'{value:.3f}' for value in regrets.mean(axis=0))} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
