"""API keys: made, listed, revoked and checked; a key is shown once and only its hash is kept.

A key reads `ct_<id>_<secret>`. The secret has 256 random bits, so one SHA-256 is enough to keep it:
there is nothing to guess that a slow hash would protect.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from classifier.errors import shorten
from service import audit
from service.audit import Trail
from service.db import Database
from service.refusals import RefusalError
from service.tables import ApiKey, Scope

MAX_NAME_CHARS = 100
_FORM = re.compile(r"ct_([0-9a-f]{12})_([0-9a-f]{64})")
_USE_NOTED_EVERY = timedelta(minutes=1)
KeyState = Literal["live", "expired", "revoked"]


class ApiKeyError(RefusalError):
    """A key cannot be made or changed as asked."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the rest of the service sees it; the secret is not part of it."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def state(self, now: datetime) -> KeyState:
        """Whether the key is live, and if not, why."""
        return "live" if self.is_live(now) else "revoked" if self.revoked_at else "expired"

    def is_live(self, now: datetime) -> bool:
        """Whether the key may be used at this moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def create_key(
    database: Database,
    name: str,
    scopes: Iterable[Scope],
    *,
    expires_at: datetime | None = None,
    trail: Trail | None = None,
) -> str:
    """Makes a key and returns it whole; nobody can ask for it again.

    Only the very first, made at the first start, leaves no trail.

    Raises:
        ApiKeyError: the name is empty or too long, or there is no scope.
    """
    wanted = sorted(set(scopes))
    _check(name, wanted, expires_at)
    key_id, secret = secrets.token_hex(6), secrets.token_hex(32)
    row = ApiKey(
        id=key_id,
        name=name.strip(),
        secret_hash=_hash(secret),
        scopes=" ".join(wanted),
        created_at=datetime.now(UTC),
        expires_at=expires_at,
    )
    ends = expires_at.astimezone(UTC).isoformat(timespec="seconds") if expires_at else None
    with database.session() as session:
        if trail:
            audit.lock(session)
        session.add(row)
        shown = {"name": row.name, "scopes": wanted, "expires_at": ends}
        _record(session, trail, key_id, "create_key", shown)
        session.commit()
    return f"ct_{key_id}_{secret}"


def list_keys(database: Database) -> Sequence[Key]:
    """Every key, the oldest first, revoked and expired ones too."""
    with database.session() as session:
        return [_key(row) for row in session.scalars(select(ApiKey).order_by(ApiKey.created_at))]


def revoke_key(database: Database, key_id: str, *, trail: Trail | None = None) -> Key:
    """Ends a key for good; doing it twice keeps the first moment.

    Raises:
        ApiKeyError: there is no such key.
    """
    with database.session() as session:
        if trail:
            audit.lock(session)
        if session.get(ApiKey, key_id) is None:
            raise ApiKeyError(
                f"there is no key {shorten(key_id)}, list-keys shows the ids",
                f"没有编号为 {shorten(key_id)} 的密钥",
                code="key_not_found",
            )
        ended = session.execute(
            update(ApiKey)
            .where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
            .values(revoked_at=datetime.now(UTC))
            .returning(ApiKey.id)
        ).all()
        if ended:
            _record(session, trail, key_id, "revoke_key", {"is_revoked": True})
        session.commit()
        return _key(session.get_one(ApiKey, key_id, populate_existing=True))


def find_key(database: Database, presented: str, now: datetime) -> Key | None:
    """The key that a client presents, live or not; None when it is no key of ours.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    form = _FORM.fullmatch(presented)
    if form is None:
        return None
    key_id, secret = form.groups()
    with database.session() as session:
        row = session.get(ApiKey, key_id)
        if row is None or not hmac.compare_digest(row.secret_hash, _hash(secret)):
            return None
        key = _key(row)
    if key.is_live(now):
        _note_use(database, key, now)
    return key


def claimed_id(database: Database, presented: str) -> str:
    """The id of the key that a client claims to have; empty where there is no such key.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    form = _FORM.fullmatch(presented)
    if form is None:
        return ""
    with database.session() as session:
        row = session.get(ApiKey, form.group(1))
    return "" if row is None else row.id


def _check(name: str, scopes: Sequence[Scope], expires_at: datetime | None) -> None:
    if not name.strip() or len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise ApiKeyError(
            f"the key's name is {shorten(name)}, 1-{MAX_NAME_CHARS} characters needed",
            f"名称是 {shorten(name)}，需要 1–{MAX_NAME_CHARS} 个可见字符",
            field="name",
        )
    if not scopes:
        raise ApiKeyError(
            f"the key has no scope, allowed are {', '.join(Scope)}",
            f"没有选择权限，可选：{'、'.join(Scope)}",
            field="scopes",
        )
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise ApiKeyError(
            "the key would have expired already, a later moment is needed",
            "到期时间已经过去，请选择更晚的时间",
            field="expires_at",
        )


def _record(
    session: Session, trail: Trail | None, key_id: str, action: str, after: audit.Values
) -> None:
    if trail is not None:
        session.flush()
        change = audit.Change(action, f"key:{key_id}", None, {}, after)
        audit.record(session, trail.secret, [(trail.by, change)])


def _note_use(database: Database, key: Key, now: datetime) -> None:
    """Writes the moment of use, once a minute at most: reading a key must stay cheap.

    A database that can be read and not written is no reason to turn a client away.
    """
    due = now - _USE_NOTED_EVERY
    if key.last_used_at is not None and key.last_used_at > due:
        return
    with contextlib.suppress(OperationalError), database.session() as session:
        session.execute(
            update(ApiKey)
            .where(
                ApiKey.id == key.id,
                or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= due),
            )
            .values(last_used_at=now)
        )
        session.commit()


def _key(row: ApiKey) -> Key:
    return Key(
        id=row.id,
        name=row.name,
        scopes=frozenset(Scope(scope) for scope in row.scopes.split()),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("ascii")).digest()
