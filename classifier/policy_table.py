"""Reads the tables of a rule file; every mistake is noted with its place, none stops the reading.

A mistake says the line, the field, the value, and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import TypeGuard

from classifier.calendar import DAY_SECONDS
from classifier.errors import shorten
from classifier.prediction import Band, Priority
from classifier.toml_lines import Path

MIN_SECONDS, MAX_SECONDS = 60, 366 * DAY_SECONDS
_DURATION = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": DAY_SECONDS}
_MISSING = object()


class Mistakes:
    """Everything that is wrong with one file, in the order of its lines."""

    def __init__(self, lines: Mapping[Path, int] | None = None, *, file: str = "policy") -> None:
        self._lines = lines or {}
        self._file = file  # what a key at the top is called after
        self._found: list[tuple[int, str]] = []

    def note(self, path: Path, message: str, *, is_table: bool = False) -> None:
        """Adds one; a missing key stands in the line of its table."""
        place = str(path[0]) if is_table and len(path) == 1 else self._place(path)
        for size in range(len(path), -1, -1):
            line = self._lines.get(path[:size], 0)
            if line or not size:
                self._found.append((line, f"{place} {message}"))
                return

    def texts(self) -> list[str]:
        """The sentences, each with its line where the line is known."""
        found = sorted(dict.fromkeys(self._found), key=lambda one: one[0])  # a table is read twice
        return [f"line {line}: {text}" if line else text for line, text in found]

    def _place(self, path: Path) -> str:
        """A path as people write it: `signals.injury.grave`, `intensity[1].min_rank`."""
        if len(path) == 1:
            return f"{self._file}.{path[0]}"
        text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
        return text.removeprefix(".")


class Table:
    """One TOML table; each reader returns the value, or notes the mistake and returns a stand-in.

    A table that is itself missing or no table is noted once, and its fields are not.
    """

    def __init__(self, values: object, path: Path, mistakes: Mistakes) -> None:
        self.path = path
        self.values: Mapping[str, object] = values if isinstance(values, Mapping) else {}
        self._is_silent = not isinstance(values, Mapping)
        self._mistakes = mistakes
        if self._is_silent:
            mistakes.note(path, f"{_shown(values)}, a table is needed", is_table=True)

    def has(self, key: str) -> bool:
        """Whether the key is given."""
        return key in self.values

    def wrong(self, key: str, allowed: str) -> None:
        """Notes that the value of a key is not allowed."""
        if not self._is_silent:
            value = self.values.get(key, _MISSING)
            self._mistakes.note((*self.path, key), f"{_shown(value)}, {allowed}")

    def refuse(self, message: str) -> None:
        """Notes what is wrong with the table as a whole."""
        if not self._is_silent:
            self._mistakes.note(self.path, message, is_table=True)

    def closed(self, *allowed: str) -> Table:
        """Notes every key that is not one of these."""
        for key in self.values:
            if key not in allowed:
                message = f"is unknown, allowed are {', '.join(allowed)}"
                self._mistakes.note((*self.path, key), message)
        return self

    def text(self, key: str, *, default: str | None = None) -> str:
        """A text that is not empty."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or not value.strip():
            self.wrong(key, "a text is needed")
            return ""
        return value

    def one_of(self, key: str, allowed: Collection[str], *, default: str | None = None) -> str:
        """One of the allowed texts."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or value not in allowed:
            self.wrong(key, f"allowed are {', '.join(allowed)}")
            return default or next(iter(allowed), "")
        return value

    def priority(self, key: str) -> Priority:
        """A priority by name."""
        return Priority[self.one_of(key, Priority.__members__)]

    def band(self, key: str, *, default: Band | None = None) -> Band:
        """A band by name."""
        return Band(self.one_of(key, [band.value for band in Band], default=default))

    def number(self, key: str, low: float, high: float, *, default: float | None = None) -> float:
        """A number between two others."""
        value = self.values.get(key, default)
        if _is_number(value) and low <= value <= high:
            return value
        self.wrong(key, f"a number in {low:g}-{high:g} is needed")
        return low

    def whole(self, key: str, low: int, high: int, *, default: int | None = None) -> int:
        """A whole number between two others."""
        value = self.values.get(key, default)
        if _is_number(value) and isinstance(value, int) and low <= value <= high:
            return value
        self.wrong(key, f"a number in {low}-{high} is needed, whole")
        return low

    def seconds(self, key: str) -> int:
        """A duration: whole seconds, or a text such as "90m", "24h", "30d"; 0 for a mistake."""
        value = self.values.get(key)
        found = _DURATION.fullmatch(value) if isinstance(value, str) else None
        seconds = int(found[1]) * _UNITS[found[2]] if found else value
        if _is_number(seconds) and isinstance(seconds, int) and _is_duration(seconds):
            return seconds
        allowed = f"a number in {MIN_SECONDS}-{MAX_SECONDS} is needed, whole seconds"
        self.wrong(key, f"{allowed}, or a text such as '90m', '24h', '30d'")
        return 0

    def flag(self, key: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            self.wrong(key, "allowed are true, false")
            return default
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; none when the key is not given."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.wrong(key, "a list of texts is needed")
            return ()
        return tuple(value)

    def some_of(self, key: str, allowed: Collection[str]) -> frozenset[str]:
        """A list of allowed texts, each wrong one noted by its place."""
        found = self.texts(key)
        for number, item in enumerate(found, start=1):
            if item not in allowed:
                message = f"{_shown(item)}, allowed are {', '.join(allowed)}"
                self._mistakes.note((*self.path, key, number), message)
        return frozenset(found)

    def days(self, key: str) -> frozenset[date]:
        """A list of TOML dates."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(_is_day(item) for item in value):
            self.wrong(key, "a list of dates such as 2026-10-01 is needed")
            return frozenset()
        return frozenset(value)

    def table(self, key: str) -> Table:
        """A table inside."""
        inner = self.values.get(key, {} if self._is_silent else _MISSING)
        return Table(inner, (*self.path, key), self._mistakes)

    def tables(self, key: str) -> list[Table]:
        """A list of tables; none when the key is not given."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            self.wrong(key, "a list of tables is needed")
            return []
        return [
            Table(item, (*self.path, key, number), self._mistakes)
            for number, item in enumerate(value, start=1)
        ]

    def entries(self, key: str) -> Iterator[tuple[str, Table]]:
        """Each named table of a table; none when it is not given."""
        if self.has(key):
            inside = self.table(key)
            for code in inside.values:
                yield code, inside.table(code)


def _shown(value: object) -> str:
    return "is missing" if value is _MISSING else f"is {shorten(value)}"


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_duration(seconds: int) -> bool:
    return MIN_SECONDS <= seconds <= MAX_SECONDS


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)
