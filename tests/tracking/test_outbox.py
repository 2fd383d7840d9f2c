"""Messages to a tracker: in order, each once, and none is lost."""

import json
import threading
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skbayes.tracking.outbox import Message, Outbox


def message_of(number):
    return Message("trial", {"C": 1.5}, {"mean_test_score": 0.5}, {}, number=number)


class Receiver:
    """Fails at certain calls."""

    def __init__(self, fails_at=()):
        self.numbers, self.n_calls, self.fails_at = [], 0, set(fails_at)

    def __call__(self, message):
        self.n_calls += 1
        if self.n_calls in self.fails_at:
            raise ConnectionError("down")
        self.numbers.append(message.number)


def send(receiver, n, path):
    """Send messages, and return the texts of the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outbox = Outbox("Tracker", path, receiver)
        for number in range(n):
            outbox.put(message_of(number))
        outbox.close()
    return [str(warning.message) for warning in caught]


def test_messages_are_sent_in_order_by_another_thread(tmp_path):
    names = set()
    receiver = Receiver()

    def receive(message):
        names.add(threading.current_thread().name)
        receiver(message)

    assert send(receive, 20, tmp_path / "unsent") == []
    assert receiver.numbers == list(range(20))
    assert names == {"skbayes to Tracker"}


@settings(max_examples=30)
@given(first=st.integers(1, 12), second=st.none() | st.integers(1, 12))
def test_whenever_sending_fails_no_message_is_lost_or_sent_twice(first, second, tmp_path_factory):
    path = tmp_path_factory.mktemp("outbox") / "unsent.jsonl"
    fails_at = {first} if second is None else {first, first + second}
    receiver = Receiver(fails_at)
    texts = send(receiver, 10, path)
    written = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    numbers = receiver.numbers + [message["number"] for message in written]
    assert numbers == list(range(10))
    assert len(texts) == (first <= 10) + bool(written)
    if texts:
        assert texts[0].startswith("Tracker cannot be reached or has refused a message, and is")
    if written:
        assert f"{len(written)} messages could not be sent to Tracker, and were" in texts[1]
        assert repr(str(path)) in texts[1]
        assert written[0]["metrics"] == {"mean_test_score": 0.5}


def test_a_message_that_is_refused_costs_no_other(tmp_path):
    numbers = []

    def receive(message):
        if message.number == 3:
            raise ValueError("what a name")
        numbers.append(message.number)

    path = tmp_path / "unsent.jsonl"
    texts = send(receive, 6, path)
    assert numbers == [0, 1, 2, 4, 5]
    assert [json.loads(line)["number"] for line in path.read_text().splitlines()] == [3]
    assert "1 messages could not be sent" in texts[1]


def test_a_file_that_cannot_be_written_is_said_too(tmp_path):
    receiver = Receiver(range(1, 100))
    texts = send(receiver, 3, tmp_path / "no folder" / "unsent.jsonl")
    assert "could not be written to" in texts[1]


def test_a_thread_never_blocks_the_sender(tmp_path):
    gate = threading.Event()
    outbox = Outbox("Tracker", tmp_path / "unsent", lambda message: gate.wait(30))
    for number in range(100):
        outbox.put(message_of(number))  # returns although the first one is still being sent
    gate.set()
    outbox.close()


def test_an_extra_that_is_not_installed_is_named(monkeypatch):
    from skbayes.tracking import MLflowCallback
    from tests.tracking.searches import X, Y, search_of

    monkeypatch.setattr(MLflowCallback, "PACKAGE", "no_such_package")
    with pytest.raises(ImportError, match=r"needs MLflow.*skbayes\[no_such_package\]"):
        search_of(MLflowCallback()).fit(X, Y)
