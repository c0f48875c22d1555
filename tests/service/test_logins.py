from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import select

from service.audit import Trail
from service.db import Database
from service.lockout import LockedError
from service.logins import IDLE, LONGEST, LoginError, LoginRefusedError, Logins
from service.secret import load_secret
from service.tables import LoginSession, Role
from service.users import create_user, disable_user, set_password, set_role

PASSWORD = "correct horse battery"
WRONG = "wrong horse battery"


class Clock:
    """A moment that tests move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The moment."""
        return self.now

    def move(self, **amount: float) -> None:
        """Let time pass."""
        self.now += timedelta(**amount)


class Door:
    """One person, and a way in."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database, self.clock = database, Clock()
        self.secret = load_secret(home)
        self.logins = Logins(database, self.secret, clock=self.clock)
        create_user(database, "anna", Role.REVIEWER, PASSWORD)
        create_user(database, "root", Role.ADMIN, PASSWORD)

    def enter(self, name: str = "anna", password: str = PASSWORD) -> str:
        """Log in; the session's token."""
        return self.logins.log_in(name, password, "127.0.0.1").token

    def fail(self, name: str = "anna", times: int = 1) -> None:
        """Log in with a wrong password."""
        for _ in range(times):
            with pytest.raises(LoginRefusedError):
                self.enter(name, WRONG)

    @property
    def trail(self) -> Trail:
        """Changes of the admin."""
        person = self.logins.session_of(self.enter("root"))
        assert person is not None
        return Trail(self.secret, person.actor("127.0.0.1"))


@pytest.fixture
def door(database: Database, tmp_path: Path) -> Door:
    """A new one."""
    return Door(database, tmp_path / "home")


def test_a_session_says_who_it_is_and_ends_with_log_out(door: Door) -> None:
    """The token opens the session until it is logged out; it stands in no table."""
    token = door.enter()
    person = door.logins.session_of(token)
    assert person is not None
    assert (person.name, person.role) == ("anna", Role.REVIEWER)
    assert person.actor("10.0.0.1").id == f"user:{person.id}"
    with door.database.session() as session:
        assert token.encode() not in bytes(session.scalars(select(LoginSession.token_hash)).one())
    door.logins.log_out(token)
    assert door.logins.session_of(token) is None


@pytest.mark.parametrize("token", [None, "", "nothing", "\ud800"])
def test_a_token_that_was_never_given_is_nobody(door: Door, token: str | None) -> None:
    """Whatever a browser sends."""
    assert door.logins.session_of(token) is None


@pytest.mark.parametrize(
    ("name", "password"),
    [("anna", WRONG), ("nobody", PASSWORD), ("", ""), ("a" * 500, WRONG), ("an\0na", WRONG),
     ("anna", "x" * 100_000), ("\ud800", WRONG)],
)  # fmt: skip
def test_everything_wrong_gets_one_answer(door: Door, name: str, password: str) -> None:
    """Unknown name and wrong password cannot be told apart."""
    with pytest.raises(LoginRefusedError) as caught:
        door.logins.log_in(name, password, "127.0.0.1")
    assert str(caught.value) == "用户名或密码不正确"


def test_an_unknown_name_takes_as_long_as_a_wrong_password(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both verify one argon2 hash with the same cost."""
    hashes: list[str | bytes] = []
    verify = PasswordHasher.verify

    def spy(hasher: PasswordHasher, known: str | bytes, password: str | bytes) -> bool:
        hashes.append(known)
        return bool(verify(hasher, known, password))

    monkeypatch.setattr(PasswordHasher, "verify", spy)
    for name in ("anna", "nobody"):
        with pytest.raises(LoginError):
            door.logins.log_in(name, WRONG, "x")
    known, unknown = (extract_parameters(str(one)) for one in hashes)
    assert known == unknown


@pytest.mark.parametrize("name", ["anna", "nobody"])
def test_failures_lock_a_name_for_longer_and_longer(door: Door, name: str) -> None:
    """Five are free of waiting; then 30 seconds, then 60; the right password waits too."""
    door.fail(name, times=5)
    with pytest.raises(LockedError) as caught:
        door.enter(name)
    assert 29 <= caught.value.retry_after_seconds <= 31
    door.clock.move(seconds=31)
    door.fail(name)
    with pytest.raises(LockedError) as caught:
        door.enter(name, WRONG)
    assert 59 <= caught.value.retry_after_seconds <= 61


def test_a_lock_has_a_longest_time_and_failures_are_forgotten(door: Door) -> None:
    """An hour at most; a day later all is forgotten; a right password forgets at once."""
    for _ in range(12):
        door.fail()
        door.clock.move(hours=1, seconds=1)
    door.fail()
    with pytest.raises(LockedError) as caught:
        door.enter()
    assert caught.value.retry_after_seconds <= 3601
    door.clock.move(hours=25)
    door.fail(times=4)
    door.enter()
    door.fail(times=4)
    door.enter()


def test_many_at_once_get_no_more_guesses(door: Door) -> None:
    """Twelve wrong passwords in parallel: five are tried, the others are told to wait."""

    def guess(_: int) -> type[Exception]:
        try:
            door.enter(password=WRONG)
        except LoginError as error:
            return type(error)
        return AssertionError

    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(guess, range(12)))
    assert found.count(LoginRefusedError) == 5
    assert found.count(LockedError) == 7


def test_a_session_ends_when_it_is_idle_or_old(door: Door) -> None:
    """Idle for eight hours, or a day old however busy."""
    idle = door.enter()
    door.clock.move(seconds=IDLE.total_seconds() - 1)
    assert door.logins.session_of(idle) is not None
    door.clock.move(seconds=IDLE.total_seconds() - 1)
    assert door.logins.session_of(idle) is not None
    door.clock.move(seconds=IDLE.total_seconds())
    assert door.logins.session_of(idle) is None
    busy = door.enter()
    for _ in range(int(LONGEST.total_seconds() / 3600)):
        assert door.logins.session_of(busy) is not None
        door.clock.move(hours=1)
    assert door.logins.session_of(busy) is None


def test_logging_in_ends_the_browsers_former_session(door: Door) -> None:
    """A token that somebody planted before is worth nothing after."""
    planted = door.enter()
    login = door.logins.log_in("anna", PASSWORD, "127.0.0.1", previous=planted)
    assert door.logins.session_of(planted) is None
    assert door.logins.session_of(login.token) is not None


def test_whoever_is_disabled_or_changed_is_out_at_once(door: Door) -> None:
    """Disabling, another role and another password end every session."""
    token = door.enter()
    set_role(door.database, "anna", Role.VIEWER, door.trail)
    assert door.logins.session_of(token) is None
    token = door.enter()
    set_password(door.database, "anna", "another horse battery", door.trail)
    assert door.logins.session_of(token) is None
    token = door.enter(password="another horse battery")
    disable_user(door.database, "anna", door.trail)
    assert door.logins.session_of(token) is None
    with pytest.raises(LoginRefusedError, match="用户名或密码不正确"):
        door.enter(password="another horse battery")


def test_a_forged_request_has_no_token_of_the_session(door: Door) -> None:
    """Each session has its own; nothing, another's and half of one are wrong."""
    mine, other = door.enter(), door.enter()
    right = door.logins.csrf_token(mine)
    assert door.logins.is_csrf_token(mine, right)
    for wrong in (None, "", "\u00e9", right[:-1], door.logins.csrf_token(other)):
        assert not door.logins.is_csrf_token(mine, wrong)
