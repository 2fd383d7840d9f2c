"""Journals that were forged: only what this search could have written is believed."""

import base64
import decimal
import fractions
import json
import os
import subprocess
import sys
import tracemalloc
import zlib

import numpy as np
import pytest
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV, HalvingBayesSearchCV, TPESearchCV
from skbayes.engine.records.journal import Journal, JournalError

X, Y = load_iris(return_X_y=True)
SPACE = {"svc__C": loguniform(1e-2, 1e2), "svc__degree": [2, 3, 4], "svc__kernel": ["rbf", "poly"]}


def make(cls, path, **options):
    size = {"n_candidates": 4} if cls is HalvingBayesSearchCV else {"n_iter": 6}
    options = {**size, "cv": 2, "random_state": 0, "refit": False} | options
    model = options.pop("estimator", make_pipeline(StandardScaler(), SVC()))
    return cls(model, options.pop("space", SPACE), checkpoint=path, **options)


def rewritten(path, change_header=lambda header: header, change_record=lambda record: record):
    """Write a journal anew, with right checksums, and what the changes make of its contents."""
    with Journal(path) as journal:
        header, records = journal.header, journal.records
    path.unlink()
    with Journal(path) as journal:
        journal.begin(
            change_header({k: v for k, v in header.items() if k not in ("skbayes_journal", "sum")})
        )
        for record in records:
            journal.append(change_record({k: v for k, v in record.items() if k != "sum"}))


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "j"
    make(BayesSearchCV, path).fit(X, Y)
    return path


def at(*place, value):
    """Return a change of a record that puts a value at a place."""

    def change(record):
        part = record
        for key in place[:-1]:
            part = part[key]
        part[place[-1]] = value
        return record

    return change


def without(*place):
    def change(record):
        part = record
        for key in place[:-1]:
            part = part[key]
        del part[place[-1]]
        return record

    return change


@pytest.mark.parametrize(
    "change",
    [
        at("params", "elsewhere", value=[None, "/somewhere"]),
        at("params", "svc__C", value=[None, 1e6]),
        at("params", "svc__C", value=[None, 50.0]),
        at("params", "svc__C", value=[None, "auto"]),
        at("params", "svc__C", value=[None, 3]),
        at("params", "svc__C", value=[None, float("nan")]),
        at("params", "svc__C", value=["<f4", 1.0]),
        at("params", "svc__degree", value=[None, 3.0]),
        at("params", "svc__degree", value=[None, 17]),
        at("params", "svc__kernel", value=[None, "linear"]),
        at("params", "svc__kernel", value=["O", "rbf"]),
        at("params", "svc__kernel", value=[["<f8"], "rbf"]),
        at("params", value={}.fromkeys(["svc__C"], [None, 10**400])),
        at("row", value=[0.5, 0.5, float("nan")]),
        at("row", value=[0.5, 0.5, 2.0]),
        at("row", value=[0.5, 0.5]),
        at("row", 0, value="0.5"),
        at("number", value=-1),
        at("number", value=True),
        at("number", value=1e400),
        at("number", value=0),
        at("n_shown", value=99),
        at("state", value={"theta": [0.0]}),
        at("state", value={"theta": [1e300] * 5}),
        at("state", value={"theta": None}),
        at("state", value={"index": 0}),
        at("state", value={}),
        at("state", value=[]),
        at("fidelity", value=9),
        at("parent", value=0),
        at("results", value=[]),
        at("results", 0, value={}),
        at("results", 0, "fit_error", value=3),
        at("results", 0, "test_scores", value="high"),
        at("results", 0, "test_scores", value={"score": 1.0}),
        at("results", 0, "test_scores", value=True),
        at("results", 0, "fit_time", value=-1.0),
        at("results", 0, "fit_time", value=1e400),
        at("results", 0, "n_test_samples", value=1.5),
        at("results", 0, "stop_requested", value="no"),
        at("results", 0, "score_errors", value={"f1": "E"}),
        at("results", 0, "estimator", value="x"),
        at("results", 0, "is_pruned", value=True),
        at("results", 0, "is_pruned", value=0),
        at("surprise", value=1),
        without("row"),
        without("results", 0, "score_time"),
    ],
)
def test_a_record_that_this_search_could_not_have_written_is_refused(journal, change):
    rewritten(journal, change_record=change)
    with pytest.raises(JournalError, match=r"checkpoint='.*j': a line is not what it should be"):
        make(BayesSearchCV, journal).fit(X, Y)


def test_scores_are_believed(journal):
    rewritten(journal, change_record=at("results", 0, "test_scores", value=7))
    search = make(BayesSearchCV, journal).fit(X, Y)
    assert search.cv_results_["split0_test_score"].tolist() == [7.0] * 6


def test_records_without_what_was_added_later_are_read(journal):
    expected = make(BayesSearchCV, journal).fit(X, Y).cv_results_["mean_test_score"]
    rewritten(journal, change_record=without("results", 0, "score_errors"))
    again = make(BayesSearchCV, journal).fit(X, Y).cv_results_["mean_test_score"]
    assert again.tolist() == expected.tolist()


@pytest.mark.parametrize("cls", [BayesSearchCV, TPESearchCV, HalvingBayesSearchCV])
def test_what_the_search_has_written_is_believed(cls, tmp_path):
    space = [
        {"svc": [SVC(kernel="poly")], "svc__C": loguniform(1e-2, 1e2), "svc__degree": [2, 3, 4]},
        {"svc": [RandomForestClassifier(5)], "svc__max_depth": [None, 1, np.int64(2), 3]},
        {"svc__C": uniform(1, 2), "svc__coef0": randint(0, 10**6), "svc__tol": [1e-3, 1, 1.0]},
    ]
    given = [{"svc__C": np.float64(1.5), "svc__coef0": 7}, {"svc__degree": 3}]
    options = {"space": space, "initial_params": given}
    if cls is HalvingBayesSearchCV:
        options |= {"n_candidates": 9, "min_resources": 30}
    first = make(cls, tmp_path / "j", **options).fit(X, Y)
    again = make(cls, tmp_path / "j", **options).fit(X, Y)
    for ours, theirs in zip(again.cv_results_["params"], first.cv_results_["params"], strict=True):
        assert list(ours) == list(theirs)
        for name in ours:
            assert type(ours[name]) is type(theirs[name])
            assert ours[name] is theirs[name] or ours[name] == theirs[name]


@pytest.mark.parametrize(
    "change",
    [
        at("state", "bracket", value=3),
        at("state", "rung", value=9),
        at("state", "rung", value=True),
        at("state", "candidate", value=7),
        at("state", value=None),
        at("fidelity", value=150),
        at("fidelity", value=None),
        at("parent", value=77),
        without("state", "rung"),
        at("params", "n_estimators", value=[None, 100]),
        without("params", "n_estimators"),
    ],
)
def test_a_place_that_no_trial_of_halving_has_is_refused(tmp_path, change):
    def search():
        return HalvingBayesSearchCV(
            RandomForestClassifier(random_state=0),
            {"max_depth": randint(1, 5)},
            resource="n_estimators",
            max_resources=9,
            cv=2,
            random_state=0,
            checkpoint=tmp_path / "j",
        )

    search().fit(X, Y)
    rewritten(tmp_path / "j", change_record=change)
    with pytest.raises(JournalError, match="a line is not what it should be"):
        search().fit(X, Y)


def bomb():
    return base64.b64encode(zlib.compress(bytes(2**28), 9)).decode()


@pytest.mark.parametrize(
    "change",
    [
        lambda header: {},
        at("seed", value=1e400),
        at("seed", value="3"),
        at("seed", value=5),
        at("seed", value=2**40),
        without("identity"),
        at("identity", value=[]),
        at("versions", value={"Python": 3}),
        at("splits", value=[3]),
        at("splits", value=["!", "!"]),
        at("splits", value=["AAAA"] * 4),
        at("splits", value=[base64.b64encode(zlib.compress(b"123")).decode()] * 4),
        lambda header: header | {"splits": header["splits"][:3]},
        lambda header: header | {"splits": header["splits"][:2]},
        at("splits_digest", value=None),
    ],
)
def test_a_forged_header_is_refused(tmp_path, change):
    options = {"cv": KFold(2, shuffle=True)}
    make(TPESearchCV, tmp_path / "j", **options).fit(X, Y)
    rewritten(tmp_path / "j", change_header=change)
    with pytest.raises(JournalError, match=r"checkpoint='"):
        make(TPESearchCV, tmp_path / "j", **options).fit(X, Y)


def test_a_header_that_unpacks_to_gigabytes_is_refused_in_bounded_memory(tmp_path):
    options = {"cv": KFold(2, shuffle=True)}
    make(TPESearchCV, tmp_path / "j", **options).fit(X, Y)
    rewritten(tmp_path / "j", change_header=at("splits", value=[bomb()] * 4))
    tracemalloc.start()
    try:
        with pytest.raises(JournalError, match="its splits cannot be read"):
            make(TPESearchCV, tmp_path / "j", **options).fit(X, Y)
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[1]", "3", "1" * 10_000])
def test_a_line_that_is_no_dict_is_refused(journal, text):
    with Journal(journal) as open_journal:
        open_journal._write(_Text(text))
    with pytest.raises(JournalError, match=r"line 8 was changed|not what it should be"):
        make(BayesSearchCV, journal).fit(X, Y)


class _Text(dict):
    """Content of a line that json writes as a text of its own."""

    def __init__(self, text):
        super().__init__(x=1)
        self.text = text


@pytest.fixture(autouse=True)
def json_writes_texts(monkeypatch):
    real = json.dumps

    def dumps(content, **options):
        return content.text if isinstance(content, _Text) else real(content, **options)

    monkeypatch.setattr("skbayes.engine.records.journal.json.dumps", dumps)


@pytest.mark.parametrize("path", ["/dev/full", "/dev/zero", "/dev/null"])
@pytest.mark.skipif(os.name != "posix", reason="Windows has no such files")
def test_a_device_is_refused(path):
    with pytest.raises(JournalError, match=f"checkpoint='{path}': it is not a regular file"):
        make(BayesSearchCV, path).fit(X, Y)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no named pipes")
def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(JournalError, match=r"checkpoint='.*pipe': it is not a regular file"):
        make(BayesSearchCV, tmp_path / "pipe").fit(X, Y)


def test_a_large_file_that_is_no_journal_is_not_read_to_its_end(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(10**12)  # a sparse file of a terabyte
    with pytest.raises(JournalError, match="it is not a journal of skbayes"):
        make(BayesSearchCV, tmp_path / "large").fit(X, Y)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "checkpoint='' is no path; give the name"),
        ("a\0b", "is no path; give the name"),
        ("x" * 300, "checkpoint='x.*it cannot be .*File name too long"),
    ],
)
def test_a_path_that_is_none_is_refused(path, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        make(BayesSearchCV, path).fit(X, Y)
    assert not list(tmp_path.iterdir())


def test_a_path_below_a_file_is_refused_by_name(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match=r"checkpoint='.*file/j': it cannot be created"):
        make(BayesSearchCV, tmp_path / "file" / "j").fit(X, Y)


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    make(BayesSearchCV, "~/searches/").fit(X, Y)
    assert len(list((tmp_path / "searches").glob("*.jsonl"))) == 1


class Odd(ClassifierMixin, BaseEstimator):
    """A model whose score is of an odd kind."""

    def __init__(self, x=0.0, kind=float):
        self.x, self.kind = x, kind

    def fit(self, X, y):
        return self

    def score(self, X, y):
        return self.kind(self.x)


@pytest.mark.parametrize("kind", ["Fraction", "Decimal", "longdouble", "float16", "int", "bool_"])
def test_a_score_of_any_real_kind_is_a_float_and_can_be_resumed(kind, tmp_path):
    kinds = {"Fraction": fractions.Fraction, "Decimal": decimal.Decimal, "int": int}
    model = Odd(kind=kinds.get(kind) or getattr(np, kind))
    options = {"estimator": model, "space": {"x": uniform(0, 3)}}
    first = make(BayesSearchCV, tmp_path / "j", **options).fit(X, Y)
    again = make(BayesSearchCV, tmp_path / "j", **options).fit(X, Y)
    scores = again.cv_results_["mean_test_score"]
    assert scores.dtype == float
    assert scores.tolist() == first.cv_results_["mean_test_score"].tolist()


def test_a_complex_score_is_refused():
    with pytest.raises(ValueError, match=r"scoring must return a real number, got \(.*j\)"):
        make(BayesSearchCV, None, estimator=Odd(kind=complex), space={"x": uniform()}).fit(X, Y)


def test_time_spans_in_a_list_can_be_resumed(tmp_path):
    options = {
        "estimator": Odd(kind=lambda span: float(span / np.timedelta64(1, "h"))),
        "space": {"x": np.arange(1, 5).astype("m8[h]")},
    }
    make(BayesSearchCV, tmp_path / "j", **options, n_iter=2).fit(X, Y)
    again = make(BayesSearchCV, tmp_path / "j", **options, n_iter=3).fit(X, Y)
    assert len(again.cv_results_["params"]) == 3


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="limits the size of files")
def test_a_full_disk_names_the_checkpoint_and_keeps_what_was_found(tmp_path):
    """The file may hold four kilobytes; the search has found something by then."""
    program = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.svm import SVC
from skbayes import BayesSearchCV
space = {"C": loguniform(1e-2, 1e2)}
search = BayesSearchCV(SVC(), space, n_iter=40, random_state=0, checkpoint=sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
try:
    search.fit(*load_iris(return_X_y=True))
except ValueError as error:
    print(error, *error.__notes__, len(search.cv_results_["params"]))
"""
    run = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "j"], capture_output=True, text=True, check=True
    )
    assert "it cannot be written: File too large" in run.stdout
    assert f"checkpoint='{tmp_path / 'j'}'" in run.stdout
    with Journal(tmp_path / "j") as journal:
        assert 1 < len(journal.records) < 40
        n_kept = int(run.stdout.split()[-1])
        assert n_kept >= len(journal.records)
