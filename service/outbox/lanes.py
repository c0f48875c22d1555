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
_SILENCE_SECONDS = (1.0, 30.0)  # that a target is left alone in which nobody answers: first, most


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
        self._silences = 0  # in a row

    def free(self) -> int:
        """How many deliveries may start now."""
        with self._lock:
            now = self._clock()
            more = (now - self._filled_at) * self.settings.per_minute / 60
            self._tokens, self._filled_at = min(self._burst, self._tokens + more), now
            if now < self._closed_until:
                return 0
            at_once = 1 if self._silences else self.settings.parallel
            return max(0, min(at_once - self._running, int(self._tokens)))

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

    def note_answer(self) -> None:
        """The target answered, whatever it said."""
        with self._lock:
            self._silences = 0

    def note_silence(self) -> None:
        """Nobody answered: all wait, twice as long each time, and then one event tries again.

        Each of a thousand cases tried on its own against a target that was down, which took a
        whole core; those that wait for the lane go as soon as it is back.
        """
        with self._lock:
            now, (first, most) = self._clock(), _SILENCE_SECONDS
            if now >= self._closed_until:  # else it is one of several that were under way
                pause = min(first * 2.0 ** min(self._silences, _MAX_DOUBLINGS), most)
                self._closed_until = now + pause
                self._silences += 1

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
