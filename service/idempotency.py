"""Repeated requests: the same Idempotency-Key and body get the reply of the first time.

What is kept for 24 hours holds no complaint text. Every text in a reply is a piece of the text that
was sent, and the client sends that again, so only the offsets are kept and the pieces are cut anew.
The client's own `id` comes back the same way. Messages of faults never quote values.

Where a case is stored its reply is kept in the same transaction, and only by who still holds the
claim: whichever process dies at whichever moment, and whoever goes on for it, there is one case.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import orjson
import structlog
from sqlalchemy import ColumnElement, Connection, Delete, Update, and_, delete, or_, update
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from service.db import Database
from service.errors import ApiError
from service.schemas import MAX_ID_CHARS, text_of
from service.tables import IdempotencyRecord as Record

KEPT = timedelta(hours=24)
_ABANDONED = timedelta(seconds=5)  # a process that dies while it answers leaves an empty record
_PATIENCE_SECONDS = 7.0  # a repeat waits for the first one's reply, or for its end
_LOOK_SECONDS = 0.05
_PURGE_SECONDS = 300.0
_FORM = re.compile(r"[\x21-\x7e]{1,128}")

Json = dict[str, object]
Keep = Callable[[Connection, Json], None]  # keeps the reply, in a transaction of the caller's


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

    def __init__(self, database: Database, *, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        self._database = database
        self._patience_seconds = patience_seconds
        self._purge_lock = threading.Lock()
        self._purged_at = float("-inf")

    def once(self, request: Request, make: Callable[[Keep | None], Json]) -> tuple[Json, bool]:
        """The reply and whether it was made before; `make` runs only the first time.

        What `make` stores it stores with its reply, by the function that it is given.

        Raises:
            ApiError: 422 for another body under the same key, 409 while the first is running.
        """
        try:
            self._purge()
            claimed_at = self._claim(request)
        except (OperationalError, InterfaceError, PoolTimeoutError) as error:
            # Nothing can be kept, and nothing will be stored: to answer again does no harm.
            structlog.get_logger().warning("reply_not_kept", error=type(error).__name__)
            return make(None), False
        if claimed_at is None:
            return self._replay(request), True
        try:
            reply = make(partial(self._keep_with, request, claimed_at))
        except BaseException:
            self._change(request, claimed_at, delete(Record))
            raise
        try:
            self._change(request, claimed_at, _kept(reply))
        except (OperationalError, InterfaceError, PoolTimeoutError) as error:
            structlog.get_logger().warning("reply_not_kept", error=type(error).__name__)
        return reply, False

    def _claim(self, request: Request) -> datetime | None:
        """When the request became this thread's to answer, None if somebody has answered it."""
        patient_until = time.monotonic() + self._patience_seconds
        while (claimed_at := self._try_claim(request)) is None:
            if self._is_answered(request) or time.monotonic() > patient_until:
                return None
            time.sleep(_LOOK_SECONDS)
        return claimed_at

    def _try_claim(self, request: Request) -> datetime | None:
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
                return now if taken is not None else None
            return now

    def _is_answered(self, request: Request) -> bool:
        """Whether waiting is over: there is a reply, or the key names another request."""
        with self._database.session() as session:
            record = session.get(Record, (request.key_id, request.idempotency_key))
        return record is not None and (
            record.reply is not None or record.request_hash != request.request_hash
        )

    def _replay(self, request: Request) -> Json:
        with self._database.session() as session:
            record = session.get(Record, (request.key_id, request.idempotency_key))
        if record is not None and record.request_hash != request.request_hash:
            message = "这个 Idempotency-Key 已用于另一个请求，请为新的请求使用新的值"
            raise ApiError(422, "idempotency_key_reused", message, field="Idempotency-Key")
        if record is None or record.reply is None:
            raise _in_progress()
        return _filled(orjson.loads(record.reply), request.sent)

    def _keep_with(
        self, request: Request, claimed_at: datetime, connection: Connection, reply: Json
    ) -> None:
        """Keeps the reply in somebody's transaction, which must fail if the claim is lost."""
        found = connection.execute(_kept(reply).where(*_claim_of(request, claimed_at)))
        if found.rowcount != 1:
            raise _in_progress()

    def _change(self, request: Request, claimed_at: datetime, statement: Update | Delete) -> None:
        with self._database.session() as session:
            session.execute(statement.where(*_claim_of(request, claimed_at)))
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


def _kept(reply: Json) -> Update:
    return update(Record).values(status=200, reply=orjson.dumps(_without_text(reply)))


def _claim_of(request: Request, claimed_at: datetime) -> tuple[ColumnElement[bool], ...]:
    """The record of a request while it is still ours to answer."""
    return *_row(request), Record.created_at == claimed_at, Record.reply.is_(None)


def _in_progress() -> ApiError:
    return ApiError(
        409,
        "idempotency_in_progress",
        "相同 Idempotency-Key 的请求正在处理，请稍后重试",
        field="Idempotency-Key",
        headers={"Retry-After": "1"},
    )


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
