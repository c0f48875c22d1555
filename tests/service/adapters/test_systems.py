"""What only one of the ticket systems does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.__main__ import main
from service.adapters import plain_text, signatures
from service.db import Database
from service.settings import Settings
from tests.conftest import ROOT
from tests.service.adapters.conftest import SECRET, Site, build
from tests.service.adapters.fakes import TOKEN
from tests.service.adapters.kits import KITS, Json, load, sign_chatwoot, sign_zendesk
from tests.service.adapters.server import FakeSystem, Reply, Request
from tests.service.client import error_of

Open = Callable[[str], Site]


@pytest.fixture
def open_site(settings: Settings, database: Database, tmp_path: Path) -> Iterator[Open]:
    """Makes an application with one system."""
    made: list[FakeSystem] = []

    def build_one(system: str) -> Site:
        made.append(KITS[system].fake())
        return build(KITS[system], settings, database, tmp_path, made[-1])

    yield build_one
    for fake in made:
        fake.close()
        assert fake.wrong == []


def result(site: Site, payload: Json) -> tuple[str, str | None]:
    """What was done with a webhook."""
    told = site.send(payload).get_json()
    return told["result"], told["reason"]


def test_zammad_sends_no_article_when_only_the_ticket_changed(open_site: Open) -> None:
    """As after our own tags: null, or nothing at all."""
    site = open_site("zammad")
    for article in (None, {}):
        payload = {**load("zammad"), "article": article}
        assert result(site, payload) == ("ignored", "not_a_message")


def test_zammad_a_call_that_an_agent_took_down_is_the_customers(open_site: Open) -> None:
    """Sender Customer, written by an agent; not if our own account wrote it."""
    site, payload = open_site("zammad"), load("zammad")
    payload["article"] |= {"type": "phone", "created_by": {"id": 3, "login": "emma"}}
    assert result(site, payload) == ("accepted", None)
    payload["article"] |= {"id": 105, "created_by": {"id": 7, "login": "Triage@Example.com"}}
    assert result(site, payload) == ("ignored", "own")


def test_zammad_html_is_read_as_people_see_it(open_site: Open) -> None:
    """The case has no tags, and quoted mails of later articles do not count."""
    site, payload = open_site("zammad"), load("zammad")
    payload["article"]["body"] = (
        "<style>p{x:1}</style><p>服务&nbsp;太差了</p><p>我要<b>举报</b></p>"
    )
    assert site.send(payload).get_json()["priority"] == "P1"
    site.deliver()
    assert "“举报”" in site.notes[0]


def test_zendesk_tells_of_a_new_ticket_twice(open_site: Open) -> None:
    """As created and as its first comment, in either order, and each again: one message."""
    site = open_site("zendesk")
    created, comment = load("zendesk_created"), load("zendesk")
    assert result(site, created) == ("accepted", None)
    for again in (comment, created, comment):
        assert result(site, again) == ("duplicate", None)
    assert site.say("还没人理，我要举报", 105)["result"] == "accepted"
    for again in (comment, created):
        assert result(site, again) == ("duplicate", None)
    assert site.counts() == (2, 2, 2)


def test_zendesk_in_the_other_order(open_site: Open) -> None:
    """The comment first."""
    site = open_site("zendesk")
    assert result(site, load("zendesk")) == ("accepted", None)
    assert result(site, load("zendesk_created")) == ("duplicate", None)


def test_zendesk_a_ticket_that_an_agent_opened_is_not_the_customers(open_site: Open) -> None:
    """Nor is one that is not public, or that we opened."""
    site, payload = open_site("zendesk"), load("zendesk_created")
    payload["detail"] |= {"submitter_id": "3"}
    assert result(site, payload) == ("ignored", "not_a_customer")
    payload["detail"] |= {"submitter_id": "7", "actor_id": "7"}
    assert result(site, payload) == ("ignored", "own")
    payload["detail"] |= {"submitter_id": "8447388090494", "actor_id": "1", "is_public": False}
    assert result(site, payload) == ("ignored", "internal")
    payload["type"] = "zen:event-type:ticket.tags_changed"
    assert result(site, payload) == ("ignored", "not_a_message")


def test_zendesk_a_change_in_between_is_not_overwritten(open_site: Open) -> None:
    """The safe update is refused with 409, and the next attempt has the new tags too."""
    site = open_site("zendesk")
    site.say()

    def meanwhile(request: Request) -> Reply | None:
        if request.method == "PUT" and not site.fake.ticket.stamp:
            site.fake.ticket.tags.append("vip")
            site.fake.ticket.stamp += 1
        return None

    site.fake.trouble = meanwhile
    site.settle()
    assert site.fake.ticket.tags == ["vip", "triage", "angry", "attitude", "regulator"]
    assert len(site.notes) == 1
    assert [r.method for r in site.fake.requests].count("PUT") == 2


@pytest.mark.parametrize(
    ("system", "sign", "old"),
    [
        ("zendesk", sign_zendesk, "2021-03-25T05:09:27Z"),
        ("zendesk", sign_zendesk, "2021-03-25T05:09:27"),
        ("zendesk", sign_zendesk, "yesterday"),
        ("chatwoot", sign_chatwoot, "1600000000"),
        ("chatwoot", sign_chatwoot, "9" * 30),
    ],
)
def test_an_old_time_stamp_is_refused(
    open_site: Open, system: str, sign: Callable[..., dict[str, str]], old: str
) -> None:
    """Somebody who kept a request cannot send it again for ever."""
    site = open_site(system)
    body = json.dumps(site.kit.payload()).encode()
    response = site.raw(body, sign(body, SECRET, old))
    assert (response.status_code, error_of(response)["code"]) == (401, "signature_invalid")


def test_chatwoot_other_events_and_accounts_are_left_alone(open_site: Open) -> None:
    """Updates of the conversation that we caused, drafts of bots, and another account's."""
    site = open_site("chatwoot")
    for event in ("conversation_updated", "message_updated", "conversation_status_changed"):
        assert result(site, {**load("chatwoot"), "event": event}) == ("ignored", "not_a_message")
    foreign = {**load("chatwoot"), "account": {"id": 4}}
    assert result(site, foreign) == ("ignored", "other_account")
    bot = {**load("chatwoot"), "message_type": "template"}
    assert result(site, bot) == ("ignored", "not_a_customer")


def test_freescout_events_without_a_customers_words_are_left_alone(open_site: Open) -> None:
    """Our own note sends the whole conversation again, the customer's words in it."""
    site = open_site("freescout")
    payload = load("freescout")
    for event in ("convo.note.created", "convo.assigned", "convo.status", "customer.updated"):
        response = site.send(payload, **{"X-FreeScout-Event": event})
        assert response.get_json()["reason"] == "not_a_message"
    draft = json.loads(json.dumps(payload).replace('"published"', '"draft"'))
    assert result(site, draft) == ("ignored", "not_a_customer")


def test_freescout_the_newest_words_count_whatever_the_order(open_site: Open) -> None:
    """Threads come the newest first, or last."""
    site = open_site("freescout")
    site.say("服务太差了")
    payload = site.kit.payload(105, "我要举报")
    payload["_embedded"]["threads"].reverse()
    assert site.send(payload).get_json()["priority"] == "P1"
    site.deliver()
    assert len(site.notes) == 2


def test_osticket_takes_what_its_own_api_takes(open_site: Open) -> None:
    """With the number that osTicket answered; a data URL is read, and a second time is known."""
    site = open_site("osticket")
    payload = load("osticket_api")
    assert site.send(payload).get_json()["priority"] == "P1"
    assert result(site, payload) == ("duplicate", None)
    assert result(site, {**payload, "ticket": ""}) == ("ignored", "not_a_message")
    based = {**payload, "ticket": "9", "message": "data:text/plain;base64,5oiR6KaB5Li+5oql"}
    assert site.send(based).get_json()["priority"] == "P1"


@pytest.mark.parametrize("number", ["../../users/1", "1?expand=true", "１", "", "9" * 19, None])
def test_a_number_that_would_be_another_address_is_refused(
    open_site: Open, number: str | None
) -> None:
    """Even from somebody who knows the secret."""
    site = open_site("zammad")
    payload = load("zammad")
    payload["ticket"]["id"] = number
    response = site.send(payload)
    assert (response.status_code, error_of(response)["field"]) == (422, "ticket.id")


def test_signatures_are_those_that_openssl_makes() -> None:
    """Checked by hand: printf … | openssl dgst -sha1 -hmac key, and -binary | base64."""
    text = b"The quick brown fox jumps over the lazy dog"
    assert signatures.hex_digest("key", text, "sha256") == (
        "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    )
    assert signatures.base64_digest("key", text, "sha1") == "3nybhbi3iqa8ino29wqQcBydtNk="


@pytest.mark.parametrize(
    "hostile",
    ["<" * 300_000, "<a" * 150_000, "<!--" * 75_000, "<script>" * 40_000, "&#" * 150_000,
     "&#" + "1" * 10_000, "<blockquote>" * 30_000, "<b>x" * 75_000],
)  # fmt: skip
def test_hostile_html_is_read_in_time(hostile: str) -> None:
    """In proportion to its length; the test would take minutes otherwise."""
    assert isinstance(plain_text.from_html(hostile), str)
    assert isinstance(plain_text.without_quotes(hostile), str)


def test_the_worker_command_writes_back(open_site: Open, tmp_path: Path) -> None:
    """As a process of its own, with the file and the secrets from its environment."""
    site = open_site("zammad")
    site.say()
    settings = site.service.settings
    environment = {
        **os.environ,
        "TRIAGE_HOME": str(settings.home),
        "TRIAGE_MODELS": str(settings.models),
        "TRIAGE_DATABASE_URL": settings.database_url,
        "TRIAGE_ADAPTERS": str(tmp_path / "adapters.toml"),
        "DESK_SECRET": SECRET,
        "DESK_TOKEN": TOKEN,
    }
    checked = CliRunner().invoke(
        main, ["adapters", "check", environment["TRIAGE_ADAPTERS"]], env=environment
    )
    assert "desk  zammad  POST /v1/adapters/desk  writes back" in checked.output
    done = subprocess.run(
        [sys.executable, "-m", "service", "worker", "--once"],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(site.notes) == 1, site.deliveries()[0].last_error
