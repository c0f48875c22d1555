"""Writers of an SQLite database take turns, so that none sleeps while it is free.

SQLite lets one transaction write at a time. Who finds it busy sleeps longer and longer (1, 2, 5,
10 ms and so on), while transactions here last two: half of all time passed with nobody writing. A
lock on a file beside the database, asked for every tenth of a millisecond, hands the turn on at
once. The database's own lock still rules: who gets no turn in time goes on and asks for that.
"""

from __future__ import annotations

import fcntl
import os
import time

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from service.prepared import connection_of

PATIENCE_SECONDS = 5.0
_POLL_SECONDS = 0.0001
_FILE = "turn"  # the key of the open file in a connection's info


def arrange(engine: Engine) -> None:
    """Give each connection of an SQLite engine its hand on the lock, given back at its return."""
    name = engine.url.database
    if not name or name == ":memory:":
        return

    def opened(_connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            entry.info[_FILE] = os.open(f"{name}-turn", flags, 0o600)
        except OSError:
            entry.info.pop(_FILE, None)  # such as a read-only disk: nobody writes there

    def returned(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        if _FILE in entry.info:
            fcntl.flock(entry.info[_FILE], fcntl.LOCK_UN)

    def closed(_connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        if _FILE in entry.info:
            os.close(entry.info.pop(_FILE))

    event.listen(engine, "connect", opened)
    event.listen(engine, "checkin", returned)
    event.listen(engine, "close", closed)


def take(session: Session | Connection) -> None:
    """Wait for the turn to write, until the connection goes back to its pool.

    Returns at once where there are no turns, and after `PATIENCE_SECONDS` without one.
    """
    connection = connection_of(session)
    file = connection.info.get(_FILE)
    if file is None:
        return
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_POLL_SECONDS)
        else:
            return
