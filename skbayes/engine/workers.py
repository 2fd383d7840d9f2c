"""Who evaluates: what joblib's active backend and `n_jobs` come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from joblib import effective_n_jobs
from joblib.parallel import BACKENDS, get_active_backend
from sklearn.utils.parallel import Parallel
from threadpoolctl import ThreadpoolController

from skbayes.engine.evaluation import Watch
from skbayes.engine.streaming import StreamingParallel


@dataclass(frozen=True)
class Workers:
    """Who evaluates: what joblib's active backend and `n_jobs` come to."""

    n_jobs: int | None
    n: int
    backend: Any

    @classmethod
    def active(cls, n_jobs: int | None) -> Workers:
        return cls(n_jobs, effective_n_jobs(n_jobs), get_active_backend()[0])

    @property
    def are_threads(self) -> bool:
        """Whether the fits run beside the proposals in one process."""
        return self.n > 1 and getattr(self.backend, "uses_threads", False)

    @property
    def are_processes(self) -> bool:
        """Whether the fits run in other processes."""
        return self.n > 1 and not getattr(self.backend, "supports_sharedmem", False)

    @property
    def can_be_ended(self) -> bool:
        """Whether the fits run in processes of this machine that others can take the place of."""
        return self.n > 1 and isinstance(self.backend, BACKENDS["loky"])

    @contextmanager
    def watch(self, max_fit_time: float | None) -> Iterator[Watch | None]:
        """Watch over processes that may die; a folder holds what they leave."""
        if not self.can_be_ended:
            yield None
            return
        with TemporaryDirectory(prefix="skbayes-", ignore_cleanup_errors=True) as folder:
            yield Watch(Path(folder), max_fit_time)

    @property
    def stream(self) -> bool:
        """Whether tasks are taken while answers are delivered."""
        return self.n == 1 or self.backend.supports_return_generator

    def parallel(self, pre_dispatch: int | str) -> Parallel:
        options = {"n_jobs": self.n_jobs, "pre_dispatch": pre_dispatch}
        if self.n == 1:
            return Parallel(return_as="generator", **options)
        return StreamingParallel(**options) if self.stream else Parallel(**options)


def one_blas_thread() -> Callable[[], AbstractContextManager[Any]]:
    """Return contexts that limit BLAS: small matrices are slower on many threads."""
    controller = ThreadpoolController()  # costs milliseconds to make, and little to use
    return partial(controller.limit, limits=1, user_api="blas")
