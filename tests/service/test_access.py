"""Every route with every kind of key and every role, against the table in access.toml."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from service import openapi
from service.keys import create_key, revoke_key
from service.tables import ApiKey, Role, Scope
from tests.service.pages.conftest import Browser, House, house

__all__ = ["house"]  # the fixture

TABLE = tomllib.loads((Path(__file__).parent / "access.toml").read_text(encoding="utf-8"))
OPEN, SIGNED, LOCAL = (set(TABLE[name]["routes"]) for name in ("open", "signed", "local"))
SCOPES = {one: set(names.split()) for names, routes in TABLE["keys"].items() for one in routes}
ROLES = {one: Role[name.upper()] for name, routes in TABLE["pages"].items() for one in routes}
REMOTE = {"REMOTE_ADDR": "10.0.0.9"}
PLACES = {"case_id": "1", "user_id": "999", "name": "none", "digest": "0", "slug": "none",
          "stop": "resume", "end": "dismiss", "move": "role", "key_id": "none",
          "session_id": "none"}  # fmt: skip


def served(house: House) -> list[str]:
    """Every method and rule that the application answers."""
    rules = house.service.client.application.url_map.iter_rules()
    return [f"{m} {rule.rule}" for rule in rules for m in rule.methods - {"HEAD", "OPTIONS"}]


def ask(browser: Browser, route: str, key: str | None = None, token: str = "") -> TestResponse:
    """One request from elsewhere, with nothing in it but who asks."""
    method, rule = route.split(" ", 1)
    path = re.sub(r"<(?:[^>]*:)?(\w+)>", lambda found: PLACES[found.group(1)], rule)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    path += "?week=none" if path.endswith("weekly.pdf") else ""  # a page is not printed
    form = {"csrf": token} if method == "POST" and not path.startswith("/v1") else None
    return browser.client.open(
        path, method=method, headers=headers, data=form, environ_base=REMOTE, buffered=True
    )


def is_refused(answer: TestResponse, route: str) -> bool:
    """Whether the answer is about who asks; a wrong password is not."""
    is_sent_to_login = (answer.location or "").startswith("/login?next=")
    return is_sent_to_login or (answer.status_code in {401, 403, 429} and route != "POST /login")


@pytest.fixture
def keys(house: House) -> Mapping[str, str | None]:
    """A key of each kind, by what may be expected of it."""
    database = house.service.database
    made: dict[str, str | None] = {str(s): create_key(database, s, [s]) for s in Scope}
    made["revoked"] = create_key(database, "revoked", list(Scope))
    revoke_key(database, made["revoked"].split("_")[1])
    made["expired"] = create_key(database, "expired", list(Scope))
    with database.session() as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        mine = update(ApiKey).where(ApiKey.name == "expired")
        session.execute(mine.values(expires_at=past))
        session.commit()
    return {**made, "none": None, "wrong": f"ct_{'0' * 12}_{'0' * 64}"}


def test_every_route_stands_in_the_table_once(house: House) -> None:
    """A new route needs a decision who may use it, and an old one goes from the table."""
    listed = [*OPEN, *SIGNED, *LOCAL, *SCOPES, *ROLES]
    assert {route: n for route, n in Counter(listed).items() if n > 1} == {}
    assert set(served(house)) == set(listed)


def test_the_document_asks_for_a_key_where_the_table_does(house: House) -> None:
    """What a client reads in the document about keys is so."""
    for path, operations in openapi.document()["paths"].items():
        for method, operation in operations.items():
            rule = next(r for r in served(house) if plain(r) == f"{method.upper()} {path}")
            assert ({"key": []} in operation.get("security", [])) == (rule in {*SCOPES, *LOCAL})


def plain(route: str) -> str:
    """A route as the document writes it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)


def test_keys_open_what_their_scopes_say_and_no_more(
    house: House, keys: Mapping[str, str | None]
) -> None:
    """Each route of the API with no key, a wrong, revoked and expired one, and each scope."""
    house.add()
    stranger = house.browser()
    token = stranger.token("/login")
    wrong = []
    for route in sorted([*OPEN, *SIGNED, *LOCAL, *SCOPES]):
        needed = SCOPES.get(route, {"metrics"} if route in LOCAL else None)
        for name, key in keys.items():
            answer = ask(stranger, route, key, token)
            expected = needed is not None and name not in needed
            if route not in SIGNED and is_refused(answer, route) != expected:
                wrong.append((route, name, answer.status_code))
            if expected and answer.status_code not in codes_for(name):
                wrong.append((route, name, answer.status_code))
    assert wrong == []


def codes_for(name: str) -> set[int]:
    """How a key is refused: its owner is unknown, or known and not allowed."""
    return {403} if name in set(Scope) else {401, 429} if name == "wrong" else {401}


def test_roles_open_what_the_table_says_and_no_more(
    house: House, keys: Mapping[str, str | None]
) -> None:
    """Each page and form as nobody, with keys of every scope, and as each role."""
    house.add()
    wrong = []
    for role, browser, token in visitors(house):
        for route in sorted(ROLES, key=lambda one: (one == "POST /logout", one)):
            answer = ask(browser, route, keys["admin"], token)
            expected = role is None or role < ROLES[route]
            if is_refused(answer, route) != expected:
                wrong.append((route, role and role.name, answer.status_code))
    assert wrong == []


def test_a_session_is_no_key(house: House) -> None:
    """The API never listens to cookies, so that no other site can use a browser's session."""
    admin = house.logged_in("admin")
    token = admin.token()
    answers = {route: ask(admin, route, token=token).status_code for route in {*SCOPES, *LOCAL}}
    assert set(answers.values()) == {401}, answers


def visitors(house: House) -> Iterator[tuple[Role | None, Browser, str]]:
    """Nobody, and one person of each role, with the token that their forms carry."""
    nobody = house.browser()
    yield None, nobody, nobody.token("/login")
    for role in Role:
        browser = house.logged_in(role.name.lower())
        yield role, browser, browser.token()
