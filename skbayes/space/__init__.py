"""The search space: the user's parameters, mapped to rows of the unit cube for the sampler."""

from skbayes.space.distributions import log_randint
from skbayes.space.space import Space

__all__ = ["Space", "log_randint"]
