"""The report says what can be recomputed from the table by hand, and never fails over a part."""

import json
import warnings
from html.parser import HTMLParser

import numpy as np
import pytest
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RandomizedSearchCV,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, SVR

from skbayes import BayesSearchCV, HalvingBayesSearchCV, TPESearchCV
from skbayes.inspection import honest_score, params_from_json, search_report

X, Y = load_diabetes(return_X_y=True)
TRAIN, TEST, Y_TRAIN, Y_TEST = train_test_split(X, Y, test_size=0.5, random_state=0)
MODEL = Pipeline([("scale", StandardScaler()), ("svr", SVR())])
SPACE = {"svr__C": loguniform(0.1, 1000), "svr__gamma": loguniform(1e-4, 1)}


@pytest.fixture(scope="module")
def search():
    options = {"n_iter": 25, "random_state": 0, "initial_params": "default"}
    return BayesSearchCV(MODEL, SPACE, **options).fit(TRAIN, Y_TRAIN)


@pytest.fixture(scope="module")
def report(search):
    return search_report(search, TEST, Y_TEST, X=TRAIN, y=Y_TRAIN)


def test_its_numbers_are_those_of_the_table(search, report):
    results = search.cv_results_
    scores = np.array([results[f"split{split}_test_score"] for split in range(5)]).T
    best, defaults = scores[search.best_index_], scores[0]
    assert results["params"][0] == {"svr__C": 1.0, "svr__gamma": "scale"}
    assert report.best_params == search.best_params_
    assert report.best_score == pytest.approx(best.mean())
    assert report.standard_error == pytest.approx(best.std(ddof=1) / np.sqrt(5))
    assert report.baseline_score == pytest.approx(cross_val_score(MODEL, TRAIN, Y_TRAIN).mean())
    assert report.gain.mean == pytest.approx((best - defaults).mean())
    assert report.honest.score == honest_score(search).score
    n_run = results["n_splits_evaluated"]
    assert report.counts == {
        "candidates": 25, "splits": 5, "fits": n_run.sum(), "failed": 0,
        "dropped": (n_run < 5).sum(),
    }  # fmt: skip
    assert report.seconds["fit"] == pytest.approx((results["mean_fit_time"] * n_run).sum())
    assert report.seconds["refit"] == search.refit_time_
    assert report.notes == []


def test_the_hold_out_score_and_the_verdict_are_right(search, report):
    found = report.hold_out
    assert found.score == pytest.approx(search.score(TEST, Y_TEST))
    defaults = clone(MODEL).fit(TRAIN, Y_TRAIN)
    assert found.baseline_score == pytest.approx(defaults.score(TEST, Y_TEST))
    assert found.gain.mean == pytest.approx(found.score - found.baseline_score)
    predicted, default = search.predict(TEST), defaults.predict(TEST)
    rng = np.random.default_rng(1)
    gains = []
    for _ in range(400):
        drawn = rng.integers(len(Y_TEST), size=len(Y_TEST))
        gains.append(
            r2_score(Y_TEST[drawn], predicted[drawn]) - r2_score(Y_TEST[drawn], default[drawn])
        )
    assert found.gain.low == pytest.approx(np.quantile(gains, 0.025), abs=0.03)
    assert found.gain.high == pytest.approx(np.quantile(gains, 0.975), abs=0.03)
    assert found.verdict == "the gain held"
    assert found.is_better


def test_a_gain_that_is_noise_is_not_said_to_hold():
    rng = np.random.default_rng(0)
    data, labels = rng.normal(size=(300, 4)), rng.integers(2, size=300)
    fitted = BayesSearchCV(
        SVC(), {"C": loguniform(1e-2, 1e2)}, n_iter=8, random_state=0, initial_params="default"
    ).fit(data[:100], labels[:100])
    report = search_report(fitted, data[100:], labels[100:], X=data[:100], y=labels[:100])
    assert report.hold_out.verdict == "cannot be told from noise"
    assert not report.hold_out.is_better


@pytest.mark.slow
def test_the_defaults_are_evaluated_on_the_searchs_own_splits_if_they_were_not():
    cv = KFold(4, shuffle=True)  # without a seed
    fitted = BayesSearchCV(MODEL, SPACE, n_iter=6, cv=cv, random_state=0).fit(TRAIN, Y_TRAIN)
    without = search_report(fitted)
    assert without.baseline_score is None
    assert any("initial_params='default'" in note for note in without.notes)
    report = search_report(fitted, X=TRAIN, y=Y_TRAIN)
    own = cross_val_score(MODEL, TRAIN, Y_TRAIN, cv=fitted.splits_)
    assert report.baseline_score == pytest.approx(own.mean())
    random = RandomizedSearchCV(MODEL, SPACE, n_iter=4, cv=cv, random_state=0).fit(TRAIN, Y_TRAIN)
    report = search_report(random, X=TRAIN, y=Y_TRAIN)
    assert report.baseline_score is None
    assert any("cannot be drawn again" in note for note in report.notes)


def test_it_is_one_screen(report):
    lines = str(report).splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 79
    assert "the gain held" in " ".join(str(report).split())


def test_json_has_all_of_it_and_the_parameters_can_be_read_back(search, report):
    content = json.loads(report.to_json())
    assert content == json.loads(json.dumps(report.to_dict()))
    assert content["gain"]["mean"] == report.gain.mean
    assert params_from_json(json.dumps(content["best_params"])) == search.best_params_
    assert params_from_json(report.best_params_json) == search.best_params_


def test_parameters_read_back_predict_the_same_with_replaced_steps_too():
    space = {
        "scale": [StandardScaler(), MinMaxScaler(), "passthrough"],
        "svr": [SVR(), SVR(kernel="linear")],
        "svr__C": loguniform(0.1, 1000),
    }
    fitted = TPESearchCV(MODEL, space, n_iter=12, random_state=0).fit(TRAIN, Y_TRAIN)
    params = params_from_json(search_report(fitted).best_params_json)
    again = clone(MODEL).set_params(**params).fit(TRAIN, Y_TRAIN)
    np.testing.assert_array_equal(again.predict(TEST), fitted.predict(TEST))


class WellFormed(HTMLParser):
    """Checks that every tag is closed, and collects the tags."""

    VOID = ("img", "meta")

    def __init__(self):
        super().__init__()
        self.open, self.tags = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


class Odd(ClassifierMixin, BaseEstimator):
    """Has a parameter with any text for a value."""

    def __init__(self, text="<b>", x=0.5):
        self.text, self.x = text, x

    def fit(self, X, y):
        if self.text == "<fail>":
            raise ValueError("<script>alert('failed')</script>")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.where(X[:, 0] > self.x, self.classes_[-1], self.classes_[0])


def test_html_is_well_formed_and_shows_markup_as_text():
    space = {
        "text": ["<script>alert(1)</script>", "</table>", "&amp;", "<fail>"],
        "x": uniform(4, 4),
    }
    data = load_iris(return_X_y=True)
    search = BayesSearchCV(Odd(), space, n_iter=16, random_state=0, cv=3)
    with pytest.warns(match="fits failed|non-finite"):
        search.fit(*data)
    report = search_report(search)
    assert any("alert('failed')" in failure.reason for failure in report.failures)
    for html in (report.to_html(), report._repr_html_()):
        parser = WellFormed()
        parser.feed(html)
        assert parser.open == []
        assert "script" not in parser.tags
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in report.to_html()
    assert report.to_html().startswith("<!DOCTYPE html>")


def test_failures_say_at_which_end_of_which_range_they_crowd():
    class Explodes(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            if self.C > 10:
                raise FloatingPointError("the loss exploded")
            return super().fit(X, y, sample_weight)

    space = {"C": loguniform(1e-3, 1e3), "tol": loguniform(1e-5, 1e-2)}
    search = TPESearchCV(Explodes(max_iter=1000), space, n_iter=25, random_state=0)
    with pytest.warns(match="fits failed|non-finite"):
        search.fit(*load_iris(return_X_y=True))
    [failure] = search_report(search).failures
    assert failure.n_candidates == np.isnan(search.cv_results_["mean_test_score"]).sum()
    assert failure.reason == "FloatingPointError: the loss exploded"
    assert failure.advice == "at large values of C; narrow its range there"


def test_scores_that_explode_are_told_with_their_place():
    class Diverges(Ridge):
        def score(self, X, y, sample_weight=None):
            return -1e9 if self.alpha < 1e-2 else super().score(X, y, sample_weight)

    space = {"alpha": loguniform(1e-4, 1e2), "tol": loguniform(1e-5, 1e-2)}
    search = RandomizedSearchCV(Diverges(), space, n_iter=40, random_state=0).fit(X, Y)
    [failure] = search_report(search).failures
    assert failure.n_candidates == (search.cv_results_["mean_test_score"] < -1e8).sum()
    assert failure.reason == "the score is far below all others"
    assert failure.advice == "at small values of alpha; narrow its range there"


def test_an_edge_and_an_irrelevant_parameter_are_named():
    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), SVC())
    space = {"svc__gamma": loguniform(1e-7, 1e-4), "svc__shrinking": [True, False]}
    report = search_report(BayesSearchCV(model, space, n_iter=15, random_state=0, cv=3).fit(X, y))
    assert [(edge.name, edge.is_upper) for edge in report.edges] == [("svc__gamma", True)]
    assert report.irrelevant == ["svc__shrinking"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "fitted",
    [
        lambda X, y: GridSearchCV(SVC(), {"C": [0.1, 1, 10]}).fit(X, y),
        lambda X, y: GridSearchCV(SVC(), {"C": [1]}).fit(X, y),
        lambda X, y: BayesSearchCV(SVC(), {"C": loguniform(1, 10)}, n_iter=1).fit(X, y),
        lambda X, y: BayesSearchCV(SVC(), {"C": uniform(1, 9)}, n_iter=4, refit=False).fit(X, y),
        lambda X, y: HalvingBayesSearchCV(SVC(), {"C": loguniform(1, 10)}).fit(X, y),
        lambda X, y: BayesSearchCV(
            DummyClassifier(), {"strategy": ["prior", "uniform"]}, n_iter=2
        ).fit(X, y),
        lambda X, y: BayesSearchCV(
            SVC(), [{"C": [1, 2]}, {"kernel": ["linear"], "C": loguniform(1, 10)}], n_iter=6
        ).fit(X, y),
        lambda X, y: BayesSearchCV(
            SVC(), {"C": loguniform(1, 10)}, n_iter=3, scoring=["accuracy", "f1_macro"],
            refit="f1_macro", return_predictions="auto",
        ).fit(X, y),
    ],
)  # fmt: skip
def test_every_search_has_a_report(fitted):
    X, y = load_iris(return_X_y=True)
    search = fitted(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = search_report(search, X, y, X=X, y=y)
    assert str(report)
    assert report.to_html()
    assert json.loads(report.to_json())["counts"]["candidates"] == len(search.cv_results_["params"])


def test_what_has_no_report_says_why():
    with pytest.raises(NotFittedError):
        search_report(BayesSearchCV(SVC(), SPACE))
    X, y = load_iris(return_X_y=True)
    scoring = ["accuracy", "f1_macro"]
    space = {"C": loguniform(1, 10)}
    search = BayesSearchCV(SVC(), space, n_iter=2, scoring=scoring, refit=False).fit(X, y)
    with pytest.raises(ValueError, match=r"no metric selects .* give 'accuracy' or 'f1_macro'"):
        search_report(search)
    assert search_report(search, metric="accuracy").metric == "accuracy"


def test_an_interrupted_search_has_one_too():
    class Stops(SVC):
        n_fits = 0

        def fit(self, X, y, sample_weight=None):
            Stops.n_fits += 1
            if Stops.n_fits > 17:
                raise KeyboardInterrupt
            return super().fit(X, y, sample_weight)

    X, y = load_iris(return_X_y=True)
    search = BayesSearchCV(Stops(), {"C": loguniform(1, 10)}, n_iter=9, racing=False)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, y)
    report = search_report(search, X, y)
    assert report.counts["candidates"] >= 2
    assert report.hold_out is None
    assert any("hold-out" in note for note in report.notes)


def fitted_by(refit, **options):
    X, y = load_iris(return_X_y=True)
    options = {"n_iter": 12, "random_state": 0, "racing": False, **options}
    return BayesSearchCV(SVC(), {"C": loguniform(1e-3, 1e2)}, refit=refit, **options).fit(X, y)


def test_the_honest_score_is_not_that_of_another_candidate():
    search = fitted_by(lambda results: int(np.nanargmin(results["mean_test_score"])))
    report = search_report(search)
    assert report.honest is None
    assert any("refit has chosen another candidate" in note for note in report.notes)


def test_defaults_that_failed_are_no_baseline_though_they_have_a_score():
    class FailsAtOne(SVC):
        def fit(self, X, y, sample_weight=None):
            if self.C == 1.0:
                raise RuntimeError("one is none")
            return super().fit(X, y, sample_weight)

    search = BayesSearchCV(
        FailsAtOne(), {"C": loguniform(2, 1e2)}, n_iter=6, random_state=0, error_score=0.0,
        initial_params="default",
    )  # fmt: skip
    with pytest.warns(match="fits failed"):
        search.fit(*load_iris(return_X_y=True))
    report = search_report(search)
    assert report.baseline_score is None
    assert [failure.reason for failure in report.failures] == ["RuntimeError: one is none"]


def test_without_the_training_data_there_is_nothing_to_compare_with_on_the_test_data(search):
    found = search_report(search, TEST, Y_TEST)
    assert found.hold_out.gain is None
    assert not found.hold_out.is_better
    assert found.hold_out.verdict == "nothing to compare with"
    assert any("give X and y" in note for note in found.notes)


def test_a_score_that_reads_the_model_or_the_data_has_no_interval_but_is_told():
    def cost(model, X, y):
        return -np.average(model.predict(X) != y, weights=X[:, 0])

    X, y = load_iris(return_X_y=True)
    search = BayesSearchCV(SVC(), {"C": loguniform(1e-3, 1e2)}, n_iter=6, random_state=0,
                           scoring=cost, return_predictions="auto").fit(X, y)  # fmt: skip
    report = search_report(search, X, y, X=X, y=y)
    assert report.hold_out.score == pytest.approx(cost(search.best_estimator_, X, y))
    assert report.hold_out.gain.low == -np.inf
    assert report.hold_out.verdict == "cannot be told from noise"
    assert not report.hold_out.is_better
    assert report.honest.method == "splits"


def test_groups_can_be_given_with_the_data():
    X, y = load_iris(return_X_y=True)
    groups = np.arange(150) // 5
    search = GridSearchCV(SVC(), {"C": [0.1, 10]}, cv=GroupKFold(3)).fit(X, y, groups=groups)
    report = search_report(search, X, y, X=X, y=y, fit_params={"groups": groups})
    own = cross_val_score(SVC(), X, y, groups=groups, cv=GroupKFold(3))
    assert report.baseline_score == pytest.approx(own.mean())
    assert report.hold_out.gain is not None
