"""Text that remembers where each of its characters came from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Replacement = str | Callable[[re.Match[str]], str]


@dataclass(frozen=True, slots=True)
class Aligned:
    """A changed text and, per character, the span of the source it stands for.

    `starts[i]` and `ends[i]` are positions in the source; both are as long as `text`.
    """

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @classmethod
    def identity(cls, text: str) -> Aligned:
        """The text as its own source."""
        return cls(text, tuple(range(len(text))), tuple(range(1, len(text) + 1)))

    def substitute(self, pattern: re.Pattern[str], replacement: Replacement) -> Aligned:
        """Replace each match; the characters of a replacement stand for the whole match.

        A match whose replacement has the same length keeps its character positions.

        >>> Aligned.identity("a  b").substitute(re.compile(" +"), " ").starts
        (0, 1, 3)
        """
        if not pattern.search(self.text):  # mostly so
            return self
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        position = 0
        for match in pattern.finditer(self.text):
            new = replacement if isinstance(replacement, str) else replacement(match)
            begin, end = match.span()
            if new == match.group():
                continue
            self._keep(position, begin, pieces, starts, ends)
            pieces.append(new)
            if len(new) == end - begin:
                starts.extend(self.starts[begin:end])
                ends.extend(self.ends[begin:end])
            elif end > begin:
                starts.extend([self.starts[begin]] * len(new))
                ends.extend([self.ends[end - 1]] * len(new))
            position = end
        if position == 0 and not pieces:
            return self
        self._keep(position, len(self.text), pieces, starts, ends)
        return Aligned("".join(pieces), tuple(starts), tuple(ends))

    def translated(self, text: str) -> Aligned:
        """Another text of the same length with the same positions."""
        if len(text) != len(self.text):
            raise ValueError(f"{len(text)} characters cannot stand for {len(self.text)}")
        return Aligned(text, self.starts, self.ends)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The source span of the characters from `start` up to `end`."""
        if start >= end:
            raise ValueError(f"empty span {start}-{end}")
        return self.starts[start], self.ends[end - 1]

    def _keep(
        self, begin: int, end: int, pieces: list[str], starts: list[int], ends: list[int]
    ) -> None:
        pieces.append(self.text[begin:end])
        starts.extend(self.starts[begin:end])
        ends.extend(self.ends[begin:end])
