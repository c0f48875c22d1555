"""Writes the CSV tables that people open in a spreadsheet and training reads again."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

# What spreadsheets start a formula with (OWASP, CSV Injection), also after spaces.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
_SPACES = " \u3000\u200b\ufeff"


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> int:
    """Write rows as CSV in one step (UTF-8 with a mark, for Excel); how many there were.

    A cell that a spreadsheet would run as a formula gets an apostrophe before it; a list becomes
    its parts joined by `|`, as `data/corpus` writes risks.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    count = 0
    with new.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_cell(row.get(name)) for name in columns])
            count += 1
    new.replace(path)
    return count


def unguarded(text: str) -> str:
    """The text of a cell without the apostrophe that `write_table` put before a formula.

    >>> unguarded("'=1+1"), unguarded("'真的'")
    ('=1+1', "'真的'")
    """
    return text[1:] if text.startswith("'") and _is_formula(text[1:]) else text


def _cell(value: object) -> object:
    if isinstance(value, list | tuple | set | frozenset):
        value = "|".join(sorted(map(str, value)))
    return "'" + value if isinstance(value, str) and _is_formula(value) else value


def _is_formula(text: str) -> bool:
    return text.lstrip(_SPACES).startswith(_FORMULA)
