"""A PostgreSQL database for each test, copied from one that was brought up to date once."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest
from sqlalchemy import URL, create_engine, make_url, text

from service.db import Database, upgrade

VARIABLE = "TRIAGE_TEST_POSTGRES_URL"
_NUMBERS = itertools.count()


class Server:
    """A PostgreSQL server on which databases may be made and dropped."""

    def __init__(self, url: URL) -> None:
        self.url = url.set(drivername="postgresql+psycopg")
        self._engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        self._template = self._name("template")
        self.run(f"CREATE DATABASE {self._template}")
        database = Database(self._address(self._template))
        upgrade(database)
        database.close()

    def run(self, statement: str) -> None:
        """Run one statement on the server, outside any transaction."""
        with self._engine.connect() as connection:
            connection.execute(text(statement))

    def cut_off(self, name: str) -> None:
        """End every connection to a database."""
        ended = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        with self._engine.connect() as connection:
            connection.execute(ended, {"name": name})

    @contextmanager
    def database(self) -> Iterator[str]:
        """A new database with the newest schema, by its address."""
        name = self._name("test")
        self.run(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        try:
            yield self._address(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Drop what was made."""
        self.run(f"DROP DATABASE {self._template} WITH (FORCE)")
        self._engine.dispose()

    def _address(self, name: str) -> str:
        return self.url.set(database=name).render_as_string(hide_password=False)

    def _name(self, kind: str) -> str:
        return f"triage_{kind}_{os.getpid()}_{next(_NUMBERS)}"


@cache
def _server(url: str) -> Server:
    return Server(make_url(url))


def postgres_server() -> Server:
    """The server of the tests; the test is skipped without one, in CI it fails."""
    url = os.environ.get(VARIABLE, "")
    if url:
        return _server(url)
    if os.environ.get("CI"):
        pytest.fail(f"{VARIABLE} is not set: CI tests on PostgreSQL too")
    pytest.skip(f"{VARIABLE} is not set")


def drop_template() -> None:
    """Leave the server as it was found."""
    if _server.cache_info().currsize:
        _server(os.environ[VARIABLE]).close()
        _server.cache_clear()
