"""Lock-out with back-off: failed guesses, of passwords or of keys, make the next ones wait.

Counts stand in the database: all worker processes share them. A password counts before it is
checked, so that many at once do not get more guesses than one after the other.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from classifier.errors import TriageError
from service.db import Database
from service.secret import Secret
from service.tables import LoginAttempt

FREE_FAILURES = 5
FIRST_LOCK = timedelta(seconds=30)  # doubled with each failure after that
LONGEST_LOCK = timedelta(hours=1)
FORGOTTEN = timedelta(hours=24)


class LoginError(TriageError):
    """Nobody was logged in."""


class LockedError(LoginError):
    """Too many failures under this name; `retry_after_seconds` says how long to wait."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"尝试次数过多，请在 {retry_after_seconds} 秒后重试")
        self.retry_after_seconds = retry_after_seconds


class Lockout:
    """Counts failures of one kind under names; `free` of them make nobody wait."""

    def __init__(
        self, database: Database, secret: Secret, kind: str, *, free: int = FREE_FAILURES
    ) -> None:
        self._database = database
        self._secret = secret
        self._kind = kind
        self._free = free

    def check(self, name: str, now: datetime) -> None:
        """Reads only; whoever fails is to be counted.

        Raises:
            LockedError: the name is locked.
        """
        with self._database.session() as session:
            _refuse_locked(session.get(LoginAttempt, self._hash(name)), now)

    def count(self, name: str, now: datetime) -> None:
        """Counts an attempt as failed until `forgive` is called.

        Raises:
            LockedError: the name is locked.
        """
        attempt = self._hash(name)
        try:
            self._count(attempt, now)
        except IntegrityError:  # two first failures of one name at once
            self._count(attempt, now)

    def forgive(self, session: Session, name: str) -> None:
        """Forgets the failures of a name whose password was right, in the caller's transaction."""
        session.execute(delete(LoginAttempt).where(LoginAttempt.name_hash == self._hash(name)))

    def _hash(self, name: str) -> bytes:
        return self._secret.hash(self._kind, name.strip().casefold().encode(errors="replace"))

    def _count(self, attempt: bytes, now: datetime) -> None:
        with self._database.session() as session:
            # A write first: SQLite's lock is then ours, and old failures are forgotten.
            session.execute(delete(LoginAttempt).where(LoginAttempt.failed_at < now - FORGOTTEN))
            found = session.get(LoginAttempt, attempt, with_for_update=True)
            _refuse_locked(found, now)
            failures = (found.failures if found else 0) + 1
            values = {
                "failures": failures,
                "failed_at": now,
                "locked_until": self._lock(failures, now),
            }
            if found is None:
                session.execute(insert(LoginAttempt), [{"name_hash": attempt, **values}])
            else:
                for name, value in values.items():
                    setattr(found, name, value)
            session.commit()

    def _lock(self, failures: int, now: datetime) -> datetime | None:
        """Until when a name is locked after so many failures."""
        if failures < self._free:
            return None
        doublings = min(failures - self._free, 20)
        return now + min(FIRST_LOCK * (1 << doublings), LONGEST_LOCK)


def _refuse_locked(found: LoginAttempt | None, now: datetime) -> None:
    if found is not None and found.locked_until is not None and now < found.locked_until:
        wait = (found.locked_until - now).total_seconds()
        raise LockedError(int(wait) + 1)
