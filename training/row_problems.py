"""Reads all rows of labelled files and notes what is wrong with each by itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from classifier.errors import InputFileError
from classifier.pii import mask
from training.dataset import FORMULA_ERROR, Reading, Source, files_of, read_file
from training.mapping import NO_WHOLE_NUMBER
from training.mojibake import is_mojibake

Progress = Callable[[str], None]
_LABEL_FAULTS = {NO_WHOLE_NUMBER: "bad_level", FORMULA_ERROR: "formula_error"}
_SHOWN_NAMES = 20
_SHOWN_CHARS = 30


@dataclass(frozen=True, slots=True)
class Hit:
    """One row with a problem: the row, another row that it clashes with, and a short detail."""

    row: Reading
    other: Reading | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A file that was checked: its path as given, its rows, also by sheet, and their weight."""

    name: str
    rows: int
    weight: float
    sheets: dict[str, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is found while files are read."""

    files: list[FileSeen] = field(default_factory=list)
    hits: dict[str, list[Hit]] = field(default_factory=lambda: defaultdict(list))
    notes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def read_all(sources: Iterable[Source], seen: Seen, progress: Progress) -> Iterator[Reading]:
    """All rows; those with a problem of their own are noted on the way.

    `progress` is called with the name of each file as it begins.

    Raises:
        InputFileError: a file cannot be read as a table with its text column.
    """
    for source in sources:
        for file in files_of(source.path):
            progress(file.name)
            sheets: Counter[str] = Counter()
            columns: dict[str, None] = {}
            try:
                for reading in read_file(file, source):
                    sheets[reading.sheet] += 1
                    columns |= dict.fromkeys(reading.example.cells)
                    for code, detail in _own_problems(reading, source):
                        seen.hits[code].append(Hit(reading, None, detail))
                    yield reading
            except InputFileError as error:
                raise InputFileError(f"{error}{_hint(str(error))}") from error
            seen.notes["no_column"] += _missing(str(file), source, list(columns))
            named = {sheet: rows for sheet, rows in sheets.items() if sheet}
            seen.files.append(FileSeen(str(file), sheets.total(), source.weight, named))


def _hint(message: str) -> str:
    """What to do about a table that cannot be read by its header."""
    if "has no column" not in message:
        return ""
    if is_mojibake(message.partition(" it has ")[2]):
        return "; the names look wrongly decoded: export the file again, as UTF-8"
    return "; name the column of the texts by --text-column"


def _missing(file: str, source: Source, columns: list[str]) -> Iterator[str]:
    """A line for each label column that the file lacks."""
    names = [mask(name) for name in columns[:_SHOWN_NAMES] if name]
    for head in ("category", "intensity"):
        wanted = getattr(source.columns, head)
        if columns and wanted not in columns:
            yield f"{head} ({wanted}): {file}; {', '.join(names)}"


def _own_problems(row: Reading, source: Source) -> Iterator[tuple[str, str]]:
    if row.fault == "no text":
        yield "empty", ""
    elif row.fault:
        yield "unreadable", row.fault
    elif not row.has_label and not row.label_faults:
        yield "no_label", ""
    for fault in row.label_faults:
        code = next((c for end, c in _LABEL_FAULTS.items() if fault.endswith(end)), "unknown_code")
        given = row.example.cells.get(source.columns.intensity)
        yield code, f"{source.columns.intensity} {short(given)}" if code == "bad_level" else fault
    if not row.fault and not row.personal and not any(map(str.isalpha, row.example.clean)):
        yield "no_words", ""
    if row.personal:
        yield "personal", " ".join(f"{token}×{n}" for token, n in Counter(row.personal).items())
    if row.raw and is_mojibake(row.raw):
        yield "encoding", ""


def short(text: object) -> str:
    """A text as it is shown: masked, on one line, cut to 30 characters.

    >>> short("电话13800001111 "), short("退" * 40) == "退" * 30 + "…"
    ('电话[手机]', True)
    """
    line = " ".join(mask(str(text)).split())
    return line if len(line) <= _SHOWN_CHARS else line[:_SHOWN_CHARS] + "…"
