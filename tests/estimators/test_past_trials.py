"""A search takes the trials of an earlier one along, if their scores are comparable."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV, HalvingBayesSearchCV, TPESearchCV
from skbayes.engine.records.journal import JournalError
from skbayes.estimators.past_trials import _digest_of
from skbayes.selection import one_standard_error

X, Y = load_iris(return_X_y=True)
SPACE = {"C": loguniform(1e-2, 1e2), "gamma": loguniform(1e-4, 1e1)}
WIDER = {"C": loguniform(1e-1, 1e4), "gamma": loguniform(1e-4, 1e1)}


def search_of(space=SPACE, cls=BayesSearchCV, estimator=None, **options):
    options = {"n_iter": 6, "random_state": 0, "cv": 5, **options}
    return cls(SVC() if estimator is None else estimator, space, **options)


@pytest.fixture(scope="module")
def old():
    return search_of(n_iter=12, initial_params="default").fit(X, Y)


@pytest.mark.parametrize("cls", [BayesSearchCV, TPESearchCV])
def test_the_table_begins_with_them_and_new_trials_follow(old, cls):
    new = search_of(WIDER, cls, initial_trials=old).fit(X, Y).cv_results_
    assert len(new["params"]) == 18
    assert new["params"][:12] == old.cv_results_["params"]
    for name in ("mean_test_score", "split3_test_score", "n_splits_evaluated"):
        assert_array_equal(new[name][:12], old.cv_results_[name])
    for params in new["params"][12:]:
        assert 1e-1 <= params["C"] <= 1e4


def test_new_trials_are_proposed_from_their_scores(old):
    new = search_of(initial_trials=old).fit(X, Y)
    alone = search_of().fit(X, Y)
    assert new.cv_results_["params"][12] not in alone.cv_results_["params"]
    assert new.cv_results_["mean_test_score"][12:].max() > 0.95


def test_the_same_search_for_any_number_of_workers_and_from_the_attribute(old):
    one = search_of(initial_trials=old).fit(X, Y)
    two = search_of(initial_trials=old.trials_, n_jobs=2).fit(X, Y)
    copied = clone(search_of(initial_trials=old.trials_)).fit(X, Y)
    read = search_of(initial_trials=pickle.loads(pickle.dumps(old.trials_))).fit(X, Y)
    for other in (two, copied, read):
        assert other.cv_results_["params"] == one.cv_results_["params"]


def test_budgets_count_the_new_ones_alone(old):
    assert len(search_of(initial_trials=old, n_fits=10).fit(X, Y).cv_results_["params"]) == 14
    patient = search_of(initial_trials=old, n_iter_no_change=2, n_iter=30).fit(X, Y)
    assert len(patient.cv_results_["params"]) >= 14


def test_given_points_come_after_them(old):
    new = search_of(initial_trials=old, initial_params=[{"C": 3.0, "gamma": 0.25}]).fit(X, Y)
    assert new.cv_results_["params"][12] == {"C": 3.0, "gamma": 0.25}


def test_a_new_parameter_has_the_value_it_had(old):
    space = {**SPACE, "tol": loguniform(1e-4, 1e-2)}
    new = search_of(space, initial_trials=old).fit(X, Y)
    assert {params["tol"] for params in new.cv_results_["params"][:12]} == {1e-3}
    with pytest.raises(ValueError, match="differs in the estimator's tol"):
        search_of(space, estimator=SVC(tol=1e-2), initial_trials=old).fit(X, Y)


@pytest.mark.parametrize(
    "what, options, data",
    [
        ("X, y", {}, (X[:-5], Y[:-5])),
        ("splits", {"cv": KFold(5, shuffle=True, random_state=0)}, (X, Y)),
        ("scoring", {"scoring": "f1_macro"}, (X, Y)),
        ("the estimator's kernel", {"estimator": SVC(kernel="linear")}, (X, Y)),
        ("gamma is not any more", {"space": {"C": loguniform(1, 10)}}, (X, Y)),
    ],
)
def test_trials_of_another_problem_are_refused(old, what, options, data):
    with pytest.raises(ValueError, match="initial_trials") as caught:
        search_of(initial_trials=old, **options).fit(*data)
    for part in what.split(", "):
        assert part in str(caught.value)


def test_a_table_or_an_unfitted_search_is_refused(old):
    with pytest.raises(TypeError, match="initial_trials: a dict is neither a fitted search"):
        search_of(initial_trials=old.cv_results_).fit(X, Y)
    with pytest.raises(TypeError, match="a BayesSearchCV is neither a fitted search"):
        search_of(initial_trials=search_of()).fit(X, Y)


def test_a_journal_goes_on_with_the_same_initial_trials_alone(old, tmp_path):
    path = tmp_path / "search.jsonl"
    whole = search_of(initial_trials=old).fit(X, Y)
    search_of(initial_trials=old, n_iter=3, checkpoint=path).fit(X, Y)
    resumed = search_of(initial_trials=old, checkpoint=path).fit(X, Y)
    assert resumed.cv_results_["params"] == whole.cv_results_["params"]
    with pytest.raises(JournalError, match="differs in initial_trials"):
        search_of(checkpoint=path).fit(X, Y)


def test_failed_trials_come_along_as_failed():
    class Picky(SVC):
        def fit(self, X, y, sample_weight=None):
            if self.C > 1:
                raise ValueError("C is too large")
            return super().fit(X, y, sample_weight)

    with pytest.warns(match="fits failed|non-finite"):
        old = search_of(estimator=Picky()).fit(X, Y)
    with pytest.warns(match="fits failed|non-finite"):
        new = search_of(estimator=Picky(), initial_trials=old).fit(X, Y)
    first = {number: failures for number, failures in new.failures_.items() if number < 6}
    assert {n: [f.reason for f in fs] for n, fs in first.items()} == {
        n: [f.reason for f in fs] for n, fs in old.failures_.items()
    }
    assert np.isnan(new.cv_results_["mean_test_score"][list(first)]).all()


def test_trials_of_lower_rungs_are_refused():
    halving = HalvingBayesSearchCV(SVC(), SPACE, random_state=0, cv=5).fit(X, Y)
    with pytest.raises(TypeError, match="a HalvingBayesSearchCV is neither"):
        search_of(initial_trials=halving).fit(X, Y)


def test_dropped_trials_stay_partial_in_a_search_that_drops_none(old):
    n_run = old.cv_results_["n_splits_evaluated"]
    assert (n_run < 5).any()
    new = search_of(initial_trials=old, racing=False, refit=one_standard_error("C")).fit(X, Y)
    assert_array_equal(new.cv_results_["n_splits_evaluated"][:12], n_run)
    assert new.cv_results_["n_splits_evaluated"][new.best_index_] == 5


def test_trials_with_another_constant_teach_the_model_nothing():
    space = {"kernel": ["linear", "rbf", "sigmoid"], "C": loguniform(1e-2, 1e2)}
    old = search_of(space, n_iter=15, racing=False).fit(X, Y)
    new = search_of({"kernel": ["rbf"], "C": loguniform(1e-2, 1e2)}, initial_trials=old).fit(X, Y)
    kernels = [params["kernel"] for params in new.cv_results_["params"]]
    n_comparable = sum(kernel == "rbf" for kernel in kernels)
    assert len(set(kernels[:15])) > 1
    assert set(kernels[15:]) == {"rbf"}
    assert len(new.surrogate_._process.Z) == n_comparable
    only_others = search_of(space={"kernel": ["poly"], "C": loguniform(1e-2, 1e2)},
                            initial_trials=old).fit(X, Y)  # fmt: skip
    assert len(only_others.cv_results_["params"]) == 21


def test_parts_of_the_estimator_are_compared_one_by_one():
    space = {"svc__C": loguniform(1e-2, 1e2)}

    def fit(model, **options):
        return search_of(space, estimator=model, n_iter=3, **options).fit(X, Y)

    def pipeline(scaler, C=1.0, **options):
        return make_pipeline(scaler, SVC(C=C, **options))

    old = fit(pipeline(StandardScaler()))
    assert len(fit(pipeline(StandardScaler(), C=7), initial_trials=old).trials_) == 6
    for other in (pipeline(MinMaxScaler()), pipeline(StandardScaler(with_mean=False))):
        with pytest.raises(ValueError, match=r"differs in .*scaler"):
            fit(other, initial_trials=old)


def test_fits_of_an_earlier_search_have_no_time_and_no_worker(old):
    timeline = search_of(n_iter=2, initial_trials=old).fit(X, Y).timeline_
    is_old = timeline["candidate"] < 12
    assert np.isnan(timeline["begin"][is_old]).all()
    assert set(timeline["worker"][is_old]) == {-1}
    assert (timeline["end"] > timeline["begin"])[~is_old].all()


class Secret:
    """Cannot be looked into."""

    def __reduce_ex__(self, protocol):
        raise RuntimeError("keep out")


def test_an_object_that_cannot_be_looked_into_ends_no_search():
    assert isinstance(_digest_of(Secret()), str)
