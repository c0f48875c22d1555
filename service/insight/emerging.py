"""Words that rose within a category, and in all of them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from service.insight import words
from service.insight.tables import EmergingWord
from service.insight.texts import Text
from service.insight.words import Pieces

_COMPOUND_DAYS = 30
_MAX_EXAMPLES = 5


@dataclass(slots=True)
class Sums:
    """Words of some cases: in how many now and before, and examples."""

    now: Counter[str] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    now_of: int = 0
    before_of: int = 0
    examples: dict[str, list[int]] = field(default_factory=dict)


def compounds_of(texts: Iterable[Text], today: int) -> frozenset[str]:
    """The compounds of all categories: a new product's complaints stand in several."""
    late = [text.pieces for text in texts if text.day > today - _COMPOUND_DAYS]
    return frozenset(one.word for one in words.compounds(late, words.is_known))


def terms_of(pieces: Pieces, compounds: frozenset[str]) -> set[str]:
    """The words of a text that are counted, its compounds among them."""
    return {*words.compounds_in(pieces, compounds), *filter(words.is_term, pieces)}


def count(texts: Iterable[tuple[Text, set[str]]], until: int) -> Sums:
    """Counts up to a day and after it, and the latest cases of each word after it."""
    found = Sums()
    for text, own in texts:
        if text.day <= until:
            found.before.update(own)
            found.before_of += 1
            continue
        found.now.update(own)
        found.now_of += 1
        for word in own:
            found.examples.setdefault(word, []).append(text.case_id)
            del found.examples[word][:-_MAX_EXAMPLES]
    return found


def add(sums: Sums, own: Sums) -> None:
    """Adds the counts of a category to those of all."""
    sums.now.update(own.now)
    sums.before.update(own.before)
    sums.now_of += own.now_of
    sums.before_of += own.before_of
    for word, numbers in own.examples.items():
        sums.examples[word] = sorted([*sums.examples.get(word, ()), *numbers])[-_MAX_EXAMPLES:]


def emerging(
    sums: Sums, compounds: frozenset[str], days: int, category: str, now: datetime
) -> list[EmergingWord]:
    """The words that rose; none without a past to compare with."""
    if not sums.before_of:
        return []
    return [
        EmergingWord(
            days=days,
            category=category,
            word=one.word[:64],
            is_compound=one.word in compounds,
            now=one.now,
            before=one.before,
            now_of=sums.now_of,
            before_of=sums.before_of,
            z=one.z,
            case_ids=sums.examples[one.word][::-1],
            built_at=now,
        )
        for one in words.rising(sums.now, sums.before)
    ]
