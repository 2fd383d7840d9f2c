"""Settings of the property tests, and of the libraries that would use several threads."""

import os

# Threads that wait for one another take minutes on a busy machine, and gain nothing on small data.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from hypothesis import settings  # noqa: E402

# No deadline: a loaded machine is no failure. In CI the examples are the same at every run.
settings.register_profile("skbayes", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("skbayes")
