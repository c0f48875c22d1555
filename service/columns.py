"""Root of the tables, and the column types that SQLAlchemy lacks."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum
from typing import Generic, TypeVar

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    SmallInteger,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase

from service import texts

# Constraints need names that are the same everywhere, or a migration cannot drop them.
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
Ordered = TypeVar("Ordered", bound=IntEnum)

# SQLite numbers rows by itself only in a column that is INTEGER to the letter.
RowId = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Root of the tables."""

    metadata = MetaData(naming_convention=_NAMES)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, always aware and in UTC; SQLite keeps no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """The moment in UTC; refuses one that does not know its zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without a zone cannot be stored")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """The stored moment, aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class OrderedEnum(TypeDecorator[Ordered], Generic[Ordered]):
    """A member of an IntEnum, kept as its number so that the database can sort by it."""

    impl = SmallInteger
    cache_ok = True

    def __init__(self, enumeration: type[Ordered]) -> None:
        super().__init__()
        self.enumeration = enumeration

    def process_bind_param(self, value: Ordered | None, _dialect: Dialect) -> int | None:
        """The member's number."""
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> Ordered | None:
        """The member of a number."""
        return None if value is None else self.enumeration(value)


class SealedText(TypeDecorator[str]):
    """Text that came out of complaints or was written about them: encrypted where texts are."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text as it is stored."""
        return None if value is None else texts.kept_by(dialect).stored(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """The stored text, readable."""
        return None if value is None else texts.kept_by(dialect).read(value)


class SealedJson(TypeDecorator[object]):
    """JSON with pieces of such text in it: encrypted as a whole, as one JSON string."""

    impl = JSON
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(none_as_null=True)

    def process_bind_param(self, value: object, dialect: Dialect) -> object:
        """The value as it is stored."""
        keeping = texts.kept_by(dialect)
        if value is None or not keeping.encrypts:
            return value
        return keeping.stored(orjson.dumps(value).decode())

    def process_result_value(self, value: object, dialect: Dialect) -> object:
        """The stored value, readable; a value of our own is never a bare string."""
        if not isinstance(value, str):
            return value
        return orjson.loads(texts.kept_by(dialect).read(value))
