"""Who asks, and may they: the bearer key of a request, remembered for one second.

One second is what a person perceives as at once: a revoked key stops working before the operator
has looked up, and a busy client costs one database read per second and process.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from service.db import Database
from service.errors import ApiError, forbidden, unauthorised
from service.keys import Key, claimed_id, find_key
from service.lockout import LockedError, Lockout
from service.outage import Outage
from service.secret import Secret
from service.tables import Scope

CACHE_SECONDS = 1.0
# While the database is gone, nobody can revoke a key in it: who was known before goes on working.
OUTAGE_SECONDS = 3600.0
_CACHED_KEYS = 1000
FREE_GUESSES = 20  # a client with a mistyped key tries again a few times


class KeyRing:
    """Checks the keys that clients present; safe between threads."""

    def __init__(
        self, database: Database, secret: Secret, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._clock = clock
        self._guesses = Lockout(database, secret, "key", free=FREE_GUESSES)
        self._outage = Outage()
        self._seen: dict[bytes, tuple[float, Key]] = {}

    def authorise(self, header: str | None, *scopes: Scope, source: str) -> Key:
        """The live key of an Authorization header that has one of the scopes.

        Raises:
            ApiError: 401 without a live key, 403 with a key that lacks the scopes, 429 after too
                many wrong ones from one source.
            SQLAlchemyError: the database does not answer.
        """
        key = self._key(_bearer(header), source)
        now = datetime.now(UTC)
        if key.revoked_at is not None:
            raise unauthorised("key_revoked", "这个 API 密钥已被吊销，请向管理员申请新的密钥")
        if not key.is_live(now):
            raise unauthorised("key_expired", "这个 API 密钥已过期，请向管理员申请新的密钥")
        if key.scopes.isdisjoint(scopes):
            raise forbidden(scopes)
        return key

    def _key(self, presented: str, source: str) -> Key:
        # The cache holds a hash, so that a memory dump shows no key.
        digest = hashlib.sha256(presented.encode()).digest()
        now = self._clock()
        seen = self._seen.get(digest)
        if seen is not None and now - seen[0] < CACHE_SECONDS:
            return seen[1]
        if seen is not None and self._outage.is_on and now - seen[0] < OUTAGE_SECONDS:
            return seen[1]
        try:
            key = self._find(presented, source, is_known=seen is not None)
        except (OperationalError, InterfaceError, PoolTimeoutError) as error:
            self._outage.note(error)
            if seen is not None and now - seen[0] < OUTAGE_SECONDS:
                return seen[1]
            raise
        self._outage.end()
        if len(self._seen) >= _CACHED_KEYS:
            self._seen = {}
        self._seen[digest] = (now, key)
        return key

    def _find(self, presented: str, source: str, *, is_known: bool) -> Key:
        """The key as the database has it now; a wrong one is counted.

        Guesses at one key from one source lock that key for that source alone: whoever has another
        key, or used this one here before, goes on.
        """
        now = datetime.now(UTC)
        key = find_key(self._database, presented, now)
        try:
            if key is None:
                guess = f"{source} {claimed_id(self._database, presented)}"
                self._guesses.check(guess, now)
                with contextlib.suppress(OperationalError):  # a database that cannot be written
                    self._guesses.count(guess, now)
            elif not is_known:
                self._guesses.check(f"{source} {key.id}", now)
        except LockedError as locked:
            raise _locked(locked) from None
        if key is None:
            raise unauthorised("key_unknown", "API 密钥不正确，请检查 Authorization 请求头")
        return key


def _bearer(header: str | None) -> str:
    """The key of an Authorization header."""
    scheme, _, presented = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not presented.strip():
        raise _missing()
    return presented.strip()[:200]


def _locked(locked: LockedError) -> ApiError:
    seconds = locked.retry_after_seconds
    message = f"这个来源用错误密钥的尝试过多，请在 {seconds} 秒后重试"
    structlog.get_logger().warning("key_guesses_refused", retry_after_seconds=seconds)
    return ApiError(429, "key_locked", message, headers={"Retry-After": str(seconds)})


def _missing() -> ApiError:
    return unauthorised("key_missing", "缺少 API 密钥，请加上请求头 Authorization: Bearer <密钥>")
