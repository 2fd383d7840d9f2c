"""The libraries of the `compat` extra are large: without them these tests are not collected."""

from importlib.util import find_spec

LIBRARIES = (
    "ConfigSpace",
    "catboost",
    "hyperopt",
    "keras_tuner",
    "lightgbm",
    "optuna",
    "ray",
    "skopt",
    "skorch",
    "torch",
    "xgboost",
)

collect_ignore_glob = [] if all(map(find_spec, LIBRARIES)) else ["test_*.py"]
