"""Repeated requests: the same Idempotency-Key and body get the reply of the first time.

What is kept for 24 hours holds no complaint text. Every text in a reply is a piece of the text that
was sent, and the client sends that again, so only the offsets are kept and the pieces are cut anew.
The client's own `id` comes back the same way. Messages of faults never quote values.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
import structlog
from sqlalchemy import ColumnElement, Delete, Update, and_, delete, or_, update
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from service.db import Database
from service.errors import ApiError
from service.schemas import MAX_ID_CHARS, text_of
from service.tables import IdempotencyRecord as Record

KEPT = timedelta(hours=24)
_ABANDONED = timedelta(minutes=1)  # a process that dies while it answers leaves an empty record
_PURGE_SECONDS = 300.0
_FORM = re.compile(r"[\x21-\x7e]{1,128}")

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Request:
    """What makes a request the same request."""

    key_id: str
    idempotency_key: str
    request_hash: bytes
    sent: object


def identify(header: str, key_id: str, path: str, body: bytes, sent: object) -> Request:
    """The request that an Idempotency-Key header names.

    Raises:
        ApiError: 400, the header is not 1-128 visible ASCII characters.
    """
    if not _FORM.fullmatch(header):
        message = "请求头 Idempotency-Key 无效，需要 1–128 个可见的 ASCII 字符"
        raise ApiError(400, "idempotency_key_invalid", message, field="Idempotency-Key")
    mixed = b"\0".join((key_id.encode(), header.encode(), path.encode(), body))
    return Request(key_id, header, hashlib.sha256(mixed).digest(), sent)


class ReplyStore:
    """Kept replies, safe between threads and worker processes: the primary key lets one win."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._purge_lock = threading.Lock()
        self._purged_at = float("-inf")

    def once(self, request: Request, make: Callable[[], Json]) -> tuple[Json, bool]:
        """The reply and whether it was made before; `make` runs only the first time.

        Raises:
            ApiError: 422 for another body under the same key, 409 while the first is running.
        """
        try:
            self._purge()
            is_first = self._claim(request)
        except (OperationalError, InterfaceError, PoolTimeoutError) as error:
            # Nothing can be kept, and nothing will be stored: to answer again does no harm.
            structlog.get_logger().warning("reply_not_kept", error=type(error).__name__)
            return make(), False
        if not is_first:
            return self._replay(request), True
        try:
            reply = make()
        except BaseException:
            self._release(request)
            raise
        try:
            self._keep(request, reply)
        except (OperationalError, InterfaceError, PoolTimeoutError) as error:
            structlog.get_logger().warning("reply_not_kept", error=type(error).__name__)
        return reply, False

    def _claim(self, request: Request) -> bool:
        """Whether the request is this thread's to answer."""
        now = datetime.now(UTC)
        fresh = {
            "request_hash": request.request_hash,
            "status": None,
            "reply": None,
            "created_at": now,
            "expires_at": now + KEPT,
        }
        with self._database.session() as session:
            try:
                session.add(
                    Record(key_id=request.key_id, idempotency_key=request.idempotency_key, **fresh)
                )
                session.commit()
            except IntegrityError:
                session.rollback()
                stale = or_(
                    Record.expires_at <= now,
                    and_(Record.reply.is_(None), Record.created_at <= now - _ABANDONED),
                )
                taken = session.execute(
                    update(Record)
                    .where(*_row(request), stale)
                    .values(**fresh)
                    .returning(Record.key_id)
                ).first()
                session.commit()
                return taken is not None
            return True

    def _replay(self, request: Request) -> Json:
        with self._database.session() as session:
            record = session.get(Record, (request.key_id, request.idempotency_key))
        if record is not None and record.request_hash != request.request_hash:
            message = "这个 Idempotency-Key 已用于另一个请求，请为新的请求使用新的值"
            raise ApiError(422, "idempotency_key_reused", message, field="Idempotency-Key")
        if record is None or record.reply is None:
            raise ApiError(
                409,
                "idempotency_in_progress",
                "相同 Idempotency-Key 的请求正在处理，请稍后重试",
                field="Idempotency-Key",
                headers={"Retry-After": "1"},
            )
        return _filled(orjson.loads(record.reply), request.sent)

    def _keep(self, request: Request, reply: Json) -> None:
        kept = orjson.dumps(_without_text(reply))
        self._change(request, update(Record).values(status=200, reply=kept))

    def _release(self, request: Request) -> None:
        self._change(request, delete(Record))

    def _change(self, request: Request, statement: Update | Delete) -> None:
        with self._database.session() as session:
            own = Record.request_hash == request.request_hash
            session.execute(statement.where(*_row(request), own, Record.reply.is_(None)))
            session.commit()

    def _purge(self) -> None:
        """Deletes expired records, every five minutes in each process."""
        with self._purge_lock:
            if time.monotonic() - self._purged_at < _PURGE_SECONDS:
                return
            self._purged_at = time.monotonic()
        with self._database.session() as session:
            session.execute(delete(Record).where(Record.expires_at <= datetime.now(UTC)))
            session.commit()


def _row(request: Request) -> tuple[ColumnElement[bool], ...]:
    return (
        Record.key_id == request.key_id,
        Record.idempotency_key == request.idempotency_key,
    )


def _entries(reply: Json) -> list[Json]:
    """The parts of a reply that each answer one complaint."""
    results = reply.get("results")
    return results if isinstance(results, list) else [reply]


def _pieces(entry: Json) -> list[Json]:
    found: list[Json] = []
    for name in ("signals", "evidence"):
        pieces = entry.get(name)
        found += pieces if isinstance(pieces, list) else []
    return found


def _without_text(reply: Json) -> Json:
    """The reply without anything that was cut or copied from the request."""
    kept: Json = orjson.loads(orjson.dumps(reply))  # a copy, faster than copy.deepcopy
    for entry in _entries(kept):
        entry["id"] = None
        for piece in _pieces(entry):
            piece["text"] = ""
    return kept


def _filled(kept: Json, sent: object) -> Json:
    """The reply as it was, with the pieces cut from what the client sent again."""
    items = sent.get("items", [sent]) if isinstance(sent, Mapping) else []
    for entry, item in zip(_entries(kept), items, strict=True):
        entry["id"] = own_id(item)
        pieces = _pieces(entry)
        text = text_of(item) if pieces else ""
        for piece in pieces:
            piece["text"] = text[int(str(piece["start"])) : int(str(piece["end"]))]
    return kept


def own_id(item: object) -> str | None:
    """The client's own id in an item that may be anything."""
    value = item.get("id") if isinstance(item, Mapping) else None
    return value if isinstance(value, str) and len(value) <= MAX_ID_CHARS else None
