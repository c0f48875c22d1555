"""Statements that are compiled once and then handed to the database driver as they are.

For the few that run with every stored complaint: there SQLAlchemy's own work on a statement took
longer than the database's. Column types convert values as they do elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

from service.sqlite_pool import SQLitePool
from service.texts import TextKeeping, kept_by

Values = Mapping[str, object]
_Convert = Callable[[object], object]


def connection_of(session: Session | Connection) -> Connection:
    """What a statement runs on, in the transaction of its caller."""
    return session.connection() if isinstance(session, Session) else session


class _Compiled(NamedTuple):
    """A statement in one database's SQL; `names` in the order of its places, if it has an order."""

    sql: str
    names: Sequence[str]
    converts: Mapping[str, _Convert]
    is_ordered: bool


class Prepared:
    """One statement, compiled for each kind of database at its first use; safe between threads.

    `names` are the columns that an INSERT gets values for.
    """

    def __init__(self, statement: ClauseElement, names: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._names = names
        self._compiled: dict[tuple[str, TextKeeping], _Compiled] = {}

    def run(self, connection: Connection, *rows: Values) -> list[tuple[Any, ...]]:
        """Runs it with each row of values; what it returned, if it returns something.

        Raises:
            SQLAlchemyError: as when SQLAlchemy runs it, without the values.
            KeyError: a row lacks a value.
        """
        dialect = connection.dialect
        kind = (dialect.name, kept_by(dialect))  # which values it converts depends on both
        compiled = self._compiled.get(kind)
        if compiled is None:
            compiled = self._compiled[kind] = self._compile(dialect)
        bound: Any = [_bind(compiled, row) for row in rows]  # mappings, or sequences
        try:
            with closing(connection.connection.cursor()) as cursor:
                if len(bound) > 1:
                    cursor.executemany(compiled.sql, bound)
                else:
                    cursor.execute(compiled.sql, *bound)
                return list(cursor.fetchall()) if cursor.description else []
        except dialect.loaded_dbapi.Error as error:
            if isinstance(connection.engine.pool, SQLitePool):
                connection.engine.pool.note(error)
            raise DBAPIError.instance(
                compiled.sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True
            ) from error

    def _compile(self, dialect: Dialect) -> _Compiled:
        found = self._statement.compile(
            dialect=dialect, column_keys=list(self._names) if self._names is not None else None
        )
        assert isinstance(found, SQLCompiler)  # noqa: S101  (for the type checker)
        converts = {}
        for name, parameter in found.binds.items():
            convert = parameter.type.dialect_impl(dialect).bind_processor(dialect)
            if convert is not None:
                converts[name] = convert
        ordered = found.positiontup
        return _Compiled(
            str(found), ordered or list(found.binds), converts, is_ordered=ordered is not None
        )


def _bind(compiled: _Compiled, row: Values) -> tuple[object, ...] | dict[str, object]:
    values = {name: row[name] for name in compiled.names}
    for name, convert in compiled.converts.items():
        values[name] = convert(values[name])
    return tuple(values.values()) if compiled.is_ordered else values
