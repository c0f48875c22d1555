"""Stores every text anew as `TRIAGE_KEEP_TEXT` says now: after the mode or the key was changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.orm.attributes import flag_modified

from service import audit
from service.adapters.tables import AdapterMessage
from service.audit import Trail
from service.cases.search import add_terms, drop_terms, searchable, terms
from service.cases.tables import CaseContent, Note, Verdict
from service.cases.textless import without_pieces, without_text
from service.db import Database
from service.insight.tables import EmergingWord, Issue, Surge
from service.outbox.tables import OutboxEvent
from service.prepared import connection_of
from service.privacy import removal, text_keys
from service.privacy.removal import Counts
from service.texts import KeepText

_BATCH = 100
# The key of each table and what in it came out of texts or was written about them.
_COLUMNS: Sequence[tuple[InstrumentedAttribute[Any], Sequence[str]]] = (
    (CaseContent.case_id, ("text", "prediction", "dialogue")),
    (Note.id, ("text",)),
    (Verdict.id, ("reason",)),
    (AdapterMessage.id, ("findings",)),
    (OutboxEvent.number, ("payload",)),
    (Issue.id, ("name", "words", "terms")),
    (EmergingWord.id, ("word",)),
    (Surge.id, ("words",)),
)


def rewrite_texts(database: Database, trail: Trail, now: datetime) -> Counts:
    """Brings all stored texts to the mode of the settings, in batches; rows by table.

    A run that was cut off is started again. Afterwards only the newest key is needed.

    Raises:
        TextKeyError: a text is encrypted with a key that was not given.
        SQLAlchemyError: the database does not answer: what was done before stays done.
    """
    found: Counts = Counter()
    for key, names in _COLUMNS:
        last = 0
        while (end := _batch(database, key, names, last, found)) is not None:
            last = end
    mode = database.keeping.mode
    with database.session() as session:
        head = audit.lock(session)
        after = {"mode": mode.value, **found}
        change = audit.Change("apply_keep_text", "texts", None, {}, after, at=now)
        audit.record(session, trail.secret, [(trail.by, change)], head=head)
        session.commit()
    text_keys.forget_others(database)
    removal.tidy(database, texts=True)
    return found


def _batch(
    database: Database,
    key: InstrumentedAttribute[Any],
    names: Sequence[str],
    last: int,
    found: Counts,
) -> int | None:
    """Writes the rows behind `last`; the key of the last one, None when there are none."""
    table = key.class_
    with database.session() as session:
        removal.overwrite(session)
        audit.lock(session)
        rows = session.scalars(select(table).where(key > last).order_by(key).limit(_BATCH)).all()
        if not rows:
            return None
        if table is CaseContent:
            _index_anew(session, rows, database.keeping.mode)
        for row in rows:
            if database.keeping.mode is KeepText.NONE:
                _empty(row)
            for name in names:
                flag_modified(row, name)
        end: int = getattr(rows[-1], key.key)
        session.commit()
    found[table.__tablename__] += len(rows)
    return end


def _index_anew(session: Session, rows: Sequence[CaseContent], mode: KeepText) -> None:
    connection = connection_of(session)
    drop_terms(connection, [(row.case_id, row.searchable) for row in rows])
    for row in rows:
        row.searchable = searchable(row.text) if mode is KeepText.MASKED else ""
    readable = [(row.case_id, terms(row.searchable)) for row in rows if row.searchable]
    if readable:
        add_terms(connection, readable)


def _empty(row: object) -> None:
    """What no text is kept of; words that many texts share go too, as they would not be found."""
    if isinstance(row, CaseContent):
        for name, value in without_text(vars(row)).items():
            setattr(row, name, value)
    elif isinstance(row, AdapterMessage) and row.findings is not None:
        row.findings = without_pieces(row.findings)
    elif isinstance(row, Surge):
        row.words = []
