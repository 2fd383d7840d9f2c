"""The sliding window: same search whatever came in when, and no hang."""

import threading
import time
from contextlib import nullcontext

import numpy as np
import pytest
from joblib import parallel_config
from scipy import stats
from sklearn.utils.parallel import Parallel, delayed

from skbayes.engine.loop import SearchLoop
from skbayes.engine.queue import LONGEST_PAUSE, SHORTEST_PAUSE, Pool, TaskQueue, Work
from skbayes.engine.streaming import StreamingParallel
from skbayes.evaluation.results import outcome_of
from skbayes.evaluation.task import Answer
from skbayes.samplers.base import NoProposal, Proposal, Sampler
from skbayes.space import Space
from skbayes.streams import Stream, generator
from skbayes.study import Study

SPACE = Space({"x": stats.uniform(0, 1)})


def evaluate(number, splits, x, seconds):
    """Stands for fits: it takes its time and returns scores."""
    time.sleep(sum(seconds))
    times = {"fit_time": 0.0, "score_time": 0.0}
    results = {s: {"split": s, "test_scores": x + s, "fit_error": None, **times} for s in splits}
    return Answer(number, results, sum(seconds))


class Evaluator:
    """Tasks of `seconds(number, split)` each."""

    def __init__(self, n_splits=3, seconds=lambda number, split: 0.0):
        self.n_splits, self.seconds = n_splits, seconds

    def task(self, trial, splits, before, has_lost=None):
        seconds = [self.seconds(trial.number, split) for split in splits]
        return delayed(evaluate)(trial.number, splits, trial.params["x"], seconds)

    def to_grow(self, results):
        return {}

    def keep(self, trial, results):
        assert trial.outcome is not None
        assert len(results) == self.n_splits


class Recorder(Sampler):
    """Proposes what depends on everything it is shown, and keeps what that was."""

    def __init__(self, wait_at=()):
        super().__init__(SPACE)
        self.shown, self.wait_at = [], set(wait_at)

    def propose(self, history, rng):
        if history.number in self.wait_at and not history.is_finished.all():
            return NoProposal.WAIT
        self.shown.append(history.scores.tolist())
        row = np.array([(0.37 * np.nansum(history.scores) + rng.random()) % 1.0])
        return Proposal(row, {"x": float(row[0])})


def run(evaluator, n_trials=12, n_points=2, n_jobs=1, backend="loky", sampler=None, stream=True):
    sampler = sampler or Recorder()
    loop = SearchLoop(
        Study(SPACE, sampler, n_points=n_points, random_state=0),
        evaluator,
        lambda results: outcome_of(results, None),
        n_trials,
        nullcontext,
    )
    with parallel_config(backend):
        loop.run(Pool(lambda: make_parallel(n_jobs, stream), stream, n_jobs))
    return loop


def make_parallel(n_jobs, stream):
    if n_jobs == 1:
        return Parallel(return_as="generator")
    return StreamingParallel(n_jobs=n_jobs) if stream else Parallel(n_jobs=n_jobs)


def params(loop):
    return [trial.params["x"] for trial in loop.study.trials]


def results_of(loop):
    return [record.results for record in loop.finished.records()]


@pytest.mark.parametrize("n_points", [1, 2, 3, 8])
def test_a_trial_sees_exactly_the_outcomes_before_its_window(n_points):
    loop = run(Evaluator(), n_points=n_points)
    for number, shown in enumerate(loop.study.sampler.shown):
        n_shown = max(number - n_points + 1, 0)
        assert np.isfinite(shown[:n_shown]).all()
        assert np.isnan(shown[n_shown:]).all()
    assert [trial.number for trial in loop.study.trials] == list(range(12))
    assert all(len(results) == 3 for results in results_of(loop))


@pytest.mark.parametrize("n_points", range(1, 9))
@pytest.mark.parametrize(("backend", "n_jobs"), [("loky", 2), ("threading", 4)])
def test_one_slow_split_neither_hangs_the_search_nor_changes_it(backend, n_jobs, n_points):
    """One split takes a hundred times as long as the others."""

    def seconds(number, split):
        return 0.2 if (number, split) == (1, 1) else 0.002

    parallel = run(Evaluator(3, seconds), 10, n_points, n_jobs, backend)
    sequential = run(Evaluator(3), 10, n_points)
    assert params(parallel) == params(sequential)
    assert [r.results for r in parallel.finished.records()] == [
        r.results for r in sequential.finished.records()
    ]


def test_results_stand_in_the_order_of_the_splits():
    loop = run(Evaluator(4, lambda _, split: 0.02 * (3 - split)), 3, 1, 4, "threading")
    for trial, results in zip(loop.study.trials, results_of(loop), strict=True):
        x = trial.params["x"]
        assert [result["test_scores"] for result in results] == [x, x + 1, x + 2, x + 3]


def test_a_backend_that_cannot_stream_gives_the_same_search():
    listed = run(Evaluator(), n_jobs=2, backend="threading", stream=False)
    assert params(listed) == params(run(Evaluator()))


@pytest.mark.parametrize("n_points", [1, 3])
def test_more_trials_begin_with_the_same_ones(n_points):
    short, long = (run(Evaluator(), n, n_points) for n in (8, 20))
    assert params(long)[:8] == params(short)


def test_a_sampler_that_waits_sees_everything_before_it():
    sampler = Recorder(wait_at={5, 9})
    loop = run(Evaluator(), n_points=4, n_jobs=2, backend="threading", sampler=sampler)
    assert len(loop.study.trials) == 12
    by_number = {len(shown): shown for shown in sampler.shown}
    assert np.isfinite(by_number[5]).all()
    assert np.isfinite(by_number[9]).all()
    assert np.isnan(by_number[8]).sum() == 3
    assert params(loop) == params(run(Evaluator(), n_points=4, sampler=Recorder(wait_at={5, 9})))


@pytest.mark.parametrize(("backend", "n_jobs"), [("loky", 1), ("threading", 2)])
def test_what_a_trial_was_shown_after_a_wait_is_shown_to_the_trials_after_it(backend, n_jobs):
    sampler = Recorder(wait_at={6})
    run(Evaluator(), n_points=4, n_jobs=n_jobs, backend=backend, sampler=sampler)
    n_known = [int(np.isfinite(shown).sum()) for shown in sampler.shown]
    assert n_known == [0, 0, 0, 0, 1, 2, 6, 6, 6, 6, 7, 8]


def test_a_sampler_that_waits_for_nothing_is_an_error():
    class Stubborn(Recorder):
        def propose(self, history, rng):
            return NoProposal.WAIT

    with pytest.raises(RuntimeError, match="waits although no trial is pending"):
        run(Evaluator(), sampler=Stubborn())


def test_an_exhausted_space_ends_the_search():
    class Short(Recorder):
        def propose(self, history, rng):
            return NoProposal.EXHAUSTED if history.number == 5 else super().propose(history, rng)

    assert len(run(Evaluator(), n_jobs=2, backend="threading", sampler=Short()).study.trials) == 5


def test_an_error_in_a_task_comes_through():
    class Failing(Evaluator):
        def task(self, trial, splits, before, has_lost=None):
            task = super().task(trial, splits, before)
            return delayed(int)("no number") if trial.number == 3 else task

    with pytest.raises(ValueError, match="no number"):
        run(Failing(), n_jobs=2, backend="threading")


def test_proposals_are_made_in_their_context():
    entered = []

    class Context:
        def __enter__(self):
            entered.append(threading.current_thread())

        def __exit__(self, *exception):
            return None

    study = Study(SPACE, Recorder(), random_state=0)
    loop = SearchLoop(study, Evaluator(), lambda results: outcome_of(results, None), 4, Context)
    loop.run(Pool(lambda: make_parallel(1, True)))
    assert entered == [threading.main_thread()] * 4


def test_the_queue_pauses_while_results_are_to_come_and_then_ends():
    queue = TaskQueue()
    queue.ready.append("task")
    assert next(queue) == "task"
    function, arguments, _ = next(queue)
    assert function.function is time.sleep
    assert arguments == (SHORTEST_PAUSE,)
    queue.empty_since -= 3600
    assert next(queue)[1] == (LONGEST_PAUSE,)
    queue.n_answered += 1
    with pytest.raises(StopIteration):
        next(queue)


def test_generators_are_keyed_by_seed_and_number():
    class Draws(Recorder):
        def propose(self, history, rng):
            return Proposal(np.array([0.5]), {"x": rng.random()})

    expected = [generator(0, Stream.TRIALS, number).random() for number in range(12)]
    assert params(run(Evaluator(), sampler=Draws())) == expected


def test_short_splits_travel_together_and_long_ones_alone():
    sizes = {0.0: [], 0.02: []}
    for seconds, seen in sizes.items():

        class Counting(Evaluator):
            def task(self, trial, splits, before, has_lost=None, seen=seen):
                seen.append(len(splits))
                return super().task(trial, splits, before)

        run(Counting(5, lambda number, split, s=seconds: s), 4, 1)
    assert sizes[0.0] == [1] * 5 + [5] * 3
    assert sizes[0.02] == [1] * 20


def test_spare_tasks_are_handed_out_to_idle_workers_alone():
    queue = TaskQueue(n_workers=2)
    queue.ready.append("A0")
    queue.add_spare([Work(0, (split,), split, f"A{split}") for split in (1, 2, 3)])
    queue.add_spare([Work(1, (4,), 1, "B1")])
    assert [next(queue) for _ in range(2)] == ["A0", "A1"]
    assert next(queue)[0].function is time.sleep  # both workers are busy
    queue.need(0, 3)
    assert next(queue) == "A3"
    queue.n_received += 3
    assert next(queue) == "B1"  # the earlier split first
    queue.need(1, 4)  # was handed out already
    queue.drop(0)
    assert next(queue)[0].function is time.sleep
    queue.n_received += 1
    queue.n_answered += 4
    with pytest.raises(StopIteration):
        next(queue)
