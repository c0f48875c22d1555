"""Cases by the hour they came in, as series to look at: of all, and by the queue's own columns."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import product as pairs_of
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from classifier.calendar import BusinessHours, Span, is_workday
from service.actors import DEMO_CLIENT
from service.cases.tables import Case
from service.insight import surges
from service.insight.grouping import Common, Series
from service.insight.kinds import KINDS
from service.insight.surges import BASELINE_DAYS, DAY, GUARD_DAYS, MIN_BASELINE_DAYS, WEEK, Longs

ANGRY_LEVEL = 4  # from here on words are angry (level 4 of 5 in the default labels)
MAX_CONTACTS = 3  # of one customer within the policy's `repeat_days`: more is one who insists
UTC_OFFSET_HOURS = 8  # days are China's
ALL = Series("all", "")
_EPOCH = date(1970, 1, 1)
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_CHINA = BusinessHours(ZoneInfo("Asia/Shanghai"), (Span(0, 86_400),), is_chinese=True)
_MOST_VALUES = 200  # of a column that clients fill: the most frequent ones have a series


class Row(NamedTuple):
    """Cases that came in within one hour and have all else in common."""

    hour: int
    category: str | None
    is_angry: int
    team: str
    channel: str | None
    product: str | None
    region: str | None
    cases: int


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Hourly counts up to and with the hour `last`; day 0 of the baseline begins at `first`."""

    first: int
    last: int
    rows: tuple[Row, ...]

    def series(self) -> dict[Series, Longs]:
        """The counts of each series that has any case, hour by hour."""
        found: dict[Series, Longs] = defaultdict(
            lambda: np.zeros(self.last - self.first + 1, np.int64)
        )
        for row in self.rows:
            for one in series_of(row):
                found[one][row.hour - self.first] += row.cases
        return dict(found)

    def common(self) -> Common:
        """Tells how many cases of the last hours two series share; counts each window once."""

        @cache
        def pairs(hours: int) -> Counter[tuple[Series, Series]]:
            found: Counter[tuple[Series, Series]] = Counter()
            for row in self.rows:
                if row.hour > self.last - hours:
                    own = tuple(series_of(row))
                    for one, other in pairs_of(own, own):
                        found[one, other] += row.cases
            return found

        return lambda one, other, hours: pairs(hours)[one, other]


def series_of(row: Row) -> Iterator[Series]:
    """The series that cases are counted in; what is not known is counted in none."""
    yield ALL
    if row.is_angry:
        yield Series("level", f"{ANGRY_LEVEL}+")
    for kind in KINDS:
        code = getattr(row, kind)
        if code:
            yield Series(kind, code)


def condition(series: Series) -> ColumnElement[bool]:
    """What cases of a series have in common, for a query."""
    if series.kind == "level":
        return Case.level >= ANGRY_LEVEL
    if series == ALL:
        return Case.id > 0
    column: InstrumentedAttribute[str | None] = getattr(Case, series.kind)
    return column == series.code


def read(session: Session, last: int, *, days: int = BASELINE_DAYS + GUARD_DAYS) -> Arrivals:
    """The arrivals of the day that is not over and of whole days of China before it.

    These are the baseline and the guard. Cases made up for a demonstration make no surge, nor does
    somebody who writes forty times.
    """
    today = (last + UTC_OFFSET_HOURS) // DAY
    first = (today - days) * DAY - UTC_OFFSET_HOURS
    angry = case((Case.level >= ANGRY_LEVEL, 1), else_=0)
    columns = (Case.created_hour, Case.category, angry, Case.team, Case.channel,
               Case.product, Case.region)  # fmt: skip
    statement = (
        select(*columns, func.count())
        .where(
            Case.created_hour.between(first, last),
            Case.created_by != DEMO_CLIENT,
            Case.contacts <= MAX_CONTACTS,
        )
        .group_by(*columns)
    )
    rows = [Row(*row) for row in session.execute(statement)]
    return Arrivals(first, last, tuple(_bounded(rows)))


def _bounded(rows: list[Row]) -> Iterator[Row]:
    """The rows without rare products and regions: each series more makes all others less keen."""
    products = _frequent((row.product, row.cases) for row in rows)
    regions = _frequent((row.region, row.cases) for row in rows)
    for row in rows:
        yield row._replace(
            product=row.product if row.product in products else None,
            region=row.region if row.region in regions else None,
        )


def _frequent(numbers: Iterable[tuple[str | None, int]]) -> set[str]:
    found: Counter[str] = Counter()
    for value, cases in numbers:
        if value:
            found[value] += cases
    return {value for value, _ in found.most_common(_MOST_VALUES)}


@dataclass(frozen=True, slots=True)
class Charts:
    """The baseline of each series of one day, by which any hour of that day is looked at."""

    first: int
    counts: dict[Series, Longs]
    weekdays: Longs
    hours: Longs
    baselines: dict[Series, surges.Baseline]

    @classmethod
    def of(cls, first: int, last: int, counts: dict[Series, Longs]) -> Charts:
        """The charts of the day of the last hour; none while there is too little past.

        `counts` has a number for each hour from `first`, where the baseline begins, to `last`.
        """
        weekdays, hours = _calendar(first, last)
        days = BASELINE_DAYS - _unknown_days(counts.get(ALL))
        if days < MIN_BASELINE_DAYS:
            return cls(first, counts, weekdays, hours, {})
        start, end = (BASELINE_DAYS - days) * DAY, BASELINE_DAYS * DAY
        by_day = weekdays[::DAY]
        pooled = surges.fit(counts[ALL][start:end], by_day[start // DAY : BASELINE_DAYS],
                            surges.neutral()).seasons  # fmt: skip
        baselines = {}
        for series, numbers in counts.items():
            own = max(start, min(_first_day(numbers), BASELINE_DAYS - MIN_BASELINE_DAYS) * DAY)
            by_own_day = by_day[own // DAY : BASELINE_DAYS]
            baselines[series] = surges.fit(numbers[own:end], by_own_day, pooled)
        return cls(first, counts, weekdays, hours, baselines)

    def alarms(self, last: int) -> dict[Series, surges.Reading]:
        """The series that surge at the end of an hour."""
        late = slice(last - self.first + 1 - WEEK, last - self.first + 1)
        weekdays, hours = self.weekdays[late], self.hours[late]
        readings = {
            series: surges.read(baseline, self.counts[series][late], weekdays, hours,
                                series=len(self.counts))
            for series, baseline in self.baselines.items()
        }  # fmt: skip
        found = {}
        for series, own in readings.items():
            if series != ALL:
                pairs = zip(own, readings[ALL], strict=True)
                own = [one.beside(whole) for one, whole in pairs]  # noqa: PLW2901  (the same ones)
            worst = surges.worst(own)
            if worst is not None:
                found[series] = worst
        return found


def alarms(arrivals: Arrivals) -> dict[Series, surges.Reading]:
    """The series that surge at the end; none while there is too little past."""
    charts = Charts.of(arrivals.first, arrivals.last, arrivals.series())
    return charts.alarms(arrivals.last)


def _unknown_days(counts: Longs | None) -> int:
    """How many days of the baseline were before the first case of all."""
    return BASELINE_DAYS if counts is None else min(BASELINE_DAYS, _first_day(counts))


def _first_day(counts: Longs) -> int:
    return int(np.flatnonzero(counts)[0]) // DAY


def _calendar(first: int, last: int) -> tuple[Longs, Longs]:
    """The weekday and the hour of day of each hour."""
    hours = np.arange(first, last + 1) + UTC_OFFSET_HOURS
    whole = hours // DAY
    kinds = {day: weekday(_EPOCH + timedelta(days=int(day))) for day in np.unique(whole)}
    return np.array([kinds[day] for day in whole.tolist()]), hours % DAY


@cache
def weekday(day: date) -> int:
    """Monday 0 to Sunday 6; a holiday is like a Sunday, a made-up working day like a Friday.

    >>> weekday(date(2026, 10, 1)), weekday(date(2026, 10, 10)), weekday(date(2026, 11, 23))
    (6, 4, 0)
    """
    own = day.weekday()
    if is_workday(day, _CHINA):
        return own if own < _SATURDAY else _FRIDAY
    return own if own >= _SATURDAY else _SUNDAY
