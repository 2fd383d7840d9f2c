"""The loop of a search: it drives a study over joblib.

A search that stops early has the first trials of the same search without a limit: it never skips a
trial. A recorded trial is taken from the journal, and later proposals are shown the same outcomes
as if it had been evaluated now. If a worker process dies, the split it was evaluating is marked as
failed, and the other pending splits are queued again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from typing import Any

from sklearn.utils.parallel import Parallel

from skbayes.engine._joblib_compat import TerminatedWorkerError
from skbayes.engine.budget import Clock
from skbayes.engine.finished import FinishedTrials
from skbayes.engine.futures import Lost
from skbayes.engine.queue import Pool
from skbayes.engine.recovery import Recovery
from skbayes.engine.under_way import TrialsUnderWay
from skbayes.evaluation.fit_warnings import FitWarning, show_warnings_once
from skbayes.evaluation.results import Record, SplitResult
from skbayes.evaluation.task import Answer, Evaluator
from skbayes.evaluation.watch import Watch
from skbayes.samplers.base import NoProposal
from skbayes.study import Study
from skbayes.trial import Outcome, Trial

logger = logging.getLogger("skbayes")

LOST = "the worker that fitted it died, and so did the next one"


@dataclass
class SearchLoop:
    """One search from its first trial to its last.

    Parameters
    ----------
    study : Study
        Proposes the next trial from the outcomes it was told.
    evaluator : Evaluator
    make_outcome : callable
        Makes the outcome of a trial from the results of its splits.
    n_trials : int
        How many trials to evaluate; fewer if a finite space is exhausted.
    while_proposing : callable
        Returns the context in which proposals are made.
    finished : FinishedTrials, default=FinishedTrials()
        Keeps the records of finished trials, and asks the stopping rules.
    clock : Clock, default=Clock()
    watch : Watch or None, default=None
        Keeps a file per split under way, if the processes they run in may die.
    recorded : mapping of int to Record, default={}
        Trials that were finished earlier, by number.

    Attributes
    ----------
    fit_warnings : list of FitWarning
        The warnings of fits in other processes.
    """

    study: Study
    evaluator: Evaluator
    make_outcome: Callable[[list[SplitResult]], Outcome]
    n_trials: int
    while_proposing: Callable[[], AbstractContextManager[Any]]
    finished: FinishedTrials = field(default_factory=FinishedTrials)
    clock: Clock = field(default_factory=Clock)
    watch: Watch | None = None
    recorded: Mapping[int, Record] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.fit_warnings: list[FitWarning] = []
        self._under_way = TrialsUnderWay(self.evaluator)
        self._is_exhausted = False  # nothing more is proposed
        self._n_counted_when_late = -1  # `n_counted` when there was no time left for another trial
        self._n_workers = 1
        self._recovery = None if self.watch is None else Recovery(self.watch, self._under_way, self)

    def run(self, pool: Pool) -> None:
        """Evaluate trials until there are `n_trials`, none is left, or a limit ends the search.

        Parameters
        ----------
        pool : Pool
        """
        self._n_workers = pool.n_workers
        self._under_way.renew_queue(pool.n_workers)
        with show_warnings_once(self.fit_warnings):
            self._refill()
            while self._under_way.queue.ready and not self.is_over():
                try:
                    with pool.make_parallel() as parallel:
                        self._consume(parallel, pool.is_streaming, pool.can_abandon)
                except TerminatedWorkerError:
                    if self._recovery is None:
                        raise
                    self._recovery.fail_or_retry(pool.make_parallel)
                    self._under_way.renew_queue(pool.n_workers)
                    self._refill()

    def is_over(self) -> bool:
        """Whether a rule ended the search, or its time is over with at least one trial finished."""
        is_late = self.clock.is_over and self.finished.n_counted > 0
        return self.finished.is_complete or is_late

    def receive(self, answer: Answer) -> None:
        """Take the answer of a task.

        Parameters
        ----------
        answer : Answer
        """
        self.fit_warnings.extend(answer.fit_warnings)
        self._under_way.note_time(answer)
        trial, n_splits = self.study.trials[answer.number], len(answer.results)
        self.clock.note(trial, answer.seconds, n_splits)
        if answer.number in self._under_way:
            self.add_results(answer.number, answer.results)
        else:  # the trial was dropped meanwhile
            self._under_way.n_thrown_away += n_splits

    def add_results(self, number: int, results: Mapping[int, SplitResult]) -> None:
        """Store results of splits; a trial is finished once all its splits have a result.

        Parameters
        ----------
        number : int
            Of the trial.
        results : mapping of int to SplitResult
            By the number of the split.
        """
        in_order = self._under_way.add(number, results)
        trial = self.study.trials[number]
        for result in in_order if self.study.race_of(trial) is not None else ():
            self.study.report(trial, result["split"], self.make_outcome([result]))
        complete = self._under_way.complete(number, self.study.n_needed(trial))
        if complete is not None:
            self.study.tell(trial, self.make_outcome(complete))
            trial = self.study.trials[number]
            self.evaluator.keep(trial, complete)
            self.finished.add(Record(trial, complete, self.study.n_shown(number)))

    def _consume(self, parallel: Parallel, is_streaming: bool, can_abandon: bool) -> None:
        """Receive answers and refill the queue, while there is work and time for it."""
        queue = self._under_way.queue
        while queue.ready:
            answers = parallel(queue if is_streaming else queue.take_all())
            with closing(answers) if is_streaming else nullcontext():
                for answer in answers:
                    if answer is not None:  # a pause answers None
                        queue.n_received += 1
                        self._take(answer)
                        self._refill()
                        queue.n_answered += 1
                    self.finished.tick()
                    if self._recovery is not None:
                        self._recovery.end_overdue()
                    if self.is_over():
                        queue.clear()
                        if can_abandon and self._under_way:
                            return  # leaving the block abandons what still runs

    def _take(self, answer: Answer | Lost) -> None:
        """Take an answer, or mark the splits as failed that have ended several workers."""
        if isinstance(answer, Answer):
            self.receive(answer)
            return
        logger.warning("trial %d, splits %s: several workers died", answer.number, answer.splits)
        for split in answer.splits:
            if self._under_way.is_missing(answer.number, split):
                failed = self._under_way.failed(answer.number, split, LOST, "")
                self.add_results(answer.number, {split: failed})

    def _refill(self) -> None:
        """Begin all trials that can be proposed now."""
        while len(self.study.trials) < self.n_trials:
            if self._is_exhausted or self.finished.is_complete:
                return
            number = len(self.study.trials)
            if number in self.recorded:
                self._restore(self.recorded[number])
                continue
            if not self.study.can_propose or self.finished.n_counted == self._n_counted_when_late:
                return
            with self.while_proposing():
                trial = self.study.propose()
            if isinstance(trial, NoProposal):
                self._is_exhausted = trial is NoProposal.EXHAUSTED
                return
            self._begin(trial)

    def _restore(self, record: Record) -> None:
        self.clock.note(record.trial, record.seconds, len(record.results))
        self.study.restore(record.trial, record.n_shown)
        self.finished.add(record, is_restored=True)

    def _begin(self, trial: Trial) -> None:
        """Queue the splits of a trial, if there is time for them."""
        work = [*self._under_way.work_left(), (trial, self.evaluator.n_splits)]
        if trial.number > 0 and not self.clock.suffices_for(work, self._n_workers):
            # Pending trials may end sooner than expected; without any, the search is over.
            self._n_counted_when_late = self.finished.n_counted
            self._is_exhausted = not self._under_way
            return
        self.study.begin(trial)
        race = self.study.race_of(trial)
        first = trial.split_order(self.evaluator.n_splits)[0]
        has_lost = self.study.pruner_of(trial, first)
        self._under_way.begin(trial, None if race is None else race.block, has_lost)
