from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from service.auth import FREE_GUESSES, KeyRing
from service.db import Database
from service.errors import ApiError
from service.keys import create_key, revoke_key
from service.secret import Secret
from service.tables import ApiKey, LoginAttempt, Scope

SOURCE = "10.0.0.1"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The time now."""
        return self.now


def ring_over(database: Database, **options: Clock) -> KeyRing:
    """One worker's key ring over a database."""
    return KeyRing(database, Secret(bytes(32)), **options)


def guess(key: str) -> str:
    """A header with another secret for the same key."""
    return f"Bearer {key[:-1]}{'0' if key[-1] != '0' else '1'}"


def code_of(ring: KeyRing, header: str | None, *scopes: Scope) -> str:
    """Status and code with which a header is refused."""
    with pytest.raises(ApiError) as caught:
        ring.authorise(header, *scopes, source=SOURCE)
    return f"{caught.value.status} {caught.value.code}"


def test_a_live_key_with_the_scope_passes(database: Database) -> None:
    """One of several scopes is enough; the scheme's case does not matter."""
    key = create_key(database, "a", [Scope.CLASSIFY])
    ring = ring_over(database)
    assert ring.authorise(f"bearer {key}", Scope.ADMIN, Scope.CLASSIFY, source=SOURCE).name == "a"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic abc", "ct_x"])
def test_without_a_key_the_answer_is_401(database: Database, header: str | None) -> None:
    """No key is told apart from a wrong one."""
    assert code_of(ring_over(database), header, Scope.CLASSIFY) == "401 key_missing"


def test_a_wrong_key_is_401(database: Database) -> None:
    """An unknown key is refused with the challenge."""
    with pytest.raises(ApiError) as caught:
        ring_over(database).authorise("Bearer ct_nothing", Scope.CLASSIFY, source=SOURCE)
    assert caught.value.code == "key_unknown"
    assert caught.value.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_expired_key_is_401(database: Database) -> None:
    """The moment of expiry counts even for a remembered key."""
    now = datetime.now(UTC)
    key = create_key(database, "a", [Scope.CLASSIFY], expires_at=now + timedelta(days=1))
    with database.session() as session:
        session.execute(update(ApiKey).values(expires_at=now - timedelta(seconds=1)))
        session.commit()
    assert code_of(ring_over(database), f"Bearer {key}", Scope.CLASSIFY) == "401 key_expired"


def test_a_key_without_the_scope_is_403(database: Database) -> None:
    """A key for another purpose is known, but refused."""
    key = create_key(database, "a", [Scope.METRICS])
    assert code_of(ring_over(database), f"Bearer {key}", Scope.CLASSIFY) == "403 scope_missing"


def test_a_revoked_key_stops_after_one_second(database: Database) -> None:
    """A remembered key is asked for again when its second is over."""
    clock = Clock()
    ring = ring_over(database, clock=clock)
    key = create_key(database, "a", [Scope.CLASSIFY])
    ring.authorise(f"Bearer {key}", Scope.CLASSIFY, source=SOURCE)
    revoke_key(database, key.split("_")[1])
    clock.now += 0.9
    ring.authorise(f"Bearer {key}", Scope.CLASSIFY, source=SOURCE)
    clock.now += 0.2
    assert code_of(ring, f"Bearer {key}", Scope.CLASSIFY) == "401 key_revoked"


def test_guesses_at_a_key_lock_it_for_their_source_in_all_workers(database: Database) -> None:
    """After twenty wrong secrets not even the right one passes, in whichever process."""
    key = create_key(database, "a", [Scope.CLASSIFY])
    workers = [ring_over(database), ring_over(database)]
    for number in range(FREE_GUESSES):
        assert code_of(workers[number % 2], guess(key), Scope.CLASSIFY) == "401 key_unknown"
    for ring in workers:
        assert code_of(ring, guess(key), Scope.CLASSIFY) == "429 key_locked"
        with pytest.raises(ApiError) as caught:
            ring.authorise(f"Bearer {key}", Scope.CLASSIFY, source=SOURCE)
        assert 1 <= int(caught.value.headers["Retry-After"]) <= 30


def test_guesses_lock_nobody_else_out(database: Database) -> None:
    """Another source, another key, and a worker that knew the key before go on."""
    key, other = (create_key(database, name, [Scope.CLASSIFY]) for name in "ab")
    clock = Clock()
    old, ring = ring_over(database, clock=clock), ring_over(database)
    old.authorise(f"Bearer {key}", Scope.CLASSIFY, source=SOURCE)
    for _ in range(FREE_GUESSES):
        code_of(ring, guess(key), Scope.CLASSIFY)
    clock.now += 5
    assert old.authorise(f"Bearer {key}", Scope.CLASSIFY, source=SOURCE).name == "a"
    assert ring.authorise(f"Bearer {other}", Scope.CLASSIFY, source=SOURCE).name == "b"
    assert ring.authorise(f"Bearer {key}", Scope.CLASSIFY, source="10.0.0.2").name == "a"


@pytest.mark.parametrize("key", ["ct_nothing", f"ct_{'0' * 12}_{'0' * 64}"])
def test_made_up_keys_are_told_to_wait_too(database: Database, key: str) -> None:
    """They are counted together, so that a flood of them writes twenty times and no more."""
    ring = ring_over(database)
    for _ in range(FREE_GUESSES):
        assert code_of(ring, f"Bearer {key}", Scope.CLASSIFY) == "401 key_unknown"
    assert code_of(ring, "Bearer ct_another", Scope.CLASSIFY) == "429 key_locked"
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(LoginAttempt)) == 1
