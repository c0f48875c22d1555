"""Risk signals: phrases of a readable lexicon, found in one pass, kept only if meant.

A phrase counts only where its writer says it as real and present: guards drop negation, reported
speech, idioms and questions, and a match inside other words. `resources/signals.toml` says how
patterns are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from classifier.clauses import Parts
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

    @property
    def watch(self) -> tuple[Lists, Lists, Lists, Ints]:
        """What the compiled loops want of it."""
        return *self._lists, self._reaches

    def find(self, batch: CutBatch) -> list[list[Match]]:
        """The signals meant in each clean text, by position in the text; those of a code merged.

        One pass over the batch finds the anchors. A pattern is tried only in windows that hold all
        of its anchors, so the time grows with the length of the texts and the anchors in them.
        """
        (anchors,) = self._phrasebook.find(batch.codes)
        candidates = phrases.find_candidates(anchors, *self.watch)
        return self.meant(batch.texts, candidates, Parts.of(batch.codes, batch.piece_ends))

    def meant(self, texts: Sequence[str], candidates: Ints, parts: Parts) -> list[list[Match]]:
        """As `find`, where the candidates have been found already."""
        found: list[list[Match]] = [[] for _ in texts]
        if not len(candidates):
            return found
        patterns = self._patterns
        contexts: dict[int, list[Pattern]] = {}
        tries = []
        for stretch in candidates.tolist():
            if stretch[0] < self._n_phrases:
                tries.append(stretch)
            else:
                contexts.setdefault(stretch[3], []).append(patterns[stretch[0]])
        starts = [0, *accumulate(len(text) + 1 for text in texts)]
        for number, low, high, row in tries:
            text, origin, pattern, matches = texts[row], starts[row], patterns[number], found[row]
            last = min(len(text), high - origin)
            search = pattern.expression.search
            match = search(text, max(0, low - origin), last)
            while match and matches and _is_within(match, pattern.code, matches):
                match = search(text, match.end(), last)
            if match:
                place = _Place(parts, text, origin, contexts.get(row, ()))
                matches += self._meant(pattern, place, match, last)
        return [_merge(matches) if len(matches) > 1 else matches for matches in found]

    def _meant(
        self, pattern: Pattern, place: _Place, match: re.Match[str] | None, high: int
    ) -> list[Match]:
        """The matches of a pattern up to `high` that no border, idiom or guard forbids."""
        meant = []
        while match:
            start, end = match.span()
            if end == high < len(place.text):
                break  # what follows is not seen here; there are no anchors for it
            is_meant = self._is_meant(pattern, place, start, end)
            if is_meant:
                meant.append(Match(pattern.code, start, end))
            match = pattern.expression.search(place.text, end if is_meant else start + 1, high)
        return meant

    def _is_meant(self, pattern: Pattern, place: _Place, start: int, end: int) -> bool:
        parts, text, origin, contexts = place
        first, last = origin + start, origin + end
        if pattern.at_word_borders and not parts.is_of_words(first, last):
            return False
        rule = self.rules[pattern.code]
        low, high = start - parts.clause_before[first], end + parts.clause_after[last]
        if contexts and any(
            idiom.start() < end and start < idiom.end()
            for context in contexts
            if context in rule.idioms
            for idiom in context.expression.finditer(text, low, high)
        ):
            return False
        near = text[max(0, start - _NEAR_CHARS) : end + _NEAR_CHARS] if pattern.needs else ""
        if pattern.needs and not pattern.needs.search(near):
            return False
        return not pattern.guarded or not _is_guarded(rule, place, (start, end), (low, high))


def _is_guarded(
    rule: SignalRules, place: _Place, span: tuple[int, int], clause: tuple[int, int]
) -> bool:
    """Whether the context takes the meaning away."""
    text, guard = place.text, rule.guard
    (start, end), (low, high) = span, clause
    if (
        (guard.before and guard.before.search(text[low:start]))
        or (guard.after and guard.after.search(text[end:high]))
        or (guard.clause and guard.clause.search(text[low:high]))
    ):
        return True
    settled_by = place.contexts and [p for p in place.contexts if p in rule.settled_by]
    if not (guard.leads or settled_by):
        return False
    parts, origin = place.parts, place.origin
    first = start - parts.sentence_before[origin + start]
    last = end + parts.sentence_after[origin + end]
    if guard.leads and guard.leads.search(text[first:start]):
        return True
    return any(p.expression.search(text, first, last) for p in settled_by)


class _Place(NamedTuple):
    """A text of a batch, and the idioms and settling patterns whose anchors it holds."""

    parts: Parts
    text: str
    origin: int  # where the text begins in the batch
    contexts: Sequence[Pattern]


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
