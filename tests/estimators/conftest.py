"""The searches that share what is promised."""

import pytest

from skbayes import BayesSearchCV, TPESearchCV

# They differ in what proposes alone: the second is tested along in CI.
SEARCHES = [BayesSearchCV, pytest.param(TPESearchCV, marks=pytest.mark.slow)]


@pytest.fixture(scope="session", params=SEARCHES, ids=lambda c: c.__name__)
def search_class(request):
    return request.param
