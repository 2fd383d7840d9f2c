"""What a fitted search can answer: how good its best candidate really is.

Everything here reads the public attributes of a search, so it also works on scikit-learn's own.
"""

from __future__ import annotations

from skbayes.inspection.honest import HonestScore, honest_score

__all__ = ["HonestScore", "honest_score"]
