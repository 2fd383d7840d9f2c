"""Scores without the optimism of the choice, on tables whose truth is known."""

import numpy as np
import pytest
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_iris,
    make_classification,
)
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    GroupKFold,
    HalvingRandomSearchCV,
    ShuffleSplit,
)
from sklearn.svm import SVC

from skbayes import BayesSearchCV
from skbayes.inspection import honest_score
from skbayes.inspection.honest import resampled_scores
from skbayes.inspection.out_of_fold import OutOfFold
from skbayes.inspection.reading import complete_scores


class Fitted(BaseEstimator):
    """Stands for a search of a fitted model, with scores by candidate and split."""

    def __init__(self, refit=True):
        self.refit = refit

    def fit(self, **scores):
        self.cv_results_ = {}
        for name, table in scores.items():
            self.cv_results_[f"mean_test_{name}"] = np.mean(table, axis=1)
            for split, column in enumerate(np.transpose(table)):
                self.cv_results_[f"split{split}_test_{name}"] = column
            self.n_splits_ = np.shape(table)[1]
        return self


def fitted(S):
    return Fitted().fit(score=S)


def tables(spread, n_splits, n_tables=200, n=40):
    """Return true means and noisy scores by split, whose splits have effects of their own."""
    rng = np.random.default_rng([n_splits, int(1000 * spread)])
    for _ in range(n_tables):
        truth = 0.5 + spread * rng.normal(size=n)
        effects = 0.05 * rng.normal(size=n_splits)
        noise = 0.05 * rng.normal(size=(n, n_splits))
        yield truth, truth[:, None] + effects - effects.mean() + noise


@pytest.mark.parametrize("n_splits", [3, 5, 10])
@pytest.mark.parametrize("spread", [0.0, 0.02, 0.1])
def test_the_bootstrap_takes_the_optimism_off(spread, n_splits):
    rng = np.random.default_rng(0)
    raw, corrected = [], []
    for truth, S in tables(spread, n_splits):
        best = S.mean(axis=1).argmax()
        raw.append(S[best].mean() - truth[best])
        corrected.append(resampled_scores(S, rng).mean() - truth[best])
    assert np.mean(raw) > 0.004
    # A little too low where candidates differ: those that win on few splits are not the best.
    assert -0.01 < np.mean(corrected) < 0.3 * np.mean(raw)


@pytest.mark.parametrize("n_splits", [5, 10])
def test_the_best_of_pure_noise_is_as_good_as_any(n_splits):
    found = [honest_score(fitted(S)) for _, S in tables(0.0, n_splits)]
    assert np.mean([honest.best_score for honest in found]) > 0.53
    assert np.mean([honest.low <= 0.5 <= honest.high for honest in found]) > 0.93
    assert abs(np.mean([honest.score for honest in found]) - 0.5) < 0.005


def test_what_tibshirani_subtracts_is_what_single_splits_gain():
    S = np.array([[0.9, 0.5, 0.7], [0.6, 0.8, 0.8], [0.1, 0.2, 0.9]])
    honest = honest_score(fitted(S), method="tibshirani")
    assert honest.best_score == pytest.approx(2.2 / 3)
    assert honest.optimism == pytest.approx((0.3 + 0.0 + 0.1) / 3)
    assert honest.score == pytest.approx(honest.best_score - honest.optimism)


def test_a_candidate_that_wins_on_every_split_is_not_corrected():
    S = np.array([[0.9, 0.8, 0.7], [0.1, 0.2, 0.3]])
    for method in ("splits", "tibshirani"):
        honest = honest_score(fitted(S), method=method)
        assert honest.score == pytest.approx(0.8, abs=0.01)
        assert 0.7 <= honest.low <= honest.high <= 0.9


def test_one_candidate_was_not_chosen():
    honest = honest_score(fitted([[0.5, 0.7, 0.9]]), method="tibshirani")
    assert honest.score == honest.best_score == pytest.approx(0.7)


def test_it_reads_searches_of_this_library_and_of_scikit_learn():
    X, y = load_iris(return_X_y=True)
    raced = BayesSearchCV(SVC(), {"C": loguniform(1e-3, 1e3)}, n_iter=15, random_state=0).fit(X, y)
    n_run = raced.cv_results_["n_splits_evaluated"]
    assert len(complete_scores(raced)) == (n_run == 5).sum() < 15
    assert honest_score(raced).best_score == pytest.approx(raced.best_score_)
    grid = GridSearchCV(SVC(), {"C": [0.01, 1, 100]}).fit(X, y)
    assert honest_score(grid).best_score == pytest.approx(grid.best_score_)
    assert str(honest_score(grid)).endswith(f"instead of {grid.best_score_:.4g} (splits)")
    halving = HalvingRandomSearchCV(SVC(), {"C": loguniform(1e-3, 1e3)}, random_state=0)
    n_last = halving.fit(X, y).cv_results_["n_resources"] == halving.n_resources_[-1]
    assert len(complete_scores(halving)) == n_last.sum()


def test_the_metric_that_selects_is_taken_unless_another_is_named():
    a, b = [[0.1, 0.2], [0.3, 0.4]], [[0.9, 0.8], [0.7, 0.6]]
    assert np.array_equal(complete_scores(Fitted("b").fit(a=a, b=b)), b)
    assert np.array_equal(complete_scores(Fitted("b").fit(a=a, b=b), "a"), a)
    with pytest.raises(ValueError, match=r"no metric selects .* give 'a' or 'b'"):
        honest_score(Fitted(False).fit(a=a, b=b))
    with pytest.raises(ValueError, match=r"metric='c' is not a metric .* give 'a' or 'b'"):
        honest_score(Fitted("b").fit(a=a, b=b), metric="c")


def test_what_cannot_be_corrected_is_said():
    with pytest.raises(NotFittedError):
        honest_score(BayesSearchCV(SVC(), {"C": loguniform(1e-3, 1e3)}))
    with pytest.raises(ValueError, match="no candidate of this search has a score of 'score'"):
        honest_score(fitted([[np.nan, 0.5]]))
    with pytest.raises(
        ValueError, match="method='bbc': give 'auto', 'splits', 'samples', 'tibshirani'"
    ):
        honest_score(fitted([[0.4, 0.5]]), method="bbc")
    X, y = load_iris(return_X_y=True)
    cv = ShuffleSplit(1, random_state=0)
    one = GridSearchCV(SVC(), {"C": [1, 10]}, cv=cv).fit(X, y)
    with pytest.raises(ValueError, match="this search has one split"):
        honest_score(one)


NOISE = {"C": loguniform(1e-2, 1e2), "gamma": loguniform(1e-3, 1e1)}


@pytest.mark.slow
def test_with_predictions_the_best_of_pure_noise_is_as_good_as_any():
    scores, best_scores, covers = [], [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(80, 3)), np.repeat([0, 1], 40)
        search = BayesSearchCV(
            SVC(), NOISE, n_iter=12, cv=4, random_state=seed, return_predictions="predict"
        ).fit(X, y)
        honest = honest_score(search)
        assert honest.method == "samples"
        scores.append(honest.score)
        best_scores.append(honest.best_score)
        covers.append(honest.low <= 0.5 <= honest.high)
    assert np.mean(best_scores) > 0.53
    assert abs(np.mean(scores) - 0.5) < np.mean(best_scores) - 0.5 - 0.015
    assert np.mean(covers) > 0.9


@pytest.mark.parametrize("scoring", ["roc_auc", "neg_log_loss", "f1", "accuracy", None])
def test_kept_predictions_score_as_the_models_did(scoring):
    X, y = load_breast_cancer(return_X_y=True)
    search = BayesSearchCV(
        LogisticRegression(max_iter=5000),
        {"C": loguniform(1e-6, 1e-2)},
        scoring=scoring,
        n_iter=5,
        cv=3,
        random_state=0,
        return_predictions="predict_proba",
    ).fit(X, y)
    kept = OutOfFold.of(search)
    sizes = [len(test) for test in search.cv_predictions_.test_indices]
    begin = np.cumsum([0, *sizes])
    for split in range(3):
        positions = np.arange(begin[split], begin[split + 1])
        again = kept.scorer(kept.candidates[0], positions[:, np.newaxis], kept.y[positions])
        known = search.cv_results_[f"split{split}_test_score"][search.best_index_]
        assert again == pytest.approx(known, abs=1e-6)  # of 32 bits


@pytest.mark.slow
def test_numbers_are_predicted_and_several_metrics_told_apart():
    X, y = load_diabetes(return_X_y=True)
    scoring = ["neg_mean_absolute_error", "r2"]
    search = BayesSearchCV(
        Ridge(), {"alpha": loguniform(1e-3, 1e3)}, scoring=scoring, refit="r2", n_iter=6,
        cv=3, random_state=0, return_predictions="auto",
    ).fit(X, y)  # fmt: skip
    assert honest_score(search).best_score == pytest.approx(search.best_score_)
    assert honest_score(search).score < search.best_score_
    assert honest_score(search, metric="neg_mean_absolute_error").score < 0
    assert honest_score(search, method="splits").method == "splits"


def test_what_needs_predictions_says_so():
    with pytest.raises(ValueError, match="needs a search with return_predictions='auto'"):
        honest_score(fitted([[0.4, 0.5]]), method="samples")


def test_where_labels_are_chosen_by_a_threshold_splits_are_resampled():
    X, y = make_classification(400, weights=[0.9], flip_y=0.05, random_state=1)
    search = BayesSearchCV(
        FixedThresholdClassifier(LogisticRegression()), {"threshold": uniform(0.02, 0.9)},
        scoring="f1", n_iter=10, random_state=0, racing=False, return_predictions="predict_proba",
    ).fit(X, y)  # fmt: skip
    assert honest_score(search).method == "splits"
    with pytest.raises(ValueError, match="do not give the scores of the models"):
        honest_score(search, method="samples")


def test_samples_of_a_group_are_not_resampled_one_by_one():
    X, y = load_iris(return_X_y=True)
    search = BayesSearchCV(
        SVC(), NOISE, n_iter=6, cv=GroupKFold(5), random_state=0, return_predictions="predict"
    ).fit(X, y, groups=np.arange(150) % 30)
    assert honest_score(search).method == "splits"
    assert honest_score(search, method="samples").method == "samples"


def test_candidates_without_predictions_have_their_part_in_the_choice():
    X, y = load_iris(return_X_y=True)
    options = {"random_state": 0, "racing": False, "return_predictions": "predict"}
    old = BayesSearchCV(SVC(), NOISE, n_iter=10, **options).fit(X, y)
    new = BayesSearchCV(SVC(), NOISE, n_iter=2, initial_trials=old, **options).fit(X, y)
    assert honest_score(new).method == "splits"
