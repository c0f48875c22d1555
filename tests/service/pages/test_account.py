from __future__ import annotations

import re

import pytest

from service.audit_log import AuditQuery, list_entries
from tests.service.pages.conftest import PASSWORD, House

NEW = "another horse 2"


@pytest.mark.parametrize("name", ["viewer", "reviewer", "adjudicator", "admin"])
def test_everybody_has_an_account(house: House, name: str) -> None:
    """The page shows where one is logged in, and this browser as the current one."""
    page = house.logged_in(name).get("/account").get_data(as_text=True)
    assert "当前" in page
    assert page.count('data-name="地址"') == 1


def test_a_new_password_keeps_this_browser_and_ends_the_others(house: House) -> None:
    """The session gets another token; the old password opens nothing any more."""
    mine, other = house.logged_in("reviewer"), house.logged_in("reviewer")
    reply = mine.post("/account/password", current=PASSWORD, new=NEW, again=NEW)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/account?done=password")
    assert "密码已更改" in mine.get("/account?done=password").get_data(as_text=True)
    assert other.get("/account").status_code == 303
    assert house.browser().log_in("reviewer").status_code == 401
    assert house.browser().log_in("reviewer", NEW).status_code == 303
    (entry,) = list_entries(house.service.database, AuditQuery()).entries
    assert (entry.action, entry.actor) == ("set_password", house.actor("reviewer").id)


@pytest.mark.parametrize(
    ("current", "new", "again", "said"),
    [
        ("wrong wrong wrong", NEW, NEW, "现在的密码不正确"),
        (PASSWORD, "tiny7", "tiny7", "新密码有 5 个字符"),
        (PASSWORD, NEW, NEW + "x", "两次输入的新密码不同"),
        (PASSWORD, PASSWORD, PASSWORD, "相同"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(
    house: House, current: str, new: str, again: str, said: str
) -> None:
    """No password stands in the page; the session goes on."""
    browser = house.logged_in("reviewer")
    reply = browser.post("/account/password", current=current, new=new, again=again)
    page = reply.get_data(as_text=True)
    assert (reply.status_code, said in page) == (422, True)
    assert f'"{new}"' not in page
    assert browser.get("/account").status_code == 200
    assert house.browser().log_in("reviewer").status_code == 303


def test_guessing_is_locked(house: House) -> None:
    """As on the login page, with how long to wait."""
    browser = house.logged_in("reviewer")
    for _ in range(5):
        browser.post("/account/password", current="wrong wrong 1", new=NEW, again=NEW)
    reply = browser.post("/account/password", current=PASSWORD, new=NEW, again=NEW)
    assert reply.status_code == 429
    assert "请在" in reply.get_data(as_text=True)


def test_own_sessions_are_ended(house: House) -> None:
    """One of the others by its row, then all others; this one stays."""
    mine, *others = (house.logged_in("viewer") for _ in range(4))
    page = mine.get("/account").get_data(as_text=True)
    found = re.findall(r'name="session" value="([0-9a-f]{16})"', page)
    assert len(found) == 3
    assert mine.post("/account/sessions", session=found[0]).status_code == 303
    assert sum(one.get("/help").status_code == 200 for one in others) == 2
    mine.post("/account/sessions")
    assert sum(one.get("/help").status_code == 200 for one in others) == 0
    assert mine.get("/account").status_code == 200


def test_nobody_ends_anothers_session(house: House) -> None:
    """The id of somebody else's session is unknown here."""
    theirs, mine = house.logged_in("admin"), house.logged_in("viewer")
    other = house.logged_in("admin")
    page = theirs.get("/account").get_data(as_text=True)
    (found,) = re.findall(r'name="session" value="([0-9a-f]{16})"', page)
    assert mine.post("/account/sessions", session=found).status_code == 404
    assert other.get("/help").status_code == 200


def test_a_form_needs_its_token(house: House) -> None:
    """A forged form changes no password and ends no session."""
    browser = house.logged_in("viewer")
    for path in ("/account/password", "/account/sessions"):
        assert browser.post(path, csrf="0" * 64).status_code == 403
