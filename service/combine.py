"""What several requests wait for at the same time is done together.

For predictions: a batch of four costs the model half as much per text as four single texts, and one
thread that computes does not fight seven others for the interpreter. For storing: one transaction
instead of several. The work holds the interpreter, so requests that have arrived cannot join unless
it is given away: the thread that leads sleeps for a moment first. Without that most batches under
load held one item, with it they hold two to six.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import structlog

MAX_ITEMS = 32
GATHER_SECONDS = 0.0003
MAX_CHARS = 2000  # a longer text would keep short ones waiting, and gains little itself

Item = TypeVar("Item")
Result = TypeVar("Result")


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
    """Works on single items for many threads; one of them at a time works for all that wait."""

    def __init__(
        self,
        work: Callable[[Sequence[Item]], list[Result]],
        *,
        stands_alone: Callable[[Item], bool] = lambda _: False,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._work = work
        self._pause = pause
        self._stands_alone = stands_alone
        self._guard = threading.Lock()
        self._waiting: list[_Job[Item, Result]] = []
        self._has_leader = False

    def result(self, item: Item) -> Result:
        """The result of one item; raises what working on it alone raises."""
        if self._stands_alone(item):
            return self._work([item])[0]
        job: _Job[Item, Result] = _Job(item)
        with self._guard:
            self._waiting.append(job)
            job.leads = not self._has_leader
            self._has_leader = True
        if not job.leads:
            job.wake.acquire()  # until it is done, or this thread is to lead
        if job.leads:
            self._lead()
        return job.results[0] if job.results else self._work([item])[0]

    def _lead(self) -> None:
        """Does what waits, the leader's own item first, and hands the lead on."""
        self._pause(GATHER_SECONDS)  # the others run up to their own place in the queue
        with self._guard:
            jobs, self._waiting = self._waiting[:MAX_ITEMS], self._waiting[MAX_ITEMS:]
        try:
            found = self._work([job.item for job in jobs])
            for job, result in zip(jobs, found, strict=True):
                job.results.append(result)
        except Exception as error:  # each is then done alone: no item fails with another's
            structlog.get_logger().error("combined_work_failed", items=len(jobs), error=error)
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
