"""Where a source is to be read on, kept in the database beside the cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import Connection, Table, delete, insert, select, update

from service.cases.intake import Also
from service.db import Database
from service.intake.source import Position, SourceError
from service.intake.tables import IntakeCursor
from service.secret import Secret

_CURSORS = cast("Table", IntakeCursor.__table__)


class Cursor:
    """The place in one source."""

    def __init__(self, database: Database, secret: Secret, identity: str) -> None:
        self._database = database
        self._key = secret.hash("intake-source", identity.encode())[:16].hex()

    def read(self) -> Position:
        """How far it was read; the start for a new one."""
        with self._database.session() as session:
            row = session.get(IntakeCursor, self._key)
        return Position(row.number, row.mark) if row is not None else Position()

    def moving(self, old: Position, new: Position) -> Also:
        """What moves on, in the transaction that stores what lies between.

        It raises SourceError when another process has moved meanwhile: nothing is stored then.
        """

        def move(connection: Connection, _numbers: Sequence[int | None]) -> None:
            mine = _CURSORS.c.key == self._key
            found = connection.execute(
                select(_CURSORS.c.number, _CURSORS.c.mark).where(mine)
            ).one_or_none()
            if (Position(*found) if found else Position()) != old:
                raise SourceError("another process reads the same source: nothing was taken twice")
            values = {"number": new.number, "mark": new.mark, "updated_at": datetime.now(UTC)}
            if found is None:
                connection.execute(insert(_CURSORS).values(key=self._key, **values))
            else:
                connection.execute(update(_CURSORS).where(mine).values(**values))

        return move

    def forget(self) -> None:
        """Begins again at the start."""
        with self._database.writing() as session:
            session.execute(delete(_CURSORS).where(_CURSORS.c.key == self._key))
            session.commit()
