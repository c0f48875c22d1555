"""What several requests wait for at the same time is done together.

For predictions: a batch of four costs the model half as much per text as four single texts, and one
thread that computes does not fight seven others for the interpreter. For storing: one transaction
instead of several. The work takes its items when it is ready for them, such as when its transaction
may write: what arrives until then still joins.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import structlog

MAX_ITEMS = 32
# A thread that computes holds the interpreter, so requests that have arrived cannot join unless it
# is given away. Without this pause most batches under load held one item, with it two to six.
GATHER_SECONDS = 0.0003
MAX_CHARS = 2000  # a longer text would keep short ones waiting, and gains little itself

Item = TypeVar("Item")
Result = TypeVar("Result")
Take = Callable[[], Sequence[Item]]


class _Job(Generic[Item, Result]):
    """One item, its result once there is one, and a lock that its thread sleeps on."""

    __slots__ = ("item", "leads", "results", "wake")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.results: list[Result] = []
        self.leads = False
        self.wake = threading.Lock()
        self.wake.acquire()


class Combiner(Generic[Item, Result]):
    """Works on single items for many threads; one of them at a time works for all that wait.

    `work` is given a function that hands it the items, to be called once, and returns a result for
    each. An item that `stands_alone` is worked on by itself.
    """

    def __init__(
        self,
        work: Callable[[Take[Item]], list[Result]],
        *,
        stands_alone: Callable[[Item], bool] = lambda _: False,
    ) -> None:
        self._work = work
        self._stands_alone = stands_alone
        self._guard = threading.Lock()
        self._waiting: list[_Job[Item, Result]] = []
        self._has_leader = False

    def result(self, item: Item) -> Result:
        """The result of one item; raises what working on it alone raises."""
        if self._stands_alone(item):
            return self._alone(item)
        job: _Job[Item, Result] = _Job(item)
        with self._guard:
            self._waiting.append(job)
            job.leads = not self._has_leader
            self._has_leader = True
        if not job.leads:
            job.wake.acquire()  # until it is done, or this thread is to lead
        if job.leads:
            self._lead()
        return job.results[0] if job.results else self._alone(item)

    def _alone(self, item: Item) -> Result:
        return self._work(lambda: [item])[0]

    def _lead(self) -> None:
        """Does what waits, the leader's own item first, and hands the lead on."""
        jobs: list[_Job[Item, Result]] = []

        def take() -> list[Item]:
            if not jobs:
                with self._guard:
                    jobs[:], self._waiting = self._waiting[:MAX_ITEMS], self._waiting[MAX_ITEMS:]
            return [job.item for job in jobs]

        try:
            found = self._work(take)
            for job, result in zip(jobs, found, strict=True):
                job.results.append(result)
        except Exception as error:  # each is then done alone: no item fails with another's
            structlog.get_logger().error("combined_work_failed", items=len(take()), error=error)
        finally:
            self._hand_on(jobs[1:])

    def _hand_on(self, served: list[_Job[Item, Result]]) -> None:
        with self._guard:
            successor = self._waiting[0] if self._waiting else None
            self._has_leader = successor is not None
        for job in served:
            job.wake.release()
        if successor is not None:
            successor.leads = True
            successor.wake.release()
