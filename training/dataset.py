"""Labelled tables as arrays: read, checked, masked, cleaned; what is left out is counted."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifier.errors import InputFileError, shorten
from classifier.files import FORMATS, Row, read_rows, text_of
from classifier.pii import mask
from classifier.text import clean

_MAX_LEVELS = 20


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns to read; a label column may be absent from the files."""

    text: str = "text"
    category: str = "category"
    intensity: str = "intensity"


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text: as masked, as cleaned, its labels, and the file it came from."""

    text: str
    clean: str
    category: str | None
    level: int | None
    source: str
    cells: dict[str, object]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled examples in file order, and what was read to get them."""

    examples: tuple[Example, ...]
    files: tuple[tuple[str, str, int], ...]
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
    """The labelled examples of files and folders (their files in name order).

    Texts are masked before anything else sees them. Rows without text or without any label, and
    repeated rows, are left out and counted by reason.

    Raises:
        InputFileError: a file cannot be read, or the data cannot train any head.
    """
    files = [file for path in paths for file in table_files(path)]
    left_out: Counter[str] = Counter()
    examples: dict[tuple[str, str | None, int | None], Example] = {}
    recorded = []
    for file in files:
        rows = 0
        for row in read_rows(file, needs=columns.text):
            rows += 1
            example = _example(row, columns, file, left_out)
            if example:
                key = (example.clean, example.category, example.level)
                if key in examples:
                    left_out["repeated row"] += 1
                else:
                    examples[key] = example
        recorded.append((file.name, hashlib.sha256(file.read_bytes()).hexdigest(), rows))
    dataset = Dataset(tuple(examples.values()), tuple(recorded), left_out)
    _check(dataset, columns)
    return dataset


def table_files(path: Path) -> Iterator[Path]:
    """The file, or all tables of the folder in name order.

    Raises:
        InputFileError: the folder holds none.
    """
    if not path.is_dir():
        yield path
        return
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in FORMATS)
    if not found:
        raise InputFileError(f"folder {path} holds no file of {', '.join(FORMATS)}")
    yield from found


def _example(row: Row, columns: Columns, file: Path, left_out: Counter[str]) -> Example | None:
    text, fault = text_of(row, columns.text)
    masked = mask(text)
    cleaned = clean(masked).text
    category = _category(row.cells.get(columns.category))
    level, bad_level = _level(row.cells.get(columns.intensity))
    if bad_level:
        left_out[f"{columns.intensity} is no whole number"] += 1
    if fault or not cleaned:
        left_out[fault or "no text"] += 1
        return None
    if category is None and level is None:
        left_out["no label"] += 1
        return None
    return Example(masked, cleaned, category, level, file.name, row.cells)


def _category(value: object) -> str | None:
    text = str(value).strip() if value is not None else ""
    return None if text in {"", "nan"} else text


def _level(value: object) -> tuple[int | None, bool]:
    """The level, None if the cell is empty, and whether the cell is no whole number."""
    text = str(value).strip() if value is not None else ""
    if text in {"", "nan"}:
        return None, False
    try:
        number = float(text)
    except ValueError:
        return None, True
    return (int(number), False) if number == int(number) else (None, True)


def _check(dataset: Dataset, columns: Columns) -> None:
    categories, levels = dataset.categories, dataset.levels
    if len(categories) < 2 and len(levels) < 2:
        raise InputFileError(
            f"nothing to learn: column {columns.category!r} has {len(categories)} and column "
            f"{columns.intensity!r} {len(levels)} different labels, one of them needs 2"
        )
    if len(levels) > _MAX_LEVELS:
        raise InputFileError(
            f"column {columns.intensity!r} has {len(levels)} levels, at most {_MAX_LEVELS} allowed"
        )
    for code in categories:
        if len(code) > 100:
            raise InputFileError(f"category {shorten(code)} has over 100 characters")
