"""Deletes what has been kept for as long as `TRIAGE_RETENTION` says, in small batches.

Each batch is a transaction of its own that also writes an entry to the audit log: so nothing goes
without one, and a complaint that comes in meanwhile waits for one batch at most.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from service import audit
from service.adapters.tables import AdapterMessage, AdapterTicket
from service.audit import Trail
from service.cases.search import drop_terms
from service.cases.tables import Case, CaseContent, Contact, Note, Verdict
from service.cases.textless import without_text
from service.db import Database
from service.lockout import FORGOTTEN
from service.outbox.tables import DeliveryState, OutboxDelivery, OutboxEvent
from service.prepared import connection_of
from service.privacy import removal
from service.privacy.days import RetentionDays
from service.privacy.removal import Counts
from service.tables import IdempotencyRecord, LoginAttempt, LoginSession

BATCH = 25  # cases, of which deleting one takes a millisecond or two
Key = int | bytes | str
_HAS_TEXT = or_(
    exists().where(CaseContent.case_id == Case.id, CaseContent.text != ""),
    exists().where(Note.case_id == Case.id),
    exists().where(Verdict.case_id == Case.id, Verdict.reason != ""),
)
# A letter that a target may still get stays; one that was given up goes with its event.
_IS_WAITED_FOR = or_(
    OutboxEvent.is_routed == false(),
    exists().where(
        OutboxDelivery.event_number == OutboxEvent.number,
        OutboxDelivery.state == DeliveryState.PENDING,
    ),
)


@dataclass(frozen=True, slots=True)
class Chore:
    """One kind of data: which rows are old, and how a batch of them goes."""

    kind: str
    key: InstrumentedAttribute[Any]
    is_old: ColumnElement[bool]
    remove: Callable[[Session, Sequence[Any]], Counts]


def purge(
    database: Database, days: RetentionDays, trail: Trail, now: datetime, *, dry_run: bool = False
) -> Counts:
    """Deletes what is too old, or only counts it; rows by table (in a dry run: by kind).

    Raises:
        SQLAlchemyError: the database does not answer: what was done before stays done.
    """
    found: Counts = Counter()
    for chore in chores(days, now):
        if dry_run:
            with database.session() as session:
                old = select(func.count()).select_from(chore.key.class_).where(chore.is_old)
                found[chore.kind] += session.scalar(old) or 0
        else:
            for counts in _batches(database, chore, trail, now):
                found += counts
    if found and not dry_run:
        removal.tidy(database, texts=found["case_terms"] > 0)
    return found


def chores(days: RetentionDays, now: datetime) -> Iterator[Chore]:
    """What the settings ask for; what has an end of its own goes whatever they say."""

    def before(kept: int) -> datetime:
        return now - timedelta(days=kept)

    if days.cases is not None:
        yield Chore("cases", Case.id, _closed(before(days.cases)), _cases)
    if days.texts is not None:
        old = and_(_closed(before(days.texts)), _HAS_TEXT)
        yield Chore("texts", Case.id, old, forget_texts)
    if days.contacts is not None:
        yield Chore("contacts", Contact.id, Contact.at < before(days.contacts), _rows(Contact.id))
    if days.tickets is not None:
        late = exists().where(
            AdapterMessage.ticket_id == AdapterTicket.id, AdapterMessage.at >= before(days.tickets)
        )
        old = and_(AdapterTicket.created_at < before(days.tickets), ~late)
        yield Chore("tickets", AdapterTicket.id, old, removal.delete_tickets)
    if days.events is not None:
        old = and_(OutboxEvent.at < before(days.events), ~_IS_WAITED_FOR)
        yield Chore("events", OutboxEvent.number, old, _events)
    token, name = LoginSession.token_hash, LoginAttempt.name_hash
    yield Chore("sessions", token, LoginSession.expires_at < now, _rows(token))
    yield Chore("logins", name, LoginAttempt.failed_at < now - FORGOTTEN, _rows(name))
    key, is_over = IdempotencyRecord.idempotency_key, IdempotencyRecord.expires_at < now
    yield Chore("replies", key, is_over, _rows(key, is_over))


def forget_texts(session: Session, numbers: Sequence[int]) -> Counts:
    """Empties the texts of cases, with notes and the reasons of verdicts; the cases stay."""
    rows = session.scalars(select(CaseContent).where(CaseContent.case_id.in_(numbers))).all()
    indexed = [(row.case_id, row.searchable) for row in rows if row.searchable]
    drop_terms(connection_of(session), indexed)
    for row in rows:
        for name, value in without_text(vars(row)).items():
            setattr(row, name, value)
    session.flush()
    notes = removal.delete_where(session, Note, Note.case_id.in_(numbers))
    of_case = Verdict.case_id.in_(numbers)
    session.execute(update(Verdict).where(of_case, Verdict.reason != "").values(reason=""))
    session.execute(
        update(AdapterMessage).where(AdapterMessage.case_id.in_(numbers)).values(findings=None)
    )
    found: Counts = Counter(texts=len(rows), case_notes=notes, case_terms=len(indexed))
    return found + removal.forget_examples(session, set(numbers))


def _batches(database: Database, chore: Chore, trail: Trail, now: datetime) -> Iterator[Counts]:
    """Rows are looked for while others may write, and looked at again when it is our turn."""
    last: Key | None = None
    while True:
        here = chore.is_old if last is None else and_(chore.is_old, chore.key > last)
        with database.session() as session:
            keys = session.scalars(select(chore.key).where(here).order_by(chore.key).limit(BATCH))
            found: list[Key] = list(keys)
        if not found:
            return
        last = found[-1]
        with database.session() as session:
            removal.overwrite(session)
            head = audit.lock(session)
            still = select(chore.key).where(chore.key.in_(found), chore.is_old)
            counts = +chore.remove(session, list(session.scalars(still)))
            if counts:
                subject = f"retention:{chore.kind}"
                change = audit.Change("purge", subject, None, {}, dict(counts), at=now)
                audit.record(session, trail.secret, [(trail.by, change)], head=head)
            session.commit()
        yield counts
        time.sleep(removal.PAUSE_SECONDS)


def _closed(before: datetime) -> ColumnElement[bool]:
    return and_(Case.is_open == false(), Case.resolved_at < before)


def _cases(session: Session, numbers: Sequence[Any]) -> Counts:
    counts = removal.delete_cases(session, numbers)
    return counts + removal.forget_examples(session, set(numbers))


def _events(session: Session, numbers: Sequence[Any]) -> Counts:
    return removal.delete_events(session, OutboxEvent.number.in_(numbers))


def _rows(
    key: InstrumentedAttribute[Any], condition: ColumnElement[bool] | None = None
) -> Callable[[Session, Sequence[Any]], Counts]:
    """What deletes plain rows; a condition besides where the key alone is not one row."""
    table: Any = key.class_

    def remove(session: Session, keys: Sequence[Any]) -> Counts:
        where = key.in_(keys) if condition is None else and_(key.in_(keys), condition)
        return Counter({table.__tablename__: removal.delete_where(session, table, where)})

    return remove
