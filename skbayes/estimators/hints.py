"""Hints in errors: the closest known name, or the parameter that has another name elsewhere."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, ParamSpec

from sklearn.metrics import get_scorer_names

Parameters = ParamSpec("Parameters")

CLOSE = 0.6
"""Similarity of two words, as `difflib` computes it, from which on they count as close."""

OTHER_NAMES = {
    "param_grid": "param_distributions",
    "params": "param_distributions",
    "search_spaces": "param_distributions",
    "search_space": "param_distributions",
    "space": "param_distributions",
    "dimensions": "param_distributions",
    "n_iter": "n_candidates",
    "n_trials": "n_iter",
    "n_calls": "n_iter",
    "max_evals": "n_iter",
    "max_trials": "n_iter",
    "num_samples": "n_iter",
    "n_initial_samples": "n_initial_points",
    "n_random_starts": "n_initial_points",
    "n_startup_trials": "n_initial_points",
    "points_to_evaluate": "initial_params",
    "seed": "random_state",
    "rstate": "random_state",
    "early_stopping_rounds": "n_iter_no_change",
    "max_iter": "max_resources",
    "reduction_factor": "factor",
}
"""Names of search parameters in other libraries, each with the name in skbayes."""


def explaining_wrong_arguments(
    init: Callable[Parameters, None],
) -> Callable[Parameters, None]:
    """Make a constructor name the public class and the right parameter in its TypeErrors.

    Parameters
    ----------
    init : callable
        The ``__init__`` of a search.
    """
    signature = inspect.signature(init)

    @functools.wraps(init)
    def explaining(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            known = [name for name in signature.parameters if name != "self"]
            pairs = [(name, _own(name, known)) for name in kwargs if name not in known]
            hints = "".join(f"; {name}= is {own}= here" for name, own in pairs if own is not None)
            public = type(args[0]).__name__ if args else "search"
            raise TypeError(f"{public}() {error}{hints}") from None
        init(*args, **kwargs)

    return explaining


def _own(name: str, known: Sequence[str]) -> str | None:
    """Return the parameter of skbayes that a name stands for, if it can be guessed."""
    meant = OTHER_NAMES.get(name)
    while meant is not None and meant not in known:
        meant = OTHER_NAMES.get(meant)
    if meant is not None:
        return meant
    return next(iter(get_close_matches(name, known, n=1)), None)


def did_you_mean(names: Iterable[str], known: Iterable[str]) -> str:
    """Return a question that names the closest known name to each unknown one.

    A nested name whose last part is the unknown one comes first: ``C`` in a pipeline is
    ``svc__C``.

    Parameters
    ----------
    names, known : iterable of str
    """
    known = list(known)
    close = [match for name in names if (match := _closest(name, known)) is not None]
    return f" Did you mean {' and '.join(map(repr, close))}?" if close else ""


def _closest(name: str, known: Sequence[str]) -> str | None:
    wanted = name.lower().replace(".", "__")
    last_part = wanted.rpartition("__")[2]
    nested = [n for n in known if n.lower().rpartition("__")[2] == last_part]
    if nested:
        return max(nested, key=lambda n: (_likeness(wanted, n.lower()), -len(n)))
    whole = {n.lower(): n for n in known}
    by_ending = {n.lower().rpartition("__")[2]: n for n in reversed(known)}
    for text, candidates, cutoff in (
        (wanted, whole, CLOSE),
        (last_part, by_ending, CLOSE),
        (wanted, whole, 0.0),
    ):
        for match in get_close_matches(text, candidates, n=1, cutoff=cutoff):
            return candidates[match]
    return None


def _likeness(a: str, b: str) -> int:
    """Return how many of the parts separated by `__` both names have."""
    return len(set(a.split("__")) & set(b.split("__")))


@contextmanager
def naming_the_closest_scorer(scoring: Any) -> Iterator[None]:
    """Put the closest names of scorers before an error that lists them all.

    Parameters
    ----------
    scoring : object
        What the user gave: one name or several.
    """
    try:
        yield
    except ValueError as error:
        hint = _misspelt_scoring(scoring)
        if not hint:
            raise
        raise type(error)(f"{hint}{error}") from None


def _misspelt_scoring(scoring: Any) -> str:
    names = [scoring] if isinstance(scoring, str) else scoring
    names = list(names.values()) if isinstance(names, Mapping) else names
    if not isinstance(names, list | tuple | set):
        return ""
    known = get_scorer_names()
    unknown = [name for name in names if isinstance(name, str) and name not in known]
    hint = did_you_mean(unknown, known)
    return f"scoring: {', '.join(map(repr, unknown))} is unknown.{hint} " if unknown else ""
