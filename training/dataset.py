"""Labelled tables as arrays: read, checked, masked, cleaned; what is left out is counted."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from classifier.errors import InputFileError, shorten
from classifier.files import FORMATS, Row, read_rows, text_of
from classifier.neutral import as_read
from classifier.pii import mask, masked
from training.mapping import LabelMap

Label = TypeVar("Label", str, int)
WEIGHT = "label_weight"  # the column, if there is one, that says how much a row counts
MAX_LEVELS = 20
MAX_CODE_CHARS = 100
FORMULA_ERROR = "the error of a formula"
_FORMULA_ERRORS = {"#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!"}


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns to read; a label column may be absent from the files."""

    text: str = "text"
    category: str = "category"
    intensity: str = "intensity"


@dataclass(frozen=True, slots=True)
class Source:
    """A file or folder, how its columns and codes read, and how much each row counts (above 0)."""

    path: Path
    columns: Columns
    mapping: LabelMap = field(default_factory=LabelMap)
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text: as masked, as cleaned, its labels, the file it came from, its weight."""

    text: str
    clean: str
    category: str | None
    level: int | None
    source: str
    cells: dict[str, object]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One row of a file as training understands it, usable or not.

    `line` and `sheet` say where a person finds it. `fault` is why there is no usable text,
    `label_faults` why a label was dropped; `personal` holds the tokens of what was masked, such as
    [手机], and `raw` the text as it stands in the file.
    """

    file: Path
    line: int
    sheet: str
    example: Example
    raw: str
    fault: str | None
    label_faults: tuple[str, ...]
    personal: tuple[str, ...]

    @property
    def has_label(self) -> bool:
        """Whether it has a label that any head can learn."""
        return self.example.category is not None or self.example.level is not None


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file that was read: what it was, and how its rows counted and its codes were turned."""

    name: str
    sha256: str
    rows: int
    weight: float = 1.0
    mapping: LabelMap = field(default_factory=LabelMap)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled examples in file order, and what was read to get them."""

    examples: tuple[Example, ...]
    files: tuple[FileRecord, ...]
    left_out: Counter[str]

    @property
    def categories(self) -> list[str]:
        """The category codes that occur, sorted."""
        return sorted({e.category for e in self.examples if e.category is not None})

    @property
    def levels(self) -> list[int]:
        """The intensity levels that occur, ascending."""
        return sorted({e.level for e in self.examples if e.level is not None})


def read_dataset(paths: Sequence[Path], columns: Columns) -> Dataset:
    """The labelled examples of files and folders that all have the same columns.

    Raises:
        InputFileError: as `read_sources`.
    """
    return read_sources([Source(path, columns) for path in paths])


def read_sources(sources: Sequence[Source]) -> Dataset:
    """The labelled examples of all sources, in order (folders: their files in name order).

    Texts are masked before anything else sees them. Rows without text or without any label, and
    repeated rows, are left out and counted by reason; of repeated rows the heaviest counts.

    Raises:
        InputFileError: a file cannot be read, or the data cannot train any head.
    """
    if not sources:
        raise InputFileError("no file to read was given")
    left_out: Counter[str] = Counter()
    examples: dict[tuple[str, str | None, int | None], Example] = {}
    recorded = []
    for source in sources:
        for file in files_of(source.path):
            rows = 0
            for reading in read_file(file, source):
                rows += 1
                left_out.update(reading.label_faults)
                if reading.fault or not reading.has_label:
                    left_out[reading.fault or "no label"] += 1
                    continue
                example = reading.example
                key = (example.clean, example.category, example.level)
                if key in examples:
                    left_out["repeated row"] += 1
                if key not in examples or examples[key].weight < example.weight:
                    examples[key] = example
            sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
            recorded.append(FileRecord(file.name, sha256, rows, source.weight, source.mapping))
    dataset = Dataset(tuple(examples.values()), tuple(recorded), left_out)
    _check(dataset, sources[0].columns)
    return dataset


def files_of(path: Path) -> Iterator[Path]:
    """The file itself, or the tables in the folder and below, in name order.

    Raises:
        InputFileError: a folder without any table.
    """
    if not path.is_dir():
        yield path
        return
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in FORMATS)
    if not found:
        raise InputFileError(f"folder {path} holds no file of {', '.join(FORMATS)}")
    yield from found


def read_file(file: Path, source: Source) -> Iterator[Reading]:
    """Every row of a file of the source, one at a time, also those that training leaves out.

    Raises:
        InputFileError: the file cannot be read as a table with the text column.
    """
    for row in read_rows(file, needs=source.columns.text):
        yield _reading(row, file, source)


def _reading(row: Row, file: Path, source: Source) -> Reading:
    columns = source.columns
    text, fault = text_of(row, columns.text)
    hidden = masked(text)
    # What serving sees, which replaces numbers but not names: the model learns from nothing else.
    cleaned = as_read(text)
    category, category_fault = _label(row.cells.get(columns.category), source.mapping.category_of)
    level, level_fault = _label(row.cells.get(columns.intensity), source.mapping.level_of)
    faults = tuple(
        f"{column} {fault}"
        for column, fault in (
            (columns.category, category_fault), (columns.intensity, level_fault),
        )
        if fault
    )  # fmt: skip
    weight, weight_fault = _weight(row.cells.get(WEIGHT))
    faults += (f"{WEIGHT} {weight_fault}",) if weight_fault else ()
    personal = tuple(hidden.text[start:end] for _, _, start, end in hidden.pieces)
    example = Example(
        hidden.text, cleaned, category, level, file.name, row.cells, source.weight * weight
    )  # fmt: skip
    if text.strip() in _FORMULA_ERRORS:
        fault = f"column {columns.text!r} holds {text.strip()}, {FORMULA_ERROR}"
    fault = fault or (None if cleaned else "no text")
    return Reading(file, row.line, row.sheet, example, text, fault, faults, personal)


def _label(
    value: object, look_up: Callable[[str], tuple[Label | None, str | None]]
) -> tuple[Label | None, str | None]:
    """The label of a cell, None if the cell is empty, and what is wrong with it."""
    text = str(value).strip() if value is not None else ""
    if text in _FORMULA_ERRORS:
        return None, f"is {text}, {FORMULA_ERROR}"
    return (None, None) if text in {"", "nan"} else look_up(text)


def _weight(value: object) -> tuple[float, str | None]:
    """How much a row counts, 1 if it does not say, and what is wrong with what it says."""
    text = str(value).strip() if value is not None else ""
    if text in {"", "nan"}:
        return 1.0, None
    try:
        weight = float(text)
    except ValueError:
        weight = 0.0
    if not 0 < weight < math.inf:
        return 1.0, f"{shorten(mask(text))} is no number above 0"
    return weight, None


def _check(dataset: Dataset, columns: Columns) -> None:
    categories, levels = dataset.categories, dataset.levels
    if len(categories) < 2 and len(levels) < 2:
        raise InputFileError(
            f"nothing to learn: column {columns.category!r} has {len(categories)} and column "
            f"{columns.intensity!r} {len(levels)} different labels, one of them needs 2"
        )
    if len(levels) > MAX_LEVELS:
        raise InputFileError(
            f"column {columns.intensity!r} has {len(levels)} levels, at most {MAX_LEVELS} allowed"
        )
    for code in categories:
        if len(code) > MAX_CODE_CHARS:
            raise InputFileError(f"category {shorten(code)} has over {MAX_CODE_CHARS} characters")
