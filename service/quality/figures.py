"""Figures of service by team, channel and week, counted from the cases of some weeks.

Everything is told by when the case came in. One pass over the cases makes a cell for each team,
channel and week; each view is a sum of cells.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.cases.conditions import was_late
from service.cases.record import hour
from service.cases.states import State
from service.cases.tables import Case, CaseVolume, Contact
from service.db import Database, in_parts
from service.quality.ratings import DETRACTOR_NPS, PROMOTER_NPS
from service.quality.servqual import packaged_servqual
from service.quality.tables import Rating
from service.tables import AuditEntry

MAX_WEEKS, WEEKS = 53, 12
_WEEK_HOURS, _MONDAY = 168, 72  # 1970 began on a Thursday, three days after a Monday
_EPOCH = date(1969, 12, 29)  # that Monday
Key = TypeVar("Key", str, str | None)
Place = tuple[InstrumentedAttribute[str], InstrumentedAttribute[str | None], ColumnElement[int]]


class Hours(NamedTuple):
    """The first hour since 1970 and the last."""

    first: int
    last: int


class Cell(NamedTuple):
    """Where a case is counted."""

    team: str
    channel: str | None
    week: int


@dataclass(slots=True)
class Figures:
    """Sums over some cases; each share and mean is None where there is nothing to divide by."""

    cases: int = 0
    responded: int = 0
    response_seconds: int = 0
    closed: int = 0
    resolved: int = 0
    resolution_seconds: int = 0  # of the resolved ones
    overdue: int = 0
    known: int = 0  # resolved, of customers who are known
    first_contact: int = 0  # of these: neither opened again, nor did the customer write again
    reopened: int = 0
    csat_answers: int = 0
    csat_sum: int = 0
    nps_answers: int = 0
    promoters: int = 0
    detractors: int = 0

    def add(self, other: Figures) -> None:
        """Adds other cases."""
        for one in fields(Figures):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    @property
    def first_response_seconds(self) -> float | None:
        """The mean time to the first response."""
        return _share(self.response_seconds, self.responded)

    @property
    def mean_resolution_seconds(self) -> float | None:
        """The mean time from coming in to being resolved."""
        return _share(self.resolution_seconds, self.resolved)

    @property
    def overdue_share(self) -> float | None:
        """Answered late, or late already."""
        return _share(self.overdue, self.cases)

    @property
    def first_contact_share(self) -> float | None:
        """Resolved at the first contact."""
        return _share(self.first_contact, self.known)

    @property
    def reopened_share(self) -> float | None:
        """Opened again, of those that were closed once."""
        return _share(self.reopened, self.closed)

    @property
    def csat(self) -> float | None:
        """The mean of the answers from 1 to 5."""
        return _share(self.csat_sum, self.csat_answers)

    @property
    def nps(self) -> float | None:
        """Promoters less detractors in percent, -100 to 100."""
        return _share(100 * (self.promoters - self.detractors), self.nps_answers)


@dataclass(frozen=True, slots=True)
class Quality:
    """The figures of some weeks, the week that runs now included."""

    weeks: tuple[date, ...]  # their Mondays
    whole: Figures
    by_team: dict[str, Figures]
    by_channel: dict[str | None, Figures]
    by_week: dict[date, Figures]
    dimensions: dict[str | None, int]  # cases by SERVQUAL dimension; None is not listed


def quality(
    database: Database, *, now: datetime, weeks: int = WEEKS, utc_offset_hours: int = 8
) -> Quality:
    """The figures of the last weeks, which begin on Monday.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    last = (hour(now) + utc_offset_hours + _MONDAY) // _WEEK_HOURS
    first = last - weeks + 1
    since = first * _WEEK_HOURS - _MONDAY - utc_offset_hours
    # A clock that is ahead makes cases of next week: they are not counted.
    hours = Hours(since, since + weeks * _WEEK_HOURS - 1)
    with database.session() as session:
        cells = _cells(session, hours, utc_offset_hours, now)
        dimensions = _dimensions(session, hours)
    mondays = {week: _EPOCH + timedelta(weeks=week) for week in range(first, last + 1)}
    by_week = {monday: Figures() for monday in mondays.values()}
    for cell, figures in cells.items():
        by_week[mondays[cell.week]].add(figures)
    whole = Figures()
    for figures in cells.values():
        whole.add(figures)
    return Quality(
        weeks=tuple(mondays.values()),
        whole=whole,
        by_team=_grouped(cells, lambda cell: cell.team),
        by_channel=_grouped(cells, lambda cell: cell.channel),
        by_week=by_week,
        dimensions=dimensions,
    )


def _grouped(cells: dict[Cell, Figures], key_of: Callable[[Cell], Key]) -> dict[Key, Figures]:
    """The sums by a part of the cell, those with most cases first."""
    found: dict[Key, Figures] = defaultdict(Figures)
    for cell, figures in cells.items():
        found[key_of(cell)].add(figures)
    return dict(sorted(found.items(), key=lambda one: (-one[1].cases, str(one[0]))))


def _cells(session: Session, hours: Hours, offset: int, now: datetime) -> dict[Cell, Figures]:
    cells: dict[Cell, Figures] = defaultdict(Figures)
    place: Place = (
        Case.team,
        Case.channel,
        (Case.created_hour + (offset + _MONDAY)) // _WEEK_HOURS,
    )
    recent = Case.created_hour.between(*hours)
    for team, channel, week, *sums in session.execute(_counted(place, now).where(recent)):
        cells[Cell(team, channel, int(week))].add(Figures(*(int(one or 0) for one in sums)))
    for team, channel, week, *sums in session.execute(_rated(place).where(recent)):
        found = cells[Cell(team, channel, int(week))]
        (found.csat_answers, found.csat_sum, found.nps_answers,
         found.promoters, found.detractors) = (int(one or 0) for one in sums)  # fmt: skip
    numbers = _reopened(session, hours.first)
    for part in in_parts(numbers):
        again = (func.count(), _sum(Case.is_open.is_(True)), _sum(_at_first_contact()))
        statement = select(*place, *again).where(recent, Case.id.in_(part)).group_by(*place)
        for team, channel, week, number, open_again, at_first in session.execute(statement):
            found = cells[Cell(team, channel, int(week))]
            found.reopened += int(number)
            found.closed += int(open_again or 0)  # it was closed once
            found.first_contact -= int(at_first or 0)
    return cells


def _counted(place: Place, now: datetime) -> Select[*tuple[Any, ...]]:
    """Sums of cases in the order of the fields of `Figures`."""
    resolved = Case.state == State.RESOLVED
    return select(
        *place,
        func.count(),
        func.count(Case.response_seconds),
        func.sum(Case.response_seconds),
        _sum(Case.is_open.is_(False)),
        _sum(resolved),
        func.sum(case((resolved, Case.resolution_seconds), else_=0)),
        _sum(was_late(now)),
        _sum(and_(resolved, Case.customer_hash.is_not(None))),
        _sum(_at_first_contact()),
    ).group_by(*place)


def _at_first_contact() -> ColumnElement[bool]:
    """Resolved at the customer's first contact, before they wrote again."""
    again = exists().where(
        Contact.customer_hash == Case.customer_hash,
        Contact.at > Case.created_at,
        Contact.at <= Case.resolved_at,
    )
    known = and_(Case.state == State.RESOLVED, Case.customer_hash.is_not(None))
    return and_(known, Case.contacts <= 1, ~again)


def _rated(place: Place) -> Select[*tuple[Any, ...]]:
    return (
        select(
            *place,
            func.count(Rating.csat),
            func.sum(Rating.csat),
            func.count(Rating.nps),
            _sum(Rating.nps >= PROMOTER_NPS),
            _sum(Rating.nps <= DETRACTOR_NPS),
        )
        .join(Rating, Rating.case_id == Case.id)
        .group_by(*place)
    )


def _reopened(session: Session, since: int) -> list[int]:
    """The numbers of the cases that were opened again; none came in after that."""
    begin = datetime.fromtimestamp(since * 3600, UTC)
    statement = select(AuditEntry.subject).where(
        AuditEntry.action == "reopen", AuditEntry.at >= begin
    )
    return sorted({int(subject.removeprefix("case:")) for subject in session.scalars(statement)})


def _dimensions(session: Session, hours: Hours) -> dict[str | None, int]:
    """Cases by the dimension of their category, as the sums that are kept say."""
    statement = (
        select(CaseVolume.label, func.sum(CaseVolume.cases))
        .where(CaseVolume.created_hour.between(*hours), CaseVolume.label.startswith("category:"))
        .group_by(CaseVolume.label)
    )
    servqual = packaged_servqual()
    found: Counter[str | None] = Counter()
    for label, number in session.execute(statement):
        found[servqual.dimension_of(label.removeprefix("category:"))] += int(number)
    order = [*(dimension.code for dimension in servqual.dimensions), None]
    return {code: found[code] for code in order}


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
