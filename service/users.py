"""People who work on cases: made by an admin, passwords kept as argon2id hashes.

Every change is written to the audit log, and whoever's rights change is logged out everywhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from argon2 import PasswordHasher
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from classifier.errors import TriageError, shorten
from service import audit
from service.actors import Actor
from service.db import Database
from service.secret import Secret
from service.tables import LoginSession, Role, User

MAX_NAME_CHARS = 100
MIN_PASSWORD_CHARS, MAX_PASSWORD_CHARS = 12, 200
_GENERATED_BYTES = 15  # 120 bits, 20 characters


class UserError(TriageError):
    """A user cannot be made or changed as asked."""


@dataclass(frozen=True, slots=True)
class Trail:
    """Who makes a change, and the secret that their audit entry is chained with."""

    secret: Secret
    by: Actor


def generate_password() -> str:
    """A random password of 20 characters."""
    return secrets.token_urlsafe(_GENERATED_BYTES)


def create_user(
    database: Database, name: str, role: Role, password: str, *, trail: Trail | None = None
) -> None:
    """Adds a person; only the very first, made at the first start, leaves no trail.

    Raises:
        UserError: name or password breaks a rule, or the name is taken.
    """
    if not name.strip() or len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise UserError(f"the user's name is {shorten(name)}, 1-{MAX_NAME_CHARS} characters needed")
    user = User(
        name=name.strip(),
        role=role,
        password_hash=_hash(password),
        created_at=datetime.now(UTC),
    )
    with database.session() as session:
        if trail:
            audit.lock(session)
        session.add(user)
        try:
            session.flush()
        except IntegrityError as error:
            raise UserError(f"there is already a user {shorten(name)}") from error
        if trail:
            _record(session, trail, user, "create_user", ({}, {"role": _name(role)}))
        session.commit()


def count_users(database: Database) -> int:
    """How many people there are."""
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(User)) or 0


def list_users(database: Database) -> Sequence[User]:
    """Everybody, disabled people too, by number."""
    with database.session() as session:
        return session.scalars(select(User).order_by(User.id)).all()


def set_role(database: Database, name: str, role: Role, trail: Trail) -> None:
    """Gives a person another role.

    Raises:
        UserError: there is no such person, or it is the last admin.
    """
    with database.session() as session:
        user = _locked(session, name)
        if role < Role.ADMIN:
            _check_not_last(session, user)
        before, user.role = user.role, role
        _end_sessions(session, user)
        _record(session, trail, user, "set_role", ({"role": _name(before)}, {"role": _name(role)}))
        session.commit()


def set_password(database: Database, name: str, password: str, trail: Trail) -> None:
    """Gives a person another password.

    Raises:
        UserError: there is no such person, or the password breaks a rule.
    """
    hashed = _hash(password)
    with database.session() as session:
        user = _locked(session, name)
        user.password_hash = hashed
        _end_sessions(session, user)
        _record(session, trail, user, "set_password", ({}, {}))
        session.commit()


def disable_user(database: Database, name: str, trail: Trail) -> None:
    """Shuts a person out; what they did stays.

    Raises:
        UserError: there is no such person, or it is the last admin.
    """
    _set_disabled(database, name, trail, is_disabled=True)


def enable_user(database: Database, name: str, trail: Trail) -> None:
    """Lets a disabled person in again.

    Raises:
        UserError: there is no such person.
    """
    _set_disabled(database, name, trail, is_disabled=False)


def _set_disabled(database: Database, name: str, trail: Trail, *, is_disabled: bool) -> None:
    with database.session() as session:
        user = _locked(session, name)
        before = {"is_disabled": user.disabled_at is not None}
        if is_disabled:
            _check_not_last(session, user)
            _end_sessions(session, user)
        user.disabled_at = datetime.now(UTC) if is_disabled else None
        action = "disable_user" if is_disabled else "enable_user"
        _record(session, trail, user, action, (before, {"is_disabled": is_disabled}))
        session.commit()


def _hash(password: str) -> str:
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise UserError(
            f"the password has {len(password)} characters, "
            f"{MIN_PASSWORD_CHARS}-{MAX_PASSWORD_CHARS} are needed"
        )
    return PasswordHasher().hash(password)


def _locked(session: Session, name: str) -> User:
    audit.lock(session)
    user = session.scalars(select(User).where(User.name == name.strip())).one_or_none()
    if user is None:
        raise UserError(f"there is no user {shorten(name)}, list-users shows the names")
    return user


def _check_not_last(session: Session, user: User) -> None:
    others = select(func.count()).where(
        User.role == Role.ADMIN, User.disabled_at.is_(None), User.id != user.id
    )
    if user.role is Role.ADMIN and user.disabled_at is None and not session.scalar(others):
        raise UserError(f"{shorten(user.name)} is the last admin: make another one first")


def _end_sessions(session: Session, user: User) -> None:
    session.execute(
        update(LoginSession)
        .where(LoginSession.user_id == user.id, LoginSession.revoked_at.is_(None))
        .values(revoked_at=datetime.now(UTC))
    )


def _record(
    session: Session,
    trail: Trail,
    user: User,
    action: str,
    change: tuple[Mapping[str, object], Mapping[str, object]],
) -> None:
    session.flush()
    entry = audit.Change(action, f"user:{user.id}", None, *change)
    audit.record(session, trail.secret, [(trail.by, entry)])


def _name(role: Role) -> str:
    return role.name.lower()
