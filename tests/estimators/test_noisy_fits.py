"""Fits that give another score each time: the winner is not the luckiest candidate."""

import numpy as np
import pytest
from scipy.stats import uniform
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from skbayes import BayesSearchCV, HalvingBayesSearchCV, TPESearchCV
from skbayes.evaluation.candidate import candidate_of, is_unseeded
from skbayes.selection import posterior_mean

X, y = np.zeros((20, 1)), np.zeros(20)
SPACE = {"x": uniform(0, 1)}


class Noisy(RegressorMixin, BaseEstimator):
    """Its score is −|x − 0.3|, and noise unless it is seeded. It counts fits, and fails in one."""

    n_fits = 0
    fails_in: int | None = None

    def __init__(self, x=0.5, noise=0.3, random_state=None):
        self.x, self.noise, self.random_state = x, noise, random_state

    def fit(self, X, y):
        Noisy.n_fits += 1
        if Noisy.n_fits == Noisy.fails_in:
            raise RuntimeError("no luck")
        rng = check_random_state(self.random_state)  # that of NumPy if it is None
        self.score_ = -abs(self.x - 0.3) + self.noise * rng.standard_normal()
        return self

    def score(self, X, y):
        return self.score_

    def predict(self, X):
        return np.zeros(len(X))


@pytest.fixture(autouse=True)
def _reset():
    Noisy.n_fits, Noisy.fails_in = 0, None
    np.random.seed(0)


def search_of(estimator, cls=BayesSearchCV, **options):
    options = {"n_iter": 20, "cv": 3, "random_state": 0, "refit": False} | options
    if options["n_iter"] is None:
        del options["n_iter"]
    return cls(estimator, SPACE, **options).fit(X, y)


@pytest.mark.parametrize("cls", [BayesSearchCV, TPESearchCV])
def test_the_winner_of_noisy_fits_is_that_of_the_surrogate(cls):
    search = search_of(Noisy(), cls)
    assert search.is_noisy_
    expected = search.surrogate_.predict(search.cv_results_["params"])[0]
    assert search.best_index_ == np.argmax(expected)
    assert search.best_score_ == search.cv_results_["mean_test_score"][search.best_index_]
    assert search.best_params_ == search.cv_results_["params"][search.best_index_]


def test_the_winner_of_noisy_fits_is_better_than_the_luckiest_candidate():
    """Means over twelve searches of 20 candidates, by the scores without noise."""
    searches = [search_of(Noisy(), random_state=seed) for seed in range(12)]
    chosen = [abs(search.best_params_["x"] - 0.3) for search in searches]
    tables = [search.cv_results_ for search in searches]
    lucky = [
        abs(table["params"][np.argmax(table["mean_test_score"])]["x"] - 0.3) for table in tables
    ]
    assert np.mean(chosen) < 0.9 * np.mean(lucky)


def test_the_winner_of_halving_is_the_best_of_the_last_rung():
    options = {"n_iter": None, "n_candidates": 9, "min_resources": 6}
    search = search_of(Noisy(), HalvingBayesSearchCV, **options)
    scores, resources = (search.cv_results_[k] for k in ("mean_test_score", "n_resources"))
    assert not hasattr(search, "is_noisy_")
    assert search.best_score_ == max(scores[resources == max(resources)])


def test_a_seeded_estimator_is_not_fitted_again():
    search = search_of(Noisy(random_state=0))
    assert (Noisy.n_fits, search.is_noisy_) == (60, False)
    assert search.cv_results_["rank_test_score"][search.best_index_] == 1


def test_one_fit_shows_that_an_unseeded_estimator_is_not_noisy():
    search = search_of(Noisy(noise=0.0))
    assert (Noisy.n_fits, search.is_noisy_) == (61, False)
    assert search.cv_results_["rank_test_score"][search.best_index_] == 1


def test_whoever_chooses_the_winner_is_not_overruled():
    search = search_of(Noisy(), refit=posterior_mean(SPACE))
    assert (Noisy.n_fits, search.is_noisy_) == (61, False)  # one fit is the refit
    grid = BayesSearchCV(Noisy(), {"x": [0.1, 0.2, 0.3]}, cv=3, n_iter=3).fit(X, y)
    assert grid.cv_results_["rank_test_score"][grid.best_index_] == 1
    assert not grid.is_noisy_


def test_several_metrics_are_compared_by_the_one_that_decides():
    def scores(estimator, X, y):
        return {"noisy": estimator.score(X, y), "exact": -abs(estimator.x - 0.3)}

    options = {"scoring": scores, "n_iter": 8}
    assert search_of(Noisy(), refit="noisy", **options).is_noisy_
    assert not search_of(Noisy(), refit="exact", **options).is_noisy_
    assert not hasattr(search_of(Noisy(), refit=False, **options), "best_index_")


def test_a_second_fit_that_fails_is_noise_and_not_an_error():
    Noisy.fails_in = 61
    assert search_of(Noisy(noise=0.0), error_score="raise").is_noisy_


def test_it_is_said_that_the_best_score_did_not_win(capsys):
    for seed in range(8):
        search = search_of(Noisy(), verbose=1, random_state=seed)
        is_first = search.cv_results_["rank_test_score"][search.best_index_] == 1
        said = capsys.readouterr().out
        assert ("Chosen by the surrogate, as fits are noisy: score" in said) != is_first


def test_a_random_state_of_any_part_counts():
    forest = RandomForestClassifier()
    assert is_unseeded(make_pipeline(StandardScaler(), forest))
    assert not is_unseeded(candidate_of(forest, {"random_state": 3}))
    assert not is_unseeded(make_pipeline(StandardScaler(), RandomForestClassifier(random_state=0)))
    model = make_pipeline(StandardScaler(), LogisticRegression(random_state=0))
    assert is_unseeded(candidate_of(model, {"logisticregression": forest}))


def test_a_real_forest_without_a_seed_is_noisy():
    forest = RandomForestClassifier(n_estimators=5)
    search = BayesSearchCV(
        forest, {"max_features": uniform(0.1, 0.8)}, n_iter=5, scoring="neg_log_loss"
    )
    assert search.fit(*load_iris(return_X_y=True)).is_noisy_
