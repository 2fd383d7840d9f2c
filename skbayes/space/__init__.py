"""Parameters on the user's side, rows of the unit cube on the model's."""

from skbayes.space.distributions import log_randint
from skbayes.space.space import Space

__all__ = ["Space", "log_randint"]
