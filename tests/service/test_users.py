from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY
from sqlalchemy import select, text

from service import audit, users
from service.actors import Actor
from service.audit import Trail
from service.db import Database, downgrade, upgrade
from service.secret import load_secret
from service.tables import Role, User
from service.users import (
    UserError,
    count_users,
    create_user,
    disable_user,
    enable_user,
    generate_password,
    list_users,
    set_password,
    set_role,
)


def test_a_user_is_kept_with_an_argon2_hash(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password itself is not stored, but can be verified; the cost is RFC 9106's second one."""
    monkeypatch.setattr(users, "PasswordHasher", PasswordHasher)  # not the quick one of tests
    create_user(database, "王主管", Role.ADMIN, "correct horse battery")
    with database.session() as session:
        user = session.scalars(select(User)).one()
    assert user.role is Role.ADMIN
    assert user.password_hash.startswith("$argon2id$")
    assert extract_parameters(user.password_hash) == RFC_9106_LOW_MEMORY
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


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    """Changes made at a command line."""
    return Trail(load_secret(tmp_path / "home"), Actor("cli:root", Role.ADMIN, "cli"))


def test_every_change_of_a_person_is_in_the_audit_log(database: Database, trail: Trail) -> None:
    """Made, given a role, a password, disabled, enabled: who did it, before and after."""
    create_user(database, "anna", Role.REVIEWER, "correct horse battery", trail=trail)
    set_role(database, "anna", Role.ADJUDICATOR, trail)
    set_password(database, "anna", "another horse battery", trail)
    disable_user(database, "anna", trail)
    enable_user(database, "anna", trail)
    with database.session() as session:
        entries = audit.history(session, f"user:{list_users(database)[0].id}")
    assert [entry.action for entry in entries] == [
        "create_user", "set_role", "set_password", "disable_user", "enable_user",
    ]  # fmt: skip
    assert entries[1].before == '{"role":"reviewer"}'
    assert entries[1].after == '{"role":"adjudicator"}'
    assert all("horse" not in entry.after for entry in entries)
    assert audit.verify(database, trail.secret).broken is None


def test_the_last_admin_stays(database: Database, trail: Trail) -> None:
    """Neither disabled nor made less, until there is another one."""
    create_user(database, "root", Role.ADMIN, "correct horse battery")
    with pytest.raises(UserError, match="last admin"):
        disable_user(database, "root", trail)
    with pytest.raises(UserError, match="last admin"):
        set_role(database, "root", Role.ADJUDICATOR, trail)
    create_user(database, "second", Role.ADMIN, "correct horse battery")
    disable_user(database, "root", trail)
    assert [user.disabled_at is None for user in list_users(database)] == [False, True]


def test_an_unknown_person_cannot_be_changed(database: Database, trail: Trail) -> None:
    """The message names who is not there."""
    for change in (disable_user, enable_user):
        with pytest.raises(UserError, match="nobody"):
            change(database, "nobody", trail)


def test_former_roles_become_new_ones_and_back(database: Database) -> None:
    """A supervisor is an admin from now on; going back, nobody gets more rights than before."""
    downgrade(database, revision="0001")
    with database.engine.begin() as connection:
        for number, role in enumerate(("SUPERVISOR", "REVIEWER"), start=1):
            row = {"n": f"u{number}", "r": role}
            connection.execute(
                text(
                    "INSERT INTO users (name, password_hash, role, created_at) "
                    "VALUES (:n, 'x', :r, '2025-01-01 00:00:00')"
                ),
                row,
            )
    upgrade(database)
    assert [user.role for user in list_users(database)] == [Role.ADMIN, Role.REVIEWER]
    create_user(database, "v", Role.VIEWER, "correct horse battery")
    downgrade(database, revision="0002")
    with database.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT role, disabled_at IS NULL FROM users ORDER BY id")
        ).all()
    assert [(role, bool(is_active)) for role, is_active in rows] == [
        ("SUPERVISOR", True),
        ("REVIEWER", True),
        ("REVIEWER", False),
    ]
    upgrade(database)
