"""Which tickets and messages were seen, in the database; and the event that has them written back.

Everything is added in the transaction of the case and under its lock, so that of two deliveries of
one message exactly one counts, and no message is classified without being written back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Table, exists, insert, select, update
from sqlalchemy.orm import Session

from classifier.errors import TriageError
from classifier.prediction import Priority
from service.adapters.file import Adapter
from service.adapters.inbound import Message
from service.adapters.tables import AdapterMessage, AdapterTicket, Json
from service.cases.record import Judged
from service.db import Database
from service.outbox import events
from service.outbox.events import Event, EventType
from service.outbox.tables import DeliveryState, OutboxDelivery, OutboxEvent

_TICKETS = cast("Table", AdapterTicket.__table__)
_MESSAGES = cast("Table", AdapterMessage.__table__)


@dataclass(frozen=True, slots=True)
class Seen:
    """A message that was classified before, and what its ticket's priority became."""

    id: int
    priority: Priority
    case_id: int | None


class SeenError(TriageError):
    """Another delivery of the message was faster."""

    def __init__(self, seen: Seen) -> None:
        super().__init__("the message was classified before")
        self.seen = seen


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message on its way into the ledger."""

    adapter: Adapter
    message: Message
    text_hash: bytes


def look(database: Database, arrival: Arrival) -> tuple[bool, Seen | None]:
    """Whether the ticket is known, and the message if it was classified before.

    A ticket's first text may come twice, without a number and as a message with one: it then gets
    the number, so that a third time is known too.
    """
    with database.session() as session:
        ticket = _ticket(session, arrival)
        if ticket is None:
            return False, None
        found = _seen(session, ticket, arrival)
        if found is None:
            return ticket.messages > 0, None
        number, row = arrival.message.message, session.get_one(AdapterMessage, found.id)
        if row.message != number and not arrival.message.is_opening:
            row.message = number
            session.commit()
        return True, found


def add(
    connection: Connection, arrival: Arrival, judged: Judged, found: Json, case_id: int | None
) -> Seen:
    """Adds a message, and the event that has what was `found` in it written back.

    Raises:
        SeenError: it is there already; the caller's transaction must not be committed.
    """
    with Session(connection, join_transaction_mode="rollback_only") as session:
        ticket = _ticket(session, arrival)
        known = _seen(session, ticket, arrival) if ticket is not None else None
    if known is not None:
        raise SeenError(known)
    own = judged.decision.priority
    priority = min(ticket.priority, own) if ticket is not None else own
    counted: Json = {"priority": priority}
    counted["messages"] = ticket.messages + 1 if ticket is not None else 1
    if judged.customer_hash is not None:
        counted["customer_hash"] = judged.customer_hash  # whose data it is deleted with
    if ticket is None:
        about = {"adapter": arrival.adapter.name, "ticket": arrival.message.ticket}
        values = {**about, **counted, "created_at": judged.received_at}
        ticket_id = _inserted(connection, _TICKETS, values)
    else:
        ticket_id = ticket.id
        connection.execute(update(_TICKETS).where(_TICKETS.c.id == ticket_id).values(**counted))
    row = {"ticket_id": ticket_id, "message": arrival.message.message, "at": judged.received_at}
    row |= {"text_hash": arrival.text_hash, "is_first": ticket is None, "priority": priority}
    row |= {"case_id": case_id, "findings": found}
    seen = Seen(_inserted(connection, _MESSAGES, row), priority, case_id)
    if arrival.adapter.writes:
        events.record(connection, [_event(arrival, seen, ticket_id, judged.received_at)])
    return seen


def forget_findings(database: Database, before: datetime) -> None:
    """Drops what was found in old messages, unless it still has to be written back."""
    waits = (
        exists()
        .where(
            OutboxEvent.order_key == -AdapterMessage.ticket_id,
            OutboxDelivery.event_number == OutboxEvent.number,
            OutboxDelivery.state != DeliveryState.DELIVERED,
        )
        .correlate(AdapterMessage)
    )
    with database.writing() as session:
        session.execute(
            update(AdapterMessage)
            .where(AdapterMessage.at < before, AdapterMessage.findings.is_not(None), ~waits)
            .values(findings=None)
            .execution_options(synchronize_session=False)
        )
        session.commit()


def _ticket(session: Session, arrival: Arrival) -> AdapterTicket | None:
    return session.scalars(
        select(AdapterTicket).where(
            AdapterTicket.adapter == arrival.adapter.name,
            AdapterTicket.ticket == arrival.message.ticket,
        )
    ).one_or_none()


def _seen(session: Session, ticket: AdapterTicket, arrival: Arrival) -> Seen | None:
    """The message if it is known, by its number or as the ticket's first text."""
    message = arrival.message
    rows = select(AdapterMessage).where(AdapterMessage.ticket_id == ticket.id)
    found = session.scalars(rows.where(AdapterMessage.message == message.message)).one_or_none()
    if found is None and (message.is_opening or ticket.messages == 1):
        first = session.scalars(rows.where(AdapterMessage.is_first.is_(True))).one_or_none()
        if first is not None and (
            message.is_opening
            or (first.message == "opening" and first.text_hash == arrival.text_hash)
        ):
            found = first
    return Seen(found.id, found.priority, found.case_id) if found is not None else None


def _inserted(connection: Connection, table: Table, values: Json) -> int:
    return int(
        connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one()
    )


def _event(arrival: Arrival, seen: Seen, ticket_id: int, at: datetime) -> Event:
    adapter = arrival.adapter
    about = {"adapter": adapter.name, "system": adapter.settings.system}
    told: Json = {
        "ticket": {**about, "ticket_id": arrival.message.ticket},
        "message": seen.id,
        "priority": seen.priority.name,
        "case_id": seen.case_id,
    }
    return Event(
        EventType.TICKET,
        seen.case_id,
        at,
        told,
        addressee=adapter.target,
        order_key=-ticket_id,
    )
