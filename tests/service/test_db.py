from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import event, inspect, text
from sqlalchemy.exc import OperationalError

from service.columns import Base
from service.db import Database, DatabaseError, downgrade, upgrade
from service.prepared import Prepared
from service.tables import User

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_upgrade_makes_the_tables_of_the_models(database: Database) -> None:
    """The revisions and the typed models describe the same tables, columns and indexes."""
    found = inspect(database.engine)
    # The search index is the database's own: a virtual table in SQLite, an array in PostgreSQL.
    made = {name for name in found.get_table_names() if not name.startswith("case_terms_")}
    assert made == {*Base.metadata.tables, "alembic_version", "case_terms"}
    for name, table in Base.metadata.tables.items():
        columns = {column["name"]: column["nullable"] for column in found.get_columns(name)}
        assert columns == {column.name: column.nullable for column in table.columns}
        indexes = {index["name"] for index in found.get_indexes(name)}
        assert {index.name for index in table.indexes} <= indexes


def test_downgrade_drops_everything_and_upgrade_brings_it_back(database: Database) -> None:
    """Down to nothing and up again leaves a usable schema."""
    downgrade(database, revision="base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    upgrade(database)
    assert "api_keys" in inspect(database.engine).get_table_names()


def test_upgrade_twice_changes_nothing(database: Database) -> None:
    """A second start finds the schema as it is."""
    upgrade(database)
    assert "users" in inspect(database.engine).get_table_names()


def test_the_database_file_is_its_owners_alone(tmp_path: Path) -> None:
    """The file has mode 0600 and its folder 0700."""
    path = tmp_path / "home" / "new.sqlite3"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    database.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@SQLITE
def test_sqlite_is_set_up_for_several_processes(database: Database) -> None:
    """Write-ahead log, a wait for locks, and foreign keys are on in every connection."""
    with database.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 5000
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_a_forked_process_opens_its_own_engine(database: Database) -> None:
    """A child does not use the connections of its parent."""
    own = id(database.engine)
    child = os.fork()
    if child == 0:
        os._exit(0 if id(database.engine) != own and database.ping() is None else 1)
    assert os.waitpid(child, 0)[1] == 0
    database.ping()


def test_a_database_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    """A file that is no database stops the start and is named."""
    broken = tmp_path / "broken.sqlite3"
    broken.write_text("this is no database, but a text that is long enough to be looked at")
    database = Database(f"sqlite:///{broken}")
    with pytest.raises(DatabaseError, match=r"broken\.sqlite3.* cannot be prepared"):
        upgrade(database)
    database.close()


def test_leaving_a_session_without_commit_rolls_back(database: Database) -> None:
    """What was not committed is not there."""
    with database.session() as session:
        session.execute(
            text(
                "INSERT INTO users (name, password_hash, role, created_at) "
                "VALUES ('a', 'b', 'REVIEWER', '2025-01-01')"
            )
        )
    with database.session() as session:
        assert session.query(User).count() == 0


@SQLITE
@pytest.mark.parametrize("is_prepared", [False, True])
def test_no_connection_that_may_only_read_is_used_again(
    database: Database, *, is_prepared: bool
) -> None:
    """Opened while the disk was read-only they stay so: all are closed before one is lent anew."""
    statement = text("DELETE FROM users WHERE name = 'nobody'")
    prepared = Prepared(statement)
    closed: list[object] = []
    event.listen(database.engine, "close", lambda connection, _: closed.append(connection))
    with database.engine.connect() as idle, database.engine.connect() as connection:
        idle.execute(text("SELECT 1"))
        connection.execute(text("PRAGMA query_only = ON"))  # the same error as on such a disk
        with pytest.raises(OperationalError, match="readonly"):
            prepared.run(connection) if is_prepared else connection.execute(statement)
    assert closed == []
    with database.engine.connect() as connection:
        assert len(closed) == 2
        prepared.run(connection)


@SQLITE
def test_a_connection_that_stays_lent_does_not_hold_up_the_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are lent as they are, and closed another time: when the last one has come back."""
    monkeypatch.setattr("service.sqlite_pool._PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr("service.sqlite_pool._PAUSE_SECONDS", 0.0)
    with database.engine.connect() as connection:
        connection.execute(text("PRAGMA query_only = ON"))
        with pytest.raises(OperationalError, match="readonly"):
            connection.execute(text("DELETE FROM users"))
        with database.engine.connect() as other:
            assert other.scalar(text("SELECT 1")) == 1
    with database.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA query_only")) == 0
