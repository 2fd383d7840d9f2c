"""Tasks to an executor and back: each is answered once, whatever dies."""

from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import closing

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import config_context, get_config
from sklearn.utils.parallel import delayed

from skbayes.engine.executors.base import LARGE, DataLost, Executor, Slot, WorkerLost, size_of
from skbayes.engine.futures import MAX_LOSSES, FuturesParallel, Lost
from skbayes.engine.queue import TaskQueue

DATA = np.zeros(LARGE)


def run(number, splits, indices, *, X, config):
    assert X is DATA
    assert get_config()["assume_finite"] is config
    return number, tuple(splits), sum(len(train) for train, _ in indices)


class Threads(Executor):
    """Runs tasks in threads, and loses some as told: 'worker', 'data' or ''."""

    def __init__(self, n_ahead, plan):
        super().__init__(n_ahead)
        self.plan = {number: deque(losses) for number, losses in plan.items()}
        self.n_sent, self.n_running_suspects, self.was_lost = 0, 0, set()
        self.numbers, self.closed_with = {}, None

    def open(self):
        self.pool = ThreadPoolExecutor(2)

    def send(self, value):
        self.n_sent += 1
        return value

    def start(self, packed, references):
        assert all(isinstance(slot, Slot) for slot in packed.args[2])
        future = self.pool.submit(packed.run, references)
        number = packed.args[0]
        self.numbers[future] = number
        if number in self.was_lost:
            self.n_running_suspects += 1
            assert self.n_running_suspects == 1  # they go one at a time
        return future

    def wait(self, handles, seconds):
        return list(wait(handles, seconds, FIRST_COMPLETED).done)

    def result(self, handle):
        number = self.numbers[handle]
        losses = self.plan.get(number)
        loss = losses.popleft() if losses else ""
        if number in self.was_lost:
            self.n_running_suspects -= 1
        if loss == "worker":
            self.was_lost.add(number)
            raise WorkerLost
        if loss == "data":
            raise DataLost
        return handle.result()

    def close(self, handles):
        self.closed_with = list(handles)
        self.pool.shutdown(cancel_futures=True)


SPLITS = [(np.arange(LARGE), np.arange(LARGE)), (np.arange(2 * LARGE), np.arange(LARGE))]


def tasks_of(n):
    options = {"X": DATA, "config": False}
    return deque(delayed(run)(k, [k % 2], [SPLITS[k % 2]], **options) for k in range(n))


@settings(max_examples=30)
@given(
    st.integers(1, 5),
    st.dictionaries(st.integers(0, 11), st.lists(st.sampled_from(["worker", "data"]), max_size=4)),
)
def test_every_task_is_answered_once_or_is_lost_for_good(n_ahead, plan):
    executor = Threads(n_ahead, plan)
    with FuturesParallel(executor) as parallel:
        answers = [a for a in parallel(TaskQueue(2, tasks_of(12))) if a is not None]
    assert executor.closed_with == []
    numbers = Counter(answer[0] for answer in answers)
    assert numbers == Counter(range(12))
    lost = {answer.number for answer in answers if isinstance(answer, Lost)}
    assert lost == {n for n, losses in plan.items() if losses.count("worker") >= MAX_LOSSES}
    for answer in answers:
        if not isinstance(answer, Lost):
            assert answer == (answer[0], (answer[0] % 2,), LARGE * (1 + answer[0] % 2))


def test_large_arguments_are_sent_once_and_again_if_they_are_gone():
    executor = Threads(2, {})
    with FuturesParallel(executor) as parallel:
        list(parallel(tasks_of(12)))
    assert executor.n_sent == 3  # the data and the indices of two splits
    executor = Threads(1, {0: ["data"]})
    with FuturesParallel(executor) as parallel:
        list(parallel(tasks_of(12)))
    assert executor.n_sent == 5  # the data and one split before they were gone


def test_tasks_run_with_the_settings_of_scikit_learn():
    tasks = deque([delayed(run)(0, [0], [SPLITS[0]], X=DATA, config=True)])
    with config_context(assume_finite=True), FuturesParallel(Threads(1, {})) as parallel:
        assert [a for a in parallel(tasks) if a is not None] == [(0, (0,), LARGE)]


def test_tasks_under_way_are_abandoned_at_the_end():
    executor = Threads(3, {})
    with FuturesParallel(executor) as parallel, closing(parallel(tasks_of(12))) as answers:
        next(answers)
    assert len(executor.closed_with) >= 1


def test_the_size_of_an_argument_is_about_what_is_sent():
    assert size_of("x" * 10_000) == 0  # a parameter is no data
    assert size_of(np.zeros(1000)) == 8000
    assert size_of((np.zeros(10), np.zeros(10))) == 160
    assert size_of(["text"] * 10_000) > LARGE
    assert size_of(lambda: 1) == 0
