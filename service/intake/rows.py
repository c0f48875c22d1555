"""Rows of CSV, TSV, JSON Lines and Parquet files as complaints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from classifier.files import Row, read_rows, text_of
from service.intake.file import Piece
from service.intake.source import Entry, Json

_LINES = (".jsonl", ".ndjson")
_TAKEN = ("id", "channel", "product", "region", "customer", "metadata")


@dataclass(frozen=True, slots=True)
class Columns:
    """How rows are to be read."""

    text: str  # the name of the column
    channel: str | None  # of rows that name none
    zone: ZoneInfo  # of times without one


def pieces(path: Path, columns: Columns) -> Iterator[Piece]:
    """The rows of a file; a last line of JSON that is still being written is left for later.

    Raises:
        InputFileError: the file cannot be read as a table with that column.
    """
    last: Row | None = None
    for row in read_rows(path, needs=columns.text):
        if last is not None:
            yield _piece(last, columns)
        last = row
    if last is not None and not (last.fault and _breaks_off(path)):
        yield _piece(last, columns)


def _breaks_off(path: Path) -> bool:
    if path.suffix.lower() not in _LINES:
        return False
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read() != b"\n"


def _piece(row: Row, columns: Columns) -> Piece:
    shown = json.dumps([row.number, row.cells, row.fault], default=str)
    return Piece(row.number, hashlib.sha256(shown.encode()).digest(), partial(_entry, row, columns))


def _entry(row: Row, columns: Columns) -> Entry:
    text, fault = text_of(row, columns.text)
    if fault is not None:
        return Entry(row.number, fault=fault)
    cells = {name: value for name, value in row.cells.items() if value not in (None, "")}
    found: Json = {"text": text, "id": f"row-{row.number}", "channel": columns.channel}
    found |= {name: _text_of_number(cells[name]) for name in _TAKEN if name in cells}
    if "occurred_at" in cells:
        found["occurred_at"] = _moment(cells["occurred_at"], columns.zone)
    if "customer" not in cells:
        found["customer"] = _customer(cells)
    return Entry(row.number, found)


def _customer(cells: Mapping[str, object]) -> Json | None:
    """The two columns of a table that stand for the object of the API."""
    named = {name: cells.get(f"customer_{name}") for name in ("id", "tier")}
    found = {name: _text_of_number(value) for name, value in named.items() if value is not None}
    return found or None


def _text_of_number(value: object) -> object:
    """Numbers of orders and customers often are numbers in JSON and Parquet."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _moment(value: object, zone: ZoneInfo) -> object:
    """A time with its zone; what is no time is left for the check that says so."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return value
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()
