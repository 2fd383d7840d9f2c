"""A search in MLflow, read back from a real server with a database."""

import csv
import gc
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import warnings

import joblib
import mlflow
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from skbayes import BayesSearchCV, TPESearchCV
from skbayes.params_json import params_from_json
from skbayes.tracking import MLflowCallback
from skbayes.tracking._mlflow_compat import is_globally_disabled
from skbayes.tracking.mlflow import PARENT, TRIAL, MLflowSender
from skbayes.tracking.outbox import BEST
from tests.tracking.searches import (
    SPACE,
    FailsForLargeC,
    X,
    Y,
    assert_same,
    halving_of,
    scores_of,
    search_of,
    stops_at,
)

pytestmark = [
    pytest.mark.slow,
    # MLflow's own: of its dependencies, and of the scikit-learn version it was tested with.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred"),
    # Connections to a server that was killed, whenever they are collected.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """An MLflow server on the loopback interface, with SQLite."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--workers", "1"]
        command += ["--backend-store-uri", f"sqlite:///{self.folder}/runs.db"]
        command += ["--artifacts-destination", str(self.folder / "artifacts")]
        log = (self.folder / "server.log").open("w")
        with log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, cwd=self.folder
            )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.uri}/health", timeout=1):
                    return
            except OSError:
                assert self.process.poll() is None, (self.folder / "server.log").read_text()
                time.sleep(0.1)
        raise AssertionError((self.folder / "server.log").read_text())

    def stop(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        while self.accepts_connections():  # the server's own children end a moment later
            time.sleep(0.01)

    def accepts_connections(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("mlflow"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def experiment(server, request):
    """Return the id of a new experiment of this test, which is the active one."""
    mlflow.set_tracking_uri(server.uri)
    yield mlflow.set_experiment(request.node.name).experiment_id
    mlflow.sklearn.autolog(disable=True)
    while mlflow.active_run() is not None:
        mlflow.end_run()


def runs_of(experiment):
    """Return the top-level runs, and the children of all runs in the order of their trials."""
    runs = mlflow.MlflowClient().search_runs([experiment], max_results=1000)
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in runs if "skbayes.trial" in run.data.tags]
    return parents, sorted(children, key=lambda run: int(run.data.tags["skbayes.trial"]))


def text_of(run, name):
    return mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/{name}")


def test_everything_can_be_read_back(experiment):
    search = search_of(MLflowCallback(run_name="mine", log_model=True)).fit(X, Y)
    [parent], children = runs_of(experiment)
    assert parent.info.status == "FINISHED"
    assert parent.info.run_name == "mine"
    assert parent.data.params["seed"] == str(search.seed_)
    assert parent.data.params["search"] == "BayesSearchCV"
    assert parent.data.params["estimator"] == "SVC()"
    assert parent.data.tags["best_C"] == str(float(search.best_params_["C"]))
    assert parent.data.metrics["best_score"] == pytest.approx(search.best_score_)
    assert parent.data.tags["version.scikit-learn"]
    assert params_from_json(text_of(parent, "best_params.json")) == search.best_params_
    assert text_of(parent, "space.txt").startswith("C: loguniform(0.01, 1000")
    rows = list(csv.DictReader(io.StringIO(text_of(parent, "cv_results.csv"))))
    column = [float(row["mean_test_score"]) for row in rows]
    np.testing.assert_array_equal(column, search.cv_results_["mean_test_score"])
    model = mlflow.sklearn.load_model(f"runs:/{parent.info.run_id}/model")
    np.testing.assert_array_equal(model.predict(X), search.predict(X))

    assert len(children) == 4
    for number, child in enumerate(children):
        params = search.cv_results_["params"][number]
        assert child.data.params == {
            "C": str(float(params["C"])),
            "kernel": params["kernel"],
            "shrinking": str(bool(params["shrinking"])),
        }
        assert_same(child.data.metrics, scores_of(search, number))
        assert child.data.metrics["mean_fit_time"] > 0
        assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
        own = search.timeline_["candidate"] == number
        begin = search.timeline_["begin"][own].min()
        assert child.info.start_time == int(1000 * begin)
        assert child.info.end_time >= child.info.start_time
    history = mlflow.MlflowClient().get_metric_history(parent.info.run_id, BEST)
    best = np.maximum.accumulate(search.cv_results_["mean_test_score"])
    np.testing.assert_allclose([metric.value for metric in history], best)
    assert [metric.step for metric in history] == [0, 1, 2, 3]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more")
def test_a_failed_trial_is_a_failed_run_that_says_why(experiment):
    search = BayesSearchCV(
        FailsForLargeC(), {"C": [1.0, 20.0]}, cv=3, callbacks=MLflowCallback()
    ).fit(X, Y)
    _, children = runs_of(experiment)
    assert [child.info.status for child in children] == ["FINISHED", "FAILED"]
    assert children[1].data.tags["skbayes.failure"] == "ValueError: C is too large"
    assert "mean_test_score" not in children[1].data.metrics
    assert search.best_params_ == {"C": 1.0}


def test_a_trial_of_a_rung_says_which(experiment):
    search = halving_of(MLflowCallback()).fit(X, Y)
    _, children = runs_of(experiment)
    rungs = [int(child.data.tags["skbayes.rung"]) for child in children]
    assert rungs == search.cv_results_["iter"].tolist()
    resources = [int(child.data.tags["skbayes.resource"]) for child in children]
    assert resources == search.cv_results_["n_resources"].tolist()


def test_a_resumed_search_continues_its_run(experiment, tmp_path):
    options = {"checkpoint": tmp_path / "journal"}
    with pytest.raises(KeyboardInterrupt):
        search_of([MLflowCallback(), stops_at(1)], **options).fit(X, Y)
    [parent], children = runs_of(experiment)
    assert parent.info.status == "KILLED"
    assert len(children) == 2
    search_of(MLflowCallback(), n_jobs=2, **options).fit(X, Y)
    [resumed], children = runs_of(experiment)
    assert resumed.info.run_id == parent.info.run_id
    assert resumed.info.status == "FINISHED"
    assert [int(child.data.tags["skbayes.trial"]) for child in children] == [0, 1, 2, 3]


def test_a_search_in_an_active_run_is_its_child(experiment):
    with mlflow.start_run() as above:
        search_of(MLflowCallback(), refit=False).fit(X, Y)
    [top], children = runs_of(experiment)
    assert top.info.run_id == above.info.run_id
    parent = mlflow.get_run(children[0].data.tags["mlflow.parentRunId"])
    assert parent.data.tags["mlflow.parentRunId"] == above.info.run_id


def test_searches_of_a_cross_validation_have_a_run_each(experiment):
    search = search_of(MLflowCallback(experiment_name="nested"), n_iter=2)
    cross_validate(search, X, Y, cv=2)
    nested = mlflow.get_experiment_by_name("nested").experiment_id
    parents, children = runs_of(nested)
    assert (len(parents), len(children)) == (2, 4)


def test_a_callback_can_go_to_a_worker(server, experiment):
    callback = MLflowCallback(tracking_uri=server.uri, experiment_name="workers")
    cross_validate(search_of(callback, n_iter=2), X, Y, cv=2, n_jobs=2)
    parents, children = runs_of(mlflow.get_experiment_by_name("workers").experiment_id)
    assert (len(parents), len(children)) == (2, 4)


@pytest.mark.parametrize("backend", ["loky", "threading"])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_autologging_makes_one_parent_and_a_child_for_every_trial(experiment, backend, n_jobs):
    mlflow.sklearn.autolog(log_models=False, silent=True)
    with joblib.parallel_config(backend):
        search = search_of(None, n_jobs=n_jobs).fit(X, Y)
    [parent], children = runs_of(experiment)
    assert len(children) == 4
    assert_same(children[2].data.metrics, scores_of(search, 2))
    assert "model" not in [f.path for f in mlflow.MlflowClient().list_artifacts(parent.info.run_id)]
    assert not is_globally_disabled()
    LogisticRegression(max_iter=500).fit(X, Y)  # autologging is back
    parents, _ = runs_of(experiment)
    assert len(parents) == 2


def test_autologging_with_the_callback_makes_the_same_runs(experiment):
    mlflow.sklearn.autolog(silent=True)
    search_of([print, MLflowCallback(run_name="mine")]).fit(X, Y)
    [parent], children = runs_of(experiment)
    assert parent.info.run_name == "mine"
    assert len(children) == 4


def test_autologging_is_put_back_after_an_error(experiment):
    mlflow.sklearn.autolog(silent=True)
    with pytest.raises(ValueError, match="n_iter"):
        search_of(None, n_iter=-1).fit(X, Y)
    search = BayesSearchCV(FailsForLargeC(), {"C": [20.0, 30.0]}, error_score="raise")
    with pytest.raises(ValueError, match="too large"):
        search.fit(X, Y)
    assert not is_globally_disabled()
    [parent], _ = runs_of(experiment)
    assert parent.info.status == "FAILED"


def test_autologging_stays_off_until_the_last_of_several_searches_ends(experiment):
    mlflow.sklearn.autolog(log_models=False, silent=True)
    inner = TPESearchCV(SVC(), {"C": [1.0, 2.0]}, cv=2)
    outer = BayesSearchCV(inner, {"estimator__gamma": [0.1, 1.0]}, cv=2).fit(X, Y)
    assert len(outer.cv_results_["params"]) == 2
    [_], children = runs_of(experiment)
    assert len(children) == 2


def test_without_autologging_nothing_is_logged(experiment):
    search_of(None).fit(X, Y)
    assert runs_of(experiment) == ([], [])
    assert not is_globally_disabled()


def test_a_server_that_is_down_costs_one_warning_and_nothing_is_lost(tmp_path, monkeypatch):
    server = Server(tmp_path)
    server.start()
    mlflow.set_tracking_uri(server.uri)
    experiment = mlflow.set_experiment("interrupted").experiment_id
    is_sent = threading.Event()
    send = MLflowSender.trial

    def sending(self, message):
        send(self, message)
        is_sent.set()

    monkeypatch.setattr(MLflowSender, "trial", sending)

    def stop_and_start(search, trial):
        if trial.number == 0:
            assert is_sent.wait(60)  # a request under way would be repeated by MLflow itself
            server.stop()
        if trial.number == 3:
            server.start()

    with pytest.warns(UserWarning, match="MLflow cannot be reached or") as caught:
        search_of([MLflowCallback(), stop_and_start]).fit(X, Y)
    assert len(caught) == 1
    [parent], children = runs_of(experiment)
    assert parent.info.status == "FINISHED"
    assert [int(child.data.tags["skbayes.trial"]) for child in children] == [0, 1, 2, 3]
    server.stop()
    gc.collect()


def test_what_cannot_be_sent_at_all_is_in_a_file_that_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    callback = MLflowCallback(tracking_uri=f"http://127.0.0.1:{free_port()}")
    begin = time.monotonic()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search = search_of(callback).fit(X, Y)
    seconds = time.monotonic() - begin
    mine = [str(w.message) for w in caught if "MLflow" in str(w.message)]
    assert len(mine) == 2
    path = tmp_path / f"skbayes-mlflow-{search.run_id_}.jsonl"
    assert "6 messages could not be sent to MLflow" in mine[1]
    assert repr(str(path)) in mine[1]
    lines = path.read_text().splitlines()
    assert len(lines) == 6
    assert '"mean_test_score"' in lines[1]
    assert seconds < 30  # MLflow by itself would try for minutes
    assert hasattr(search, "best_estimator_")


def test_randomized_search_is_logged_as_before(experiment):
    mlflow.sklearn.autolog(log_models=False, silent=True, max_tuning_runs=3)
    RandomizedSearchCV(SVC(), SPACE, n_iter=4, cv=3, random_state=0).fit(X, Y)
    parents, _ = runs_of(experiment)
    assert len(parents) == 1


def test_a_run_that_a_kill_left_unfinished_is_completed(experiment, tmp_path):
    options = {"checkpoint": tmp_path / "journal"}
    with pytest.raises(KeyboardInterrupt):
        search_of([MLflowCallback(), stops_at(1)], **options).fit(X, Y)
    [parent], children = runs_of(experiment)
    client = mlflow.MlflowClient()
    client.delete_run(children[0].info.run_id)
    tags = {TRIAL: "0", PARENT: parent.info.run_id}
    empty = client.create_run(experiment, tags=tags).info.run_id
    search = search_of(MLflowCallback(), **options).fit(X, Y)
    _, children = runs_of(experiment)
    assert [int(child.data.tags[TRIAL]) for child in children] == [0, 1, 2, 3]
    assert children[0].info.run_id == empty
    assert children[0].info.status == "FINISHED"
    assert_same(children[0].data.metrics, scores_of(search, 0))


def test_a_resumed_search_may_find_something_better(experiment, tmp_path):
    options = {"checkpoint": tmp_path / "journal", "n_iter": 12}
    with pytest.raises(KeyboardInterrupt):
        search_of([MLflowCallback(), stops_at(0)], **options).fit(X, Y)
    [killed], _ = runs_of(experiment)
    assert killed.data.tags["skbayes.error"] == "KeyboardInterrupt()"
    search = search_of(MLflowCallback(), **options).fit(X, Y)
    assert search.best_index_ > 0
    [parent], _ = runs_of(experiment)
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["skbayes.error"] == ""
    assert parent.data.tags["best_C"] == str(float(search.best_params_["C"]))


def test_an_error_that_the_program_was_handling_is_not_that_of_the_search(experiment):
    try:
        raise OSError("something else")
    except OSError:
        search_of(MLflowCallback()).fit(X, Y)
    [parent], _ = runs_of(experiment)
    assert parent.info.status == "FINISHED"


class HoldsALock(SVC):
    def fit(self, X, y):
        self.lock_ = threading.Lock()
        return super().fit(X, y)


def test_a_model_that_cannot_be_sent_costs_a_warning_and_no_more(experiment):
    search = BayesSearchCV(HoldsALock(), SPACE, n_iter=2, callbacks=MLflowCallback(log_model=True))
    with pytest.warns(UserWarning, match=r"MLflow has not got the model: .*_th"):
        search.fit(X, Y)
    [parent], children = runs_of(experiment)
    assert parent.info.status == "FINISHED"
    assert len(children) == 2
    assert text_of(parent, "cv_results.csv")


def test_a_model_of_the_users_own_program_can_be_sent(experiment):
    model = make_pipeline(FunctionTransformer(lambda X: X * 2), SVC())
    space = {f"svc__{name}": values for name, values in SPACE.items()}
    callback = MLflowCallback(log_model=True)
    BayesSearchCV(model, space, n_iter=2, random_state=0, callbacks=callback).fit(X, Y)
    [parent], _ = runs_of(experiment)
    loaded = mlflow.sklearn.load_model(f"runs:/{parent.info.run_id}/model")
    assert loaded.score(X, Y) > 0.5


def test_names_that_mlflow_does_not_take_are_changed(experiment):
    search = search_of(MLflowCallback(), scoring={"f1 (%)": "f1_macro"}, refit="f1 (%)")
    search.fit(X, Y)
    _, children = runs_of(experiment)
    assert len(children) == 4
    assert "mean_test_f1 ___" in children[0].data.metrics


def test_a_search_within_a_fit_that_is_logged_is_part_of_it(experiment):
    mlflow.sklearn.autolog(log_models=False, silent=True)
    search = TPESearchCV(SVC(), SPACE, n_iter=2, cv=2, random_state=0)
    GridSearchCV(search, {"n_initial_points": [1, 2]}, cv=2).fit(X, Y)
    _, children = runs_of(experiment)
    assert children == []


def test_another_store_than_the_active_one_has_its_own_experiments(
    experiment, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)  # a database on its own keeps files in the working directory
    uri = f"sqlite:///{tmp_path}/other.db"
    search_of(MLflowCallback(tracking_uri=uri), n_iter=2).fit(X, Y)
    assert runs_of(experiment) == ([], [])
    runs = mlflow.MlflowClient(uri).search_runs(["0"])
    assert len(runs) == 3
