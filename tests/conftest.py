"""Settings of the property tests."""

import os

from hypothesis import settings

# No deadline: a loaded machine is no failure. In CI the examples are the same at every run.
settings.register_profile("skbayes", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("skbayes")
