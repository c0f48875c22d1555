"""A small world of some weeks, put straight into the tables, with the sums that intake keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from classifier.policy_file import load_policy
from service.cases import volumes
from service.cases.labels import Labels
from service.cases.record import hour
from service.cases.tables import Case
from service.db import Database
from service.pages.names import Names
from service.weekly.gather import gather
from service.weekly.report import WeeklyReport
from service.weekly.weeks import find_week
from tests.service.cases.conftest import queue
from tests.service.insight.conftest import Stream
from tests.service.pages.conftest import house

__all__ = ["house", "queue"]

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 6, 1, tzinfo=SHANGHAI)
NOW = datetime(2026, 6, 10, 4, tzinfo=UTC)  # the Wednesday of the week after
HOUR = timedelta(hours=1)
LEVELS = {1: "平静", 2: "不满", 3: "生气", 4: "愤怒", 5: "失控"}


@dataclass
class World:
    """Cases by week; week 0 is the one of the report, week 1 the one before it."""

    stream: Stream
    monday: datetime = MONDAY
    now: datetime = NOW

    @property
    def database(self) -> Database:
        """The database that they are in."""
        return self.stream.database

    def add(
        self, number: int, *, week: int = 0, text: str = "服务太差", **columns: object
    ) -> list[int]:
        """So many cases of a week, an hour apart from Tuesday on, with a clock of a day."""
        first = self.monday - timedelta(weeks=week) + timedelta(days=1)
        moments = [(first + HOUR * place).astimezone(UTC) for place in range(number)]
        numbers = self.stream.add(moments, text, **columns)
        row = {"level": 3, "category": "service", **columns}
        with self.database.session() as session:
            for case_id, at in zip(numbers, moments, strict=True):
                due = update(Case).where(Case.id == case_id)
                session.execute(due.values(due_at=at + timedelta(days=1)))
            counted = [{**row, "created_hour": hour(at)} for at in moments]
            volumes.add(session, volumes.count_in(counted))
            session.commit()
        return numbers

    def past(self, *numbers: int, **columns: object) -> None:
        """So many cases in each of the weeks before, the latest first."""
        for week, number in enumerate(numbers, start=1):
            self.add(number, week=week, **columns)

    def change(self, case_id: int, **values: object) -> None:
        """Let a case have other columns."""
        with self.database.session() as session:
            session.execute(update(Case).where(Case.id == case_id).values(**values))
            session.commit()

    def report(self, code: str | None = None) -> WeeklyReport:
        """The report of a week in Shanghai, of the last whole one by default."""
        week = find_week(code, self.now, SHANGHAI)
        assert week is not None
        return gather(self.database, names(), week, now=self.now)


def names() -> Names:
    """Names of five levels and three categories, and the packaged policy."""
    policy = load_policy()
    categories = {"service": "服务态度", "refund": "退款", "delivery": "物流"}
    labels = Labels(
        frozenset(categories), frozenset(LEVELS), frozenset(policy.signals), categories, LEVELS
    )
    return Names(labels, {}, policy)


@pytest.fixture
def world(database: Database) -> World:
    """Nothing yet."""
    return World(Stream(database))
