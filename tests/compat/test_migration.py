"""The pages of doc/migration run as they are written; both sides of each example find something."""

import os
import re
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")  # there is no TensorFlow here

import matplotlib
import numpy as np
import pytest
import ray

import skbayes

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

PAGES = Path(skbayes.__file__).parents[1] / "doc" / "migration"

BEFORE = {
    "grid_search.md": """
        grid_search.best_score_ random_search.best_score_
        halving_random.best_score_ halving_grid.best_score_
    """,
    "scikit_optimize.md": """
        skopt_search.best_score_ pair_search.best_score_ two_searches.best_score_
        result.fun told.fun
    """,
    "optuna.md": """
        study.best_value if_study.best_value f_study.best_value ask_study.best_value
        pruned_study.best_value epoch_study.best_value stored_study.best_value
    """,
    "hyperopt.md": "min(trials.losses()) min(nested_trials.losses()) min(own_trials.losses())",
    "ray_tune.md": """
        results.get_best_result().metrics['accuracy']
        asha_results.get_best_result().metrics['accuracy']
        own_results.get_best_result().metrics['loss']
    """,
    "keras_tuner.md": """
        tuner.oracle.get_best_trials()[0].score hyperband.oracle.get_best_trials()[0].score
        conditional.oracle.get_best_trials()[0].score
    """,
}
"""The best scores or losses of the blocks before, by page."""

AFTER = {
    "grid_search.md": """
        same_search.best_score_ search.best_score_ bayes_search.best_score_
        halving.best_score_ halving_whole_grid.best_score_
    """,
    "scikit_optimize.md": """
        search.best_score_ scipy_search.best_score_ range_search.best_score_
        union_search.best_score_ study.best_trial.score asked.best_trial.score
    """,
    "optuna.md": """
        search.best_score_ kept_space.best_score_ branch_search.best_score_
        own_study.best_trial.score told_study.best_trial.score raced.best_score_
        raced_study.best_trial.score halving.best_score_ stored.best_score_
    """,
    "hyperopt.md": """
        search.best_score_ branch_search.best_score_ study.best_trial.score stopped.best_score_
    """,
    "ray_tune.md": """
        search.best_score_ cluster_search.best_score_ halving.best_score_ study.best_trial.score
    """,
    "keras_tuner.md": """
        study.best_trial.score search.best_score_ halving.best_score_ branch_study.best_trial.score
    """,
}
"""The best scores of the blocks after, by page."""


@pytest.fixture
def small_ray():
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    yield
    ray.shutdown()


@pytest.mark.parametrize("page", BEFORE)
def test_a_page_runs_and_both_sides_find_something(page, tmp_path, monkeypatch, capsys, request):
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    if page == "ray_tune.md":
        request.getfixturevalue("small_ray")
    text = (PAGES / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names = {"__name__": "__main__"}  # Ray sends the functions of a program, not their module
    for block in blocks:
        exec(compile(block, page, "exec"), names)
    unread = capsys.readouterr().out
    for line in re.findall(r"print\(.*?  # (.*)", "".join(blocks)):
        _, expected, unread = unread.partition(line.partition(" ...")[0])
        assert expected, line
    for expression in f"{BEFORE[page]} {AFTER[page]}".split():
        assert np.isfinite(eval(expression, names)), expression


def test_the_index_lists_every_page():
    index = (PAGES / "index.md").read_text(encoding="utf-8")
    [listed] = re.findall(r"```\{toctree\}\n(.*?)```", index, re.DOTALL)
    pages = {f"{name}.md" for name in re.findall(r"^\w+$", listed, re.MULTILINE)}
    assert pages == set(BEFORE) == set(AFTER)
    assert pages | {"index.md"} == {path.name for path in PAGES.glob("*.md")}
