"""scikit-learn's own installed tests of successive halving, with our class in place of theirs.

The name `HalvingRandomSearchCV` is ours before the test module is imported. Its tests run both
searches side by side, so `HalvingGridSearchCV` is tested along.
"""

import inspect

import pytest
import sklearn.experimental.enable_halving_search_cv
import sklearn.model_selection

from skbayes import HalvingBayesSearchCV
from skbayes._sklearn_compat import HAS_CALLBACKS
from tests.sklearn_suites import import_with

SUITE = "sklearn.model_selection.tests.test_successive_halving"

NOT_APPLICABLE = {
    "test_input_errors": (
        "expects that shuffled splits are refused, and max_resources='auto' for a parameter; the "
        "other errors are tested in tests/estimators/test_halving.py"
    ),
    "test_random_search_discrete_distributions": (
        "expects the same candidate several times where a distribution has few values"
    ),
    "test_subsample_splitter_shapes": "tests a private splitter",
    "test_subsample_splitter_determinism": "tests a private splitter",
    "test_top_k": "tests a private function",
}


class HalvingWithItsDefaults(HalvingBayesSearchCV):
    """Our search with the defaults of scikit-learn's."""

    def __init__(self, *args, **params):
        params = {"min_resources": "smallest", "n_brackets": 1} | params
        super().__init__(*args, **params)

    __init__.__signature__ = inspect.signature(HalvingBayesSearchCV.__init__)


OURS = {"HalvingRandomSearchCV": HalvingWithItsDefaults}
MODULE = import_with(SUITE, HalvingBayesSearchCV, [(sklearn.model_selection, OURS)])
TESTS = {name: test for name, test in vars(MODULE).items() if name.startswith("test_")}

CALLBACK_SUITE = "sklearn.model_selection.tests.test_search"
if HAS_CALLBACKS:  # whose tests of all searches are in another module
    OF_SEARCHES = import_with(
        CALLBACK_SUITE, HalvingBayesSearchCV, [(sklearn.model_selection, OURS)]
    )
    TESTS |= {n: t for n, t in vars(OF_SEARCHES).items() if n.startswith("test_search_callbacks")}


def test_every_exception_is_still_a_test_there():
    assert set(NOT_APPLICABLE) <= set(TESTS)


pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
globals().update({name: test for name, test in TESTS.items() if name not in NOT_APPLICABLE})
