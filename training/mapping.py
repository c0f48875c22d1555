"""Tables that turn somebody's codes into ours: read from CSV, Excel or TOML, and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from classifier.errors import InputFileError, shorten
from classifier.files import read_rows
from classifier.pii import mask
from classifier.toml_document import read_values

HEADS = ("category", "intensity")
NO_WHOLE_NUMBER = "is no whole number"
Entry = tuple[str, str, str, str]  # head, their code, our code, and where this is written


@dataclass(frozen=True, slots=True)
class LabelMap:
    """Their codes to ours; None says that such labels are left out. An empty table changes nothing.

    A code of ours that the table leads to needs no line of its own.
    """

    name: str = ""
    category: Mapping[str, str | None] = field(default_factory=dict)
    intensity: Mapping[str, int | None] = field(default_factory=dict)
    sha256: str = ""  # of the file, for the manifest

    def category_of(self, code: str) -> tuple[str | None, str | None]:
        """Our category for a code, and what is wrong with the code if it is unknown.

        >>> LabelMap("t.csv", {"物流": "delivery"}).category_of("物流")
        ('delivery', None)
        >>> LabelMap("t.csv", {"物流": "delivery"}).category_of("其它")
        (None, "'其它' is not in t.csv")
        """
        if not self.category or code in self.category:
            return self.category.get(code, code), None
        if code in self.category.values():
            return code, None
        return None, f"{shorten(mask(code))} is not in {self.name}"

    def level_of(self, code: str) -> tuple[int | None, str | None]:
        """Our level for a cell, and what is wrong with the cell if it is none.

        >>> LabelMap().level_of("3.0"), LabelMap("t.csv", {}, {"高": 5}).level_of("高")
        ((3, None), (5, None))
        """
        number = _whole(code)
        if code in self.intensity:
            return self.intensity[code], None
        if number is not None and str(number) in self.intensity:
            return self.intensity[str(number)], None
        if number is not None and (not self.intensity or number in self.intensity.values()):
            return number, None
        if self.intensity:
            return None, f"{shorten(mask(code))} is not in {self.name}"
        return None, NO_WHOLE_NUMBER


def read_mapping(path: Path) -> LabelMap:
    """The mapping table of a file.

    TOML has tables `[category]` and `[intensity]` of `their code = our code`. CSV, TSV, JSON Lines
    and Excel have columns `from`, `to`, and `head` (category, or intensity) where both are mapped.
    An empty `to` leaves such labels out.

    Raises:
        InputFileError: the file cannot be read, or a line contradicts another or is no mapping.
    """
    tables: dict[str, dict[str, str | int | None]] = {head: {} for head in HEADS}
    entries = _toml(path) if path.suffix.lower() == ".toml" else _table(path)
    for head, theirs, ours, place in entries:
        if head not in HEADS:
            raise InputFileError(f"{place}: head is {shorten(head)}, allowed are {HEADS}")
        if not theirs:
            raise InputFileError(f"{place}: column 'from' is empty, a code is needed")
        value: str | int | None = ours or None
        if head == "intensity" and ours:
            value = _whole(ours)
            if value is None:
                raise InputFileError(f"{place}: level is {shorten(ours)}, a whole number is needed")
        if tables[head].setdefault(theirs, value) != value:
            raise InputFileError(
                f"{place}: {head} {shorten(theirs)} leads to {shorten(ours)} here and to "
                f"{shorten(tables[head][theirs])} above, one is needed"
            )
    if not any(tables.values()):
        raise InputFileError(f"mapping table {path} is empty")
    levels = {code: None if to is None else int(to) for code, to in tables["intensity"].items()}
    categories = {code: None if to is None else str(to) for code, to in tables["category"].items()}
    return LabelMap(path.name, categories, levels, hashlib.sha256(path.read_bytes()).hexdigest())


def _toml(path: Path) -> Iterator[Entry]:
    try:
        values = read_values(path)
    except (OSError, ValueError) as error:
        raise InputFileError(f"mapping table {path}: {error}") from error
    for head, table in values.items():
        if not isinstance(table, Mapping):
            raise InputFileError(f"{path}: {shorten(head)} is no table, allowed are {HEADS}")
        for theirs, ours in table.items():
            if isinstance(ours, bool) or not isinstance(ours, str | int):
                raise InputFileError(
                    f"{path}: {head}.{theirs} is {shorten(ours)}, a code or a level is needed"
                )
            yield str(head), str(theirs).strip(), str(ours).strip(), str(path)


def _table(path: Path) -> Iterator[Entry]:
    for row in read_rows(path, needs="from"):
        place = f"{path} row {row.number}"
        if row.fault:
            raise InputFileError(f"{place}: {row.fault}")
        if "to" not in row.cells:
            raise InputFileError(f"{path} has no column 'to'; it has {', '.join(row.cells)}")
        head, theirs, ours = (_cell(row.cells.get(name)) for name in ("head", "from", "to"))
        yield head or "category", theirs, ours, place


def _cell(value: object) -> str:
    return str(value).strip() if value is not None else ""


def _whole(text: str) -> int | None:
    try:
        number = float(text)
        return int(number) if number == int(number) else None
    except (ValueError, OverflowError):
        return None
