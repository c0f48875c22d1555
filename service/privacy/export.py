"""Everything that is held of one customer, for the customer: readable, each field explained."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from service import audit
from service.adapters.tables import AdapterMessage, AdapterTicket
from service.audit import Trail
from service.cases.plain import plain
from service.cases.tables import Case, CaseContent, Contact, Note, Verdict
from service.columns import Base
from service.db import Database, in_parts
from service.outbox.tables import OutboxEvent
from service.privacy import customer
from service.quality.tables import Rating
from service.shadow.tables import ShadowAnswer
from service.tables import AuditEntry

Json = dict[str, object]
# Made of what is shown, or about the staff.
_HIDDEN = {"customer_hash", "text_hash", "created_hour", "searchable", "source", "link"}
_OF_CASE: Sequence[InstrumentedAttribute[Any]] = (
    CaseContent.case_id, Note.case_id, Verdict.case_id, Rating.case_id, ShadowAnswer.case_id,
    OutboxEvent.case_id,
)  # fmt: skip


def export_customer(database: Database, own: bytes, trail: Trail, now: datetime) -> Json:
    """All rows about a keyed hash, by table, and what their fields mean; the audit log notes it.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    with database.session() as session:
        held = dict(_held(session, own))
    counts = {name: len(rows) for name, rows in held.items()}
    with database.session() as session:
        head = audit.lock(session)
        change = audit.Change("export_customer", "customer", None, {}, counts, at=now)
        audit.record(session, trail.secret, [(trail.by, change)], head=head)
        session.commit()
    names = {name: explained()[name] for name in held}
    return {"说明": names, "导出时间": plain(now), "内容": held}


@cache
def explained() -> dict[str, dict[str, str]]:
    """What each table and field means."""
    source = (files("service.privacy") / "fields.toml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = tomllib.loads(source)
    return found


def _held(session: Session, own: bytes) -> Iterator[tuple[str, list[Json]]]:
    cases = customer.cases_of(session, own)
    tickets = customer.tickets_of(session, own, cases)
    yield _table(session, Case.id, cases)
    for key in _OF_CASE:
        yield _table(session, key, cases)
    contacts = select(Contact).where(Contact.customer_hash == own).order_by(Contact.at)
    yield "contacts", [_fields(row) for row in session.scalars(contacts)]
    yield _table(session, AdapterTicket.id, tickets)
    yield _table(session, AdapterMessage.ticket_id, tickets)
    yield _table(session, AuditEntry.subject, [f"case:{number}" for number in cases])


def _table(
    session: Session, key: InstrumentedAttribute[Any], numbers: Sequence[int | str]
) -> tuple[str, list[Json]]:
    table = key.class_
    rows: list[Json] = []
    for some in in_parts(numbers):
        rows += map(_fields, session.scalars(select(table).where(key.in_(some)).order_by(key)))
    name: str = table.__tablename__
    return name, rows


def _fields(row: Base) -> Json:
    names = [column.key for column in inspect(type(row)).column_attrs]
    return {name: plain(getattr(row, name)) for name in names if name not in _HIDDEN}
