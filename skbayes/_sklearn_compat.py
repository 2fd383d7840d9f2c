"""Private names of scikit-learn that the search needs, each with the versions it is found in.

Everything else of scikit-learn is used through its public interface, or through the hooks that
`BaseSearchCV` gives its subclasses (called in `estimators/base.py` alone).
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from copy import copy
from importlib.util import find_spec
from traceback import format_exc
from typing import Any, Self

from sklearn import get_config
from sklearn.base import _clone_parametrized, _fit_context  # 1.3 to 1.9
from sklearn.metrics._scorer import _MultimetricScorer  # 0.23 to 1.9
from sklearn.model_selection._search import BaseSearchCV  # 0.18 to 1.9
from sklearn.model_selection._validation import (  # 1.0 to 1.9
    _fit_and_score,
    _warn_or_raise_about_fit_failures,
)
from sklearn.utils._param_validation import Interval, Options, StrOptions  # 1.2 to 1.9
from sklearn.utils.metaestimators import _safe_split  # 0.18 to 1.9
from sklearn.utils.validation import _check_method_params, _num_samples  # 1.4 to 1.9

from skbayes.trial import SINGLE_METRIC

HAS_CALLBACKS = find_spec("sklearn.callback") is not None  # 1.9

clone_parametrized = _clone_parametrized
check_method_params = _check_method_params
fit_context = _fit_context
num_samples = _num_samples
safe_split = _safe_split
warn_or_raise_about_fit_failures = _warn_or_raise_about_fit_failures

__all__ = [
    "HAS_CALLBACKS",
    "BaseSearchCV",
    "Interval",
    "NoCallbackContext",
    "Options",
    "StrOptions",
    "check_method_params",
    "clone_parametrized",
    "fit_and_score",
    "fit_context",
    "frames_below_fit",
    "has_callbacks",
    "num_samples",
    "recording_scorer",
    "replaying_scorer",
    "safe_split",
    "scorers_by_name",
    "warn_or_raise_about_fit_failures",
    "with_current_config",
    "without_fit_frame",
    "without_siblings",
]


def fit_and_score(
    *args: Any, caller: Any = None, callback_ctx: Any = None, **kwargs: Any
) -> dict[str, Any]:
    """Fit and score one split; before scikit-learn 1.9, without callbacks.

    Parameters
    ----------
    *args, **kwargs
        As scikit-learn's function takes them.
    caller, callback_ctx : object, default=None
        The estimator and the callback context of the split.

    Returns
    -------
    result : dict
    """
    if HAS_CALLBACKS:
        kwargs.update(caller=caller, callback_ctx=callback_ctx)
    result: dict[str, Any] = _fit_and_score(*args, **kwargs)
    return result


def has_callbacks(estimator: Any) -> bool:
    """Whether callbacks were set on an estimator; always False before scikit-learn 1.9.

    Parameters
    ----------
    estimator : object
    """
    return HAS_CALLBACKS and hasattr(estimator, "_skl_callbacks")  # 1.9


def without_siblings(context: Any) -> Any:
    """Return a copy of a callback context that knows its ancestors and no other tasks.

    Parameters
    ----------
    context : CallbackContext
    """
    alone = copy(context)
    alone._children_map = {}  # 1.9
    if alone.parent is not None:
        alone.parent = without_siblings(alone.parent)
    return alone


def with_current_config(function: Any) -> Any:
    """Return a delayed function that runs with scikit-learn's settings and the filters of warnings.

    Parameters
    ----------
    function : callable
        What scikit-learn's `delayed` returns.
    """
    filters = getattr(warnings, "_get_filters", lambda: warnings.filters)()  # Python 3.14
    return function.with_config_and_warning_filters(get_config(), filters)  # 1.6 to 1.9


FIT_FRAME = f"in {_fit_and_score.__name__}"
"""Text that marks the frame of scikit-learn's `_fit_and_score` in tracebacks and stacks."""


def without_fit_frame(traceback: str) -> str:
    """Return a traceback without its first frame, if that is `_fit_and_score`.

    Parameters
    ----------
    traceback : str
    """
    frames = traceback.split('\n  File "')
    is_first = len(frames) > 2 and FIT_FRAME in frames[1].partition("\n")[0]
    return '\n  File "'.join([frames[0], *frames[2:]]) if is_first else traceback


def frames_below_fit(stack: str) -> str:
    """Return the frames of a stack that `_fit_and_score` called.

    Parameters
    ----------
    stack : str
        The most recent call first.
    """
    lines = stack.splitlines(keepends=True)
    end = next((n for n, line in enumerate(lines) if FIT_FRAME in line), len(lines))
    return "".join(lines[:end])


def scorers_by_name(scorers: Any) -> Any:
    """Return the dict of scorers inside a multi-metric scorer, any other object as it is.

    Parameters
    ----------
    scorers : object
        What `BaseSearchCV` makes of `scoring`.
    """
    return scorers._scorers if isinstance(scorers, _MultimetricScorer) else scorers


def recording_scorer(scorer: Any, errors: dict[str, str]) -> Any:
    """Return a scorer that does the same and records the traceback of every score that failed.

    Scikit-learn reports such an error only in a warning, which the user's filters may drop.

    Parameters
    ----------
    scorer : callable
    errors : dict of str to str
        The first traceback of each metric is stored here, by the name of the metric; the name is
        `SINGLE_METRIC` if there is only one.
    """
    if isinstance(scorer, _MultimetricScorer):
        return _RecordingMultimetricScorer(scorer, errors)
    return _RecordingScorer(scorer, errors)


class _RecordingMultimetricScorer(_MultimetricScorer):  # type: ignore[misc]
    def __init__(self, scorer: Any, errors: dict[str, str]) -> None:
        super().__init__(scorers=scorer._scorers, raise_exc=scorer._raise_exc)
        self._errors = errors

    def __call__(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        scores: dict[str, Any] = super().__call__(*args, **kwargs)
        for name, score in scores.items():
            if isinstance(score, str):  # the traceback stands where the score would
                self._errors.setdefault(name, score)
        return scores


class _RecordingScorer:
    def __init__(self, scorer: Any, errors: dict[str, str]) -> None:
        self._scorer, self._errors = scorer, errors

    def __getattr__(self, name: str) -> Any:
        return getattr(self._scorer, name)

    def __repr__(self) -> str:
        return repr(self._scorer)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._scorer(*args, **kwargs)
        except Exception:
            self._errors.setdefault(SINGLE_METRIC, format_exc())
            raise


def replaying_scorer(scorer: Any, replay: Any) -> Any:
    """Return a scorer that answers with scores that were made before.

    Parameters
    ----------
    scorer : callable
        What made them: a multi-metric scorer is replaced by one.
    replay : callable
        Is given the data and the metadata of the scorer.
    """
    if isinstance(scorer, _MultimetricScorer):
        return _ReplayingMultimetricScorer(scorer, replay)
    return lambda estimator, *args, **kwargs: replay(*args, **kwargs)


class _ReplayingMultimetricScorer(_MultimetricScorer):  # type: ignore[misc]
    def __init__(self, scorer: Any, replay: Any) -> None:
        super().__init__(scorers=scorer._scorers, raise_exc=scorer._raise_exc)
        self._replay = replay

    def __call__(self, estimator: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        scores: dict[str, Any] = self._replay(*args, **kwargs)
        return scores


class NoCallbackContext:
    """Stands where scikit-learn before 1.9 has no callback context; takes what that would take."""

    def subcontext(self, **kwargs: Any) -> Self:
        return self

    def call_on_fit_task_begin(self, **kwargs: Any) -> Self:
        return self

    def call_on_fit_task_end(self, **kwargs: Any) -> bool:
        return False

    @contextlib.contextmanager
    def propagate_callback_context(self, estimator: Any) -> Iterator[None]:
        yield
