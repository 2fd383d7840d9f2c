"""Rungs of successive halving in which candidates are dropped before their last split."""

from itertools import pairwise

import numpy as np
import pytest
from joblib import parallel_config
from scipy.stats import loguniform, uniform
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.model_selection import cross_val_score

from skbayes import HalvingBayesSearchCV
from skbayes.engine.records.journal import JournalError
from skbayes.estimators.schedule import best_with_most_resources
from tests.estimators.conftest import columns_of
from tests.estimators.test_racing import SPACE, Formula, X, Y


class Growing(Formula):
    """A model whose score rises with its rounds."""

    def __init__(self, x=0.5, y=1.0, fails_above=None, n_rounds=27):
        super().__init__(x, y, fails_above)
        self.n_rounds = n_rounds

    def score(self, X, y):
        return super().score(X, y) - 0.1 * abs(self.x - 0.5) / self.n_rounds


def search_of(model=None, space=SPACE, **options):
    defaults = {"resource": "n_rounds", "n_candidates": 18, "min_resources": 3, "cv": 5}
    defaults |= {"racing": 0.05, "random_state": 0, "refit": False, "n_brackets": 4}
    model = Growing() if model is None else model
    return HalvingBayesSearchCV(model, space, **(defaults | options))


@pytest.fixture(scope="module")
def raced():
    return search_of().fit(X, Y)


def rungs_of(table):
    """Yield the positions of the candidates of each rung, bracket by bracket."""
    for bracket in np.unique(table["bracket"]):
        own = table["bracket"] == bracket
        yield [np.flatnonzero(own & (table["iter"] == i)) for i in np.unique(table["iter"][own])]


def test_fits_are_saved_and_the_schedule_is_kept(raced):
    whole = search_of(racing=False).fit(X, Y)
    assert "n_splits_evaluated" not in whole.cv_results_
    assert raced.n_candidates_ == whole.n_candidates_
    assert raced.n_resources_ == whole.n_resources_
    n_run = raced.cv_results_["n_splits_evaluated"]
    assert n_run.sum() < 0.95 * 5 * len(n_run)


def test_the_best_of_each_rung_are_promoted_and_none_was_dropped(raced):
    table = raced.cv_results_
    is_complete, scores = table["n_splits_evaluated"] == 5, table["mean_test_score"]
    for rungs in rungs_of(table):
        for below, above in pairwise(rungs):
            complete = below[is_complete[below]]
            best = complete[np.argsort(-scores[complete], kind="stable")][: len(above)]
            xs = [[table["params"][i]["x"] for i in group] for group in (best, above)]
            assert sorted(xs[0]) == sorted(xs[1])


def test_no_rung_is_raced_before_as_many_are_complete_as_are_promoted(raced):
    table = raced.cv_results_
    for rungs in rungs_of(table):
        for below, above in pairwise(rungs):
            n_run = table["n_splits_evaluated"][below]
            assert (n_run[: max(4, len(above))] == 5).all()


def test_the_best_has_all_of_the_resource_on_all_splits(raced):
    table, best = raced.cv_results_, raced.best_index_
    is_whole = (table["n_resources"] == 27) & (table["n_splits_evaluated"] == 5)
    assert is_whole[best]
    assert table["mean_test_score"][best] == table["mean_test_score"][is_whole].max()


def test_a_candidate_that_was_dropped_is_not_the_best_however_lucky_its_splits_were():
    table = {
        "mean_test_score": np.array([0.7, 0.99, 0.8, 0.95]),
        "n_resources": np.array([27, 27, 27, 9]),
        "n_splits_evaluated": np.array([5, 1, 5, 5]),
    }
    assert best_with_most_resources(table | {"iter": table["n_resources"]}, "score") == 2


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_it_is_the_same_search_for_any_workers(raced, backend):
    with parallel_config(backend):
        assert columns_of(search_of(n_jobs=2).fit(X, Y)) == columns_of(raced)


def test_a_search_goes_on_from_what_was_dropped(raced, tmp_path):
    path = tmp_path / "journal.jsonl"
    search_of(checkpoint=path).fit(X, Y)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:25]))
    assert columns_of(search_of(checkpoint=path).fit(X, Y)) == columns_of(raced)
    with pytest.raises(JournalError, match="differs in racing"):
        search_of(checkpoint=path, racing=False).fit(X, Y)


@pytest.mark.parametrize(
    ("options", "is_raced"),
    [
        ({"racing": "auto"}, True),
        ({"racing": "auto", "cv": 3}, False),
        ({"racing": 0.05, "cv": 3}, True),
        ({"racing": "auto", "refit": lambda table: 0}, False),
        ({"space": {"x": [0.1, 0.2, 0.3, 0.4]}}, False),
    ],
)
def test_it_is_raced_where_other_searches_are(options, is_raced):
    table = search_of(n_candidates=9, n_brackets=1, **options).fit(X, Y).cv_results_
    assert ("n_splits_evaluated" in table) == is_raced


@pytest.mark.slow
def test_models_that_are_promoted_go_on_as_one_fit():
    X, y = load_diabetes(return_X_y=True)
    model = GradientBoostingRegressor(random_state=0, subsample=0.7)
    space = {"learning_rate": loguniform(1e-3, 1), "max_features": uniform(0.1, 0.9)}
    search = search_of(model, space, resource="n_estimators", max_resources=27, refit=True)
    table = search.fit(X, y).cv_results_
    assert (table["n_splits_evaluated"] < 5).any()
    for n in np.flatnonzero((table["iter"] > 0) & (table["n_splits_evaluated"] == 5))[:3]:
        expected = cross_val_score(model.set_params(**table["params"][n]), X, y, cv=5)
        np.testing.assert_array_equal(
            [table[f"split{k}_test_score"][n] for k in range(5)], expected
        )
