from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from classifier.prediction import Priority
from service import audit
from service.cases.faults import CaseRefusedError
from service.cases.verdicts import Opinion
from service.db import downgrade, upgrade
from service.outbox import deliveries
from service.outbox.events import Event, EventType, record
from tests.service.cases.conftest import person
from tests.service.outbox.conftest import Outbox, Receiver, webhook

LATER = timedelta(minutes=1)
ANNA, BERND = person("anna"), person("bernd")


def test_every_change_of_a_case_is_an_event(outbox: Outbox) -> None:
    """From coming in to reopening, in the order in which it happened."""
    number, desk = outbox.queue.add(), outbox.queue.desk
    desk.claim(number, ANNA)
    desk.snooze(number, ANNA, datetime.now(UTC) + timedelta(hours=1))
    desk.wait_for_customer(number, ANNA)
    desk.resume(number, ANNA)
    desk.note(number, ANNA, "已致电")
    desk.respond(number, ANNA)
    desk.release(number, ANNA)
    desk.assign(number, ANNA, BERND.id)
    outbox.queue.verdicts.give(number, BERND, Opinion())
    desk.resolve(number, BERND)
    desk.reopen(number, BERND)
    assert outbox.types() == [
        "case.created", "case.claimed", "case.snoozed", "case.waiting", "case.resumed",
        "case.noted", "case.responded", "case.released", "case.assigned", "verdict.recorded",
        "case.resolved", "case.reopened",
    ]  # fmt: skip
    assert {event.case_id for event in outbox.events()} == {number}
    assert len({event.id for event in outbox.events()}) == 12


def test_an_event_shows_the_case_after_the_change(outbox: Outbox) -> None:
    """Who, what changed, and the case's new version."""
    number = outbox.queue.add(id="T-1", channel="hotline")
    outbox.queue.desk.claim(number, ANNA)
    created, claimed = (event.payload for event in outbox.events())
    assert (created["type"], created["data"]["case"]["id"]) == ("case.created", "T-1")
    assert created["data"]["case"]["version"] == 1
    assert created["timestamp"] == created["data"]["case"]["created_at"]
    data = claimed["data"]
    assert (data["actor"], data["case"]["version"]) == (ANNA.id, 2)
    assert data["changed"] == {"state": "claimed", "owner": ANNA.id, "snoozed_until": None}


def test_a_verdict_says_what_was_corrected(outbox: Outbox) -> None:
    """What the model said, what is right, and the case as it is from then on."""
    number = outbox.queue.add()
    outbox.queue.verdicts.give(
        number, ANNA, Opinion(priority=Priority.P3, reason="不急 13800001111")
    )
    data = outbox.events()[-1].payload["data"]
    assert data["verdict"]["predicted"]["priority"] == "P1"
    assert (data["verdict"]["priority"], data["case"]["priority"]) == ("P3", "P3")
    assert data["verdict"]["is_correction"] is True


def test_no_event_holds_text(outbox: Outbox) -> None:
    """Neither the complaint nor a note nor the reason of a verdict."""
    number = outbox.queue.add("客服骂人，我叫张三丰，电话13800001111，我要举报")
    outbox.queue.desk.claim(number, ANNA)
    outbox.queue.desk.note(number, ANNA, "客户张三丰很生气")
    outbox.queue.verdicts.give(number, ANNA, Opinion(priority=Priority.P3, reason="张三丰只是着急"))
    written = json.dumps([event.payload for event in outbox.events()], ensure_ascii=False)
    for part in ("张三丰", "13800001111", "骂人", "着急", "生气"):
        assert part not in written


def test_a_refused_change_leaves_no_event(outbox: Outbox) -> None:
    """There is no event without its change."""
    number = outbox.queue.add()
    with pytest.raises(CaseRefusedError):
        outbox.queue.desk.resolve(number, ANNA)
    assert outbox.types() == ["case.created"]


def test_a_change_whose_event_cannot_be_written_does_not_happen(outbox: Outbox) -> None:
    """There is no change without its event."""
    number = outbox.queue.add()
    with outbox.database.engine.begin() as connection:
        connection.execute(text("DROP TABLE outbox_deliveries"))
        connection.execute(text("DROP TABLE outbox_events"))
    with pytest.raises(Exception, match="outbox_events"):
        outbox.queue.desk.claim(number, ANNA)
    assert outbox.queue.get(f"/{number}").get_json()["state"] == "new"


def test_the_revision_goes_down_and_up_again_with_cases(outbox: Outbox) -> None:
    """Cases survive both ways; the queue goes on."""
    number = outbox.queue.add()
    downgrade(outbox.database, revision="0005")
    upgrade(outbox.database)
    assert outbox.queue.desk.claim(number, ANNA).escalation_step == 0
    assert outbox.types() == ["case.claimed"]


def test_an_event_with_an_addressee_goes_to_nobody_else(outbox: Outbox, receiver: Receiver) -> None:
    """Not even to a target that wants everything; one order key is one order."""
    now = datetime.now(UTC)
    with outbox.database.engine.begin() as connection:
        audit.lock(connection)
        for key in (-1, -2, -1):
            told = {"ticket": {"adapter": "desk"}}
            event = Event(EventType.TICKET, 7, now, told, addressee="adapter:desk", order_key=key)
            record(connection, [event])
    outbox.deliver(webhook(receiver.url))
    assert receiver.requests == []
    found = outbox.deliveries()
    assert [(one.target, one.case_key) for one in found] == [
        ("adapter:desk", -1), ("adapter:desk", -2), ("adapter:desk", -1),
    ]  # fmt: skip
    lease = ("me", timedelta(seconds=9))
    taken = deliveries.take(outbox.database, "adapter:desk", now + LATER, lease=lease, limit=9)
    assert [job.event_number for job in taken] == [found[0].event_number, found[1].event_number]
