"""Weeks as ISO 8601 counts them, from Monday to Sunday in a zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from service.cases.record import hour

PAST = 8  # weeks that a week is compared with
_FORM = re.compile(r"(\d{4})-?[Ww](\d{1,2})")
_YEARS = range(1971, 9998)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole hours since 1970, the last one excluded."""

    begin: int
    end: int

    @property
    def begins_at(self) -> datetime:
        """The first moment."""
        return datetime.fromtimestamp(self.begin * 3600, UTC)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return datetime.fromtimestamp(self.end * 3600, UTC)


@dataclass(frozen=True, slots=True)
class Week:
    """One week; while it runs it ends with the hour that runs now."""

    monday: date
    zone: tzinfo
    span: Span
    is_running: bool

    @property
    def code(self) -> str:
        """Such as 2026-W46."""
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02d}"

    @property
    def number(self) -> int:
        """The week's number in its ISO year."""
        return self.monday.isocalendar().week

    @property
    def sunday(self) -> date:
        """The last day."""
        return self.monday + timedelta(days=6)

    @property
    def mondays(self) -> tuple[date, ...]:
        """The Mondays of the weeks before, the oldest first, and of this one."""
        return tuple(self.monday - timedelta(weeks=back) for back in range(PAST, -1, -1))

    def spans(self) -> tuple[Span, ...]:
        """The same weeks; while this one runs, of each the part that has passed of this one."""
        begins = [_first_hour(monday, self.zone) for monday in self.mondays]
        ends = [*begins[1:], self.span.end]
        if self.is_running:
            passed = self.span.end - self.span.begin
            ends = [min(end, begin + passed) for begin, end in zip(begins, ends, strict=True)]
        return tuple(Span(begin, end) for begin, end in zip(begins, ends, strict=True))


def find_week(text: str | None, now: datetime, zone: tzinfo) -> Week | None:
    """The week that is named such as 2026-W46, the last whole one for no name.

    None for what is no week, or one that has not begun.

    >>> found = find_week(None, datetime(2026, 11, 23, tzinfo=UTC), UTC)
    >>> found and (found.code, found.monday.isoformat(), found.is_running)
    ('2026-W47', '2026-11-16', False)
    >>> find_week("2026-W60", datetime(2026, 11, 23, tzinfo=UTC), UTC) is None
    True
    """
    today = now.astimezone(zone).date()
    running = today - timedelta(days=today.weekday())
    monday = running - timedelta(weeks=1) if text is None else _monday(text)
    if monday is None or monday > running:
        return None
    end = hour(now) + 1 if monday == running else _first_hour(monday + timedelta(weeks=1), zone)
    span = Span(_first_hour(monday, zone), end)
    return Week(monday, zone, span, is_running=monday == running)


def _monday(text: str) -> date | None:
    found = _FORM.fullmatch(text.strip())
    if found is None or int(found[1]) not in _YEARS:
        return None
    try:
        return date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:  # there is no such week in this year
        return None


def _first_hour(monday: date, zone: tzinfo) -> int:
    """The hour in which a week begins; in zones with half hours it begins up to 45 minutes early.

    Sums of cases are kept by the hour of UTC.
    """
    return hour(datetime.combine(monday, time.min, zone))
