"""What reviewers agree on, as labelled examples: a table of labels, or the service's export.

Of an export only the cases count on which two reviewers agree or an adjudicator decided
(`training.consensus`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from classifier.files import FORMATS, read_rows
from classifier.neutral import as_read
from training.dataset import Columns, Dataset, Example, FileRecord, read_dataset
from training.feedback import Reviewed, read_feedback


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
    """The cases that more than one person stands behind, as the consensus has it."""
    cases = read_feedback(files)
    settled = [case for case in cases if case.ruling.is_settled]
    labelled = [case for case in settled if case.ruling.has_label]
    left_out = Counter(
        {"not settled": len(cases) - len(settled), "no label": len(settled) - len(labelled)}
    )
    return Dataset(tuple(map(_example, labelled)), tuple(map(_record, files)), +left_out)


def _example(case: Reviewed) -> Example:
    ruling = case.ruling
    risks = "|".join(sorted(ruling.risks or ()))
    return Example(
        case.text,
        as_read(case.text),
        ruling.category,
        ruling.level,
        case.file,
        {"channel": case.channel, "signals": risks},
    )


def _record(file: Path) -> FileRecord:
    rows = sum(1 for _ in read_rows(file, needs="text"))
    return FileRecord(file.name, hashlib.sha256(file.read_bytes()).hexdigest(), rows)
