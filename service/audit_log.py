"""Reading the audit log: filtered, the newest first, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson
from sqlalchemy import select

from classifier.errors import shorten
from service.cases.plain import plain
from service.db import Database
from service.refusals import RefusalError
from service.tables import AuditEntry

CASE_ACTIONS: Final = ("enqueue", "claim", "release", "assign", "snooze", "respond", "note",
                       "resolve", "dismiss", "reopen", "review", "second_review",
                       "adjudication", "wait_for_customer", "resume", "remind", "overdue",
                       "escalate", "rate")  # fmt: skip
ACCESS_ACTIONS: Final = ("create_user", "set_role", "set_password", "disable_user", "enable_user",
                         "end_sessions", "create_key", "revoke_key", "replay_events",
                         "purge", "erase_customer", "erasure_done", "export_customer",
                         "apply_keep_text")  # fmt: skip
ACTIONS: Final = (*ACCESS_ACTIONS, *CASE_ACTIONS)
MAX_PAGE, PAGE = 200, 50
_MAX_ID = 2**63 - 1
_MAX_CHARS = 128
Json = dict[str, object]


class AuditQueryError(RefusalError):
    """The log is asked for something that is not allowed."""


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which entries; an empty field asks for nothing. `before` is where the last page ended."""

    subject: str = ""
    actor: str = ""
    action: str = ""
    before: int | None = None
    limit: int = PAGE


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some entries, and the number to ask for the next page with; None when there is none."""

    entries: Sequence[AuditEntry]
    next_before: int | None


def list_entries(database: Database, query: AuditQuery) -> AuditPage:
    """One page of entries, the newest first; each filter has its index.

    Raises:
        AuditQueryError: a value is not allowed.
        SQLAlchemyError: the database does not answer.
    """
    _check(query)
    statement = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(query.limit + 1)
    for column, value in (
        (AuditEntry.subject, query.subject),
        (AuditEntry.actor, query.actor),
        (AuditEntry.action, query.action),
    ):
        if value:
            statement = statement.where(column == value)
    if query.before is not None:
        statement = statement.where(AuditEntry.id < query.before)
    with database.session() as session:
        found = session.scalars(statement).all()
    entries = found[: query.limit]
    return AuditPage(entries, entries[-1].id if len(found) > query.limit else None)


def entry_fields(entry: AuditEntry) -> Json:
    """An entry as JSON values."""
    return {
        "entry_id": entry.id,
        "at": plain(entry.at),
        "actor": entry.actor,
        "source": entry.source,
        "action": entry.action,
        "subject": entry.subject,
        "version": entry.subject_version,
        "before": orjson.loads(entry.before),
        "after": orjson.loads(entry.after),
    }


def _check(query: AuditQuery) -> None:
    for field in ("subject", "actor"):
        value = getattr(query, field)
        if len(value) > _MAX_CHARS or not value.isprintable():
            raise _fault(field, value, f"至多 {_MAX_CHARS} 个可见字符")
    if query.action and query.action not in ACTIONS:
        raise _fault("action", query.action, "、".join(ACTIONS))
    if query.before is not None and not 0 < query.before <= _MAX_ID:
        raise _fault("before", query.before, "上一页返回的 next_before")
    if not 0 < query.limit <= MAX_PAGE:
        raise _fault("limit", query.limit, f"1–{MAX_PAGE}")


def _fault(field: str, value: object, allowed: str) -> AuditQueryError:
    shown = shorten(str(value))
    return AuditQueryError(
        f"{field} is {shown}, allowed: {allowed}",
        f"{field} 是 {shown}，允许：{allowed}",
        field=field,
    )
