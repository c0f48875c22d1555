from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from service.cases.faults import CaseFieldError
from service.weekly.asked import read_asked
from service.weekly.weeks import find_week

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 6, 10, 4, 30, tzinfo=UTC)


def test_the_last_whole_week_is_the_default() -> None:
    """From Monday 00:00 in Shanghai, which is Sunday 16:00 in UTC; eight weeks before it."""
    week = find_week(None, NOW, SHANGHAI)
    assert week is not None
    assert (week.code, week.is_running) == ("2026-W23", False)
    assert week.span.begins_at == datetime(2026, 5, 31, 16, tzinfo=UTC)
    assert week.span.ends_at == datetime(2026, 6, 7, 16, tzinfo=UTC)
    spans = week.spans()
    assert len(spans) == len(week.mondays) == 9
    assert [span.end - span.begin for span in spans] == [168] * 9
    assert week.mondays[0].isoformat() == "2026-04-06"


def test_on_monday_morning_in_china_the_week_has_just_ended() -> None:
    """Whether a week is over depends on the zone."""
    moment = datetime(2026, 6, 7, 17, tzinfo=UTC)
    found = [find_week(None, moment, zone) for zone in (SHANGHAI, UTC)]
    assert [week.code for week in found if week] == ["2026-W23", "2026-W22"]


def test_of_a_running_week_only_the_same_part_of_other_weeks_counts() -> None:
    """Wednesday 12:30 in Shanghai: two days and thirteen hours that have begun."""
    week = find_week("2026-W24", NOW, SHANGHAI)
    assert week is not None
    assert week.is_running
    assert [span.end - span.begin for span in week.spans()] == [61] * 9


def test_a_week_with_the_change_to_summer_time_has_one_hour_less() -> None:
    """In Berlin clocks went forward on 29 March 2026."""
    week = find_week("2026W13", NOW, ZoneInfo("Europe/Berlin"))
    assert week is not None
    assert [span.end - span.begin for span in week.spans()] == [168] * 8 + [167]


@pytest.mark.parametrize("text", [
    "2026-W54", "2025-W53", "2026-W00", "2026-W25", "9999-W52", "0000-W01", "W46", "本周",
    "2026-46",
])  # fmt: skip
def test_what_is_no_week_that_has_begun_is_refused(text: str) -> None:
    """The sentence names the value and what is allowed; 2025 has only 52 weeks."""
    with pytest.raises(CaseFieldError, match="2026-W46") as fault:
        read_asked({"week": [text]}, NOW, SHANGHAI)
    assert text in str(fault.value)


def test_queries_are_checked() -> None:
    """An unknown parameter, a second week, an offset for those who have a zone; a phone number."""
    for wrong in ({"days": ["3"]}, {"week": ["2026-W01", "2026-W02"]}, {"utc_offset_hours": ["3"]}):
        with pytest.raises(CaseFieldError):
            read_asked(wrong, NOW, SHANGHAI)
    with pytest.raises(CaseFieldError) as fault:
        read_asked({"week": ["13800001111"]}, NOW, SHANGHAI)
    assert "13800001111" not in str(fault.value)
    assert read_asked({"utc_offset_hours": ["-5"], "actor": ["li"]}, NOW).code == "2026-W23"
    with pytest.raises(CaseFieldError):
        read_asked({"utc_offset_hours": ["20"]}, NOW)
