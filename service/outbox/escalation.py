"""Clocks that ring: a reminder before a case is overdue, then the news that it is, then escalation.

A case without a first answer takes one step after the other, each once; `service.outbox.steps` says
when. While it waits for the customer its clock stands still.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from classifier.policy import Policy
from service import audit
from service.actors import Actor
from service.cases.states import State
from service.cases.tables import Case
from service.db import Database
from service.outbox import events
from service.outbox.configuration import Escalation
from service.outbox.events import EventType
from service.outbox.steps import OVERDUE, REMINDED, Steps
from service.secret import Secret
from service.tables import Role

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

    def check(self, settings: Escalation, policy: Policy) -> int:
        """Takes every step that is due; how many cases were touched.

        Raises:
            SQLAlchemyError: the database does not answer.
        """
        touched = 0
        while True:
            steps = Steps(settings, policy, self._clock())
            with self._database.session() as session:
                found = session.scalars(
                    select(Case.id)
                    .where(
                        Case.is_open.is_(True),
                        Case.first_response_at.is_(None),
                        Case.waiting_since.is_(None),
                        steps.where(),
                    )
                    .order_by(Case.due_at, Case.id)
                    .limit(_AT_ONCE)
                ).all()
            taken = sum(self._go_on(case_id, steps) for case_id in found)
            touched += taken
            if len(found) < _AT_ONCE or not taken:
                return touched

    def _go_on(self, case_id: int, steps: Steps) -> bool:
        """Takes the steps of one case, unless somebody answered or another worker took them."""
        with self._database.session() as session:
            audit.lock(session)
            case = session.get(Case, case_id)
            if case is None or not _is_running(case):
                return False
            before = case.escalation_step
            while steps.is_due(case):
                self._take(session, case, steps)
            session.commit()
            return case.escalation_step > before

    def _take(self, session: Session, case: Case, steps: Steps) -> None:
        """One step: the case, the audit log and the event, in one transaction."""
        now, step = steps.now, case.escalation_step + 1
        if step == REMINDED and now >= case.due_at:
            step = OVERDUE  # nobody needs to be reminded of what is late already
        tier = case.tier if step <= OVERDUE else steps.tier_above(case.tier)
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
            "on_call": steps.settings.on_call.get(tier),
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


def _is_running(case: Case) -> bool:
    return case.is_open and case.first_response_at is None and case.waiting_since is None
