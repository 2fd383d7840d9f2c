"""Models that are fitted further are those fitted at once, for every class on the list."""

import numpy as np
import pytest
from scipy.stats import randint
from sklearn.base import is_classifier
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skbayes import HalvingBayesSearchCV
from skbayes.evaluation import continued
from skbayes.evaluation.continued import RESOURCE_OF, can_continue, to_continue
from skbayes.evaluation.warm_start import WarmStartPool
from skbayes.samplers.halving import RungState
from skbayes.trial import Outcome, Trial

X, LABELS = make_classification(240, 8, n_informative=5, n_classes=3, random_state=0)
TARGETS = X[:, 0] * X[:, 1] + np.abs(X[:, 2])


def piped(step):
    return Pipeline([("scale", step), ("model", RandomForestClassifier(random_state=0))])


PIPED = Pipeline([("reduce", PCA(4, random_state=0)), ("model", piped(StandardScaler()))])


@pytest.mark.parametrize("model_class", RESOURCE_OF, ids=lambda c: c.__name__)
@pytest.mark.parametrize("options", [{}, {"subsample": 0.6, "max_features": 0.5}])
def test_a_model_fitted_further_is_the_one_fitted_at_once(model_class, options):
    resource = RESOURCE_OF[model_class]
    known = model_class().get_params()
    options = {name: value for name, value in options.items() if name in known}
    y = LABELS if is_classifier(model_class()) else TARGETS
    at_once = model_class(random_state=0, **{resource: 18}, **options)
    further = model_class(random_state=0, **{resource: 2}, **options)
    assert can_continue(further, resource, len(X))
    further.fit(X, y)
    for n_fitted, n_rounds in ((2, 6), (6, 18)):
        further = to_continue(further, resource, n_fitted).set_params(**{resource: n_rounds})
        further.fit(X, y)
    at_once.fit(X, y)
    predict = "predict_proba" if is_classifier(at_once) else "predict"
    np.testing.assert_array_equal(getattr(further, predict)(X), getattr(at_once, predict)(X))


@pytest.mark.parametrize(
    ("model", "resource"),
    [
        (RandomForestClassifier(), "n_estimators"),
        (RandomForestClassifier(random_state=np.random.RandomState(0)), "n_estimators"),
        (RandomForestClassifier(random_state=0), "max_depth"),
        (RandomForestClassifier(random_state=0, class_weight="balanced"), "n_estimators"),
        (RandomForestClassifier(random_state=0, oob_score=True), "n_estimators"),
        (GradientBoostingClassifier(random_state=0, n_iter_no_change=3), "n_estimators"),
        (HistGradientBoostingClassifier(random_state=0, early_stopping=True), "max_iter"),
        (SGDClassifier(random_state=0), "max_iter"),
        (RandomForestClassifier(random_state=0), None),
        (make_pipeline(StandardScaler(), RandomForestClassifier(random_state=0)), "n_estimators"),
        (piped(PCA(2)), "model__n_estimators"),
        (piped(PCA(2, random_state=np.random.RandomState(0))), "model__n_estimators"),
        (piped(StandardScaler()), "scale__n_estimators"),
    ],
)
def test_what_might_differ_is_fitted_anew(model, resource):
    assert not can_continue(model, resource, 200)


def test_early_stopping_depends_on_the_number_of_samples():
    model = HistGradientBoostingClassifier(random_state=0)
    assert can_continue(model, "max_iter", 10_000)
    assert not can_continue(model, "max_iter", 10_001)


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize(
    ("model", "resource"),
    [
        (RandomForestClassifier(random_state=0), "n_estimators"),
        (HistGradientBoostingClassifier(random_state=0), "max_iter"),
        (PIPED, "model__model__n_estimators"),
    ],
    ids=["forest", "hist-boosting", "pipeline"],
)
def test_a_search_with_continued_fits_is_the_one_without(model, resource, n_jobs, monkeypatch):
    space = {f"{resource.rpartition('__')[0]}__min_samples_leaf".lstrip("_"): randint(1, 20)}
    options = {"resource": resource, "max_resources": 9, "cv": 2, "random_state": 0}
    search = HalvingBayesSearchCV(model, space, n_brackets="auto", n_jobs=n_jobs, **options)
    with_them = search.fit(X, LABELS).cv_results_
    monkeypatch.setattr(continued, "RESOURCE_OF", {})
    without = search.fit(X, LABELS).cv_results_
    for key, column in without.items():
        if not key.endswith("_time"):
            np.testing.assert_array_equal(with_them[key], column, err_msg=key)


def halve(model, leaves, resource):
    """Search the size of leaves in rungs of 1, 3 and 9 trees."""
    space = {leaves: randint(1, 20)}
    options = {"max_resources": 9, "n_brackets": 1, "cv": 2, "random_state": 0, "refit": False}
    HalvingBayesSearchCV(model, space, resource=resource, **options).fit(X, LABELS)


def test_the_models_of_a_pipeline_are_kept(count_rounds):
    n_trees = count_rounds(RandomForestClassifier)
    halve(piped(StandardScaler()), "model__min_samples_leaf", "model__n_estimators")
    assert sum(n_trees) == 2 * (9 * 1 + 3 * 2 + 1 * 6)


N_GROWN = []


class Counted(DecisionTreeClassifier):
    def fit(self, X, y, **options):
        N_GROWN.append(1)
        return super().fit(X, y, **options)


class OtherBagging(BaggingClassifier):
    """Not on the list, because a subclass may fit in another way."""


@pytest.mark.parametrize(
    ("bagging", "n_grown"),
    [(BaggingClassifier, 9 * 1 + 3 * 2 + 1 * 6), (OtherBagging, 9 * 1 + 3 * 3 + 1 * 9)],
)
def test_promoted_trees_are_grown_once(bagging, n_grown):
    N_GROWN.clear()
    model = bagging(Counted(random_state=0), random_state=0)
    halve(model, "estimator__min_samples_leaf", "n_estimators")
    assert len(N_GROWN) == 2 * n_grown


def trial(number, score=None, rung=0, parent=None):
    outcome = None if score is None else Outcome.of_scores(score, score)
    return Trial(number, np.zeros(1), {}, 3**rung, parent, RungState(0, rung), outcome)


@pytest.fixture
def pool():
    """After five trials, two of which may be promoted; a model is marked by its seed."""
    pool = WarmStartPool(RandomForestClassifier(random_state=0), "n_estimators", 100, {(0, 0): 2})
    for number, score in enumerate([0.2, np.nan, 0.9, 0.5, 0.1]):
        assert pool.wants(trial(number))
        models = [RandomForestClassifier(random_state=10 * number + split) for split in (0, 1)]
        pool.put(trial(number, score), models)
        assert pool.n_models <= 4
    return pool


def test_the_pool_keeps_the_models_that_may_be_promoted_and_no_more(pool):
    models = [pool.model_for(trial(9, rung=1, parent=number), 1) for number in range(5)]
    kept = [None if model is None else model.random_state for model in models]
    assert kept == [None, None, 21, 31, None]
    assert not pool.wants(trial(10, rung=1))


def test_models_of_a_dropped_trial_are_not_kept():
    pool = WarmStartPool(RandomForestClassifier(random_state=0), "n_estimators", 100, {(0, 0): 2})
    outcome = Outcome({"score": (0.95,)}, (1,), n_splits=2)
    pool.put(trial(0).with_outcome(outcome), [RandomForestClassifier()])
    assert pool.n_models == 0


def test_asking_the_pool_changes_nothing_and_a_finished_promotion_frees_its_parent(pool):
    promoted = trial(9, rung=1, parent=2)
    assert [pool.model_for(promoted, 0).random_state for _ in range(3)] == [20] * 3
    pool.put(trial(9, 0.9, rung=1, parent=2), [None, None])
    assert pool.model_for(promoted, 0) is None
    assert pool.n_models == 2
