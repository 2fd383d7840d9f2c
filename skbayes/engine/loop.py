"""The loop of a search: it drives a study over joblib.

A search that stops early has the first trials of the same search without a limit: it never skips a
trial. A recorded trial is taken from the journal, and later proposals are shown the same outcomes
as if it had been evaluated now. If a worker process dies, the split it was evaluating is marked as
failed, and the other pending splits are queued again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from typing import Any

from sklearn.utils.parallel import Parallel

from skbayes.engine._joblib_compat import TerminatedWorkerError
from skbayes.engine.budget import Clock
from skbayes.engine.finished import FinishedTrials
from skbayes.engine.queue import TaskQueue
from skbayes.engine.recovery import MakeParallel, Recovery
from skbayes.engine.under_way import TrialsUnderWay
from skbayes.evaluation.fit_warnings import FitWarning, show_warnings_once
from skbayes.evaluation.results import Record, SplitResult
from skbayes.evaluation.task import Answer, Evaluator
from skbayes.evaluation.watch import Watch
from skbayes.samplers.base import NoProposal
from skbayes.study import Study
from skbayes.trial import Outcome, Trial


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

    def run(self, make_parallel: MakeParallel, is_streaming: bool, n_workers: int = 1) -> None:
        """Evaluate trials until there are `n_trials`, none is left, or a limit ends the search.

        Parameters
        ----------
        make_parallel : callable
            Returns a `Parallel`, which runs tasks and returns their answers in any order. A new
            one is made after a crash, because the old one still holds tasks.
        is_streaming : bool
            Whether the `Parallel` takes tasks while it delivers answers. If not, it is given lists
            of ready tasks: the search is the same, but some workers are idle.
        n_workers : int, default=1
            How many tasks the `Parallel` runs at once.
        """
        self._n_workers = n_workers
        queue = TaskQueue()
        with show_warnings_once(self.fit_warnings):
            self._refill(queue)
            while queue.ready and not self.is_over():
                try:
                    with make_parallel() as parallel:
                        self._consume(parallel, queue, is_streaming)
                except TerminatedWorkerError:
                    if self._recovery is None:
                        raise
                    self._recovery.fail_or_retry(make_parallel)
                    queue = TaskQueue()
                    queue.ready.extend(self._under_way.missing_tasks())
                    self._refill(queue)

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
        trial = self.study.trials[answer.number]
        self.clock.note(trial, answer.seconds, len(answer.results))
        self.add_results(answer.number, answer.results)

    def add_results(self, number: int, results: Mapping[int, SplitResult]) -> None:
        """Store results of splits; a trial is finished once all its splits have a result.

        Parameters
        ----------
        number : int
            Of the trial.
        results : mapping of int to SplitResult
            By the number of the split.
        """
        complete = self._under_way.add(number, results)
        if complete is None:
            return
        self.study.tell(self.study.trials[number], self.make_outcome(complete))
        trial = self.study.trials[number]
        self.evaluator.keep_models(trial, complete)
        self.finished.add(Record(trial, complete, self.study.n_shown(number)))

    def _consume(self, parallel: Parallel, queue: TaskQueue, is_streaming: bool) -> None:
        """Receive answers and refill the queue, while there is work and time for it."""
        while queue.ready:
            answers = parallel(queue if is_streaming else queue.take_all())
            with closing(answers) if is_streaming else nullcontext():
                for answer in answers:
                    if answer is not None:  # a pause answers None
                        self.receive(answer)
                        self._refill(queue)
                        queue.n_answered += 1
                    if self._recovery is not None:
                        self._recovery.end_overdue()
                    if self.is_over():
                        queue.ready.clear()
                        if self.watch is not None and self._under_way:
                            return  # leaving the block ends the processes

    def _refill(self, queue: TaskQueue) -> None:
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
            self._begin(trial, queue)

    def _restore(self, record: Record) -> None:
        assert record.trial.outcome is not None
        self.clock.note(record.trial, record.trial.outcome.cost, len(record.results))
        self.study.restore(record.trial, record.n_shown)
        self.finished.add(record, is_restored=True)

    def _begin(self, trial: Trial, queue: TaskQueue) -> None:
        """Queue the splits of a trial, if there is time for them."""
        work = [*self._under_way.work_left(), (trial, self.evaluator.n_splits)]
        if trial.number > 0 and not self.clock.suffices_for(work, self._n_workers):
            # Pending trials may end sooner than expected; without any, the search is over.
            self._n_counted_when_late = self.finished.n_counted
            self._is_exhausted = not self._under_way
            return
        self.study.begin(trial)
        queue.ready.extend(self._under_way.begin(trial))
