"""Reads the rows of an Excel workbook (.xlsx, .xlsm), sheet by sheet, without loading it whole."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from classifier.errors import InputFileError, shorten

_HEADER_WITHIN = 20  # a title or empty lines may stand above the header
_SHOWN_NAMES = 20
# Unpacked. Sheets of text shrink to a fifth or tenth, empty cells to a fiftieth.
_MAX_PART_BYTES, _MAX_RATIO = 100_000_000, 200
_NO_VALUE = "the text is a formula without a stored value; open and save the workbook in Excel"

ExcelRow = tuple[int, dict[str, object], str | None, int, str]


@dataclass(frozen=True, slots=True)
class _Table:
    """A sheet with its header: the names by column, and the line (from 1) that they stand in."""

    sheet: Any  # openpyxl has no types
    header: list[str]
    line: int

    @property
    def width(self) -> int:
        return sum(map(bool, self.header))


def read_excel(path: Path, needs: str) -> Iterator[ExcelRow]:
    """Number from 1, cells, fault, line and sheet of each row below a header with column `needs`.

    All visible sheets with such a header in their first 20 lines are read, one after the other; one
    that has less than half of the columns of the widest is taken for a legend. Cells come as text,
    as they would from CSV: 3.0 is "3", a date is ISO 8601, a formula its stored value. Empty rows
    count, those at the end of a sheet do not.

    Raises:
        InputFileError: openpyxl is missing, the file is no workbook, or no sheet has the column.
    """
    book = _open(path, data_only=True)
    try:
        tables = _tables(path, book.worksheets, needs)
        number = 0
        for table in tables:
            for cells, fault, line in _rows_of(path, table, needs):
                number += 1
                yield number, cells, fault, line, table.sheet.title
    except InputFileError:
        raise
    except Exception as error:  # sheets are parsed while they are read
        raise _unreadable(path, error) from error
    finally:
        book.close()


def _open(path: Path, *, data_only: bool) -> Any:
    try:
        import openpyxl  # noqa: PLC0415  (optional: only Excel needs it)
    except ImportError as error:
        raise InputFileError(f"{path}: reading Excel needs the package openpyxl") from error
    _refuse_bomb(path)
    # Told of drop-downs and missing styles, which change no cell.
    warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=data_only)
    except Exception as error:  # openpyxl passes on what zipfile, expat and its own checks raise
        raise _unreadable(path, error) from error


def _refuse_bomb(path: Path) -> None:
    """Sheets are read as a stream, but one cell of them, and all that they share, is held whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    for part in parts:
        is_stream = part.filename.startswith("xl/worksheets/")
        ratio = part.file_size / max(1, part.compress_size)
        if part.file_size > _MAX_PART_BYTES and (ratio > _MAX_RATIO or not is_stream):
            raise InputFileError(
                f"{path}: its part {shorten(part.filename)} unpacks to {part.file_size} bytes, "
                f"allowed are {_MAX_PART_BYTES}; save it as CSV"
            )


def _unreadable(path: Path, error: Exception) -> InputFileError:
    return InputFileError(
        f"{path} is no readable Excel workbook ({type(error).__name__}); "
        "save it again as .xlsx without a password, or as CSV"
    )


def _tables(path: Path, sheets: Sequence[Any], needs: str) -> list[_Table]:
    found, seen = [], []
    for sheet in sheets:
        if sheet.sheet_state != "visible":
            continue
        sheet.reset_dimensions()  # some writers store a wrong size
        lines = [
            _Table(sheet, [_text(cell) or "" for cell in cells], line)
            for line, cells in enumerate(
                islice(sheet.iter_rows(values_only=True), _HEADER_WITHIN), start=1
            )
        ]
        if table := next((line for line in lines if needs in line.header), None):
            found.append(table)
        elif likely := max(lines, key=lambda line: line.width, default=None):
            names = ", ".join(filter(None, likely.header[:_SHOWN_NAMES]))
            seen.append(f"sheet {shorten(sheet.title)} has {names or 'no columns'}")
    if not found:
        raise InputFileError(f"{path} has no column {needs!r} in any sheet; {'; '.join(seen)}")
    widest = max(table.width for table in found)
    return [table for table in found if 2 * table.width >= widest]


def _rows_of(
    path: Path, table: _Table, needs: str
) -> Iterator[tuple[dict[str, object], str | None, int]]:
    """Cells, fault and line of each row of a sheet."""
    header = table.header
    nothing = dict.fromkeys(filter(None, header))
    formulas: frozenset[int] | None = None
    empty: list[int] = []
    rows = table.sheet.iter_rows(min_row=table.line + 1, values_only=True)
    for line, row in enumerate(rows, start=table.line + 1):
        texts = [_text(cell) for cell in row]
        cells = nothing | {name: text for name, text in zip(header, texts, strict=False) if name}
        fault = "the row has more cells than the header" if any(texts[len(header) :]) else None
        if any(texts) and cells[needs] is None:
            if formulas is None:  # costs a second reading, which most files can do without
                formulas = _formula_lines(path, table, header.index(needs))
            fault = fault or (_NO_VALUE if line in formulas else None)
        if not any(texts):
            empty.append(line)
            continue
        yield from ((dict(nothing), None, above) for above in empty)
        empty.clear()
        yield cells, fault, line


def _formula_lines(path: Path, table: _Table, column: int) -> frozenset[int]:
    """The lines whose cell in a column (from 0) is a formula."""
    book = _open(path, data_only=False)
    try:
        sheet = book[table.sheet.title]
        sheet.reset_dimensions()
        return frozenset(
            line
            for line, row in enumerate(sheet.iter_rows(min_row=1), start=1)
            if len(row) > column and row[column].data_type == "f"
        )
    finally:
        book.close()


def _text(cell: object) -> str | None:
    """A cell as CSV would hold it; None if it is empty.

    >>> _text(3.0), _text(" a "), _text(""), _text(date(2026, 1, 2))
    ('3', 'a', None, '2026-01-02')
    """
    if cell is None:
        return None
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip() or None
