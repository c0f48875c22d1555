"""Surges that went on in a week, and words that rose in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service.cases.tables import Case
from service.db import Database
from service.insight.read import emerging_words, excerpts
from service.insight.tables import EmergingWord, Surge
from service.pages.names import Names
from service.weekly.harm import EXAMPLE_CHARS, Example
from service.weekly.report import News, Surged, Worded
from service.weekly.weeks import Week

MAX_SURGES, MAX_WORDS = 10, 8
_WORD_DAYS = 7
_NEAR = timedelta(days=_WORD_DAYS) / 2  # the words' seven days are mostly those of the week


def news(database: Database, week: Week, names: Names) -> News:
    """Both, the surges that go on first.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    with database.session() as session:
        surges = _surges(session, week, names)
    words = [
        one
        for one in emerging_words(database, days=_WORD_DAYS)
        if abs(one.built_at - week.span.ends_at) <= _NEAR
    ][:MAX_WORDS]
    texts = excerpts(database, [n for one in words for n in one.case_ids[:1]], EXAMPLE_CHARS)
    return News(surges, tuple(_worded(one, texts) for one in words))


def examples_of(numbers: Sequence[int], texts: Mapping[int, str]) -> tuple[Example, ...]:
    """The cases that still have a text."""
    return tuple(Example(number, texts[number]) for number in numbers if number in texts)


def _worded(word: EmergingWord, texts: Mapping[int, str]) -> Worded:
    return Worded(word, examples_of(word.case_ids[:1], texts))


def _surges(session: Session, week: Week, names: Names) -> tuple[Surged, ...]:
    statement = (
        select(Surge)
        .where(
            Surge.detected_at < week.span.ends_at,
            or_(Surge.ended_at.is_(None), Surge.ended_at >= week.span.begins_at),
        )
        .order_by(Surge.ended_at.is_not(None), Surge.seen.desc(), Surge.id)
        .limit(MAX_SURGES)
    )
    found = list(session.scalars(statement))
    numbers = [number for one in found for number in one.case_ids]
    named = select(Case.id, Case.team, Case.owner, Case.is_open).where(Case.id.in_(numbers))
    cases = {row.id: row for row in session.execute(named)}
    surged = []
    for one in found:
        own = [cases[number] for number in one.case_ids if number in cases]
        teams = Counter(row.team for row in own).most_common(1)
        team = one.code if one.kind == "team" else teams[0][0] if teams else ""
        unowned = tuple(row.id for row in own if row.is_open and row.owner is None)
        name = names.series(f"{one.kind}:{one.code}")
        surged.append(Surged(one, name, names.team(team) if team else "", unowned))
    return tuple(surged)
