"""People who work on cases: made by an admin, passwords kept as argon2id hashes.

Every change is written to the audit log, and whoever's rights change is logged out everywhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from argon2 import PasswordHasher
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from classifier.errors import shorten
from service import audit
from service.audit import Trail
from service.db import Database
from service.refusals import RefusalError
from service.tables import LoginSession, Role, User

MAX_NAME_CHARS = 100
MIN_PASSWORD_CHARS, MAX_PASSWORD_CHARS = 12, 200
_GENERATED_BYTES = 15  # 120 bits, 20 characters
_MAX_ID = 2**31 - 1
Who = str | int  # a name, or a number


class UserError(RefusalError):
    """A user cannot be made or changed as asked."""


def generate_password() -> str:
    """A random password of 20 characters."""
    return secrets.token_urlsafe(_GENERATED_BYTES)


def create_user(
    database: Database, name: str, role: Role, password: str, *, trail: Trail | None = None
) -> User:
    """Adds a person; only the very first, made at the first start, leaves no trail.

    Raises:
        UserError: name or password breaks a rule, or the name is taken.
    """
    if not name.strip() or len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise UserError(
            f"the user's name is {shorten(name)}, 1-{MAX_NAME_CHARS} characters needed",
            f"用户名是 {shorten(name)}，需要 1–{MAX_NAME_CHARS} 个可见字符",
            field="name",
        )
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
            raise UserError(
                f"there is already a user {shorten(name)}",
                f"已经有名为 {shorten(name)} 的用户，请换一个用户名",
                code="name_taken",
                field="name",
            ) from error
        if trail:
            shown = {"name": user.name, "role": _name(role)}
            _record(session, trail, user, "create_user", ({}, shown))
        session.commit()
    return user


def count_users(database: Database) -> int:
    """How many people there are."""
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(User)) or 0


def list_users(database: Database) -> Sequence[User]:
    """Everybody, disabled people too, by number."""
    with database.session() as session:
        return session.scalars(select(User).order_by(User.id)).all()


def find_user(session: Session, who: Who) -> User:
    """The person of a name or a number.

    Raises:
        UserError: there is none.
    """
    found = User.id == who if isinstance(who, int) else User.name == who.strip()
    user = None
    if not isinstance(who, int) or 0 < who <= _MAX_ID:
        user = session.scalars(select(User).where(found)).one_or_none()
    if user is None:
        raise UserError(
            f"there is no user {shorten(str(who))}, list-users shows the names",
            f"没有这个用户：{shorten(str(who))}",
            code="user_not_found",
        )
    return user


def set_role(database: Database, who: Who, role: Role, trail: Trail) -> User:
    """Gives a person another role, and logs them out everywhere.

    Raises:
        UserError: there is no such person, or it is the last admin.
    """
    with database.session() as session:
        user = _locked(session, who)
        if role < Role.ADMIN:
            _check_not_last(session, user)
        before, user.role = user.role, role
        _end_sessions(session, user)
        _record(session, trail, user, "set_role", ({"role": _name(before)}, {"role": _name(role)}))
        session.commit()
    return user


def set_password(database: Database, who: Who, password: str, trail: Trail) -> User:
    """Gives a person another password, and logs them out everywhere.

    Raises:
        UserError: there is no such person, or the password breaks a rule.
    """
    hashed = _hash(password)
    with database.session() as session:
        user = _locked(session, who)
        user.password_hash = hashed
        _end_sessions(session, user)
        _record(session, trail, user, "set_password", ({}, {}))
        session.commit()
    return user


def disable_user(database: Database, who: Who, trail: Trail) -> User:
    """Shuts a person out; what they did stays.

    Raises:
        UserError: there is no such person, or it is the last admin.
    """
    return _set_disabled(database, who, trail, is_disabled=True)


def enable_user(database: Database, who: Who, trail: Trail) -> User:
    """Lets a disabled person in again.

    Raises:
        UserError: there is no such person.
    """
    return _set_disabled(database, who, trail, is_disabled=False)


def _set_disabled(database: Database, who: Who, trail: Trail, *, is_disabled: bool) -> User:
    with database.session() as session:
        user = _locked(session, who)
        before = {"is_disabled": user.disabled_at is not None}
        if is_disabled:
            _check_not_last(session, user)
            _end_sessions(session, user)
        user.disabled_at = datetime.now(UTC) if is_disabled else None
        action = "disable_user" if is_disabled else "enable_user"
        _record(session, trail, user, action, (before, {"is_disabled": is_disabled}))
        session.commit()
    return user


def check_password(password: str) -> None:
    """Refuses a password of a wrong length: by NIST SP 800-63B no other rule makes it better.

    Raises:
        UserError: it is too short or too long.
    """
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise UserError(
            f"the password has {len(password)} characters, "
            f"{MIN_PASSWORD_CHARS}-{MAX_PASSWORD_CHARS} are needed",
            f"密码有 {len(password)} 个字符，需要 {MIN_PASSWORD_CHARS}–{MAX_PASSWORD_CHARS} 个",
            field="password",
        )


def _hash(password: str) -> str:
    check_password(password)
    # As logging in does: a lone surrogate of a broken client must not end in an error.
    return PasswordHasher().hash(password.encode(errors="replace"))


def _locked(session: Session, who: Who) -> User:
    audit.lock(session)
    return find_user(session, who)


def _check_not_last(session: Session, user: User) -> None:
    others = select(func.count()).where(
        User.role == Role.ADMIN, User.disabled_at.is_(None), User.id != user.id
    )
    if user.role is Role.ADMIN and user.disabled_at is None and not session.scalar(others):
        raise UserError(
            f"{shorten(user.name)} is the last admin: make another one first",
            f"{shorten(user.name)} 是最后一名可用的管理员，请先指定另一名管理员",
            code="last_admin",
        )


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
