"""Where each key of a TOML file stands: `tomllib` gives values, not the lines they came from."""

from __future__ import annotations

import re
from bisect import bisect_right

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\n]*")
_STRINGS = (
    re.compile(r'"""(?:\\.|[^\\])*?"{3,5}(?!")', re.DOTALL),
    re.compile(r"'''.*?'{3,5}(?!')", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\])*"'),
    re.compile(r"'[^']*'"),
)


def key_lines(source: str) -> dict[Path, int]:
    r"""The line, from 1, of every key, table and array element of a valid TOML document.

    Elements are numbered from 1, as people count.

    >>> key_lines('[a]\nb = { c = 1 }\n[[d]]\ne = [\n  2]')[("d", 1, "e", 1)]
    5
    """
    return _Scanner(source).scan()


class _Scanner:
    """One walk over a document that `tomllib` has accepted, so that every bracket has its mate."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._starts = [0, *(found.end() for found in re.finditer("\n", source))]
        self._lines: dict[Path, int] = {}
        self._elements: dict[Path, int] = {}  # of arrays of tables: how many so far

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(self._source):
            if self._source.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self._lines

    def _header(self) -> Path:
        line = self._line()
        is_array = self._source.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        keys = self._keys()
        self._at += 2 if is_array else 1
        *outer, last = keys
        path = self._inside(outer, line)
        path = (*path, last)
        self._lines.setdefault(path, line)
        if is_array:
            self._elements[path] = self._elements.get(path, 0) + 1
            path = (*path, self._elements[path])
            self._lines[path] = line
        return path

    def _inside(self, keys: list[str], line: int) -> Path:
        """The path of outer tables, which need no header of their own; of an array the last one."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            self._lines.setdefault(path, line)
            if path in self._elements:
                path = (*path, self._elements[path])
        return path

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table
        for key in self._keys():
            path = (*path, key)
            self._lines.setdefault(path, line)
        self._at += 1  # =
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip(_BLANK)
        opening = self._source[self._at]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline(path)
        elif not self._skip_string():
            self._skip(_BARE_VALUE)

    def _array(self, path: Path) -> None:
        number = 0
        self._at += 1
        while not self._closes("]"):
            number += 1
            self._lines[*path, number] = self._line()
            self._value((*path, number))
        self._at += 1

    def _inline(self, path: Path) -> None:
        self._at += 1
        while not self._closes("}"):
            self._pair(path)
        self._at += 1

    def _closes(self, bracket: str) -> bool:
        """Whether the next thing is the closing bracket, past blanks and a comma."""
        self._skip(_BLANK)
        if self._source.startswith(",", self._at):
            self._at += 1
            self._skip(_BLANK)
        return self._source.startswith(bracket, self._at)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip(_SPACE)
            start = self._at
            if self._skip_string():
                keys.append(self._source[start + 1 : self._at - 1])
            else:
                self._skip(_BARE_KEY)
                keys.append(self._source[start : self._at])
            self._skip(_SPACE)
            if not self._source.startswith(".", self._at):
                return keys
            self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self._source, self._at)
        if found:
            self._at = found.end()
        return bool(found)

    def _skip_string(self) -> bool:
        return any(self._skip(pattern) for pattern in _STRINGS)

    def _line(self) -> int:
        return bisect_right(self._starts, self._at)
