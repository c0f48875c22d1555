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

from ahocorasick_rs import AhoCorasick, Implementation

# A clause ends at these marks, a sentence at the second set. Context is read so far and no
# farther, so that the work for one match is bounded however long the text is.
_CLAUSE_CHARS = 40
_SENTENCE_CHARS = 80
_NEAR_CHARS = 60
_SHORT_CHARS = 200  # a pattern is tried on a whole text up to this long, else around its anchors
_SENTENCE_MARKS = r"[。!?;⋯\n]|\.(?!\d)"
_CLAUSE_MARKS = rf"{_SENTENCE_MARKS}|[,:~、]|(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])"


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """One phrase pattern of a signal, and sets of literals of which one must stand in any match.

    `max_chars` is the length of the longest match; `needs` must be found near the match. Two
    patterns are equal only if identical: they are dictionary keys in the innermost loop.
    """

    code: str
    source: str
    expression: re.Pattern[str]
    anchor_choices: tuple[tuple[str, ...], ...]
    max_chars: int
    at_word_borders: bool = True
    guarded: bool = True
    needs: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """A context that takes the meaning away.

    `before` and `after` the match in its clause, the whole `clause`, what `leads` to the match in
    its sentence, or the whole `sentence`.
    """

    name: str
    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    clause: re.Pattern[str] | None
    leads: re.Pattern[str] | None
    sentence: re.Pattern[str] | None


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

    def __init__(
        self,
        rules: Iterable[SignalRules],
        cut: Callable[[str], list[str]],
        *,
        frequency: Callable[[str], float] = lambda text: 10.0 ** -len(text),
    ) -> None:
        """Watch for the rarest literals of each pattern, by `frequency`, their share of texts."""
        self.rules = {rule.code: rule for rule in rules}
        self._cut = cut
        anchored: dict[str, list[Pattern]] = {}
        for rule in self.rules.values():
            for pattern in rule.patterns:
                for anchor in min(pattern.anchor_choices, key=lambda run: sum(map(frequency, run))):
                    anchored.setdefault(anchor, []).append(pattern)
        # This kind of automaton is the fastest of the three for texts of some 60 characters.
        self._automaton = AhoCorasick(list(anchored), implementation=Implementation.ContiguousNFA)
        self._patterns_of = [tuple(patterns) for patterns in anchored.values()]

    def find(self, text: str) -> list[Match]:
        """The signals meant in a clean text, by position; overlapping ones of a code are merged.

        One pass over the text finds the anchors; patterns are tried only around theirs, so the
        time grows with the length of the text and the number of anchors in it.
        """
        hits = self._automaton.find_matches_as_indexes(text, overlapping=True)
        if not hits:
            return []
        if len(text) <= _SHORT_CHARS:
            tried = {p for anchor, _, _ in hits for p in self._patterns_of[anchor]}
            windows = [(p, 0, len(text)) for p in tried if p.expression.search(text)]
        else:
            ends: dict[Pattern, list[int]] = {}
            for anchor, _, end in hits:
                for pattern in self._patterns_of[anchor]:
                    ends.setdefault(pattern, []).append(end)
            windows = [(p, *span) for p in ends for span in _windows(ends[p], p.max_chars)]
        if not windows:
            return []
        return _merge(m for window in windows for m in self._meant(*window, text))

    def _meant(self, pattern: Pattern, low: int, high: int, text: str) -> Iterator[Match]:
        """The matches of one pattern in a window that no border, idiom or guard forbids."""
        search = pattern.expression.search
        match = search(text, low, high)
        while match:
            start, end = match.span()
            is_meant = self._is_meant(pattern, text, start, end)
            if is_meant:
                yield Match(pattern.code, start, end)
            match = search(text, end if is_meant else start + 1, high)

    def _is_meant(self, pattern: Pattern, text: str, start: int, end: int) -> bool:
        rule = self.rules[pattern.code]
        low, high = clause_of(text, start, end)
        if pattern.at_word_borders:
            borders = {low, *accumulate(map(len, self._cut(text[low:high])), initial=low)}
            if start not in borders or end not in borders:
                return False
        if rule.idioms and any(
            low + idiom.start() < end and start < low + idiom.end()
            for idiom in rule.idioms.finditer(text[low:high])
        ):
            return False
        near = text[max(0, start - _NEAR_CHARS) : end + _NEAR_CHARS]
        if pattern.needs and not pattern.needs.search(near):
            return False
        if not pattern.guarded:
            return True
        first, last = sentence_of(text, start, end)
        return not any(
            (guard.before and guard.before.search(text[low:start]))
            or (guard.after and guard.after.search(text[end:high]))
            or (guard.clause and guard.clause.search(text[low:high]))
            or (guard.leads and guard.leads.search(text[first:start]))
            or (guard.sentence and guard.sentence.search(text[first:last]))
            for guard in rule.guards
        )


def _windows(ends: list[int], reach: int) -> Iterator[tuple[int, int]]:
    """Stretches of text that hold every match around anchors with these ends."""
    low, high = max(0, ends[0] - reach), ends[0] + reach  # some more: what follows is seen
    for end in ends[1:]:
        if end - reach < high:
            high = end + reach
        else:
            yield low, high
            low, high = end - reach, end + reach
    yield low, high


_LAST_CLAUSE_MARK = re.compile(rf"(?s:.*)(?:{_CLAUSE_MARKS})")
_CLAUSE_MARK = re.compile(_CLAUSE_MARKS)
_LAST_SENTENCE_MARK = re.compile(rf"(?s:.*)(?:{_SENTENCE_MARKS})")
_SENTENCE_MARK = re.compile(_SENTENCE_MARKS)


def clause_of(text: str, start: int, end: int) -> tuple[int, int]:
    """The clause around a span, with the mark that ends it; at most 40 characters each way.

    >>> clause_of("我没说起诉,气死我了!", 3, 5)
    (0, 6)
    """
    return _stretch(text, start, end, (_LAST_CLAUSE_MARK, _CLAUSE_MARK, _CLAUSE_CHARS))


def sentence_of(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence around a span, with the mark that ends it; at most 80 characters each way.

    >>> sentence_of("好。我没说起诉,气死我了!算了", 5, 7)
    (2, 13)
    """
    return _stretch(text, start, end, (_LAST_SENTENCE_MARK, _SENTENCE_MARK, _SENTENCE_CHARS))


def _stretch(
    text: str, start: int, end: int, marks: tuple[re.Pattern[str], re.Pattern[str], int]
) -> tuple[int, int]:
    before, after, reach = marks
    low = max(0, start - reach)
    left = before.match(text, low, start)
    right = after.search(text, end, end + reach)
    return left.end() if left else low, right.end() if right else min(len(text), end + reach)


def _merge(matches: Iterable[Match]) -> list[Match]:
    merged: list[Match] = []
    for match in sorted(matches, key=lambda m: (m.code, m.start, -m.end)):
        last = merged[-1] if merged else None
        if last and last.code == match.code and match.start < last.end:
            merged[-1] = Match(last.code, last.start, max(last.end, match.end))
        else:
            merged.append(match)
    return sorted(merged, key=lambda m: (m.start, m.code))
