"""Applies corrected labels to copies of the tables, and records every one of them.

A fix names a row by the key of its masked text, so that it holds wherever the row stands, in every
copy of it. What was recorded is never changed: `label-fixes.log` beside the tables only grows. It
holds JSON Lines and no text; its name ends in `.log` so that no reader of tables takes it for data.
"""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from classifier.errors import InputFileError, shorten
from classifier.files import Row, read_rows
from classifier.pii import mask
from training.dataset import Source, files_of
from training.label_audit import key_of
from training.label_evidence import CATEGORY, LEVEL
from training.table_files import unguarded

LOG = "label-fixes.log"
_CHANGED, _KEPT, _ALREADY, _OTHER = "changed", "kept", "already", "other"
_FIELDS = ("key", "id", "field", "before", "after", "who", "when", "why")


@dataclass(frozen=True, slots=True)
class Fix:
    """One label that a person corrected, or looked at and kept (`after` is `before`)."""

    key: str
    id: str
    field: str
    before: str
    after: str
    who: str
    when: str
    why: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of the fixes.

    Rows changed, labels kept as they are, fixes done before, those whose label is not there.
    """

    changed: int
    kept: int
    already: int
    missing: tuple[Fix, ...]
    files: tuple[Path, ...]


def read_fixes(path: Path, *, who: str | None = None) -> list[Fix]:
    """The fixes of a table as the audit's page downloads it; `who` where a row does not say.

    Raises:
        InputFileError: a column is missing, or a row is no fix.
    """
    found = []
    now = datetime.now(UTC).isoformat(timespec="seconds")
    for row in read_rows(path, needs="key"):
        place = f"{path}, row {row.number}"
        if row.fault:
            raise InputFileError(f"{place}: {row.fault}")
        cells = {name: unguarded(str(row.cells.get(name) or "").strip()) for name in _FIELDS}
        cells["who"] = cells["who"] or (who or "")
        cells["when"] = cells["when"] or now
        cells["why"] = mask(cells["why"])
        _check(cells, place)
        found.append(Fix(**cells))
    return found


def _check(cells: Mapping[str, str], place: str) -> None:
    if cells["field"] not in {CATEGORY, LEVEL}:
        allowed = f"{CATEGORY}, {LEVEL}"
        raise InputFileError(f"{place}: field is {shorten(cells['field'])}, allowed are {allowed}")
    for name in ("key", "after", "who"):
        if not cells[name]:
            hint = ": name the reviewer with --who" if name == "who" else ""
            raise InputFileError(f"{place}: {name} is empty{hint}")
    if cells["field"] == LEVEL and not cells["after"].lstrip("-").isdecimal():
        raise InputFileError(f"{place}: level {shorten(cells['after'])} is no whole number")


def apply_fixes(sources: Sequence[Source], fixes: Sequence[Fix], out: Path) -> Applied:
    """Write every table with its fixes into `out`, and append what was done to its log.

    Labels are compared as the mapping table of a source reads them; a corrected one is written as
    our code, which the same table takes as it is. CSV, TSV and JSON Lines keep their format, others
    become CSV. Texts are written masked, as training reads them. A fix whose label is no longer
    there is not applied but named; applying the same fixes again changes nothing.

    The tables appear only after all of it is in the log. The folder of the data itself is refused,
    unless it is one that this function wrote.

    Raises:
        InputFileError: a table cannot be read, two have the same name, `out` holds the data, or a
            mapping table does not know a corrected label.
        OSError: the folder cannot be written to.
    """
    files = [(file, source) for source in sources for file in files_of(source.path)]
    _check_targets([file for file, _ in files], out)
    work = _Work({(fix.key, fix.field): fix for fix in fixes})
    prepared = [_prepare(file, out, work.mended(file, source)) for file, source in files]
    _record(out / LOG, work)
    for new, target in prepared:
        new.replace(target)
    counts = Counter(work.states.values())
    return Applied(
        changed=len(work.done),
        kept=counts[_KEPT],
        already=counts[_ALREADY],
        missing=tuple(
            fix for place, fix in work.wanted.items() if work.states.get(place, _OTHER) == _OTHER
        ),
        files=tuple(target for _, target in prepared),
    )


@dataclass(slots=True)
class _Work:
    """The fixes on their way through the tables: how far each is, and what was changed."""

    wanted: Mapping[tuple[str, str], Fix]
    states: dict[tuple[str, str], str] = field(default_factory=dict)
    done: list[dict[str, object]] = field(default_factory=list)

    def mended(self, file: Path, source: Source) -> list[dict[str, object]]:
        """The rows of a table with masked texts and corrected labels."""
        found = []
        for row in read_rows(file, needs=source.columns.text):
            if row.fault:
                raise InputFileError(f"{file}, row {row.number}: {row.fault}; mend it first")
            found.append(self._row(row, file, source))
        return found

    def _row(self, row: Row, file: Path, source: Source) -> dict[str, object]:
        cells, columns, codes = dict(row.cells), source.columns, source.mapping
        text = cells.get(columns.text)
        if not isinstance(text, str):
            return cells
        cells[columns.text] = masked = mask(text)
        heads = (
            (CATEGORY, columns.category, codes.category_of),
            (LEVEL, columns.intensity, codes.level_of),
        )
        for head, column, look_up in heads:
            fix = self.wanted.get((key_of(masked), head))
            if fix and self._step(fix, _label(cells.get(column), look_up)):
                _, fault = look_up(fix.after)
                if fault:
                    raise InputFileError(f"fix of {fix.id}: {fault}; add a line for it there first")
                cells[column] = int(fix.after) if isinstance(cells.get(column), int) else fix.after
                self.done.append(_entry(fix) | {"file": file.name, "row": row.number})
        return cells

    def _step(self, fix: Fix, here: str) -> bool:
        """Whether the label that is here has to be changed; notes how far the fix is."""
        place = fix.key, fix.field
        if here == fix.after:
            self.states.setdefault(place, _KEPT if fix.before == fix.after else _ALREADY)
        elif here == fix.before:
            self.states[place] = _CHANGED
            return True
        else:
            self.states.setdefault(place, _OTHER)
        return False


def _check_targets(files: Sequence[Path], out: Path) -> None:
    twice = [name for name, count in Counter(file.name for file in files).items() if count > 1]
    if twice:
        raise InputFileError(f"two files are named {twice[0]}: apply the fixes folder by folder")
    if not (out / LOG).exists() and any(out.resolve() == file.resolve().parent for file in files):
        raise InputFileError(
            f"{out} holds the data itself, which stays as it is: give another --out"
        )


def settled_labels(paths: Sequence[Path]) -> frozenset[tuple[str, str, str]]:
    """The labels that people have chosen or kept, as (key, field, label), from logs beside data.

    Raises:
        InputFileError: a log is damaged.
    """
    found = set()
    for folder in {path if path.is_dir() else path.parent for path in paths}:
        log = folder / LOG
        if not log.exists():
            continue
        for number, line in enumerate(log.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                one = json.loads(line)
                found.add((str(one["key"]), str(one["field"]), str(one["after"])))
            except (ValueError, KeyError, TypeError) as error:
                raise InputFileError(f"{log}, line {number} is damaged") from error
    return frozenset(found)


def _label(value: object, look_up: Callable[[str], tuple[str | int | None, str | None]]) -> str:
    text = "" if value is None else str(value).strip()
    label, fault = look_up(text) if text else (None, None)
    return text if fault or label is None else str(label)


def _entry(fix: Fix) -> dict[str, object]:
    return {name: getattr(fix, name) for name in _FIELDS}


def _record(log: Path, work: _Work) -> None:
    """Append what was changed, and the labels that were newly looked at and kept."""
    known = settled_labels([log.parent]) if log.exists() else frozenset()
    kept = [
        _entry(fix)
        for place, fix in work.wanted.items()
        if work.states.get(place) == _KEPT and (*place, fix.after) not in known
    ]
    at = datetime.now(UTC).isoformat(timespec="seconds")
    with log.open("a", encoding="utf-8") as file:
        for entry in [*work.done, *kept]:
            file.write(json.dumps(entry | {"applied_at": at}, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _prepare(file: Path, out: Path, rows: Sequence[Mapping[str, object]]) -> tuple[Path, Path]:
    """Write a table beside its place; the file written, and the place."""
    suffix = file.suffix.lower()
    is_json = suffix in {".jsonl", ".ndjson"}
    out.mkdir(parents=True, exist_ok=True)
    target = out / (file.name if is_json or suffix in {".csv", ".tsv"} else file.stem + ".csv")
    new = target.with_name(target.name + ".new")
    with new.open("w", encoding="utf-8", newline="") as stream:
        if is_json:
            stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        else:
            delimiter = "\t" if suffix == ".tsv" else ","
            names = list(dict.fromkeys(name for row in rows for name in row))
            writer = csv.DictWriter(stream, names, delimiter=delimiter, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return new, target
