"""Business hours and when time in them is up: nights, weekends, China's holidays, make-up days.

Pure functions of their arguments. Moments go in with any zone and come out in UTC; the zone of the
business hours alone says what a day is. With hours None the clock never stops.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY_SECONDS = 86_400
_DAY = timedelta(days=1)
_SATURDAY, _SUNDAY = 5, 6


class Span(NamedTuple):
    """Part of a day, in seconds of wall-clock time since its midnight; `end` is not in it."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """When a team works; spans of a day are in order and do not overlap.

    `workday` holds on every working day. With `is_chinese` the public holidays of mainland China
    are closed and its make-up working days open; `open_on` and `closed_on` overrule everything.
    """

    zone: ZoneInfo
    workday: tuple[Span, ...]
    saturday: tuple[Span, ...] = ()
    sunday: tuple[Span, ...] = ()
    is_chinese: bool = True
    open_on: frozenset[date] = field(default=frozenset())
    closed_on: frozenset[date] = field(default=frozenset())

    def __post_init__(self) -> None:
        if not self.workday:
            raise ValueError("business hours without a span on working days never open")


def due(start: datetime, seconds: int, hours: BusinessHours | None) -> datetime:
    """The moment, in UTC, at which `seconds` of open time have passed since `start`.

    Time that is up exactly when a day closes is due then, not at the next opening.

    >>> office = BusinessHours(ZoneInfo("Asia/Shanghai"), (Span(9 * 3600, 18 * 3600),))
    >>> friday = datetime.fromisoformat("2026-11-20T17:30:00+08:00")
    >>> due(friday, 3600, office).astimezone(office.zone).isoformat()
    '2026-11-23T09:30:00+08:00'
    >>> due(friday, 3600, None).isoformat()
    '2026-11-20T10:30:00+00:00'

    Raises:
        ValueError: the start has no zone, or there are fewer than 0 seconds.
    """
    if seconds < 0:
        raise ValueError(f"seconds is {seconds}, 0 or more are needed")
    moment, left = _utc(start), timedelta(seconds=seconds)
    if hours is None or not left:
        return moment + left
    for opens, closes in _open_since(moment, hours):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    raise ValueError("business hours that never open again")  # the calendar ends in year 9999


def latest_start(end: datetime, seconds: int, hours: BusinessHours | None) -> datetime:
    """The latest moment, in UTC, from which `seconds` of open time pass until the end.

    It turns `due` round: `due(start, seconds, hours) <= end` holds for every start up to it.

    >>> office = BusinessHours(ZoneInfo("Asia/Shanghai"), (Span(9 * 3600, 18 * 3600),))
    >>> monday = datetime.fromisoformat("2026-11-23T09:30:00+08:00")
    >>> latest_start(monday, 3600, office).astimezone(office.zone).isoformat()
    '2026-11-20T17:30:00+08:00'

    Raises:
        ValueError: the end has no zone, or there are fewer than 0 seconds.
    """
    if seconds < 0:
        raise ValueError(f"seconds is {seconds}, 0 or more are needed")
    moment, left = _utc(end), timedelta(seconds=seconds)
    if hours is None or not left:
        return moment - left
    for opens, closes in _open_until(moment, hours):
        if left <= closes - opens:
            return closes - left
        left -= closes - opens
    raise ValueError("business hours that were never open")  # the calendar begins in year 1


def open_seconds(start: datetime, end: datetime, hours: BusinessHours | None) -> float:
    """How many seconds of open time lie between two moments; 0 when the end is not later.

    Raises:
        ValueError: a moment has no zone.
    """
    first, last = _utc(start), _utc(end)
    if last <= first:
        return 0.0
    if hours is None:
        return (last - first).total_seconds()
    passed = timedelta()
    for opens, closes in _open_since(first, hours):
        if opens >= last:
            break
        passed += min(closes, last) - opens
    return passed.total_seconds()


def is_workday(day: date, hours: BusinessHours) -> bool:
    """Whether a day is a working day: what "working days" in a law or a promise counts."""
    if day in hours.open_on or day in hours.closed_on:
        return day in hours.open_on
    if hours.is_chinese:
        off, make_up = _chinese_days(day.year)
        if day in off or day in make_up:
            return day in make_up
    return day.weekday() < _SATURDAY


def end_of_workdays(start: datetime, days: int, hours: BusinessHours) -> datetime:
    """The midnight, in UTC, that ends the last of some working days after the day of the start.

    Raises:
        ValueError: the start has no zone, or there are fewer than 1 days.
    """
    day = _first_day(start, days, hours)
    for _ in range(days):
        day = _next_workday(day, hours)
    return _moment(day, DAY_SECONDS, hours.zone)


def end_of_days(start: datetime, days: int, hours: BusinessHours, *, rolls: bool) -> datetime:
    """The midnight, in UTC, that ends the last of some calendar days after the day of the start.

    With `rolls` a last day that is no working day gives way to the next one, as articles 201 and
    203 of the Civil Code count.

    Raises:
        ValueError: the start has no zone, or there are fewer than 1 days.
    """
    day = _first_day(start, days, hours) + days * _DAY
    if rolls and not is_workday(day, hours):
        day = _next_workday(day, hours)
    return _moment(day, DAY_SECONDS, hours.zone)


def is_announced(year: int) -> bool:
    """Whether the library knows the year's make-up days: the State Council sets them in November.

    Of other years only the holidays themselves are known.
    """
    return bool(_chinese_days(year)[1])


def _first_day(start: datetime, days: int, hours: BusinessHours) -> date:
    if days < 1:
        raise ValueError(f"days is {days}, 1 or more are needed")
    return _utc(start).astimezone(hours.zone).date()


def _next_workday(day: date, hours: BusinessHours) -> date:
    day += _DAY
    while not is_workday(day, hours):
        day += _DAY
    return day


def _open_since(moment: datetime, hours: BusinessHours) -> Iterator[tuple[datetime, datetime]]:
    """Every open interval that ends after a moment, cut at it; without end."""
    day = moment.astimezone(hours.zone).date()
    while True:
        for opens, closes in _open_on(hours, day):
            if closes > moment:
                yield max(opens, moment), closes
        day += _DAY


def _open_until(moment: datetime, hours: BusinessHours) -> Iterator[tuple[datetime, datetime]]:
    """Every open interval that begins before a moment, cut at it, the last one first."""
    day = moment.astimezone(hours.zone).date()
    while True:
        for opens, closes in reversed(_open_on(hours, day)):
            if opens < moment:
                yield opens, min(closes, moment)
        day -= _DAY


@lru_cache(maxsize=8192)
def _open_on(hours: BusinessHours, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """The open intervals of one day, in UTC."""
    return tuple(
        (_moment(day, span.start, hours.zone), _moment(day, span.end, hours.zone))
        for span in _spans(hours, day)
    )


def _spans(hours: BusinessHours, day: date) -> tuple[Span, ...]:
    if is_workday(day, hours):
        return hours.workday
    is_free = hours.is_chinese and day in _chinese_days(day.year)[0]
    if is_free or day in hours.closed_on:
        return ()
    return {_SATURDAY: hours.saturday, _SUNDAY: hours.sunday}.get(day.weekday(), ())


def _moment(day: date, seconds: int, zone: ZoneInfo) -> datetime:
    """A wall-clock time of a day as a moment; 86,400 is the midnight at its end."""
    return (datetime.combine(day, time.min, zone) + timedelta(seconds=seconds)).astimezone(UTC)


@lru_cache(maxsize=64)
def _chinese_days(year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Public holidays of a year, and its weekend days that are worked."""
    # The next year too: a January holiday may be made up for in December.
    from holidays.countries.china import China  # noqa: PLC0415  (0.1 s, for decisions alone)

    calendar = China(years=(year, year + 1))  # type: ignore[no-untyped-call]  # its __init__ is not typed
    off = frozenset(day for day in calendar if day.year == year)
    return off, frozenset(day for day in calendar.weekend_workdays if day.year == year)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("the moment has no zone")
    return moment.astimezone(UTC)
