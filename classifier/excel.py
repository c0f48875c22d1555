"""Reads the rows of an Excel workbook (.xlsx, .xlsm), sheet by sheet, without loading it whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path

from classifier.errors import InputFileError, shorten

_HEADER_WITHIN = 20  # a title or empty lines may stand above the header


def read_excel(path: Path, needs: str) -> Iterator[tuple[int, dict[str, object], str | None]]:
    """Number from 1, cells and fault of each row below the header that has the column `needs`.

    The first sheet with such a header in its first 20 lines is read; cells come as text, as they
    would from CSV: 3.0 is "3", a date is ISO 8601. A formula comes as its stored value. Empty rows
    count, those at the end do not.

    Raises:
        InputFileError: openpyxl is missing, the file is no workbook, or no sheet has the column.
    """
    try:
        import openpyxl  # noqa: PLC0415  (optional: only Excel needs it)
    except ImportError as error:
        raise InputFileError(f"{path}: reading Excel needs the package openpyxl") from error
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl passes on what zipfile, expat and its own checks raise
        raise InputFileError(
            f"{path} is no readable Excel workbook ({type(error).__name__}); "
            "save it again as .xlsx without a password, or as CSV"
        ) from error
    try:
        yield from _rows_of_book(path, book.worksheets, needs)
    finally:
        book.close()


def _rows_of_book(
    path: Path, sheets: list[object], needs: str
) -> Iterator[tuple[int, dict[str, object], str | None]]:
    seen = []
    for sheet in sheets:
        sheet.reset_dimensions()  # type: ignore[attr-defined]  # some writers store a wrong size
        lines = sheet.iter_rows(values_only=True)  # type: ignore[attr-defined]
        first: list[str] = []
        for _, line in zip(range(_HEADER_WITHIN), lines, strict=False):
            header = [_text(cell) or "" for cell in line]
            if needs in header:
                yield from _rows_of_sheet(lines, header)
                return
            first = first or [name for name in header if name]
        title = sheet.title  # type: ignore[attr-defined]
        seen.append(f"{shorten(title)}: {', '.join(first[:20]) or 'no columns'}")
    raise InputFileError(f"{path} has no column {needs!r} in any sheet; {'; '.join(seen)}")


def _rows_of_sheet(
    lines: Iterator[tuple[object, ...]], header: list[str]
) -> Iterator[tuple[int, dict[str, object], str | None]]:
    empty_rows = 0
    number = 0
    for line in lines:
        texts = [_text(cell) for cell in line]
        if not any(texts):
            empty_rows += 1
            continue
        for _ in range(empty_rows):
            number += 1
            yield number, dict.fromkeys(filter(None, header)), None
        empty_rows = 0
        number += 1
        fault = "the row has more cells than the header" if any(texts[len(header) :]) else None
        cells = {name: text for name, text in zip(header, texts, strict=False) if name}
        yield number, dict.fromkeys(filter(None, header)) | cells, fault


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
