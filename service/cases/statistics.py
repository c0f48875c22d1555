"""Numbers on cases and verdicts over some days: kept sums, and passes over small indexes.

Days are those of the viewer's zone, given as an offset from UTC in hours.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from classifier.prediction import Priority
from service.cases.record import hour
from service.cases.states import State, VerdictKind
from service.cases.tables import Case, Verdict
from service.cases.times import LATE, RESOLUTION, RESPONSE, sums
from service.cases.volumes import by_day
from service.db import Database

MAX_DAYS = 366
# Upper ends of the columns of the two time charts; what takes longer is in the last, open one.
BUCKET_SECONDS = (900, 3600, 7200, 14_400, 28_800, 86_400, 259_200, 604_800)
TREND_DAYS = 7
_EPOCH = date(1970, 1, 1)


@dataclass(slots=True)
class Times:
    """How long something took: how often it happened, seconds in all, by bucket, and the middle.

    `median_seconds` is rounded up to a minute, 10 minutes, an hour or a day; None without any.
    """

    number: int = 0
    seconds: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKET_SECONDS) + 1))
    median_seconds: int | None = None

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
class Trend:
    """Cases of one category in the last seven whole days, and in the seven before them."""

    category: str | None
    cases: int
    before: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """The numbers of some days; day by day in order, days without cases included."""

    days: tuple[date, ...]
    by_level: dict[int | None, list[int]]
    by_category: dict[str | None, list[int]]
    trends: tuple[Trend, ...]  # of each category, whatever the period
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
    earliest = min(since, (last - 2 * TREND_DAYS) * 24 - utc_offset_hours)
    begin = datetime.fromtimestamp(since * 3600, UTC)
    with database.session() as session:
        volumes = _Volumes(by_day(session, earliest, utc_offset_hours))
        found = sums(session, since)
        waiting = _waiting(session, begin, now)
        overrides = _overrides(session, begin)
        seconds, agreements = _agreement(session, begin)
    by_level = {int(code) if code else None: n for code, n in volumes.rows("level", first, last)}
    by_category = {code or None: row for code, row in volumes.rows("category", first, last)}
    return Statistics(
        days=tuple(_EPOCH + timedelta(days=first + place) for place in range(days)),
        by_level=by_level,
        by_category=by_category,
        trends=volumes.trends(last),
        cases=sum(sum(row) for row in by_level.values()),
        overdue=waiting + sum(number for kind, _, number, _ in found if kind == LATE),
        response=_times(found, RESPONSE),
        resolution=_times(found, RESOLUTION),
        overrides=overrides,
        second_reviews=seconds,
        agreements=agreements,
    )


class _Volumes:
    """Kept sums by label and day."""

    def __init__(self, found: Iterable[tuple[int, str, int]]) -> None:
        self._numbers: dict[str, Counter[int]] = defaultdict(Counter)
        for day, label, number in found:
            self._numbers[label][day] += number

    def rows(self, kind: str, first: int, last: int) -> Iterator[tuple[str, list[int]]]:
        """Each code of a kind with its cases day by day, unless there are none."""
        for label, by_day_ in self._numbers.items():
            found, _, code = label.partition(":")
            # A clock that is ahead makes cases of tomorrow: they are not counted.
            row = [by_day_[day] for day in range(first, last + 1)]
            if found == kind and any(row):
                yield code, row

    def trends(self, today: int) -> tuple[Trend, ...]:
        """How each category moves; today is not over yet and does not count."""
        middle, start = today - TREND_DAYS, today - 2 * TREND_DAYS
        now = dict(self.rows("category", middle, today - 1))
        before = dict(self.rows("category", start, middle - 1))
        return tuple(
            Trend(code or None, sum(now.get(code, ())), sum(before.get(code, ())))
            for code in sorted({*now, *before})
        )


def _waiting(session: Session, begin: datetime, now: datetime) -> int:
    """Open cases whose clock has run out without a first response."""
    statement = select(func.count()).where(
        Case.is_open.is_(True),
        Case.priority.in_(list(Priority)),  # all of them: the index leads by it to `due_at`
        Case.due_at < now,
        Case.first_response_at.is_(None),
        Case.waiting_since.is_(None),
        Case.state <= State.CLAIMED,
        Case.created_at >= begin,
    )
    return session.scalar(statement) or 0


def _times(found: list[tuple[str, int, int, int]], wanted: str) -> Times:
    """Times of one kind, of (kind, rounded seconds, number, seconds in all)."""
    numbers: Counter[int] = Counter()
    times = Times()
    for kind, up_to, number, total in found:
        if kind == wanted:
            numbers[up_to] += number
            times.buckets[bisect_left(BUCKET_SECONDS, up_to)] += number
            times.number += number
            times.seconds += total
    passed = 0
    for up_to, number in sorted(numbers.items()):
        passed += number
        if times.median_seconds is None and number and 2 * passed >= times.number:
            times.median_seconds = up_to
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
