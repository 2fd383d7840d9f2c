"""Threads of linear algebra: one while proposals are made.

With several, BLAS adds up in another order, and after some trials the proposals would be others.
For matrices as small as those of a surrogate one thread is faster, too.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


def one_blas_thread() -> AbstractContextManager[Any]:
    """Return a context in which BLAS has one thread."""
    context: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return context


@cache
def _controller() -> ThreadpoolController:
    """Return what limits threads; it is made once, because that takes milliseconds."""
    return ThreadpoolController()
