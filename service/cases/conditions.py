"""What is asked of a case at a moment: as a condition of a query, and of a case in hand."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, true

from service.cases.tables import Case


def is_overdue(now: datetime) -> ColumnElement[bool]:
    """Open, without a first response after its time, and not waiting for the customer."""
    return and_(
        Case.is_open == true(),
        Case.first_response_at.is_(None),
        Case.waiting_since.is_(None),
        Case.due_at < now,
    )


def was_late(now: datetime) -> ColumnElement[bool]:
    """Answered after its time, or overdue."""
    return or_(Case.first_response_at > Case.due_at, is_overdue(now))


def overdue(case: Case, now: datetime) -> bool:
    """The same of a case in hand."""
    return (
        case.is_open
        and case.first_response_at is None
        and case.waiting_since is None
        and case.due_at < now
    )


def is_awake(now: datetime) -> ColumnElement[bool]:
    """Not put off until later."""
    return or_(Case.snoozed_until.is_(None), Case.snoozed_until <= now)


def awake(case: Case, now: datetime) -> bool:
    """The same of a case in hand."""
    return case.snoozed_until is None or case.snoozed_until <= now
