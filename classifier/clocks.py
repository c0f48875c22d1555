"""Clocks beside the first response: periods that a law or a regulator sets, and when they end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from classifier.calendar import BusinessHours, due, end_of_days, end_of_workdays


@dataclass(frozen=True, slots=True)
class Period:
    """One stage of a statutory clock; exactly one of seconds, days, workdays is given.

    Seconds run around the clock. Days begin with the day after and end at midnight; with `rolls`
    calendar days that end on a holiday go on to the end of the next working day.
    """

    name: str
    seconds: int | None = None
    days: int | None = None
    workdays: int | None = None
    rolls: bool = False


@dataclass(frozen=True, slots=True)
class StatutoryClock:
    """What the law asks for in one case; `calendar` says which days are worked."""

    code: str
    name: str
    basis: str
    periods: tuple[Period, ...]
    calendar: BusinessHours


def end_of_period(period: Period, start: datetime, calendar: BusinessHours) -> datetime:
    """The moment, in UTC, at which a period is over.

    Raises:
        ValueError: the start has no zone.
    """
    if period.workdays is not None:
        return end_of_workdays(start, period.workdays, calendar)
    if period.days is not None:
        return end_of_days(start, period.days, calendar, rolls=period.rolls)
    return due(start, period.seconds or 0, None)
