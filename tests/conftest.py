"""Settings of the property tests, and of the libraries that would use several threads."""

import json
import os
from importlib.metadata import version
from pathlib import Path

# Threads that wait for one another take minutes on a busy machine, and gain nothing on small data.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

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
