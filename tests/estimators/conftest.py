"""The searches that share what is promised."""

import numpy as np
import pytest

from skbayes import BayesSearchCV, TPESearchCV

# They differ in what proposes alone: the second is tested along in CI.
SEARCHES = [BayesSearchCV, pytest.param(TPESearchCV, marks=pytest.mark.slow)]


@pytest.fixture(scope="session", params=SEARCHES, ids=lambda c: c.__name__)
def search_class(request):
    return request.param


def columns_of(search, n=None):
    """Return all columns but the times; NaN is written out, to be equal to itself."""
    columns = {k: v for k, v in search.cv_results_.items() if "time" not in k}
    return {
        k: ["nan" if x != x else x for x in np.asarray(v)[:n].tolist()] for k, v in columns.items()
    }
