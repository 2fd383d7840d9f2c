"""`pruning`: candidates that have lost are ended while their first split grows."""

import re
from dataclasses import replace

import numpy as np
import pytest
from joblib import parallel_config
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.datasets import load_diabetes
from sklearn.ensemble import AdaBoostRegressor, GradientBoostingRegressor
from sklearn.model_selection import ShuffleSplit, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from skbayes import BayesSearchCV, FinishedTrial, HalvingBayesSearchCV, TPESearchCV
from skbayes.engine.records.journal import JournalError
from skbayes.estimators.costs import read_cost
from skbayes.space import Space
from skbayes.trial import Outcome, Trial
from tests.estimators.conftest import columns_of
from tests.estimators.test_forged import rewritten

X, y = load_diabetes(return_X_y=True)
X, y = X[:200], y[:200]
REAL = GradientBoostingRegressor(n_estimators=60, random_state=0)
REAL_SPACE = {"learning_rate": loguniform(1e-3, 1), "max_depth": [1, 2, 3, 4, 5, 6]}
RULES = ["gp", "median", "halving", "paired"]


class Rising(RegressorMixin, BaseEstimator):
    """A model whose score rises epoch by epoch, the faster the larger its rate is.

    It ends best where its rate is 0.1, and on each split a little higher or lower.
    """

    def __init__(self, rate=0.1, level=0.0, max_iter=40):
        self.rate, self.level, self.max_iter = rate, level, max_iter

    def partial_fit(self, X, y):
        self.n_epochs_ = getattr(self, "n_epochs_", 0) + 1
        self.luck_ = 0.05 * np.sin(X.sum() * 1e3) + 0.01 * np.sin(X.sum() * 1e3 / self.rate)
        return self

    def fit(self, X, y):
        return self.partial_fit(X, y)

    def predict(self, X):
        return np.full(len(X), self.luck_)

    def score(self, X, y):
        end = self.luck_ - 0.2 * abs(np.log10(self.rate) + 1.0) - self.level
        return end - np.exp(-self.rate * self.n_epochs_)


MODEL = Rising()
SPACE = {"rate": loguniform(0.01, 1), "level": uniform(0, 1)}


def search_of(cls=BayesSearchCV, model=MODEL, space=SPACE, **options):
    options = {"n_iter": 16, "cv": 5, "random_state": 0, "pruning": "gp"} | options
    options = {"staged": "max_iter", "staged_route": "partial_fit"} | options
    return cls(model, space, **options)


def n_rounds(search):
    """Return for how many rounds all splits of all candidates were scored."""
    last = [
        curves["stages"][np.isfinite(scores)][-1]
        for curves in search.cv_curves_
        for scores in curves["test_score"]
        if np.isfinite(scores).any()
    ]
    return sum(last)


@pytest.fixture(scope="module")
def search():
    return search_of().fit(X, y)


@pytest.fixture(scope="module")
def pruned(search):
    """The numbers of the pruned candidates."""
    return np.flatnonzero(search.cv_results_["is_pruned"])


def test_rounds_are_saved_and_the_best_has_all_splits():
    options = {"n_iter": 24, "racing": False}
    whole, half = (search_of(pruning=rule, **options).fit(X, y) for rule in (None, "gp"))
    assert "is_pruned" not in whole.cv_results_
    assert n_rounds(half) < 0.75 * n_rounds(whole)
    assert half.best_score_ > whole.best_score_ - 0.02
    assert not half.cv_results_["is_pruned"][half.best_index_]
    assert half.cv_results_["n_splits_evaluated"][half.best_index_] == 5


def test_a_pruned_candidate_has_its_scores_so_far_on_one_split(search, pruned):
    table = search.cv_results_
    assert len(pruned) >= 3
    for number in pruned:
        curves, split = search.cv_curves_[number], number % 5
        is_scored = np.isfinite(curves["test_score"]).any(axis=1)
        assert is_scored.tolist() == [k == split for k in range(5)]
        assert curves["stages"][-1] < 40
        assert table["n_splits_evaluated"][number] == 1
        score = curves["test_score"][split].max()
        assert table[f"split{split}_test_score"][number] == score
        assert table["mean_test_score"][number] == score
    complete = table["n_splits_evaluated"] == 5
    assert table["rank_test_score"][pruned].min() > table["rank_test_score"][complete].max()


def test_the_rounds_of_a_pruned_candidate_are_no_price():
    outcome = Outcome.of_scores(0.5)
    rule = read_cost(search_of(cost="rounds"), Space(SPACE))
    told = [replace(outcome, rounds=30.0), replace(outcome, rounds=3.0, is_pruned=True)]
    trials = [Trial(n, np.zeros(1), {}, outcome=each) for n, each in enumerate(told)]
    assert [rule.of_trial(trial) for trial in trials] == [30.0, None]
    assert np.isfinite(search_of(cost="rounds").fit(X, y).best_score_)


def test_the_seconds_of_a_pruned_candidate_are_no_price():
    outcome = Outcome.of_scores(0.5)
    rule = read_cost(search_of(cost="fit_time"), Space(SPACE))
    told = [replace(outcome, cost=9.0), replace(outcome, cost=1.0, is_pruned=True)]
    trials = [Trial(n, np.zeros(1), {}, outcome=each) for n, each in enumerate(told)]
    assert [rule.of_trial(trial) for trial in trials] == [9.0, None]


@pytest.mark.slow
def test_a_rule_is_asked_where_a_fit_pauses(count_rounds):
    rounds = count_rounds(GradientBoostingRegressor)
    options = {"staged": "n_estimators", "staged_route": "auto", "cv": 3, "refit": False}
    search = search_of(model=REAL, space=REAL_SPACE, pruning="halving", **options).fit(X, y)
    assert search.cv_results_["is_pruned"].sum() >= 4
    assert n_rounds(search) <= sum(rounds) <= 1.1 * n_rounds(search)


@pytest.mark.slow
def test_it_finds_as_good_a_model_from_fewer_rounds_of_boosting():
    options = {"staged": "n_estimators", "staged_route": "auto", "n_iter": 30, "cv": 3}
    found = [
        search_of(model=REAL, space=REAL_SPACE, pruning=rule, **options).fit(X, y)
        for rule in (None, "gp")
    ]
    whole, half = found
    assert n_rounds(half) < 0.85 * n_rounds(whole)
    assert half.best_score_ > whole.best_score_ - 0.02
    number = np.flatnonzero(half.cv_results_["is_pruned"])[0]
    params, split = half.cv_results_["params"][number], number % 3
    train, test = half.splits_[split]
    alone = clone(REAL).set_params(**params).fit(X[train], y[train])
    score = half.cv_results_[f"split{split}_test_score"][number]
    assert score == alone.score(X[test], y[test])


@pytest.mark.parametrize("rule", [*RULES[1:], pytest.param("gp", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("backend", "racing"),
    [("threading", False), pytest.param("loky", 0.2, marks=pytest.mark.slow)],
)
def test_it_is_the_same_search_for_any_workers(rule, backend, racing):
    options = {"pruning": rule, "racing": racing, "n_iter": 22, "cv": 3, "n_points": 3}
    one = search_of(**options).fit(X, y)
    assert one.cv_results_["is_pruned"].any()
    with parallel_config(backend):
        two = search_of(**options, n_jobs=2).fit(X, y)
    assert columns_of(two) == columns_of(one)


@pytest.mark.slow
def test_it_does_not_depend_on_the_threads_of_linear_algebra(search):
    with threadpool_limits(2, user_api="blas"):
        assert columns_of(search_of().fit(X, y)) == columns_of(search)


@pytest.mark.parametrize("n_kept", [8, *(pytest.param(n, marks=pytest.mark.slow) for n in (3, 13))])
def test_a_search_goes_on_from_what_was_pruned(tmp_path, search, n_kept):
    path = tmp_path / "journal.jsonl"
    search_of(checkpoint=path, n_iter=n_kept).fit(X, y)
    resumed = search_of(checkpoint=path).fit(X, y)
    assert columns_of(resumed) == columns_of(search)
    with pytest.raises(JournalError, match="differs in pruning"):
        search_of(checkpoint=path, pruning="median").fit(X, y)


def test_a_record_of_a_pruned_candidate_has_one_split(tmp_path):
    path = tmp_path / "journal.jsonl"
    search_of(checkpoint=path).fit(X, y)

    def with_another(record):
        [first, *_] = record["results"]
        if not first["is_pruned"]:
            return record
        return record | {
            "results": sorted(
                [first, first | {"split": (first["split"] + 1) % 5}], key=lambda r: r["split"]
            )
        }

    rewritten(path, change_record=with_another)
    with pytest.raises(JournalError, match="a line is not what it should be"):
        search_of(checkpoint=path).fit(X, y)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_works_with_parzen_estimators_and_few_splits(rule):
    cv = ShuffleSplit(2, random_state=0)
    search = search_of(TPESearchCV, pruning=rule, cv=cv).fit(X, y)
    assert search.cv_results_["is_pruned"].any()
    assert not search.cv_results_["is_pruned"][search.best_index_]


def test_a_single_split_is_enough():
    search = search_of(cv=ShuffleSplit(1, random_state=0)).fit(X, y)
    assert search.cv_results_["is_pruned"].any()
    assert not search.cv_results_["is_pruned"][search.best_index_]


@pytest.mark.slow
def test_a_pipeline_and_several_metrics_are_pruned_by_the_metric_that_decides():
    options = {"staged": "gradientboostingregressor__n_estimators", "staged_route": "auto"}
    space = {f"gradientboostingregressor__{name}": each for name, each in REAL_SPACE.items()}
    metrics = ["neg_mean_absolute_error", "r2"]
    found = []
    for scoring, refit in (("r2", True), (metrics, "r2")):
        pipeline = make_pipeline(StandardScaler(), REAL)
        options |= {"scoring": scoring, "refit": refit, "return_train_score": True}
        found.append(search_of(model=pipeline, space=space, **options).fit(X, y))
    one, several = (search.cv_results_ for search in found)
    assert one["is_pruned"].any()
    assert several["is_pruned"].tolist() == one["is_pruned"].tolist()
    assert several["params"] == one["params"]
    np.testing.assert_array_equal(several["mean_test_r2"], one["mean_test_score"])


def test_what_cannot_pause_is_not_pruned():
    model = AdaBoostRegressor(n_estimators=20, random_state=0)
    space = {"learning_rate": loguniform(1e-3, 1)}
    options = {"staged": "n_estimators", "staged_route": "auto", "n_iter": 6, "cv": 2}
    table = search_of(model=model, space=space, pruning="halving", **options).fit(X, y).cv_results_
    assert not table["is_pruned"].any()


def test_what_is_evaluated_whole_is_not_pruned():
    search = search_of(space={"rate": [0.001, 0.003, 0.01, 0.1, 0.3, 1.0]}, cv=2).fit(X, y)
    assert "is_pruned" not in search.cv_results_
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_callbacks_and_progress_say_what_was_pruned(capsys):
    told = []

    def note(search, trial):
        assert isinstance(trial, FinishedTrial)
        told.append((trial.is_pruned, trial.is_dropped, trial.n_evaluated))

    search = search_of(callbacks=note, verbose=2).fit(X, y)
    first, *lines = capsys.readouterr().out.splitlines()
    is_pruned = search.cv_results_["is_pruned"]
    assert [each[0] for each in told] == is_pruned.tolist()
    assert all(is_dropped and n == 1 for pruned, is_dropped, n in told if pruned)
    assert "at most 80 fits" in first
    said = ["pruned on its first split" in line for line in lines[:16]]
    assert said == is_pruned.tolist()


def test_the_surrogate_of_a_search_does_not_believe_what_was_cut_short(search):
    surrogate, table = search.surrogate_, dict(search.cv_results_)
    assert len(surrogate.rows) == 16
    for name in ("mean_test_score", *(f"split{k}_test_score" for k in range(5))):
        table[name] = np.where(table["is_pruned"], table[name] - 100.0, table[name])
    other = type(surrogate).of_results(SPACE, table, "score")
    found, expected = (each.predict(table["params"])[0] for each in (other, surrogate))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.slow
def test_it_nests_in_cross_validate():
    scores = cross_validate(search_of(cv=3), X, y, cv=3)["test_score"]
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"staged": None}, "pruning='gp' ends candidates while they grow; say by staged="),
        ({"staged_patience": None}, "pruning='gp' ends fits where they pause"),
        ({"pruning": "asha"}, "pruning"),
        ({"pruning": True}, "pruning"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        search_of(**options).fit(X, y)


def test_halving_has_its_own_way_to_end_candidates():
    with pytest.raises(TypeError, match="pruning"):
        HalvingBayesSearchCV(MODEL, SPACE, pruning="gp")


def test_of_splits_that_are_sent_together_the_others_are_not_fitted(monkeypatch):
    begun = []
    partial_fit = Rising.partial_fit

    def counting(self, X, y):
        begun.append(not hasattr(self, "n_epochs_"))
        return partial_fit(self, X, y)

    monkeypatch.setattr(Rising, "partial_fit", counting)
    table = search_of(cv=24, racing=0.05, refit=False).fit(X, y).cv_results_
    assert table["is_pruned"].any()
    assert set(table["n_splits_evaluated"][table["is_pruned"]]) == {1}
    assert sum(begun) == table["n_splits_evaluated"].sum()
