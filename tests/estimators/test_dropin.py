"""Nothing that works with `RandomizedSearchCV` stops working: data, metadata, nesting, tags.

scikit-learn's own tests of its searches run in `tests/test_sklearn_suite.py`; here is what those
leave out, with `RandomizedSearchCV` as the oracle where there is one.
"""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from numpy.testing import assert_array_equal
from scipy import sparse
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris, make_multilabel_classification, make_regression
from sklearn.decomposition import PCA, FactorAnalysis
from sklearn.ensemble import StackingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    RandomizedSearchCV,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import check_estimator

from skbayes._sklearn_compat import HAS_CALLBACKS

X, Y = load_iris(return_X_y=True)
C = {"C": loguniform(1e-2, 1e2)}


@pytest.fixture
def search(search_class):
    """Return a function that makes a search, by default of a logistic regression."""

    def make(estimator=None, space=None, **options):
        options = {"n_iter": 5, "cv": 3, "random_state": 0} | options
        estimator = LogisticRegression(max_iter=500) if estimator is None else estimator
        return search_class(estimator, C if space is None else space, **options)

    return make


CHECKED = {
    "classifier": (LogisticRegression(), {"C": [0.1, 1.0]}),
    "pipeline": (make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [0.1, 1.0]}),
    "regressor": (Ridge(), {"alpha": [0.1, 1.0]}),
    "clusterer": (KMeans(n_init=1, random_state=0), {"n_clusters": [1, 2]}),
    "transformer": (FactorAnalysis(), {"n_components": [1]}),
    "multi-output": (MultiOutputRegressor(Ridge()), {"estimator__alpha": [0.1, 1.0]}),
}


@pytest.mark.parametrize(("estimator", "space"), CHECKED.values(), ids=CHECKED)
def test_no_estimator_check_fails(search, estimator, space):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        checks = check_estimator(search(estimator, space, n_iter=2, cv=2), on_skip=None)
    assert sum(check["status"] == "passed" for check in checks) > 40


FRAMES = {
    "pandas": lambda X: pd.DataFrame(X, columns=list("abcd")),
    "polars": lambda X: pl.DataFrame(X, schema=list("abcd")),
    "csr matrix": sparse.csr_matrix,
    "csc array": sparse.csc_array,
    "list": lambda X: X.tolist(),
    "float32": lambda X: X.astype(np.float32),
}


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
def test_data_of_every_kind_gives_the_same_search(search, make):
    expected = search().fit(X, Y).cv_results_
    fitted = search().fit(make(X), Y)
    np.testing.assert_allclose(
        fitted.cv_results_["mean_test_score"], expected["mean_test_score"], atol=0.02
    )
    assert_array_equal(fitted.predict(make(X)), fitted.best_estimator_.predict(make(X)))


def test_columns_of_a_frame_are_known_after_fit(search):
    frame = FRAMES["pandas"](X)
    fitted = search().fit(frame, pd.Series(Y))
    assert list(fitted.feature_names_in_) == list("abcd")
    assert fitted.n_features_in_ == 4
    with pytest.warns(UserWarning, match="valid feature names"):
        fitted.predict(X)


def test_text_is_searched(search):
    texts = ["a b c", "a b", "b c d", "c d", "a c", "b d"] * 5
    labels = [0, 0, 1, 1, 0, 1] * 5
    pipeline = make_pipeline(CountVectorizer(token_pattern=r"\w"), MultinomialNB())
    space = {"countvectorizer__binary": [True, False], "multinomialnb__alpha": uniform(0.1, 1)}
    assert search(pipeline, space).fit(texts, labels).score(texts, labels) > 0.5


def test_a_precomputed_kernel_is_split_on_both_sides(search):
    kernel = X @ X.T
    fitted = search(SVC(kernel="precomputed")).fit(kernel, Y)
    assert_array_equal(fitted.predict(kernel), search(SVC(kernel="linear")).fit(X, Y).predict(X))


def test_unsupervised_estimators_need_no_y(search):
    fitted = search(KMeans(n_init=1, random_state=0), {"n_clusters": [2, 3, 4, 5, 6]}).fit(X)
    assert fitted.predict(X).shape == (150,)
    assert fitted.best_params_ == {"n_clusters": 6}
    reduced = search(PCA(random_state=0), {"n_components": [1, 2]})
    assert reduced.fit_transform(X).shape == (150, reduced.best_params_["n_components"])


def test_several_outputs(search):
    data = make_regression(60, 4, n_targets=3, random_state=0)
    assert search(Ridge(), {"alpha": loguniform(1e-3, 1e3)}).fit(*data).predict(data[0]).shape == (
        60,
        3,
    )
    labels = make_multilabel_classification(60, random_state=0)
    several = search(
        MultiOutputClassifier(LogisticRegression(max_iter=500)),
        {"estimator__C": loguniform(0.1, 10)},
        cv=KFold(3),
    )
    assert several.fit(*labels).predict(labels[0]).shape == labels[1].shape


class Weighted(ClassifierMixin, BaseEstimator):
    """Learns the class of largest weight, and checks that weights came with their rows."""

    def __init__(self, C=1.0):
        self.C = C

    def fit(self, X, y, sample_weight=None, offset=None):
        assert sample_weight.shape == y.shape
        assert offset.shape == y.shape
        assert_array_equal(offset, np.asarray(X)[:, 0])
        self.classes_ = np.unique(y)
        totals = [sample_weight[y == label].sum() for label in self.classes_]
        self.heaviest_ = self.classes_[np.argmax(totals)]
        return self

    def predict(self, X):
        return np.full(len(X), self.heaviest_)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_fit_parameters_are_split_with_the_data_and_weights_reach_the_scorer(search, n_jobs):
    weights = np.where(Y == 2, 10.0, 1.0)
    fitted = search(Weighted(), n_jobs=n_jobs, error_score="raise").fit(
        X, Y, sample_weight=weights, offset=X[:, 0]
    )
    assert_array_equal(fitted.predict(X), 2)
    # The heaviest class has 10 of 12 parts of the weight, and a third of the rows.
    np.testing.assert_allclose(fitted.cv_results_["mean_test_score"], 10 / 12, atol=0.01)


def test_groups_reach_the_splitter(search):
    groups = np.arange(150) % 10
    seen = []

    class Watching(GroupKFold):
        def split(self, X, y=None, groups=None):
            seen.append(groups)
            return super().split(X, y, groups)

    search(cv=Watching(5)).fit(X, Y, groups=groups)
    assert len(seen) == 1
    assert_array_equal(seen[0], groups)
    with pytest.raises(ValueError, match="groups"):
        search(cv=GroupKFold(5)).fit(X, Y)


def test_metadata_is_routed(search):
    weights = np.where(Y == 2, 10.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        model = LogisticRegression(max_iter=500).set_fit_request(sample_weight=True)
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        routed = search(model, scoring=scorer, cv=GroupKFold(3).set_split_request(groups=True))
        routed.fit(X, Y, sample_weight=weights, groups=np.arange(150) % 5)
        assert 0 < routed.score(X, Y, sample_weight=weights) <= 1
        with pytest.raises(TypeError, match="unexpected"):
            routed.fit(X, Y, nonsense=weights)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_settings_reach_the_workers_and_not_the_surrogate(search, n_jobs):
    class NeedsFrames(LogisticRegression):
        def fit(self, X, y):
            assert isinstance(X, pd.DataFrame)
            return super().fit(X, y)

    pipeline = Pipeline([("scale", StandardScaler()), ("model", NeedsFrames(max_iter=500))])
    with sklearn.config_context(transform_output="pandas"):
        fitted = search(
            pipeline, {"model__C": C["C"]}, n_jobs=n_jobs, n_iter=8, error_score="raise"
        ).fit(X, Y)
    assert len(fitted.cv_results_["params"]) == 8


def test_it_works_as_a_part(search):
    inner = search(n_iter=3)
    name = type(inner).__name__.lower()
    assert cross_val_score(inner, X, Y, n_jobs=2).mean() > 0.9
    parts = [
        StackingClassifier([("search", inner)], cv=3),
        CalibratedClassifierCV(inner, cv=3),
        make_pipeline(StandardScaler(), inner),
        search(make_pipeline(StandardScaler(), inner), {f"{name}__n_iter": [2, 3]}, n_jobs=2),
        search(inner, {"estimator__tol": [1e-4, 1e-3]}, n_iter=2),
    ]
    for part in parts:
        assert part.fit(X, Y).score(X, Y) > 0.9
    both = MultiOutputClassifier(inner).fit(X, np.column_stack([Y, Y]))
    assert both.predict_proba(X)[0].shape == (150, 3)


def test_a_search_is_what_its_estimator_is(search):
    assert is_classifier(search())
    assert is_regressor(search(Ridge(), {"alpha": [1, 2]}))
    # Unstratified, the sorted classes of iris make every outer fold a new class.
    assert cross_val_score(search(n_iter=2), X, Y).mean() > 0.9


@pytest.mark.parametrize("method", ["predict_proba", "decision_function", "transform"])
def test_methods_are_there_if_and_only_if_the_estimator_has_them(search, method):
    for estimator, space in (
        (LogisticRegression(), C),
        (SVC(), C),
        (PCA(), {"n_components": [1, 2]}),
    ):
        theirs = RandomizedSearchCV(estimator, space)
        assert hasattr(search(estimator, space), method) == hasattr(theirs, method)
    assert hasattr(search(PCA(), {"n_components": [1]}), "fit_transform")
    assert not hasattr(search(), "fit_transform")
    with pytest.raises(AttributeError, match="SearchCV") as caught:
        _ = search(refit=False).predict_proba
    assert "`refit=False`" in str(caught.value.__cause__)


def test_results_look_like_those_of_the_randomized_search(search):
    options = {"scoring": ["accuracy", "f1_macro"], "refit": "accuracy", "return_train_score": True}
    space = C | {"class_weight": [None, "balanced"]}
    ours = search(space=space, **options).fit(X, Y).cv_results_
    theirs = (
        RandomizedSearchCV(
            LogisticRegression(max_iter=500), space, n_iter=5, cv=3, random_state=0, **options
        )
        .fit(X, Y)
        .cv_results_
    )
    assert list(ours) == list(theirs)
    for key, column in theirs.items():
        assert type(ours[key]) is type(column)
        if key != "params":
            assert ours[key].dtype == column.dtype, key
            assert ours[key].shape == column.shape


@pytest.mark.slow
def test_pickles_are_no_larger_than_twice_the_randomized_searchs(search):
    ours = search(n_iter=50).fit(X, Y)
    theirs = RandomizedSearchCV(
        LogisticRegression(max_iter=500), C, n_iter=50, cv=3, random_state=0
    ).fit(X, Y)
    assert len(pickle.dumps(ours)) < 2 * len(pickle.dumps(theirs))


def test_clones_have_spaces_of_their_own(search):
    space = {"svc": [SVC(), LogisticRegression(max_iter=999)], "svc__C": loguniform(0.1, 10)}
    original = search(Pipeline([("svc", SVC())]), space)
    copy = clone(original)
    assert copy.param_distributions["svc"][0] is not space["svc"][0]
    assert len(copy.fit(X, Y).cv_results_["params"]) == 5


def test_text_and_html_show_the_search(search):
    unfitted = search()
    assert f"{type(unfitted).__name__}(" in repr(unfitted)
    assert "estimator: LogisticRegression" in unfitted._repr_html_()
    assert "best_estimator_: LogisticRegression" in unfitted.fit(X, Y)._repr_html_()


def test_scores_that_are_no_numbers_are_an_error(search):
    with pytest.raises(ValueError, match="scoring must return a number"):
        search(scoring=lambda estimator, X, y: "high").fit(X, Y)


def test_a_scorer_that_fails_costs_one_row(search):
    def picky(estimator, X, y):
        if estimator.C > 1:
            raise RuntimeError("too large")
        return estimator.C

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted = search(scoring=picky, n_iter=10).fit(X, Y)
    assert fitted.best_params_["C"] <= 1
    assert sum("Scoring failed" in str(warning.message) for warning in caught) == 1


def test_stratification_is_that_of_a_classifier(search):
    fitted = search(cv=4).fit(X, Y)
    expected = search(cv=StratifiedKFold(4)).fit(X, Y)
    assert_array_equal(
        fitted.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"]
    )


if HAS_CALLBACKS:
    from sklearn.callback import ProgressBar, ScoringMonitor

    class Recording:
        """Keeps the path of every task that begins or ends, in this process."""

        def __init__(self):
            self.events = []

        def setup(self, estimator, context):
            self.events.append(("setup", type(estimator).__name__))

        def teardown(self, estimator, context):
            self.events.append(("teardown", type(estimator).__name__))

        def on_fit_task_begin(self, estimator, context, *, X=None):
            self.events.append(("begin", *self.path(context), X is not None))

        def on_fit_task_end(self, estimator, context, *, X=None):
            self.events.append(("end", *self.path(context), X is not None))

        @staticmethod
        def path(context):
            return context.task_name, context.task_id, context.max_subtasks

    GRID = {"C": [0.1, 1.0, 10.0]}

    def events(estimator):
        recording = Recording()
        estimator.set_callbacks(recording).fit(X, Y)
        return [
            tuple("search" if "SearchCV" in str(part) else part for part in event)
            for event in recording.events
        ]

    def test_callbacks_see_the_tasks_of_the_randomized_search(search):
        model = LogisticRegression(max_iter=500)
        theirs = RandomizedSearchCV(model, GRID, n_iter=3, cv=2, random_state=0)
        assert events(search(model, GRID, n_iter=3, cv=2)) == events(theirs)

    def test_callbacks_are_torn_down_after_an_error(search):
        recording = Recording()
        failing = search(SVC(), {"C": [-1.0, -2.0]}, error_score="raise")
        with pytest.raises(ValueError, match="'C' parameter"):
            failing.set_callbacks(recording).fit(X, Y)
        assert recording.events[-1] == ("teardown", type(failing).__name__)

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_progress_and_scores_can_be_watched(search, n_jobs, capsys, monkeypatch):
        monkeypatch.setenv("COLUMNS", "200")
        watched = search(LogisticRegression(max_iter=500), GRID, n_iter=3, n_jobs=n_jobs)
        monitor = ScoringMonitor(scoring="accuracy")
        watched.set_callbacks(ProgressBar(), monitor).fit(X, Y)
        assert "100%" in capsys.readouterr().out
