"""The searches that share what is promised."""

import pytest

from skbayes import BayesSearchCV, TPESearchCV


@pytest.fixture(scope="session", params=[BayesSearchCV, TPESearchCV], ids=lambda c: c.__name__)
def search_class(request):
    return request.param
