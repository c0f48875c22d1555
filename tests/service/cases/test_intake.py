from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import func, make_url, select

from service.cases.tables import Case, CaseContent, Contact
from tests.service.cases.conftest import TEXT, Queue
from tests.service.client import Service
from tests.service.outages import outage

PHONE = "13800001111"


def count(service: Service, table: type = Case) -> int:
    """How many rows a table has."""
    with service.database.session() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_flagged_complaint_becomes_a_case(queue: Queue) -> None:
    """Number, client's id, channel, decision and versions are kept."""
    number = queue.add(id="A-1", channel="app", customer={"id": "C1", "tier": "normal"})
    found = queue.get(f"/{number}").get_json()
    assert (found["case_id"], found["id"], found["channel"]) == (number, "A-1", "app")
    assert (found["state"], found["priority"], found["level"]) == ("new", "P1", 4)
    assert found["reasons"] == ["priority", "intensity"]
    assert found["signals"] == ["regulator"]
    assert (found["model_version"], found["tokeniser"], found["version"]) == ("v1", "fake", 1)
    assert found["prediction"]["category"]["code"] == "service"
    assert found["decision"]["priority"]["level"] == "P1"
    assert found["text"] == TEXT


def test_what_no_rule_asks_for_is_no_case(queue: Queue) -> None:
    """The client's wish not to store is kept, and so is a calm complaint left alone."""
    reply = queue.service.classify({"text": TEXT, "store": False, "customer": {"id": "C1"}})
    assert (reply.get_json()["stored"], reply.get_json()["case_id"]) == (False, None)
    assert (count(queue.service), count(queue.service, Contact)) == (0, 0)


def test_a_text_that_was_not_judged_is_a_case(queue: Queue) -> None:
    """Nobody is lost because the model could not say anything."""
    found = queue.get(f"/{queue.add('差')}").get_json()
    assert (found["outcome"], found["level"], found["category"]) == ("needs_human", None, None)
    assert found["uncertainty"] == 1.0


def test_personal_data_is_masked_and_marks_still_fit(queue: Queue) -> None:
    """No table holds the number, and a signal behind it is where it says."""
    number = queue.add(f"电话{PHONE}，我要举报")
    found = queue.get(f"/{number}").get_json()
    assert found["text"] == "电话[手机]，我要举报"
    signal = found["prediction"]["signals"][0]
    assert found["text"][signal["start"] : signal["end"]] == signal["text"] == "举报"
    with queue.service.database.session() as session:
        for table in (Case, CaseContent):
            for row in session.execute(select(*table.__table__.columns)).all():
                assert PHONE not in repr(tuple(row))


def test_a_customer_is_kept_as_a_hash_only(queue: Queue) -> None:
    """The client's id of the customer is in no column."""
    queue.add(customer={"id": "geheimer-kunde"})
    with queue.service.database.session() as session:
        row = session.execute(select(*Case.__table__.columns)).one()
    assert "geheimer" not in repr(tuple(row))
    assert len(row.customer_hash) == 16


def test_the_third_contact_raises_the_priority(queue: Queue) -> None:
    """Two contacts count as they are; the third is one step more urgent and says why."""
    sent = [{"text": "服务太差了", "customer": {"id": "C1"}} for _ in range(3)]
    replies = [queue.service.classify(one).get_json() for one in sent]
    assert [reply["priority"]["level"] for reply in replies] == ["P2", "P2", "P1"]
    rules = [reason["rule"] for reason in replies[2]["priority"]["reasons"]]
    assert rules[-1] == "repeat_contacts"
    found = queue.get(f"/{replies[2]['case_id']}").get_json()
    assert found["contacts"] == 3
    assert [case["case_id"] for case in found["customer_cases"]] == [
        replies[1]["case_id"],
        replies[0]["case_id"],
    ]


def test_contacts_within_a_batch_count_too(queue: Queue) -> None:
    """Three complaints of one customer in one batch, and one of another."""
    items = [{"text": "服务太差了", "customer": {"id": name}} for name in "aaab"]
    results = queue.service.post("/v1/classify/batch", {"items": items}).get_json()["results"]
    assert [one["priority"]["level"] for one in results] == ["P2", "P2", "P1", "P2"]
    assert [one["stored"] for one in results] == [True] * 4
    assert len({one["case_id"] for one in results}) == 4


def test_a_batch_keeps_numbers_with_their_texts(queue: Queue) -> None:
    """Errors and unstored items between them do not shift anything."""
    items = [{"text": "甲一乙"}, 7, {"text": "丙丁戊", "store": False}, {"text": "己庚辛"}]
    results = queue.service.post("/v1/classify/batch", {"items": items}).get_json()["results"]
    assert [one.get("stored") for one in results] == [True, None, False, True]
    assert queue.get(f"/{results[0]['case_id']}").get_json()["text"] == "甲一乙"
    assert queue.get(f"/{results[3]['case_id']}").get_json()["text"] == "己庚辛"


def test_the_same_request_makes_one_case(queue: Queue) -> None:
    """A repeat under one Idempotency-Key gets the number of the first case."""
    headers = {"Idempotency-Key": "once"}
    replies = [queue.service.classify({"text": TEXT}, headers=headers).get_json() for _ in range(2)]
    assert replies[0] == replies[1]
    assert count(queue.service) == 1


@pytest.mark.parametrize("text", ["我要\0举报\0", "<script>alert(1)</script>差", "\u202e差\u200b评",
                                  "差" * 10_000, "😀𠮷差差"])  # fmt: skip
def test_any_text_can_be_stored(queue: Queue, text: str) -> None:
    """NUL, which PostgreSQL cannot keep, is replaced without moving an offset; the rest stays."""
    number = queue.add(text, id="a\0b", channel="c\0", customer={"id": "x\0", "tier": "t\0"})
    assert queue.get(f"/{number}").get_json()["text"] == text.replace("\0", "\ufffd")


def test_without_a_database_classifying_goes_on(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replies say stored: false; the queue says 503; afterwards all is well without a restart."""
    # No second is waited for: keys are looked up each time, a lost database is asked each time.
    monkeypatch.setattr("service.auth.CACHE_SECONDS", 0.0)
    monkeypatch.setattr("service.outage.RETRY_SECONDS", 0.0)
    first = queue.add(customer={"id": "C1"})
    with outage(queue.service):
        for _ in range(3):
            reply = queue.service.classify({"text": TEXT, "customer": {"id": "C1"}})
            assert (reply.status_code, reply.get_json()["stored"]) == (200, False)
            once = queue.service.classify({"text": TEXT}, headers={"Idempotency-Key": "k"})
            assert (once.status_code, once.get_json()["stored"]) == (200, False)
        batch = queue.service.post("/v1/classify/batch", {"items": [{"text": TEXT}]})
        assert batch.get_json()["results"][0]["stored"] is False
        gone = queue.get()
        assert (gone.status_code, gone.get_json()["error"]["code"]) == (503, "database_unavailable")
    assert queue.add() == first + 1


def test_a_locked_database_loses_nothing_that_was_confirmed(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case that is not stored is not called stored: numbers and rows agree."""
    url = make_url(queue.service.database.url)
    if url.get_backend_name() != "sqlite":
        pytest.skip("SQLite only: one writer at a time")
    monkeypatch.setattr("service.db._BUSY_MILLISECONDS", 50)
    queue.service.database.close()  # the next connection has that patience
    other = sqlite3.connect(str(url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    reply = queue.service.classify({"text": TEXT}).get_json()
    other.execute("ROLLBACK")
    other.close()
    assert reply["stored"] is False
    assert count(queue.service) == 0
