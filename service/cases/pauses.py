"""How long the clock of a case stood still, counted in the hours in which it runs otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from classifier.calendar import BusinessHours, due, open_seconds
from classifier.policy import Policy
from service.cases.moves import Values
from service.cases.tables import Case
from service.tables import AuditEntry


def end(case: Case, now: datetime, policy: Policy) -> Values:
    """What the end of a pause changes in a case that waits: it is due later by what was missed.

    Nights and holidays in between were not missed where the clock does not run in them; and an
    answer that was given before has ended the clock for good.
    """
    if case.waiting_since is None or case.first_response_at is not None:
        return {}
    _, hours = policy.first_response(case.priority, case.team)
    missed = int(open_seconds(case.waiting_since, now, hours))
    return {
        "due_at": due(case.due_at, missed, hours),
        "paused_seconds": case.paused_seconds + missed,
    }


def seconds_in(session: Session, case: Case, hours: BusinessHours | None) -> int:
    """What all pauses of a case that are over come to in other hours than they were counted in."""
    return sum(int(open_seconds(start, stop, hours)) for start, stop in _pauses(session, case))


def _pauses(session: Session, case: Case) -> Iterator[tuple[datetime, datetime]]:
    """Every pause that has moved the clock, as the audit log tells."""
    statement = (
        select(AuditEntry).where(AuditEntry.subject == f"case:{case.id}").order_by(AuditEntry.id)
    )
    for entry in session.scalars(statement):
        began = orjson.loads(entry.before).get("waiting_since")
        if began and "paused_seconds" in orjson.loads(entry.after):
            yield datetime.fromisoformat(began), entry.at
