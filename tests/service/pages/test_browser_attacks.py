"""What other sites and planted links may try with a supervisor's browser: every page, generated."""

from __future__ import annotations

import re

import pytest

from tests.service.pages.conftest import PASSWORD, House
from tests.service.test_access import ask, served

ELSEWHERE = ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example",
             "\\\\evil.example", "javascript:alert(1)", "/login?next=//evil", "http:evil.example",
             " //evil.example", "/%0d%0aSet-Cookie:a=b\r\nX: y", "///evil.example"]  # fmt: skip
KEPT = {"GET /static/<digest>/<name>", "GET /docs/static/<name>", "GET /docs"}  # no data in them


def test_no_page_can_be_framed_or_kept(house: House) -> None:
    """Every GET route, as admin: nobody frames it, guesses its type, or learns its address."""
    house.add()
    admin = house.logged_in("admin")
    for route in served(house):
        if not route.startswith("GET "):
            continue
        headers = ask(admin, route).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], route
        assert headers["X-Content-Type-Options"] == "nosniff", route
        assert headers["Referrer-Policy"] == "no-referrer", route
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", route
        assert headers["Cache-Control"] == "no-store" or route in KEPT, route
        assert "Access-Control-Allow-Origin" not in headers, route


@pytest.mark.parametrize("address", ELSEWHERE)
def test_no_link_leads_elsewhere_from_here(house: House, address: str) -> None:
    """Wherever an address to go on to is taken: before and after logging in, and in the footer."""
    browser = house.browser()
    assert 'name="next" value="/cases"' in browser.get("/login", next=address).text
    form = {"csrf": browser.token("/login"), "next": address}
    answers = [
        browser.client.post("/preferences", data=form),
        browser.log_in("viewer", next=address),
        browser.get("/login", next=address),
        browser.post("/preferences", next=address),
    ]
    assert [(one.status_code, one.location) for one in answers] == [(303, "/cases")] * 4


def test_no_other_parameter_is_an_address(house: House) -> None:
    """Every page with an address in each parameter that such attacks use: it is not gone to."""
    admin = house.logged_in("admin")
    number = house.add()
    names = ("next", "url", "to", "back", "return", "redirect", "continue", "from", "target")
    for route in served(house):
        path = re.sub(r"<[^>]*case_id>", str(number), route.split(" ", 1)[1])
        if not route.startswith("GET ") or "<" in path or path.endswith(".pdf"):
            continue
        query = dict.fromkeys(names, "//evil.example")
        answer = admin.client.get(path, query_string=query, buffered=True)
        assert "evil.example" not in (answer.location or ""), route


def test_a_session_planted_before_the_login_opens_nothing(house: House) -> None:
    """A cookie that somebody else put into the browser is not the session after logging in."""
    planted = "p" * 43
    browser = house.browser()
    browser.client.set_cookie("triage", planted)
    assert browser.log_in("admin").status_code == 303
    own = browser.client.get_cookie("triage")
    assert own is not None
    assert own.value != planted
    attacker = house.browser()
    attacker.client.set_cookie("triage", planted)
    assert attacker.get("/cases").location.startswith("/login")


def test_a_foreign_form_to_the_login_is_refused(house: House) -> None:
    """Logging somebody in as somebody else needs a token of their own browser."""
    fields = {"name": "viewer", "password": PASSWORD}
    assert house.browser().client.post("/login", data=fields).status_code == 403
