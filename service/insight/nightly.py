"""Groups cases anew once a night, if there is something that can recur."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import func, select

from service.cases.record import hour
from service.cases.tables import Case
from service.db import Database
from service.insight.surges import DAY
from service.insight.tables import EmergingWord, Issue
from service.insight.texts import PERIOD_DAYS
from service.nightly import Nightly, Running, in_background

MIN_CASES = 50  # of the last days: fewer have nothing that recurs
_START = in_background(["insight", "--rebuild"])


class NightlyRebuild(Nightly):
    """The event worker's part; where several workers share a database, mostly one does it."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        start: Callable[[], Running] = _START,
    ) -> None:
        self._database = database
        super().__init__(start, self._has_enough, "insight_rebuild_failed", clock=clock)

    def _has_enough(self, night: datetime, now: datetime) -> bool:
        newest = (select(func.max(table.built_at)) for table in (Issue, EmergingWord))
        recent = select(Case.id).where(Case.created_hour >= hour(now) - PERIOD_DAYS * DAY)
        with self._database.session() as session:
            if any((built := session.scalar(one)) and built >= night for one in newest):
                return False
            return len(session.scalars(recent.limit(MIN_CASES)).all()) == MIN_CASES
