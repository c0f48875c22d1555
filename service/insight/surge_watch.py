"""Looks once an hour whether cases surge, and tells once of each surge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import audit
from service.cases.record import hour
from service.cases.tables import Case, CaseContent
from service.db import Database
from service.insight import arrivals, words
from service.insight.arrivals import Arrivals
from service.insight.grouping import Found, Series, explains, group
from service.insight.surges import Reading
from service.insight.tables import Surge
from service.outbox import events
from service.outbox.events import Event, EventType

CHECK_SECONDS = 60.0  # looks soon after each full hour
CALM = timedelta(hours=24)  # a surge without an alarm for so long is over
_PAST = timedelta(days=28)  # of the words that a surge's words are compared with
_MAX_TEXTS = 500
_MAX_WORDS, _MAX_CASES = 8, 5


class SurgeWatch:
    """The event worker's part; several workers may have one each."""

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._clock = clock
        self._done = 0

    def check(self) -> None:
        """Once for each hour that is over: writes new surges, each with its `surge.detected`.

        Raises:
            SQLAlchemyError: the database does not answer.
        """
        now = self._clock()
        last = hour(now) - 1
        if last == self._done:
            return
        with self._database.session() as session:
            seen = arrivals.read(session, last)
        self.tell(seen, arrivals.alarms(seen), now)
        self._done = last

    def tell(self, seen: Arrivals, readings: Mapping[Series, Reading], now: datetime) -> None:
        """Keeps open surges up to date and writes new ones, as the readings of an hour say.

        Raises:
            SQLAlchemyError: the database does not answer.
        """
        with self._database.session() as session:  # rolled back: only what is new needs words
            likely = _note(session, seen, readings, now)
        with self._database.session() as session:
            about = {
                one.series: _about(session, one.series, seen.last, one.reading) for one in likely
            }
        with self._database.session() as session:
            audit.lock(session)
            for found in _note(session, seen, readings, now):
                _tell(session, found, about.get(found.series, ([], [])), now)
            session.commit()


def _note(
    session: Session, seen: Arrivals, readings: Mapping[Series, Reading], now: datetime
) -> list[Found]:
    """Keeps open surges up to date; returns those of which nobody was told yet."""
    left, common = dict(readings), seen.common()
    for surge in session.scalars(select(Surge).where(Surge.ended_at.is_(None)).order_by(Surge.id)):
        own = Series(surge.kind, surge.code)
        known = {own, *(Series(*one.split(":", 1)) for one in surge.also)}
        alarming = known & set(left)
        if own in left:
            alarming |= set(explains(own, left, common))
            _grow(surge, left[own])
        surge.also = sorted(map(str, (known | alarming) - {own}))
        if alarming:
            surge.last_alarm_at = now
        elif now - surge.last_alarm_at >= CALM:
            surge.ended_at = now
        for one in alarming:
            del left[one]
    return group(left, common)


def _grow(surge: Surge, reading: Reading) -> None:
    """The clearest reading is the one that is kept."""
    if reading.ratio < surge.ratio:
        surge.ratio, surge.window_hours = reading.ratio, reading.window_hours
        surge.seen, surge.expected = reading.seen, reading.expected


def _tell(
    session: Session, found: Found, about: tuple[list[str], list[int]], now: datetime
) -> None:
    content: dict[str, object] = {
        "kind": found.series.kind,
        "code": found.series.code,
        "window_hours": found.reading.window_hours,
        "seen": found.reading.seen,
        "expected": round(found.reading.expected, 1),
        "also": [str(one) for one in sorted(found.also)],
        "words": about[0],
        "case_ids": about[1],
    }
    kept = {**content, "expected": found.reading.expected, "ratio": found.reading.ratio}
    session.add(Surge(detected_at=now, last_alarm_at=now, ended_at=None, **kept))
    events.record(session, [Event(EventType.SURGE_DETECTED, None, now, {"surge": content})])
    structlog.get_logger().warning(
        "surge_detected", series=str(found.series), seen=found.reading.seen,
        expected=content["expected"],
    )  # fmt: skip


def _about(
    session: Session, series: Series, last: int, reading: Reading
) -> tuple[list[str], list[int]]:
    """The words that rose with a surge, and the cases that have most of them.

    Only words count that the cases of the past four weeks had less often.
    """
    end = datetime.fromtimestamp((last + 1) * 3600, UTC)
    start = end - timedelta(hours=reading.window_hours)
    now = _texts(session, series, start, end)
    before = _texts(session, series, start - _PAST, start)
    pieces = words.cut([text for _, text in now])
    past = words.count(words.cut([text for _, text in before]))
    risen = [one.word for one in words.rising(words.count(pieces), past)][:_MAX_WORDS]
    numbers = [number for number, _ in now]
    return risen, words.examples(risen, zip(numbers, pieces, strict=True), _MAX_CASES)


def _texts(
    session: Session, series: Series, start: datetime, end: datetime
) -> list[tuple[int, str]]:
    """Numbers and masked texts of the latest cases of a series."""
    statement = (
        select(Case.id, CaseContent.text)
        .join(CaseContent, CaseContent.case_id == Case.id)
        .where(Case.created_hour.between(hour(start), hour(end) - 1), arrivals.condition(series))
        .order_by(Case.created_hour.desc(), Case.id.desc())
        .limit(_MAX_TEXTS)
    )
    return [(number, text) for number, text in session.execute(statement)]
