from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from classifier.prediction import Priority
from service.cases.queue import Filters, Sort, every, list_cases
from service.cases.states import State
from service.cases.tables import Case
from tests.service.cases.conftest import TEXT, Queue, person

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def put(queue: Queue, number: int, **values: object) -> int:
    """Set columns of a case; its number."""
    with queue.desk.database.session() as session:
        session.execute(update(Case).where(Case.id == number).values(**values))
        session.commit()
    return number


def test_the_most_urgent_and_longest_overdue_come_first(queue: Queue) -> None:
    """By priority, then by the time that is left; cases that are closed are not in the queue."""
    later = put(queue, queue.add(), priority=Priority.P1, due_at=NOW)
    sooner = put(queue, queue.add(), priority=Priority.P1, due_at=NOW - timedelta(hours=3))
    grave = put(queue, queue.add(), priority=Priority.P0, due_at=NOW + timedelta(hours=1))
    done = queue.add()
    queue.desk.claim(done, person("a"))
    queue.desk.dismiss(done, person("a"))
    assert queue.ids() == [grave, sooner, later]
    assert queue.ids(state="all") == [grave, sooner, later, done]
    assert queue.ids(state="dismissed") == [done]


def test_the_other_orders(queue: Queue) -> None:
    """The least certain first, the newest first, the oldest first."""
    first = put(queue, queue.add(), uncertainty=0.2, created_at=NOW - timedelta(hours=3))
    second = put(queue, queue.add(), uncertainty=0.9, created_at=NOW - timedelta(hours=2))
    third = put(queue, queue.add(), uncertainty=0.5, created_at=NOW - timedelta(hours=1))
    assert queue.ids(sort="uncertainty") == [second, third, first]
    assert queue.ids(sort="newest") == [third, second, first]
    assert queue.ids(sort="oldest") == [first, second, third]


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_show_each_case_once(queue: Queue, sort: Sort) -> None:
    """Page by page the same as all at once, with many equal values in the order."""
    items = [{"text": f"服务太差了{place}"} for place in range(25)]
    queue.service.post("/v1/classify/batch", {"items": items})
    whole = queue.ids(sort=sort, limit=200)
    pages: list[int] = []
    cursor = ""
    while True:
        page = queue.get(sort=sort, limit=4, cursor=cursor).get_json()
        pages += [item["case_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
    assert (len(whole), pages) == (25, whole)


def test_a_case_that_comes_in_between_is_not_shown_twice(queue: Queue) -> None:
    """A more urgent case on top moves nothing on the next page."""
    numbers = [queue.add() for _ in range(4)]
    page = queue.get(limit=2).get_json()
    put(queue, queue.add(), priority=Priority.P0)
    rest = queue.ids(limit=2, cursor=page["next_cursor"])
    assert [item["case_id"] for item in page["items"]] + rest == numbers


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"priority": "P0"}, "a"),
        ({"priority": "P0,P1"}, "ab"),
        ({"level": "5"}, "b"),
        ({"category": "delivery"}, "c"),
        ({"signal": "legal"}, "ab"),
        ({"signal": "legal,media"}, "b"),
        ({"signal": "leg"}, ""),
        ({"team": "crisis"}, "a"),
        ({"channel": "app,phone"}, "bc"),
        ({"product": "净水器, 大号"}, "a"),
        ({"region": "成都"}, "ab"),
        ({"owner": "user:x"}, "c"),
        ({"state": "claimed"}, "c"),
        ({"state": "new"}, "ab"),
        ({"overdue": "true"}, "a"),
        ({"overdue": "false"}, "bc"),
        ({"older_than_hours": "5"}, "c"),
        ({"newer_than_hours": "5"}, "ab"),
        ({"created_before": "2026-01-01T00:00:00+08:00"}, "c"),
        ({"id": "B"}, "b"),
        ({"verdict": "reviewed"}, "b"),
        ({"snoozed": "include"}, "abcd"),
        ({"snoozed": "only"}, "d"),
        ({"priority": "P0", "level": "5"}, ""),
        ({}, "abc"),
    ],
)
def test_each_filter(queue: Queue, query: dict[str, str], found: str) -> None:
    """What it lets through, by hand."""
    now = datetime.now(UTC)
    late, soon = now - timedelta(hours=1), now + timedelta(hours=1)
    cases = {
        "a": put(queue, queue.add(), priority=Priority.P0, due_at=late, signals=" legal ",
                 team="crisis", product="净水器, 大号", region="成都"),
        "b": put(queue, queue.add(id="B"), priority=Priority.P1, due_at=soon, level=5,
                 signals=" legal media ", channel="app", region="成都", verdict_state=1),
        "c": put(queue, queue.add(), priority=Priority.P2, due_at=soon, category="delivery",
                 channel="phone", owner="user:x", state=State.CLAIMED,
                 signals=" ", created_at=datetime(2025, 1, 1, tzinfo=UTC)),
        "d": put(queue, queue.add(), priority=Priority.P3, due_at=soon, snoozed_until=soon),
    }  # fmt: skip
    assert queue.ids(**query) == [cases[name] for name in found]


def test_mine_is_what_the_asker_owns(queue: Queue) -> None:
    """A program's own cases, and those of a person whom it names."""
    first, second = queue.add(), queue.add()
    assert queue.post(f"/{first}/claim").status_code == 200
    assert queue.post(f"/{second}/claim", actor="zhang").status_code == 200
    assert queue.ids(mine="true") == [first]
    assert queue.ids(owner="me", actor="zhang") == [second]
    assert queue.ids(owner="zhang") == [second]


@pytest.mark.parametrize(
    ("query", "field", "part"),
    [
        ({"priority": "P9"}, "priority", "P0、P1、P2、P3"),
        ({"state": "gone"}, "state", "open、all、new"),
        ({"sort": "price"}, "sort", "urgency、uncertainty"),
        ({"limit": "0"}, "limit", "1–200"),
        ({"limit": "201"}, "limit", "1–200"),
        ({"limit": "ten"}, "limit", "1–200"),
        ({"level": "x"}, "level", "整数"),
        ({"overdue": "maybe"}, "overdue", "true、false"),
        ({"older_than_hours": "-1"}, "older_than_hours", "0–"),
        ({"older_than_hours": "nan"}, "older_than_hours", "0–"),
        ({"created_after": "2026-01-01"}, "created_after", "时区"),
        ({"created_after": "yesterday"}, "created_after", "yesterday"),
        ({"q": "长" * 65}, "q", "65"),
        ({"q": "，。"}, "q", "文字"),
        ({"cursor": "x"}, "cursor", "next_cursor"),
        ({"cursor": "WyJ1cmdlbmN5IiwxXQ"}, "cursor", "next_cursor"),
        ({"cursor": "WyJ1cmdlbmN5Iiw5OSwiMjAyNSIsMV0"}, "cursor", "next_cursor"),
        ({"mine": "true", "actor": "a b"}, "actor", "空格"),
        ({"piority": "P0"}, "piority", "priority"),
        ({"team": "x" * 201}, "team", "200"),
    ],
)
def test_what_is_wrong_in_a_query_is_named(
    queue: Queue, query: dict[str, str], field: str, part: str
) -> None:
    """422 with the parameter, and what is allowed."""
    response = queue.get(**query)
    error = response.get_json()["error"]
    assert (response.status_code, error["field"]) == (422, field)
    assert part in error["message"]


def test_a_cursor_of_another_order_is_refused(queue: Queue) -> None:
    """It would start at the wrong place."""
    for _ in range(2):
        queue.add()
    cursor = queue.get(limit=1).get_json()["next_cursor"]
    assert queue.get(limit=1, cursor=cursor).status_code == 200
    assert queue.get(limit=1, cursor=cursor, sort="newest").status_code == 422


def test_a_long_text_is_cut_in_lists_and_whole_in_its_case(queue: Queue) -> None:
    """Ten thousand characters do not swell a page of two hundred cases."""
    number = queue.add("差" * 10_000)
    item = queue.get().get_json()["items"][0]
    assert (len(item["text"]), item["text_is_cut"]) == (2000, True)
    assert len(queue.get(f"/{number}").get_json()["text"]) == 10_000


def test_every_case_is_read_page_by_page(queue: Queue) -> None:
    """An export goes over the end of a page."""
    for _ in range(2):
        items = [{"text": TEXT}] * 120
        queue.service.post("/v1/classify/batch", {"items": items})
    now = datetime.now(UTC)
    assert len(list(every(queue.desk.database, Filters(), now=now))) == 240
    assert len(list_cases(queue.desk.database, Filters(), now=now).items) == 50
