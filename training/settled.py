"""What reviewers agree on, as labelled examples: a table of labels, or the service's export.

`python -m service export-feedback` writes one verdict a line: `text`, `correction` (category,
level, signals), and `is_settled` where a second reviewer agreed or an adjudicator decided. Only
those count.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from classifier.errors import InputFileError
from classifier.files import FORMATS, Row, read_rows, text_of
from classifier.neutral import packaged_neutral
from classifier.pii import mask
from classifier.text import clean
from training.dataset import Columns, Dataset, Example, FileRecord, read_dataset


def read_settled(paths: Sequence[Path], columns: Columns) -> Dataset:
    """The settled labels of files and folders; there may be none. `columns` are those of tables.

    Raises:
        InputFileError: a file cannot be read, a line is no verdict of the export, or a table has
            no labels.
    """
    files = list(chain.from_iterable(_files(path) for path in paths))
    exports = [file for file in files if _is_export(file, columns)]
    tables = [file for file in files if file not in exports]
    parts = [_read_export(exports)] if exports else []
    if tables:
        parts.append(read_dataset(tables, columns))
    return Dataset(
        tuple(chain.from_iterable(part.examples for part in parts)),
        tuple(chain.from_iterable(part.files for part in parts)),
        sum((part.left_out for part in parts), Counter()),
    )


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.suffix.lower() in FORMATS)


def _is_export(file: Path, columns: Columns) -> bool:
    first = next(read_rows(file, needs=columns.text), None)
    return first is not None and "correction" in first.cells


def _read_export(files: Sequence[Path]) -> Dataset:
    left_out: Counter[str] = Counter()
    settled: dict[str, tuple[str, Example]] = {}
    recorded = []
    for file in files:
        rows = 0
        for row in read_rows(file, needs="text"):
            rows += 1
            at, case, example = _verdict(row, file)
            if row.cells.get("is_settled") is not True:
                left_out["not settled"] += 1
            elif example.category is None and example.level is None:
                left_out["no label"] += 1
            elif case not in settled or settled[case][0] <= at:  # days may overlap between exports
                settled[case] = (at, example)
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        recorded.append(FileRecord(file.name, sha256, rows))
    examples = tuple(example for _, example in settled.values())
    return Dataset(examples, tuple(recorded), left_out)


def _verdict(row: Row, file: Path) -> tuple[str, str, Example]:
    """When it was given, on which case, and the text with the labels it gives."""
    text, fault = text_of(row, "text")
    said, cells = row.cells.get("correction"), row.cells
    if not fault and not (isinstance(said, dict) and "case_id" in cells and "at" in cells):
        fault = "no verdict of export-feedback: `correction`, `case_id` and `at` are needed"
    if fault or not isinstance(said, dict):
        raise InputFileError(f"{file}: line {row.number}: {fault}")
    category, level, signals = (said.get(name) for name in ("category", "level", "signals"))
    masked = mask(text)
    example = Example(
        masked,
        packaged_neutral().text(clean(masked).text),
        category if isinstance(category, str) else None,
        level if isinstance(level, int) else None,
        file.name,
        {
            "channel": cells.get("channel"),
            "signals": "|".join(map(str, signals)) if isinstance(signals, list) else "",
        },
    )
    return str(cells["at"]), str(cells["case_id"]), example
