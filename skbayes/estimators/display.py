"""How a search is shown: with its distributions as they were written.

SciPy's own repr of a frozen distribution shows only its address in memory.
"""

from __future__ import annotations

from copy import copy
from typing import Any

from sklearn.base import BaseEstimator

from skbayes.space.written import with_written_distributions


class ShownAsWritten(BaseEstimator):
    """Mixin of a search whose text and diagram show distributions as they were written."""

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        text: str = BaseEstimator.__repr__(self._as_written(), N_CHAR_MAX)
        return text

    def _repr_html_inner(self) -> str:
        html: str = BaseEstimator._repr_html_inner(self._as_written())
        return html

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle: dict[str, str] = BaseEstimator._repr_mimebundle_(self._as_written(), **kwargs)
        return bundle

    def _as_written(self) -> Any:
        """Return a copy to be shown instead.

        It has scikit-learn's own `__repr__`, because scikit-learn wraps lines for no other.
        """
        shown: Any = copy(self)
        cls = type(self)
        plain = {"__repr__": BaseEstimator.__repr__, "__doc__": cls.__doc__}
        shown.__class__ = type(cls.__name__, (cls,), {**plain, "__module__": cls.__module__})
        for name, value in self.get_params(deep=False).items():
            vars(shown)[name] = with_written_distributions(value)
        return shown
