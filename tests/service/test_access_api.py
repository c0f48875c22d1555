from __future__ import annotations

from dataclasses import dataclass

import pytest
from werkzeug.test import TestResponse

from service.keys import create_key
from service.logins import Logins
from service.secret import load_secret
from service.tables import Scope
from tests.service.client import Service, error_of
from tests.service.test_openapi import errors_of

PASSWORD = "correct horse battery"
READERS = ["/users", "/users/1/sessions", "/keys", "/audit", "/audit/verification"]
CHANGES = ["/users", "/users/1/role", "/users/1/password", "/users/1/disable", "/users/1/enable",
           "/users/1/sessions/end", "/users/1/sessions/0000000000000000/end", "/keys",
           "/keys/000000000000/revoke"]  # fmt: skip


@dataclass
class Admin:
    """The endpoints as an admin's program sees them."""

    service: Service
    key: str

    def get(self, path: str, **query: object) -> TestResponse:
        """GET below /v1."""
        return self.service.client.get(f"/v1{path}", headers=self._headers, query_string=query)

    def post(self, path: str, **body: object) -> TestResponse:
        """POST below /v1."""
        return self.service.client.post(f"/v1{path}", headers=self._headers, json=body)

    def make(self, name: str = "anna", role: str = "reviewer") -> int:
        """Makes a person; the number."""
        reply = self.post("/users", name=name, role=role, password=PASSWORD)
        assert reply.status_code == 200, reply.get_json()
        return int(reply.get_json()["user_id"])

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@pytest.fixture
def admin(service: Service) -> Admin:
    """A program with the scope admin."""
    return Admin(service, create_key(service.database, "ops", [Scope.ADMIN]))


@pytest.mark.parametrize("path", READERS)
def test_reading_needs_the_scope_admin(admin: Admin, path: str) -> None:
    """A key for cases reads nothing of people, keys and log."""
    admin.key = create_key(admin.service.database, "c", [Scope.CASES, Scope.CLASSIFY])
    assert admin.get(path).status_code == 403


@pytest.mark.parametrize("path", CHANGES)
def test_changing_needs_the_scope_admin(admin: Admin, path: str) -> None:
    """A key for cases changes nothing of them either."""
    admin.key = create_key(admin.service.database, "c", [Scope.CASES, Scope.CLASSIFY])
    assert admin.post(path).status_code == 403


def test_a_person_is_made_changed_and_shut_out(admin: Admin) -> None:
    """Every step answers with the person as they are then, in the published form."""
    made = admin.post("/users", name="anna", role="viewer").get_json()
    assert errors_of("NewPasswordReply", made) == []
    assert len(made["password"]) == 20
    path = f"/users/{made['user_id']}"
    assert admin.post(f"{path}/role", role="reviewer").get_json()["role"] == "reviewer"
    assert admin.post(f"{path}/password", password=PASSWORD).get_json()["password"] is None
    assert admin.post(f"{path}/disable").get_json()["is_disabled"] is True
    assert admin.post(f"{path}/enable").get_json()["is_disabled"] is False
    listed = admin.get("/users").get_json()
    assert errors_of("UserListReply", listed) == []
    assert [one["name"] for one in listed["items"]] == ["anna"]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/users", {"name": "", "role": "viewer"}, (422, "invalid_value", "name")),
        ("/users", {"name": "a", "role": "viewer", "password": "short"},
         (422, "invalid_value", "password")),
        ("/users", {"name": "anna", "role": "viewer"}, (409, "name_taken", "name")),
        ("/users/99/role", {"role": "viewer"}, (404, "user_not_found", None)),
        ("/users/99999999999/enable", {}, (404, "user_not_found", None)),
        ("/users/1/sessions/zzz/end", {}, (404, "session_not_found", None)),
        ("/keys", {"name": "k", "scopes": []}, (422, "invalid_value", "scopes")),
        ("/keys", {"name": "k", "scopes": ["cases"], "expires_at": "2020-01-01T00:00:00Z"},
         (422, "invalid_value", "expires_at")),
        ("/keys/nothing/revoke", {}, (404, "key_not_found", None)),
    ],
)  # fmt: skip
def test_what_is_refused_is_named(
    admin: Admin, path: str, body: dict[str, object], expected: tuple[int, str, str | None]
) -> None:
    """The one error shape, in Chinese, with the rule and the field."""
    admin.make()
    refused = admin.post(path, **body)
    found = error_of(refused)
    assert (refused.status_code, found["code"], found.get("field")) == expected
    assert any("\u4e00" <= letter <= "\u9fff" for letter in found["message"])


def test_the_last_admin_stays(admin: Admin) -> None:
    """Neither disabled nor made less over the API."""
    number = admin.make("root", "admin")
    refused = admin.post(f"/users/{number}/disable")
    assert (refused.status_code, error_of(refused)["code"]) == (409, "last_admin")


def test_sessions_are_listed_and_ended(admin: Admin) -> None:
    """One by its id, or all of them."""
    number = admin.make()
    logins = Logins(admin.service.database, load_secret(admin.service.settings.home))
    tokens = [logins.log_in("anna", PASSWORD, "10.0.0.1").token for _ in range(3)]
    listed = admin.get(f"/users/{number}/sessions").get_json()
    assert errors_of("SessionListReply", listed) == []
    assert [one["source"] for one in listed["items"]] == ["10.0.0.1"] * 3
    first = listed["items"][0]["session_id"]
    assert admin.post(f"/users/{number}/sessions/{first}/end").get_json() == {"ended": 1}
    assert admin.post(f"/users/{number}/sessions/end").get_json() == {"ended": 2}
    assert [logins.session_of(token) for token in tokens] == [None] * 3


def test_a_key_is_made_used_and_revoked(admin: Admin) -> None:
    """Shown once, listed without its secret, ended for good."""
    made = admin.post("/keys", name="客服", scopes=["cases"]).get_json()
    assert errors_of("NewKeyReply", made) == []
    listed = admin.get("/keys").get_json()
    assert errors_of("KeyListReply", listed) == []
    assert made["key"] not in str(listed)
    assert [one["state"] for one in listed["items"] if one["key_id"] == made["key_id"]] == ["live"]
    ended = admin.post(f"/keys/{made['key_id']}/revoke").get_json()
    assert errors_of("KeyReply", ended) == []
    assert ended["state"] == "revoked"


def test_every_change_is_in_the_log_with_the_person_who_made_it(admin: Admin) -> None:
    """A program may name the person it acts for; the chain holds."""
    number = admin.make()
    admin.post(f"/users/{number}/role", role="viewer", actor="zhang")
    made = admin.post("/keys", name="k", scopes=["cases"]).get_json()
    page = admin.get("/audit", limit=2).get_json()
    assert errors_of("AuditReply", page) == []
    assert [one["action"] for one in page["items"]] == ["create_key", "set_role"]
    assert made["key"] not in str(page)
    rest = admin.get("/audit", before=page["next_before"]).get_json()
    assert [one["action"] for one in rest["items"]] == ["create_user"]
    assert rest["next_before"] is None
    own = f"key:{admin.key.split('_')[1]}/zhang"
    assert [one["subject"] for one in admin.get("/audit", actor=own).get_json()["items"]] == [
        f"user:{number}"
    ]
    verified = admin.get("/audit/verification").get_json()
    assert errors_of("VerificationReply", verified) == []
    assert (verified["is_intact"], verified["entries"]) == (True, 3)


@pytest.mark.parametrize("query", [{"action": "fly"}, {"before": "x"}, {"limit": 1000}, {"x": 1}])
def test_a_wrong_question_to_the_log_is_named(admin: Admin, query: dict[str, object]) -> None:
    """The parameter stands in the fault."""
    refused = admin.get("/audit", **query)
    assert (refused.status_code, error_of(refused)["field"]) == (422, next(iter(query)))
