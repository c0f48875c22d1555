"""Cursors: where a page ended, as one word that clients hand back without reading it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum

import orjson
from sqlalchemy import Float
from sqlalchemy.orm import InstrumentedAttribute

from service.cases.faults import CaseFieldError
from service.cases.tables import Case
from service.columns import OrderedEnum, UtcDateTime

MAX_CURSOR_CHARS = 200
_MAX_ID = 2**63 - 1
Columns = Sequence[InstrumentedAttribute[object]]


def write_cursor(case: Case, sort: str, columns: Columns) -> str:
    """The cursor behind a case."""
    values = [getattr(case, column.key) for column in columns]
    plain = [int(value) if isinstance(value, IntEnum) else value for value in values]
    return base64.urlsafe_b64encode(orjson.dumps([sort, *plain])).decode().rstrip("=")


def read_cursor(cursor: str, sort: str, columns: Columns) -> tuple[object, ...]:
    """The values behind which the page starts.

    Raises:
        CaseFieldError: it was not made by `write_cursor` for the same sort.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = orjson.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        if not isinstance(found, list) or found[0] != sort or len(found) != len(columns) + 1:
            raise _fault()
        return tuple(
            _value(value, column) for value, column in zip(found[1:], columns, strict=True)
        )
    except (ValueError, TypeError, IndexError, OverflowError, binascii.Error):
        raise _fault() from None


def _value(value: object, column: InstrumentedAttribute[object]) -> object:
    if isinstance(column.type, UtcDateTime):
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is None:
            raise ValueError
        return moment
    if isinstance(column.type, Float) and isinstance(value, int | float):
        return float(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _MAX_ID:
        raise ValueError
    return column.type.enumeration(value) if isinstance(column.type, OrderedEnum) else value


def _fault() -> CaseFieldError:
    return CaseFieldError("cursor", "cursor 无效，请使用上一页返回的 next_cursor，且排序方式不变")
