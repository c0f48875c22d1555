"""Deliveries in the database: which are due, who has them in hand, how they ended.

A worker that takes a delivery writes its name and a time limit into the row, if nobody else did
meanwhile; one that dies lets the time limit pass, and the delivery is made again. An event waits
while an earlier one of the same case has not reached the same target, so that order is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, delete, exists, func, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, aliased

from service.db import Database
from service.outbox.tables import DeliveryState, Json, OutboxDelivery, OutboxEvent
from service.outbox.targets import Target

MAX_DELAY = timedelta(hours=1)
ROUTE_AT_ONCE = 200
_PURGE_AT_ONCE = 1000
_ADD = insert(cast("Table", OutboxDelivery.__table__))


@dataclass(frozen=True, slots=True)
class Job:
    """One delivery in hand."""

    event_number: int
    target: str
    event_id: str
    event_type: str
    case_id: int | None
    case_key: int  # deliveries of one key go in order
    payload: Json
    attempts: int  # that failed before
    first_attempt_at: datetime
    lease: str


def route(database: Database, targets: Mapping[str, Target], now: datetime) -> bool:
    """Makes the deliveries that new events ask for; whether there may be more such events.

    Of two workers that do it at once one finds the events taken and leaves them.
    """
    with database.session() as session:
        found = session.scalars(
            select(OutboxEvent)
            .where(OutboxEvent.is_routed.is_(False))
            .order_by(OutboxEvent.number)
            .limit(ROUTE_AT_ONCE)
        ).all()
    if not found:
        return False
    rows = [_row(event, name, now) for event in found for name in _recipients(event, targets)]
    with database.writing() as session:
        taken = session.execute(
            update(OutboxEvent)
            .where(
                OutboxEvent.number.in_([event.number for event in found]),
                OutboxEvent.is_routed.is_(False),
            )
            .values(is_routed=True)
            .returning(OutboxEvent.number)
            .execution_options(synchronize_session=False)
        ).all()
        if len(taken) != len(found):
            return True  # another worker was faster: rolled back
        if rows:
            session.execute(_ADD, rows)
        session.commit()
    return len(found) == ROUTE_AT_ONCE


def take(
    database: Database, target: str, now: datetime, *, lease: tuple[str, timedelta], limit: int
) -> list[Job]:
    """Deliveries to a target that are due and that nobody else has in hand, now in ours."""
    with database.session() as session:
        found = session.execute(_due(target, now).limit(limit)).all()
    jobs: list[Job] = []
    for delivery, event in found:
        try:
            job = _taken(database, delivery, event, now, lease)
        except SQLAlchemyError:
            if jobs:
                return jobs  # what is in hand already is delivered all the same
            raise
        if job is not None:
            jobs.append(job)
    return jobs


def deliver_done(database: Database, job: Job, now: datetime) -> None:
    """The target has it; an event that another worker took over meanwhile is left to that one."""
    _settle(database, job, {"state": DeliveryState.DELIVERED, "settled_at": now})


def put_off(database: Database, job: Job, until: datetime, reason: str) -> None:
    """It failed and is tried again; what waits behind it is not looked at before.

    Thousands of cases that waited behind their first event were looked through at every poll.
    """
    values = {"next_at": until, "attempts": min(job.attempts + 1, 32_767), "last_error": reason}
    behind = (
        OutboxDelivery.target == job.target,
        OutboxDelivery.case_key == job.case_key,
        OutboxDelivery.state == DeliveryState.PENDING,
        OutboxDelivery.event_number > job.event_number,
        OutboxDelivery.next_at < until,
    )
    with database.writing() as session:
        if _settled(session, job, values):
            session.execute(
                update(OutboxDelivery)
                .where(*behind)
                .values(next_at=until)
                .execution_options(synchronize_session=False)
            )
        session.commit()


def give_up(database: Database, job: Job, now: datetime, reason: str) -> None:
    """It failed for good: the next events of the case go on without it."""
    values = {"attempts": min(job.attempts + 1, 32_767), "last_error": reason}
    _settle(database, job, {"state": DeliveryState.DEAD, "settled_at": now, **values})


def mend(database: Database, targets: Sequence[str], now: datetime, lease: timedelta) -> None:
    """Takes back what only a clock that was set back can explain; gives up what has no target.

    Without this a delivery that failed while the clock was a year ahead would wait for a year.
    """
    is_pending = OutboxDelivery.state == DeliveryState.PENDING
    ahead = (is_pending, OutboxDelivery.next_at > now + MAX_DELAY)
    leased = (is_pending, OutboxDelivery.lease_until > now + 2 * lease)
    is_old = OutboxDelivery.next_at < now - timedelta(days=1)
    orphaned = (is_pending, OutboxDelivery.target.not_in(targets), is_old)
    gone = {"state": DeliveryState.DEAD, "settled_at": now, "last_error": "no such target any more"}
    free: dict[str, object] = {"lease": None, "lease_until": None}
    with database.writing() as session:
        for where, values in ((ahead, {"next_at": now}), (leased, free), (orphaned, gone)):
            session.execute(
                update(OutboxDelivery)
                .where(*where)
                .values(**values)
                .execution_options(synchronize_session=False)
            )
        session.commit()


def purge(database: Database, before: datetime) -> int:
    """Drops events from before a moment that nobody waits for; dead letters stay. How many."""
    kept = exists().where(
        OutboxDelivery.event_number == OutboxEvent.number,
        OutboxDelivery.state != DeliveryState.DELIVERED,
    )
    with database.session() as session:
        numbers = session.scalars(
            select(OutboxEvent.number)
            .where(OutboxEvent.at < before, OutboxEvent.is_routed.is_(True), ~kept)
            .limit(_PURGE_AT_ONCE)
        ).all()
    if not numbers:
        return 0
    with database.writing() as session:
        for table, column in (
            (OutboxDelivery, OutboxDelivery.event_number),
            (OutboxEvent, OutboxEvent.number),
        ):
            session.execute(
                delete(table)
                .where(column.in_(numbers))
                .execution_options(synchronize_session=False)
            )
        session.commit()
    return len(numbers)


def _recipients(event: OutboxEvent, targets: Mapping[str, Target]) -> list[str]:
    """Whom an event goes to; one with an addressee to that one, even if it is not there today."""
    if event.addressee is not None:
        return [event.addressee]
    case = _case_of(event.payload)
    return [target.name for target in targets.values() if target.wants(event.type, case)]


def _row(event: OutboxEvent, target: str, now: datetime) -> Json:
    return {
        "event_number": event.number,
        "target": target,
        "case_key": event.order_key or event.case_id or 0,
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "next_at": now,
        "first_attempt_at": None,
        "settled_at": None,
        "lease": None,
        "lease_until": None,
        "last_error": None,
    }


def _case_of(payload: Json) -> Mapping[str, object]:
    content = payload["data"]
    case = content.get("case") if isinstance(content, dict) else None
    return case if isinstance(case, dict) else {}


def _due(target: str, now: datetime):  # type: ignore[no-untyped-def]  # a Select of two entities
    # As "there is none earlier" PostgreSQL made a join of it, which without fresh statistics took
    # 55 s for 20,000 deliveries; the least number is one look into an index for each that is due.
    own = aliased(OutboxDelivery)
    first = (
        select(func.min(own.event_number))
        .where(
            own.target == OutboxDelivery.target,
            own.case_key == OutboxDelivery.case_key,
            own.state == DeliveryState.PENDING,
        )
        .scalar_subquery()
    )
    return (
        select(OutboxDelivery, OutboxEvent)
        .join(OutboxEvent, OutboxEvent.number == OutboxDelivery.event_number)
        .where(
            OutboxDelivery.state == DeliveryState.PENDING,
            OutboxDelivery.target == target,
            OutboxDelivery.next_at <= now,
            or_(OutboxDelivery.lease_until.is_(None), OutboxDelivery.lease_until <= now),
            OutboxDelivery.event_number == first,
        )
        .order_by(OutboxDelivery.next_at, OutboxDelivery.event_number)
    )


def _taken(
    database: Database,
    delivery: OutboxDelivery,
    event: OutboxEvent,
    now: datetime,
    lease: tuple[str, timedelta],
) -> Job | None:
    """The delivery with our name on it, unless somebody was faster."""
    first = delivery.first_attempt_at or now
    statement = (
        update(OutboxDelivery)
        .where(
            OutboxDelivery.event_number == delivery.event_number,
            OutboxDelivery.target == delivery.target,
            OutboxDelivery.state == DeliveryState.PENDING,
            OutboxDelivery.attempts == delivery.attempts,
            OutboxDelivery.next_at == delivery.next_at,
            or_(OutboxDelivery.lease.is_(None), OutboxDelivery.lease_until <= now),
        )
        .values(lease=lease[0], lease_until=now + lease[1], first_attempt_at=first)
        .returning(OutboxDelivery.event_number)
        .execution_options(synchronize_session=False)
    )
    with database.writing() as session:
        if session.execute(statement).first() is None:
            return None
        session.commit()
    about = (event.id, event.type, event.case_id, delivery.case_key, event.payload)
    return Job(event.number, delivery.target, *about, delivery.attempts, first, lease[0])


def _settle(database: Database, job: Job, values: Json) -> None:
    with database.writing() as session:
        _settled(session, job, values)
        session.commit()


def _settled(session: Session, job: Job, values: Json) -> bool:
    """Writes how an attempt ended, unless another worker has taken the delivery over."""
    done = session.execute(
        update(OutboxDelivery)
        .where(
            OutboxDelivery.event_number == job.event_number,
            OutboxDelivery.target == job.target,
            OutboxDelivery.lease == job.lease,
        )
        .values(**values, lease=None, lease_until=None)
        .returning(OutboxDelivery.event_number)
        .execution_options(synchronize_session=False)
    )
    return done.first() is not None
