from __future__ import annotations

import fcntl
import stat
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from service import turns
from service.db import Database, upgrade


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An SQLite database of this test's own."""
    path = tmp_path / "triage.sqlite3"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    database.close()
    return path


def is_free(path: Path) -> bool:
    """Whether somebody else, such as another process, could take the turn."""
    with Path(f"{path}-turn").open("rb+") as other:
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_a_turn_lasts_until_the_connection_returns(path: Path) -> None:
    """It is held while the transaction runs, and free after it, whether it failed or not."""
    database = Database(f"sqlite:///{path}")
    with database.session() as session:
        turns.take(session)
        assert not is_free(path)
    assert is_free(path)
    with database.engine.connect() as connection:
        turns.take(connection)
        connection.rollback()
    assert is_free(path)
    database.close()


def test_the_next_writer_goes_on_when_the_turn_is_given_back(path: Path) -> None:
    """A second connection waits as long as the first holds the turn, and not much longer."""
    database = Database(f"sqlite:///{path}")
    order = []

    def second() -> None:
        with database.engine.begin() as connection:
            turns.take(connection)
            order.append("second")

    with database.engine.begin() as connection:
        turns.take(connection)
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.05)
        order.append("first")
    thread.join(turns.PATIENCE_SECONDS / 2)
    assert order == ["first", "second"]
    database.close()


def test_a_turn_that_never_ends_stops_nobody_for_good(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has waited long enough goes on and leaves the rest to the database."""
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0.05)
    database = Database(f"sqlite:///{path}")
    with Path(f"{path}-turn").open("rb+") as stuck:
        fcntl.flock(stuck, fcntl.LOCK_EX)
        with database.engine.begin() as connection:
            turns.take(connection)
            assert not is_free(path)
    database.close()


def test_the_file_is_its_owners_alone_and_closed_with_the_connection(path: Path) -> None:
    """Mode 0600; a database in memory has none."""
    assert stat.S_IMODE(Path(f"{path}-turn").stat().st_mode) == 0o600
    engine = create_engine("sqlite://")
    turns.arrange(engine)
    with engine.begin() as connection:
        turns.take(connection)
    engine.dispose()
    assert not Path(":memory:-turn").exists()
