"""A study: ask and tell, with the same proposals for every number of workers.

q      `n_points`, how many trials may be pending at once
j      number of the trial to propose next

Trial j is proposed once trials 0 … j − q are finished. The sampler is shown exactly their outcomes;
the last q − 1 trials are shown as pending, even if some of them are finished. A sampler may ask to
wait for all earlier trials. An outcome shown for one proposal is also shown for all later ones. So
a proposal does not depend on which worker was faster, and q does not depend on the number of
workers.

A study knows samplers and trials, and neither clocks nor workers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from skbayes.pruning.forecast import Forecast
from skbayes.pruning.pruner import FORECAST, NAMES, Pruner, make_pruner
from skbayes.pruning.racing import Race, make_race
from skbayes.pruning.reports import Reports
from skbayes.samplers.base import History, NoProposal, Proposal, Sampler, split_scores
from skbayes.samplers.gp import GPSampler, default_n_initial_points
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.samplers.tpe import TPESampler
from skbayes.space import Space
from skbayes.space.base import SearchSpace
from skbayes.space.pairs import warn_of_pairs
from skbayes.space.written import shown as shown_as
from skbayes.streams import Stream, generator
from skbayes.threads import one_blas_thread
from skbayes.trial import Outcome, Trial


class Study:
    """A search by ask and tell: the caller evaluates the trials.

    Parameters
    ----------
    space : SearchSpace, dict or list of dict
        The search space, written as `param_distributions` of :class:`~skbayes.BayesSearchCV`.
    sampler : {'gp', 'tpe'} or Sampler, default='gp'
        What proposes the trials: 'gp' is a Gaussian process with expected improvement, 'tpe' are
        tree-structured Parzen estimators.
    n_points : int, default=1
        How many trials may be pending at once. The sampler is shown the outcomes of all earlier
        trials except the last `n_points` - 1.
    random_state : int or None, default=None
        Seeds the proposals; None draws a seed from the operating system.
    racing : float or None, default=None
        A trial is dropped, see `should_drop`, if the probability that it is better than the best
        trial is less than this number. None drops no trial.
    pruning : {'gp', 'median', 'halving', 'paired'} or None, default=None
        By which rule a trial is ended at an early stage of its training, see `should_prune`: 'gp'
        if a Gaussian process over parameters and stages gives it less than a chance of 0.05 to end
        above the best trial, 'median' if it is below the median of the complete trials, 'halving'
        if it is not among the best third at stages 1, 3, 9, …, 'paired' if by its curve alone it
        is unlikely to end above the best trial. With `racing` as well, reports are of splits, and
        `pruner_of` has the rule for who trains on them.

    Attributes
    ----------
    trials : list of Trial
        All trials handed out so far, by number; pending trials have no outcome.
    n_finished : int
        Trials 0 to `n_finished` - 1 all have outcomes.

    Examples
    --------
    >>> from scipy.stats import uniform
    >>> from skbayes import Study
    >>> study = Study({"x": uniform(-5, 10)}, random_state=0)
    >>> for _ in range(20):
    ...     trial = study.ask()
    ...     study.tell(trial, -((trial.params["x"] - 2) ** 2))
    >>> round(study.best_trial.params["x"], 1)
    2.0
    """

    def __init__(
        self,
        space: Any,
        sampler: str | Sampler = "gp",
        *,
        n_points: int = 1,
        random_state: int | None = None,
        racing: float | None = None,
        pruning: str | None = None,
    ) -> None:
        self.seed = _read_seed(random_state)
        if n_points < 1:
            raise ValueError(f"n_points={n_points!r}: give at least 1.")
        self.space = space if isinstance(space, SearchSpace) else Space(space)
        if self.space is not space:
            warn_of_pairs(space, "space")
        self.sampler = sampler if isinstance(sampler, Sampler) else self._make_sampler(sampler)
        if racing is not None and not (isinstance(racing, float) and 0.0 < racing < 1.0):
            raise ValueError(f"racing={racing!r}: give a probability between 0 and 1, or None.")
        if pruning is not None and pruning not in NAMES:
            names = ", ".join(map(repr, NAMES))
            raise ValueError(f"pruning={shown_as(pruning)}: give {names} or None.")
        self.n_points, self.racing, self.pruning = n_points, racing, pruning
        self.trials: list[Trial] = []
        self.n_finished = 0
        self._n_shown: list[int] = []  # how many outcomes the proposal of each trial was shown
        self._waits_for_all = False
        self._races: dict[int, Race | None] = {}  # of the pending trials that have reports
        self._forecasts: dict[int, Forecast | None] = {}  # by what the proposals were shown
        self._reports: dict[int, Reports] = {}  # of the pending trials

    def _make_sampler(self, name: Any) -> Sampler:
        start = QuasiRandomSampler(self.space, self.seed)
        if name == "gp":
            return GPSampler(self.space, start, default_n_initial_points(self.space))
        if name == "tpe":
            return TPESampler(self.space, start)
        raise ValueError(f"sampler: {shown_as(name)} is neither 'gp', 'tpe' nor a Sampler.")

    def ask(self) -> Trial | NoProposal:
        """Hand out the next trial.

        Returns
        -------
        trial : Trial or NoProposal
            `NoProposal.WAIT` if a pending trial must be finished first, `NoProposal.EXHAUSTED` if
            every candidate of a finite space has been handed out.
        """
        with one_blas_thread():
            trial = self.propose()
        if isinstance(trial, Trial):
            self.begin(trial)
        return trial

    def propose(self) -> Trial | NoProposal:
        """Return what `ask` would hand out, without handing it out.

        Returns
        -------
        trial : Trial or NoProposal
        """
        if not self.can_propose:
            return NoProposal.WAIT
        number, n_shown = len(self.trials), self._n_to_show()
        visible = [t if t.number < n_shown else t.with_outcome(None) for t in self.trials]
        history = History(self.space, visible, number)
        proposal = self.sampler.propose(history, generator(self.seed, Stream.TRIALS, number))
        if isinstance(proposal, Proposal):
            if self.pruning == FORECAST:
                self._forecasts[number] = history.forecast
            return Trial(number, **vars(proposal))
        if proposal is NoProposal.WAIT and n_shown == number:
            raise RuntimeError("the sampler waits although no trial is pending")
        if proposal is NoProposal.WAIT and not self._waits_for_all:
            self._waits_for_all = True
            return self.propose()  # succeeds at once if no trial is pending
        return proposal

    def begin(self, trial: Trial) -> None:
        """Hand out a trial that `propose` has returned.

        Parameters
        ----------
        trial : Trial
        """
        self._add(trial, self._n_to_show())

    def report(self, trial: Trial, step: int, score: float | Outcome) -> None:
        """Record the score of a pending trial on one split, or at one stage of its training.

        Parameters
        ----------
        trial : Trial
        step : int
            Number of the split, from 0, for `should_drop`. The splits may be reported in any order,
            best in that of `Trial.split_order`. If the study prunes, a stage, from 1: how many
            epochs or rounds the trial has been trained, for `should_prune`.
        score : float or Outcome
            Greater is better; NaN stands for a failure. An outcome is that of this split alone.

        Raises
        ------
        ValueError
            If the trial was not handed out, or has an outcome already, or the stage is no positive
            integer, or with `racing` and `pruning` the score is a number.
        """
        self._check_pending(trial)
        if isinstance(score, Outcome):
            [score] = score.scores[score.metric]
        elif self.racing is not None and self.pruning is not None:
            raise ValueError(
                f"racing={self.racing!r} needs scores by split, pruning={self.pruning!r} by stage. "
                "Give one; or report each split by an Outcome with its curve, and ask pruner_of."
            )
        reports = self._reports.get(
            trial.number, Reports(are_stages=self.racing is None and self.pruning is not None)
        )
        reports.add(step, score)
        self._reports[trial.number] = reports

    def should_prune(self, trial: Trial) -> bool:
        """Whether the reported stages of a trial show that it is not worth more of them.

        The decision depends on the trials that its proposal was shown, and on its own curve. A
        trial whose latest score is not finite is ended too. `tell` it without an outcome then: it
        is never the best, and the sampler is told where its curve is expected to end.

        Parameters
        ----------
        trial : Trial

        Examples
        --------
        >>> from scipy.stats import uniform
        >>> from skbayes import Study
        >>> study = Study({"x": uniform(0, 1)}, pruning="gp", random_state=0)
        >>> n_epochs = 0
        >>> for _ in range(20):
        ...     trial = study.ask()
        ...     for epoch in range(1, 10):
        ...         study.report(trial, epoch, -((trial.params["x"] - 0.3) ** 2) - 1.0 / epoch)
        ...         n_epochs += 1
        ...         if study.should_prune(trial):
        ...             break
        ...     study.tell(trial)
        >>> n_epochs < 180
        True
        >>> round(study.best_trial.params["x"], 1)
        0.3
        """
        reports = self._reports.get(trial.number)
        if reports is None or not reports.are_stages:
            return False
        if reports.has_failed:
            reports.is_pruned = True
        elif (has_lost := self.pruner_of(trial)) is not None:
            with one_blas_thread():
                reports.is_pruned |= has_lost(reports.curves[0])
        return reports.is_pruned

    def pruner_of(self, trial: Trial, split: int = 0) -> Pruner | None:
        """Return what decides by its curve whether a trial has lost.

        Parameters
        ----------
        trial : Trial
            Pending.
        split : int, default=0
            That the curve is of.

        Returns
        -------
        has_lost : callable or None
            Is given finite scores by stage. It can be sent to another process. None if nothing is
            pruned, or if the proposal was shown too few complete trials.
        """
        if self.pruning is None:
            return None
        shown = self.trials[: self._n_shown[trial.number]]
        forecast = self._forecasts.get(trial.number)
        return make_pruner(self.pruning, trial, split, shown, forecast)

    def should_drop(self, trial: Trial) -> bool:
        """Whether the reported splits of a trial show that it is not worth the others.

        The decision depends on the trials that its proposal was shown, and on its own splits in the
        order in which they were reported.

        Parameters
        ----------
        trial : Trial
        """
        return self.n_needed(trial) is not None

    def n_needed(self, trial: Trial) -> int | None:
        """Return after how many splits a trial is dropped, by what was reported of it.

        Parameters
        ----------
        trial : Trial

        Returns
        -------
        n_needed : int or None
            None if it is not to be dropped yet, or never.
        """
        race = self.race_of(trial)
        reports = self._reports.get(trial.number)
        if race is None or reports is None:
            return None
        return race.n_needed(list(reports.scores), np.array(list(reports.scores.values())))

    def race_of(self, trial: Trial) -> Race | None:
        """Return the race that a trial is in.

        Parameters
        ----------
        trial : Trial

        Returns
        -------
        race : Race or None
            None if there is no racing, or if its proposal was shown too few complete trials.
        """
        if self.racing is None:
            return None
        if trial.number not in self._races:
            shown = self.trials[: self._n_shown[trial.number]]
            rivals, n_kept = self.sampler.rivals(trial, shown)
            table = split_scores([t for t in rivals if t.is_complete and np.isfinite(t.score)])
            self._races[trial.number] = make_race(table, self.racing, n_kept)
        return self._races[trial.number]

    def tell(self, trial: Trial, outcome: Outcome | float | None = None) -> None:
        """Record the outcome of a trial that was handed out.

        Parameters
        ----------
        trial : Trial
        outcome : Outcome, float or None, default=None
            A number is the score, greater is better; NaN stands for a failed trial. None stands
            for the scores that were reported: those of its splits, or the one of its last stage.

        Raises
        ------
        ValueError
            If the trial was not handed out, or has an outcome already, or nothing was reported.
        """
        self._check_pending(trial)
        reports = self._reports.get(trial.number)
        if outcome is None:
            if reports is None:
                raise ValueError(f"trial {trial.number} has no reports; give its outcome.")
            race = self.race_of(trial)
            n_splits = None if race is None else len(race.best)
            outcome = reports.outcome(self.n_needed(trial), n_splits)
        elif not isinstance(outcome, Outcome):
            curves = {} if reports is None else reports.curves
            outcome = replace(Outcome.of_scores(outcome), curves=curves)
        self.trials[trial.number] = trial.with_outcome(outcome)
        self._races.pop(trial.number, None)
        self._forecasts.pop(trial.number, None)
        self._reports.pop(trial.number, None)
        self._count_finished()

    def restore(self, trial: Trial, n_shown: int | None = None) -> None:
        """Add the next trial from a record instead of proposing it.

        Parameters
        ----------
        trial : Trial
            A finished trial; its number must be the number of trials handed out so far.
        n_shown : int or None, default=None
            How many outcomes its proposal was shown; None for as many as it would be shown now.

        Raises
        ------
        ValueError
            If another number is next, or there is no outcome.
        """
        if trial.number != len(self.trials) or trial.outcome is None:
            raise ValueError(f"trial {trial.number} is not a finished trial {len(self.trials)}.")
        self._add(trial, self._n_to_show() if n_shown is None else n_shown)
        self._count_finished()

    def n_shown(self, number: int) -> int:
        """Return how many outcomes the proposal of a trial was shown.

        Parameters
        ----------
        number : int
        """
        return self._n_shown[number]

    @property
    def can_propose(self) -> bool:
        """Whether all trials whose outcomes the next proposal needs are finished."""
        return self.n_finished >= self._n_to_show()

    @property
    def best_trial(self) -> Trial:
        """The complete trial with the highest score; the first one if there are ties.

        Raises
        ------
        ValueError
            If no finished trial has a score.
        """
        scores = np.array([t.score if t.is_complete else np.nan for t in self.trials])
        if not np.isfinite(scores).any():
            raise ValueError("no trial of this study has a score yet.")
        return self.trials[int(np.nanargmax(scores))]

    def optimize(self, objective: Callable[[Mapping[str, Any]], float], n_trials: int) -> None:
        """Ask, evaluate and tell trials one by one; fewer than `n_trials` if a space is exhausted.

        Parameters
        ----------
        objective : callable
            Is given the parameters of a trial, and returns its score; greater is better.
        n_trials : int

        Raises
        ------
        ValueError
            If earlier trials are pending, such as the one in which `objective` raised an error.
        """
        for _ in range(n_trials):
            trial = self.ask()
            if trial is NoProposal.WAIT:
                pending = [t.number for t in self.trials if t.outcome is None]
                raise ValueError(
                    f"trials {pending} are pending; tell their scores first, or NaN if they failed."
                )
            if trial is NoProposal.EXHAUSTED:
                return
            self.tell(trial, objective(trial.params))

    def _check_pending(self, trial: Trial) -> None:
        number = trial.number
        if number >= len(self.trials) or self.trials[number].params is not trial.params:
            raise ValueError(f"trial {number} was not handed out by this study.")
        if self.trials[number].outcome is not None:
            raise ValueError(f"trial {number} has been told already.")

    def _n_to_show(self) -> int:
        """Return how many outcomes the next proposal is shown."""
        number = len(self.trials)
        if self._waits_for_all:
            return number
        return max(number - self.n_points + 1, self._n_shown[-1] if self._n_shown else 0)

    def _add(self, trial: Trial, n_shown: int) -> None:
        self.trials.append(trial)
        self._n_shown.append(n_shown)
        self._waits_for_all = False

    def _count_finished(self) -> None:
        while self.n_finished < len(self.trials):
            if self.trials[self.n_finished].outcome is None:
                return
            self.n_finished += 1


def _read_seed(random_state: Any) -> int:
    if random_state is None:
        return int(np.random.default_rng().integers(2**31))
    if not isinstance(random_state, int | np.integer):
        raise TypeError(f"random_state: {shown_as(random_state)} is neither an int nor None.")
    if random_state < 0:
        raise ValueError(f"random_state={random_state}: give at least 0.")
    return int(random_state)
