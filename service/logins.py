"""Logging in: sessions on the server, and tokens against forged requests.

An unknown name, a wrong password and a disabled person get the same answer after the same work.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from service.actors import Actor
from service.db import Database
from service.lockout import Lockout, LoginError
from service.secret import Secret
from service.tables import LoginSession, Role, User
from service.users import MAX_NAME_CHARS, MAX_PASSWORD_CHARS

IDLE, LONGEST = timedelta(hours=8), timedelta(hours=24)
_USE_NOTED_EVERY = timedelta(minutes=1)


class LoginRefusedError(LoginError):
    """Name and password do not fit; nothing tells which of them."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is logged in."""

    id: int
    name: str
    role: Role

    def actor(self, source: str) -> Actor:
        """The person as one who acts on cases, from an address."""
        return Actor(f"user:{self.id}", self.role, source)


@dataclass(frozen=True, slots=True)
class Login:
    """A new session; the token goes into a cookie and is nowhere else."""

    token: str = field(repr=False)
    person: Person
    expires_at: datetime


class Logins:
    """Opens, finds and ends sessions."""

    def __init__(
        self,
        database: Database,
        secret: Secret,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._secret = secret
        self._clock = clock
        self._lockout = Lockout(database, secret, "login")
        self._hasher = PasswordHasher()
        self._nobody: str | None = None

    def log_in(
        self, name: str, password: str, source: str, *, previous: str | None = None
    ) -> Login:
        """A new session; that of the token which the browser had before ends.

        Raises:
            LoginRefusedError: name and password do not fit.
            LockedError: too many failures lately.
            SQLAlchemyError: the database does not answer.
        """
        now = self._clock()
        self._lockout.count(name, now)
        user = self._find(name)
        if not self._fits(user, password) or user is None or user.disabled_at is not None:
            raise LoginRefusedError("用户名或密码不正确")
        with self._database.session() as session:
            self._lockout.forgive(session, name)
            if previous:
                _revoke(session, previous, now)
            login = _open(session, user, source, now)
            session.commit()
        return login

    def log_out(self, token: str) -> None:
        """Ends a session; one that is over already stays so."""
        with self._database.session() as session:
            _revoke(session, token, self._clock())
            session.commit()

    def session_of(self, token: str | None) -> Person | None:
        """Who is logged in with a token; None when nobody, or no longer.

        Raises:
            SQLAlchemyError: the database does not answer.
        """
        if not token:
            return None
        now = self._clock()
        with self._database.session() as session:
            found = session.get(LoginSession, hash_token(token))
            if found is None or not _is_live(found, now):
                return None
            user = session.get_one(User, found.user_id)
            if user.disabled_at is not None:
                return None
            is_note_due = now - found.used_at > _USE_NOTED_EVERY
        if is_note_due:
            self._note_use(token, now)
        return Person(user.id, user.name, user.role)

    def csrf_token(self, token: str) -> str:
        """What a form of this session must carry; it cannot be guessed without the session."""
        return self._secret.hash("csrf", token.encode(errors="replace")).hex()

    def is_csrf_token(self, token: str, given: str | None) -> bool:
        """Whether a form came from a page of this session."""
        sent = (given or "").encode(errors="replace")
        return hmac.compare_digest(self.csrf_token(token).encode(), sent)

    def _note_use(self, token: str, now: datetime) -> None:
        with self._database.session() as session:
            session.execute(
                update(LoginSession)
                .where(LoginSession.token_hash == hash_token(token))
                .values(used_at=now)
            )
            session.commit()

    def _find(self, name: str) -> User | None:
        if len(name) > MAX_NAME_CHARS or not name.isprintable():
            return None
        with self._database.session() as session:
            return session.scalars(select(User).where(User.name == name.strip())).one_or_none()

    def _fits(self, user: User | None, password: str) -> bool:
        """Whether the password is right; takes as long without a user."""
        if self._nobody is None:
            self._nobody = self._hasher.hash(secrets.token_urlsafe())
        tried = password[: MAX_PASSWORD_CHARS + 1].encode(errors="replace")
        try:
            self._hasher.verify(user.password_hash if user else self._nobody, tried)
        except (VerificationError, InvalidHashError):
            return False
        return user is not None


def _open(
    session: Session,
    user: User,
    source: str,
    now: datetime,
    *,
    expires_at: datetime | None = None,
) -> Login:
    session.execute(delete(LoginSession).where(LoginSession.expires_at < now))
    token = secrets.token_urlsafe(32)
    ends = expires_at or now + LONGEST
    row = {
        "token_hash": hash_token(token),
        "user_id": user.id,
        "created_at": now,
        "used_at": now,
        "expires_at": ends,
        "source": source[:64],
    }
    session.execute(insert(LoginSession), [row])
    return Login(token, Person(user.id, user.name, user.role), ends)


def _revoke(session: Session, token: str, now: datetime) -> None:
    session.execute(
        update(LoginSession)
        .where(LoginSession.token_hash == hash_token(token), LoginSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def _is_live(found: LoginSession, now: datetime) -> bool:
    return found.revoked_at is None and now < found.expires_at and now - found.used_at < IDLE


def hash_token(token: str) -> bytes:
    """What is kept of a session's token: 32 bytes."""
    return hashlib.sha256(token.encode(errors="replace")).digest()
