from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from service.db import Database
from service.keys import ApiKeyError, create_key, find_key, list_keys, revoke_key
from service.tables import ApiKey, Scope

NOW = datetime.now(UTC)


def test_a_made_key_is_found_again(database: Database) -> None:
    """The key has its form, its scopes and a name; the moment of use is noted."""
    made = create_key(database, " 客服系统 ", [Scope.CLASSIFY, Scope.METRICS])
    assert made.startswith("ct_")
    found = find_key(database, made, NOW)
    assert found is not None
    assert (found.name, found.scopes) == ("客服系统", {Scope.CLASSIFY, Scope.METRICS})
    assert list_keys(database)[0].last_used_at == NOW


def test_the_secret_is_not_stored(database: Database) -> None:
    """No column holds any part of the secret."""
    made = create_key(database, "a", [Scope.CLASSIFY])
    secret = made.split("_")[2]
    with database.session() as session:
        row = session.scalars(select(ApiKey)).one()
    assert len(row.secret_hash) == 32
    assert secret not in str(vars(row))
    assert bytes.fromhex(secret) != row.secret_hash


@pytest.mark.parametrize(
    "presented", ["", "ct_", "ct_000000000000_" + "0" * 64, "x" * 5000, "ct_é_ü", "ct_a_b_c"]
)
def test_what_is_no_key_of_ours_is_not_found(database: Database, presented: str) -> None:
    """Anything else than a stored key is unknown, whatever it looks like."""
    assert find_key(database, presented, NOW) is None


def test_a_right_id_with_a_wrong_secret_is_not_found(database: Database) -> None:
    """One changed digit makes the key unknown."""
    made = create_key(database, "a", [Scope.CLASSIFY])
    wrong = made[:-1] + ("0" if made[-1] != "0" else "1")
    assert find_key(database, wrong, NOW) is None


def test_a_key_ends_when_it_expires_or_is_revoked(database: Database) -> None:
    """A key is live until its last moment and not after; revoking ends it at once."""
    made = create_key(database, "a", [Scope.CLASSIFY], expires_at=NOW + timedelta(days=1))
    key = find_key(database, made, NOW)
    assert key is not None
    assert key.is_live(NOW + timedelta(hours=23))
    assert not key.is_live(NOW + timedelta(days=1))
    revoke_key(database, key.id)
    assert not list_keys(database)[0].is_live(NOW)


def test_revoking_twice_keeps_the_first_moment(database: Database) -> None:
    """The record of when a key ended is not rewritten."""
    key_id = create_key(database, "a", [Scope.CLASSIFY]).split("_")[1]
    revoke_key(database, key_id)
    first = list_keys(database)[0].revoked_at
    revoke_key(database, key_id)
    assert list_keys(database)[0].revoked_at == first


def test_use_is_noted_once_a_minute(database: Database) -> None:
    """A second use within the minute writes nothing, a later one does."""
    made = create_key(database, "a", [Scope.CLASSIFY])
    for seconds in (0, 30, 90):
        find_key(database, made, NOW + timedelta(seconds=seconds))
        expected = NOW + timedelta(seconds=90 if seconds == 90 else 0)
        assert list_keys(database)[0].last_used_at == expected


def test_a_revoked_key_is_not_noted_as_used(database: Database) -> None:
    """Trying a dead key leaves no trace of use."""
    made = create_key(database, "a", [Scope.CLASSIFY])
    revoke_key(database, made.split("_")[1])
    find_key(database, made, NOW)
    assert list_keys(database)[0].last_used_at is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_key_needs_a_name(database: Database, name: str) -> None:
    """An empty or endless name is refused."""
    with pytest.raises(ApiKeyError, match="name"):
        create_key(database, name, [Scope.CLASSIFY])


def test_a_key_needs_a_scope(database: Database) -> None:
    """A key that may do nothing is a mistake."""
    with pytest.raises(ApiKeyError, match="classify"):
        create_key(database, "a", [])


def test_an_unknown_key_cannot_be_revoked(database: Database) -> None:
    """The operator learns that the id is wrong."""
    with pytest.raises(ApiKeyError, match="no key"):
        revoke_key(database, "nothing")
