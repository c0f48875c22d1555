"""Deliveries to look at and to repeat: those that were given up above all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, update

from classifier.errors import shorten
from service import audit
from service.audit import Trail
from service.cases.faults import CaseFieldError
from service.cases.plain import plain
from service.db import Database
from service.outbox.tables import DeliveryState, Json, OutboxDelivery, OutboxEvent

MAX_LETTERS, LETTERS = 200, 50
STATES = ("dead", "pending", "delivered", "all")


@dataclass(frozen=True, slots=True)
class LetterQuery:
    """Which deliveries; an empty value asks for all. `after` is the last one of the page before."""

    state: str = "dead"
    target: str = ""
    event_id: str = ""
    after: str = ""
    limit: int = LETTERS


@dataclass(frozen=True, slots=True)
class LetterPage:
    """Some deliveries, the newest event first."""

    items: list[Json]
    next_after: str | None


def list_letters(database: Database, query: LetterQuery) -> LetterPage:
    """A page of deliveries.

    Raises:
        CaseFieldError: a value is not allowed.
    """
    statement = (
        select(OutboxDelivery, OutboxEvent)
        .join(OutboxEvent, OutboxEvent.number == OutboxDelivery.event_number)
        .where(*_conditions(query), *_after(query.after))
        .order_by(OutboxDelivery.event_number.desc(), OutboxDelivery.target)
        .limit(query.limit + 1)
    )
    with database.session() as session:
        found = session.execute(statement).all()
    shown = [_letter(delivery, event) for delivery, event in found[: query.limit]]
    if len(found) <= query.limit:
        return LetterPage(shown, None)
    last = found[query.limit - 1][0]
    return LetterPage(shown, f"{last.event_number}:{last.target}")


def replay(database: Database, query: LetterQuery, trail: Trail, now: datetime) -> int:
    """Sets deliveries to be made again, as if for the first time; how many.

    Those that were given up; with `event_id` also one that was made.

    Raises:
        CaseFieldError: a value is not allowed.
    """
    states = [DeliveryState.DEAD, *([DeliveryState.DELIVERED] if query.event_id else [])]
    numbers = select(OutboxEvent.number).where(OutboxEvent.id == query.event_id)
    where: list[ColumnElement[bool]] = [OutboxDelivery.state.in_(states)]
    if query.target:
        where.append(OutboxDelivery.target == query.target)
    if query.event_id:
        where.append(OutboxDelivery.event_number.in_(numbers))
    values = {"state": DeliveryState.PENDING, "attempts": 0, "next_at": now, "settled_at": None}
    with database.session() as session:
        audit.lock(session)
        done = session.execute(
            update(OutboxDelivery)
            .where(*where)
            .values(**values, first_attempt_at=None, last_error=None)
            .returning(OutboxDelivery.event_number)
            .execution_options(synchronize_session=False)
        ).all()
        after = {"deliveries": len(done), "target": query.target, "event_id": query.event_id}
        change = audit.Change("replay_events", "outbox", None, {}, after, at=now)
        if done:
            audit.record(session, trail.secret, [(trail.by, change)])
        session.commit()
    return len(done)


def _conditions(query: LetterQuery) -> list[ColumnElement[bool]]:
    if query.state not in STATES:
        raise _fault("state", query.state, "、".join(STATES))
    found: list[ColumnElement[bool]] = []
    if query.state != "all":
        found.append(OutboxDelivery.state == DeliveryState[query.state.upper()])
    if query.target:
        found.append(OutboxDelivery.target == query.target)
    if query.event_id:
        found.append(OutboxEvent.id == query.event_id)
    return found


def _after(after: str) -> list[ColumnElement[bool]]:
    if not after:
        return []
    number, _, target = after.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise _fault("after", after, "上一页返回的 next_after")
    same = and_(OutboxDelivery.event_number == int(number), OutboxDelivery.target > target)
    return [or_(OutboxDelivery.event_number < int(number), same)]


def _letter(delivery: OutboxDelivery, event: OutboxEvent) -> Json:
    return {
        "event_id": event.id,
        "type": event.type,
        "case_id": event.case_id,
        "at": plain(event.at),
        "target": delivery.target,
        "state": plain(delivery.state),
        "attempts": delivery.attempts,
        "next_at": plain(delivery.next_at) if delivery.state is DeliveryState.PENDING else None,
        "settled_at": plain(delivery.settled_at),
        "last_error": delivery.last_error,
    }


def _fault(field: str, value: str, allowed: str) -> CaseFieldError:
    return CaseFieldError(field, f"{field} 是 {shorten(value)}，允许的值：{allowed}")
