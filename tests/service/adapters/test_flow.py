"""What every ticket system has in common: from a customer's message to the note in the ticket."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, update

from service.adapters import ledger, marker
from service.adapters.file import AdaptersError, load_adapters
from service.adapters.tables import AdapterMessage, AdapterTicket
from service.app import create_app
from service.cases.tables import Case, CaseContent
from service.db import Database
from service.outbox.tables import DeliveryState, OutboxDelivery, OutboxEvent
from service.secret import load_secret
from service.settings import Settings
from tests.service.adapters.conftest import SECRET, Site, build, toml
from tests.service.adapters.kits import KITS
from tests.service.adapters.server import Reply, Request
from tests.service.client import error_of
from tests.service.outages import outage

DEAD, DELIVERED, PENDING = DeliveryState.DEAD, DeliveryState.DELIVERED, DeliveryState.PENDING


def test_a_customers_message_is_classified_and_written_back(site: Site) -> None:
    """Case, priority, group, tags and one internal note with the reasons."""
    told = site.say()
    assert (told["result"], told["priority"], told["case_id"]) == ("accepted", "P1", 1)
    assert site.counts() == (1, 1, 1)
    assert site.fake.requests == []  # the webhook did not wait for the ticket system
    site.deliver()
    ticket = site.fake.ticket
    assert (ticket.priority, ticket.group) == (site.kit.words["P1"], site.kit.group)
    assert ticket.tags == ["triage", "angry", "attitude", "regulator"]
    (note,) = site.notes
    for said in ("优先级 P1", "情绪强度：4（愤怒）", "类别：服务态度（service）", "监管", "举报",
                 "响应时限：2 小时内", "理由：", "关键词：", "团队：",
                 "案例：#1 https://triage.example.com/cases/1"):  # fmt: skip
        assert said in note
    assert [one.state for one in site.deliveries()] == [DELIVERED]


def test_the_case_is_like_any_other(site: Site) -> None:
    """Masked, with the ticket's number, and with an event for the targets."""
    site.say()
    with site.database.session() as session:
        case = session.scalars(select(Case)).one()
        text = session.scalars(select(CaseContent)).one().text
        types = [event.type for event in session.scalars(select(OutboxEvent))]
    assert (case.client_id, case.created_by) == ("desk:81", "adapter:desk")
    assert text.replace("\n", " ").endswith("电话[手机]")
    assert "等了四十分钟才上菜，我要举报" in text
    assert case.customer_hash is not None
    assert case.clock_start_at.year == 2026
    assert types == ["case.created", "ticket.triaged"]


def test_personal_data_leaves_in_no_note_and_is_in_no_table(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor in a log line."""
    site.say("13800001111举报，邮箱 anna@example.com")
    site.deliver()
    assert "13800001111" not in site.notes[0]
    with site.database.session() as session:
        rows = [*session.scalars(select(AdapterMessage)), *session.scalars(select(OutboxEvent))]
    for row in rows:
        assert "13800001111" not in repr(vars(row))
    written = capsys.readouterr()
    assert "举报" not in written.out + written.err
    assert "13800001111" not in written.out + written.err


def test_the_same_message_again_changes_nothing(site: Site) -> None:
    """Delivered twice, or the last message of a ticket in which something else changed."""
    first = site.say()
    site.deliver()
    again = site.say()
    assert (again["result"], again["case_id"]) == ("duplicate", first["case_id"])
    site.deliver()
    assert site.counts() == (1, 1, 1)
    assert len(site.notes) == 1


def test_of_many_deliveries_at_once_one_counts(zammad: Site) -> None:
    """Also between threads."""
    body = json.dumps(zammad.kit.payload()).encode()
    headers = zammad.kit.sign(body, SECRET)

    def post(_: int) -> str:
        client = zammad.service.client.application.test_client()
        response = client.post("/v1/adapters/desk", data=body, headers=headers)
        assert response.status_code == 200, response.get_json()
        return str(response.get_json()["result"])

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(post, range(8)))
    assert sorted(results) == ["accepted", *["duplicate"] * 7]
    assert zammad.counts() == (1, 1, 1)


@pytest.mark.parametrize("body", [b'{"a": 1}', b"no json at all"])
def test_a_wrong_signature_is_refused_before_the_body_is_read(site: Site, body: bytes) -> None:
    """Missing, of another secret, or of another body: one shape of error."""
    right = site.kit.sign(body, SECRET)
    for headers in ({}, site.kit.sign(body, "another-secret-of-nobody"), {**right, "x": "y"}):
        sent = body if headers.get("x") is None else body + b" "
        response = site.raw(sent, headers)
        if site.kit.system == "osticket" and headers.get("x"):
            continue  # a key signs no body
        assert response.status_code == 401
        assert error_of(response)["code"] == "signature_invalid"
    assert site.counts() == (0, 0, 0)


def test_both_secrets_count_while_one_is_being_replaced(zammad: Site) -> None:
    """The old one and the new one, separated by a space."""
    assert zammad.send(zammad.kit.payload(), secret="o" * 20).status_code == 200


def test_a_signed_body_that_is_not_the_systems_is_refused(site: Site) -> None:
    """No JSON, no object, no number of a ticket; nothing of the body is quoted."""
    for body, status in ((b"{", 400), (b"[]", 422)):
        response = site.raw(body, site.kit.sign(body, SECRET))
        assert (response.status_code, "message" in error_of(response)) == (status, True)
    assert site.send({}).get_json()["result"] == "ignored"


def test_there_is_no_other_adapter(zammad: Site) -> None:
    """An address that the file does not have."""
    response = zammad.service.client.post("/v1/adapters/none", data=b"{}")
    assert (response.status_code, error_of(response)["code"]) == (404, "adapter_unknown")


@pytest.mark.parametrize("by", ["agent", "internal", "own"])
def test_what_agents_write_is_never_classified(site: Site, by: str) -> None:
    """Replies, notes, and what our own account writes."""
    site.say()
    assert site.say("我要举报", 105, by)["result"] == "ignored"
    assert site.counts() == (1, 1, 1)


def test_our_own_note_starts_nothing(site: Site) -> None:
    """The webhook that the system sends of it, whoever it says the author was."""
    site.say()
    site.deliver()
    note = site.fake.ticket.notes[0]
    for by in ("own", "internal", "agent"):
        assert site.say(note, 900, by)["result"] == "ignored"
    quoted = site.say(f"你们写的：{note}", 901)
    assert (quoted["result"], quoted["reason"]) == ("ignored", "own_note")
    site.deliver()
    assert (site.counts(), len(site.notes)) == ((1, 1, 1), 1)


def test_a_mark_that_somebody_made_up_hides_no_complaint(zammad: Site) -> None:
    """A customer cannot keep out of the queue by copying the form of ours."""
    made_up = f"[triage:{'0' * 16}.{'0' * 16}]"
    assert zammad.say(f"我要举报 {made_up}")["result"] == "accepted"
    secret = load_secret(zammad.service.settings.home)
    assert marker.is_in(secret, marker.make(secret, "a", "b", "c"))
    assert not marker.is_in(secret, made_up)


def test_a_later_message_never_lowers_the_priority(site: Site) -> None:
    """The ticket keeps the most urgent one, and the second note says so."""
    site.say("我要举报")
    site.deliver()
    later = site.say("服务太差了", 105)
    assert later["priority"] == "P1"
    site.deliver()
    assert site.fake.ticket.priority == site.kit.words["P1"]
    assert "客户的新消息" in site.notes[1]
    assert "本条消息为 P2，工单的优先级不降低" in site.notes[1]


def test_a_later_message_raises_the_priority_but_moves_no_ticket(site: Site) -> None:
    """People may have moved it since."""
    site.say("服务太差了")
    site.deliver()
    assert site.fake.ticket.priority == site.kit.words["P2"]
    site.fake.ticket.group = before = "user:99" if site.kit.system == "freescout" else "99"
    if site.kit.system == "zammad":
        site.fake.ticket.group = before = "Users"
    assert site.say("还没人理，我要举报", 105)["priority"] == "P1"
    site.deliver()
    assert (site.fake.ticket.priority, site.fake.ticket.group) == (site.kit.words["P1"], before)
    assert len(site.notes) == 2


def test_what_people_raised_stays_raised(site: Site) -> None:
    """Also when it happens before the first note is written."""
    site.say("服务太差了")
    site.fake.ticket.priority = site.kit.highest
    site.deliver()
    assert site.fake.ticket.priority == site.kit.highest


def test_a_worker_that_dies_after_writing_writes_no_second_note(site: Site) -> None:
    """The delivery is made again, and the mark is found."""
    site.say()
    site.deliver()
    with site.database.session() as session:
        session.execute(update(OutboxDelivery).values(state=PENDING))
        session.commit()
    site.deliver()
    assert len(site.notes) == 1
    assert [one.state for one in site.deliveries()] == [DELIVERED]


def test_a_refused_token_is_tried_again(zammad: Site) -> None:
    """Somebody may put it right; nothing is lost meanwhile."""
    zammad.say()
    zammad.fake.trouble = lambda _: Reply(401)
    zammad.deliver()
    (held,) = zammad.deliveries()
    assert (held.state, held.last_error) == (PENDING, "HTTP 401: the token is refused")
    zammad.fake.trouble = lambda _: None
    zammad.settle()
    assert len(zammad.notes) == 1


def test_a_ticket_that_is_gone_is_a_dead_letter(site: Site) -> None:
    """It can be seen and replayed."""
    site.say()
    ticket = site.fake.tickets.pop("81")
    site.deliver()
    (dead,) = site.deliveries()
    assert (dead.state, dead.target) == (DEAD, "adapter:desk")
    assert "no such ticket" in str(dead.last_error)
    site.fake.tickets["81"] = ticket


def test_what_is_refused_for_good_is_a_dead_letter(zammad: Site) -> None:
    """A closed ticket, an unknown group."""
    zammad.say()
    zammad.fake.trouble = lambda r: Reply(422, {"error": "等了四十"}) if r.method != "GET" else None
    zammad.deliver()
    (dead,) = zammad.deliveries()
    assert (dead.state, dead.last_error) == (DEAD, "HTTP 422")


def test_too_many_requests_waits_as_long_as_asked(zammad: Site) -> None:
    """Retry-After is the least."""
    zammad.say()
    zammad.fake.trouble = lambda _: Reply(429, headers={"Retry-After": "120"})
    zammad.deliver()
    (held,) = zammad.deliveries()
    assert held.state is PENDING
    assert held.first_attempt_at is not None
    assert (held.next_at - held.first_attempt_at).total_seconds() >= 119
    assert len(zammad.fake.requests) == 1


def test_it_may_break_after_any_request(site: Site) -> None:
    """Done or not done, every step once in the end, and one note."""
    site.say()
    broken: set[tuple[str, str, bytes]] = set()

    def trouble(request: Request) -> Reply | None:
        asked = (request.method, request.path, request.body)
        if asked in broken:
            return None
        broken.add(asked)
        return Reply(500)

    site.fake.trouble_after = trouble
    site.settle()
    assert len(broken) >= (1 if site.kit.system == "osticket" else 3)
    assert len(site.notes) == 1
    assert site.fake.ticket.tags == ["triage", "angry", "attitude", "regulator"]
    assert site.fake.ticket.priority == site.kit.words["P1"]


def test_a_slow_system_holds_nobody_up(zammad: Site) -> None:
    """The attempt ends in time, and the next one counts."""
    zammad.say()
    done = threading.Event()

    def wait(_: Request) -> None:
        done.wait(20)

    zammad.fake.trouble = wait
    for adapter in zammad.adapters.values():
        object.__setattr__(adapter.settings.delivery, "timeout_seconds", 0.5)
    zammad.deliver()
    assert zammad.deliveries()[0].last_error == "no answer in time"
    done.set()
    zammad.fake.trouble = lambda _: None
    zammad.settle()
    assert len(zammad.notes) == 1


def test_messages_of_one_ticket_are_written_in_order_and_others_pass(zammad: Site) -> None:
    """A ticket that cannot be written holds up itself alone."""
    zammad.say("我要举报")
    zammad.say("还没人理，我要举报", 105)
    other = zammad.kit.payload(106, "另外一单，我要举报")
    moved = json.loads(json.dumps(other).replace(": 81,", ": 82,").replace(': "81"', ': "82"'))
    zammad.fake.tickets["82"] = zammad.fake.new_ticket()
    assert zammad.send(moved).get_json()["result"] == "accepted"
    zammad.fake.trouble = lambda r: Reply(500) if "81" in r.path + str(r.query) else None
    zammad.deliver()
    assert len(zammad.fake.tickets["82"].notes) == 1
    assert zammad.notes == []
    zammad.fake.trouble = lambda _: None
    zammad.settle()
    assert ["客户的新消息" in one for one in zammad.notes] == [False, True]


def test_nothing_is_taken_while_the_database_is_gone(zammad: Site) -> None:
    """The system is told to come again, and then it counts."""
    with outage(zammad.service):
        response = zammad.send(zammad.kit.payload())
        assert (response.status_code, error_of(response)["code"]) == (503, "database_unavailable")
    assert zammad.say()["result"] == "accepted"


def test_an_empty_message_opens_a_ticket_but_adds_nothing_later(site: Site) -> None:
    """A picture alone: people look at the first one; the subject still counts."""
    payload = site.kit.payload(104, "")
    text = json.dumps(payload, ensure_ascii=False).replace("等了四十分钟", "")
    assert site.send(json.loads(text)).get_json()["result"] == "accepted"
    site.deliver()
    assert "需人工判断" in site.notes[0]
    assert site.say("  ", 105)["reason"] == "empty"


def test_a_long_message_is_taken_whole(site: Site) -> None:
    """10,000 characters, with marks of HTML and of chat in them."""
    hostile = "<b>**退款**</b> [x](http://a) ```\u202e ${jndi} " * 250
    assert site.say(hostile + "举报")["result"] == "accepted"
    site.deliver()
    (note,) = site.notes
    assert "**" not in note
    assert "](http" not in note
    assert "<b>" not in note
    assert "\u202e" not in note


def test_quoted_messages_do_not_count_again(site: Site) -> None:
    """Only what the customer added is classified."""
    site.say("我要举报")
    quoted = "服务太差了\n\n-----原始邮件-----\n我要举报"
    if site.kit.system == "freescout":
        quoted = "<p>服务太差了</p><blockquote>我要举报</blockquote>"
    site.say(quoted, 105)
    site.deliver()
    assert "本条消息为 P2" in site.notes[1]


def test_what_was_found_is_forgotten_but_not_that_it_was(zammad: Site) -> None:
    """After its time, and only if it was written back."""
    zammad.say()
    with zammad.database.session() as session:
        at = session.scalars(select(AdapterMessage.at)).one()
    later = at.replace(year=at.year + 1)
    zammad.runner()
    zammad.fake.trouble = lambda _: Reply(500)
    zammad.deliver()
    ledger.forget_findings(zammad.database, later)
    with zammad.database.session() as session:
        assert session.scalars(select(AdapterMessage)).one().findings is not None
    zammad.fake.trouble = lambda _: None
    zammad.settle()
    ledger.forget_findings(zammad.database, later)
    with zammad.database.session() as session:
        assert session.scalars(select(AdapterMessage)).one().findings is None
        assert session.scalars(select(AdapterTicket)).one().messages == 1
    assert zammad.say()["result"] == "duplicate"


def test_a_file_of_adapters_says_all_its_mistakes(tmp_path: Path) -> None:
    """Each with its place, and never a secret."""
    path = tmp_path / "adapters.toml"
    text = toml(KITS["zammad"], "https://user:pw@zammad.example.com").replace("allow_http", "#")
    text = text.replace('"triage"', '"a b"')
    path.write_text(text + toml(KITS["zendesk"], "http://z.example.com").replace("desk]", "two]")
                    .replace("desk.", "two.").replace("allow_http", "#")
                    .replace('["triage"]', '["a b"]'), encoding="utf-8")  # fmt: skip
    with pytest.raises(AdaptersError) as caught:
        load_adapters(path, {"DESK_SECRET": "short"})
    said = "\n".join(caught.value.mistakes)
    for one in ("adapters.desk.secret_env holds a secret of less than 16", "DESK_TOKEN",
                "adapters.desk.base_url holds a user name", "adapters.two.base_url begins with",
                "adapters.two.tags has 'a b'"):  # fmt: skip
        assert one in said
    assert "short" not in said
    assert "pw" not in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("priorities = {P1 = 'x'}", "priorities name 'x', priority_order has"),
        ("priorities = {P3 = '3 high', P0 = '1 low'}", "less urgent complaint"),
        ("zone = 'Mars/City'", "zone is 'Mars/City'"),
        ("nonsense = 1", "nonsense is unknown"),
        ("page_url = 'https://a/b'", "page_url"),
    ],
)
def test_one_mistake_is_one_sentence(tmp_path: Path, line: str, said: str) -> None:
    """As the command line shows it."""
    path = tmp_path / "adapters.toml"
    text = toml(KITS["zammad"], "https://z.example.com", line)
    kept = [one for one in text.split("\n") if not one.startswith("page_url") or one == line]
    path.write_text("\n".join(kept), encoding="utf-8")
    with pytest.raises(AdaptersError, match=said):
        load_adapters(path, {"DESK_SECRET": "x" * 16, "DESK_TOKEN": "t"})


def test_without_a_file_there_is_no_adapter(settings: Settings, database: Database) -> None:
    """And the address says so."""
    assert load_adapters(None, {}) == {}
    assert settings.adapters is None


def test_osticket_without_an_endpoint_is_only_read(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    """The case is there, and nothing waits for a delivery that nobody can make."""
    fake = KITS["osticket"].fake()
    site = build(KITS["osticket"], settings, database, tmp_path, fake)
    path = tmp_path / "adapters.toml"
    path.write_text(
        '[adapters.desk]\nsystem = "osticket"\nsecret_env = "DESK_SECRET"\n', encoding="utf-8"
    )
    adapters = load_adapters(path, {"DESK_SECRET": SECRET})
    object.__setattr__(site.service.parts, "adapters", adapters)
    site.service.client = create_app(settings, site.service.parts).test_client()
    site.adapters = adapters
    assert site.say()["result"] == "accepted"
    assert site.counts() == (1, 1, 0)
    fake.close()
