"""A search that is killed again and again ends as if nothing had happened."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

PROGRAM = Path(__file__).parents[1] / "programs" / "search.py"
N_KILLS = 9  # of each of six searches: more than fifty in all


def start(name, n_jobs, folder, journal):
    files = [journal, folder / "log", folder / "found"]
    return subprocess.Popen(
        [sys.executable, PROGRAM, name, str(n_jobs), *map(str, files)],
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )


def found_by(folder):
    with (folder / "found").open("rb") as file:
        return pickle.load(file)


def assert_same(found, expected):
    (columns, best, probabilities), (their_columns, their_best, their_probabilities) = (
        found,
        expected,
    )
    assert columns.keys() == their_columns.keys()
    for key, column in columns.items():
        assert column.tolist() == their_columns[key].tolist(), key
    assert best == their_best
    np.testing.assert_array_equal(probabilities, their_probabilities)


def recorded_params(journal):
    """Return what distinguishes the trials of a journal, as the log writes it."""
    lines = journal.read_bytes().splitlines()[1:] if journal.exists() else []
    params = [json.loads(line)["params"] for line in lines if line.endswith(b"}")]
    names = ("n_estimators", "max_features", "min_samples_leaf")
    return {repr(tuple(p.get(name, (None, 20))[1] for name in names)) for p in params}


def n_fits(params, log):
    """Return how many fits on splits the log has of some trials."""
    lines = log.read_text().splitlines() if log.exists() else []
    return sum(line.startswith(tuple(params)) and line.endswith(" 100") for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("name", ["BayesSearchCV", "TPESearchCV", "HalvingBayesSearchCV"])
def test_a_killed_search_goes_on_where_it_was(name, n_jobs, tmp_path):
    whole = tmp_path / "whole"
    whole.mkdir()
    assert start(name, n_jobs, whole, "").wait(120) == 0

    rng = np.random.default_rng([n_jobs, len(name)])
    journal, log = tmp_path / "journal", tmp_path / "log"
    for _ in range(N_KILLS):
        known = recorded_params(journal)
        n_before = n_fits(known, log)
        program = start(name, n_jobs, tmp_path, journal)
        n_lines = len(known) + rng.integers(0, 3)
        while len(recorded_params(journal)) < n_lines and program.poll() is None:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.2))
        with suppress(ProcessLookupError):  # it has come to its end
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()
        assert n_fits(known, log) == n_before
    assert start(name, n_jobs, tmp_path, journal).wait(120) == 0
    assert_same(found_by(tmp_path), found_by(whole))
