"""A search that stops goes on from its journal, and is the search that would have been."""

import json
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skbayes import BayesSearchCV, HalvingBayesSearchCV, TPESearchCV
from skbayes.engine.records import checkpoint
from skbayes.engine.records.journal import Journal, JournalError
from skbayes.space.distributions import N_DRAWS
from tests.estimators.conftest import columns_of

X, Y = load_iris(return_X_y=True)
SPACE = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-4, 1e1)}
CLASSES = [BayesSearchCV, TPESearchCV, HalvingBayesSearchCV]


class Breaking(RegressorMixin, BaseEstimator):
    """A model whose score is known, and whose fit number `breaks_at` is interrupted."""

    n_fits = 0
    breaks_at = None

    def __init__(self, x=0.0, name="a", part=None, fails_above=2.0):
        self.x, self.name, self.part, self.fails_above = x, name, part, fails_above

    def fit(self, X, y, sample_weight=None):
        Breaking.n_fits += 1
        if Breaking.n_fits == Breaking.breaks_at:
            raise KeyboardInterrupt
        if self.x > self.fails_above:
            raise ValueError(f"x is more than {self.fails_above}")
        self.mean_ = np.mean(y)
        return self

    def score(self, X, y, sample_weight=None):
        return -((self.x - 0.3) ** 2) - 0.01 * np.mean(X)


@pytest.fixture(autouse=True)
def never_breaks(monkeypatch):
    monkeypatch.setattr(Breaking, "n_fits", 0)
    monkeypatch.setattr(Breaking, "breaks_at", None)


DATA = np.linspace(0, 1, 60)[:, np.newaxis], np.arange(60.0)


def make(cls, checkpoint, space=None, **options):
    if cls is HalvingBayesSearchCV:
        options = {"n_candidates": 6, "min_resources": 20} | options
    else:
        options = {"n_iter": 14} | options
    space = {"x": uniform(0, 1)} if space is None else space
    options = {"random_state": 0, "cv": 3, "refit": False} | options
    estimator = options.pop("estimator", Breaking())
    return cls(estimator, space, checkpoint=checkpoint, **options)


def interrupt(search, at, data=DATA, **params):
    Breaking.n_fits, Breaking.breaks_at = 0, at
    with pytest.raises(KeyboardInterrupt):
        search.fit(*data, **params)
    Breaking.n_fits, Breaking.breaks_at = 0, None
    return search


@pytest.mark.parametrize("at", [1, 2, 5, 11, 17, 23])
@pytest.mark.parametrize("n_points", [1, 3])
@pytest.mark.parametrize("cls", CLASSES)
def test_an_interrupted_search_goes_on_as_if_it_had_not_been(cls, n_points, at, tmp_path):
    path = tmp_path / "j"
    whole = make(cls, None, n_points=n_points).fit(*DATA)
    n_fits = Breaking.n_fits
    interrupt(make(cls, path, n_points=n_points), at)
    with Journal(path) as journal:
        n_recorded = len(journal.records)
    again = make(cls, path, n_points=n_points).fit(*DATA)
    assert columns_of(again) == columns_of(whole)
    assert Breaking.n_fits == n_fits - 3 * n_recorded
    assert again.best_params_ == whole.best_params_


@pytest.mark.parametrize("cls", CLASSES)
def test_a_finished_search_fits_nothing_again_but_the_best(cls, tmp_path):
    first = make(cls, tmp_path / "j", refit=True).fit(*DATA)
    Breaking.n_fits = 0
    again = make(cls, str(tmp_path / "j"), refit=True).fit(*DATA)
    assert Breaking.n_fits == 1
    assert columns_of(again) == columns_of(first)
    times = ("mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time")
    for key in times:
        np.testing.assert_array_equal(again.cv_results_[key], first.cv_results_[key])


@pytest.mark.parametrize("cls", [BayesSearchCV, TPESearchCV])
@pytest.mark.parametrize("n_points", [1, 2, 4])
def test_a_larger_n_iter_extends_a_search_and_a_smaller_one_is_its_beginning(
    cls, n_points, tmp_path
):
    whole = make(cls, None, n_iter=20, n_points=n_points).fit(*DATA)
    make(cls, tmp_path / "j", n_iter=9, n_points=n_points).fit(*DATA)
    longer = make(cls, tmp_path / "j", n_iter=20, n_points=n_points).fit(*DATA)
    assert columns_of(longer) == columns_of(whole)
    shorter = make(cls, tmp_path / "j", n_iter=5, n_points=n_points).fit(*DATA)
    assert shorter.cv_results_["param_x"].tolist() == whole.cv_results_["param_x"][:5].tolist()


@pytest.mark.parametrize("backend", ["loky", "threading"])
@pytest.mark.parametrize("cls", CLASSES)
def test_it_may_go_on_with_other_workers(cls, backend, tmp_path):
    interrupt(make(cls, tmp_path / "j"), 13)
    with parallel_config(backend):
        again = make(cls, tmp_path / "j", n_jobs=2).fit(*DATA)
    assert columns_of(again) == columns_of(make(cls, None).fit(*DATA))


def test_a_trial_that_was_finished_before_one_before_it_is_kept(tmp_path):
    """Lines may be missing in the middle: they are of trials that were under way."""
    path = tmp_path / "j"
    whole = make(BayesSearchCV, path, n_points=3).fit(*DATA)
    with Journal(path) as journal:
        header, records = journal.header, journal.records
    path.unlink()
    with Journal(path) as journal:
        journal.begin({k: v for k, v in header.items() if k not in ("skbayes_journal", "sum")})
        for record in records[:5] + records[6:7]:
            journal.append(record)
    Breaking.n_fits = 0
    again = make(BayesSearchCV, path, n_points=3).fit(*DATA)
    assert columns_of(again) == columns_of(whole)
    assert Breaking.n_fits == 3 * (14 - 6)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"estimator": Breaking(name="b")}, "the estimator's name"),
        ({"estimator": Ridge(), "space": {"alpha": [1, 2]}}, "the class of the estimator"),
        ({"space": {"x": uniform(0, 2)}}, r"param_distributions\['x'\] of dict 0"),
        ({"space": {"x": uniform(0, 1), "name": ["a", "b"]}}, r"param_distributions\['name'\]"),
        ({"cv": 4}, "cv"),
        ({"cv": KFold(3, shuffle=True, random_state=3)}, "cv"),
        ({"scoring": "neg_mean_squared_error"}, "scoring"),
        ({"error_score": 0.0}, "error_score"),
        ({"return_train_score": True}, "return_train_score"),
        ({"n_points": 3}, "n_points"),
        ({"n_initial_points": 3}, "n_initial_points"),
        ({"initial_params": [{"x": 0.5}]}, "initial_params"),
        ({"random_state": 1}, "random_state"),
        ({"random_state": None}, "random_state"),
        ({"space": {"x": [0.1, 0.2, 0.7]}}, "n_iter .whether the space is searched as a grid"),
    ],
)
def test_another_search_is_refused_and_told_what_differs(changes, named, tmp_path):
    interrupt(make(BayesSearchCV, tmp_path / "j"), 10)
    content = (tmp_path / "j").read_bytes()
    other = make(BayesSearchCV, tmp_path / "j", **changes)
    with pytest.raises(JournalError, match=f"checkpoint='.*j': .*differs in .*{named}"):
        other.fit(*DATA)
    assert (tmp_path / "j").read_bytes() == content


def test_other_data_or_another_kind_of_search_are_refused(tmp_path):
    path, (X, y) = tmp_path / "j", DATA
    interrupt(make(BayesSearchCV, path), 10)
    with pytest.raises(JournalError, match=r"differs in X\. Fit"):
        make(BayesSearchCV, path).fit(X + 1, y)
    with pytest.raises(JournalError, match="differs in y"):
        make(BayesSearchCV, path).fit(X, y + 1)
    with pytest.raises(JournalError, match="sample_weight for fit"):
        make(BayesSearchCV, path).fit(X, y, sample_weight=np.ones(60))
    with pytest.raises(JournalError, match="the kind of search"):
        make(TPESearchCV, path).fit(X, y)
    make(BayesSearchCV, path).fit(X, y)


def test_a_nested_parameter_is_named_by_its_full_name(tmp_path):
    def search(degree):
        model = make_pipeline(SVC(degree=degree))
        space = {"svc__tol": loguniform(1e-5, 1e-1)}
        return BayesSearchCV(model, space, n_iter=4, checkpoint=tmp_path / "j", random_state=0)

    search(2).fit(X, Y)
    with pytest.raises(JournalError, match=r"differs in the estimator's svc__degree. Fit"):
        search(3).fit(X, Y)


@pytest.mark.parametrize("cv", [KFold(3, shuffle=True), ShuffleSplit(3)])
def test_unseeded_splits_and_an_unseeded_search_are_recorded(cv, tmp_path):
    def search():
        return make(BayesSearchCV, tmp_path / "j", cv=cv, random_state=None)

    np.random.seed(0)
    first = interrupt(search(), 20)
    again = search().fit(*DATA)
    n_kept = len(first.cv_results_["params"])
    assert columns_of(first)["split0_test_score"] == columns_of(again)["split0_test_score"][:n_kept]
    assert len(again.cv_results_["params"]) == 14
    longer = search().set_params(n_iter=16).fit(*DATA)
    assert columns_of(longer)["param_x"][:14] == columns_of(again)["param_x"]
    assert np.std(np.array(columns_of(again)["split0_test_score"])) > 0
    # Later trials see the splits of the first: the same x has the same score on them.
    given = search().set_params(checkpoint=None)
    assert columns_of(given.fit(*DATA))["split0_test_score"][0] != pytest.approx(
        columns_of(again)["split0_test_score"][0], abs=1e-12
    )


def test_splits_that_cannot_be_drawn_again_the_same_are_an_error(tmp_path):
    class Moody(KFold):
        """Looks repeatable, and is not."""

        n_draws = 0

        def split(self, X, y=None, groups=None):
            Moody.n_draws += 1
            rng = np.random.default_rng(Moody.n_draws)
            for train, test in super().split(X, y, groups):
                yield rng.permutation(train), test

    make(BayesSearchCV, tmp_path / "j", cv=Moody(3)).fit(*DATA)
    with pytest.raises(JournalError, match=r"other splits\. Give cv an integer random_state"):
        make(BayesSearchCV, tmp_path / "j", cv=Moody(3)).fit(*DATA)


def test_in_a_folder_every_search_finds_its_own_journal(tmp_path):
    def search(n_iter):
        return BayesSearchCV(SVC(), SPACE, n_iter=n_iter, random_state=0, cv=3, checkpoint=tmp_path)

    cv = StratifiedKFold(3)
    plain = search(8).set_params(checkpoint=None)
    expected = cross_validate(plain, X, Y, cv=cv)["test_score"]
    cross_validate(search(5), X, Y, cv=cv)
    assert len(list(tmp_path.glob("*.jsonl"))) == 3
    scores = cross_validate(search(8), X, Y, cv=cv, n_jobs=2)["test_score"]
    np.testing.assert_array_equal(scores, expected)
    assert len(list(tmp_path.glob("*.jsonl"))) == 3
    assert all(len(path.read_bytes().splitlines()) == 9 for path in tmp_path.glob("*.jsonl"))


VALUES = {
    "x": [np.float64(0.1), np.float32(0.2), 0.7, np.int64(1)],
    "name": ["a", np.str_("b"), None],
    "part": [LogisticRegression(C=3), [1, 2], (3,), np.arange(2), print],
    "fails_above": [True, 2],
}


def test_values_of_any_kind_come_back_as_they_were(tmp_path):
    interrupt(make(TPESearchCV, tmp_path / "j", VALUES), 30)
    again = make(TPESearchCV, tmp_path / "j", VALUES).fit(*DATA)
    whole = make(TPESearchCV, None, VALUES).fit(*DATA)
    for ours, theirs in zip(again.cv_results_["params"], whole.cv_results_["params"], strict=True):
        assert list(ours) == list(theirs)
        for name in ours:
            assert type(ours[name]) is type(theirs[name])
            if name == "part":
                assert any(ours[name] is value for value in VALUES["part"])
            else:
                assert ours[name] == theirs[name]


def test_given_points_come_back_exactly(tmp_path):
    given = [{"x": 0.1 + 0.2}, {"x": np.float32(0.7)}]
    make(BayesSearchCV, tmp_path / "j", initial_params=given, n_iter=3).fit(*DATA)
    again = make(BayesSearchCV, tmp_path / "j", initial_params=given).fit(*DATA)
    params = [p["x"] for p in again.cv_results_["params"][:2]]
    assert params == [0.1 + 0.2, np.float32(0.7)]
    assert type(params[1]) is np.float32


def test_a_union_of_spaces_goes_on(tmp_path):
    space = [{"x": uniform(0, 1)}, {"x": loguniform(0.1, 1), "name": ["b", "c"]}]
    interrupt(make(BayesSearchCV, tmp_path / "j", space), 23)
    again = make(BayesSearchCV, tmp_path / "j", space).fit(*DATA)
    assert columns_of(again) == columns_of(make(BayesSearchCV, None, space).fit(*DATA))


def test_several_metrics_and_train_scores_go_on(tmp_path):
    def search(path):
        return BayesSearchCV(
            DecisionTreeClassifier(random_state=0),
            {"max_depth": randint(1, 8), "min_samples_leaf": randint(1, 20)},
            n_iter=12,
            scoring=["accuracy", "f1_macro"],
            refit="f1_macro",
            return_train_score=True,
            random_state=0,
            checkpoint=path,
        )

    search(tmp_path / "j").set_params(n_iter=7).fit(X, Y)
    again, whole = search(tmp_path / "j").fit(X, Y), search(None).fit(X, Y)
    assert columns_of(again) == columns_of(whole)
    np.testing.assert_array_equal(again.predict(X), whole.predict(X))
    with pytest.raises(JournalError, match="the metric that refit names"):
        search(tmp_path / "j").set_params(refit="accuracy").fit(X, Y)


def test_why_fits_failed_is_recorded(tmp_path):
    model = Breaking(fails_above=0.5)
    with pytest.warns((FitFailedWarning, UserWarning)):
        first = make(BayesSearchCV, tmp_path / "j", estimator=model).fit(*DATA)
    Breaking.n_fits = 0
    with pytest.warns((FitFailedWarning, UserWarning)):
        again = make(BayesSearchCV, tmp_path / "j", estimator=model).fit(*DATA)
    assert Breaking.n_fits == 0
    assert again.failures_ == first.failures_
    assert set(first.failures_) == set(np.flatnonzero(first.cv_results_["param_x"] > 0.5))


def test_another_version_is_warned_of_and_goes_on(tmp_path, monkeypatch):
    real = checkpoint.version
    monkeypatch.setattr(
        checkpoint, "version", lambda name: "1.2.3" if name == "scikit-learn" else real(name)
    )
    interrupt(make(BayesSearchCV, tmp_path / "j"), 10)
    monkeypatch.undo()
    with pytest.warns(UserWarning, match=r"begun with scikit-learn 1.2.3 \(now .*may differ"):
        make(BayesSearchCV, tmp_path / "j").fit(*DATA)


def test_a_package_without_metadata_has_no_version_and_is_no_error(tmp_path, monkeypatch):
    def refuse(name):
        raise checkpoint.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(checkpoint.metadata, "version", refuse)
    make(BayesSearchCV, tmp_path / "j").fit(*DATA)
    with Journal(tmp_path / "j") as journal:
        assert journal.header["versions"]["skbayes"] == "unknown"


def test_other_kernels_of_blas_are_warned_of(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "blas_kernels", lambda: "openblas Abacus")
    interrupt(make(BayesSearchCV, tmp_path / "j"), 10)
    monkeypatch.undo()
    with pytest.warns(UserWarning, match=r"begun with BLAS openblas Abacus \(now "):
        make(BayesSearchCV, tmp_path / "j").fit(*DATA)


@pytest.mark.parametrize(
    "change",
    [
        {"row": [0.1, 0.2]},
        {"row": "abc"},
        {"results": []},
        {"results": [{}, {}, {}]},
        {"params": {"x": 3}},
        {"params": {"x": ["V8", 3]}},
        {"params": None},
        {"number": None},
    ],
)
def test_a_line_that_is_no_trial_is_refused_even_if_its_checksum_is_right(change, tmp_path):
    path = tmp_path / "j"
    interrupt(make(BayesSearchCV, path), 10)
    with Journal(path) as journal:
        journal.append(journal.records[0] | change)
    with pytest.raises(JournalError, match="a line is not what it should be"):
        make(BayesSearchCV, path).fit(*DATA)


def test_a_journal_in_use_is_refused(tmp_path):
    interrupt(make(BayesSearchCV, tmp_path / "j"), 10)
    with Journal(tmp_path / "j"), pytest.raises(JournalError, match="another search is using it"):
        make(BayesSearchCV, tmp_path / "j").fit(*DATA)


def test_nothing_is_begun_for_a_search_that_cannot_be(tmp_path):
    with pytest.raises(ValueError, match="empty"):
        make(BayesSearchCV, tmp_path / "j", {"x": []}).fit(*DATA)
    assert not (tmp_path / "j").exists()


def test_the_header_holds_digests_and_no_data(tmp_path):
    make(BayesSearchCV, tmp_path / "j").fit(*DATA)
    header = json.loads(Path(tmp_path / "j").read_text().splitlines()[0])
    assert len(header["identity"]["X"]) == 16
    assert header["splits"] is None


class Scattered:
    """A splitter without a seed, whose indices are of any type."""

    random_state = None

    def __init__(self, kind):
        self.kind = kind

    def get_n_splits(self, X=None, y=None, groups=None):
        return 2

    def split(self, X, y=None, groups=None):
        is_test = np.random.permutation(len(X)) < 20
        for mask in (is_test, ~is_test):
            yield tuple(self.kind(chosen) for chosen in (~mask, mask))


@pytest.mark.parametrize(
    "kind", [lambda m: np.flatnonzero(m).tolist(), lambda m: np.flatnonzero(m).astype("i4"), list]
)
def test_stored_splits_may_be_lists_or_of_another_type(kind, tmp_path):
    make(BayesSearchCV, tmp_path / "j", cv=Scattered(kind), n_iter=5).fit(*DATA)
    Breaking.n_fits = 0
    make(BayesSearchCV, tmp_path / "j", cv=Scattered(kind), n_iter=7).fit(*DATA)
    assert Breaking.n_fits == 2 * 2


def test_masks_are_splits_too(tmp_path):
    masked = make(BayesSearchCV, tmp_path / "j", cv=Scattered(np.asarray), n_iter=5).fit(*DATA)
    assert masked.n_splits_ == 2
    assert len(set(columns_of(masked)["split0_test_score"])) == 5
    make(BayesSearchCV, tmp_path / "j", cv=Scattered(np.asarray), n_iter=6).fit(*DATA)


def test_a_path_that_ends_with_a_slash_is_a_folder(tmp_path):
    make(BayesSearchCV, f"{tmp_path}/new/").fit(*DATA)
    assert [path.suffix for path in (tmp_path / "new").iterdir()] == [".jsonl"]


def test_the_order_of_metrics_matters(tmp_path):
    def search(names):
        scoring = {name: name for name in names}
        options = {"scoring": scoring, "checkpoint": tmp_path / "j", "random_state": 0, "n_iter": 4}
        return BayesSearchCV(SVC(), SPACE, refit=False, **options)

    search(["accuracy", "f1_macro"]).fit(X, Y)
    with pytest.raises(JournalError, match="the order of the metrics"):
        search(["f1_macro", "accuracy"]).fit(X, Y)


def test_the_estimators_own_workers_may_change(tmp_path):
    def search(n_jobs):
        model = RandomForestClassifier(5, random_state=0, n_jobs=n_jobs)
        space = {"max_depth": randint(1, 9)}
        return BayesSearchCV(model, space, n_iter=3, random_state=0, checkpoint=tmp_path / "j")

    search(None).fit(X, Y)
    search(1).fit(X, Y)


def test_a_search_with_a_rule_to_end_it_is_no_grid_search(tmp_path):
    grid = {"x": [0.1, 0.2, 0.3, 0.5, 0.9]}
    whole = make(BayesSearchCV, None, grid).fit(*DATA)
    assert columns_of(whole)["param_x"] == grid["x"]
    ruled = make(BayesSearchCV, None, grid, n_iter_no_change=5).fit(*DATA)
    assert sorted(columns_of(ruled)["param_x"]) == grid["x"] != columns_of(ruled)["param_x"]
    timed = make(BayesSearchCV, None, grid, n_iter=None, timeout=60).fit(*DATA)
    assert columns_of(timed)["param_x"] == columns_of(ruled)["param_x"]


@pytest.mark.parametrize("has_checkpoint", [False, True])
def test_an_object_that_only_has_rvs_is_drawn_from_once(tmp_path, has_checkpoint):
    class Draws:
        n = 0

        def rvs(self, random_state=None):
            type(self).n += 1
            return int(random_state.randint(1000))

    path = tmp_path / "j" if has_checkpoint else None
    model = DummyClassifier()
    BayesSearchCV(model, {"random_state": Draws()}, n_iter=2, checkpoint=path).fit(X, Y)
    assert Draws.n == N_DRAWS
