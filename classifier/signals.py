"""Risk signals: phrases of a readable lexicon, found in one pass, kept only if meant.

A phrase counts only where its writer says it as real and present: guards drop negation, reported
speech, idioms and questions, and a match inside other words. `resources/signals.toml` says how
patterns are written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import accumulate, chain
from typing import NamedTuple

import numpy as np

from classifier.clauses import Parts
from classifier.kernels import Codes, Ints
from classifier.lookup import Phrasebook
from classifier.programs import Program, matcher
from classifier.tokens import CutBatch

_LATEST = 8
_NEAR_CHARS = 60


@dataclass(frozen=True, eq=False)
class Pattern:
    """One phrase pattern of a signal, and sets of literals of which one must stand in any match.

    `max_chars` is the length of the longest match; `needs` must be found near the match. Two
    patterns are equal only if identical: they are dictionary keys in the innermost loop.
    """

    code: str
    source: str
    program: Program
    anchor_choices: tuple[tuple[str, ...], ...]
    max_chars: int
    at_word_borders: bool = True
    guarded: bool = True
    needs: re.Pattern[str] | None = None


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


_match = partial(tuple.__new__, Match)  # half the time of the class


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
        patterns_of: dict[str, list[int]] = {}
        for number, pattern in enumerate(self._patterns):
            for anchor in dict.fromkeys(_rarest(pattern.anchor_choices, frequency)):
                patterns_of.setdefault(anchor, []).append(number)
        self.anchors = list(patterns_of)
        watching = list(chain.from_iterable(patterns_of.values()))
        self.matcher = matcher(
            [pattern.program for pattern in self._patterns],
            (
                np.cumsum([0, *map(len, patterns_of.values())], dtype=np.int32),
                np.array(watching or [0], np.int32),
                np.array([pattern.max_chars for pattern in self._patterns] or [0], np.int32),
            ),
        )

    @cached_property
    def _phrasebook(self) -> Phrasebook:
        return Phrasebook([self.anchors])

    def find(self, batch: CutBatch) -> list[list[Match]]:
        """The signals meant in each clean text, by position in the text; those of a code merged.

        One pass over the batch finds the anchors. A pattern is tried only around those of its
        rarest choice, so the time grows with the length of the texts and the anchors in them.
        """
        (anchors,) = self._phrasebook.find(batch.codes)
        stretches = self.matcher.find(batch.codes, anchors)
        parts = Parts.of(batch.codes, batch.piece_ends)
        return self.meant(batch.texts, batch.codes, stretches, parts)

    def meant(
        self, texts: Sequence[str], codes: Codes, stretches: Ints, parts: Parts
    ) -> list[list[Match]]:
        """As `find`, where the stretches in which patterns match have been found already."""
        found: list[list[Match]] = [[] for _ in texts]
        contexts: dict[int, list[int]] = {}
        tries = []
        for stretch in stretches.tolist():
            if stretch[0] < self._n_phrases:
                tries.append(stretch)
            else:
                contexts.setdefault(stretch[3], []).append(stretch[0])
        if not tries:
            return found
        origins = [0, *accumulate(len(text) + 1 for text in texts)]
        for number, low, high, row in tries:
            place = _Place(parts, codes, texts[row], origins[row], contexts.get(row, ()))
            self._add_meant(number, place, (low, high), found[row])
        return [_merge(matches) if len(matches) > 1 else matches for matches in found]

    def _add_meant(
        self, number: int, place: _Place, stretch: tuple[int, int], found: list[Match]
    ) -> None:
        """The matches of a pattern in a stretch that no border, idiom or guard forbids."""
        low, high = stretch
        pattern, codes, origin = self._patterns[number], place.codes, place.origin
        search, code = self.matcher.search, pattern.code
        span = search(codes, number, low, high)
        while span and found and _is_within(span[0] - origin, span[1] - origin, code, found):
            span = search(codes, number, span[1], high)
        while span:
            start, end = span
            if end == high and end < origin + len(place.text):
                break  # what follows is not seen here; there are no anchors for it
            if self._is_meant(pattern, place, start, end):
                found.append(_match((code, start - origin, end - origin)))
                start = end - 1
            span = search(codes, number, start + 1, high)

    def _is_meant(self, pattern: Pattern, place: _Place, first: int, last: int) -> bool:
        """Whether nothing takes the meaning away of a span of the batch."""
        parts, _, text, origin, contexts = place
        if pattern.at_word_borders and not parts.is_of_words(first, last):
            return False
        rule, start, end = self.rules[pattern.code], first - origin, last - origin
        before, after = parts.clause_before[first], parts.clause_after[last]
        if contexts and self._touches_idiom(
            rule, place, (first, last), (first - before, last + after)
        ):
            return False
        if pattern.needs:
            near = text[max(0, start - _NEAR_CHARS) : end + _NEAR_CHARS]
            if not pattern.needs.search(near):
                return False
        if not pattern.guarded:
            return True
        guard, led = rule.guard, parts.sentence_before[first]
        return not (
            (guard.before and guard.before.search(text[start - before : start]))
            or (guard.after and guard.after.search(text[end : end + after]))
            or (guard.clause and guard.clause.search(text[start - before : end + after]))
            or (guard.leads and guard.leads.search(text[start - led : start]))
            or (contexts and self._is_settled(rule, place, first, last))
        )

    def _touches_idiom(
        self, rule: SignalRules, place: _Place, span: tuple[int, int], clause: tuple[int, int]
    ) -> bool:
        for number in place.contexts:
            if self._patterns[number] in rule.idioms:
                low, high = clause
                while found := self.matcher.search(place.codes, number, low, high):
                    if found[0] < span[1] and span[0] < found[1]:
                        return True
                    low = found[1]
        return False

    def _is_settled(self, rule: SignalRules, place: _Place, first: int, last: int) -> bool:
        low = first - place.parts.sentence_before[first]
        high = last + place.parts.sentence_after[last]
        return any(
            self._patterns[number] in rule.settled_by
            and self.matcher.search(place.codes, number, low, high)
            for number in place.contexts
        )


def _rarest(
    choices: Iterable[tuple[str, ...]], frequency: Callable[[str], float]
) -> tuple[str, ...]:
    """The choice of which the least is found in texts, the first of several."""
    rarest: tuple[str, ...] = ()
    least = math.inf
    for choice in choices:
        total = 0.0
        for literal in choice:
            total += frequency(literal)
            if total >= least:  # most choices are left early: half of the time
                break
        else:
            rarest, least = choice, total
    return rarest


class _Place(NamedTuple):
    """A text of a batch, and the idioms and settling patterns whose anchors it holds."""

    parts: Parts
    codes: Codes  # of the batch
    text: str
    origin: int  # where the text begins in the batch
    contexts: Sequence[int]


def _is_within(start: int, end: int, code: str, found: list[Match]) -> bool:
    """Whether the span has been found already as a part of one of the same signal."""
    for known, known_start, known_end in found[-_LATEST:]:  # those before stand elsewhere
        if known == code and known_start <= start and end <= known_end:
            return True
    return False


def _merge(matches: Iterable[Match]) -> list[Match]:
    merged: list[Match] = []
    for match in sorted(matches, key=lambda m: (m.code, m.start, -m.end)):
        last = merged[-1] if merged else None
        if last and last.code == match.code and match.start < last.end:
            merged[-1] = Match(last.code, last.start, max(last.end, match.end))
        else:
            merged.append(match)
    return sorted(merged, key=lambda m: (m.start, m.code))
