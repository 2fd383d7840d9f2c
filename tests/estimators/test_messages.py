"""What a search says: errors that name the way out, warnings, progress, its repr."""

import io
import re
import warnings

import numpy as np
import pytest
from scipy.stats import loguniform, norm, randint, uniform
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import KFold, RepeatedKFold, RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV, HalvingBayesSearchCV, TPESearchCV

X, Y = load_iris(return_X_y=True)
CLASSES = [BayesSearchCV, TPESearchCV, HalvingBayesSearchCV]
SPACE = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 10)}


@pytest.fixture(params=CLASSES, ids=lambda cls: cls.__name__)
def make(request):
    """Return a function that makes a small search of the class."""
    size = {"n_iter": 4}
    if request.param is HalvingBayesSearchCV:
        size = {"n_candidates": 4, "min_resources": 30}

    def make_search(model=None, space=SPACE, **options):
        options = {**size, "cv": 2, "random_state": 0} | options
        return request.param(SVC() if model is None else model, space, **options)

    make_search.cls = request.param
    return make_search


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("param_grid", "param_distributions"),
        ("search_spaces", "param_distributions"),
        ("space", "param_distributions"),
        ("random_sate", "random_state"),
        ("seed", "random_state"),
        ("njobs", "n_jobs"),
        ("points_to_evaluate", "initial_params"),
    ],
)
def test_a_wrong_keyword_names_the_class_and_the_right_parameter(make, wrong, right):
    name = make.cls.__name__
    with pytest.raises(TypeError, match=rf"^{name}\(\) .*; {wrong}= is {right}= here$"):
        make.cls(SVC(), **{wrong: SPACE})
    with pytest.raises(TypeError, match=rf"^{name}\(\) got an unexpected keyword argument"):
        make.cls(SVC(), SPACE, nonsense_of_all_kinds=3)
    with pytest.raises(TypeError, match=rf"^{name}\(\) too many positional arguments"):
        make.cls(SVC(), SPACE, 50)


@pytest.mark.parametrize("wrong", ["n_trials", "n_calls", "max_evals", "num_samples"])
def test_the_number_of_candidates_has_many_names_elsewhere(wrong):
    with pytest.raises(TypeError, match=rf"{wrong}= is n_iter= here"):
        BayesSearchCV(SVC(), SPACE, **{wrong: 5})
    for name in (wrong, "n_iter"):
        with pytest.raises(TypeError, match=rf"{name}= is n_candidates= here"):
            HalvingBayesSearchCV(SVC(), SPACE, **{name: 5})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("C", "svc__C"),
        ("gama", "svc__gamma"),
        ("svm__C", "svc__C"),
        ("svc__gama", "svc__gamma"),
        ("svc.C", "svc__C"),
    ],
)
def test_a_name_of_a_step_is_named_with_its_step(make, name, meant):
    pipeline = make_pipeline(StandardScaler(), SVC())
    label = re.escape(f"param_distributions[{name!r}]: Invalid parameter")
    with pytest.raises(ValueError, match=rf"{label}.* Did you mean '{meant}'\?"):
        make(pipeline, {name: [1, 2], "svc__tol": [1e-3]}).fit(X, Y)


@pytest.mark.parametrize(
    "scoring",
    ["acuracy", ["f1_macro", "acuracy"], {"a": "acuracy"}, ("acuracy", "f1_macro")],
    ids=str,
)
def test_a_misspelt_metric_is_answered_with_the_closest_first(make, scoring):
    refit = "a" if isinstance(scoring, dict) else "f1_macro"
    with pytest.raises(ValueError, match=r"^scoring: 'acuracy' is unknown. Did you mean 'accu"):
        make(scoring=scoring, refit=refit).fit(X, Y)


def test_a_misspelt_resource_is_answered_with_the_closest():
    search = HalvingBayesSearchCV(RandomForestClassifier(), {"max_depth": [1, 2]})
    for wrong, meant in [("n_estimator", "n_estimators"), ("nsamples", "n_samples")]:
        with pytest.raises(ValueError, match=rf"Did you mean '{meant}'\?"):
            search.set_params(resource=wrong).fit(X, Y)


class Hiding(RegressorMixin, BaseEstimator):
    """Lists a parameter once it is set, as CatBoost does."""

    def __init__(self, x=0.0):
        self.x = x

    def get_params(self, deep=True):
        return vars(self).copy()

    def set_params(self, **params):
        vars(self).update(params)
        return self

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def score(self, X, y):
        return self.x

    def __sklearn_clone__(self):
        return Hiding().set_params(**self.get_params())


def test_a_parameter_that_is_not_listed_can_be_the_resource_with_a_maximum():
    search = HalvingBayesSearchCV(
        Hiding(), {"x": uniform()}, resource="iterations", cv=2, random_state=0
    )
    with pytest.raises(ValueError, match="give max_resources a number, or set iterations of the"):
        search.fit(X, Y)
    search.set_params(max_resources=9).fit(X, Y)
    assert search.best_params_["iterations"] == 9


@pytest.mark.parametrize(
    ("pair", "wanted"),
    [
        ((1e-3, 1e3), "scipy.stats.loguniform(0.001, 1000)"),
        ((0.0, 1.0), "scipy.stats.uniform(0, 1)"),
        ((2.0, 3.0), "scipy.stats.uniform(2, 1)"),
        ((1, 100), "scipy.stats.randint(1, 101)"),
        ((1e2, 1e-2), "scipy.stats.loguniform(0.01, 100)"),
    ],
)
def test_a_tuple_of_two_numbers_is_warned_of_and_taken_as_two(make, pair, wanted):
    model = make_pipeline(StandardScaler(), SVC())
    space = {"svc__coef0": pair, "svc__C": loguniform(1, 10)}
    with pytest.warns(UserWarning, match=re.escape(f"For a range write {wanted}")):
        search = make(model, space).fit(X, Y)
    assert {params["svc__coef0"] for params in search.cv_results_["params"]} <= set(pair)


@pytest.mark.parametrize(
    "values", [(1, 2), (1.0, 1.0), [1e-3, 1e3], (True, False), ("a", "b"), (1, 2, 300), (None, 5)]
)
def test_nothing_else_is_warned_of(values):
    class Any(Hiding):
        def __sklearn_clone__(self):
            return type(self)().set_params(**self.get_params())

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        BayesSearchCV(Any(), {"x": [0.5], "part": values}, cv=2).fit(X, Y)


def test_a_space_smaller_than_n_iter_is_warned_of_if_n_iter_was_given():
    with pytest.warns(UserWarning, match=r"The space has 4 candidates, fewer than n_iter=60;"):
        BayesSearchCV(SVC(), {"C": [1, 2, 3, 4]}, n_iter=60).fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        BayesSearchCV(SVC(), {"C": [1, 2, 3, 4]}).fit(X, Y)


def test_slices_are_splits(make):
    halves = [(slice(None, None, 2), slice(1, None, 2)), (slice(1, 150, 2), slice(0, 150, 2))]
    indices = [(np.arange(150)[train], np.arange(150)[test]) for train, test in halves]
    by_slices, by_indices = make(cv=halves).fit(X, Y), make(cv=indices).fit(X, Y)
    ours, theirs = by_slices.cv_results_, by_indices.cv_results_
    assert ours["mean_test_score"].tolist() == theirs["mean_test_score"].tolist()


def test_pairs_of_spaces_and_numbers_are_answered():
    with pytest.raises(TypeError, match=r"param_distributions\[0\].* give the dict alone, n_iter"):
        BayesSearchCV(SVC(), [({"C": [1, 2]}, 10), ({"C": [3]}, 5)]).fit(X, Y)


class Interrupted(SVC):
    n_fits = 0
    breaks_at = 1

    def fit(self, X, y):
        Interrupted.n_fits += 1
        if Interrupted.n_fits == Interrupted.breaks_at:
            raise KeyboardInterrupt
        return super().fit(X, y)


@pytest.mark.parametrize("breaks_at", [1, 6])
@pytest.mark.parametrize("has_checkpoint", [False, True])
def test_an_interrupt_says_what_was_kept_and_how_to_go_on(
    make, breaks_at, has_checkpoint, tmp_path, monkeypatch
):
    monkeypatch.setattr(Interrupted, "n_fits", 0)
    monkeypatch.setattr(Interrupted, "breaks_at", breaks_at)
    path = str(tmp_path / "j") if has_checkpoint else None
    search = make(Interrupted(), checkpoint=path, refit=False)
    with pytest.raises(KeyboardInterrupt) as raised:
        search.fit(X, Y)
    (note,) = raised.value.__notes__
    if breaks_at == 1:
        assert "has no cv_results_: it was interrupted before a candidate" in note
        assert not hasattr(search, "cv_results_")
    else:
        assert "keeps the 2 candidates that were finished in cv_results_." in note
        assert f"The best has the score {search.best_score_:.6g}: {{'C': " in note
    wanted = f"goes on from checkpoint={path!r}." if has_checkpoint else "give checkpoint a path"
    assert wanted in note


def test_a_search_goes_on_where_nobody_can_read_what_it_prints(make, monkeypatch):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stdout", closed)
    make(verbose=1).fit(X, Y)


def test_the_repr_shows_distributions_as_they_were_written(make):
    space = {
        "C": loguniform(1e-2, 1000),
        "tol": norm(loc=1e-3, scale=1e-4),
        "degree": randint(1, 5),
    }
    search = make(space=[space, {"C": [1, 2]}], refit=False)
    before = vars(search).copy()
    for text in (repr(search), search._repr_html_(), search._repr_mimebundle_()["text/plain"]):
        for written in ("loguniform(0.01, 1000)", "norm(loc=0.001, scale=0.0001)", "randint(1, 5)"):
            assert re.search(re.escape(written).replace(r"\ ", r"\s+"), text)
        assert "0x" not in text
    assert vars(search) == before
    assert type(search).__name__ in repr(search)


def test_the_diagram_of_a_fitted_search_is_still_scikit_learns(make):
    search = make().fit(X, Y)
    html = search._repr_html_()
    assert "loguniform(0.01, 1000)" in html
    assert "best_estimator_" in html
    assert "Fitted" in html


def test_folds_are_named_where_they_are_inconsistent(make):
    class Odd(KFold):
        def get_n_splits(self, X=None, y=None, groups=None):
            return 7

    with pytest.raises(ValueError, match="Expected 7 splits, got 2"):
        make(cv=Odd(2)).fit(X, Y)


@pytest.mark.parametrize("refit", ["acuracy", "f1"])
@pytest.mark.parametrize("is_callable", [False, True])
def test_a_misspelt_metric_to_refit_by_is_answered_with_the_closest(make, refit, is_callable):
    names = ["accuracy", "f1_macro"]
    scoring = (lambda e, X, y: dict.fromkeys(names, 0.5)) if is_callable else names
    meant = "accuracy" if refit == "acuracy" else "f1_macro"
    with pytest.raises(ValueError, match=rf"^refit={refit!r}: .*mean '{meant}'\? For multi-metric"):
        make(scoring=scoring, refit=refit).fit(X, Y)


def test_refit_of_several_metrics_is_answered_with_their_names(make):
    with pytest.raises(ValueError, match=r"refit=True: .* The metrics are 'accuracy', 'f1_macro'"):
        make(scoring=["accuracy", "f1_macro"]).fit(X, Y)


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        ([], "No fits were performed"),
        ([0, 1, 2], r"cv: 0 is no pair of training and test indices"),
        ([([0, 1], [2], [3])], r"cv: \(\[0, 1\], \[2\], \[3\]\) is no pair"),
        ([(["a"], ["b"])], r"cv: \['a'\] are no indices"),
        ([([0, 1], [150])], r"cv: \[150\] are not indices of the 150 samples"),
    ],
)
def test_splits_that_are_none_are_named(make, cv, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make(cv=cv).fit(X, Y)


@pytest.mark.parametrize(
    "cv", [RepeatedKFold(n_splits=2, n_repeats=2), RepeatedStratifiedKFold(n_splits=2, n_repeats=2)]
)
def test_repeated_splitters_are_taken(make, cv):
    assert make(cv=cv).fit(X, Y).n_splits_ == 4


def test_more_samples_than_there_are_cannot_be_the_resource():
    search = HalvingBayesSearchCV(SVC(), SPACE, max_resources=300)
    with pytest.raises(ValueError, match="max_resources=300 is more than the 150 samples"):
        search.fit(X, Y)


def test_an_interrupted_refit_says_that_the_results_are_complete(make):
    class Late(SVC):
        def fit(self, X, y):
            if len(X) == 150:
                raise KeyboardInterrupt
            return super().fit(X, y)

    search = make(Late())
    with pytest.raises(KeyboardInterrupt) as raised:
        search.fit(X, Y)
    (note,) = raised.value.__notes__
    assert "interrupted in the refit" in note
    assert search.best_params_ == search.cv_results_["params"][search.best_index_]


@pytest.mark.parametrize("blank", [" ", "\n"])
def test_a_blank_checkpoint_is_refused(make, blank):
    with pytest.raises(ValueError, match="is no path"):
        make(checkpoint=blank).fit(X, Y)
