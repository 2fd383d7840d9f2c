"""Dask and Ray are large: without them these tests are not collected."""

from importlib.util import find_spec

NEEDS = {"test_dask.py": "distributed", "test_ray.py": "ray"}

collect_ignore = [name for name, package in NEEDS.items() if find_spec(package) is None]
