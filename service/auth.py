"""Who asks, and may they: the bearer key of a request, remembered for one second.

One second is what a person perceives as at once: a revoked key stops working before the operator
has looked up, and a busy client costs one database read per second and process.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from service.db import Database
from service.errors import ApiError, forbidden, unauthorised
from service.keys import Key, find_key
from service.outage import Outage
from service.tables import Scope

CACHE_SECONDS = 1.0
# While the database is gone, nobody can revoke a key in it: who was known before goes on working.
OUTAGE_SECONDS = 3600.0
_CACHED_KEYS = 1000


class KeyRing:
    """Checks the keys that clients present; safe between threads."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._outage = Outage()
        self._seen: dict[bytes, tuple[float, Key]] = {}

    def authorise(self, header: str | None, *scopes: Scope) -> Key:
        """The live key of an Authorization header that has one of the scopes.

        Raises:
            ApiError: 401 without a live key, 403 with a key that lacks the scopes.
            SQLAlchemyError: the database does not answer.
        """
        key = self._key(_bearer(header))
        now = datetime.now(UTC)
        if key.revoked_at is not None:
            raise unauthorised("key_revoked", "这个 API 密钥已被吊销，请向管理员申请新的密钥")
        if not key.is_live(now):
            raise unauthorised("key_expired", "这个 API 密钥已过期，请向管理员申请新的密钥")
        if key.scopes.isdisjoint(scopes):
            raise forbidden(scopes)
        return key

    def _key(self, presented: str) -> Key:
        # The cache holds a hash, so that a memory dump shows no key.
        digest = hashlib.sha256(presented.encode()).digest()
        now = self._clock()
        seen = self._seen.get(digest)
        if seen is not None and now - seen[0] < CACHE_SECONDS:
            return seen[1]
        if seen is not None and self._outage.is_on and now - seen[0] < OUTAGE_SECONDS:
            return seen[1]
        try:
            key = find_key(self._database, presented, datetime.now(UTC))
        except (OperationalError, InterfaceError, PoolTimeoutError) as error:
            self._outage.note(error)
            if seen is not None and now - seen[0] < OUTAGE_SECONDS:
                return seen[1]
            raise
        self._outage.end()
        if key is None:
            raise unauthorised("key_unknown", "API 密钥不正确，请检查 Authorization 请求头")
        if len(self._seen) >= _CACHED_KEYS:
            self._seen = {}
        self._seen[digest] = (now, key)
        return key


def _bearer(header: str | None) -> str:
    """The key of an Authorization header."""
    scheme, _, presented = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not presented.strip():
        raise _missing()
    return presented.strip()[:200]


def _missing() -> ApiError:
    return unauthorised("key_missing", "缺少 API 密钥，请加上请求头 Authorization: Bearer <密钥>")
