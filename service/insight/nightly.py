"""Groups cases anew once a night, in a process of its own that gives way to all others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import func, select

from service.cases.record import hour
from service.cases.tables import Case
from service.db import Database
from service.insight.arrivals import UTC_OFFSET_HOURS
from service.insight.surges import DAY
from service.insight.tables import EmergingWord, Issue
from service.insight.texts import PERIOD_DAYS

CHECK_SECONDS = 300.0
NIGHT_HOUR = 3  # in China; a worker that was not running then makes up for it when it starts
MIN_CASES = 50  # of the last days: fewer have nothing that recurs


class Rebuilding(Protocol):
    """The process that groups."""

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""


class NightlyRebuild:
    """The event worker's part; where several workers share a database, mostly one does it."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        start: Callable[[], Rebuilding] | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._start = start or _start
        self._running: Rebuilding | None = None
        self._night: datetime | None = None

    def check(self) -> None:
        """Starts a rebuild if none has begun since the last night hour.

        Raises:
            SQLAlchemyError: the database does not answer.
        """
        if self._running is not None:
            status = self._running.poll()
            if status is None:
                return
            self._running = None
            if status:
                structlog.get_logger().error("insight_rebuild_failed", exit_status=status)
        now = self._clock()
        night = _last_night(now)
        if night != self._night and self._is_due(night, now):
            self._running = self._start()
        self._night = night

    def _is_due(self, night: datetime, now: datetime) -> bool:
        newest = (select(func.max(table.built_at)) for table in (Issue, EmergingWord))
        recent = select(Case.id).where(Case.created_hour >= hour(now) - PERIOD_DAYS * DAY)
        with self._database.session() as session:
            if any((built := session.scalar(one)) and built >= night for one in newest):
                return False
            return len(session.scalars(recent.limit(MIN_CASES)).all()) == MIN_CASES


def _last_night(now: datetime) -> datetime:
    """The night hour that was last.

    >>> _last_night(datetime(2026, 11, 22, 18, 59, tzinfo=UTC)).isoformat()
    '2026-11-21T19:00:00+00:00'
    """
    offset = timedelta(hours=NIGHT_HOUR - UTC_OFFSET_HOURS)
    day = (now.astimezone(UTC) - offset).date()
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + offset


def _start() -> Rebuilding:
    return subprocess.Popen(
        [sys.executable, "-m", "service", "insight", "--rebuild", "--in-background"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
