"""How many deliveries one target gets at once and in a minute, and when it is tried again."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from service.outbox.configuration import AnyTarget, TicketTarget
from service.outbox.deliveries import MAX_DELAY
from service.outbox.sending import SendError

_MAX_DOUBLINGS = 20


class Lane:
    """The way to one target; safe between threads."""

    def __init__(
        self, settings: AnyTarget | TicketTarget, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._running = 0
        self._burst = max(1.0, settings.per_minute / 60)
        self._tokens = self._burst
        self._filled_at = clock()
        self._closed_until = 0.0

    def free(self) -> int:
        """How many deliveries may start now."""
        with self._lock:
            now = self._clock()
            more = (now - self._filled_at) * self.settings.per_minute / 60
            self._tokens, self._filled_at = min(self._burst, self._tokens + more), now
            if now < self._closed_until:
                return 0
            return max(0, min(self.settings.parallel - self._running, int(self._tokens)))

    def start(self) -> None:
        """One begins."""
        with self._lock:
            self._running += 1
            self._tokens -= 1

    def end(self) -> None:
        """One is over."""
        with self._lock:
            self._running -= 1

    def close_for(self, seconds: float) -> None:
        """Nothing starts for so long: the target asked to be left alone."""
        with self._lock:
            self._closed_until = max(self._closed_until, self._clock() + seconds)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way and nothing waits for the next minute's share."""
        if self._running:
            return False
        return self.free() > 0 or self._clock() < self._closed_until


def delay_seconds(
    settings: AnyTarget | TicketTarget, attempts: int, error: SendError, draws: random.Random
) -> float:
    """How long until the next attempt: doubled with each, scattered by a quarter, at most an hour.

    What the target asked for is the least.
    """
    grown = settings.first_retry_seconds * 2.0 ** min(attempts, _MAX_DOUBLINGS)
    scattered = min(grown, MAX_DELAY.total_seconds()) * draws.uniform(0.75, 1.25)
    return min(max(scattered, error.wait_seconds or 0.0), MAX_DELAY.total_seconds())
