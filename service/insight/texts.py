"""The cases of some days as pieces, category by category: what is grouped and counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.cases.record import hour
from service.cases.tables import Case, CaseContent
from service.insight import words
from service.insight.arrivals import UTC_OFFSET_HOURS
from service.insight.surges import DAY
from service.insight.words import Pieces

PERIOD_DAYS = 90
_READ_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Text:
    """A case as it is grouped: its day counts from 1970, in China's zone."""

    case_id: int
    day: int
    level: int | None
    team: str
    pieces: Pieces


@dataclass(frozen=True, slots=True)
class Period:
    """The first day and the last, counted from 1970 in China's zone, and the moment of the look."""

    first: int
    today: int
    now: datetime

    @classmethod
    def until(cls, now: datetime) -> Period:
        """The days up to and with today."""
        today = (hour(now) + UTC_OFFSET_HOURS) // DAY
        return cls(today - PERIOD_DAYS + 1, today, now)


def categories(session: Session, first: int) -> list[str]:
    """The categories of the cases since a day, counted from 1970."""
    statement = (
        select(Case.category)
        .where(Case.created_hour >= first * DAY - UTC_OFFSET_HOURS, Case.category.is_not(None))
        .distinct()
        .order_by(Case.category)
    )
    return [code for code in session.scalars(statement) if code]


def read(session: Session, category: str, period: Period) -> Iterator[Text]:
    """The cases of a category, the oldest first."""
    begin = period.first * DAY - UTC_OFFSET_HOURS
    statement = (
        select(Case.id, Case.created_hour, Case.level, Case.team, CaseContent.text)
        .join(CaseContent, CaseContent.case_id == Case.id)
        .where(
            Case.created_hour.between(begin, begin + PERIOD_DAYS * DAY - 1),
            Case.category == category,
        )
        .order_by(Case.created_hour, Case.id)
        .execution_options(yield_per=_READ_AT_ONCE)
    )
    once: dict[str, str] = {}  # each piece, kept once
    for rows in session.execute(statement).partitions():
        cut = [
            tuple(once.setdefault(piece, piece) for piece in pieces)
            for pieces in words.cut([row.text for row in rows])
        ]
        for row, pieces in zip(rows, cut, strict=True):
            day = min(period.today, (row.created_hour + UTC_OFFSET_HOURS) // DAY)
            yield Text(row.id, day, row.level, row.team, pieces)
