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

from sqlalchemy import or_, select, update
from sqlalchemy.exc import OperationalError

from classifier.errors import TriageError, shorten
from service.db import Database
from service.tables import ApiKey, Scope

MAX_NAME_CHARS = 100
_FORM = re.compile(r"ct_([0-9a-f]{12})_([0-9a-f]{64})")
_USE_NOTED_EVERY = timedelta(minutes=1)


class ApiKeyError(TriageError):
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

    def is_live(self, now: datetime) -> bool:
        """Whether the key may be used at this moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def create_key(
    database: Database,
    name: str,
    scopes: Iterable[Scope],
    *,
    expires_at: datetime | None = None,
) -> str:
    """Makes a key and returns it whole; nobody can ask for it again.

    Raises:
        ApiKeyError: the name is empty or too long, or there is no scope.
    """
    wanted = sorted(set(scopes))
    if not name.strip() or len(name) > MAX_NAME_CHARS:
        raise ApiKeyError(
            f"the key's name is {shorten(name)}, 1-{MAX_NAME_CHARS} characters needed"
        )
    if not wanted:
        raise ApiKeyError(f"the key has no scope, allowed are {', '.join(Scope)}")
    key_id, secret = secrets.token_hex(6), secrets.token_hex(32)
    with database.session() as session:
        session.add(
            ApiKey(
                id=key_id,
                name=name.strip(),
                secret_hash=_hash(secret),
                scopes=" ".join(wanted),
                created_at=datetime.now(UTC),
                expires_at=expires_at,
            )
        )
        session.commit()
    return f"ct_{key_id}_{secret}"


def list_keys(database: Database) -> Sequence[Key]:
    """Every key, the oldest first, revoked and expired ones too."""
    with database.session() as session:
        return [_key(row) for row in session.scalars(select(ApiKey).order_by(ApiKey.created_at))]


def revoke_key(database: Database, key_id: str) -> None:
    """Ends a key for good; doing it twice keeps the first moment.

    Raises:
        ApiKeyError: there is no such key.
    """
    with database.session() as session:
        if session.get(ApiKey, key_id) is None:
            raise ApiKeyError(f"there is no key {shorten(key_id)}, list-keys shows the ids")
        session.execute(
            update(ApiKey)
            .where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
            .values(revoked_at=datetime.now(UTC))
        )
        session.commit()


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
