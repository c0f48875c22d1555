"""Numbers on cases and verdicts over some days: kept sums, and passes over one index.

Days are those of the viewer's zone, given as an offset from UTC in hours.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import BigInteger, and_, case, cast, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.cases.record import hour
from service.cases.states import State, VerdictKind
from service.cases.tables import Case, Verdict
from service.cases.volumes import by_day
from service.db import Database

MAX_DAYS = 366
# Upper ends of the columns of the two time charts; what takes longer is in the last, open one.
BUCKET_SECONDS = (900, 3600, 7200, 14_400, 28_800, 86_400, 259_200, 604_800)
_EPOCH = date(1970, 1, 1)


@dataclass(slots=True)
class Times:
    """How long something took: how often it happened, seconds in all, and by bucket."""

    number: int = 0
    seconds: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKET_SECONDS) + 1))

    @property
    def mean_seconds(self) -> float | None:
        """The mean; None when it never happened."""
        return self.seconds / self.number if self.number else None


@dataclass(frozen=True, slots=True)
class Override:
    """Of the first reviews of one predicted category, how many said another category."""

    category: str | None
    reviewed: int
    overridden: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """The numbers of some days; day by day in order, days without cases included."""

    days: tuple[date, ...]
    by_level: dict[int | None, list[int]]
    by_category: dict[str | None, list[int]]
    cases: int
    overdue: int
    response: Times
    resolution: Times
    overrides: tuple[Override, ...]
    second_reviews: int
    agreements: int

    @property
    def overdue_share(self) -> float | None:
        """Cases whose first response came late, or is late already; None without cases."""
        return self.overdue / self.cases if self.cases else None

    @property
    def agreement(self) -> float | None:
        """Second reviews that agreed with the first; None when there were none."""
        return self.agreements / self.second_reviews if self.second_reviews else None


def statistics(
    database: Database, *, now: datetime, days: int = 30, utc_offset_hours: int = 8
) -> Statistics:
    """The numbers of the last days, today included.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    last = (hour(now) + utc_offset_hours) // 24
    first = last - days + 1
    since = first * 24 - utc_offset_hours
    with database.session() as session:
        volumes = by_day(session, since, utc_offset_hours)
        cases, overdue = _overdue(session, since, now)
        response = _times(session, Case.response_seconds, since)
        resolution = _times(session, Case.resolution_seconds, since)
        begin = datetime.fromtimestamp(since * 3600, UTC)
        overrides = _overrides(session, begin)
        seconds, agreements = _agreement(session, begin)
    by_level: dict[int | None, list[int]] = defaultdict(lambda: [0] * days)
    by_category: dict[str | None, list[int]] = defaultdict(lambda: [0] * days)
    for day, label, number in volumes:
        kind, _, code = label.partition(":")
        if number and 0 <= day - first < days:  # a clock that is ahead makes cases of tomorrow
            row = (
                by_level[int(code) if code else None]
                if kind == "level"
                else by_category[code or None]
            )
            row[day - first] += number
    return Statistics(
        days=tuple(_EPOCH + timedelta(days=first + place) for place in range(days)),
        by_level=dict(by_level),
        by_category=dict(by_category),
        cases=cases,
        overdue=overdue,
        response=response,
        resolution=resolution,
        overrides=overrides,
        second_reviews=seconds,
        agreements=agreements,
    )


def _overdue(session: Session, since: int, now: datetime) -> tuple[int, int]:
    late = or_(
        Case.first_response_at > Case.due_at,
        and_(
            Case.first_response_at.is_(None),
            Case.due_at < now,
            Case.state <= State.CLAIMED,
        ),
    )
    statement = select(func.count(), func.sum(case((late, 1), else_=0))).where(
        Case.created_hour >= since
    )
    cases, overdue = session.execute(statement).one()
    return cases, int(overdue or 0)


def _times(session: Session, column: InstrumentedAttribute[int | None], since: int) -> Times:
    bucket = case(
        *((column <= end, place) for place, end in enumerate(BUCKET_SECONDS)),
        else_=len(BUCKET_SECONDS),
    )
    statement = (
        select(bucket, func.count(), func.sum(cast(column, BigInteger)))
        .where(Case.created_hour >= since, column.is_not(None))
        .group_by(bucket)
    )
    times = Times()
    for place, number, seconds in session.execute(statement):
        times.buckets[place] = number
        times.number += number
        times.seconds += int(seconds)
    return times


def _overrides(session: Session, begin: datetime) -> tuple[Override, ...]:
    other = case((Verdict.category.is_distinct_from(Verdict.predicted_category), 1), else_=0)
    statement = (
        select(Verdict.predicted_category, func.count(), func.sum(other))
        .where(Verdict.at >= begin, Verdict.kind == VerdictKind.REVIEW)
        .group_by(Verdict.predicted_category)
    )
    found = [Override(code, number, int(over)) for code, number, over in session.execute(statement)]
    return tuple(sorted(found, key=lambda one: (-one.reviewed, one.category or "")))


def _agreement(session: Session, begin: datetime) -> tuple[int, int]:
    agreed = func.sum(case((Verdict.agrees.is_(True), 1), else_=0))
    statement = select(func.count(), agreed).where(
        Verdict.at >= begin, Verdict.kind == VerdictKind.SECOND_REVIEW
    )
    number, agreements = session.execute(statement).one()
    return number, int(agreements or 0)
