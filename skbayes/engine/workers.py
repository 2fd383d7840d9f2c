"""The workers of a search, as joblib's active backend and `n_jobs` determine them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from joblib import effective_n_jobs
from joblib.parallel import BACKENDS, get_active_backend
from sklearn.utils.parallel import Parallel
from threadpoolctl import threadpool_info

from skbayes.engine._joblib_compat import eval_expr
from skbayes.engine.executors.base import Executor
from skbayes.engine.executors.dask import DaskExecutor
from skbayes.engine.executors.loky import LokyExecutor
from skbayes.engine.executors.ray import RayExecutor
from skbayes.engine.futures import FuturesParallel
from skbayes.engine.streaming import StreamingParallel
from skbayes.evaluation.watch import Watch

CLUSTERS: dict[str, Callable[[Any, int], Executor]] = {
    "DaskDistributedBackend": DaskExecutor,
    "RayBackend": RayExecutor,
}
"""What runs tasks on a cluster, by the class of joblib's backend."""


@dataclass(frozen=True)
class Workers:
    """The kind and number of workers of a search.

    Parameters
    ----------
    n_jobs : int or None
        As the user gave it.
    n : int
        Number of workers.
    backend : object
        Joblib's backend.
    """

    n_jobs: int | None
    n: int
    backend: Any

    @classmethod
    def active(cls, n_jobs: int | None) -> Workers:
        """Return the workers of joblib's active backend.

        Parameters
        ----------
        n_jobs : int or None
            As joblib takes it.

        Returns
        -------
        workers : Workers
        """
        return cls(n_jobs, effective_n_jobs(n_jobs), get_active_backend()[0])

    @property
    def are_threads(self) -> bool:
        """Whether the fits run in threads, in the same process as the proposals."""
        return self.n > 1 and getattr(self.backend, "uses_threads", False)

    @property
    def are_processes(self) -> bool:
        """Whether the fits run in other processes."""
        return self.n > 1 and not getattr(self.backend, "supports_sharedmem", False)

    @property
    def can_be_ended(self) -> bool:
        """Whether the fits run in local processes that can be ended and replaced."""
        return self.n > 1 and isinstance(self.backend, BACKENDS["loky"])

    @contextmanager
    def watch(self, max_fit_time: float | None) -> Iterator[Watch | None]:
        """Return a watch over worker processes that may die, with its folder of files.

        Parameters
        ----------
        max_fit_time : float or None
            Seconds after which a process ends itself.

        Returns
        -------
        watch : context manager of Watch or None
            None if the processes cannot be watched.
        """
        if not self.can_be_ended:
            yield None
            return
        try:
            folder = TemporaryDirectory(prefix="skbayes-", ignore_cleanup_errors=True)
        except OSError as error:
            warnings.warn(
                f"There is no folder for temporary files ({error.strerror}): worker processes are "
                "not watched, and if one dies the search ends.",
                stacklevel=2,
            )
            yield None
            return
        with folder:
            yield Watch(Path(folder.name), max_fit_time)

    @property
    def cluster(self) -> Callable[[Any, int], Executor] | None:
        """What runs the fits if they run on a cluster; otherwise None."""
        return None if self.n == 1 else CLUSTERS.get(type(self.backend).__name__)

    @property
    def stream(self) -> bool:
        """Whether tasks are taken while answers are delivered."""
        is_ours = self.n == 1 or self.cluster is not None
        return is_ours or bool(self.backend.supports_return_generator)

    def warn_of_waves(self) -> None:
        """Warn of a backend that takes the next tasks once the last of the earlier ones is done."""
        if not self.stream:
            warnings.warn(
                f"joblib's {type(self.backend).__name__} runs tasks in waves: workers wait for the "
                "slowest fit of a wave, and timeout is only kept between two waves. 'loky', "
                "'threading', 'dask' and 'ray' do not.",
                stacklevel=2,
            )

    def n_pre_dispatched(self, pre_dispatch: int | str, n_window: int) -> int:
        """Return how many tasks are handed to the workers ahead of time.

        Parameters
        ----------
        pre_dispatch : int or str
            A number, 'all', or an expression of `n_jobs`, as joblib takes it.
        n_window : int
            Number of tasks that can exist at once, which is the upper limit.

        Raises
        ------
        ValueError
            If `pre_dispatch` is not such an expression, or gives less than one task.
        """
        if pre_dispatch == "all":
            return n_window
        try:
            n = int(
                eval_expr(pre_dispatch.replace("n_jobs", str(self.n)))
                if isinstance(pre_dispatch, str)
                else pre_dispatch
            )
        except ValueError as error:
            raise ValueError(
                f"pre_dispatch={pre_dispatch!r} is neither a number, nor 'all', nor an expression "
                "such as '2*n_jobs'."
            ) from error
        if n < 1:
            raise ValueError(
                f"pre_dispatch={pre_dispatch!r} comes to {n} tasks, and none would ever be "
                "evaluated; give 1 or more, or leave it at '2*n_jobs'."
            )
        return min(n, n_window)

    def parallel(self, pre_dispatch: int, ends_early: bool = False) -> Any:
        """Return a `Parallel` that runs tasks on these workers.

        Parameters
        ----------
        pre_dispatch : int
            How many tasks are handed to the workers ahead of time.
        ends_early : bool, default=False
            Whether tasks may be ended while they run, so that processes cannot be shared with
            other code.

        Returns
        -------
        parallel : Parallel or FuturesParallel
        """
        if self.cluster is not None:
            return FuturesParallel(self.cluster(self.backend, pre_dispatch))
        if ends_early and self.can_be_ended:
            return FuturesParallel(LokyExecutor(self.backend, self.n, pre_dispatch))
        options = {"n_jobs": self.n_jobs, "pre_dispatch": pre_dispatch}
        if self.n == 1:
            return Parallel(return_as="generator", **options)
        return StreamingParallel(**options) if self.stream else Parallel(**options)


def blas_kernels() -> str:
    """Return the BLAS libraries in use, with the kernels they have chosen for this processor."""
    libraries = [info for info in threadpool_info() if info["user_api"] == "blas"]
    names = {f"{info['internal_api']} {info.get('architecture', '')}" for info in libraries}
    return ", ".join(sorted(name.strip() for name in names))
