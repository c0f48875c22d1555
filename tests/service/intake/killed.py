"""Takes a file in, killed at the first statement to the database, then the twelfth, and so on.

`python -m tests.service.intake.killed FILE`, settings as always; prints how often it was killed.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys

from sqlalchemy import event

from classifier.pii import mask
from service.db import Database
from service.intake.commands import Options, run_intake
from service.settings import read_settings
from tests.service.fakes import load_fake


def run(last: int) -> None:
    """One run that ends at its statement of this number."""
    settings = read_settings(os.environ)
    database = Database(settings.database_url)
    left = last

    def count(_statement: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    @event.listens_for(database.engine, "connect")
    def listen(connection: sqlite3.Connection, _record: object) -> None:
        """By the driver: prepared statements pass by SQLAlchemy's own events."""
        connection.set_trace_callback(count)

    run_intake(settings, database, Options(sys.argv[1]), load_fake)


if __name__ == "__main__":
    mask("我要举报")  # makes its tables once, for all the children
    kills = 0
    while True:
        child = os.fork()
        if child == 0:
            run(11 * kills + 1)
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            break
        kills += 1
    print(kills)  # noqa: T201
