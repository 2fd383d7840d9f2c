"""`staged`: the number of rounds is found by the fits themselves, and not searched."""

import json
import os
import pickle
import re

import numpy as np
import pytest
import sklearn
from joblib import parallel_config
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import get_scorer, make_scorer, mean_squared_error
from sklearn.model_selection import cross_val_score, cross_validate
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV, TPESearchCV

X, y = load_diabetes(return_X_y=True)
X, y = X[:150], y[:150]
MODEL = GradientBoostingRegressor(n_estimators=60, random_state=0)
SPACE = {"learning_rate": loguniform(0.01, 1), "subsample": uniform(0.4, 0.5)}


def search_of(estimator=MODEL, cls=BayesSearchCV, space=SPACE, **options):
    options = {"n_iter": 8, "cv": 3, "random_state": 0, "staged": "n_estimators"} | options
    return cls(estimator, space, **options)


@pytest.fixture(scope="module")
def search():
    return search_of(return_train_score=True).fit(X, y)


@pytest.mark.parametrize("cls", [pytest.param(BayesSearchCV, marks=pytest.mark.slow), TPESearchCV])
def test_a_candidate_has_the_score_of_a_fit_with_its_number_of_rounds(cls):
    search = search_of(cls=cls, n_iter=6).fit(X, y)
    table = search.cv_results_
    for index, params in enumerate(table["params"]):
        expected = cross_val_score(clone(MODEL).set_params(**params), X, y, cv=3)
        found = [table[f"split{k}_test_score"][index] for k in range(3)]
        np.testing.assert_array_equal(found, expected)


def test_the_number_of_rounds_has_the_best_mean_of_all_stages(search):
    table = search.cv_results_
    assert table["param_n_estimators"].dtype.kind == "i"
    for index, curves in enumerate(search.cv_curves_):
        means = curves["test_score"].mean(axis=0)
        assert table["mean_test_score"][index] == pytest.approx(np.nanmax(means))
        best = curves["stages"][np.nanargmax(means)]
        assert table["params"][index]["n_estimators"] == best
        assert table["param_n_estimators"][index] == best
        assert type(table["params"][index]["n_estimators"]) is int


def test_the_refit_has_the_rounds_of_the_best_candidate(search):
    n_rounds = search.best_params_["n_estimators"]
    assert search.best_estimator_.n_estimators == n_rounds
    expected = clone(MODEL).set_params(**search.best_params_).fit(X, y)
    np.testing.assert_array_equal(search.predict(X), expected.predict(X))
    assert MODEL.n_estimators == 60


def test_the_refit_can_have_more_rounds_as_it_has_more_samples():
    scaled = search_of(staged_scale=True).fit(X, y)
    assert scaled.best_estimator_.n_estimators == round(scaled.best_params_["n_estimators"] * 1.5)


def test_the_refit_of_a_network_is_fitted_as_it_was_scored():
    network = MLPRegressor(hidden_layer_sizes=(5,), max_iter=12, random_state=0)
    pipeline = Pipeline([("scale", StandardScaler()), ("model", network)])
    options = {"staged": "model__max_iter", "staged_route": "partial_fit", "n_iter": 2}
    space = {"model__learning_rate_init": [0.01, 0.1, 0.3]}
    best = search_of(pipeline, space=space, **options).fit(X, y)
    Z = StandardScaler().fit_transform(X)
    expected = clone(best.best_estimator_[-1])
    for _ in range(best.best_params_["model__max_iter"]):
        expected.partial_fit(Z, y)
    np.testing.assert_array_equal(best.predict(X), expected.predict(Z))
    found = best.best_estimator_.get_params()
    assert {name: found[name] for name in best.best_params_} == best.best_params_


def test_warm_starts_of_a_search_are_not_seen_in_its_refit():
    model = LogisticRegression(max_iter=20)
    options = {"staged": "max_iter", "staged_route": "warm_start", "n_iter": 2, "cv": 3}
    search = BayesSearchCV(model, {"C": loguniform(0.1, 10)}, **options).fit(*CLASSES)
    assert not search.best_estimator_.warm_start
    assert search.best_estimator_.max_iter == search.best_params_["max_iter"]


def test_training_scores_are_those_of_the_same_stage(search):
    best = search.best_index_
    fits = cross_validate(
        clone(MODEL).set_params(**search.best_params_), X, y, cv=3, return_train_score=True
    )
    found = [search.cv_results_[f"split{k}_train_score"][best] for k in range(3)]
    np.testing.assert_array_equal(found, fits["train_score"])
    curves = search.cv_curves_[best]
    assert curves["train_score"].shape == curves["test_score"].shape


def test_it_is_the_same_for_every_number_of_workers(search):
    with parallel_config("threading"):
        other = search_of(n_jobs=2, return_train_score=True).fit(X, y)
    assert other.cv_results_["params"] == search.cv_results_["params"]
    for a, b in zip(other.cv_curves_, search.cv_curves_, strict=True):
        np.testing.assert_array_equal(a["test_score"], b["test_score"])


@pytest.mark.parametrize("n_kept", [1, 3])
def test_a_search_that_was_interrupted_goes_on_with_its_curves(tmp_path, n_kept):
    path = tmp_path / "journal.jsonl"
    whole = search_of(checkpoint=path, staged_patience=10, n_iter=5).fit(X, y)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[: n_kept + 1]))
    resumed = search_of(checkpoint=path, staged_patience=10, n_iter=5).fit(X, y)
    assert resumed.cv_results_["params"] == whole.cv_results_["params"]
    for a, b in zip(resumed.cv_curves_, whole.cv_curves_, strict=True):
        np.testing.assert_array_equal(a["test_score"], b["test_score"])


@pytest.mark.parametrize("other", [{"staged": None}, {"staged_patience": 3}])
def test_a_checkpoint_of_another_search_is_refused(tmp_path, other):
    path = tmp_path / "journal.jsonl"
    search_of(checkpoint=path, n_iter=2).fit(X, y)
    with pytest.raises(ValueError, match="staged"):
        search_of(checkpoint=path, n_iter=2, **other).fit(X, y)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda curves: curves["stages"].reverse(), "stages"),
        (lambda curves: curves["test"]["score"].pop(), "curves"),
        (lambda curves: curves["test"].update(other=[]), "curves"),
        (lambda curves: curves.pop("stages"), "curves"),
        (lambda curves: curves["test"]["score"].__setitem__(0, "x"), "curves"),
    ],
)
def test_curves_that_cannot_be_are_not_believed(tmp_path, damage, message):
    from skbayes.engine.records.journal import Journal

    path = tmp_path / "journal.jsonl"
    search_of(checkpoint=path, n_iter=2).fit(X, y)
    with Journal(path) as journal:
        header, records = journal.header, journal.records
    path.unlink()
    damage(records[0]["results"][0]["curves"])
    with Journal(path) as journal:
        journal.begin({k: v for k, v in header.items() if k not in ("skbayes_journal", "sum")})
        for record in records:
            journal.append({k: v for k, v in record.items() if k != "sum"})
    with pytest.raises(ValueError, match=message):
        search_of(checkpoint=path, n_iter=2).fit(X, y)


@pytest.mark.slow
def test_racing_drops_candidates_by_their_curves():
    search = search_of(n_iter=14, cv=6, racing=0.3).fit(X, y)
    n_run = search.cv_results_["n_splits_evaluated"]
    assert n_run.min() < 6
    dropped = int(np.argmin(n_run))
    known = np.isfinite(search.cv_curves_[dropped]["test_score"]).all(axis=1)
    assert known.sum() == n_run[dropped]
    assert n_run[search.best_index_] == 6


def test_the_metric_that_decides_chooses_the_rounds():
    metrics = ["r2", "neg_mean_absolute_error"]
    for refit in metrics:
        search = search_of(scoring=metrics, refit=refit, n_iter=2).fit(X, y)
        for params, curves in zip(search.cv_results_["params"], search.cv_curves_, strict=True):
            best = curves["stages"][np.nanargmax(curves[f"test_{refit}"].mean(axis=0))]
            assert params["n_estimators"] == best
    assert set(search.cv_curves_[0]) == {"stages", *(f"test_{name}" for name in metrics)}


def test_a_callable_of_several_metrics_works():
    def scores(estimator, X, y):
        error = mean_squared_error(y, estimator.predict(X))
        return {"mse": -error, "rmse": -np.sqrt(error)}

    search = search_of(scoring=scores, refit="rmse", n_iter=3).fit(X, y)
    assert set(search.cv_curves_[0]) == {"stages", "test_mse", "test_rmse"}
    one = make_scorer(mean_squared_error, greater_is_better=False)
    expected = cross_val_score(search.best_estimator_, X, y, cv=3, scoring=one).mean()
    assert search.cv_results_["mean_test_mse"][search.best_index_] == pytest.approx(expected)


def test_sample_weights_are_routed_to_fits_and_scores():
    weights = np.linspace(0.1, 2.0, len(y))
    with sklearn.config_context(enable_metadata_routing=True):
        model = clone(MODEL).set_fit_request(sample_weight=True)
        pipeline = Pipeline([("scale", StandardScaler().set_fit_request(sample_weight=False))])
        pipeline.steps.append(("model", model))
        space = {f"model__{name}": values for name, values in SPACE.items()}
        scoring = get_scorer("r2").set_score_request(sample_weight=True)
        options = {"staged": "model__n_estimators", "n_iter": 3, "scoring": scoring}
        search = search_of(pipeline, space=space, **options)
        search.fit(X, y, sample_weight=weights)
        best = clone(pipeline).set_params(**search.best_params_)
        expected = cross_validate(
            best, X, y, cv=3, scoring=scoring, params={"sample_weight": weights}
        )
    found = [search.cv_results_[f"split{k}_test_score"][search.best_index_] for k in range(3)]
    np.testing.assert_allclose(found, expected["test_score"], rtol=1e-12)


class Exploding(RegressorMixin, BaseEstimator):
    """Its score falls after 5 epochs of one kind, and it predicts infinity after 7 of the other."""

    def __init__(self, epochs=12, explodes=True, fails=False):
        self.epochs, self.explodes, self.fails = epochs, explodes, fails

    def partial_fit(self, X, y):
        if self.fails:
            raise RuntimeError("no luck")
        self.n_ = getattr(self, "n_", 0) + 1
        self.mean_ = y.mean()
        return self

    def fit(self, X, y):
        for _ in range(self.epochs):
            self.partial_fit(X, y)
        return self

    def predict(self, X):
        if self.explodes and self.n_ > 7:
            return np.full(len(X), np.inf)
        return np.full(len(X), self.mean_ + 1.0 / self.n_)


@pytest.mark.parametrize("error_score", [np.nan, -1e6])
def test_a_model_that_explodes_counts_by_the_stage_before(error_score):
    options = {"staged": "epochs", "staged_route": "partial_fit", "error_score": error_score}
    search = search_of(Exploding(), space={"explodes": [True, False]}, n_iter=2, **options)
    search.fit(X, y)
    assert [params["epochs"] for params in search.cv_results_["params"]] == [7, 12]
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.failures_ == {}
    assert np.isnan(search.cv_curves_[0]["test_score"][:, 7:]).all()


def test_a_fit_that_fails_fails_alone():
    options = {"staged": "epochs", "staged_route": "partial_fit"}
    search = search_of(Exploding(), space={"fails": [True, False]}, n_iter=2, **options)
    with pytest.warns(FitFailedWarning), pytest.warns(UserWarning, match="non-finite"):
        search.fit(X, y)
    assert list(search.failures_) == [0]
    assert search.failures_[0][0].reason == "RuntimeError: no luck"
    assert "epochs" not in search.cv_results_["params"][0]
    assert search.cv_curves_[0]["stages"].size == 0
    assert search.best_params_ == {"fails": False, "epochs": 7}


@pytest.mark.filterwarnings("ignore:Scoring failed")
def test_a_scorer_that_always_fails_says_why():
    def scorer(estimator, X, y):
        return float(len(estimator.estimators_))

    with pytest.raises(ValueError, match="estimators_ is not known: with staged="):
        search_of(scoring=scorer).fit(X, y)


@pytest.mark.slow
def test_patience_leaves_rounds_out(count_rounds):
    rounds = count_rounds(GradientBoostingRegressor)
    n_rounds = {}
    for patience in (None, 10):
        rounds.clear()
        model = clone(MODEL).set_params(n_estimators=200)
        search = search_of(model, staged_patience=patience, refit=False, n_iter=5).fit(X, y)
        n_rounds[patience] = sum(rounds), search.best_score_
    assert n_rounds[None][0] == 5 * 3 * 200
    assert n_rounds[10][0] < 0.6 * n_rounds[None][0]
    assert n_rounds[10][1] > n_rounds[None][1] - 0.05


@pytest.mark.parametrize(("most", "is_said"), [(3, True), (100, False)])
def test_it_is_said_that_more_rounds_may_be_better(most, is_said, capsys):
    model = GradientBoostingRegressor(n_estimators=most, random_state=0)
    search = search_of(model, space={"max_depth": [1, 2, 3]}, n_iter=2, verbose=1).fit(X, y)
    assert (search.best_params_["n_estimators"] == most) == is_said
    line = "n_estimators=3 is at the upper end of its range; larger may be better"
    assert (line in capsys.readouterr().out) == is_said


def test_what_is_noisy_is_still_found():
    model = GradientBoostingRegressor(n_estimators=15, subsample=0.5)
    assert search_of(model, space={"max_depth": [1, 2, 3, 4]}, n_iter=3).fit(X, y).is_noisy_
    model = HistGradientBoostingRegressor(max_iter=15)
    options = {"space": {"max_depth": [1, 2, 3, 4]}, "n_iter": 3, "staged": "max_iter"}
    assert not search_of(model, **options).fit(X, y).is_noisy_


def test_callbacks_and_the_surrogate_know_the_rounds():
    seen = []
    search = search_of(callbacks=lambda search, trial: seen.append(trial.params)).fit(X, y)
    assert seen == search.cv_results_["params"]
    assert search.surrogate_.predict(search.cv_results_["params"])[0].shape == (8,)
    again = pickle.loads(pickle.dumps(search.set_params(callbacks=None)))
    np.testing.assert_array_equal(again.predict(X), search.predict(X))
    json.dumps({k: v.tolist() for k, v in again.cv_curves_[0].items()})


@pytest.mark.slow
def test_it_nests_in_cross_validate():
    scores = cross_validate(search_of(n_iter=3, n_jobs=2), X, y, cv=3)["test_score"]
    assert np.isfinite(scores).all()


CLASSES = load_breast_cancer(return_X_y=True)
PIPELINE = Pipeline([("model", AdaBoostClassifier()), ("last", GradientBoostingClassifier())])


@pytest.mark.parametrize(
    ("estimator", "options", "message"),
    [
        (MODEL, {"staged": "n_trees"}, "'n_trees': GradientBoostingRegressor has no n_trees"),
        (MODEL, {"staged": "max_depth"}, "cannot be scored after fewer rounds of max_depth"),
        (MODEL, {"space": {"n_estimators": [5, 6]}}, "is one of param_distributions too"),
        (MODEL, {"return_predictions": "auto"}, "does not go with return_predictions; give"),
        (SVC(), {"staged": "max_iter"}, "-1 is not a positive integer"),
        (
            SVC(max_iter=9),
            {"staged": "max_iter"},
            "SVC cannot be scored after fewer rounds of max_iter than it was fitted for. It would "
            "need staged_predict (boosting of scikit-learn), a predict that takes an iteration "
            "(XGBoost, LightGBM, CatBoost), warm_start or partial_fit.",
        ),
        (
            MLPClassifier(),
            {"staged": "max_iter"},
            "fits of MLPClassifier that go on round by round are not the same as one fit with "
            "fewer rounds. If that is good enough, give staged_route='partial_fit'",
        ),
        (
            SGDClassifier(),
            {"staged": "max_iter", "staged_route": "staged"},
            "staged_route='staged'",
        ),
        (
            HistGradientBoostingClassifier(early_stopping=True),
            {"staged": "max_iter"},
            "HistGradientBoostingClassifier would stop early by samples that it holds out",
        ),
        (GradientBoostingRegressor(n_iter_no_change=5), {}, "would stop early"),
        (GradientBoostingRegressor(n_estimators=2.5), {}, "2.5 is not a positive integer"),
        (PIPELINE, {"staged": "model__n_estimators"}, "its owner is not the last step"),
        (AdaBoostClassifier(), {"staged": "estimator__max_depth"}, "is not the last step"),
        (MODEL, {"staged_patience": 0}, "staged_patience"),
        (MODEL, {"staged_route": "epochs"}, "staged_route"),
    ],
)
def test_bad_input_is_named(estimator, options, message):
    space = {"verbose": [0, 1]} if not isinstance(estimator, Pipeline) else {"memory": [None]}
    space = {"random_state": [0, 1]} if isinstance(estimator, AdaBoostClassifier) else space
    with pytest.raises(ValueError, match=re.escape(message)):
        search_of(estimator, **{"space": space, **options}).fit(*CLASSES)


def test_trials_of_the_past_have_no_curves():
    past = search_of(staged=None).fit(X, y)
    with pytest.raises(ValueError, match="does not go with initial_trials; give"):
        search_of(initial_trials=past).fit(X, y)


def test_trials_with_rounds_can_be_taken_by_a_search_over_rounds():
    past = search_of(n_iter=4).fit(X, y)
    later = search_of(space={**SPACE, "n_estimators": [5, 20, 40, 60]}, staged=None, n_iter=1)
    with pytest.raises(ValueError, match="n_estimators"):
        search_of(staged=None, initial_trials=past).fit(X, y)
    later.set_params(initial_trials=past).fit(X, y)
    assert len(later.cv_results_["params"]) == 5
    assert later.best_score_ >= past.best_score_


def test_a_forest_grows_tree_by_tree():
    forest = RandomForestRegressor(n_estimators=30, random_state=0)
    search = search_of(forest, space={"max_features": uniform(0.2, 0.7)}, n_iter=2).fit(X, y)
    expected = cross_val_score(clone(forest).set_params(**search.best_params_), X, y, cv=3).mean()
    assert search.best_score_ == pytest.approx(expected, rel=1e-12)


class DiesWhenDeep(GradientBoostingRegressor):
    """Ends its process if its trees are deep."""

    def fit(self, X, y, sample_weight=None):
        if self.max_depth == 2:
            os._exit(1)
        return super().fit(X, y, sample_weight)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_worker_that_dies_fails_its_split_alone(tmp_path):
    options = {"space": {"max_depth": [1, 2]}, "n_iter": 2, "n_jobs": 2}
    model = DiesWhenDeep(n_estimators=4, random_state=0)
    for _ in range(2):  # fitted, and read from the journal
        search = search_of(model, checkpoint=tmp_path / "journal.jsonl", **options).fit(X, y)
        assert search.best_params_["max_depth"] == 1
        assert len(search.failures_) == 1


def test_a_forest_of_another_class_counts_all_its_trees():
    class Forest(RandomForestRegressor):
        pass

    model = Forest(n_estimators=9, random_state=0)
    options = {"staged_route": "warm_start", "space": {"max_depth": [3]}, "n_iter": 1}
    search = search_of(model, **options).fit(X, y)
    assert len(search.best_estimator_.estimators_) == search.best_params_["n_estimators"]
    expected = cross_val_score(clone(model).set_params(**search.best_params_), X, y, cv=3).mean()
    assert search.best_score_ == pytest.approx(expected, rel=1e-12)


def test_early_stopping_of_the_refit_is_refused_before_the_first_fit():
    many = np.zeros((10_500, 1)), np.zeros(10_500)
    model = HistGradientBoostingRegressor(max_iter=3)
    with pytest.raises(ValueError, match="would stop early"):
        search_of(model, space={"max_depth": [1, 2]}, staged="max_iter", n_iter=2).fit(*many)


def test_several_metrics_that_fail_at_first_stand_at_their_stages():
    def scores(estimator, X, y):
        predictions = estimator.predict(X)
        if len(np.unique(predictions)) < 8:
            raise ValueError("too few")
        return {"a": -mean_squared_error(y, predictions), "b": float(np.std(predictions))}

    model = GradientBoostingRegressor(n_estimators=12, max_depth=2, random_state=0)
    options = {"scoring": scores, "refit": "a", "space": {"random_state": [0]}, "n_iter": 1}
    search = search_of(model, **options).fit(X, y)
    [curves] = search.cv_curves_
    assert set(curves) == {"stages", "test_a", "test_b"}
    assert curves["test_a"].shape == curves["test_b"].shape == (3, 12)
    assert np.isnan(curves["test_a"][:, 0]).all()
    mse = make_scorer(mean_squared_error, greater_is_better=False)
    expected = cross_val_score(search.best_estimator_, X, y, cv=3, scoring=mse).mean()
    assert search.best_score_ == pytest.approx(expected)


def test_the_own_score_of_an_estimator_counts():
    class Scored(GradientBoostingRegressor):
        def score(self, X, y, sample_weight=None):
            return -mean_squared_error(y, self.predict(X), sample_weight=sample_weight)

    search = search_of(Scored(n_estimators=5, random_state=0), n_iter=1).fit(X, y)
    expected = cross_val_score(search.best_estimator_, X, y, cv=3).mean()
    assert search.best_score_ == pytest.approx(expected)
    assert expected < -100.0
