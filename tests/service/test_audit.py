from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from service import audit
from service.actors import Actor
from service.db import Database
from service.secret import Secret
from service.tables import Role

SECRET = Secret(b"0" * 32)
ANNA = Actor("user:1", Role.ADMIN, "127.0.0.1")


def fill(database: Database, number: int = 5) -> None:
    """Log some changes, each in its own transaction."""
    for place in range(number):
        with database.session() as session:
            audit.lock(session)
            change = audit.Change("note", f"case:{place}", 1, {"a": None}, {"a": "甲"})
            audit.record(session, SECRET, [(ANNA, change)])
            session.commit()


def tamper(connection: Connection, statement: str) -> None:
    """What somebody does who has the database."""
    connection.execute(text(statement))
    connection.commit()


def test_an_untouched_log_is_ok(database: Database) -> None:
    """Empty or filled, and its last link changes with each entry."""
    empty = audit.verify(database, SECRET)
    assert (empty.entries, empty.broken) == (0, None)
    fill(database)
    found = audit.verify(database, SECRET)
    assert (found.entries, found.broken) == (5, None)
    assert found.link != empty.link


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit_entries SET actor = 'user:2' WHERE id = 3", 3),
        ("UPDATE audit_entries SET after = '{}' WHERE id = 1", 1),
        ("UPDATE audit_entries SET source = '10.0.0.1' WHERE id = 5", 5),
        ("UPDATE audit_entries SET subject_version = 2 WHERE id = 2", 2),
        ("UPDATE audit_entries SET at = '2020-01-01 00:00:00' WHERE id = 4", 4),
        ("DELETE FROM audit_entries WHERE id = 2", 2),
        ("DELETE FROM audit_entries WHERE id = 1", 1),
        ("DELETE FROM audit_entries WHERE id = 5", 5),
        ("DELETE FROM audit_entries", 1),
        ("UPDATE audit_head SET entries = 3", 5),
        ("UPDATE audit_entries SET id = 6 WHERE id = 5", 5),
    ],
)
def test_tampering_shows_at_its_place(database: Database, statement: str, broken: int) -> None:
    """An entry that was changed, dropped or renumbered, and an end that was cut off."""
    fill(database)
    with database.engine.connect() as connection:
        tamper(connection, statement)
    found = audit.verify(database, SECRET)
    assert found.broken == broken
    assert found.reason


def test_a_cut_end_shows_even_if_the_head_is_set_back(database: Database) -> None:
    """The number can be set back, the link of the head does not fit then."""
    fill(database)
    with database.engine.connect() as connection:
        tamper(connection, "DELETE FROM audit_entries WHERE id > 3")
        tamper(connection, "UPDATE audit_head SET entries = 3")
    assert audit.verify(database, SECRET).broken == 4


def test_nobody_without_the_secret_makes_an_entry_fit(database: Database) -> None:
    """A chain that was made with another secret is broken from its first entry."""
    fill(database)
    assert audit.verify(database, Secret(b"1" * 32)).broken == 1


def test_a_transaction_that_is_rolled_back_leaves_no_entry(database: Database) -> None:
    """The chain goes on where it was."""
    fill(database, 2)
    with database.session() as session:
        audit.lock(session)
        audit.record(session, SECRET, [(ANNA, audit.Change("x", "case:1", 1, {}, {}))])
    fill(database, 1)
    assert (audit.verify(database, SECRET).entries, audit.verify(database, SECRET).broken) == (
        3,
        None,
    )
