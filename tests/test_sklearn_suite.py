"""scikit-learn's own installed tests of its searches, with our class in their place.

`RandomizedSearchCV` becomes ours, and `GridSearchCV` a subclass of it with that signature, before
the test module is imported, once for each of our classes, so that its parametrisations hold them.
"""

import functools
import importlib.util
import os
import sys

import numpy as np
import pytest
import sklearn.model_selection
from sklearn.model_selection import GridSearchCV
from sklearn.utils import _array_api

from skbayes import BayesSearchCV, TPESearchCV
from skbayes._sklearn_compat import HAS_CALLBACKS
from tests.sklearn_suites import import_with

SUITE = "sklearn.model_selection.tests.test_search"

NOT_APPLICABLE = {
    "test_search_with_2d_array": "expects the very candidates that RandomizedSearchCV draws",
    "test_grid_search_bad_param_grid": "expects ParameterGrid's wording; ours names the way out",
    "test_custom_run_search": "overrides _run_search, which our fit does not call",
    "test_search_cv_results_none_param": "scores single samples by R², which is NaN for all",
    "test_unsupported_sample_weight_scorer": "has a scorer that fails for all candidates",
}


if not HAS_CALLBACKS:  # before 1.9
    NOT_APPLICABLE["test_random_search_bad_cv"] = "words the error as later versions do not"


class SearchesGrid:
    """Gives a search the parameters of `GridSearchCV`; it searches the space in whole."""

    _parameter_constraints = GridSearchCV._parameter_constraints

    def __init__(
        self,
        estimator,
        param_grid,
        *,
        scoring=None,
        n_jobs=None,
        refit=True,
        cv=None,
        verbose=0,
        pre_dispatch="2*n_jobs",
        error_score=np.nan,
        return_train_score=False,
    ):
        self.estimator = estimator
        self.param_grid = param_grid
        self.scoring = scoring
        self.n_jobs = n_jobs
        self.refit = refit
        self.cv = cv
        self.verbose = verbose
        self.pre_dispatch = pre_dispatch
        self.error_score = error_score
        self.return_train_score = return_train_score

    n_iter = sys.maxsize
    random_state = 0
    n_initial_points = "auto"
    initial_params = None
    n_points = 2
    checkpoint = timeout = max_fit_time = n_iter_no_change = None

    @property
    def param_distributions(self):
        return self.param_grid

    def _warn_of_small_space(self, space):
        """A grid is as small as it is."""


class GridBayesSearchCV(SearchesGrid, BayesSearchCV):
    pass


class GridTPESearchCV(SearchesGrid, TPESearchCV):
    pass


def array_namespaces_here(**options):
    """Yield the array libraries that are installed."""
    for namespace, device, dtype in every_array_namespace(**options):
        if importlib.util.find_spec(namespace):
            yield namespace, device, dtype


every_array_namespace = _array_api.yield_namespace_device_dtype_combinations


@functools.cache
def load_suite(randomized, grid):
    ours = {"RandomizedSearchCV": randomized, "GridSearchCV": grid}
    here = {"yield_namespace_device_dtype_combinations": array_namespaces_here}
    return import_with(SUITE, randomized, [(sklearn.model_selection, ours), (_array_api, here)])


def applicable_tests(randomized, grid):
    """Return the tests by name; those of array libraries if SciPy was told to take them."""
    suite = vars(load_suite(randomized, grid))
    tests = {name: test for name, test in suite.items() if name.startswith("test_")}
    return {
        f"{name}_of_{randomized.__name__}": test
        for name, test in tests.items()
        if name not in NOT_APPLICABLE
        and ("array_api" not in name or os.environ.get("SCIPY_ARRAY_API"))
    }


def test_every_exception_is_still_a_test_there():
    suite = vars(load_suite(BayesSearchCV, GridBayesSearchCV))
    assert set(NOT_APPLICABLE) - {"test_search_with_2d_array"} <= set(suite)


pytestmark = pytest.mark.filterwarnings("ignore")
globals().update(applicable_tests(BayesSearchCV, GridBayesSearchCV))
# They differ in what proposes alone, so once is enough where there is little time.
of_tpe = applicable_tests(TPESearchCV, GridTPESearchCV)
globals().update({name: pytest.mark.slow(test) for name, test in of_tpe.items()})
