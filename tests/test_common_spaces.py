"""The spaces of the user guide are searched without a failure or a warning."""

import re

import numpy as np
import pytest
from sklearn.model_selection import ParameterSampler

from asv_benchmarks.common_spaces_table import (
    MODELS,
    PAGE,
    blocks_of,
    data_of,
    page_names,
    search_of,
)

PREPROCESSING = {"": "none", "X": "scaled features", "X and y": "scaled features and target"}


def section_of(name):
    """Return what the page says about an estimator."""
    (section,) = re.findall(rf"^### {name}\n(.*?)(?=^##|\Z)", PAGE.read_text("utf-8"), re.M | re.S)
    return section


@pytest.mark.slow
def test_the_example_of_the_page_finds_a_good_model():
    assert page_names()["search"].best_score_ > 0.97


@pytest.mark.slow
def test_every_space_of_the_page_has_an_estimator():
    spaces = re.findall(r"^(\w+_space) = ", "".join(blocks_of(PAGE)), re.M)
    examples = {"classifier_space", "regressor_space"}
    assert sorted(set(spaces) - examples) == sorted(model.space for model in MODELS.values())
    assert len(MODELS) == 20


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_the_page_says_what_a_space_was_tried_with(name):
    section = section_of(name)
    model = MODELS[name]
    estimator = re.sub(r"\n +", " ", repr(model.estimator))
    assert f"Estimator: `{estimator}`." in section
    assert f"Preprocessing: {PREPROCESSING[model.scaled]}" in section
    assert f"```python\n{model.space} = " in section


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_no_candidate_of_a_space_fails_or_warns(name):
    model = MODELS[name]
    search = search_of(model, n_iter=7, cv=3, random_state=0).fit(*data_of(model.data, 200))
    assert not search.failures_
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert len(search.cv_results_["params"]) == 7


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_values_drawn_at_random_are_accepted(name):
    """As `RandomizedSearchCV` draws them; those that a search proposes are in the same ranges."""
    space = page_names()[MODELS[name].space]
    for params in ParameterSampler(space, 10, random_state=0):
        MODELS[name].default.estimator.set_params(**params)._validate_params()
