from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from service.db import Database
from service.tables import Role, User
from service.users import UserError, count_users, create_user, generate_password


def test_a_user_is_kept_with_an_argon2_hash(database: Database) -> None:
    """The password itself is not stored, but can be verified."""
    create_user(database, "王主管", Role.ADMIN, "correct horse battery")
    with database.session() as session:
        user = session.scalars(select(User)).one()
    assert user.role is Role.ADMIN
    assert user.password_hash.startswith("$argon2id$")
    assert PasswordHasher().verify(user.password_hash, "correct horse battery")


def test_a_name_is_taken_once(database: Database) -> None:
    """A second user of the same name is refused and not made."""
    create_user(database, "a", Role.REVIEWER, "correct horse battery")
    with pytest.raises(UserError, match="already"):
        create_user(database, "a", Role.ADMIN, "correct horse battery")
    assert count_users(database) == 1


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
def test_a_password_has_a_length(database: Database, password: str) -> None:
    """Too short or too long is refused, and the password is not in the message."""
    with pytest.raises(UserError, match="12-200") as caught:
        create_user(database, "a", Role.REVIEWER, password)
    assert not password or password not in str(caught.value)


def test_generated_passwords_differ_and_are_long_enough() -> None:
    """Two passwords are never the same."""
    assert generate_password() != generate_password()
    assert len(generate_password()) >= 20


def test_roles_are_ordered() -> None:
    """Who may more stands over who may less."""
    assert Role.ADMIN > Role.ADJUDICATOR > Role.REVIEWER > Role.VIEWER
