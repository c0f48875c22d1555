"""Logging in on the page."""

from __future__ import annotations

import pytest

from tests.service.pages.conftest import PASSWORD, House


def test_who_is_not_logged_in_comes_back_to_the_page_after_logging_in(house: House) -> None:
    """The address that was asked for is where the form leads."""
    browser = house.browser()
    asked = browser.get("/cases?priority=P0")
    assert asked.status_code == 303
    assert asked.location == "/login?next=%2Fcases%3Fpriority%3DP0"
    assert 'value="/cases?priority=P0"' in browser.get(asked.location).get_data(as_text=True)
    assert browser.log_in("reviewer", next="/cases?priority=P0").location == "/cases?priority=P0"
    assert browser.get("/cases").status_code == 200


def test_an_unknown_name_and_a_wrong_password_look_alike(house: House) -> None:
    """Nobody learns from the page who has an account."""
    unknown = house.browser().log_in("nobody", "some password 1")
    wrong = house.browser().log_in("reviewer", "some password 1")
    assert (unknown.status_code, wrong.status_code) == (401, 401)
    first, second = (
        r.get_data(as_text=True).split("<main")[1].split("csrf")[0] for r in (unknown, wrong)
    )
    assert first == second
    assert "用户名或密码不正确" in first


def test_too_many_failures_say_how_long_to_wait(house: House) -> None:
    """The right password does not help while the name is locked."""
    browser = house.browser()
    for _ in range(5):
        browser.log_in("reviewer", "some password 1")
    locked = browser.log_in("reviewer", PASSWORD)
    assert locked.status_code == 429
    assert 1 <= int(locked.headers["Retry-After"]) <= 30
    assert "秒后重试" in locked.get_data(as_text=True)


def test_logging_in_again_ends_the_session_before(house: House) -> None:
    """The token changes with each login, and the old one opens nothing."""
    browser = house.logged_in("reviewer")
    old = browser.client.get_cookie("triage")
    assert old is not None
    thief = house.browser()
    thief.client.set_cookie("triage", old.value)
    assert thief.get("/cases").status_code == 200
    again = house.browser()
    again.client.set_cookie("triage", old.value)
    again.client.post(
        "/login", data={"csrf": again.token(), "name": "viewer", "password": PASSWORD}
    )
    new = again.client.get_cookie("triage")
    assert new is not None
    assert new.value != old.value
    assert thief.get("/cases").status_code == 303


def test_logging_out_ends_the_session_on_the_server(house: House) -> None:
    """A copied cookie is worth nothing afterwards."""
    browser = house.logged_in("reviewer")
    copied = browser.client.get_cookie("triage")
    assert copied is not None
    assert browser.post("/logout").location == "/login?out=1"
    browser.client.set_cookie("triage", copied.value)
    assert browser.get("/cases").status_code == 303


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(house: House) -> None:
    """HttpOnly, SameSite=Lax, and no wider than this host."""
    header = house.browser().log_in("reviewer").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(header.split("; "))
    assert "Domain" not in header


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/login",
     "/\tevil", "/a\r\nSet-Cookie: x=1", "cases", ""],
)  # fmt: skip
def test_logging_in_never_leads_elsewhere(house: House, address: str) -> None:
    """An address of another site, however written, becomes the queue."""
    assert house.browser().log_in("reviewer", next=address).location == "/cases"
