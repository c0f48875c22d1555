"""Deletes everything that is held of one customer; the audit log keeps that it was done.

The proof names neither the customer nor the hash: an erasure has a number of its own, which whoever
asked for it may be told.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import audit
from service.audit import Trail
from service.cases.tables import Contact
from service.db import Database
from service.privacy import customer, removal
from service.privacy.removal import Counts
from service.tables import IdempotencyRecord

_BATCH = 25


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was deleted: its number in the audit log, and rows by table."""

    erasure_id: str
    at: datetime
    rows: dict[str, int]


def erase_customer(database: Database, own: bytes, trail: Trail, now: datetime) -> Erasure:
    """Deletes everything about a keyed hash, in batches, until nothing is left.

    Each batch adds an entry `erase_customer` to the audit log, the last one `erasure_done` with the
    sums: a run that was cut off shows, and is to be started again.

    Raises:
        SQLAlchemyError: the database does not answer: what was done before stays done.
    """
    erasure_id = f"erasure:{secrets.token_hex(8)}"
    rows: Counts = Counter()
    is_done = False
    while not is_done:
        with database.session() as session:
            removal.overwrite(session)
            head = audit.lock(session)
            counts = _batch(session, own)
            rows += counts
            is_done = not counts
            action, told = ("erasure_done", rows) if is_done else ("erase_customer", counts)
            change = audit.Change(action, erasure_id, None, {}, dict(sorted(told.items())), at=now)
            audit.record(session, trail.secret, [(trail.by, change)], head=head)
            session.commit()
    removal.tidy(database, texts=rows["case_terms"] > 0)
    return Erasure(erasure_id, now, dict(sorted(rows.items())))


def _batch(session: Session, own: bytes) -> Counts:
    """What there is, a few cases at most; empty when there is nothing left."""
    cases = customer.cases_of(session, own, most=_BATCH)
    counts: Counts = Counter()
    counts += removal.delete_tickets(session, customer.tickets_of(session, own, cases))
    if cases:
        counts["idempotency_records"] = _forget_replies(session, set(cases))
        counts += removal.delete_cases(session, cases)
        counts += removal.forget_examples(session, set(cases))
    counts["contacts"] = removal.delete_where(session, Contact, Contact.customer_hash == own)
    return +counts


def _forget_replies(session: Session, cases: set[int]) -> int:
    """Deletes kept replies that name one of the cases; how many."""
    statement = select(
        IdempotencyRecord.key_id, IdempotencyRecord.idempotency_key, IdempotencyRecord.reply
    ).where(IdempotencyRecord.reply.is_not(None))
    hit = [
        (row.key_id, row.idempotency_key)
        for row in session.execute(statement.execution_options(yield_per=1000))
        if not cases.isdisjoint(_cases_in(row.reply))
    ]
    for key_id, idempotency_key in hit:
        record = session.get_one(IdempotencyRecord, (key_id, idempotency_key))
        session.delete(record)
    session.flush()
    return len(hit)


def _cases_in(reply: bytes) -> Iterator[int]:
    """The numbers of the cases that a kept reply names."""
    content = orjson.loads(reply)
    results = content.get("results", [content])
    yield from (one["case_id"] for one in results if isinstance(one.get("case_id"), int))
