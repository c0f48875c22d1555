from __future__ import annotations

from pathlib import Path

import pytest

from service import audit
from service.account import Accounts, SessionError
from service.audit import Trail
from service.audit_log import AuditQuery, AuditQueryError, list_entries
from service.db import Database
from service.lockout import LockedError
from service.logins import IDLE, LoginRefusedError, Person
from service.users import UserError
from tests.service.test_logins import PASSWORD, WRONG, Door

NEW = "another horse battery"


class Desk(Door):
    """Anna at her own account."""

    def __init__(self, database: Database, home: Path) -> None:
        super().__init__(database, home)
        self.accounts = Accounts(database, self.logins, clock=self.clock)

    def person(self, token: str) -> Person:
        """Who is logged in with a token."""
        found = self.logins.session_of(token)
        assert found is not None
        return found

    def own(self, person: Person) -> Trail:
        """Changes by a person."""
        return Trail(self.secret, person.actor("10.0.0.9"))

    def change(self, token: str, current: str = PASSWORD, new: str = NEW) -> str:
        """Change the password; the new token."""
        person = self.person(token)
        return self.accounts.change_password(person, current, new, self.own(person)).token


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    """A new one."""
    return Desk(database, tmp_path / "home")


def test_a_new_password_ends_every_session_but_gives_a_new_one(desk: Desk) -> None:
    """Whoever knew the old password is out everywhere; the person goes on."""
    tokens = [desk.enter(), desk.enter()]
    new = desk.change(tokens[0])
    assert [desk.logins.session_of(token) for token in tokens] == [None, None]
    assert desk.person(new).name == "anna"
    desk.enter(password=NEW)
    with pytest.raises(LoginRefusedError):
        desk.enter()
    with desk.database.session() as session:
        entry = audit.history(session, f"user:{desk.person(new).id}")[-1]
    assert (entry.action, entry.actor) == ("set_password", f"user:{desk.person(new).id}")


@pytest.mark.parametrize(("current", "new"), [(PASSWORD, "short"), (PASSWORD, PASSWORD)])
def test_a_new_password_has_rules(desk: Desk, current: str, new: str) -> None:
    """Too short or the same: nothing changes and nobody is logged out."""
    token = desk.enter()
    with pytest.raises(UserError):
        desk.change(token, current, new)
    assert desk.person(token).name == "anna"


def test_guessing_the_current_password_is_locked_too(desk: Desk) -> None:
    """A stolen session is no way around the lock-out."""
    token = desk.enter()
    for _ in range(5):
        with pytest.raises(LoginRefusedError):
            desk.change(token, WRONG)
    with pytest.raises(LockedError):
        desk.change(token)


def test_sessions_are_listed_and_ended_one_by_one(desk: Desk) -> None:
    """The own one is marked; those that are over are not listed."""
    first = desk.enter()
    desk.clock.move(minutes=5)
    second = desk.enter()
    listed = desk.accounts.sessions("anna", token=second)
    assert [one.is_current for one in listed] == [True, False]
    person = desk.person(second)
    desk.accounts.end_session(person.id, listed[1].id, desk.own(person))
    assert desk.logins.session_of(first) is None
    assert len(desk.accounts.sessions("anna")) == 1
    desk.clock.move(hours=IDLE.total_seconds() / 3600)
    assert desk.accounts.sessions("anna") == []


@pytest.mark.parametrize("session_id", ["", "zz", "0" * 16, "0" * 64])
def test_an_unknown_session_is_named(desk: Desk, session_id: str) -> None:
    """Nothing is ended, and nothing logged."""
    desk.enter()
    with pytest.raises(SessionError):
        desk.accounts.end_session("anna", session_id, desk.trail)
    assert list_entries(desk.database, AuditQuery(action="end_sessions")).entries == []


def test_nobody_ends_anothers_session_under_their_own_name(desk: Desk) -> None:
    """A session belongs to its person."""
    token = desk.enter("root")
    listed = desk.accounts.sessions("root")
    with pytest.raises(SessionError):
        desk.accounts.end_session("anna", listed[0].id, desk.trail)
    assert desk.logins.session_of(token) is not None


def test_all_sessions_of_a_person_can_be_ended(desk: Desk) -> None:
    """Every device is logged out, but the one that is kept; others are not touched."""
    kept, lost, other = desk.enter(), desk.enter(), desk.enter("root")
    assert desk.accounts.end_sessions("anna", desk.trail, but=kept) == 1
    assert desk.logins.session_of(lost) is None
    assert desk.accounts.end_sessions("anna", desk.trail) == 1
    assert desk.logins.session_of(kept) is None
    assert desk.logins.session_of(other) is not None
    entries = list_entries(desk.database, AuditQuery(action="end_sessions")).entries
    assert [entry.after for entry in entries] == ['{"ended":1}', '{"ended":1}']


@pytest.mark.parametrize(
    "query",
    [AuditQuery(subject="x" * 129), AuditQuery(actor="a\nb"), AuditQuery(action="fly"),
     AuditQuery(before=0), AuditQuery(limit=201)],
)  # fmt: skip
def test_the_log_is_asked_within_limits(database: Database, query: AuditQuery) -> None:
    """What is wrong is refused before the database is asked."""
    with pytest.raises(AuditQueryError, match="allowed"):
        list_entries(database, query)
