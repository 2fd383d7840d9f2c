"""A search in TensorBoard's event files, read back by TensorBoard."""

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata

from skbayes import BayesSearchCV
from skbayes.params_json import params_from_json
from skbayes.tracking import TensorBoardCallback
from skbayes.tracking.outbox import BEST
from tests.tracking.searches import (
    FailsForLargeC,
    X,
    Y,
    assert_same,
    scores_of,
    search_of,
    stops_at,
)

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def read(folder):
    """Return the scalars, the texts and the HParams of a folder."""
    events = EventAccumulator(str(folder)).Reload()
    scalars = {tag: [] for tag in events.Tags()["tensors"]}
    texts, hparams = {}, {}
    for tag in list(scalars):
        for event in events.Tensors(tag):
            if event.tensor_proto.string_val:
                texts[tag] = event.tensor_proto.string_val[0].decode()
            elif event.tensor_proto.float_val:
                scalars[tag].append((event.step, event.tensor_proto.float_val[0]))
    plugin = events.summary_metadata
    for tag, summary in plugin.items():
        content = summary.plugin_data.content
        if tag == metadata.SESSION_START_INFO_TAG:
            hparams["start"] = metadata.parse_session_start_info_plugin_data(content)
        if tag == metadata.SESSION_END_INFO_TAG:
            hparams["end"] = metadata.parse_session_end_info_plugin_data(content)
    return scalars, texts, hparams


def test_everything_can_be_read_back(tmp_path):
    search = search_of(TensorBoardCallback(str(tmp_path), log_model=True)).fit(X, Y)
    folder = tmp_path / search.run_id_
    scalars, texts, _ = read(folder)
    best = np.maximum.accumulate(search.cv_results_["mean_test_score"])
    assert [step for step, _ in scalars[BEST]] == [0, 1, 2, 3]
    np.testing.assert_allclose([value for _, value in scalars[BEST]], best, rtol=1e-6)
    assert params_from_json(texts["best_params.json"]) == search.best_params_
    assert f"- seed: {search.seed_}" in texts["settings"]
    assert texts["space.txt"].startswith("C: loguniform(0.01, 1000")
    assert (folder / "cv_results.csv").read_text().startswith("mean_fit_time,")
    for number in range(4):
        scalars, _, hparams = read(folder / f"trial-{number:05}")
        params = search.cv_results_["params"][number]
        found = dict(hparams["start"].hparams.items())
        assert found["C"].number_value == params["C"]
        assert found["kernel"].string_value == params["kernel"]
        assert found["shrinking"].bool_value == params["shrinking"]
        assert hparams["start"].group_name == f"trial {number}"
        assert hparams["end"].status == 1
        assert hparams["end"].end_time_secs >= hparams["start"].start_time_secs
        assert_same(
            {tag: values[0][1] for tag, values in scalars.items() if values},
            scores_of(search, number),
        )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more")
def test_a_failed_trial_says_why(tmp_path):
    callback = TensorBoardCallback(str(tmp_path))
    search = BayesSearchCV(FailsForLargeC(), {"C": [1.0, 20.0]}, cv=3, callbacks=callback)
    search.fit(X, Y)
    _, texts, hparams = read(tmp_path / search.run_id_ / "trial-00001")
    assert texts["skbayes.failure"] == "ValueError: C is too large"
    assert hparams["end"].status == 2


def test_a_resumed_search_continues_its_folder(tmp_path):
    options = {"checkpoint": tmp_path / "journal"}
    runs = tmp_path / "runs"
    with pytest.raises(KeyboardInterrupt):
        search_of([TensorBoardCallback(str(runs)), stops_at(1)], **options).fit(X, Y)
    search_of(TensorBoardCallback(str(runs)), n_jobs=2, **options).fit(X, Y)
    [folder] = runs.iterdir()
    trials = sorted(path for path in folder.iterdir() if path.is_dir())
    assert [path.name for path in trials] == [f"trial-{number:05}" for number in range(4)]
    assert all(len(list(path.iterdir())) == 1 for path in trials)
