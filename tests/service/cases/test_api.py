from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from service.cases.record import hour
from service.cases.tables import Case
from service.cases.times import recount
from service.cases.volumes import add
from service.keys import create_key
from service.tables import Scope
from tests.service.cases.conftest import Queue
from tests.service.client import error_of
from tests.service.test_openapi import errors_of

PATHS = ["", "/export.csv", "/statistics", "/1", "/1/history"]
MOVES = ["claim", "release", "assign", "snooze", "note", "respond", "resolve", "dismiss",
         "reopen", "verdict"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_reading_needs_the_scope_cases(queue: Queue, path: str) -> None:
    """No key is 401, a key of another scope is 403."""
    assert queue.service.client.get(f"/v1/cases{path}").status_code == 401
    queue.key = create_key(queue.service.database, "c", [Scope.CLASSIFY])
    refused = queue.get(path)
    assert (refused.status_code, error_of(refused)["code"]) == (403, "scope_missing")


@pytest.mark.parametrize("move", MOVES)
def test_changing_needs_the_scope_cases(queue: Queue, move: str) -> None:
    """A key that only classifies changes nothing, and is not told what exists."""
    queue.key = create_key(queue.service.database, "c", [Scope.CLASSIFY])
    assert queue.post(f"/1/{move}").status_code == 403
    assert queue.post("/claim", case_ids=[1]).status_code == 403


def test_a_case_is_worked_from_start_to_end(queue: Queue) -> None:
    """Claim, note, verdict, respond, resolve, reopen: each reply is the case as it is now."""
    number = queue.add(id="A-1")
    claimed = queue.post(f"/{number}/claim", actor="zhang", version=1)
    assert claimed.headers["ETag"] == '"2"'
    key = claimed.get_json()["owner"].removesuffix("/zhang")
    assert key.startswith("key:")
    noted = queue.post(f"/{number}/note", actor="zhang", note="已联系", version=2)
    assert noted.get_json()["version"] == 3
    body = {"category": "refund", "signals": {"regulator": False}, "reason": "说的是退款"}
    verdict = queue.post(f"/{number}/verdict", actor="zhang", version=3, **body).get_json()
    assert (verdict["kind"], verdict["category"], verdict["signals"]) == ("review", "refund", [])
    assert errors_of("VerdictReply", verdict) == []
    assert queue.post(f"/{number}/respond").get_json()["first_response_at"] is not None
    assert queue.post(f"/{number}/resolve", note="完成").get_json()["state"] == "resolved"
    reopened = queue.post(f"/{number}/reopen").get_json()
    assert (reopened["state"], reopened["version"]) == ("new", 7)
    assert errors_of("CaseReply", reopened) == []
    found = queue.get(f"/{number}").get_json()
    assert errors_of("CaseFileReply", found) == []
    assert [note["text"] for note in found["notes"]] == ["已联系", "完成"]
    history = queue.get(f"/{number}/history").get_json()
    assert errors_of("HistoryReply", history) == []
    actions = [entry["action"] for entry in history["items"]]
    assert actions == ["enqueue", "claim", "note", "review", "respond", "resolve", "reopen"]


def test_release_assign_and_snooze(queue: Queue) -> None:
    """The moves between people and moments."""
    number = queue.add()
    queue.post(f"/{number}/claim")
    assert queue.post(f"/{number}/release").get_json()["owner"] is None
    assert queue.post(f"/{number}/assign", owner="user:7").get_json()["owner"] == "user:7"
    assert queue.post(f"/{number}/assign", owner="li").get_json()["owner"].endswith("/li")
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds")
    assert queue.post(f"/{number}/snooze", until=until).get_json()["snoozed_until"] is not None
    assert queue.post(f"/{number}/snooze", until=None).get_json()["snoozed_until"] is None


def test_a_second_review_and_an_adjudication_by_named_people(queue: Queue) -> None:
    """One program, three people: disagreement, then a final verdict."""
    number = queue.add()
    for actor, category in (("a", "refund"), ("b", "delivery"), ("c", "delivery")):
        sent = {"actor": actor, "category": category, "reason": "核对"}
        assert queue.post(f"/{number}/verdict", **sent).status_code == 200
    found = queue.get(f"/{number}").get_json()
    kinds = [verdict["kind"] for verdict in found["verdicts"]]
    assert kinds == ["review", "second_review", "adjudication"]
    assert (found["verdict_state"], found["category"]) == ("final", "delivery")


def test_a_stale_version_is_409_and_says_what_changed(queue: Queue) -> None:
    """The message names field, before and after; the tag is the version that counts."""
    number = queue.add()
    queue.post(f"/{number}/claim", actor="anna")
    stale = queue.post(f"/{number}/note", note="x", version=1)
    error = error_of(stale)
    assert (stale.status_code, error["code"]) == (409, "case_conflict")
    assert stale.headers["ETag"] == '"2"'
    assert "new → claimed" in error["message"]
    assert "anna" in error["message"]
    twice = queue.post(f"/{number}/claim")
    assert (twice.status_code, error_of(twice)["code"]) == (409, "case_conflict")


def test_a_bulk_claim_says_of_each_case_what_became_of_it(queue: Queue) -> None:
    """Claimed, taken by another, unknown."""
    first, second = queue.add(), queue.add()
    queue.post(f"/{first}/claim", actor="anna")
    reply = queue.post("/claim", case_ids=[first, second, 999]).get_json()
    assert [one["claimed"] for one in reply["results"]] == [False, True, False]
    assert errors_of("ClaimManyReply", reply) == []


@pytest.mark.parametrize(
    ("move", "body", "status", "field"),
    [
        ("claim", {"version": 0}, 422, "version"),
        ("claim", {"version": "1"}, 422, "version"),
        ("claim", {"versoin": 1}, 422, "versoin"),
        ("claim", {"actor": "a b"}, 422, "actor"),
        ("claim", {"actor": ""}, 422, "actor"),
        ("claim", {"version": 2**40}, 422, "version"),
        ("assign", {}, 422, "owner"),
        ("snooze", {"until": "tomorrow"}, 422, "until"),
        ("snooze", {"until": "2026-01-01T00:00:00"}, 422, "until"),
        ("snooze", {"until": "2020-01-01T00:00:00Z"}, 422, "until"),
        ("note", {"note": ""}, 422, "note"),
        ("note", {"note": "长" * 4001}, 422, "note"),
        ("verdict", {"priority": "P9"}, 422, "priority"),
        ("verdict", {"category": "nothing", "reason": "x"}, 422, "category"),
        ("verdict", {"signals": {"legal": "yes"}}, 422, "signals.legal"),
        ("resolve", {}, 409, None),
        ("reopen", {}, 409, None),
    ],
)
def test_what_is_wrong_in_a_body_is_named(
    queue: Queue, move: str, body: dict[str, object], status: int, field: str | None
) -> None:
    """The field stands in the one error shape."""
    refused = queue.post(f"/{queue.add()}/{move}", **body)
    assert (refused.status_code, error_of(refused).get("field")) == (status, field)


@pytest.mark.parametrize("number", ["0", "999", str(2**63), "9" * 40])
def test_an_unknown_case_is_404(queue: Queue, number: str) -> None:
    """Also a number that no database can hold."""
    for found in (queue.get(f"/{number}"), queue.get(f"/{number}/history"),
                  queue.post(f"/{number}/claim")):  # fmt: skip
        assert (found.status_code, error_of(found)["code"]) == (404, "case_not_found")
    assert queue.get("/abc").status_code == 404


def test_lists_and_statistics_match_the_published_schemas(queue: Queue) -> None:
    """Also with a case that was not judged."""
    queue.add(customer={"id": "C", "tier": "vip"}, channel="app")
    queue.add("差")
    assert errors_of("CaseListReply", queue.get().get_json()) == []
    assert errors_of("StatisticsReply", queue.get("/statistics").get_json()) == []


def test_a_program_without_a_body_may_claim(queue: Queue) -> None:
    """A POST with nothing in it is a move without options."""
    number = queue.add()
    headers = {"Authorization": f"Bearer {queue.key}"}
    found = queue.service.client.post(f"/v1/cases/{number}/claim", headers=headers)
    assert found.status_code == 200


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1+1", "-2", "@SUM(A1)", "\t=1", " =1", "＝1",
                                  "\u200b=1", "正常, \"引号\"\n换行"])  # fmt: skip
def test_a_spreadsheet_takes_no_text_for_a_formula(queue: Queue, text: str) -> None:
    """A cell that could start a formula begins with an apostrophe; the rest is as it was."""
    queue.add(text + "差评", id=text[:3])
    response = queue.get("/export.csv")
    assert response.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in response.headers["Content-Disposition"]
    body = response.data.decode("utf-8-sig")
    row = next(csv.DictReader(io.StringIO(body, newline="")))
    assert row["text"] in {"'" + text + "差评", text + "差评"}
    assert row["text"].startswith("'") == (not text.startswith("正常"))
    assert not row["id"].startswith(("=", "+", "-", "@"))


def test_an_export_holds_every_case_of_the_query(queue: Queue) -> None:
    """Over several pages, filtered like the list."""
    queue.service.post("/v1/classify/batch", {"items": [{"text": "服务太差"}] * 200})
    queue.service.post("/v1/classify/batch", {"items": [{"text": "我要举报"}] * 20})
    everything = queue.get("/export.csv").data.decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(everything)))) == 221
    some = queue.get("/export.csv", signal="regulator").data.decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(some)))) == 21


def test_statistics_count_by_hand(queue: Queue) -> None:
    """Two days of cases: volumes, times, overdue share, override rate, agreement."""
    now = datetime.now(UTC)
    ids = [queue.add() for _ in range(4)]
    rows = [
        {"first_response_at": now, "response_seconds": 600, "due_at": now + timedelta(hours=1)},
        {"first_response_at": now, "response_seconds": 7000, "due_at": now - timedelta(hours=1)},
        {"due_at": now - timedelta(seconds=1), "resolution_seconds": 90_000},
        {"due_at": now + timedelta(hours=1)},
    ]
    with queue.service.database.session() as session:
        for number, row in zip(ids, rows, strict=True):
            session.execute(update(Case).where(Case.id == number).values(**row))
        recount(session)
        session.commit()
    for number, actor, category in (
        (ids[0], "a", None),
        (ids[0], "b", None),
        (ids[1], "a", "refund"),
        (ids[1], "b", "delivery"),
    ):
        sent = {"category": category, "reason": "核对"} if category else {}
        assert queue.post(f"/{number}/verdict", actor=actor, **sent).status_code == 200
    found = queue.get("/statistics", days="2").get_json()
    assert len(found["days"]) == 2
    assert {row["level"]: sum(row["cases"]) for row in found["volume_by_level"]} == {4: 4}
    by_category = {row["category"]: sum(row["cases"]) for row in found["volume_by_category"]}
    assert {code: number for code, number in by_category.items() if number} == {
        "service": 3,
        "refund": 1,
    }
    assert (found["cases"], found["overdue"], found["overdue_share"]) == (4, 2, 0.5)
    assert (found["first_response"]["cases"], found["first_response"]["mean_seconds"]) == (2, 3800)
    assert found["first_response"]["median_seconds"] == 600
    assert found["resolution"]["median_seconds"] == 90_000
    buckets = [bucket["cases"] for bucket in found["first_response"]["buckets"]]
    assert buckets == [1, 0, 1, 0, 0, 0, 0, 0, 0]
    assert [bucket["cases"] for bucket in found["resolution"]["buckets"]][6] == 1
    override = found["overrides"][0]
    assert (override["category"], override["reviewed"], override["rate"]) == ("service", 2, 0.5)
    assert (found["second_reviews"], found["agreement"]) == (2, 0.5)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"days": "0"}, "days"),
        ({"days": "x"}, "days"),
        ({"utc_offset_hours": "15"}, "utc_offset_hours"),
        ({"day": "1"}, "day"),
    ],
)
def test_what_is_wrong_in_a_period_is_named(
    queue: Queue, query: dict[str, str], field: str
) -> None:
    """422 with the parameter."""
    refused = queue.get("/statistics", **query)
    assert (refused.status_code, error_of(refused)["field"]) == (422, field)


def test_trends_compare_two_weeks_of_whole_days(queue: Queue) -> None:
    """Today is not over and does not count, whatever the period that is asked for."""
    now = hour(datetime.now(UTC))
    rows = [
        {"begin": now - 24 * days, "label": "category:service", "number": number}
        for days, number in ((0, 100), (1, 5), (7, 2), (8, 3), (14, 1), (15, 50))
    ]
    with queue.service.database.session() as session:
        for row in rows:
            add(session, {(row["begin"], row["label"]): row["number"]})
        session.commit()
    for days in ("1", "30"):
        found = queue.get("/statistics", days=days, utc_offset_hours="0").get_json()["trends"]
        assert found == [{"category": "service", "last_7_days": 7, "previous_7_days": 4}]


@pytest.mark.parametrize(
    ("seconds", "median"),
    [
        ([], None),
        ([0], 0),
        ([59, 61, 5000], 120),
        ([60, 60, 61, 61], 60),
        ([3601], 4200),
        ([28_801], 32_400),
        ([604_801], 691_200),
    ],
)
def test_a_median_is_rounded_up_the_more_the_longer(
    queue: Queue, seconds: list[int], median: int | None
) -> None:
    """To a minute, 10 minutes, an hour, a day; of an even number the lower middle."""
    for taken in seconds:
        number = queue.add()
        with queue.service.database.session() as session:
            session.execute(update(Case).where(Case.id == number).values(response_seconds=taken))
            recount(session)
            session.commit()
    found = queue.get("/statistics").get_json()["first_response"]
    assert (found["median_seconds"], found["cases"]) == (median, len(seconds))


def test_days_are_those_of_the_zone(queue: Queue) -> None:
    """The last day is today where the viewer is."""
    east = queue.get("/statistics", days="1", utc_offset_hours="14").get_json()["days"][0]
    west = queue.get("/statistics", days="1", utc_offset_hours="-12").get_json()["days"][0]
    assert east > west
    now = datetime.now(UTC)
    assert east in {str((now + timedelta(hours=14, seconds=s)).date()) for s in (0, -60)}
