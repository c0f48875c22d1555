"""Pieces of work done one after the other, by threads, or by a Dask cluster: with the same result.

A piece is a function without side effects, and is given what all pieces need and its own item.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from classifier.errors import InputFileError, shorten

LOCAL = "local"
RETRIES = 3  # of a piece whose worker went away, beside those that Dask makes for itself
_AHEAD = 2  # pieces under way or done for each worker: more would only be kept
# What all pieces need is sent as a task, not scattered: who holds it may be killed.
_OPTIONS = {"distributed.admin.large-graph-warning-threshold": "4GB"}

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Run(Protocol):
    """Does a function of what all pieces share and each item; the results are in order."""

    def __call__(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Iterator[Result]:
        """function(shared, item) of each item."""


def here(
    function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
) -> Iterator[Result]:
    """One after the other, in this thread.

    >>> list(here(pow, 2, [3, 4]))
    [8, 16]
    """
    return (function(shared, item) for item in items)


@contextmanager
def runner(scheduler: str | None, jobs: int) -> Iterator[Run]:
    """What runs pieces: `jobs` threads of this process, or the workers of a Dask scheduler.

    `scheduler` is its address, or "local" for `jobs` worker processes on this machine. A worker
    that goes away costs time: another one does its piece.

    Raises:
        InputFileError: Dask is missing, or no scheduler answers.
    """
    if scheduler is None:
        with ThreadPoolExecutor(jobs) as pool:
            yield _Window(pool.submit, lambda shared: shared, _AHEAD * jobs)
        return
    with dask_client(scheduler, jobs) as client:

        def submit(function: Callable[..., Result], *values: object) -> Any:
            return client.submit(function, *values, retries=RETRIES, pure=False)

        threads = max(1, sum(client.nthreads().values()))
        yield _Window(submit, lambda shared: submit(_same, shared), _AHEAD * threads)


@contextmanager
def dask_client(scheduler: str, jobs: int) -> Iterator[Any]:
    """A connection to the scheduler at an address, or to one with `jobs` workers started for it.

    Raises:
        InputFileError: Dask is missing, or no scheduler answers.
    """
    try:
        import dask  # noqa: PLC0415  (optional: only clusters need it)
        import distributed  # noqa: PLC0415
    except ImportError as error:
        raise InputFileError("--scheduler needs the package distributed (extra dask)") from error
    with dask.config.set(_OPTIONS):
        cluster: Any = scheduler
        if scheduler == LOCAL:
            cluster = distributed.LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",  # any free port: other clusters may run here
            )
        try:
            client: Any = distributed.Client(cluster)
        except (OSError, ValueError) as error:
            raise InputFileError(f"no Dask scheduler answers at {shorten(scheduler)}") from error
        try:
            yield client
        finally:
            client.close()
            if scheduler == LOCAL:
                cluster.close()


def _same(shared: Shared) -> Shared:
    return shared


class _Window:
    """Runs pieces side by side; so many are under way at once, so that few wait in memory."""

    def __init__(self, submit: Callable[..., Any], hold: Callable[[Any], Any], size: int) -> None:
        self._submit, self._hold, self._size = submit, hold, size

    def __call__(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Iterator[Result]:
        """function(shared, item) of each item, in order."""
        held = self._hold(shared)
        waiting: deque[Any] = deque()
        for item in items:
            waiting.append(self._submit(function, held, item))
            if len(waiting) == self._size:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
