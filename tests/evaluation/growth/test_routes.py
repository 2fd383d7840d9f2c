"""Every route gives the scores of separate fits, bit for bit, for every class on the list."""

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.cluster import MiniBatchKMeans
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier, SGDRegressor
from sklearn.metrics import get_scorer
from sklearn.model_selection import cross_validate
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler, TargetEncoder
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skbayes import BayesSearchCV
from skbayes.evaluation.growth.routes import route_of

X, CLASSES = make_classification(150, 8, n_informative=5, n_classes=3, random_state=0)
TARGETS = X[:, 0] * X[:, 1] + np.abs(X[:, 2])
BINARY = (CLASSES > 0).astype(int)

GROWING = [
    (GradientBoostingClassifier(random_state=0, subsample=0.7), "n_estimators", "staged"),
    (GradientBoostingRegressor(random_state=0, max_features=0.5), "n_estimators", "staged"),
    (HistGradientBoostingClassifier(random_state=0), "max_iter", "staged"),
    (HistGradientBoostingRegressor(random_state=0, max_features=0.5), "max_iter", "staged"),
    (AdaBoostClassifier(random_state=0), "n_estimators", "staged"),
    (AdaBoostRegressor(random_state=0), "n_estimators", "staged"),
    (RandomForestClassifier(random_state=0), "n_estimators", "warm_start"),
    (RandomForestRegressor(random_state=0, oob_score=True), "n_estimators", "warm_start"),
    (ExtraTreesClassifier(random_state=0, class_weight="balanced"), "n_estimators", "warm_start"),
    (ExtraTreesRegressor(random_state=0), "n_estimators", "warm_start"),
    (BaggingClassifier(random_state=0), "n_estimators", "warm_start"),
    (BaggingRegressor(random_state=0), "n_estimators", "warm_start"),
]
MOST = 12
SLOW = pytest.mark.slow
QUICK = {HistGradientBoostingRegressor, RandomForestClassifier}
"""The classes that are tried by default; all others are slow tests."""


def one_search(estimator, y, **options):
    """Return a search of one candidate that evaluates the estimator as it stands."""
    options = {"n_iter": 1, "cv": 3, "refit": False, "staged_patience": None} | options
    name = "memory" if isinstance(estimator, Pipeline) else "random_state"
    space = {name: [estimator.get_params()[name]]}
    return BayesSearchCV(estimator, space, **options).fit(X, y)


def separate_scores(estimator, parameter, stages, y, scoring):
    """Return scores of separate fits, of shape (n_splits, n_stages)."""
    fits = [
        cross_validate(
            clone(estimator).set_params(**{parameter: int(stage)}), X, y, cv=3, scoring=scoring
        )["test_score"]
        for stage in stages
    ]
    return np.array(fits).T


@pytest.mark.filterwarnings("ignore::UserWarning")  # out-of-bag scores of few trees
@pytest.mark.parametrize(
    ("model", "parameter", "route"),
    [pytest.param(*row, marks=[] if type(row[0]) in QUICK else SLOW) for row in GROWING],
    ids=lambda v: type(v).__name__,
)
@pytest.mark.parametrize("is_piped", [pytest.param(False, marks=SLOW), True])
def test_the_scores_of_a_stage_are_those_of_a_separate_fit(model, parameter, route, is_piped):
    assert route_of(model, parameter).name == route
    y, scorings = TARGETS, ["r2", "neg_mean_absolute_error"]
    if is_classifier(model):
        y, scorings = CLASSES, ["accuracy", "neg_log_loss"]
    estimator = Pipeline([("scale", StandardScaler()), ("model", model)]) if is_piped else model
    name = f"model__{parameter}" if is_piped else parameter
    estimator = clone(estimator).set_params(**{name: MOST})
    for scoring in [None, *scorings]:
        [curves] = one_search(estimator, y, staged=name, scoring=scoring).cv_curves_
        expected = separate_scores(estimator, name, curves["stages"], y, scoring)
        assert curves["stages"][-1] == MOST
        np.testing.assert_array_equal(curves["test_score"], expected)


@pytest.mark.parametrize(
    "model",
    [
        GradientBoostingClassifier(n_estimators=MOST, random_state=0),
        HistGradientBoostingClassifier(max_iter=MOST, random_state=0),
        AdaBoostClassifier(n_estimators=MOST, random_state=0),
    ],
    ids=lambda v: type(v).__name__,
)
def test_decision_values_of_a_stage_are_those_of_a_separate_fit(model):
    parameter = "max_iter" if hasattr(model, "max_iter") else "n_estimators"
    [curves] = one_search(model, BINARY, staged=parameter, scoring="roc_auc").cv_curves_
    expected = separate_scores(model, parameter, curves["stages"], BINARY, "roc_auc")
    np.testing.assert_array_equal(curves["test_score"], expected)


@pytest.mark.parametrize("patience", [pytest.param(1, marks=SLOW), 3, pytest.param(8, marks=SLOW)])
@pytest.mark.parametrize(("model", "parameter", "_"), GROWING[:4], ids=lambda v: type(v).__name__)
def test_a_model_that_grows_in_chunks_has_the_same_scores(model, parameter, _, patience):
    y = CLASSES if is_classifier(model) else TARGETS
    model = clone(model).set_params(**{parameter: 40, "learning_rate": 0.9})
    [whole] = one_search(model, y, staged=parameter).cv_curves_
    [chunks] = one_search(model, y, staged=parameter, staged_patience=patience).cv_curves_
    is_known = np.isfinite(chunks["test_score"])
    assert is_known.sum() < whole["test_score"].size
    n_stages = len(chunks["stages"])
    np.testing.assert_array_equal(
        chunks["test_score"][is_known], whole["test_score"][:, :n_stages][is_known]
    )
    # The mean curve is known up to where it has waited for `patience` rounds.
    means = whole["test_score"].mean(axis=0)
    n_common = is_known.sum(axis=1).min()
    assert n_common >= first_end(means, whole["stages"], patience)
    # No split is fitted further than it has waited itself, or the mean curve needs.
    for curve, known in zip(whole["test_score"], is_known, strict=True):
        ends = first_end(curve, whole["stages"], patience), n_common
        assert known.sum() in ends


def first_end(curve, stages, patience):
    """Return after how many stages a curve is `patience` rounds behind its best."""
    for n in range(1, len(stages)):
        best = np.flatnonzero(curve[:n] == curve[:n].max())[-1]
        if stages[n - 1] - stages[best] >= patience:
            return n
    return len(stages)


@pytest.mark.filterwarnings("ignore:`TargetEncoder:FutureWarning")  # from 1.9 on
def test_the_steps_before_are_fitted_as_in_a_separate_fit():
    """A target encoder transforms its training samples otherwise than others."""
    encoder = TargetEncoder(random_state=0, cv=3)
    pipeline = make_pipeline(encoder, GradientBoostingClassifier(n_estimators=6, random_state=0))
    name = "gradientboostingclassifier__n_estimators"
    rounded = X.round()
    search = BayesSearchCV(pipeline, {"memory": [None]}, n_iter=1, cv=3, staged=name, refit=False)
    [curves] = search.fit(rounded, BINARY).cv_curves_
    for position, stage in enumerate(curves["stages"]):
        fits = clone(pipeline).set_params(**{name: int(stage)})
        expected = cross_validate(fits, rounded, BINARY, cv=3)["test_score"]
        np.testing.assert_array_equal(curves["test_score"][:, position], expected)


def test_the_steps_before_are_fitted_once_and_transform_once():
    class Counting(StandardScaler):
        n_fits = n_transforms = 0

        def fit(self, X, y=None, sample_weight=None):
            Counting.n_fits += 1
            return super().fit(X, y, sample_weight)

        def transform(self, X, copy=None):
            Counting.n_transforms += 1
            return super().transform(X, copy)

    model = HistGradientBoostingClassifier(max_iter=20, random_state=0)
    pipeline = Pipeline([("scale", Counting()), ("model", model)])
    one_search(pipeline, CLASSES, staged="model__max_iter", cv=3, scoring="neg_log_loss")
    assert (Counting.n_fits, Counting.n_transforms) == (3, 6)  # training and test samples


def test_a_pipeline_in_a_pipeline_grows_too():
    model = GradientBoostingClassifier(n_estimators=5, random_state=0)
    inner = Pipeline([("scale", StandardScaler()), ("model", model)])
    outer = Pipeline([("nothing", "passthrough"), ("inner", inner)])
    name = "inner__model__n_estimators"
    [curves] = one_search(outer, CLASSES, staged=name).cv_curves_
    expected = separate_scores(outer, name, curves["stages"], CLASSES, None)
    np.testing.assert_array_equal(curves["test_score"], expected)


def test_adaboost_that_is_finished_early_keeps_its_last_score():
    tree = DecisionTreeClassifier(random_state=0)
    model = AdaBoostClassifier(tree, n_estimators=8, random_state=0)
    [curves] = one_search(model, BINARY, staged="n_estimators").cv_curves_
    expected = separate_scores(model, "n_estimators", curves["stages"], BINARY, None)
    np.testing.assert_array_equal(curves["test_score"], expected)


def test_partial_fit_is_called_once_per_epoch():
    model = SGDRegressor(shuffle=False, max_iter=9, tol=None, learning_rate="constant", eta0=1e-3)
    options = {"staged": "max_iter", "staged_route": "partial_fit"}
    [curves] = one_search(model, TARGETS, **options).cv_curves_
    # Without shuffling, epochs are the same as those of one fit.
    expected = separate_scores(model, "max_iter", curves["stages"], TARGETS, None)
    np.testing.assert_allclose(curves["test_score"], expected, atol=1e-12)


def test_a_model_without_targets_has_its_own_score():
    model = MiniBatchKMeans(n_clusters=3, max_iter=4, random_state=0, n_init=1)
    options = {"staged": "max_iter", "staged_route": "partial_fit", "n_iter": 1, "cv": 2}
    search = BayesSearchCV(model, {"n_clusters": [3]}, refit=False, **options).fit(X)
    train, test = search.splits_[0]
    expected = clone(model)
    for score in search.cv_curves_[0]["test_score"][0]:
        assert expected.partial_fit(X[train]).score(X[test]) == pytest.approx(score)


@pytest.mark.parametrize("route", ["partial_fit", "warm_start"])
def test_a_network_learns_from_epoch_to_epoch(route):
    model = MLPClassifier(max_iter=30, random_state=0)
    options = {"staged": "max_iter", "staged_route": route, "scoring": "neg_log_loss"}
    [curves] = one_search(model, BINARY, **options).cv_curves_
    means = curves["test_score"].mean(axis=0)
    assert means[-1] > means[0] + 0.05


def test_a_linear_model_goes_on_from_its_coefficients():
    model = LogisticRegression(max_iter=100, random_state=0)
    options = {"staged": "max_iter", "staged_route": "warm_start", "scoring": "neg_log_loss"}
    [curves] = one_search(model, BINARY, **options).cv_curves_
    expected = separate_scores(model, "max_iter", [1000], BINARY, "neg_log_loss")
    np.testing.assert_allclose(curves["test_score"][:, -1:], expected, rtol=1e-3)


@pytest.mark.parametrize(
    ("model", "parameter", "name", "expected"),
    [
        (SVC(), "max_iter", "auto", None),
        (SGDClassifier(), "max_iter", "auto", None),
        (SGDClassifier(), "max_iter", "partial_fit", "partial_fit"),
        (MLPClassifier(), "max_iter", "warm_start", "warm_start"),
        (RandomForestClassifier(), "max_depth", "warm_start", None),
        (GradientBoostingClassifier(), "n_estimators", "warm_start", "warm_start"),
        (GradientBoostingClassifier(), "max_depth", "auto", None),
    ],
)
def test_routes(model, parameter, name, expected):
    route = route_of(model, parameter, name)
    assert (route and route.name) == expected


def test_a_scorer_sees_a_view_and_nothing_but_predictions():
    seen = []

    def scorer(estimator, X, y):
        seen.append(estimator)
        return get_scorer("balanced_accuracy")(estimator, X, y)

    model = GradientBoostingClassifier(n_estimators=3, random_state=0)
    one_search(model, CLASSES, staged="n_estimators", scoring=scorer)
    assert len(seen) == 9
    assert all(is_classifier(view) and list(view.classes_) == [0, 1, 2] for view in seen)
    assert not hasattr(seen[0], "estimators_")
