"""The libraries of the `compat` extra are large: without them these tests are not collected."""

from importlib.util import find_spec

LIBRARIES = ("catboost", "lightgbm", "skorch", "torch", "xgboost")

collect_ignore_glob = [] if all(map(find_spec, LIBRARIES)) else ["test_*.py"]
