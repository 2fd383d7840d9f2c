"""The pages about other libraries run as they are written, with those libraries."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")  # there is no TensorFlow here

import matplotlib
import pytest
import ray

from tests.pages import DOC, run_page

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def small_ray():
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    yield
    ray.shutdown()


@pytest.mark.parametrize(
    "name", ["scikit_optimize", "optuna", "hyperopt", "ray_tune", "keras_tuner"]
)
def test_a_page_runs_from_top_to_bottom(name, tmp_path, monkeypatch, capsys, request):
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    if name == "ray_tune":
        request.getfixturevalue("small_ray")
    run_page(DOC / "migration" / f"{name}.md", capsys)
