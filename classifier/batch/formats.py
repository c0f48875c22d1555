"""How answers are written: JSON Lines whole, CSV and Parquet as a flat table.

While a run goes on its output only grows at the end, so that it can be cut back to any chunk. What
cannot be written so, a Parquet file, is made of the part when all rows are there.
"""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any, Protocol

import orjson

from classifier.batch.columns import COLUMNS, FLAG, INTEGER, MOMENT, NUMBER, TEXT, flat
from classifier.errors import InputFileError, shorten
from classifier.reply import Json

_FLAGS = {True: "true", False: "false"}
_ROW_GROUP = 1 << 17  # rows of a Parquet row group: what is held in memory when the file is made


class Format(Protocol):
    """A way to write answers."""

    has_evidence: bool

    def head(self) -> bytes:
        """What stands before the first row."""

    def encode(self, answers: list[Json]) -> bytes:
        """Some rows."""

    def finish(self, part: Path, target: Path) -> None:
        """Make the output of the part, which is gone then."""


class JsonLines:
    """One answer a line, with everything that the API says."""

    has_evidence = True

    def head(self) -> bytes:
        """Nothing."""
        return b""

    def encode(self, answers: list[Json]) -> bytes:
        """The answers, each with a line break."""
        return b"".join([_line(answer) for answer in answers])

    def finish(self, part: Path, target: Path) -> None:
        """Only another name."""
        part.replace(target)


class Csv:
    """The flat table in UTF-8, with the mark by which Excel knows it."""

    has_evidence = False

    def head(self) -> bytes:
        """The mark and the names of the columns."""
        return ("\ufeff" + ",".join(COLUMNS) + "\n").encode()

    def encode(self, answers: list[Json]) -> bytes:
        """The rows; a cell that does not apply is empty."""
        columns = flat(answers)
        for name, (kind, _) in COLUMNS.items():
            if kind == FLAG:
                columns[name] = [
                    _FLAGS.get(bool(v)) if v is not None else None for v in columns[name]
                ]
        page = io.StringIO()
        csv.writer(page, lineterminator="\n").writerows(zip(*columns.values(), strict=True))
        return page.getvalue().encode(errors="backslashreplace")

    def finish(self, part: Path, target: Path) -> None:
        """Only another name."""
        part.replace(target)


class Parquet:
    """The flat table; until it is whole the part holds Arrow's record batches one after another."""

    has_evidence = False

    def __init__(self) -> None:
        pa = _pyarrow()
        types = {
            INTEGER: pa.int64(), NUMBER: pa.float64(), TEXT: pa.string(), FLAG: pa.bool_(),
            MOMENT: pa.timestamp("s", "UTC"),
        }  # fmt: skip
        self._schema = pa.schema([(name, types[kind]) for name, (kind, _) in COLUMNS.items()])

    def head(self) -> bytes:
        """The schema, as an Arrow stream begins."""
        return bytes(self._schema.serialize())

    def encode(self, answers: list[Json]) -> bytes:
        """One record batch."""
        pa = _pyarrow()
        columns = flat(answers)
        arrays = [
            pa.array(columns[field.name], pa.string()).cast(field.type)
            if pa.types.is_timestamp(field.type)
            else pa.array(columns[field.name], field.type)
            for field in self._schema
        ]
        return bytes(pa.record_batch(arrays, schema=self._schema).serialize())

    def finish(self, part: Path, target: Path) -> None:
        """Copy the part into a Parquet file, a row group at a time, then put that in its place."""
        pa, parquet = _pyarrow(), _parquet()
        whole = target.with_name(f"{target.name}.whole")
        with (
            part.open("rb") as file,
            parquet.ParquetWriter(whole, self._schema, compression="zstd") as writer,
        ):
            held: list[Any] = []
            for batch in pa.ipc.open_stream(file):
                held.append(batch)
                if sum(map(len, held)) >= _ROW_GROUP:
                    writer.write_table(pa.Table.from_batches(held))
                    held.clear()
            if held:
                writer.write_table(pa.Table.from_batches(held))
        _sync(whole)
        whole.replace(target)
        part.unlink()


_FORMATS: dict[str, type[JsonLines] | type[Csv] | type[Parquet]] = {
    ".csv": Csv, ".jsonl": JsonLines, ".ndjson": JsonLines, ".parquet": Parquet,
}  # fmt: skip


def format_of(target: Path) -> Format:
    """How to write a file, by the ending of its name.

    Raises:
        InputFileError: no such format, or pyarrow is needed and missing.
    """
    suffix = target.suffix.lower()
    if suffix not in _FORMATS:
        raise InputFileError(
            f"{target}: output format {shorten(suffix)} is none of {', '.join(_FORMATS)}"
        )
    return _FORMATS[suffix]()


def _line(answer: Json) -> bytes:
    try:
        return orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # lone surrogates cannot be written as UTF-8, only escaped
        return json.dumps(answer, separators=(",", ":")).encode() + b"\n"


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _pyarrow() -> Any:
    try:
        import pyarrow  # noqa: PLC0415  (optional: only Parquet needs it)
    except ImportError as error:
        raise InputFileError("writing Parquet needs the package pyarrow") from error
    return pyarrow


def _parquet() -> Any:
    import pyarrow.parquet  # noqa: PLC0415

    return pyarrow.parquet
