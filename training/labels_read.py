"""Labels that people gave in Label Studio, doccano or a spreadsheet, read back as opinions.

Label Studio: the export "JSON" (labelstud.io/guide/export), where every annotation is one person's
opinion, cancelled ones are skipped and a ground truth decides. doccano: the export "JSONL"; where
annotators work apart it is one file for each, named after them, so the file's name is the person.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifier.errors import InputFileError, shorten
from classifier.files import read_rows
from classifier.pii import mask
from training.consensus import Opinion, Ruling, rule
from training.labelling_tools import CATEGORY, LEVEL
from training.table_files import unguarded

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with what people say of it and what that comes to."""

    row_id: str
    text: str
    opinions: tuple[Opinion, ...]
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class _Said:
    row_id: str
    text: str
    opinion: Opinion


def read_labels(paths: Sequence[Path]) -> list[Labelled]:
    """The labelled texts of all files, in order; opinions on one row go together.

    The format follows the name: `.json` Label Studio, `.jsonl` doccano, `.csv` our own table.

    Raises:
        InputFileError: a file has another format, or a label that is none of ours.
    """
    texts: dict[str, str] = {}
    opinions: dict[str, list[Opinion]] = {}
    for path in paths:
        reader = _READERS.get(path.suffix.lower())
        if reader is None:
            known = ", ".join(_READERS)
            raise InputFileError(f"{path}: format {shorten(path.suffix)} is none of {known}")
        for said in reader(path):
            texts.setdefault(said.row_id, mask(said.text))
            opinions.setdefault(said.row_id, []).append(said.opinion)
    return [
        Labelled(row_id, texts[row_id], tuple(given), rule(given))
        for row_id, given in opinions.items()
    ]


def _label_studio(path: Path) -> Iterator[_Said]:
    try:
        tasks = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError, RecursionError) as error:
        raise InputFileError(f"{path}: no valid JSON: {type(error).__name__}") from error
    if not isinstance(tasks, list):
        raise InputFileError(f"{path}: a list of tasks is needed, Label Studio's export JSON")
    for number, task in enumerate(tasks, start=1):
        place = f"{path}, task {number}"
        content = _table(task, "data", place)
        row_id, text = _text(content, "row_id", place), _text(content, "text", place)
        annotations = task.get("annotations")
        if not isinstance(annotations, list):
            raise InputFileError(f"{place}: annotations is missing, export as JSON, not JSON-MIN")
        for annotation in annotations:
            if annotation.get("was_cancelled"):
                continue
            category, level = _choices(annotation.get("result") or [], place)
            if category is not None or level is not None:
                by, at = _person(annotation), str(annotation.get("updated_at") or "")
                decides = bool(annotation.get("ground_truth"))
                opinion = Opinion(by, at, category, level, None, is_adjudication=decides)
                yield _Said(row_id, text, opinion)


def _choices(result: Sequence[Json], place: str) -> tuple[str | None, int | None]:
    category, level = None, None
    for part in result:
        if part.get("type") != "choices":
            continue
        chosen = _table(part, "value", place).get("choices")
        if not isinstance(chosen, list) or len(chosen) != 1:
            raise InputFileError(f"{place}: {part.get('from_name')} has not exactly one choice")
        if part.get("from_name") == CATEGORY:
            category = str(chosen[0])
        elif part.get("from_name") == LEVEL:
            level = _level(chosen[0], place)
    return category, level


def _person(annotation: Json) -> str:
    """Who annotated: a number in an export, an object with `id` or `email` in snapshots."""
    by = annotation.get("completed_by")
    return str(by.get("id") or by.get("email")) if isinstance(by, Mapping) else str(by)


def _doccano(path: Path) -> Iterator[_Said]:
    for row in read_rows(path, needs="text"):
        place = f"{path}, line {row.number}"
        if row.fault:
            raise InputFileError(f"{place}: {row.fault}")
        row_id = _text(row.cells, "row_id", place)
        text = _text(row.cells, "text" if "text" in row.cells else "data", place)
        labels = row.cells.get("label")
        if not isinstance(labels, list):
            raise InputFileError(f"{place}: label is no list, export as JSONL")
        found: dict[str, str] = {}
        for label in map(str, labels):
            head, mark, value = label.partition(":")
            if not mark or head not in {CATEGORY, LEVEL} or head in found:
                raise InputFileError(
                    f"{place}: label {shorten(label)} is none of one {CATEGORY}:… and one {LEVEL}:…"
                )
            found[head] = value
        if found:
            level = _level(found[LEVEL], place) if LEVEL in found else None
            yield _Said(row_id, text, Opinion(path.stem, "", found.get(CATEGORY), level))


def _csv(path: Path) -> Iterator[_Said]:
    for row in read_rows(path, needs="row_id"):
        place = f"{path}, row {row.number}"
        if row.fault:
            raise InputFileError(f"{place}: {row.fault}")
        category = unguarded(str(row.cells.get("category") or "").strip())
        level = str(row.cells.get("intensity") or "").strip()
        if category or level:
            by = str(row.cells.get("reviewer") or "").strip() or path.stem
            number = _level(level, place) if level else None
            text = unguarded(_text(row.cells, "text", place))
            row_id = unguarded(_text(row.cells, "row_id", place))
            yield _Said(row_id, text, Opinion(by, "", category or None, number))


_READERS = {".json": _label_studio, ".jsonl": _doccano, ".csv": _csv}


def _level(value: object, place: str) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise InputFileError(f"{place}: level {shorten(value)} is no whole number") from None


def _table(row: Json, name: str, place: str) -> Json:
    value = row.get(name) if isinstance(row, Mapping) else None
    if not isinstance(value, Mapping):
        raise InputFileError(f"{place}: {name} is missing")
    return value


def _text(row: Json, name: str, place: str) -> str:
    value = row.get(name)
    if not isinstance(value, str | int) or value == "":
        raise InputFileError(f"{place}: {name} is missing")
    return str(value)
