"""The surrogate of a finished search, against scikit-learn's regressor."""

import pickle

import numpy as np
import pytest
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV
from sklearn.svm import SVC

from skbayes import BayesSearchCV, HalvingBayesSearchCV, TPESearchCV
from skbayes.inspection.reading import surrogate_of
from skbayes.models.active_set import MAX_ACTIVE
from skbayes.models.gaussian_process import JITTER, MEAN_VARIANCE
from skbayes.models.output_transform import surrogate_scores
from skbayes.models.split_effects import estimates
from skbayes.space import Space
from skbayes.surrogate import Surrogate

X, Y = np.zeros((24, 1)), np.tile([0, 1], 12)


class Formula(BaseEstimator):
    """A model whose score is a formula of its parameters."""

    def __init__(self, x=0.5, y=1.0, k="a", amount=1, fails=False):
        self.x, self.y, self.k, self.amount, self.fails = x, y, k, amount, fails

    def fit(self, X, y=None):
        self.n_ = len(X)
        return self

    def score(self, X, y=None):
        if self.fails and self.x > 0.7:
            raise ValueError("x is too large")
        return 0.7 - (self.x - 0.3) ** 2 + 0.1 * np.log10(self.y) + 0.001 * self.n_


SPACE = {"x": uniform(0, 1), "y": loguniform(1e-2, 1e2)}
WITH_CATEGORY = SPACE | {"k": ["a", "b", "c"]}


def table(scores, params, **columns):
    """Return results as a search has them, of scores by candidate and split."""
    splits = {f"split{i}_test_score": column for i, column in enumerate(np.transpose(scores))}
    return {"params": params, "mean_test_score": np.nanmean(scores, axis=1)} | splits | columns


def candidates(n, seed=0):
    rng = np.random.default_rng(seed)
    return [{"x": float(x), "y": float(10 ** (4 * u - 2))} for x, u in rng.random((n, 2))]


def formula_of(params):
    return np.array([Formula(**each).fit(X).score(X) for each in params])


def test_predictions_are_those_of_scikit_learns_regressor():
    params, new = candidates(25), candidates(10, seed=1)
    rng = np.random.default_rng(0)
    scores = np.array([p["x"] + 0.3 * np.log10(p["y"]) for p in params])
    scores += 0.05 * rng.standard_normal(25)
    y, extra_noise = surrogate_scores(scores)
    assert (extra_noise == 0).all()  # all of the transform is linear here
    surrogate = Surrogate.of_results(SPACE, table(scores[:, np.newaxis], params), "score")
    theta = surrogate._process.theta
    signal, noise = np.exp(theta[-2:])
    kernel = (
        ConstantKernel(signal) * Matern(np.exp(theta[:-2]), nu=2.5)
        + ConstantKernel(MEAN_VARIANCE)
        + WhiteKernel(noise + JITTER * (1 + signal))
    )
    rows, new_rows = (np.array([Space(SPACE).encode(p) for p in each]) for each in (params, new))
    regressor = GaussianProcessRegressor(kernel, optimizer=None, alpha=1e-300).fit(rows, y)
    expected, std = regressor.predict(new_rows, return_std=True)
    std = np.sqrt(std**2 - noise - JITTER * (1 + signal))
    mean, half = surrogate.predict(new)
    np.testing.assert_allclose(mean, scores.mean() + scores.std() * expected, atol=1e-7)
    np.testing.assert_allclose(half, scores.std() * std, atol=1e-7)
    np.testing.assert_allclose(surrogate.mean(new_rows)[:, 0], expected, atol=1e-7)


def test_many_candidates_near_the_best_do_not_hide_the_others():
    """A search by a model evaluates most candidates near the best one."""
    rng = np.random.default_rng(0)
    spread = candidates(25)
    near = [{"x": float(x), "y": float(y)} for x, y in 0.3 + 0.02 * rng.random((60, 2))]
    params = spread + [each | {"y": 90.0} for each in near]
    surrogate = Surrogate.of_results(SPACE, table(formula_of(params)[:, None], params), "score")
    new = candidates(30, seed=1)
    np.testing.assert_allclose(surrogate.predict(new)[0], formula_of(new), atol=0.01)


def test_drawn_functions_have_its_mean():
    params = candidates(12)
    surrogate = Surrogate.of_results(SPACE, table(formula_of(params)[:, None], params), "score")
    rows = np.random.default_rng(0).random((5, 2))
    drawn = surrogate.functions(300, np.random.default_rng(1))(rows)
    errors = drawn.mean(axis=1) - surrogate.mean(rows)[:, 0]
    assert (np.abs(errors) < 5 * drawn.std(axis=1) / np.sqrt(300)).all()


def test_dropped_candidates_count_with_an_estimate_of_their_mean():
    params = candidates(20)
    rng = np.random.default_rng(0)
    scores = formula_of(params)[:, None] + [-0.2, 0.0, 0.2] + 0.01 * rng.standard_normal((20, 3))
    scores[12:, 1:] = np.nan
    n_run = np.isfinite(scores).sum(axis=1)
    with_them = Surrogate.of_results(
        SPACE, table(scores, params, n_splits_evaluated=n_run), "score"
    )
    mean, variance = estimates(scores)
    rows = np.array([Space(SPACE).encode(each) for each in params])
    expected = Surrogate(Space(SPACE), rows, mean, variance)
    for found, wanted in zip(with_them.predict(params), expected.predict(params), strict=True):
        np.testing.assert_allclose(found, wanted)
    naive = Surrogate.of_results(SPACE, table(scores, params), "score")
    truth = formula_of(params)[12:]
    errors = [np.abs(s.predict(params[12:])[0] - truth).mean() for s in (with_them, naive)]
    assert errors[0] < 0.02 < 0.08 < errors[1]


def test_a_raced_search_has_a_surrogate_of_all_its_candidates():
    data = load_iris(return_X_y=True)
    search = BayesSearchCV(SVC(), {"C": loguniform(1e-3, 1e3)}, n_iter=15, random_state=0)
    results = search.fit(*data).cv_results_
    n_run = results["n_splits_evaluated"]
    assert (n_run < 5).any()
    assert np.isfinite(search.surrogate_.scores).all()
    mean, _ = search.surrogate_.predict([{"C": 1e-3}, search.best_params_])
    assert mean[0] < mean[1] == pytest.approx(search.best_score_, abs=0.02)


@pytest.mark.filterwarnings("ignore:Scoring failed", "ignore:.*non-finite")
def test_failed_candidates_count_as_bad():
    search = RandomizedSearchCV(
        Formula(fails=True), SPACE, n_iter=25, cv=2, random_state=0, refit=False
    ).fit(X)
    has_failed = np.array([each["x"] > 0.7 for each in search.cv_results_["params"]])
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == has_failed.tolist()
    surrogate = surrogate_of(search)
    mean, std = surrogate.predict([{"x": 0.9, "y": 1.0}, {"x": 0.3, "y": 1.0}])
    assert mean[0] < np.nanmin(surrogate.scores) + 0.1 < mean[1]
    assert mean[1] == pytest.approx(0.712, abs=0.03)
    assert np.isfinite(std).all()


@pytest.mark.parametrize(
    "search",
    [
        HalvingBayesSearchCV(Formula(), SPACE, random_state=0, cv=2, min_resources=4, refit=False),
        HalvingRandomSearchCV(Formula(), SPACE, random_state=0, cv=2, min_resources=4, refit=False),
    ],
    ids=["skbayes", "scikit-learn"],
)
def test_lower_rungs_of_a_halving_tell_of_the_last(search):
    search.fit(np.zeros((200, 1)), np.zeros(200))
    resources = search.cv_results_["n_resources"]
    assert len(set(resources)) > 1
    surrogate = surrogate_of(search)
    assert surrogate._process.Z.shape == (len(resources), 3)
    assert surrogate._process.Z[:, 2].tolist() == pytest.approx(
        (np.log(resources / resources.min()) / np.log(resources.max() / resources.min())).tolist()
    )
    mean, _ = surrogate.predict([{"x": 0.3, "y": 1.0}, {"x": 0.9, "y": 1.0}])
    assert mean[0] > mean[1] + 0.1


def test_a_parameter_as_resource_is_no_column():
    search = HalvingRandomSearchCV(
        Formula(), SPACE, resource="amount", max_resources=9, min_resources=1,
        random_state=0, cv=2, refit=False,
    ).fit(X)  # fmt: skip
    surrogate = surrogate_of(search)
    assert surrogate.rows.shape[1] == 2
    assert np.isfinite(surrogate.predict([{"x": 0.5, "y": 1.0, "amount": 9}])[0]).all()


def test_equal_scores_are_predicted_everywhere():
    params = candidates(6)
    surrogate = Surrogate.of_results(SPACE, table(np.full((6, 2), 0.4), params), "score")
    mean, std = surrogate.predict(candidates(4, seed=2))
    np.testing.assert_allclose(mean, 0.4)
    assert (std >= 0).all()


@pytest.mark.parametrize("scores", [[[0.5]], [[0.5], [np.inf]]])
def test_one_score_is_not_enough(scores):
    params = candidates(len(scores))
    with pytest.raises(ValueError, match="at least two candidates with a score"):
        Surrogate.of_results(SPACE, table(scores, params), "score")


@pytest.mark.parametrize("kind", [BayesSearchCV, TPESearchCV, HalvingBayesSearchCV])
def test_searches_have_one_when_they_are_fitted_and_do_not_keep_it(kind):
    search = kind(Formula(), SPACE, random_state=0, cv=2, refit=False)
    search.set_params(**({} if kind is HalvingBayesSearchCV else {"n_iter": 8}))
    assert not hasattr(search, "surrogate_")
    with pytest.raises(AttributeError, match=f"this {kind.__name__} is not fitted yet"):
        search.surrogate_  # noqa: B018
    search.fit(X, Y)
    size = len(pickle.dumps(search))
    assert isinstance(search.surrogate_, Surrogate)
    assert "surrogate_" not in vars(search)
    assert len(pickle.dumps(search)) == size
    again = pickle.loads(pickle.dumps(search)).surrogate_
    new = candidates(3)
    np.testing.assert_array_equal(again.predict(new), search.surrogate_.predict(new))
    np.testing.assert_array_equal(surrogate_of(search).predict(new), again.predict(new))


def test_a_search_with_one_candidate_says_why_it_has_none():
    search = BayesSearchCV(Formula(), SPACE, n_iter=1, cv=2, refit=False).fit(X)
    assert not hasattr(search, "surrogate_")
    with pytest.raises(AttributeError, match="no surrogate_: a surrogate needs at least two"):
        search.surrogate_  # noqa: B018
    with pytest.raises(ValueError, match="at least two candidates"):
        surrogate_of(search)


def test_grids_of_scikit_learn_have_one():
    grid = GridSearchCV(Formula(), {"x": [0.1, 0.3, 0.9], "y": [0.1, 1.0, 10.0]}, cv=2, refit=False)
    with pytest.raises(NotFittedError):
        surrogate_of(grid)
    surrogate = surrogate_of(grid.fit(X))
    mean, _ = surrogate.predict(grid.cv_results_["params"])
    np.testing.assert_allclose(mean, grid.cv_results_["mean_test_score"], atol=0.01)


def test_defaults_outside_the_space_are_no_obstacle():
    search = BayesSearchCV(
        Formula(x=4.0, y=1.0, k="other"), WITH_CATEGORY, n_iter=9, cv=2, random_state=0,
        initial_params="default", refit=False,
    ).fit(X)  # fmt: skip
    assert search.cv_results_["params"][0]["k"] == "other"
    mean, std = search.surrogate_.predict(search.cv_results_["params"])
    assert np.isfinite(mean).all()
    assert mean[0] == mean.min()
    assert (std >= 0).all()


def test_the_dicts_of_a_list_are_told_apart():
    dicts = [{"x": uniform(0, 1), "k": ["a"]}, {"y": loguniform(1e-2, 1e2), "k": ["b"]}]
    search = RandomizedSearchCV(
        Formula(), dicts, n_iter=30, cv=2, random_state=0, refit=False
    ).fit(X)  # fmt: skip
    surrogate = surrogate_of(search)
    mean, _ = surrogate.predict(search.cv_results_["params"])
    np.testing.assert_allclose(mean, search.cv_results_["mean_test_score"], atol=0.02)
    new = [{"x": 0.8, "k": "a"}, {"y": 10.0, "k": "b"}]
    np.testing.assert_allclose(surrogate.predict(new)[0], formula_of(new) - 0.012, atol=0.02)


def test_many_trials_are_reduced_to_the_active_set():
    params = candidates(MAX_ACTIVE + 30)
    surrogate = Surrogate.of_results(SPACE, table(formula_of(params)[:, None], params), "score")
    assert len(surrogate._process.y) == MAX_ACTIVE
    assert len(surrogate.rows) == MAX_ACTIVE + 30
    np.testing.assert_allclose(surrogate.predict(params)[0], formula_of(params), atol=0.01)
