"""The looks of insight, made again as the service would have made them at each hour and week.

Each look reads only cases that had come in by then. Their labels are those of the end of the year:
what a verdict changed later is seen too soon.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from service.cases.record import hour
from service.db import Database
from service.insight import arrivals, rebuild
from service.insight.arrivals import UTC_OFFSET_HOURS, Arrivals, Charts, Row
from service.insight.read import emerging_words
from service.insight.surge_watch import SurgeWatch
from service.insight.surges import BASELINE_DAYS, DAY, GUARD_DAYS, MIN_BASELINE_DAYS, WEEK
from service.insight.tables import EmergingWord, Issue, Surge
from tests.show.year.world import World

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SeenWord:
    """A word as the page showed it after a look."""

    word: str
    category: str
    rank: int
    cases: int
    is_compound: bool


@dataclass(frozen=True, slots=True)
class SeenIssue:
    """An issue as the page showed it after a look, with all its cases."""

    number: int
    rank: int
    name: str
    case_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Week:
    """What one nightly look found."""

    day: int  # of the year, 0 the first
    words: tuple[SeenWord, ...]
    issues: tuple[SeenIssue, ...]
    cases: int
    seconds: float


def replay_surges(database: Database, world: World, *, since: int, step: Step) -> list[Surge]:
    """Looks at every hour of the year; all surges that were told of, the oldest first."""
    watch = SurgeWatch(database)
    whole = _all_arrivals(database, world)
    counts, rows = whole.series(), sorted(whole.rows, key=_hour_of)
    for day in range(max(since, MIN_BASELINE_DAYS + GUARD_DAYS), world.days):
        step(f"{day}")
        first, end = _begin(_hour(world, day)), _hour(world, day + 1)
        late = slice(first - whole.first, end - whole.first)
        charts = Charts.of(
            first, end - 1, {one: own[late] for one, own in counts.items() if own[late].any()}
        )
        for last in range(_hour(world, day), _hour(world, day + 1)):
            readings = charts.alarms(last)
            if readings or _is_one_open(database):
                now = datetime.fromtimestamp((last + 1) * 3600 + 60, UTC)
                week = rows[
                    bisect(rows, last - WEEK, key=_hour_of) : bisect(rows, last, key=_hour_of)
                ]
                watch.tell(Arrivals(first, last, tuple(week)), readings, now)
    with database.session() as session:
        return list(session.scalars(select(Surge).order_by(Surge.detected_at, Surge.id)))


def replay_weeks(
    database: Database, world: World, *, every: int, first: int = 27, step: Step
) -> list[Week]:
    """Rebuilds issues and words late in the evening of every so many days."""
    found = []
    for day in range(first, world.days, every):
        step(f"{day}")
        now = world.moment(day + 1).astimezone(UTC) - timedelta(minutes=5)
        began = datetime.now(UTC)
        findings = rebuild.look(database, now, step=lambda _: None)
        rebuild.keep(database, findings)
        seconds = (datetime.now(UTC) - began).total_seconds()
        found.append(Week(day, _words(database), _issues(findings), findings.cases, seconds))
    return found


def _words(database: Database) -> tuple[SeenWord, ...]:
    """The words of the last seven days, of all categories and of each, in the page's order."""
    categories = ["", *_categories_of_words(database)]
    return tuple(
        SeenWord(one.word, category, rank, one.now, one.is_compound)
        for category in categories
        for rank, one in enumerate(
            emerging_words(database, days=7, category=category or None), start=1
        )
    )


def _categories_of_words(database: Database) -> list[str]:
    statement = select(EmergingWord.category).where(EmergingWord.category != "").distinct()
    with database.session() as session:
        return sorted(session.scalars(statement))


def _issues(findings: rebuild.Findings) -> tuple[SeenIssue, ...]:
    """The issues in the order of the page for 30 days."""
    groups = [one for own in findings.groups.values() for one in own]
    groups.sort(key=lambda one: (-_recent(one.issue), one.issue.id))
    return tuple(
        SeenIssue(one.issue.id, rank, one.issue.name, frozenset(one.case_ids))
        for rank, one in enumerate(groups, start=1)
    )


def _recent(issue: Issue) -> int:
    return sum(issue.daily[-30:])


def _all_arrivals(database: Database, world: World) -> Arrivals:
    """The arrivals of the whole year in one: each hour's look is a part of them."""
    last = _hour(world, world.days) - 1
    with database.session() as session:
        return arrivals.read(session, last, days=world.days + BASELINE_DAYS)


def _begin(hour_of_day: int) -> int:
    """The first hour that a look of a day reads."""
    today = (hour_of_day + UTC_OFFSET_HOURS) // DAY
    return (today - GUARD_DAYS - BASELINE_DAYS) * DAY - UTC_OFFSET_HOURS


def _hour_of(row: Row) -> int:
    return row.hour


def _is_one_open(database: Database) -> bool:
    with database.session() as session:
        statement = select(func.count()).select_from(Surge).where(Surge.ended_at.is_(None))
        return bool(session.scalar(statement))


def _hour(world: World, day: int) -> int:
    return hour(world.moment(day))
