"""Clocks that ring: a reminder before a case is overdue, then the news that it is, then escalation.

A case without a first answer goes up one step after the other, each once: 1 reminded, 2 overdue,
3 and more escalated, to the next tier and its people on call. While it waits for the customer its
clock stands still.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Dialect, Float, and_, func, literal, or_, select, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import InstrumentedAttribute, Session

from service import audit
from service.actors import Actor
from service.cases.states import State
from service.cases.tables import Case
from service.columns import UtcDateTime
from service.db import Database
from service.outbox import events
from service.outbox.configuration import Escalation
from service.outbox.events import EventType
from service.secret import Secret
from service.tables import Role

REMINDED, OVERDUE = 1, 2
CLOCK = Actor("system:clock", Role.ADMIN, "worker")
_AT_ONCE = 200
Values = dict[str, object]


class Escalator:
    """Takes the steps that are due; several at work at once take each step once."""

    def __init__(
        self, database: Database, secret: Secret, *, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._secret = secret
        self._clock = clock

    def check(self, settings: Escalation) -> int:
        """Takes every step that is due; how many cases were touched.

        Raises:
            SQLAlchemyError: the database does not answer.
        """
        touched = 0
        while True:
            now = self._clock()
            with self._database.session() as session:
                dialect = session.get_bind().dialect
                found = session.scalars(
                    select(Case.id)
                    .where(_is_due(settings, now, dialect))
                    .order_by(Case.due_at, Case.id)
                    .limit(_AT_ONCE)
                ).all()
            taken = sum(self._go_on(case_id, settings, now) for case_id in found)
            touched += taken
            if len(found) < _AT_ONCE or not taken:
                return touched

    def _go_on(self, case_id: int, settings: Escalation, now: datetime) -> bool:
        """Takes the steps of one case, unless somebody answered or another worker took them."""
        with self._database.session() as session:
            audit.lock(session)
            case = session.get(Case, case_id)
            if case is None or not _is_running(case):
                return False
            last = reached(case, settings, now)
            for step in range(case.escalation_step + 1, last + 1):
                self._take(session, case, step, settings, now)
            session.commit()
            return case.escalation_step == last

    def _take(
        self, session: Session, case: Case, step: int, settings: Escalation, now: datetime
    ) -> None:
        """One step: the case, the audit log and the event, in one transaction."""
        if step == REMINDED and now >= case.due_at:
            return  # nobody needs to be reminded of what is late already
        tier = case.tier if step <= OVERDUE else next_tier(case.tier, settings.tiers)
        action, event_type = _NAMES[min(step, OVERDUE + 1)]
        before: Values = {"tier": case.tier} if tier != case.tier else {}
        after: Values = {"tier": tier} if tier != case.tier else {}
        values = {**after, "escalation_step": step, "version": case.version + len(after)}
        session.execute(
            update(Case)
            .where(Case.id == case.id)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        session.refresh(case)
        told: Values = {
            "step": max(0, step - OVERDUE),
            "tier": tier,
            "on_call": settings.on_call.get(tier),
            "reason": "unclaimed" if case.state is State.NEW else "unanswered",
        }
        noted = {**after, "step": told["step"], "on_call": told["on_call"]}
        change = audit.Change(action, f"case:{case.id}", case.version, before, noted, at=now)
        audit.record(session, self._secret, [(CLOCK, change)])
        about = {"actor": CLOCK.id, "from_tier": before.get("tier", tier), **told}
        events.record(session, [events.of_case(case, event_type, now, about)])


_NAMES = {
    REMINDED: ("remind", EventType.REMINDER),
    OVERDUE: ("overdue", EventType.OVERDUE),
    OVERDUE + 1: ("escalate", EventType.ESCALATED),
}


def reached(case: Case, settings: Escalation, now: datetime) -> int:
    """The last step whose moment has come."""
    clock = case.due_at - case.clock_start_at - timedelta(seconds=case.paused_seconds)
    moments = [case.due_at + share * clock for share in _shares(settings)]
    return max((step for step, at in enumerate(moments, start=1) if at <= now), default=0)


def next_tier(tier: str, tiers: list[str]) -> str:
    """The tier above; the highest stays, and one that is not known goes to the highest.

    >>> next_tier("L1", ["L1", "L2", "L3"]), next_tier("L3", ["L1", "L2", "L3"])
    ('L2', 'L3')
    """
    return tiers[min(tiers.index(tier) + 1, len(tiers) - 1)] if tier in tiers else tiers[-1]


def _shares(settings: Escalation) -> list[float]:
    """The moment of each step, in shares of the clock after its end."""
    return [-settings.remind_share, 0.0, *settings.late_shares]


def _is_running(case: Case) -> bool:
    return case.is_open and case.first_response_at is None and case.waiting_since is None


def _is_due(settings: Escalation, now: datetime, dialect: Dialect) -> ColumnElement[bool]:
    """Cases of which the next step's moment has come; computed where the cases are."""
    late = _seconds(literal(now, UtcDateTime), dialect) - _seconds(Case.due_at, dialect)
    clock = (
        _seconds(Case.due_at, dialect)
        - _seconds(Case.clock_start_at, dialect)
        - Case.paused_seconds
    )
    shares = _shares(settings)
    steps = [
        and_(Case.escalation_step == step, late >= share * clock)
        for step, share in enumerate(shares)
    ]
    return and_(
        Case.is_open.is_(True),
        Case.escalation_step < len(shares),
        Case.first_response_at.is_(None),
        Case.waiting_since.is_(None),
        or_(*steps),
    )


def _seconds(
    moment: ColumnElement[datetime] | InstrumentedAttribute[datetime], dialect: Dialect
) -> ColumnElement[float]:
    if dialect.name == "sqlite":
        return func.julianday(moment) * 86_400.0
    return sql_cast(func.extract("epoch", moment), Float)
