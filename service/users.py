"""People who work on cases: made by the operator, passwords kept as argon2id hashes."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from argon2 import PasswordHasher
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from classifier.errors import TriageError, shorten
from service.db import Database
from service.tables import Role, User

MAX_NAME_CHARS = 100
MIN_PASSWORD_CHARS, MAX_PASSWORD_CHARS = 12, 200
_GENERATED_BYTES = 15  # 120 bits, 20 characters


class UserError(TriageError):
    """A user cannot be made as asked."""


def generate_password() -> str:
    """A random password of 20 characters."""
    return secrets.token_urlsafe(_GENERATED_BYTES)


def create_user(database: Database, name: str, role: Role, password: str) -> None:
    """Adds a person.

    Raises:
        UserError: name or password breaks a rule, or the name is taken.
    """
    if not name.strip() or len(name) > MAX_NAME_CHARS:
        raise UserError(f"the user's name is {shorten(name)}, 1-{MAX_NAME_CHARS} characters needed")
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise UserError(
            f"the password has {len(password)} characters, "
            f"{MIN_PASSWORD_CHARS}-{MAX_PASSWORD_CHARS} are needed"
        )
    user = User(
        name=name.strip(),
        role=role,
        password_hash=PasswordHasher().hash(password),
        created_at=datetime.now(UTC),
    )
    with database.session() as session:
        session.add(user)
        try:
            session.commit()
        except IntegrityError as error:
            raise UserError(f"there is already a user {shorten(name)}") from error


def count_users(database: Database) -> int:
    """How many people there are."""
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(User)) or 0
