"""Deletes cases with everything that hangs on them, a batch in one transaction.

Sums that name nobody stay: how many cases came in and how long they took, what models said.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

import structlog
from sqlalchemy import ColumnElement, delete, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from service.adapters.tables import AdapterMessage, AdapterTicket
from service.cases.search import drop_terms
from service.cases.tables import Case, CaseContent, CaseNumber, Note, Verdict
from service.columns import Base
from service.db import Database, in_parts
from service.insight.tables import EmergingWord, Issue, Surge
from service.outbox.tables import OutboxDelivery, OutboxEvent
from service.prepared import connection_of
from service.quality.tables import Rating
from service.shadow.tables import ShadowAnswer

Counts = Counter[str]  # rows by table
_MERGED_PAGES = 200
PAUSE_SECONDS = 0.02  # others get their turn
_EMPTYINGS, _EMPTYING_SECONDS = 20, 0.25


def delete_cases(session: Session, numbers: Sequence[int]) -> Counts:
    """Deletes cases in the caller's transaction, which holds the audit log's lock; rows by table.

    Tickets of other systems stay, without the words that were found in them.
    """
    if not numbers:
        return Counter()
    found: Counts = Counter(case_terms=_drop_terms(session, numbers))
    found += delete_events(session, OutboxEvent.case_id.in_(numbers))
    for table in (Note, Verdict, Rating, ShadowAnswer, CaseContent):
        found[table.__tablename__] = delete_where(session, table, table.case_id.in_(numbers))
    session.execute(
        update(AdapterMessage)
        .where(AdapterMessage.case_id.in_(numbers))
        .values(findings=None, case_id=None)
        .execution_options(synchronize_session=False)
    )
    highest = max(numbers)
    session.execute(update(CaseNumber).where(CaseNumber.last < highest).values(last=highest))
    found[Case.__tablename__] = delete_where(session, Case, Case.id.in_(numbers))
    return found


def delete_tickets(session: Session, numbers: Sequence[int]) -> Counts:
    """Deletes tickets of other systems with their messages and events; rows by table."""
    found = delete_events(session, OutboxEvent.order_key.in_([-number for number in numbers]))
    of_ticket = AdapterMessage.ticket_id.in_(numbers)
    found[AdapterMessage.__tablename__] = delete_where(session, AdapterMessage, of_ticket)
    found[AdapterTicket.__tablename__] = delete_where(
        session, AdapterTicket, AdapterTicket.id.in_(numbers)
    )
    return found


def delete_events(session: Session, condition: ColumnElement[bool]) -> Counts:
    """Deletes events and their deliveries; a worker that has one in hand finds it gone."""
    numbers = session.scalars(select(OutboxEvent.number).where(condition)).all()
    found: Counts = Counter()
    for some in in_parts(numbers):
        for table, column in (
            (OutboxDelivery, OutboxDelivery.event_number),
            (OutboxEvent, OutboxEvent.number),
        ):
            found[table.__tablename__] += delete_where(session, table, column.in_(some))
    return found


def delete_where(session: Session, table: type[Base], condition: ColumnElement[bool]) -> int:
    """Deletes rows of a table; how many."""
    statement = delete(table).where(condition).execution_options(synchronize_session=False)
    return int(getattr(session.execute(statement), "rowcount", 0))


def forget_examples(session: Session, numbers: set[int]) -> Counts:
    """Takes cases out of what insight found.

    Issues and words that show one of them as an example are dropped, to be found anew without it
    at night: a word of theirs may be nobody else's. A surge stays as the number it is.
    """
    found: Counts = Counter()
    for table in (Issue, EmergingWord):
        rows = session.execute(select(table.id, table.case_ids)).all()
        hit = [row.id for row in rows if numbers.intersection(row.case_ids)]
        for some in in_parts(hit):
            found[table.__tablename__] += delete_where(session, table, table.id.in_(some))
    for surge in session.scalars(select(Surge)):
        if numbers.intersection(surge.case_ids):
            surge.case_ids = [one for one in surge.case_ids if one not in numbers]
            surge.words = []
    session.flush()
    return found


def _drop_terms(session: Session, numbers: Sequence[int]) -> int:
    statement = select(CaseContent.case_id, CaseContent.searchable)
    rows = session.execute(statement.where(CaseContent.case_id.in_(numbers))).all()
    indexed = [(row.case_id, row.searchable) for row in rows if row.searchable]
    drop_terms(connection_of(session), indexed)
    return len(indexed)


def overwrite(session: Session) -> None:
    """Has SQLite write zeros over what this transaction deletes; PostgreSQL does so by VACUUM."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete = ON"))


def tidy(database: Database, *, texts: bool) -> None:
    """Drops deleted pieces from SQLite's search index and write-ahead log, a little at a time.

    The index is gone through only where `texts` of it were deleted.
    """
    if database.engine.dialect.name != "sqlite":
        return
    pages, is_done = -_MERGED_PAGES, not texts
    while not is_done:
        with database.writing() as session:
            overwrite(session)
            before = session.scalar(text("SELECT total_changes()"))
            session.execute(
                text("INSERT INTO case_terms (case_terms, rank) VALUES ('merge', :pages)"),
                {"pages": pages},
            )
            after = session.scalar(text("SELECT total_changes()"))
            session.commit()
        is_done, pages = int(after or 0) - int(before or 0) < 2, _MERGED_PAGES
        time.sleep(PAUSE_SECONDS)
    for _ in range(_EMPTYINGS):
        if _empty_log(database):
            return
        time.sleep(_EMPTYING_SECONDS)
    structlog.get_logger().warning("write_ahead_log_not_emptied")


def _empty_log(database: Database) -> bool:
    """Empties SQLite's write-ahead log unless somebody reads it: to wait would stop writers."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        patience = connection.execute(text("PRAGMA busy_timeout")).scalar_one()
        connection.execute(text("PRAGMA busy_timeout = 0"))
        try:
            is_busy = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()[0]
        except OperationalError:  # locked by another checkpoint
            is_busy = 1
        connection.execute(text(f"PRAGMA busy_timeout = {patience}"))
    return not is_busy
