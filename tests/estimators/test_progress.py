"""What a search shows while it runs: in a terminal, in a pipe, in a notebook."""

import io
import os
import re
import subprocess
import sys
import termios
from pathlib import Path
from types import SimpleNamespace

import nbclient
import nbformat
import numpy as np
import pyte
import pytest
from scipy.stats import loguniform
from sklearn.svm import SVC

from skbayes import BayesSearchCV, HalvingBayesSearchCV
from skbayes.estimators import screen as screens
from skbayes.estimators.progress import Progress
from skbayes.evaluation.finished_trial import FinishedTrial
from tests.estimators.test_messages import SPACE, X, Y, make  # noqa: F401

PROGRAM = Path(__file__).parents[1] / "programs" / "progress.py"
COUNT = re.compile(r"\[ *(\d+)/(\d+)\]")


def in_a_terminal(columns, *arguments, rows=60):
    """Return the final screen of the program, every screen on the way, and what it wrote."""
    ours, its = os.openpty()
    termios.tcsetwinsize(its, (rows, columns))
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "", "LINES": ""}
    with subprocess.Popen(
        [sys.executable, PROGRAM, *arguments], stdout=its, stderr=its, stdin=its, env=environment
    ) as process:
        os.close(its)
        terminal = pyte.HistoryScreen(columns, rows)
        stream = pyte.ByteStream(terminal)
        written, shown = b"", []
        while True:
            try:
                chunk = os.read(ours, 1 << 16)
            except OSError:  # the program has ended
                break
            written += chunk
            stream.feed(chunk)
            shown.append([line.rstrip() for line in terminal.display])
    os.close(ours)
    assert process.returncode == 0, written.decode()
    return shown[-1], shown, written.decode()


def is_untouched(line):
    """Whether a line of the screen is one that was written as a whole."""
    starts = ("Fitting ", "a fit prints a line", "a fit writes an error", "[", "Best score ", "  ")
    return not line or line.startswith(starts) or "UserWarning: a fit warns" in line


@pytest.mark.slow
@pytest.mark.parametrize(("columns", "n_jobs"), [(110, 2), (60, 2), (60, 1), (110, 1)])
def test_a_terminal_has_one_line_that_is_updated(columns, n_jobs):
    last, shown, written = in_a_terminal(columns, str(n_jobs), "1")
    lines = [line for line in last if line]
    assert "a fit prints a line" in lines
    assert "a fit writes an error" in lines
    assert "UserWarning: a fit warns" in "".join(last)  # the terminal may have wrapped it
    progress = [line for line in lines if COUNT.match(line)]
    assert len(progress) == 1  # the last one stays
    assert progress[0].startswith("[12/12]  best a_metric_with_a_na")
    assert ("±" in progress[0]) == (columns == 110)
    assert re.search(r"\d:\d\d elapsed", progress[0])
    counts = {int(COUNT.match(line)[1]) for screen in shown for line in screen if COUNT.match(line)}
    assert len(counts) > 1  # it was seen to move, however busy the machine is
    drawn = [part.partition("\n")[0] for part in written.split("\r\x1b[K") if part.startswith("[")]
    assert max(map(len, drawn)) < columns
    for line in lines:
        assert is_untouched(line) or columns == 60, line


@pytest.mark.slow
def test_lines_of_trials_stay_above_the_line_of_a_terminal():
    last, _, _ = in_a_terminal(110, "2", "2")
    lines = [line for line in last if line]
    trials = [line for line in lines if re.search(r"\] +(a_metric|dropped)", line)]
    assert [int(COUNT.match(line)[1]) for line in trials] == list(range(1, 13))
    assert sum("elapsed" in line for line in lines) == 1
    assert "__C=" in "".join(lines)


@pytest.mark.slow
def test_messages_of_scikit_learn_are_whole_lines_in_a_terminal():
    last, _, _ = in_a_terminal(260, "2", "3", rows=120)
    ends = [line for line in last if "[CV " in line]
    assert len(ends) > 20
    assert all(re.match(r"\[CV \d/4\] END .*total time= +\d\.\ds$", line) for line in ends)


@pytest.mark.slow
def test_a_pipe_gets_plain_lines():
    done = subprocess.run(
        [sys.executable, PROGRAM, "2", "1"], capture_output=True, text=True, check=True
    )
    assert "\r" not in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Fitting 4 folds for each of 12 candidates")
    progress = [line for line in lines if COUNT.match(line)]
    assert len(progress) == 1  # it takes less than ten seconds
    assert re.match(r"\[12/12\]  best .* ± .* \(candidate \d+ at 0:0\d\)  0:0\d elap", progress[0])
    assert "a fit prints a line" in lines
    assert done.stderr.count("UserWarning: a fit warns") == 1


def test_a_dumb_terminal_gets_plain_lines(monkeypatch):
    monkeypatch.setattr("sys.stdout", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setenv("TERM", "dumb")
    with screens.open_screen() as screen:
        assert type(screen) is screens.Screen
    monkeypatch.setenv("TERM", "xterm")
    with screens.open_screen() as screen:
        assert type(screen) is screens.TerminalScreen
        with screens.open_screen() as second:  # of another thread
            assert type(second) is screens.Screen


class Tty(io.StringIO):
    def isatty(self):
        return True


def shown_by(text, columns=40):
    """Return the lines that a terminal shows."""
    terminal = pyte.Screen(columns, 10)
    terminal.set_mode(pyte.modes.LNM)
    pyte.Stream(terminal).feed(text)
    return [line.rstrip() for line in terminal.display if line.strip()]


def test_what_the_main_process_prints_goes_above_the_line(monkeypatch):
    now, tty = [0.0], Tty()
    monkeypatch.setattr("sys.stdout", tty)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(screens.time, "monotonic", lambda: now[0])
    with screens.open_screen() as screen:

        def draw(text):
            now[0] += 1
            screen.update(lambda width: text[:width])

        draw("[1/3]")
        print("a fit prints")
        draw("[2/3]")
        assert shown_by(tty.getvalue()) == ["a fit prints", "[2/3]"]
        print("...", end="")
        draw("not now")  # it would end up in the middle of a line
        print("done")
        screen.say("a line that stays")
        sys.stdout.writelines(["one\n", "two\n"])
        draw("[3/3]")
        screen.finish(lambda width: "the end")
        print("after")
    print("outside")
    assert shown_by(tty.getvalue()) == [
        *("a fit prints", "...done", "a line that stays", "one", "two"),
        *("the end", "after", "outside"),
    ]
    assert "not now" not in tty.getvalue()


class Tee:
    """Stands for standard output, with no more than `print` needs."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def isatty(self):
        return True


def test_whatever_stands_for_standard_output_does(monkeypatch):
    tee = Tee()
    monkeypatch.setattr("sys.stdout", tee)
    monkeypatch.setattr("sys.stderr", None)
    monkeypatch.setenv("TERM", "xterm")
    BayesSearchCV(Prints(), SPACE, n_iter=2, verbose=2).fit(X, Y)
    assert "a fit" in tee.text


class Prints(SVC):
    def fit(self, X, y):
        print("a fit")
        return super().fit(X, y)


def test_plain_lines_become_rarer(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(screens.time, "monotonic", lambda: now[0])
    screen = screens.Screen()
    at = []
    for second in range(3600):
        now[0] = float(second)
        screen.update(lambda width: f"at {now[0]}")
        if capsys.readouterr().out:
            at.append(second)
    steps = np.diff(at)
    assert at[0] == 10
    assert steps[0] == 10
    assert (np.diff(steps) >= 0).all()
    assert 300 < steps[-1] < 400
    assert len(at) < 50


CELL = """
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from tests.programs.progress import Talks
from skbayes import BayesSearchCV
space = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 1e1)}
search = BayesSearchCV(Talks(), space, n_iter=8, n_jobs=N_JOBS, verbose=1, random_state=0)
search.fit(*load_iris(return_X_y=True));
"""


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_notebook_has_one_output_that_is_updated(n_jobs):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(CELL.replace("N_JOBS", str(n_jobs)))]
    updates = []

    class Client(nbclient.NotebookClient):
        def process_message(self, message, cell, index):
            if message["msg_type"] == "update_display_data":
                updates.append(message["content"]["data"]["text/plain"])
            return super().process_message(message, cell, index)

    Client(notebook, timeout=120, resources={"metadata": {"path": Path.cwd()}}).execute()
    outputs = notebook.cells[0].outputs
    shown = [output for output in outputs if output.output_type == "display_data"]
    assert len(shown) == 1
    assert set(shown[0]["data"]) == {"text/plain"}
    assert shown[0]["data"]["text/plain"].startswith("[8/8]  best 0.9")
    assert len(updates) > 2
    text = "".join(output.text for output in outputs if output.output_type == "stream")
    assert "Fitting 5 folds for each of 8 candidates" in text
    assert "UserWarning: a fit warns" in text
    assert "\r" not in text


def finished(number, score, **options):
    scores = {"score": np.array([score - 0.01, score + 0.01])}
    times = np.full(2, 0.5)
    return FinishedTrial(number, {}, score, "score", scores, times, times, 0.0, 1.0, **options)


def progress(n_trials=10, **options):
    return Progress(screens.Screen(), n_trials, 10.0, **options)


def test_the_line_leaves_out_what_is_least_important():
    shown = progress()
    for trial in (finished(0, 0.5), finished(1, np.nan), finished(2, 0.4, is_dropped=True)):
        shown.add(trial)
    whole = shown.line(120)
    assert whole == (
        "[ 3/10]  best 0.5 ± 0.01 (candidate 1 at 0:00)  0:00 elapsed  0:00 left  1 failed"
        "  1 dropped"
    )
    for width in range(len(whole)):
        assert len(shown.line(width)) <= width
    assert shown.line(len(whole) - 1) == whole.replace("  1 dropped", "")
    assert shown.line(30) == "[ 3/10]  best 0.5  0:00 left"
    assert shown.line(4) == "[ 3/"


def test_the_time_left_is_at_most_that_of_the_timeout():
    shown = progress(n_trials=None, timeout=7200)
    shown.add(finished(0, 0.5))
    assert "2:00:00 left" in shown.line(120)
    assert shown.line(120).startswith("[1]  best 0.5")


def test_the_best_has_the_most_of_the_resource():
    shown = progress(resource="clf__a_long_name_of_a_parameter")
    shown.add(finished(0, 0.9, resource=3, rung=0, bracket=0))
    shown.add(finished(1, 0.5, resource=9, rung=1, bracket=0))
    assert "best 0.5 ± 0.01 (candidate 2 at 0:00, clf__a_long_name_of…=9)" in shown.line(120)


def test_characters_that_cannot_be_encoded_are_written_otherwise(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="\n")
    monkeypatch.setattr("sys.stdout", stream)
    screens.say("0.5 ± 0.1 (n_…=3)")
    assert stream.buffer.getvalue() == b"0.5 +- 0.1 (n_?=3)\n"


LINE = re.compile(
    r"\[ *(\d+)/(\d+)\]  (?:n_samples=\d+  )?(?:score (\S+)|failed: .+?)  \S+ s  C=\S+, gamma=\S+$"
)


def lines_of(search, capsys):
    search.fit(X, Y)
    first, *lines = capsys.readouterr().out.splitlines()
    return first, lines


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_every_candidate_has_a_line(make, n_jobs, capsys):  # noqa: F811
    search = make(verbose=2, n_jobs=n_jobs)
    first, lines = lines_of(search, capsys)
    results = search.cv_results_
    n = len(results["params"])
    assert first == f"Fitting 2 folds for each of {n} candidates, totalling {2 * n} fits"
    matches = [LINE.match(line) for line in lines[:n]]
    assert [int(match[1]) for match in matches] == list(range(1, n + 1))
    assert {int(match[2]) for match in matches} == {n}
    scores = results["mean_test_score"]
    np.testing.assert_allclose([float(match[3]) for match in matches], scores, rtol=1e-4)
    assert lines[0].endswith(f"gamma={results['params'][0]['gamma']:.5g}")
    assert lines[n].startswith(f"[{n}/{n}]  best ")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more")
def test_a_failed_candidate_says_why(make, capsys):  # noqa: F811
    space = {"C": [-1.0, 1.0], "gamma": loguniform(1e-3, 1)}
    _, lines = lines_of(make(space=space, verbose=2, random_state=3), capsys)
    assert any("failed: InvalidParameterError: The" in line for line in lines)
    assert " failed" in next(line for line in lines if "best" in line)


def test_restored_candidates_are_one_line(make, tmp_path, capsys):  # noqa: F811
    search = make(checkpoint=tmp_path / "j").fit(X, Y)
    _, lines = lines_of(search.set_params(verbose=1), capsys)
    n = len(search.cv_results_["params"])
    assert lines[0] == f"{n} candidates were taken over"
    assert lines[1].startswith(f"[{n}/{n}]  best ")
    if make.cls is not HalvingBayesSearchCV:
        _, lines = lines_of(search.set_params(n_iter=6, verbose=2), capsys)
        assert lines[0] == "4 candidates were taken over"
        assert [LINE.match(line)[1] for line in lines[1:3]] == ["5", "6"]


def test_an_unlimited_number_of_candidates_is_not_announced(capsys):
    BayesSearchCV(SVC(), SPACE, n_iter=None, timeout=0.2, verbose=1).fit(X, Y)
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == "Fitting 5 folds for each of as many candidates as 0.2 seconds allow"
    assert re.match(r"\[\d+\]  best \S+ ± \S+ \(candidate \d+ at 0:00\)  0:00 elapsed", lines[0])
