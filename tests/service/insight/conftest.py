"""Cases put straight into the tables, at any hour, and the watch over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from classifier.prediction import Priority
from service.cases.record import hour
from service.cases.search import searchable
from service.cases.states import State, VerdictState
from service.cases.tables import Case, CaseContent
from service.db import Database
from service.insight.surge_watch import SurgeWatch
from service.outbox.tables import OutboxEvent

NOW = datetime(2026, 3, 16, 4, 5, tzinfo=UTC)  # a Monday, noon in China


@dataclass
class Stream:
    """The cases of a database, and a clock that is set by hand."""

    database: Database
    now: datetime = NOW
    _made: int = field(default=0)

    def add(self, moments: list[datetime], text: str = "服务太差", **columns: object) -> list[int]:
        """One case for each moment; their numbers."""
        cases, contents = [], []
        for at in moments:
            self._made += 1
            cases.append({**_row(self._made, at), **columns})
            contents.append({
                "case_id": self._made, "text": text, "searchable": searchable(text),
                "prediction": {}, "decision": {},
            })  # fmt: skip
        with self.database.session() as session:
            session.execute(insert(Case), cases)
            session.execute(insert(CaseContent), contents)
            session.commit()
        return [int(str(case["id"])) for case in cases]

    def past(self, days: int, a_day: int, **columns: object) -> None:
        """So many cases on each day before today, evenly over it."""
        self.add(
            [
                self.now - timedelta(days=day, minutes=(1440 // a_day) * number + 60)
                for day in range(days)
                for number in range(a_day)
            ],
            **columns,  # type: ignore[arg-type]
        )

    def watch(self) -> SurgeWatch:
        """The event worker's part."""
        return SurgeWatch(self.database, clock=lambda: self.now)

    def told(self) -> list[dict[str, object]]:
        """What the events say, the oldest first."""
        with self.database.session() as session:
            found = session.scalars(select(OutboxEvent).order_by(OutboxEvent.number))
            return [one.payload["data"]["surge"] for one in found if one.type == "surge.detected"]


def _row(number: int, at: datetime) -> dict[str, object]:
    return {
        "id": number, "client_id": None, "created_by": "key:a", "customer_hash": None,
        "customer_tier": None, "contacts": 0, "channel": "app", "product": None, "region": None,
        "outcome": "ok",
        "reasons": "priority", "level": 3, "category": "service", "signals": " ",
        "priority": Priority.P2, "score": 0.5, "uncertainty": 0.1, "team": "care", "tier": "L1",
        "model_version": "v1", "policy_version": "p", "tokeniser": "fake", "created_at": at,
        "created_hour": hour(at), "clock_start_at": at, "due_at": at, "first_response_at": None,
        "response_seconds": None, "resolved_at": None, "resolution_seconds": None,
        "state": State.NEW, "is_open": True, "owner": None, "snoozed_until": None,
        "waiting_since": None, "paused_seconds": 0, "escalation_step": 0,
        "verdict_state": VerdictState.NONE, "version": 1,
    }  # fmt: skip


@pytest.fixture
def stream(database: Database) -> Stream:
    """An empty database."""
    return Stream(database)
