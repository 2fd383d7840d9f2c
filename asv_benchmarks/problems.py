"""Problems whose optimum is known: a space, and a score whose maximum is 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import loguniform, randint, uniform

UNIT = uniform(0, 1)

Distributions = dict[str, Any] | list[dict[str, Any]]
"""What a search takes as `param_distributions`."""


@dataclass(frozen=True)
class Problem:
    """A search problem.

    Parameters
    ----------
    space : dict or list of dict
        As `param_distributions`.
    function : callable
        True score of a dict of parameters; greater is better, 0 is the best.
    n_trials : int
        How many trials a search of it gets.
    noise : float, default=0.0
        Standard deviation of what an evaluation answers beside the truth; drawn from NumPy's
        global generator, as by an unseeded estimator.
    """

    space: Distributions
    function: Callable[[dict[str, Any]], float]
    n_trials: int
    noise: float = 0.0

    marks = "synthetic"

    @property
    def is_noisy(self) -> bool:
        """Whether two evaluations of a candidate differ."""
        return self.noise > 0.0

    def score(self, params: dict[str, Any]) -> float:
        """Return what an evaluation answers."""
        deviation = self.noise * np.random.standard_normal() if self.is_noisy else 0.0
        return self.function(params) + deviation

    def true_score(self, params: dict[str, Any]) -> float:
        """Return what a candidate is worth."""
        return self.function(params)


def branin(params: dict[str, Any]) -> float:
    """Three equal optima in a curved valley (Branin 1972)."""
    x, y = 15 * params["x0"] - 5, 15 * params["x1"]
    valley = y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6
    return -float(valley**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10 - 0.39788735772973816)


_A = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
_P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann6(params: dict[str, Any]) -> float:
    """Six dimensions, six local optima (Hartmann 1973)."""
    x = _vector(params)
    wells = np.exp(-(_A * (x - _P) ** 2).sum(1))
    return float(wells @ [1.0, 1.2, 3.0, 3.2]) - 3.3223680114155147


def ackley10(params: dict[str, Any]) -> float:
    """Ten dimensions of ripples around a funnel that is not at the centre (Ackley 1987)."""
    x = 40 * _vector(params) - 15
    funnel = 20 * np.exp(-0.2 * np.sqrt((x**2).mean()))
    return float(funnel + np.exp(np.cos(2 * np.pi * x).mean()) - 20 - np.e)


def rosenbrock4(params: dict[str, Any]) -> float:
    """A long bent valley with a flat floor in four dimensions (Rosenbrock 1960)."""
    x = 4 * _vector(params) - 2
    steps = 100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2
    return -float(steps.sum())


def mixed(params: dict[str, Any]) -> float:
    """A learning curve in a log scale, an integer, a switch and four kinds that interact."""
    kind = {"a": 0.0, "b": 0.5, "c": 1.0, "d": 0.3}[params["kind"]]
    loss = 4 * (params["x"] - 0.3) ** 2 + (np.log10(params["rate"]) + 2) ** 2 / 4
    loss += abs(params["n"] - 7) / 10 + kind * (0.5 + params["x"]) + 0.4 * params["flag"]
    return -float(loss)


def _vector(params: dict[str, Any]) -> np.ndarray:
    return np.array([params[f"x{i}"] for i in range(len(params))])


def _cube(d: int) -> dict[str, Any]:
    return {f"x{i}": UNIT for i in range(d)}


PROBLEMS = {
    "Branin": Problem(_cube(2), branin, 30),
    "Hartmann-6": Problem(_cube(6), hartmann6, 60),
    "Ackley-10": Problem(_cube(10), ackley10, 60),
    "Rosenbrock-4": Problem(_cube(4), rosenbrock4, 60),
    "noisy Hartmann-6": Problem(_cube(6), hartmann6, 60, noise=0.2),
    "mixed": Problem(
        {
            "x": UNIT,
            "rate": loguniform(1e-5, 1),
            "n": randint(1, 30),
            "kind": list("abcd"),
            "flag": [True, False],
        },
        mixed,
        40,
    ),
}

MIXED_6 = Problem(
    PROBLEMS["mixed"].space | {"x2": UNIT},
    lambda params: mixed(params) - (params["x2"] - 0.6) ** 2,
    100,
)
"""Six dimensions of all kinds, to take the time of proposals on."""
