"""Risk signals: phrases of a readable lexicon, found in one pass, kept only if meant.

A phrase counts only where its writer says it as real and present: guards drop negation, reported
speech, idioms and questions, and a match inside other words. `resources/signals.toml` says how
patterns are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

import ahocorasick

# A clause ends at these marks; guards look no further, gaps do not cross the sentence marks.
_CLAUSE_MARK = re.compile(r"[,。!?;:⋯~\n、]|(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One phrase pattern of a signal, and literals of which one must stand in any match."""

    code: str
    expression: re.Pattern[str]
    anchors: tuple[str, ...]
    at_word_borders: bool


@dataclass(frozen=True, slots=True)
class Guard:
    """A context that takes the meaning away: `before`, `after` or `clause` around the match."""

    name: str
    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    clause: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class SignalRules:
    """All that the lexicon says of one signal."""

    code: str
    name: str
    patterns: tuple[Pattern, ...]
    guards: tuple[Guard, ...]
    idioms: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Match:
    """Where a signal stands in the clean text."""

    code: str
    start: int
    end: int


class SignalFinder:
    """Finds the signals of clean texts; made once, safe between threads."""

    def __init__(self, rules: Iterable[SignalRules], cut: Callable[[str], list[str]]) -> None:
        self.rules = {rule.code: rule for rule in rules}
        self._cut = cut
        self._automaton = ahocorasick.Automaton()
        anchored: dict[str, list[Pattern]] = {}
        for rule in self.rules.values():
            for pattern in rule.patterns:
                for anchor in pattern.anchors:
                    anchored.setdefault(anchor, []).append(pattern)
        for anchor, patterns in anchored.items():
            self._automaton.add_word(anchor, tuple(patterns))
        self._automaton.make_automaton()

    def find(self, text: str) -> list[Match]:
        """The signals of one clean text: the first meant match of each pattern kind, by position.

        One code can be found at several places; overlapping matches of one code are merged.
        """
        if not self.rules:
            return []
        candidates = {p: None for _, patterns in self._automaton.iter(text) for p in patterns}
        if not candidates:
            return []
        borders = {0, *accumulate(map(len, self._cut(text)))}
        found = (m for pattern in candidates for m in self._meant(pattern, text, borders))
        return _merge(found)

    def _meant(self, pattern: Pattern, text: str, borders: set[int]) -> Iterator[Match]:
        rule = self.rules[pattern.code]
        for match in pattern.expression.finditer(text):
            start, end = match.span()
            if pattern.at_word_borders and not (start in borders and end in borders):
                continue
            if rule.idioms and any(
                idiom.start() < end and start < idiom.end() for idiom in rule.idioms.finditer(text)
            ):
                continue
            if not any(_holds(guard, text, start, end) for guard in rule.guards):
                yield Match(pattern.code, start, end)


def _holds(guard: Guard, text: str, start: int, end: int) -> bool:
    low, high = clause_of(text, start, end)
    return bool(
        (guard.before and guard.before.search(text[low:start]))
        or (guard.after and guard.after.search(text[end:high]))
        or (guard.clause and guard.clause.search(text[low:high]))
    )


def clause_of(text: str, start: int, end: int) -> tuple[int, int]:
    """The clause around a span, with the mark that ends it.

    >>> clause_of("我没说起诉,气死我了!", 3, 5)
    (0, 6)
    """
    low, high = 0, len(text)
    for mark in _CLAUSE_MARK.finditer(text):
        if mark.end() <= start:
            low = mark.end()
        elif mark.start() >= end:
            high = mark.end()
            break
    return low, high


def _merge(matches: Iterable[Match]) -> list[Match]:
    merged: list[Match] = []
    for match in sorted(matches, key=lambda m: (m.code, m.start, -m.end)):
        last = merged[-1] if merged else None
        if last and last.code == match.code and match.start < last.end:
            merged[-1] = Match(last.code, last.start, max(last.end, match.end))
        else:
            merged.append(match)
    return sorted(merged, key=lambda m: (m.start, m.code))
