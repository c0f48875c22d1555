"""The database: one engine per process, opened after the fork; its schema brought up to date."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeVar

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from classifier.errors import TriageError
from service import texts, turns
from service.sqlite_pool import SQLitePool, note_refused_write

# Pages (32 MB) that are written before they are moved into the database file. With SQLite's 1000
# that happened, and waited for the disk, every 20 transactions: storing took a third longer.
_WAL_PAGES = 8000
_PART = 500  # values of one statement; databases limit them
Value = TypeVar("Value")
_BUSY_MILLISECONDS = int(turns.PATIENCE_SECONDS * 1000)
# Compiling a plan of many small lookups takes longer than running it: no JIT.
# A PostgreSQL that has gone silent is given up after the same time as a busy SQLite; a lock too.
_PATIENCE = {
    "connect_timeout": 3,
    "tcp_user_timeout": _BUSY_MILLISECONDS,
    "options": f"-c lock_timeout={_BUSY_MILLISECONDS} -c timezone=UTC -c jit=off",
}


class DatabaseError(TriageError):
    """The database cannot be opened or brought up to date."""


class Database:
    """Sessions on one database; the engine is opened on first use in each process.

    A connection must not cross a fork, so a child that inherits this object opens its own engine.
    """

    def __init__(self, url: str, keeping: texts.TextKeeping = texts.MASKED) -> None:
        self.url = url
        self.keeping = keeping
        self._engine: Engine | None = None
        self._pid = 0
        self._lock = threading.Lock()

    @property
    def engine(self) -> Engine:
        """This process's engine."""
        if self._engine is None or self._pid != os.getpid():
            with self._lock:
                if self._engine is None or self._pid != os.getpid():
                    if self._engine is not None:
                        self._engine.dispose(close=False)  # the parent's connections stay open
                    self._engine = _open(self.url)
                    texts.attach(self._engine.dialect, self.keeping)
                    self._pid = os.getpid()
        return self._engine

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session that is rolled back unless the caller commits."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """The same for who begins with a change: other writers are waited for first."""
        with self.session() as session:
            turns.take(session)
            yield session

    def ping(self) -> None:
        """Asks the database for an answer.

        Raises:
            SQLAlchemyError: there is none.
        """
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Closes this process's connections; the next use opens new ones."""
        with self._lock:
            if self._engine is not None and self._pid == os.getpid():
                self._engine.dispose()
            self._engine = None


def in_parts(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """The values in parts that are few enough for one statement."""
    return (values[start : start + _PART] for start in range(0, len(values), _PART))


def upgrade(database: Database, *, revision: str = "head") -> None:
    """Brings the schema to a revision, making the database file (mode 0600) if there is none.

    Raises:
        DatabaseError: the database cannot be opened or changed.
    """
    try:
        _prepare_file(database.url)
        with database.engine.begin() as connection:
            _migrate("upgrade", connection, revision)
    except (SQLAlchemyError, OSError) as error:
        shown = make_url(database.url).render_as_string(hide_password=True)
        reason = str(error).splitlines()[0]
        raise DatabaseError(f"the database {shown} cannot be prepared: {reason}") from error


def downgrade(database: Database, *, revision: str) -> None:
    """Takes the schema back to a revision; "base" drops every table."""
    with database.engine.begin() as connection:
        _migrate("downgrade", connection, revision)


def _migrate(direction: Literal["upgrade", "downgrade"], to: Connection, revision: str) -> None:
    from alembic import command  # noqa: PLC0415  (half a second, for those who migrate)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(files("service") / "migrations"))
    config.attributes["connection"] = to
    getattr(command, direction)(config, revision)


def _prepare_file(url: str) -> None:
    """Makes the folder and file of an SQLite database readable by their owner alone."""
    name = make_url(url).database
    if make_url(url).get_backend_name() == "sqlite" and name:
        path = Path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)


def _open(url: str) -> Engine:
    json = {"json_serializer": _json, "json_deserializer": orjson.loads}
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(_driver(url), pool_pre_ping=True, connect_args=_PATIENCE, **json)
    patience = {"timeout": _BUSY_MILLISECONDS / 1000}
    engine = create_engine(url, poolclass=SQLitePool, connect_args=patience, **json)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "handle_error", note_refused_write)
    turns.arrange(engine)
    return engine


def _driver(url: str) -> URL:
    """The address with psycopg 3 for a bare `postgresql://`, for which SQLAlchemy takes another."""
    found = make_url(url)
    return found.set(drivername="postgresql+psycopg") if "+" not in found.drivername else found


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _configure_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """WAL lets readers and one writer work at once; NORMAL is durable enough with WAL."""
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
    cursor.close()
