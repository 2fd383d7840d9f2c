"""Settings of the property tests, and of the libraries that would use several threads."""

import json
import os
from importlib.metadata import version
from pathlib import Path

# Threads that wait for one another take minutes on a busy machine, and gain nothing on small data.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

# No deadline: a loaded machine is no failure. In CI the examples are the same at every run.
settings.register_profile("skbayes", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("skbayes")

RECORDS = Path(__file__).with_name("recorded_searches.json")


def recorded_versions():
    """Return the versions that the recorded searches depend on, without the last digits."""
    return {name: version(name).rpartition(".")[0] for name in ("numpy", "scipy", "scikit-learn")}


is_recorded = json.loads(RECORDS.read_text())["versions"] == recorded_versions()
collect_ignore = [] if is_recorded else ["test_recorded_searches.py"]


@pytest.fixture
def count_rounds(monkeypatch):
    """A function that returns the rounds of all fits of a class from now on, of each what it adds.

    Of a class with `n_estimators` and `warm_start`.
    """

    def count(model_class):
        rounds = []
        fit = model_class.fit

        def counting(self, X, y, **options):
            before = len(getattr(self, "estimators_", ())) if self.warm_start else 0
            rounds.append(self.n_estimators - before)
            return fit(self, X, y, **options)

        monkeypatch.setattr(model_class, "fit", counting)
        return rounds

    return count
