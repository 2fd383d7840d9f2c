"""The journal: what is written is read again, and nothing else is believed."""

import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skbayes.engine.records.journal import FIRST, FORMAT, Journal, JournalError

HEADER = {"seed": 3, "identity": {"X": "0123"}}
RECORDS = [{"number": n, "scores": [0.1 * n, float("inf"), -1e-300]} for n in range(4)]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "folder" / "search.jsonl"
    with Journal(path) as journal:
        journal.begin(HEADER)
        for record in RECORDS:
            journal.append(record)
    return path


def read(path):
    with Journal(path) as journal:
        return journal.header, journal.records


def test_what_was_written_is_read(path):
    header, records = read(path)
    assert header == {"skbayes_journal": FORMAT, **HEADER}
    assert records == RECORDS
    assert read(path) == (header, records)


def test_numpy_scalars_are_numbers_and_nan_is_kept(tmp_path):
    with Journal(tmp_path / "j") as journal:
        journal.begin({"n": np.int64(3)})
        journal.append({"x": np.float32(0.1), "y": np.nan, "z": np.bool_(True)})
    header, (record,) = read(tmp_path / "j")
    assert header["n"] == 3
    assert record["x"] == float(np.float32(0.1))
    assert np.isnan(record["y"])
    assert record["z"] is True


def test_every_line_is_json(path):
    assert [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_journal_cut_off_anywhere_in_its_last_two_lines_goes_on_without_them(path):
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    begin = len(content) - len(lines[-1]) - len(lines[-2])
    for n_bytes in range(begin, len(content)):
        path.write_bytes(content[:n_bytes])
        n_whole = content[:n_bytes].count(b"\n") - 1
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with Journal(path) as journal:
                assert journal.records == RECORDS[:n_whole]
                for record in RECORDS[n_whole:]:
                    journal.append(record)
        is_torn = not content[:n_bytes].endswith(b"\n")
        assert ["the last line is damaged" in str(w.message) for w in caught] == [True] * is_torn
        assert path.read_bytes() == content


def test_a_journal_cut_off_in_its_header_begins_anew(path):
    header = path.read_bytes().splitlines(keepends=True)[0]
    for n_bytes in [0, *range(len(FIRST), len(header))]:
        path.write_bytes(header[:n_bytes])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Journal(path) as journal:
                assert journal.header is None
                journal.begin(HEADER)
        assert path.read_bytes() == header


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_changed_journal_is_refused_or_read_as_it_was(tmp_path_factory, data):
    """Bytes are flipped, inserted and removed, lines moved and repeated."""
    path = tmp_path_factory.mktemp("fuzz") / "j"
    with Journal(path) as journal:
        journal.begin(HEADER)
        for record in RECORDS:
            journal.append(record)
    content = bytearray(path.read_bytes())
    match data.draw(st.sampled_from(["flip", "insert", "remove", "move", "repeat", "noise"])):
        case "flip":
            for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1)):
                content[place] ^= data.draw(st.integers(1, 255))
        case "insert":
            place = data.draw(st.integers(0, len(content)))
            content[place:place] = data.draw(st.binary(min_size=1, max_size=30))
        case "remove":
            place = data.draw(st.integers(0, len(content) - 1))
            del content[place : place + data.draw(st.integers(1, 30))]
        case "move":
            lines = bytes(content).splitlines(keepends=True)
            content = bytearray(b"".join(data.draw(st.permutations(lines))))
        case "repeat":
            lines = bytes(content).splitlines(keepends=True)
            place = data.draw(st.integers(0, len(lines) - 1))
            content = bytearray(b"".join([*lines[:place], lines[place], *lines[place:]]))
        case "noise":
            content = bytearray(data.draw(st.binary(min_size=1)))
    path.write_bytes(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header, records = read(path)
    except JournalError:
        return
    assert header in (None, {"skbayes_journal": FORMAT, **HEADER})
    assert records == RECORDS[: len(records)]
    assert header is not None or not records


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n", "it is not a journal of skbayes"),
        (b"text", "it is not a journal of skbayes"),
        (b"{", "it is not a journal of skbayes"),
        (FIRST + b"1}\n" + FIRST + b"1}\n", "its first line was changed"),
    ],
)
def test_a_file_that_is_no_journal_is_refused_and_kept(tmp_path, content, message):
    path = tmp_path / "j"
    path.write_bytes(content)
    with pytest.raises(JournalError, match=f"checkpoint='.*j': {message}.*another path"):
        Journal(path)
    assert path.read_bytes() == content


def test_a_journal_of_another_format_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("skbayes.engine.records.journal.FORMAT", 1)
    with Journal(tmp_path / "j") as journal:
        journal.begin(HEADER)
    monkeypatch.undo()
    with pytest.raises(JournalError, match=r"it has format 1, and .* reads format 4"):
        Journal(tmp_path / "j")


def test_a_journal_has_one_owner_at_a_time(path):
    with Journal(path), pytest.raises(JournalError, match="another search is using it"):
        Journal(path)
    assert len(read(path)[1]) == 4


def test_two_that_begin_the_same_journal_are_told_apart(tmp_path):
    first, second = Journal(tmp_path / "j"), Journal(tmp_path / "j")
    with first, second:
        first.begin(HEADER)
        with pytest.raises(JournalError, match="another search is using it"):
            second.begin(HEADER)
    late = Journal(tmp_path / "other")
    with Journal(tmp_path / "other") as early:
        early.begin(HEADER)
    with late, pytest.raises(JournalError, match="another search has just begun it"):
        late.begin(HEADER)


def test_the_lock_ends_with_its_process(path):
    program = (
        "import os, pathlib, sys; from skbayes.engine.records.journal import Journal;"
        "journal = Journal(pathlib.Path(sys.argv[1])); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program, path], check=True)
    assert len(read(path)[1]) == 4
