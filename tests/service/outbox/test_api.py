from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

from service import audit
from service.__main__ import main
from service.keys import create_key
from service.tables import Scope
from tests.service.outbox.conftest import SECRET, Outbox, Receiver, Reply, webhook
from tests.service.test_openapi import errors_of


class Admin:
    """The outbox over the API."""

    def __init__(self, outbox: Outbox) -> None:
        self._client = outbox.queue.service.client
        key = create_key(outbox.database, "admin", [Scope.ADMIN])
        self._headers = {"Authorization": f"Bearer {key}"}

    def get(self, **query: object) -> TestResponse:
        """Lists."""
        return self._client.get("/v1/outbox", headers=self._headers, query_string=query)

    def replay(self, **body: object) -> TestResponse:
        """Replays."""
        return self._client.post("/v1/outbox/replay", headers=self._headers, json=body)


@pytest.fixture
def admin(outbox: Outbox, receiver: Receiver) -> Admin:
    """After three events that a target refused for good."""
    receiver.answer = lambda _: Reply(410)
    for _ in range(3):
        outbox.queue.add()
    outbox.deliver(webhook(receiver.url))
    return Admin(outbox)


def test_dead_letters_are_listed_page_by_page(admin: Admin) -> None:
    """The newest first; what the document promises."""
    whole = admin.get().get_json()
    assert errors_of("LetterListReply", whole) == []
    assert [item["case_id"] for item in whole["items"]] == [3, 2, 1]
    assert {item["last_error"] for item in whole["items"]} == {"HTTP 410"}
    first = admin.get(limit=2).get_json()
    second = admin.get(limit=2, after=first["next_after"]).get_json()
    assert first["items"] + second["items"] == whole["items"]
    assert second["next_after"] is None
    assert admin.get(state="delivered").get_json()["items"] == []
    assert admin.get(target="other").get_json()["items"] == []


@pytest.mark.parametrize(
    "query", [{"state": "lost"}, {"limit": 0}, {"after": "x"}, {"colour": "red"}]
)
def test_a_wrong_query_is_explained(admin: Admin, query: dict[str, object]) -> None:
    """422 with the field."""
    response = admin.get(**query)
    assert (response.status_code, response.get_json()["error"]["field"]) == (422, next(iter(query)))


def test_replaying_is_audited_and_delivers_again(
    admin: Admin, outbox: Outbox, receiver: Receiver
) -> None:
    """One event, then the rest; also one that was delivered."""
    receiver.answer = lambda _: Reply()
    event_id = admin.get().get_json()["items"][0]["event_id"]
    assert admin.replay(event_id=event_id).get_json() == {"replayed": 1}
    assert admin.replay().get_json() == {"replayed": 2}
    outbox.deliver(webhook(receiver.url))
    assert len(receiver.requests) == 6
    assert admin.replay(event_id=event_id).get_json() == {"replayed": 1}
    with outbox.database.session() as session:
        entries = audit.history(session, "outbox")
    assert [entry.action for entry in entries] == ["replay_events"] * 3


def test_only_an_admin_key_sees_the_outbox(outbox: Outbox) -> None:
    """A key for cases does not."""
    headers = {"Authorization": f"Bearer {outbox.queue.key}"}
    assert outbox.queue.service.client.get("/v1/outbox", headers=headers).status_code == 403


def test_targets_are_checked_and_tried_from_the_command_line(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OK with what each gets, or every mistake; a sample goes to one target."""
    path = tmp_path / "targets.toml"
    path.write_text(webhook(receiver.url), encoding="utf-8")
    monkeypatch.setenv("CRM_SECRET", SECRET)
    monkeypatch.setenv("TRIAGE_TARGETS", str(path))
    checked = CliRunner().invoke(main, ["targets", "check", str(path)])
    assert (checked.exit_code, checked.stdout.splitlines()[-1]) == (
        0, "OK: 1 targets, cases do not escalate",
    )  # fmt: skip
    calls = '[on_call.a]\n[escalation]\non_call = { L2 = "a", L9 = "a" }\n'
    path.write_text(webhook(receiver.url) + calls, encoding="utf-8")
    noted = CliRunner().invoke(main, ["targets", "check", str(path)]).stdout.splitlines()
    assert noted[-2:] == [
        "note: escalation.on_call.L9 is no tier of the policy, which has L1, L2, L3",
        "OK: 1 targets, cases escalate",
    ]
    assert CliRunner().invoke(main, ["targets", "test", "crm"]).exit_code == 0
    assert receiver.requests[0].json["data"]["test"] is True
    missing = CliRunner().invoke(main, ["targets", "test", "erp"])
    assert (missing.exit_code, "'erp', TRIAGE_TARGETS has crm" in missing.stderr) == (1, True)
    receiver.answer = lambda _: Reply(500)
    refused = CliRunner().invoke(main, ["targets", "test", "crm"])
    assert (refused.exit_code, "HTTP 500" in refused.stderr) == (1, True)
    path.write_text(webhook("ftp://a") + "nonsense = 1\ncolour = 2\n", encoding="utf-8")
    wrong = CliRunner().invoke(main, ["targets", "check", str(path)])
    assert (wrong.exit_code, len(wrong.stderr.splitlines())) == (1, 2)


def test_replaying_everything_must_be_asked_for() -> None:
    """A forgotten option repeats nothing."""
    result = CliRunner().invoke(main, ["outbox", "replay"])
    assert (result.exit_code, "--all" in result.stderr) == (2, True)
