"""The audit log: every change with who, when, what before and after, from where, in one chain.

The link of an entry is a keyed hash over the link of the entry before and its own content, so that
an entry which is changed, dropped or slipped in breaks the chain at that place, and nobody can mend
the chain who has only the database. The head tells how long the chain is: a cut end shows too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, cast

import orjson
from sqlalchemy import Connection, Row, Table, insert, select, text
from sqlalchemy.orm import Session

from service import turns
from service.actors import Actor
from service.db import Database
from service.prepared import Prepared, connection_of
from service.secret import Secret
from service.tables import AuditEntry, AuditHead

_PURPOSE = "audit"
_HEAD = 1
_PAGE = 5000
_HEADS, _ENTRIES = cast("Table", AuditHead.__table__), cast("Table", AuditEntry.__table__)
_READ_HEAD = select(_HEADS.c.entries, _HEADS.c.link).where(_HEADS.c.id == _HEAD)
_LOCK = Prepared(text("UPDATE audit_head SET id = id WHERE id = 1 RETURNING entries, link"))
_ADD = Prepared(insert(_ENTRIES), _ENTRIES.c.keys())
_SET_HEAD = Prepared(text("UPDATE audit_head SET entries = :number, link = :link WHERE id = 1"))
Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Trail:
    """Who makes a change, and the secret that their audit entry is chained with."""

    secret: Secret
    by: Actor


@dataclass(frozen=True, slots=True)
class Change:
    """One change to be logged; values are JSON values, and never complaint text."""

    action: str
    subject: str
    subject_version: int | None
    before: Values
    after: Values
    at: datetime | None = None  # when it was done, if not just now


@dataclass(frozen=True, slots=True)
class Verification:
    """What checking the chain found; `broken` is the number of the first bad entry."""

    entries: int
    broken: int | None
    reason: str | None
    link: str


class Head(NamedTuple):
    """The end of the chain: how many entries there are, and the link of the last one."""

    entries: int
    link: bytes


def lock(session: Session | Connection) -> Head:
    """Waits until this transaction alone may change what is logged; the end of the log then.

    To be called before anything is read: SQLite refuses to write after a read that another writer
    has outdated, and in PostgreSQL one order of locks for all means no deadlock.
    """
    turns.take(session)
    return Head(*_LOCK.run(connection_of(session))[0])


def record(
    session: Session | Connection,
    secret: Secret,
    changes: Iterable[tuple[Actor, Change]],
    *,
    head: Head | None = None,
) -> None:
    """Adds entries in the caller's transaction, which must hold the lock.

    `head` is what `lock` returned, if nothing has been added since; it saves reading it again.
    """
    number, link = head or session.execute(_READ_HEAD).one()
    at = datetime.now(UTC)
    rows = []
    for actor, change in changes:
        number += 1
        row = {
            "id": number,
            "at": change.at or at,
            "actor": actor.id,
            "source": actor.source[:64],
            "action": change.action,
            "subject": change.subject,
            "subject_version": change.subject_version,
            "before": _json(change.before),
            "after": _json(change.after),
        }
        link = row["link"] = _link(secret, link, row)
        rows.append(row)
    if rows:
        connection = connection_of(session)
        _ADD.run(connection, *rows)
        _SET_HEAD.run(connection, {"number": number, "link": link})


def verify(database: Database, secret: Secret) -> Verification:
    """Follows the whole chain; stops at the first entry that does not fit.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    expected, link = 0, bytes(32)
    with database.session() as session:
        head = session.get(AuditHead, _HEAD)
        for entry in _entries(session):
            expected += 1
            row = {name: getattr(entry, name) for name in _LINKED}
            if entry.id != expected:
                return Verification(expected - 1, expected, "is missing", link.hex())
            if _link(secret, link, row) != entry.link:
                return Verification(expected - 1, expected, "was changed", link.hex())
            link = entry.link
    if head is None or head.entries != expected or head.link != link:
        # Entries that were added while this ran are no fault: the head was read before.
        if head is not None and head.entries < expected:
            return _reached(database, secret, expected, link)
        return Verification(expected, expected + 1, "is missing at the end", link.hex())
    return Verification(expected, None, None, link.hex())


def _reached(database: Database, secret: Secret, entries: int, link: bytes) -> Verification:
    """Looks at the head again after entries were added."""
    with database.session() as session:
        head = session.get_one(AuditHead, _HEAD)
        known = session.get(AuditEntry, entries)
    if head.entries >= entries and known is not None and known.link == link:
        return Verification(entries, None, None, link.hex())
    return Verification(entries, entries, "is not in the head", link.hex())


def history(session: Session, subject: str, *, limit: int = 200) -> list[AuditEntry]:
    """The newest entries on one subject, the oldest of them first."""
    statement = (
        select(AuditEntry)
        .where(AuditEntry.subject == subject)
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    return list(session.scalars(statement))[::-1]


_LINKED = ("id", "at", "actor", "source", "action", "subject", "subject_version", "before", "after")


def _link(secret: Secret, previous: bytes, row: Values) -> bytes:
    parts = {name: row[name] for name in _LINKED}
    content = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
    return secret.hash(_PURPOSE, previous + content)


def _json(values: Values) -> str:
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z).decode()


def _entries(session: Session) -> Iterator[Row[tuple[object, ...]]]:
    """All entries by number, a page at a time; as bare rows, a third of the time of objects."""
    last = -1
    while True:
        page = session.execute(
            select(_ENTRIES).where(_ENTRIES.c.id > last).order_by(_ENTRIES.c.id).limit(_PAGE)
        ).all()
        if not page:
            return
        yield from page
        last = page[-1].id
