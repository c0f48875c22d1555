"""Risk signals: phrases of a readable lexicon, found in one pass, kept only if meant.

A phrase counts only where its writer says it as real and present: guards drop negation, reported
speech, idioms and questions, and a match inside other words. `resources/signals.toml` says how
patterns are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from classifier.clauses import CLAUSE_CHARS, SENTENCE_CHARS, Ends, part_around
from classifier.kernels import Ints, phrases
from classifier.kernels.phrases import Lists
from classifier.lookup import Phrasebook
from classifier.tokens import CutBatch

_LATEST = 8
_NEAR_CHARS = 60
# A pattern is tried where literals of so many of its parts stand: two thirds fewer tries than for
# the rarest alone. Parts with more literals than this are too common to tell anything.
_MAX_GROUPS, _MAX_FURTHER_ANCHORS = 3, 300


@dataclass(frozen=True, eq=False)
class Pattern:
    """One phrase pattern of a signal, and sets of literals of which one must stand in any match.

    `max_chars` is the length of the longest match; `needs` must be found near the match. Two
    patterns are equal only if identical: they are dictionary keys in the innermost loop.
    """

    code: str
    source: str
    regular: str  # the same as a regular expression
    anchor_choices: tuple[tuple[str, ...], ...]
    max_chars: int
    at_word_borders: bool = True
    guarded: bool = True
    needs: re.Pattern[str] | None = None

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """Compiled when first tried: most patterns of a process never are."""
        return re.compile(self.regular)


@dataclass(frozen=True, slots=True)
class Guard:
    """A context that takes the meaning away.

    `before` and `after` the match in its clause, the whole `clause`, or what `leads` to the match
    in its sentence.
    """

    before: re.Pattern[str] | None = None
    after: re.Pattern[str] | None = None
    clause: re.Pattern[str] | None = None
    leads: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class SignalRules:
    """All that the lexicon says of one signal.

    A match that touches one of the `idioms`, or whose sentence holds one of `settled_by`, or for
    which the `guard` holds, is not meant.
    """

    code: str
    name: str
    patterns: tuple[Pattern, ...]
    guard: Guard
    idioms: frozenset[Pattern]
    settled_by: frozenset[Pattern]


class Match(NamedTuple):
    """Where a signal stands in the clean text."""

    code: str
    start: int
    end: int


class SignalFinder:
    """Finds the signals of clean texts; made once, safe between threads."""

    def __init__(
        self,
        rules: Iterable[SignalRules],
        *,
        frequency: Callable[[str], float] = lambda text: 10.0 ** -len(text),
    ) -> None:
        """Watch for the rarest literals of each pattern, by `frequency`, their share of texts."""
        frequency = cache(frequency)
        self.rules = {rule.code: rule for rule in rules}
        phrases = [p for rule in self.rules.values() for p in rule.patterns]
        contexts = {c for rule in self.rules.values() for c in (*rule.idioms, *rule.settled_by)}
        self._n_phrases = len(phrases)
        self._patterns: list[Pattern] = [*phrases, *sorted(contexts, key=lambda p: p.source)]
        numbers: dict[tuple[str, ...], int] = {}  # of the distinct groups
        needs: list[list[int]] = []
        groups_of: dict[str, set[int]] = {}
        patterns_of: dict[str, set[int]] = {}
        for number, pattern in enumerate(self._patterns):
            chosen = _chosen_groups(pattern, frequency)
            needs.append([numbers.setdefault(group, len(numbers)) for group in chosen])
            for anchor in chosen[0]:
                patterns_of.setdefault(anchor, set()).add(number)
        for group, number in numbers.items():
            for anchor in group:
                groups_of.setdefault(anchor, set()).add(number)
        self.anchors = list(groups_of)
        self._lists = (
            _lists(groups_of.values()),
            _lists(patterns_of.get(anchor, ()) for anchor in groups_of),
            _lists(needs),
        )
        self._reaches = np.array([pattern.max_chars for pattern in self._patterns], np.int32)

    @cached_property
    def _phrasebook(self) -> Phrasebook:
        return Phrasebook([self.anchors])

    def find(self, batch: CutBatch, anchors: Ints | None = None) -> list[list[Match]]:
        """The signals meant in each clean text, by position in the text; those of a code merged.

        `anchors` are the occurrences of `self.anchors`, if somebody has found them already.

        One pass over the batch finds the anchors. A pattern is tried only in windows that hold all
        of its anchors, so the time grows with the length of the texts and the anchors in them.
        """
        if anchors is None:
            (anchors,) = self._phrasebook.find(batch.codes)
        candidates = phrases.find_candidates(anchors, *self._lists, self._reaches)
        found: list[list[Match]] = [[] for _ in batch.texts]
        if not len(candidates):
            return found
        texts, patterns = batch.texts, self._patterns
        starts = [0, *accumulate(len(text) + 1 for text in texts)]
        stretches = candidates.tolist()
        ends = Ends(batch.codes, batch.piece_ends)
        contexts: dict[int, list[Pattern]] = {}
        for row, number, _, _ in stretches:
            if number >= self._n_phrases:
                contexts.setdefault(row, []).append(patterns[number])
        for row, number, low, high in stretches:
            if number >= self._n_phrases:
                continue
            text, origin = texts[row], starts[row]
            last = min(len(text), high - origin)
            pattern = patterns[number]
            match = pattern.expression.search(text, max(0, low - origin), last)
            while match and _is_within(match, pattern.code, found[row]):
                match = pattern.expression.search(text, match.end(), last)
            if match:
                place = _Place(ends, text, origin, contexts.get(row, ()))
                found[row] += self._meant(pattern, place, match, last)
        return [_merge(matches) if len(matches) > 1 else matches for matches in found]

    def _meant(
        self, pattern: Pattern, place: _Place, match: re.Match[str] | None, high: int
    ) -> Iterator[Match]:
        """The matches of a pattern up to `high` that no border, idiom or guard forbids."""
        while match:
            start, end = match.span()
            if end == high < len(place.text):
                break  # what follows is not seen here; there are no anchors for it
            is_meant = self._is_meant(pattern, place, start, end)
            if is_meant:
                yield Match(pattern.code, start, end)
            match = pattern.expression.search(place.text, end if is_meant else start + 1, high)

    def _is_meant(self, pattern: Pattern, place: _Place, start: int, end: int) -> bool:
        rule = self.rules[pattern.code]
        text = place.text
        if pattern.at_word_borders and not place.is_at_borders(start, end):
            return False
        low, high = place.part(start, end, CLAUSE_CHARS, place.ends.clauses)
        if place.contexts and any(
            idiom.start() < end and start < idiom.end()
            for context in place.contexts
            if context in rule.idioms
            for idiom in context.expression.finditer(text, low, high)
        ):
            return False
        near = text[max(0, start - _NEAR_CHARS) : end + _NEAR_CHARS] if pattern.needs else ""
        if pattern.needs and not pattern.needs.search(near):
            return False
        return not pattern.guarded or not self._is_guarded(rule, place, (start, end), (low, high))

    def _is_guarded(
        self, rule: SignalRules, place: _Place, span: tuple[int, int], clause: tuple[int, int]
    ) -> bool:
        """Whether the context takes the meaning away."""
        text = place.text
        (start, end), (low, high) = span, clause
        guard = rule.guard
        if (
            (guard.before and guard.before.search(text[low:start]))
            or (guard.after and guard.after.search(text[end:high]))
            or (guard.clause and guard.clause.search(text[low:high]))
        ):
            return True
        settled_by = [p for p in place.contexts if p in rule.settled_by]
        if not (guard.leads or settled_by):
            return False
        first, last = place.part(start, end, SENTENCE_CHARS, place.ends.sentences)
        return bool(
            (guard.leads and guard.leads.search(text[first:start]))
            or any(p.expression.search(text, first, last) for p in settled_by)
        )


class _Place(NamedTuple):
    """A text of a batch, and the idioms and settling patterns whose anchors it holds."""

    ends: Ends
    text: str
    origin: int  # where the text begins in the batch
    contexts: Sequence[Pattern]

    def part(self, start: int, end: int, reach: int, ends: bytes) -> tuple[int, int]:
        """The clause or sentence around a span, in characters of the text."""
        origin = self.origin
        low, high = part_around(ends, origin + start, origin + end, reach)
        return max(low - origin, 0), min(high - origin, len(self.text))

    def is_at_borders(self, start: int, end: int) -> bool:
        """Whether the span begins and ends where words do."""
        pieces, origin = self.ends.pieces, self.origin
        return bool(pieces[origin + end - 1] and (not start or pieces[origin + start - 1]))


def _lists(members: Iterable[Iterable[int]]) -> Lists:
    """Lists of numbers as the compiled loops want them: first places, and all members."""
    sorted_members = [sorted(numbers) for numbers in members]
    firsts = np.cumsum([0, *map(len, sorted_members)], dtype=np.int64)
    return firsts, np.array([n for numbers in sorted_members for n in numbers], np.int32)


def _chosen_groups(pattern: Pattern, frequency: Callable[[str], float]) -> list[tuple[str, ...]]:
    """The rarest sets of literals of which one must stand in a match, none implied by another."""
    chosen: list[tuple[str, ...]] = []
    for group in sorted(pattern.anchor_choices, key=lambda group: sum(map(frequency, group))):
        if not chosen or (
            len(group) <= _MAX_FURTHER_ANCHORS
            and not any(_implies(other, group) or _implies(group, other) for other in chosen)
        ):
            chosen.append(group)
            if len(chosen) == _MAX_GROUPS:
                break
    return chosen


def _implies(group: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether wherever a literal of the group stands, one of the other's stands too."""
    for literal in group:  # plain loops: a third of the time of any() within all()
        for part in other:
            if part in literal:
                break
        else:
            return False
    return True


def _is_within(match: re.Match[str], code: str, found: list[Match]) -> bool:
    """Whether the span has been found already as a part of one of the same signal."""
    start, end = match.span()
    latest = found[-_LATEST:]  # those before stand elsewhere
    return any(m.code == code and m.start <= start and end <= m.end for m in latest)


def _merge(matches: Iterable[Match]) -> list[Match]:
    merged: list[Match] = []
    for match in sorted(matches, key=lambda m: (m.code, m.start, -m.end)):
        last = merged[-1] if merged else None
        if last and last.code == match.code and match.start < last.end:
            merged[-1] = Match(last.code, last.start, max(last.end, match.end))
        else:
            merged.append(match)
    return sorted(merged, key=lambda m: (m.start, m.code))
