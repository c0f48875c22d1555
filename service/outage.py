"""While the database does not answer, most requests do not wait for it; one a second asks again."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

RETRY_SECONDS = 1.0


class Outage:
    """Remembers that the database was gone; safe between threads, each process has its own."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began_at: float | None = None

    @property
    def is_on(self) -> bool:
        """Whether the database failed less than a second ago."""
        began = self._began_at
        return began is not None and self._clock() - began < RETRY_SECONDS

    def note(self, error: SQLAlchemyError) -> None:
        """The database did not answer; the first time is logged, without its message."""
        if self._began_at is None:
            structlog.get_logger().error("database_lost", error=type(error).__name__)
        self._began_at = self._clock()

    def end(self) -> None:
        """The database answered."""
        if self._began_at is not None:
            structlog.get_logger().warning("database_back")
            self._began_at = None
