"""Reads tables of complaints row by row, whatever their format and encoding."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import IO, TextIO

from classifier.errors import InputFileError, shorten
from classifier.excel import read_excel

FORMATS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xlsm")
_SNIFF_BYTES = 1 << 20
_MAX_FIELD_CHARS = 10_000_000  # a quote that is never closed takes all that follows into one cell
_MAX_LINE_CHARS = 20_000_000
_PARQUET_ROWS = 4096
_MAX_CHUNK_BYTES = 500_000_000  # unpacked: a million rows of 500 bytes


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number from 1, its cells, and why it cannot be read, if so.

    `line` is where an editor or a spreadsheet shows it, from 1, in `sheet` if there are several.
    """

    number: int
    cells: dict[str, object]
    fault: str | None = None
    line: int = 0
    sheet: str = ""


@dataclass(slots=True)
class Reading:
    """How far a file is read: `share()` is within 0-1, and 0 where nobody can tell."""

    share: Callable[[], float] = lambda: 0.0


def read_rows(path: Path, *, needs: str, reading: Reading | None = None) -> Iterator[Row]:
    """The rows of a CSV, TSV, JSON Lines, Parquet or Excel file, one at a time.

    A row that cannot be read comes with a fault and the reading goes on. CSV and JSON Lines may be
    UTF-8, with or without a mark, UTF-16 with one, or GB18030. `reading` then tells how far it is.

    Raises:
        InputFileError: no such file, another format, no rows' header, or no column named `needs`.
    """
    suffix, reading = path.suffix.lower(), reading or Reading()
    if not path.is_file():
        raise InputFileError(f"{path} is no file")
    if suffix in {".csv", ".tsv"}:
        return _read_csv(path, needs, "\t" if suffix == ".tsv" else ",", reading)
    if suffix in {".jsonl", ".ndjson"}:
        return _read_jsonl(path, reading)
    if suffix == ".parquet":
        return _read_parquet(path, needs, reading)
    if suffix in {".xlsx", ".xlsm"}:
        return (Row(*row) for row in read_excel(path, needs))
    if suffix == ".xls":
        raise InputFileError(f"{path}: format '.xls' is of before 2007; save it as .xlsx")
    raise InputFileError(f"{path}: format {shorten(suffix)} is none of {', '.join(FORMATS)}")


def text_of(row: Row, column: str) -> tuple[str, str | None]:
    """The text of a row, or "" and why there is none.

    >>> text_of(Row(1, {"text": 7}), "text")
    ('', "column 'text' holds int, a text is needed")
    """
    if row.fault:
        return "", row.fault
    if column not in row.cells:
        return "", f"column {column!r} is missing"
    value = row.cells[column]
    if value is None:
        return "", None
    if not isinstance(value, str):
        return "", f"column {column!r} holds {type(value).__name__}, a text is needed"
    return value, None


def encoding_of(path: Path) -> str:
    """Encoding of a text file, by its mark or by which of UTF-8 and GB18030 fits its start."""
    with path.open("rb") as file:
        head = file.read(_SNIFF_BYTES)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    cut = head[: head.rfind(b"\n") + 1] or head
    with suppress(UnicodeDecodeError):  # valid UTF-8 may hold replacement characters of its own
        cut.decode("utf-8")
        return "utf-8-sig"
    faults = {
        name: cut.decode(name, "replace").count("\ufffd") for name in ("utf-8-sig", "gb18030")
    }
    return min(faults, key=lambda name: faults[name])


# What a byte that does not fit becomes (PEP 383).
_ESCAPES = re.compile("[\udc80-\udcff]")


def _read_csv(path: Path, needs: str, delimiter: str, reading: Reading) -> Iterator[Row]:
    csv.field_size_limit(_MAX_FIELD_CHARS)
    encoding = encoding_of(path)
    # Bytes that do not fit come through as lone surrogates: the row is then a fault, not the file.
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        reading.share = partial(_share_of, file, path.stat().st_size)
        reader = csv.reader(file, delimiter=delimiter)
        header = [name.strip() for name in next(_records(path, reader), [])]
        columns = [name for name in header if name]
        if needs not in columns:
            raise InputFileError(
                f"{path} has no column {needs!r}; it has {', '.join(columns) or 'no columns'}"
            )
        number = 0
        for line, values in enumerate(_records(path, reader), start=2):
            if values:
                number += 1
                cells: dict[str, object] = dict(zip_longest(header, values[: len(header)]))
                yield Row(number, cells, _csv_fault(header, values, encoding), line)


def _share_of(file: IO[str], size: int) -> float:
    return 1.0 if file.closed else os.lseek(file.fileno(), 0, os.SEEK_CUR) / max(1, size)


def _records(path: Path, reader: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from reader
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputFileError(
            f"{path} is no readable table: {error}; is a quote never closed?"
        ) from error


def _csv_fault(header: list[str], values: list[str], encoding: str) -> str | None:
    if len(values) > len(header):
        return "the row has more cells than the header"
    if any(map(_has_escapes, values)):
        return f"bytes are not valid {encoding.removesuffix('-sig')}"
    return None


def _has_escapes(text: str) -> bool:
    return _ESCAPES.search(text) is not None


def _read_jsonl(path: Path, reading: Reading) -> Iterator[Row]:
    encoding = encoding_of(path)
    with path.open(encoding=encoding, errors="surrogateescape") as file:
        reading.share = partial(_share_of, file, path.stat().st_size)
        number = 0
        for place, line in enumerate(_lines(path, file), start=1):
            if not line.strip():
                continue
            number += 1
            cells, fault = _json_cells(line, encoding)
            yield Row(number, cells, fault, place)


def _lines(path: Path, file: TextIO) -> Iterator[str]:
    try:
        while line := file.readline(_MAX_LINE_CHARS):
            if len(line) == _MAX_LINE_CHARS:
                raise InputFileError(f"{path} has a line of over {_MAX_LINE_CHARS} characters")
            yield line
    except UnicodeDecodeError as error:
        raise InputFileError(f"{path} cannot be read: {error}") from error


def _json_cells(line: str, encoding: str) -> tuple[dict[str, object], str | None]:
    """The object of a line, and why there is none."""
    if _has_escapes(line):
        return {}, f"bytes are not valid {encoding.removesuffix('-sig')}"
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {}, f"no valid JSON: {type(error).__name__}"
    if not isinstance(value, dict):
        return {}, f"holds JSON {type(value).__name__}, an object is needed"
    return value, None


def _read_parquet(path: Path, needs: str, reading: Reading) -> Iterator[Row]:
    try:
        import pyarrow  # noqa: PLC0415  (optional: only Parquet needs it)
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError as error:
        raise InputFileError(f"{path}: reading Parquet needs the package pyarrow") from error
    try:
        file = pq.ParquetFile(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise InputFileError(f"{path} is no Parquet file: {error}") from error
    if needs not in file.schema_arrow.names:
        names = ", ".join(file.schema_arrow.names)
        raise InputFileError(f"{path} has no column {needs!r}; it has {names}")
    groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    if any(
        group.column(place).total_uncompressed_size > _MAX_CHUNK_BYTES
        for group in groups
        for place in range(group.num_columns)
    ):
        raise InputFileError(
            f"{path} has a column of over {_MAX_CHUNK_BYTES} bytes in one row group; "
            "write it with smaller ones"
        )
    number, total = 0, file.metadata.num_rows
    reading.share = lambda: number / max(1, total)
    try:
        for batch in file.iter_batches(batch_size=_PARQUET_ROWS):
            for cells in batch.to_pylist():
                number += 1
                yield Row(number, cells, None, number)
    except (pyarrow.ArrowException, OSError, ValueError) as error:  # dates beyond Python's too
        raise InputFileError(f"{path} is damaged behind row {number}: {error}") from error
