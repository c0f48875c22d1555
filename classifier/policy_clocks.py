"""Reads what a policy says of time: zone, business hours, teams, tiers, clocks, periods of law."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from classifier.calendar import DAY_SECONDS, BusinessHours, Span
from classifier.clocks import Period
from classifier.policy_rules import ALWAYS, OF_TEAM, Stage, StatutoryRule, Team, Tier
from classifier.policy_table import Table
from classifier.prediction import Priority

DEFAULT_ZONE = "Asia/Shanghai"
_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_WHOLE_DAY = (Span(0, DAY_SECONDS),)
_MAX_DAYS = 366
Codes = Collection[str]


def zone(root: Table) -> ZoneInfo:
    """The zone that says what a day is."""
    name = root.text("timezone", default=DEFAULT_ZONE)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        root.wrong("timezone", f"a zone such as {DEFAULT_ZONE} is needed")
        return ZoneInfo(DEFAULT_ZONE)


def legal_calendar(here: ZoneInfo) -> BusinessHours:
    """The working days that laws count: those of mainland China, from midnight to midnight."""
    return BusinessHours(here, _WHOLE_DAY)


def hours(root: Table, here: ZoneInfo) -> dict[str, BusinessHours]:
    """Every kind of business hours."""
    found = {}
    for code, table in root.entries("hours"):
        if code in {ALWAYS, OF_TEAM}:
            table.refuse(f"cannot be defined: {ALWAYS} and {OF_TEAM} have their own meaning")
        found[code] = _hours(table, here)
    return found


def teams(root: Table, known: Codes) -> dict[str, Team]:
    """Every team; a policy without this section may name any team."""
    return {
        code: Team(
            table.closed("name", "hours").text("name"),
            table.one_of("hours", (ALWAYS, *known), default=ALWAYS),
        )
        for code, table in root.entries("teams")
    }


def ladder(root: Table, known: Codes) -> dict[str, Tier]:
    """The tiers with their clocks, the first one first; none in a policy that only names them."""
    found = {}
    inside = root.table("tiers")
    for code in inside.values:
        if code not in Priority.__members__:
            table = inside.table(code).closed("name", "within", "hours")
            counted = table.one_of("hours", (ALWAYS, OF_TEAM, *known), default=ALWAYS)
            found[code] = Tier(table.text("name"), table.seconds("within"), counted)
    return found


def tiers(root: Table, known: Codes) -> dict[Priority, str]:
    """The tier at which a case of each priority starts."""
    table = root.table("tiers")
    if known:
        return {p: table.one_of(p.name, known) for p in Priority}
    return {p: table.text(p.name) for p in Priority}


def clocks(root: Table, known: Codes) -> tuple[dict[Priority, int], dict[Priority, str]]:
    """Seconds to the first response by priority, and in whose hours they count."""
    table = root.table("clocks").closed(*Priority.__members__)
    seconds, counted = {}, {}
    for priority in Priority:
        seconds[priority], counted[priority] = _clock(table, priority, known)
    if 0 not in seconds.values() and sorted(seconds.values()) != list(seconds.values()):
        table.refuse(f"are {list(seconds.values())}, must not fall from P0 to P3")
    return seconds, counted


def statutory(root: Table) -> dict[str, StatutoryRule]:
    """The clocks of the law."""
    return {code: _statutory(table) for code, table in root.entries("statutory")}


def _clock(table: Table, priority: Priority, known: Codes) -> tuple[int, str]:
    if not isinstance(table.values.get(priority.name), Mapping):
        return table.seconds(priority.name), ALWAYS
    inside = table.table(priority.name).closed("within", "hours")
    counted = inside.one_of("hours", (ALWAYS, OF_TEAM, *known), default=ALWAYS)
    if priority is Priority.P0 and counted != ALWAYS:
        inside.wrong("hours", f"allowed is {ALWAYS}: P0 runs around the clock")
        counted = ALWAYS
    return inside.seconds("within"), counted


def _hours(table: Table, here: ZoneInfo) -> BusinessHours:
    table.closed("name", "workday", "saturday", "sunday", "holidays", "open_on", "closed_on")
    workday = _spans(table, "workday")
    if not workday:
        if not table.texts("workday"):
            table.wrong("workday", "a list of at least one span such as '09:00-18:00' is needed")
        workday = _WHOLE_DAY
    open_on, closed_on = table.days("open_on"), table.days("closed_on")
    for day in sorted(open_on & closed_on):
        table.refuse(f"has {day} both in open_on and in closed_on")
    return BusinessHours(
        here,
        workday,
        _spans(table, "saturday"),
        _spans(table, "sunday"),
        is_chinese=table.one_of("holidays", ("CN", "none"), default="CN") == "CN",
        open_on=open_on,
        closed_on=closed_on,
    )


def _spans(table: Table, key: str) -> tuple[Span, ...]:
    """The spans of a day in order."""
    spans = []
    for text in table.texts(key):
        found = _SPAN.fullmatch(text)
        times = [int(part) for part in found.groups()] if found else [0, 0, 0, 0]
        span = Span(times[0] * 3600 + times[1] * 60, times[2] * 3600 + times[3] * 60)
        if not 0 <= span.start < span.end <= DAY_SECONDS:
            table.wrong(key, "spans such as '09:00-18:00' are needed, within one day up to 24:00")
            return ()
        spans.append(span)
    spans.sort()
    if any(after.start < before.end for before, after in pairwise(spans)):
        table.wrong(key, "spans that do not overlap are needed")
    return tuple(spans)


def _statutory(table: Table) -> StatutoryRule:
    table.closed("name", "basis", "channels", "metadata", "stages")
    channels = frozenset(table.texts("channels"))
    metadata = {}
    if table.has("metadata"):
        inside = table.table("metadata")
        metadata = {key: frozenset(inside.texts(key)) for key in inside.values}
    if not channels and not metadata:
        table.refuse("has neither channels nor metadata, so that it never applies")
    stages = tuple(_stage(stage) for stage in table.tables("stages"))
    if not stages:
        table.wrong("stages", "a list of at least one table is needed")
    name, basis = table.text("name"), table.text("basis")
    return StatutoryRule(name, basis, channels, metadata, stages)


def _stage(table: Table) -> Stage:
    units = ("within", "days", "workdays")
    table.closed("name", *units, "rolls", "priorities")
    if sum(table.has(unit) for unit in units) != 1:
        table.refuse(f"needs exactly one of {', '.join(units)}")
    if table.has("rolls") and not table.has("days"):
        table.wrong("rolls", "it is allowed beside days only")
    period = Period(
        table.text("name"),
        seconds=table.seconds("within") if table.has("within") else None,
        days=table.whole("days", 1, _MAX_DAYS) if table.has("days") else None,
        workdays=table.whole("workdays", 1, _MAX_DAYS) if table.has("workdays") else None,
        rolls=table.flag("rolls"),
    )
    names = table.some_of("priorities", Priority.__members__)
    return Stage(period, frozenset(Priority[one] for one in names if one in Priority.__members__))
