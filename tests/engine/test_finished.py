"""Who is told of finished trials, and which trial is the last."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skbayes.engine.finished import FinishedTrials, Listener
from skbayes.evaluation.results import Record
from skbayes.trial import Outcome, Trial


def record(number):
    return Record(Trial(number, np.zeros(1), {}, outcome=Outcome.of_scores(0.5)), [], 0)


class Told(Listener):
    """Writes down what it is told."""

    def __init__(self):
        self.finished, self.counted = [], []

    def trial_finished(self, record):
        self.finished.append(record.trial.number)

    def trial_counted(self, record, is_restored):
        self.counted.append((record.trial.number, is_restored))


class EndsAt:
    """Ends the search after a trial, and writes down which it was asked about."""

    def __init__(self, number):
        self.number, self.asked = number, []

    def should_stop(self, trial, results):
        self.asked.append(trial.number)
        return trial.number == self.number


@given(order=st.permutations(range(8)), n_restored=st.integers(0, 8))
def test_every_listener_is_told_of_trials_as_they_come_and_in_their_order(order, n_restored):
    listeners = [Told(), Told()]
    finished = FinishedTrials(listeners=listeners)
    for number in order:
        finished.add(record(number), is_restored=number < n_restored)
    for told in listeners:
        assert told.finished == [number for number in order if number >= n_restored]
        assert told.counted == [(number, number < n_restored) for number in range(8)]


@given(order=st.permutations(range(8)), last=st.integers(0, 7))
def test_a_search_ends_after_the_same_trial_whatever_came_in_first(order, last):
    ends, also = EndsAt(last), EndsAt(None)
    finished = FinishedTrials(rules=[ends, also])
    for number in order:
        finished.add(record(number))
    assert finished.is_complete
    assert [r.trial.number for r in finished.records()] == list(range(last + 1))
    assert ends.asked == also.asked == list(range(last + 1))


def test_an_interrupted_search_has_all_that_are_finished():
    finished = FinishedTrials()
    for number in (0, 3, 1):
        finished.add(record(number))
    assert [r.trial.number for r in finished.records()] == [0, 1]
    assert [r.trial.number for r in finished.records(is_interrupted=True)] == [0, 1, 3]
    assert finished.n_counted == 2


def test_a_trial_is_kept_even_if_a_listener_fails():
    class Full(Listener):
        def trial_finished(self, record):
            raise OSError("no space left")

    finished = FinishedTrials(listeners=[Full()])
    with pytest.raises(OSError, match="no space left"):
        finished.add(record(0))
    assert len(finished.records(is_interrupted=True)) == 1
