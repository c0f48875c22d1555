"""Statements that go to the driver as they are: the same rows and errors as through SQLAlchemy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import cast

import pytest
from sqlalchemy import Table, insert, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from service.db import Database
from service.prepared import Prepared
from service.tables import AuditEntry

_ENTRIES = cast("Table", AuditEntry.__table__)
_ADD = Prepared(insert(_ENTRIES), _ENTRIES.c.keys())
_NOON = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=8)))


def _row(number: int, **changed: object) -> dict[str, object]:
    row = {"id": number, "at": _NOON, "actor": "key:1", "source": "test", "action": "enqueue"}
    row |= {"subject": "case:1", "subject_version": None, "before": "{}", "after": '{"地":"宁波"}'}
    return {**row, "link": bytes(32), **changed}


def test_columns_convert_their_values(database: Database) -> None:
    """A moment of another zone is kept in UTC, text and bytes as they are; one row or several."""
    with database.engine.begin() as connection:
        _ADD.run(connection, _row(1))
        _ADD.run(connection, _row(2), _row(3, subject_version=7))
        found = connection.execute(select(_ENTRIES).order_by(_ENTRIES.c.id)).all()
    assert [(row.id, row.subject_version) for row in found] == [(1, None), (2, None), (3, 7)]
    assert {row.at for row in found} == {datetime(2026, 3, 1, 4, tzinfo=UTC)}
    assert (found[0].after, found[0].link) == ('{"地":"宁波"}', bytes(32))


def test_what_it_returns(database: Database) -> None:
    """Rows of a RETURNING, in the caller's transaction; nothing of a plain INSERT."""
    remove = Prepared(text("DELETE FROM audit_entries WHERE subject = :subject RETURNING id"))
    with database.engine.connect() as connection:
        assert _ADD.run(connection, _row(5)) == []
        assert remove.run(connection, {"subject": "case:1"}) == [(5,)]
        connection.rollback()


def test_an_error_is_sqlalchemys_and_shows_no_values(database: Database) -> None:
    """What catches SQLAlchemy's errors catches these; a value may be somebody's complaint."""
    with database.engine.connect() as connection:
        _ADD.run(connection, _row(1))
        with pytest.raises(IntegrityError) as caught:
            _ADD.run(connection, _row(1, after='"秘密的内容"'))
        connection.rollback()
        assert "秘密的内容" not in str(caught.value)
        with pytest.raises(SQLAlchemyError, match="no_such_table"):
            Prepared(text("DELETE FROM no_such_table")).run(connection)
        connection.rollback()


def test_a_missing_value_is_named(database: Database) -> None:
    """Nothing is stored when a column has no value."""
    row = _row(1)
    del row["link"]
    with database.engine.connect() as connection, pytest.raises(KeyError, match="link"):
        _ADD.run(connection, row)
