from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import text

from service.audit import verify
from service.audit_log import AuditQuery, list_entries
from service.db import Database
from service.keys import find_key, list_keys
from service.tables import Role
from service.users import list_users
from tests.service.pages.conftest import PASSWORD, Browser, House

PAGES = ["/admin", "/admin/users/1", "/admin/keys", "/admin/audit", "/admin/audit?verify=1"]
FORMS = ["/admin/users", "/admin/users/1/role", "/admin/users/1/password",
         "/admin/users/1/disable", "/admin/users/1/enable", "/admin/users/1/sessions",
         "/admin/keys", "/admin/keys/000000000000/revoke"]  # fmt: skip
_SECRET = re.compile(r'class="ad-secret" readonly value="([^"]+)"')


@pytest.fixture
def admin(house: House) -> Browser:
    """An admin's browser."""
    return house.logged_in("admin")


def secret_of(browser: Browser, path: str) -> str | None:
    """The secret that a page shows."""
    found = _SECRET.search(browser.get(path).get_data(as_text=True))
    return html.unescape(found.group(1)) if found else None


def number_of(database: Database, name: str) -> int:
    """A person's number."""
    return next(user.id for user in list_users(database) if user.name == name)


def actions(house: House) -> list[str]:
    """What the log says was done, the newest first."""
    return [entry.action for entry in list_entries(house.service.database, AuditQuery()).entries]


@pytest.mark.parametrize("name", ["viewer", "reviewer", "adjudicator"])
def test_only_admins_get_in(house: House, name: str) -> None:
    """Neither pages nor forms, and no link to them."""
    browser = house.logged_in(name)
    assert {browser.get(path).status_code for path in PAGES} == {403}
    assert {browser.post(path).status_code for path in FORMS} == {403}
    assert 'href="/admin"' not in browser.get("/help").get_data(as_text=True)
    assert actions(house) == []


@pytest.mark.parametrize("path", FORMS)
def test_a_form_needs_its_token(house: House, admin: Browser, path: str) -> None:
    """A forged form changes nothing."""
    assert admin.post(path, csrf="0" * 64).status_code == 403
    assert actions(house) == []


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole(admin: Browser, path: str) -> None:
    """Each opens, without inline style or script."""
    reply = admin.get(path)
    page = reply.get_data(as_text=True)
    assert reply.status_code == 200
    assert "style=" not in page
    assert "<script>" not in page
    assert "no-store" in reply.headers["Cache-Control"]


def test_a_new_person_gets_a_password_that_is_shown_once(house: House, admin: Browser) -> None:
    """The form leads to the person's page; a second look shows no password; it opens the door."""
    reply = admin.post("/admin/users", name="小王", role="reviewer")
    assert reply.status_code == 303
    password = secret_of(admin, reply.headers["Location"])
    assert password is not None
    assert password not in reply.headers["Location"]
    assert secret_of(admin, reply.headers["Location"]) is None
    assert house.browser().log_in("小王", password).status_code == 303
    assert actions(house) == ["create_user"]


def test_a_given_password_is_not_shown(house: House, admin: Browser) -> None:
    """Who typed it knows it."""
    reply = admin.post("/admin/users", name="小王", role="viewer", password=PASSWORD)
    assert secret_of(admin, reply.headers["Location"]) is None
    assert house.browser().log_in("小王", PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "", "role": "viewer"}, "用户名"),
        ({"name": "reviewer", "role": "viewer"}, "已经有名为"),
        ({"name": "n", "role": "king"}, "没有选择角色"),
        ({"name": "n", "role": "viewer", "password": "tiny7"}, "12–200"),
    ],
)
def test_what_is_wrong_with_a_new_person_is_said_beside_what_was_typed(
    house: House, admin: Browser, fields: dict[str, str], said: str
) -> None:
    """The page comes back with the fault, and nobody was made."""
    reply = admin.post("/admin/users", **fields)
    page = reply.get_data(as_text=True)
    assert (reply.status_code, said in page, f'value="{fields["name"]}"' in page) == (
        422,
        True,
        True,
    )
    assert "tiny7" not in page
    assert len(list_users(house.service.database)) == 5


def test_rights_change_at_once(house: House, admin: Browser) -> None:
    """Another role, another password, disabled: the person's browser is out each time."""
    number = number_of(house.service.database, "reviewer")
    browser = house.logged_in("reviewer")
    moves = {"role": {"role": "adjudicator"}, "password": {"password": "another 1234"},
             "disable": {}, "enable": {}}  # fmt: skip
    for move, fields in moves.items():
        assert admin.post(f"/admin/users/{number}/{move}", **fields).status_code == 303
        if move != "enable":
            assert browser.get("/cases").status_code == 303
            browser.log_in("reviewer", "another 1234" if move != "role" else PASSWORD)
    (user,) = [one for one in list_users(house.service.database) if one.id == number]
    assert (user.role, user.disabled_at) == (Role.ADJUDICATOR, None)
    assert actions(house) == ["enable_user", "disable_user", "set_password", "set_role"]


def test_an_admin_does_not_lock_themselves_out(house: House, admin: Browser) -> None:
    """One's own role, password and end are not changed here; the page says where."""
    number = number_of(house.service.database, "admin")
    assert "/account" in admin.get(f"/admin/users/{number}").get_data(as_text=True)
    for move in ("role", "password", "disable"):
        assert admin.post(f"/admin/users/{number}/{move}", role="viewer").status_code == 422
    assert actions(house) == []


def test_the_last_admin_stays(house: House, admin: Browser) -> None:
    """A second admin who was disabled meanwhile leaves the first one alone."""
    admin.post("/admin/users", name="two", role="admin", password=PASSWORD)
    number = number_of(house.service.database, "admin")
    other = house.browser()
    other.log_in("two")
    assert other.post(f"/admin/users/{number}/disable").status_code == 303
    assert admin.get("/admin").status_code == 303


@pytest.mark.parametrize("path", ["/admin/users/99", "/admin/users/99999999999"])
def test_an_unknown_person_is_404(admin: Browser, path: str) -> None:
    """A page says so."""
    assert admin.get(path).status_code == 404


def test_an_admin_ends_sessions(house: House, admin: Browser) -> None:
    """One of them by its row, or all."""
    number = number_of(house.service.database, "viewer")
    browsers = [house.logged_in("viewer") for _ in range(3)]
    page = admin.get(f"/admin/users/{number}").get_data(as_text=True)
    first = re.findall(r'name="session" value="([0-9a-f]{16})"', page)
    assert len(first) == 3
    admin.post(f"/admin/users/{number}/sessions", session=first[0])
    assert sum(one.get("/help").status_code == 200 for one in browsers) == 2
    admin.post(f"/admin/users/{number}/sessions")
    assert sum(one.get("/help").status_code == 200 for one in browsers) == 0
    assert actions(house) == ["end_sessions", "end_sessions"]


def test_a_key_is_shown_once_and_revoked(house: House, admin: Browser) -> None:
    """Made with scopes and an end, listed without its secret, ended for good."""
    database = house.service.database
    reply = admin.post("/admin/keys", name="客服系统", scope=["cases", "metrics"], term="30")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/admin/keys")
    key = secret_of(admin, "/admin/keys")
    assert key is not None
    assert secret_of(admin, "/admin/keys") is None
    found = find_key(database, key, house.desk.clock())
    assert found is not None
    assert sorted(found.scopes) == ["cases", "metrics"]
    assert found.expires_at is not None
    assert (found.expires_at - found.created_at).days in {29, 30}
    assert admin.post(f"/admin/keys/{found.id}/revoke").status_code == 303
    assert "已吊销" in admin.get("/admin/keys").get_data(as_text=True)
    assert actions(house) == ["revoke_key", "create_key"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "", "scope": "cases", "term": "30"}, "名称"),
        ({"name": "k", "term": "30"}, "没有选择权限"),
        ({"name": "k", "scope": "cases", "term": "31"}, "没有选择有效期"),
    ],
)
def test_what_is_wrong_with_a_new_key_is_said(
    house: House, admin: Browser, fields: dict[str, str], said: str
) -> None:
    """The page comes back with the fault, and there is no new key."""
    before = len(list_keys(house.service.database))
    reply = admin.post("/admin/keys", **fields)
    assert (reply.status_code, said in reply.get_data(as_text=True)) == (422, True)
    assert len(list_keys(house.service.database)) == before


def test_the_log_is_filtered_and_paged(house: House, admin: Browser) -> None:
    """Newest first, 50 a page; a filter stays while paging."""
    for number in range(60):
        house.desk.note(house.add() if not number else 1, house.actor("reviewer"), "备注")
    page = admin.get("/admin/audit", action="note").get_data(as_text=True)
    assert page.count('data-name="编号"') == 50
    (following,) = re.findall(r'href="([^"]+)" rel="next"', page)
    assert "action=note" in following
    rest = admin.get(html.unescape(following)).get_data(as_text=True)
    assert rest.count('data-name="编号"') == 10
    assert "回到最新" in rest
    assert "没有符合条件的记录" in admin.get("/admin/audit", actor="user:99").get_data(as_text=True)
    assert admin.get("/admin/audit", action="fly").status_code == 422


def test_the_log_speaks_words(house: House, admin: Browser) -> None:
    """Who, what, whom, before and after, with names instead of codes."""
    number = number_of(house.service.database, "viewer")
    admin.post(f"/admin/users/{number}/role", role="reviewer")
    page = admin.get("/admin/audit").get_data(as_text=True)
    assert "更改角色" in page
    assert "用户 viewer" in page
    assert re.search(r"角色：<bdi>查看者</bdi> → <bdi>复核员</bdi>", page)


def test_the_chain_is_checked_on_demand(house: House, admin: Browser) -> None:
    """Untouched it is said to be whole; a changed entry is named."""
    house.add()
    assert verify(house.service.database, house.desk.secret).broken is None
    assert "审计链完整" in admin.get("/admin/audit", verify="1").get_data(as_text=True)
    with house.service.database.session() as session:
        session.execute(text("UPDATE audit_entries SET after = '{}' WHERE id = 1"))
        session.commit()
    assert "第 1 条处断开" in admin.get("/admin/audit", verify="1").get_data(as_text=True)


def test_a_name_cannot_break_a_page(house: House, admin: Browser) -> None:
    """HTML and marks of direction in a name are text, on every page."""
    admin.post("/admin/users", name="<b>x</b>\u05d0", role="viewer", password=PASSWORD)
    for path in ("/admin", "/admin/audit"):
        page = admin.get(path).get_data(as_text=True)
        assert "<b>x</b>" not in page
        assert "&lt;b&gt;x&lt;/b&gt;" in page


def test_a_broken_cookie_shows_no_secret(admin: Browser) -> None:
    """What is not one of ours is ignored."""
    for value in ("x", "e30", "é", "W10="):
        admin.client.set_cookie("triage-once", value)
        assert secret_of(admin, "/admin/keys") is None
