"""Forged forms, roles, headers, hostile text, and a database that goes away."""

from __future__ import annotations

import re

import pytest

from service.tables import Role
from service.users import Trail, disable_user
from tests.service.outages import outage
from tests.service.pages.conftest import PASSWORD, House

HOSTILE = (
    '<script>alert(1)</script><img src=x onerror="alert(2)">我要举报',
    "正常\u202e\u2066倒过来的字\u2069\u200b\u200d\ufeff我要举报",
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 等了很久，我要举报",
    "'\"><svg onload=alert(3)>{{7*7}}{% raw %}我要举报",
    "很" * 9_990 + "我要举报",
)


def _posts(house: House) -> list[str]:
    """The address of every form, from the application's own map."""
    rules = house.service.client.application.url_map.iter_rules()
    found = set()
    for rule in rules:
        if rule.endpoint.startswith("pages.") and "POST" in rule.methods:
            address = re.sub(r"<any\((\w+).*?\):\w+>", r"\1", rule.rule)
            found.add(re.sub(r"<\w+:\w+>|<\w+>", "1", address))
    return sorted(found)


def test_a_form_without_the_token_of_this_session_changes_nothing(house: House) -> None:
    """Every form of the pages: no token, a wrong one, and another session's."""
    house.add()
    browser = house.logged_in("admin")
    foreign = house.logged_in("reviewer").token()
    addresses = _posts(house)
    assert {"/cases/claim", "/cases/1/verdict", "/cases/1/resolve", "/login", "/logout"} <= set(
        addresses
    )
    for address in addresses:
        for form in ({}, {"csrf": "0" * 64}, {"csrf": foreign}, {"csrf": "密"}):
            response = browser.client.post(address, data=form, headers={"Accept": "text/html"})
            assert response.status_code == 403, address
            assert "表单已失效" in response.text
    assert browser.get("/cases").status_code == 200  # still logged in


def test_a_viewer_changes_nothing(house: House) -> None:
    """Every form on cases is refused, whatever it holds."""
    number = house.add()
    browser = house.logged_in("viewer")
    forms = [address for address in _posts(house) if address.startswith("/cases")]
    for address in forms:
        fields = {"version": 1, "case_id": number, "note": "x", "confirm": "1", "preset": "1h"}
        assert browser.post(address, **fields).status_code == 403, address
    page = browser.get(f"/cases/{number}").text
    assert "<form" not in page.split("<main")[1].split("</main>")[0]


@pytest.mark.parametrize("role", [role.name.lower() for role in Role])
def test_reading_is_for_everybody_who_is_logged_in(house: House, role: str) -> None:
    """Each role sees queue, case and help; nobody else does."""
    number = house.add()
    browser, stranger = house.logged_in(role), house.browser()
    for path in ("/cases", f"/cases/{number}", "/help", "/cases/export.csv", "/"):
        assert browser.get(path).status_code in {200, 303}
        assert stranger.get(path).location.startswith("/login?next=")


def test_a_form_of_an_expired_session_leads_to_the_login_and_back(house: House) -> None:
    """The case's page is where the login returns to."""
    number = house.add()
    response = house.browser().client.post(f"/cases/{number}/note", data={"note": "x"})
    assert (response.status_code, response.location) == (303, f"/login?next=%2Fcases%2F{number}")


def test_a_disabled_person_is_out_at_once(house: House) -> None:
    """The next page is the login."""
    browser = house.logged_in("reviewer")
    trail = Trail(house.desk.secret, house.actor("admin"))
    disable_user(house.service.database, "reviewer", trail)
    assert browser.get("/cases").status_code == 303


def test_no_page_has_anything_inline(house: House) -> None:
    """The policy forbids it, and no page needs it; nothing comes from elsewhere."""
    number = house.add()
    browser = house.logged_in("admin")
    for path in (
        "/cases", f"/cases/{number}", "/help", "/nowhere", "/cases?priority=P9", "/insight/weekly",
    ):  # fmt: skip
        response = browser.get(path)
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert not re.search(
            r"<style|<script(?! src)| style=| on\w+=|(?:src|href)=\"(?!/|#)", response.text
        )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(house: House, text: str) -> None:
    """Markup is text, what is invisible is named, direction stays inside, long text is complete."""
    number = house.add(text)
    browser = house.logged_in("reviewer")
    for path in (f"/cases/{number}", "/cases"):
        page = browser.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<svg" not in page
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff]", page)
    page = browser.get(f"/cases/{number}").text
    assert 'class="text" dir="auto"' in page
    if "\u202e" in text:
        assert 'title="不可见字符 RIGHT-TO-LEFT OVERRIDE">U+202E</span>' in page
    if len(text) > 9_000:
        assert page.count("很") >= 9_990
    if "{{" in text:
        assert "{{7*7}}" in page


def test_static_files_are_kept_for_a_year_under_their_digest(house: House) -> None:
    """The page names the address; another digest is not kept, another name is not there."""
    page = house.browser().get("/login").text
    client = house.browser().client
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        response = client.get(address)
        assert "immutable" in response.headers["Cache-Control"]
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        response.close()
    with client.get("/static/0/app.css") as response:
        assert response.headers["Cache-Control"] == "no-cache"
    assert client.get("/static/0/../app.py").status_code == 404
    assert client.get("/static/0/docs.html").status_code == 404


def test_programs_get_json_and_people_get_pages(house: House) -> None:
    """The same unknown address, asked by a browser and by a program; /v1 is always JSON."""
    client = house.browser().client
    assert client.get("/nowhere", headers={"Accept": "text/html"}).mimetype == "text/html"
    assert client.get("/nowhere").mimetype == "application/json"
    assert client.get("/v1/x", headers={"Accept": "text/html"}).mimetype == "application/json"


def test_a_lost_database_is_a_page_and_comes_back_without_a_restart(house: House) -> None:
    """503 with what to do, for reading and for forms; afterwards everything goes on."""
    number = house.add()
    browser = house.logged_in("reviewer")
    token = browser.token()
    with outage(house.service):
        for response in (
            browser.get("/cases"),
            browser.get(f"/cases/{number}"),
            browser.client.post(
                f"/cases/{number}/note",
                data={"csrf": token, "version": 1, "note": "x"},
                headers={"Accept": "text/html"},
            ),
            house.browser().get("/login"),
        ):
            if response.status_code == 200:  # the login page itself needs no database
                continue
            assert response.status_code == 503
            assert "数据库暂时不可用" in response.text
            assert "仍保存在这个浏览器标签页里" in response.text
        login = house.browser().client.post(
            "/login",
            data={"name": "reviewer", "password": PASSWORD},
            headers={"Accept": "text/html"},
        )
        assert login.status_code == 403
    assert browser.get("/cases").status_code == 200
    assert browser.post(f"/cases/{number}/note", version=1, note="x").status_code == 303


def test_zone_and_colours_are_kept_without_a_script(house: House) -> None:
    """The footer's form sets cookies; times and colours follow; nonsense is dropped."""
    number = house.add()
    browser = house.logged_in("viewer")
    for zone in ("../../etc/passwd", "No/Where", "x" * 100, ""):
        browser.post("/preferences", tz=zone, theme="red", next="/cases")
        page = browser.get("/cases").text
        assert '<option value="Asia/Shanghai" selected>' in page
        assert 'data-theme="auto"' in page
    sent = browser.post("/preferences", tz="America/New_York", theme="dark", next="//evil")
    assert sent.location == "/cases"
    page = browser.get(f"/cases/{number}").text
    assert 'data-theme="dark"' in page
    assert "America/New_York</" in page or 'America/New_York">' in page
