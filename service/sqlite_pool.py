"""Connections to SQLite that can all be closed at once, after the disk was read-only for a while.

SQLite opens the database, and the memory file that all connections of a process share, read-only if
it must. The shared file stays so until the last connection of the process is closed, also when the
disk can be written again: a new connection beside an old one would not help.
"""

from __future__ import annotations

import threading
import time

from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

_PATIENCE_SECONDS = 1.0  # for connections that are lent; a transaction takes milliseconds
_PAUSE_SECONDS = 0.5  # between two closings, for the disk may stay read-only
_POLL_SECONDS = 0.002


class SQLitePool(QueuePool):
    """Closes all of its connections before it lends the next one, once a write was refused."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._closing = threading.Lock()
        self._is_read_only = False
        self._next_try = 0.0

    def note(self, error: BaseException) -> None:
        """Remember it if a write was refused because the connection can only read."""
        if getattr(error, "sqlite_errorname", "").startswith("SQLITE_READONLY"):
            self._is_read_only = True

    def connect(self) -> PoolProxiedConnection:
        """Lend a connection; see `QueuePool.connect`."""
        if self._is_read_only:
            with self._closing:
                if self._is_read_only and time.monotonic() >= self._next_try:
                    self._close_all()
        return super().connect()

    def _close_all(self) -> None:
        """Close all when the last one came back; one that stays away is waited for another time."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while self.checkedout() and time.monotonic() < end:
            time.sleep(_POLL_SECONDS)
        if not self.checkedout():
            self.dispose()
            self._is_read_only = False
        self._next_try = time.monotonic() + _PAUSE_SECONDS


def note_refused_write(context: ExceptionContext) -> None:
    """For the event `handle_error` of an engine with such a pool."""
    if context.engine is not None and isinstance(context.engine.pool, SQLitePool):
        context.engine.pool.note(context.original_exception)
