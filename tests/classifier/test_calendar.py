"""Due times in business hours; every expected moment was counted by hand on a wall calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.calendar import (
    BusinessHours,
    Span,
    due,
    end_of_days,
    end_of_workdays,
    is_announced,
    is_workday,
    latest_start,
    open_seconds,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = 3600
OFFICE = BusinessHours(SHANGHAI, (Span(9 * HOUR, 18 * HOUR),))
LUNCH = BusinessHours(SHANGHAI, (Span(9 * HOUR, 12 * HOUR), Span(13 * HOUR, 18 * HOUR)))
SHOP = BusinessHours(SHANGHAI, (Span(9 * HOUR, 18 * HOUR),), (Span(10 * HOUR, 16 * HOUR),))
NIGHT = BusinessHours(SHANGHAI, (Span(0, 6 * HOUR), Span(22 * HOUR, 24 * HOUR)))


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """A moment written as on the wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2026-11-18 10:00", 2, "2026-11-18 12:00"),  # inside one Wednesday
        ("2026-11-18 16:00", 2, "2026-11-18 18:00"),  # up as the day closes: due then
        ("2026-11-18 17:00", 2, "2026-11-19 10:00"),  # over the night
        ("2026-11-18 20:15", 1, "2026-11-19 10:00"),  # came in the evening: from the next opening
        ("2026-11-18 03:00", 1, "2026-11-18 10:00"),  # came before the day opened
        ("2026-11-20 17:30", 1, "2026-11-23 09:30"),  # Friday to Monday
        ("2026-11-21 12:00", 9, "2026-11-23 18:00"),  # Saturday: all of Monday
        ("2026-11-18 10:00", 24, "2026-11-20 16:00"),  # 8 h Wed, 9 h Thu, 7 h Fri
        ("2026-09-30 17:00", 2, "2026-10-08 10:00"),  # National Day, 1 to 7 October
        ("2026-10-09 17:00", 2, "2026-10-10 10:00"),  # Saturday 10 October is worked
        ("2026-02-13 17:30", 2, "2026-02-14 10:30"),  # Saturday 14 February is worked
        ("2026-02-14 17:00", 2, "2026-02-24 10:00"),  # Spring Festival, 15 to 23 February
        ("2026-01-01 09:00", 1, "2026-01-04 10:00"),  # New Year to Sunday the 4th, worked
        ("2025-12-31 17:00", 2, "2026-01-04 10:00"),  # over the year's end
        ("2026-06-18 17:00", 2, "2026-06-22 10:00"),  # Dragon Boat Friday and its weekend
        ("2011-12-30 17:00", 2, "2011-12-31 10:00"),  # Saturday worked for a holiday of next year
    ],
)
def test_due_times_in_office_hours(start: str, hours: int, expected: str) -> None:
    """Nights, weekends and holidays do not count; make-up working days do."""
    assert due(at(start), hours * HOUR, OFFICE) == at(expected)


@pytest.mark.parametrize(
    ("hours", "start", "worked", "expected"),
    [
        (LUNCH, "2026-11-18 11:30", 1, "2026-11-18 13:30"),  # over the break at noon
        (LUNCH, "2026-11-18 12:30", 1, "2026-11-18 14:00"),  # came in the break
        (LUNCH, "2026-11-18 17:00", 9, "2026-11-19 18:00"),  # 1 h Wed, 8 h Thu: due as Thu closes
        (SHOP, "2026-11-20 17:00", 2, "2026-11-21 11:00"),  # Saturday has its own hours
        (SHOP, "2026-11-21 15:00", 2, "2026-11-23 10:00"),  # and Sunday none
        (SHOP, "2026-10-03 12:00", 1, "2026-10-08 10:00"),  # a holiday Saturday is closed
        (SHOP, "2026-10-10 09:00", 1, "2026-10-10 10:00"),  # a worked one has a weekday's hours
        (NIGHT, "2026-11-18 23:00", 2, "2026-11-19 01:00"),  # a shift over midnight
        (NIGHT, "2026-11-20 23:00", 2, "2026-11-23 01:00"),  # which Saturday does not go on with
    ],
)
def test_due_times_in_other_hours(
    hours: BusinessHours, start: str, worked: int, expected: str
) -> None:
    """Breaks, Saturdays and nights are as exact."""
    assert due(at(start), worked * HOUR, hours) == at(expected)


def test_without_hours_the_clock_never_stops() -> None:
    """A holiday night counts like any hour."""
    assert due(at("2026-10-01 23:30"), HOUR, None) == at("2026-10-02 00:30")


def test_an_own_calendar_overrules_the_official_one() -> None:
    """A company's day off is closed, a Sunday of its sale open."""
    own = BusinessHours(
        SHANGHAI,
        OFFICE.workday,
        open_on=frozenset({date(2026, 11, 22), date(2026, 10, 1)}),
        closed_on=frozenset({date(2026, 11, 23)}),
    )
    assert due(at("2026-11-20 18:00"), 10 * HOUR, own) == at("2026-11-24 10:00")
    assert due(at("2026-10-01 08:00"), HOUR, own) == at("2026-10-01 10:00")


def test_the_zone_of_the_hours_says_what_a_day_is() -> None:
    """A moment in UTC or New York is the same moment."""
    start = at("2026-11-18 17:00")
    for zone in (UTC, ZoneInfo("America/New_York")):
        assert due(start.astimezone(zone), 2 * HOUR, OFFICE) == at("2026-11-19 10:00")


def test_a_zone_with_summer_time_stays_exact() -> None:
    """Berlin's night of 29 March 2026 has no hour from two to three."""
    berlin = ZoneInfo("Europe/Berlin")
    nights = BusinessHours(berlin, (Span(0, 24 * HOUR),), (Span(0, 24 * HOUR),),
                           (Span(0, 24 * HOUR),), is_chinese=False)  # fmt: skip
    start = at("2026-03-29 01:00", berlin)
    assert due(start, 2 * HOUR, nights) == at("2026-03-29 04:00", berlin)


def test_seven_working_days_are_counted_from_the_next_day() -> None:
    """Monday 28 September: 29, 30, then 8, 9, 10 (worked Saturday), 12 and 13 October."""
    found = end_of_workdays(at("2026-09-28 10:00"), 7, OFFICE)
    assert found == at("2026-10-14 00:00")


def test_calendar_days_end_at_midnight_or_roll_over_a_holiday() -> None:
    """15 days from 17 September end with 2 October, a holiday, or else with 8 October."""
    start = at("2026-09-17 23:59")
    assert end_of_days(start, 15, OFFICE, rolls=False) == at("2026-10-03 00:00")
    assert end_of_days(start, 15, OFFICE, rolls=True) == at("2026-10-09 00:00")
    assert end_of_days(at("2026-11-03 00:00"), 15, OFFICE, rolls=True) == at("2026-11-19 00:00")


def test_future_years_have_their_holidays_though_not_their_make_up_days() -> None:
    """A clock that runs into a year not yet announced goes on with what is known."""
    assert is_announced(2026)
    assert not is_announced(2090)
    assert not is_workday(date(2090, 10, 2), OFFICE)


def test_time_in_hours_is_measured() -> None:
    """From Friday half past five to Monday half past nine is one hour; backwards is none."""
    friday, monday = at("2026-11-20 17:30"), at("2026-11-23 09:30")
    assert open_seconds(friday, monday, OFFICE) == HOUR
    assert open_seconds(friday, monday, None) == 64 * HOUR
    assert open_seconds(monday, friday, OFFICE) == 0


@given(
    st.datetimes(datetime(2018, 1, 1), datetime(2030, 1, 1)),
    st.integers(1, 60 * 9 * HOUR),
    st.sampled_from([OFFICE, LUNCH, SHOP, NIGHT, None]),
)
def test_measuring_undoes_counting(
    moment: datetime, seconds: int, hours: BusinessHours | None
) -> None:
    """Between a start and its due time lie just the seconds that were asked for."""
    start = moment.replace(tzinfo=SHANGHAI)
    assert open_seconds(start, due(start, seconds, hours), hours) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("end", "hours", "expected"),
    [
        ("2026-11-18 12:00", 2, "2026-11-18 10:00"),  # inside one Wednesday
        ("2026-11-18 18:00", 2, "2026-11-18 16:00"),  # as the day closes
        ("2026-11-18 23:00", 2, "2026-11-18 16:00"),  # after it has closed
        ("2026-11-19 10:00", 2, "2026-11-18 17:00"),  # over the night
        ("2026-11-19 11:00", 2, "2026-11-19 09:00"),  # no later than the opening
        ("2026-11-22 12:00", 9, "2026-11-20 09:00"),  # Sunday: all of Friday
        ("2026-10-08 10:00", 2, "2026-09-30 17:00"),  # National Day, 1 to 7 October
        ("2026-10-10 10:00", 2, "2026-10-09 17:00"),  # Saturday 10 October is worked
    ],
)
def test_latest_starts_in_office_hours(end: str, hours: int, expected: str) -> None:
    """The way back skips what the way there does."""
    assert latest_start(at(end), hours * HOUR, OFFICE) == at(expected)


@given(
    st.datetimes(datetime(2018, 1, 1), datetime(2030, 1, 1)),
    st.integers(0, 60 * 9 * HOUR),
    st.sampled_from([OFFICE, LUNCH, SHOP, NIGHT, None]),
)
def test_the_latest_start_turns_counting_round(
    moment: datetime, seconds: int, hours: BusinessHours | None
) -> None:
    """From it time is up by the end, from a second later it is not."""
    end = moment.replace(tzinfo=SHANGHAI)
    start = latest_start(end, seconds, hours)
    assert due(start, seconds, hours) <= end
    assert due(start + timedelta(seconds=1), seconds, hours) > end


def test_nonsense_is_refused() -> None:
    """A moment without a zone, time that runs backwards, hours that never open."""
    with pytest.raises(ValueError, match="no zone"):
        due(at("2026-11-18 10:00").replace(tzinfo=None), 1, OFFICE)
    with pytest.raises(ValueError, match="seconds is -1"):
        due(at("2026-11-18 10:00"), -1, OFFICE)
    with pytest.raises(ValueError, match="seconds is -1"):
        latest_start(at("2026-11-18 10:00"), -1, OFFICE)
    with pytest.raises(ValueError, match="days is 0"):
        end_of_days(at("2026-11-18 10:00"), 0, OFFICE, rolls=False)
    with pytest.raises(ValueError, match="never open"):
        BusinessHours(SHANGHAI, ())
