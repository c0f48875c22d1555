"""Cases as CSV for spreadsheets, which must not take a complaint for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from service.cases.queue import Item
from service.cases.shown import summary

COLUMNS = ("case_id", "id", "priority", "due_at", "state", "owner", "category", "level", "score",
           "signals", "team", "tier", "channel", "product", "region", "outcome", "reasons",
           "uncertainty", "contacts", "created_at", "first_response_at", "resolved_at",
           "verdict_state", "model_version", "policy_version", "text")  # fmt: skip
# What Excel, LibreOffice and others start a formula with (OWASP, CSV Injection), also after spaces.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")


def csv_lines(items: Iterable[Item]) -> Iterator[bytes]:
    """Lines of CSV in UTF-8 with a byte order mark, without which Excel reads Chinese wrongly."""
    yield b"\xef\xbb\xbf" + _line(COLUMNS)
    for item in items:
        shown = summary(item) | {"text": item.text}
        yield _line([_cell(shown[name]) for name in COLUMNS])


def csv_table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> Iterator[bytes]:
    """Lines of CSV of any table, guarded alike."""
    yield b"\xef\xbb\xbf" + _line(map(_cell, head))
    for row in rows:
        yield _line(map(_cell, row))


def _line(cells: Iterable[object]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue().encode("utf-8")


def _cell(value: object) -> object:
    """The value as a cell; a text that could start a formula gets an apostrophe before it."""
    if isinstance(value, list):
        value = " ".join(map(str, value))
    if isinstance(value, str) and value.lstrip(" \u3000\u200b\ufeff").startswith(_FORMULA):
        return "'" + value
    return value
