"""A browser without scripts on the pages of one application, and people of each role."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.actors import Actor
from service.cases.desk import Desk
from service.cases.verdicts import Verdicts
from service.secret import load_secret
from service.tables import Role
from service.users import create_user, list_users
from tests.service.client import Service

PASSWORD = "correct horse 1"
TEXT = "等了四十分钟才上菜，我要举报"
_TOKEN = re.compile(r'name="csrf" value="([0-9a-f]+)"')


@dataclass
class Browser:
    """One person's browser: cookies of its own, and the token of the last page in each form."""

    client: FlaskClient

    def get(self, path: str, **query: object) -> TestResponse:
        """GET a page."""
        return self.client.get(path, query_string=query or None, headers={"Accept": "text/html"})

    def token(self, page: str = "/help") -> str:
        """The token that the forms of a page carry."""
        found = _TOKEN.search(self.get(page).get_data(as_text=True))
        assert found, page
        return found.group(1)

    def post(self, path: str, **fields: object) -> TestResponse:
        """Submit a form with the token that belongs to this browser."""
        form = {"csrf": self.token("/login" if path == "/login" else "/help"), **fields}
        return self.client.post(path, data=form, headers={"Accept": "text/html"})

    def log_in(self, name: str, password: str = PASSWORD, **fields: object) -> TestResponse:
        """Fill in the form of the login page."""
        return self.post("/login", name=name, password=password, **fields)


@dataclass
class House:
    """The application with people in it."""

    service: Service
    desk: Desk
    verdicts: Verdicts

    def browser(self) -> Browser:
        """A new browser, nobody logged in."""
        return Browser(self.service.client.application.test_client())

    def logged_in(self, name: str) -> Browser:
        """A browser in which somebody is logged in; the names are those of the roles."""
        browser = self.browser()
        assert browser.log_in(name).status_code == 303
        return browser

    def actor(self, name: str) -> Actor:
        """Somebody as one who changes cases."""
        (found,) = [user for user in list_users(self.service.database) if user.name == name]
        return Actor(f"user:{found.id}", found.role, "127.0.0.1")

    def add(self, text: str = TEXT, **fields: object) -> int:
        """Classify a complaint that becomes a case; the case's number."""
        reply = self.service.classify({"text": text, **fields}).get_json()
        assert reply["stored"] is True
        return int(reply["case_id"])


@pytest.fixture
def house(service: Service) -> House:
    """The application with one person of each role, and `second`, another reviewer."""
    for role in Role:
        create_user(service.database, role.name.lower(), role, PASSWORD)
    create_user(service.database, "second", Role.REVIEWER, PASSWORD)
    predictor = service.parts.predictor
    desk = Desk(service.database, load_secret(service.settings.home), lambda: predictor.policy)
    return House(service, desk, Verdicts(desk, predictor))
