"""Winners that are not the luckiest candidates."""

import pickle

import numpy as np
import pytest
from scipy.stats import loguniform, randint, uniform
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.tree import DecisionTreeClassifier

from skbayes import BayesSearchCV, HalvingBayesSearchCV
from skbayes.selection import one_standard_error, posterior_mean, within

SPLITS = np.array([[0.8, 1.0, 0.9], [0.8, 0.9, 0.88], [0.6, 0.9, 0.75], [0.9, 0.8, 0.88]])
TABLE = {
    "mean_test_score": SPLITS.mean(axis=1),
    **{f"split{split}_test_score": SPLITS[:, split] for split in range(3)},
    "mean_fit_time": np.array([4.0, 2.0, 1.0, 3.0]),
    "mean_score_time": np.array([1.0, 4.0, 1.0, 2.0]),
    "params": [{"depth": d, "kind": k} for d, k in zip([9, 5, 1, 5], "abcd", strict=True)],
}


def test_the_least_within_one_standard_error_is_taken():
    error = np.std(SPLITS[0], ddof=1) / np.sqrt(3)
    near = TABLE["mean_test_score"] >= 0.9 - error
    assert near.tolist() == [True, True, False, True]
    assert one_standard_error("depth")(TABLE) == 1  # as simple as 3
    assert one_standard_error("score_time")(TABLE) == 0
    assert one_standard_error(lambda params: -params["depth"])(TABLE) == 0
    assert within(error, "fit_time")(TABLE) == 1


def test_of_equally_simple_candidates_the_better_one_is_taken():
    better = TABLE | {"mean_test_score": np.array([0.9, 0.87, 0.7, 0.88])}
    assert within(0.05, "depth")(better) == 3


def test_a_tolerance_of_zero_takes_the_best_and_a_large_one_the_cheapest():
    assert within(0.0)(TABLE) == 0
    assert within(1.0)(TABLE) == 2


def test_what_was_not_evaluated_on_everything_is_not_taken():
    for name in ("n_splits_evaluated", "n_resources"):
        assert within(1.0)(TABLE | {name: np.array([3, 3, 1, 3])}) == 1
    failed = TABLE | {"mean_test_score": np.array([np.nan, 0.86, np.nan, 0.8])}
    assert within(1.0)(failed) == 1


def test_it_selects_in_a_search():
    X, y = load_breast_cancer(return_X_y=True)
    space = {"max_depth": randint(1, 12), "ccp_alpha": loguniform(1e-4, 1e-1)}
    refit = one_standard_error("max_depth")
    search = BayesSearchCV(
        DecisionTreeClassifier(random_state=0), space, n_iter=12, refit=refit, random_state=0
    )
    results = clone(search).fit(X, y)
    best = results.cv_results_["mean_test_score"].argmax()
    assert results.best_params_["max_depth"] <= results.cv_results_["params"][best]["max_depth"]
    assert results.best_estimator_.max_depth == results.best_params_["max_depth"]
    assert pickle.loads(pickle.dumps(refit)) == refit
    halving = HalvingBayesSearchCV(
        DecisionTreeClassifier(random_state=0), space, refit=refit, random_state=0
    ).fit(X, y)
    n_resources = halving.cv_results_["n_resources"]
    assert n_resources[halving.best_index_] == n_resources.max()


def test_what_cannot_be_compared_is_named():
    with pytest.raises(ValueError, match=r"by='kind' is 'a' for the candidate .* not a number"):
        one_standard_error("kind")(TABLE)
    with pytest.raises(ValueError, match="by='gamma' is not a parameter of the candidate"):
        one_standard_error("gamma")(TABLE)
    with pytest.raises(ValueError, match="metric='f1' was not scored; give 'score'"):
        one_standard_error("depth", metric="f1")(TABLE)
    with pytest.raises(ValueError, match="no candidate has a score on all splits"):
        within(0.1)(TABLE | {"mean_test_score": np.full(4, np.nan)})
    for tolerance in (-0.1, np.nan):
        with pytest.raises(ValueError, match=f"tolerance={tolerance}"):
            within(tolerance)


def noisy_table(seed, n=60):
    """A smooth truth, its noisy scores by split, and a candidate of which one score was lucky."""
    rng = np.random.default_rng(seed)
    x = np.sort(rng.random(n))
    truth = -4.0 * (x - 0.4) ** 2
    splits = truth[:, np.newaxis] + 0.3 * rng.normal(size=(n, 3))
    return truth, {
        "params": [{"x": value} for value in x.tolist()],
        "mean_test_score": splits.mean(axis=1),
        **{f"split{split}_test_score": splits[:, split] for split in range(3)},
    }


def test_the_posterior_mean_is_not_taken_in_by_one_lucky_score():
    choose = posterior_mean({"x": uniform(0, 1)})
    lost, lost_by_luck = [], []
    for seed in range(20):
        truth, table = noisy_table(seed)
        lost.append(truth.max() - truth[choose(table)])
        lost_by_luck.append(truth.max() - truth[np.argmax(table["mean_test_score"])])
    assert np.mean(lost) < 0.5 * np.mean(lost_by_luck)


def test_without_noise_the_posterior_mean_takes_the_best_score():
    x = np.linspace(0, 1, 21)
    scores = -((x - 0.35) ** 2)
    table = {"params": [{"x": value} for value in x.tolist()], "mean_test_score": scores,
             "split0_test_score": scores}  # fmt: skip
    assert posterior_mean({"x": uniform(0, 1)})(table) == np.argmax(scores)


def test_the_posterior_mean_never_takes_a_dropped_candidate_and_can_be_pickled():
    _, table = noisy_table(0)
    n_run = np.full(60, 3)
    best = posterior_mean({"x": uniform(0, 1)})(table)
    n_run[best] = 1
    table["n_splits_evaluated"] = n_run
    table["split1_test_score"][best] = table["split2_test_score"][best] = np.nan
    choose = pickle.loads(pickle.dumps(posterior_mean({"x": uniform(0, 1)})))
    assert choose(table) != best
    with pytest.raises(ValueError, match="metric='auc' was not scored"):
        posterior_mean({"x": uniform(0, 1)}, metric="auc")(table)
