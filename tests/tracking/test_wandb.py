"""A search in Weights & Biases, offline, read back from its files."""

import json
import pickle
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from wandb.proto import wandb_internal_pb2

from skbayes import BayesSearchCV
from skbayes.params_json import params_from_json
from skbayes.tracking import WandbCallback
from skbayes.tracking.outbox import BEST
from tests.tracking.searches import (
    FailsForLargeC,
    X,
    Y,
    assert_same,
    is_plain,
    scores_of,
    search_of,
    stops_at,
)

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def records_in(content, n_header=7, block=1 << 15):
    """Yield the records of a file of W&B, which is a log as LevelDB writes it."""
    assert content[:4] in (b":W&B", b"")
    at, record = n_header, b""
    while at + n_header <= len(content):
        if block - at % block < n_header:  # the rest of a block is too small for a record
            at += block - at % block
            continue
        _, size, kind = struct.unpack_from("<IHB", content, at)
        record += content[at + n_header : at + n_header + size]
        at += n_header + size
        if kind in (1, 4):  # the whole of a record, or its last part
            yield record
            record = b""


class ReadBack:
    """What the file of a run says."""

    def __init__(self, path):
        self.config, self.summary, self.history, self.exit_code = {}, {}, [], None
        self.files = {}  # of the artifact
        self.job_type = None
        for data in records_in(path.read_bytes()):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(data)
            kind = record.WhichOneof("record_type")
            if kind == "run":
                self.id, self.group = record.run.run_id, record.run.run_group
                self.job_type = record.run.job_type
                self._update(self.config, record.run.config.update)
            elif kind == "config":
                self._update(self.config, record.config.update)
            elif kind == "summary":
                self._update(self.summary, record.summary.update)
            elif kind == "history":
                self.history.append({})
                self._update(self.history[-1], record.history.item)
            elif kind == "artifact":
                for entry in record.artifact.manifest.contents:
                    self.files[entry.path] = Path(entry.local_path).read_bytes()
            elif kind == "exit":
                self.exit_code = record.exit.exit_code
        self.config.pop("_wandb", None)

    @staticmethod
    def _update(table, items):
        for item in items:
            table[item.key or ".".join(item.nested_key)] = json.loads(item.value_json)


def files_in(folder):
    """Return the files of all runs."""
    return sorted(folder.glob("wandb/offline-run-*/*.wandb"))


def runs_in(folder):
    """Return the runs of the search, and those of the trials by number."""
    deadline = time.monotonic() + 60  # W&B writes its files a little later than it says
    while any((run := ReadBack(path)).exit_code is None for path in files_in(folder)):
        assert time.monotonic() < deadline, vars(run)
        time.sleep(0.1)
    runs = [ReadBack(path) for path in files_in(folder)]
    searches = [run for run in runs if run.job_type == "search"]
    trials = [run for run in runs if run.job_type == "trial"]
    return searches, sorted(trials, key=lambda run: run.summary["trial"])


def callback_for(folder, **options):
    return WandbCallback(project="p", mode="offline", folder=str(folder), **options)


def test_everything_can_be_read_back(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path / "data"))
    search = search_of(callback_for(tmp_path, log_model=True)).fit(X, Y)
    [run], trials = runs_in(tmp_path)
    assert run.id == run.group == search.run_id_
    assert run.exit_code == 0
    assert run.config["seed"] == search.seed_
    assert run.config["space.txt"].startswith("C: loguniform(0.01, 1000")
    assert run.config["version.scikit-learn"]
    assert run.summary["best_score"] == pytest.approx(search.best_score_)
    assert run.summary["best_C"] == search.best_params_["C"]
    best = np.maximum.accumulate(search.cv_results_["mean_test_score"])
    np.testing.assert_allclose([row[BEST] for row in run.history if BEST in row], best)
    assert len(trials) == 4
    for number, trial in enumerate(trials):
        assert trial.group == search.run_id_
        assert trial.config == dict(search.cv_results_["params"][number])
        assert is_plain(trial.config)
        assert_same(trial.summary, scores_of(search, number))
    assert set(run.files) == {"best_params.json", "cv_results.csv", "model.pkl"}
    assert params_from_json(run.files["best_params.json"].decode()) == search.best_params_
    model = pickle.loads(run.files["model.pkl"])
    np.testing.assert_array_equal(model.predict(X), search.predict(X))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more")
def test_a_failed_trial_is_a_failed_run_that_says_why(tmp_path):
    model, space = FailsForLargeC(), {"C": [1.0, 20.0]}
    BayesSearchCV(model, space, cv=3, callbacks=callback_for(tmp_path)).fit(X, Y)
    _, trials = runs_in(tmp_path)
    assert [trial.exit_code for trial in trials] == [0, 1]
    assert trials[1].summary["skbayes.failure"] == "ValueError: C is too large"


def test_a_resumed_search_continues_its_run(tmp_path):
    options = {"checkpoint": tmp_path / "journal"}
    with pytest.raises(KeyboardInterrupt):
        search_of([callback_for(tmp_path), stops_at(1)], **options).fit(X, Y)
    search_of(callback_for(tmp_path), n_jobs=2, **options).fit(X, Y)
    searches, trials = runs_in(tmp_path)
    assert len({run.id for run in searches}) == 1
    assert [run.exit_code for run in searches] == [1, 0]
    assert [trial.summary["trial"] for trial in trials] == [0, 1, 2, 3]
