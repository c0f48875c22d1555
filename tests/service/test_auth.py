from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from service.auth import KeyRing
from service.db import Database
from service.errors import ApiError
from service.keys import create_key, revoke_key
from service.tables import ApiKey, Scope


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The time now."""
        return self.now


def code_of(ring: KeyRing, header: str | None, *scopes: Scope) -> str:
    """Status and code with which a header is refused."""
    with pytest.raises(ApiError) as caught:
        ring.authorise(header, *scopes)
    return f"{caught.value.status} {caught.value.code}"


def test_a_live_key_with_the_scope_passes(database: Database) -> None:
    """One of several scopes is enough; the scheme's case does not matter."""
    key = create_key(database, "a", [Scope.CLASSIFY])
    ring = KeyRing(database)
    assert ring.authorise(f"bearer {key}", Scope.ADMIN, Scope.CLASSIFY).name == "a"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic abc", "ct_x"])
def test_without_a_key_the_answer_is_401(database: Database, header: str | None) -> None:
    """No key is told apart from a wrong one."""
    assert code_of(KeyRing(database), header, Scope.CLASSIFY) == "401 key_missing"


def test_a_wrong_key_is_401(database: Database) -> None:
    """An unknown key is refused with the challenge."""
    with pytest.raises(ApiError) as caught:
        KeyRing(database).authorise("Bearer ct_nothing", Scope.CLASSIFY)
    assert caught.value.code == "key_unknown"
    assert caught.value.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_expired_key_is_401(database: Database) -> None:
    """The moment of expiry counts even for a remembered key."""
    now = datetime.now(UTC)
    key = create_key(database, "a", [Scope.CLASSIFY], expires_at=now + timedelta(days=1))
    with database.session() as session:
        session.execute(update(ApiKey).values(expires_at=now - timedelta(seconds=1)))
        session.commit()
    assert code_of(KeyRing(database), f"Bearer {key}", Scope.CLASSIFY) == "401 key_expired"


def test_a_key_without_the_scope_is_403(database: Database) -> None:
    """A key for another purpose is known, but refused."""
    key = create_key(database, "a", [Scope.METRICS])
    assert code_of(KeyRing(database), f"Bearer {key}", Scope.CLASSIFY) == "403 scope_missing"


def test_a_revoked_key_stops_after_one_second(database: Database) -> None:
    """A remembered key is asked for again when its second is over."""
    clock = Clock()
    ring = KeyRing(database, clock=clock)
    key = create_key(database, "a", [Scope.CLASSIFY])
    ring.authorise(f"Bearer {key}", Scope.CLASSIFY)
    revoke_key(database, key.split("_")[1])
    clock.now += 0.9
    ring.authorise(f"Bearer {key}", Scope.CLASSIFY)
    clock.now += 0.2
    assert code_of(ring, f"Bearer {key}", Scope.CLASSIFY) == "401 key_revoked"
