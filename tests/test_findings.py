"""The gain over the defaults, and best values at the end of a range."""

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_diabetes, load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from skbayes import BayesSearchCV, HalvingBayesSearchCV, log_randint
from skbayes.findings import closing_lines, edges_of, index_of_defaults, paired_gain
from skbayes.space import Space

X, Y = load_iris(return_X_y=True)


def test_the_interval_of_a_gain_takes_the_overlap_of_training_sets_into_account():
    a, b = np.array([0.9, 0.8, 0.85, 0.95, 0.9]), np.array([0.8, 0.8, 0.7, 0.9, 0.8])
    gain = paired_gain(a, b)
    d = a - b
    error = np.sqrt((1 / 5 + 1 / 4) * d.var(ddof=1))
    low, high = stats.t.interval(0.95, 4, loc=d.mean(), scale=error)
    assert (gain.mean, gain.low, gain.high) == pytest.approx((d.mean(), low, high))
    naive = stats.t.interval(0.95, 4, loc=d.mean(), scale=stats.sem(d))
    assert low < naive[0]
    assert str(paired_gain(a[:1], b[:1])) == "+0.1"
    assert not paired_gain(a[:1], b[:1]).is_sure


def test_the_interval_covers_a_gain_of_nothing():
    rng = np.random.default_rng(0)
    gains = [paired_gain(*rng.normal(size=(2, 5))) for _ in range(500)]
    assert np.mean([gain.low <= 0.0 <= gain.high for gain in gains]) > 0.95


@pytest.mark.parametrize(
    "values, at, is_upper",
    [
        (stats.loguniform(1e-2, 1e2), 90.0, True),
        (stats.loguniform(1e-2, 1e2), 0.011, False),
        (stats.loguniform(1e-2, 1e2), 1.0, None),
        (stats.randint(1, 100), 99, True),
        (log_randint(2, 1000), 2, False),
        ([1, 2, 3, 10], 10, True),
        ([1, 2, 3, 10], 2, None),
        ([None, 2, 3, 10], 10, True),
        ([None, 2, 3, 10], None, None),
        ([1, 10], 10, None),
        (["a", "b", "c"], "c", None),
        ([True, False], True, None),
    ],
)
def test_edges_are_ends_of_ranges_of_numbers(values, at, is_upper):
    edges = edges_of(Space({"p": values, "q": stats.uniform()}), {"p": at, "q": 0.5})
    assert [(edge.name, edge.is_upper) for edge in edges] == (
        [] if is_upper is None else [("p", is_upper)]
    )


@pytest.mark.parametrize(
    ("values", "value", "n_edges"),
    [
        (log_randint(1, 50), 1, 0),  # there is no half neighbour
        (stats.randint(0, 5), 0, 0),
        (log_randint(2, 50), 2, 1),
        ([1, 2, 3], 1, 0),
        ([1, 2, 3], 3, 1),
        (stats.uniform(0.1, 0.9), 0.999, 0),  # there is no more than the whole
        (stats.uniform(0.1, 0.8), 0.899, 1),
        (stats.uniform(-1, 2), 0.999, 1),
        (stats.loguniform(0.01, 1), 0.99, 1),
    ],
)
def test_an_end_that_nothing_lies_beyond_is_no_edge(values, value, n_edges):
    assert len(edges_of(Space({"a": values}), {"a": value})) == n_edges


def test_defaults_outside_the_space_lie_at_no_edge():
    assert edges_of(Space({"C": stats.loguniform(10, 100)}), {"C": 1.0}) == []


def test_the_defaults_are_found_however_they_came_into_the_search():
    space = {"C": [0.1, 1.0, 10.0], "kernel": ["linear", "rbf"]}
    grid = BayesSearchCV(SVC(), space, cv=3).fit(X, Y)
    index = index_of_defaults(Space(space), SVC().get_params(), grid.cv_results_)
    assert grid.cv_results_["params"][index] == {"C": 1.0, "kernel": "rbf"}
    assert index_of_defaults(Space(space), SVC(C=2).get_params(), grid.cv_results_) is None


def run(capsys, search, data):
    search.set_params(verbose=1).fit(*data)
    return capsys.readouterr().out.splitlines()


def test_a_search_ends_with_the_gain_and_the_edge(capsys):
    model = make_pipeline(StandardScaler(), SVR())
    search = BayesSearchCV(
        model, {"svr__C": stats.loguniform(1e-2, 3)}, n_iter=12, random_state=0,
        initial_params="default",
    )  # fmt: skip
    gain, edge = run(capsys, search, load_diabetes(return_X_y=True))[-2:]
    number = search.best_index_ + 1
    assert gain.startswith(f"Best score {search.best_score_:.5g} [{number}], +")
    assert gain.endswith("over the defaults")
    assert edge.startswith("svr__C=")
    assert edge.endswith("is at the upper end of its range; larger may be better")


def test_a_gain_that_may_be_noise_is_called_so(capsys):
    space = {"C": stats.loguniform(0.5, 2)}
    search = BayesSearchCV(SVC(), space, n_iter=5, random_state=0, initial_params=[{"C": 1.0}])
    lines = run(capsys, search, (X, Y))
    text = "\n".join(lines[2:])
    assert "may be noise" in text or text.rstrip().endswith(": the defaults")


@pytest.mark.parametrize("search_class", [BayesSearchCV, HalvingBayesSearchCV])
def test_without_the_defaults_the_way_to_compare_is_said(capsys, search_class):
    search = search_class(SVC(), {"C": stats.loguniform(10, 1e5)}, random_state=0)
    if search_class is BayesSearchCV:
        search.set_params(n_iter=4)
    text = "\n".join(run(capsys, search, (X, Y)))
    assert "with initial_params='default' it is compared with the defaults" in text


def test_nothing_that_is_only_shown_ends_a_search(capsys, monkeypatch):
    def broken(*args):
        raise RuntimeError("no summary")

    monkeypatch.setattr("skbayes.estimators.fitted.closing_lines", broken)
    search = BayesSearchCV(SVC(), {"C": stats.loguniform(10, 1e5)}, n_iter=3)
    assert "no summary" in run(capsys, search, (X, Y))[-1]
    assert search.best_estimator_ is not None


def test_dropped_defaults_are_no_baseline():
    results = {
        "params": [{"C": 1.0}, {"C": 2.0}],
        "mean_test_score": np.array([0.5, 0.9]),
        "split0_test_score": np.array([0.5, 0.9]),
        "split1_test_score": np.array([np.nan, 0.9]),
        "n_splits_evaluated": np.array([1, 2]),
    }
    lines = closing_lines(Space({"C": stats.uniform(0, 4)}), SVC(), results, "score", 1)
    assert lines == ["Best score 0.9 [2]; with initial_params='default' it is compared with the "
                     "defaults"]  # fmt: skip


def test_repeats_of_a_cross_validation_do_not_make_a_gain_surer():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 50))
    splits = [(np.arange(80), np.arange(20))] * 50
    gain = paired_gain(a, b, splits)
    error = np.sqrt((1 / 50 + 20 / 80) * (a - b).var(ddof=1))
    assert gain.high - gain.mean == pytest.approx(stats.t.ppf(0.975, 49) * error)


def test_what_refit_has_chosen_is_not_called_the_best(capsys):
    search = BayesSearchCV(
        SVC(), {"C": stats.loguniform(1e-3, 1e2)}, n_iter=8, random_state=0,
        refit=lambda results: int(np.argmin(results["mean_test_score"])),
    )  # fmt: skip
    text = "\n".join(run(capsys, search, (X, Y)))
    assert "Chosen by refit: score" in text
