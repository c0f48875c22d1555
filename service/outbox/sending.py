"""What a channel says when a target did not take an event, and the limit of time on one attempt."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from classifier.errors import TriageError


class SendError(TriageError):
    """The target did not take it; the message holds no address and no answer of the target.

    `wait_seconds` is how long the target wants to be left alone; `is_final`: trying again is
    useless; `is_silent`: nobody answered, so that other events need not be tried either.
    """

    def __init__(
        self,
        reason: str,
        *,
        wait_seconds: float | None = None,
        is_final: bool = False,
        is_silent: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason[:200]
        self.wait_seconds = wait_seconds
        self.is_final = is_final
        self.is_silent = is_silent


class Deadline:
    """The end of one attempt, which no slow target can put off."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left.

        Raises:
            SendError: none are.
        """
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise SendError("no answer in time", is_silent=True)
        return seconds

    @contextmanager
    def cutting(self, connection: socket.socket) -> Iterator[None]:
        """Shuts the connection at the end: a target that sends byte by byte holds nobody up."""
        timer = threading.Timer(self.left(), _shut, [connection])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _shut(connection: socket.socket) -> None:
    try:
        # Of the plain socket: a TLS socket would forget its keys and let the reader wait on.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        return
