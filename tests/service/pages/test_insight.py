from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from service.db import Database
from service.insight.tables import EmergingWord, Issue, Surge
from service.keys import create_key
from service.tables import Scope
from tests.service.pages.conftest import House
from tests.service.test_openapi import errors_of

NOW = datetime.now(UTC).replace(microsecond=0)


def fill(database: Database, case_id: int, *, name: str = "登录 · 闪退") -> None:
    """One of each: an issue, a word, and a surge that goes on."""
    daily = [0] * 80 + [0, 0, 2, 0, 0, 0, 1, 2, 3, 0]
    issue = Issue(
        category="service", name=name, team="care", found_at=NOW, built_at=NOW, is_current=True,
        cases=8, daily=daily, levels={"4": 6, "": 2}, words=["登录", "闪退"],
        terms={"闪退": 1.0}, case_ids=[case_id],
    )  # fmt: skip
    word = EmergingWord(
        days=30, category="", word="雪球卡", is_compound=True, now=9, before=1, now_of=90,
        before_of=1000, z=4.2, case_ids=[case_id], built_at=NOW,
    )  # fmt: skip
    surge = Surge(
        kind="category", code="service", detected_at=NOW - timedelta(days=2),
        last_alarm_at=NOW, ended_at=None, window_hours=24, seen=40, expected=10.0, ratio=1e-9,
        also=["level:4+", "all:"], words=["闪退"], case_ids=[case_id],
    )  # fmt: skip
    with database.session() as session:
        session.add_all([issue, word, surge])
        session.commit()


def test_the_page_shows_the_three_things(house: House) -> None:
    """Names, figures, a small line with its meaning in words, and the masked example."""
    number = house.add("登录就闪退，我的手机13800001111，我要举报")
    fill(house.service.database, number)
    page = house.logged_in("reviewer").get("/insight").get_data(as_text=True)
    for shown in ("登录 · 闪退", "雪球卡", "新组合", "仍在持续", "4.0 倍", "情绪 4 级及以上",
                  "30 天里每天的案例，最多的一天 3 件", "[手机]", f'href="/cases/{number}"',
                  "4 级 75%"):  # fmt: skip
        assert shown in page, shown
    assert "13800001111" not in page
    assert "style=" not in page
    assert "<script>" not in page


def test_an_empty_queue_says_what_to_do(house: House) -> None:
    """Nothing is there yet."""
    page = house.logged_in("reviewer").get("/insight").get_data(as_text=True)
    assert "这段时间没有激增" in page
    assert "insight --rebuild" in page


def test_viewers_do_not_see_it(house: House) -> None:
    """Neither the page, nor the files, nor the way there."""
    browser = house.logged_in("viewer")
    assert browser.get("/insight").status_code == 403
    assert browser.get("/insight/issues.csv").status_code == 403
    assert "/insight" not in browser.get("/cases").get_data(as_text=True)


@pytest.mark.parametrize(("days", "category", "found"), [
    (30, "service", True), (90, "", True), (3, "", True), (1, "", False), (30, "refund", False),
])  # fmt: skip
def test_days_and_category_choose(house: House, days: int, category: str, found: bool) -> None:
    """Fewer than five cases in the days, or another category: the issue is not shown."""
    fill(house.service.database, house.add())
    page = house.logged_in("reviewer").get("/insight", days=days, category=category)
    assert ("登录 · 闪退" in page.get_data(as_text=True)) is found


@pytest.mark.parametrize("query", [{"days": 91}, {"days": 0}, {"days": "x"}, {"page": 2}])
def test_wrong_queries_are_refused(house: House, query: dict[str, object]) -> None:
    """With the sentence that says what is allowed."""
    assert house.logged_in("reviewer").get("/insight", **query).status_code == 422


@pytest.mark.parametrize(("slug", "first"), [
    ("issues", "'=登录"), ("words", "雪球卡"), ("surges", "类别 service"),
])  # fmt: skip
def test_every_table_is_a_csv(house: House, slug: str, first: str) -> None:
    """With the mark that Excel needs, and no cell that it takes for a formula."""
    fill(house.service.database, house.add(), name="=登录")
    response = house.logged_in("reviewer").get(f"/insight/{slug}.csv")
    assert response.get_data().startswith(b"\xef\xbb\xbf")
    head, row = csv.reader(io.StringIO(response.get_data().decode("utf-8-sig")))
    assert len(head) == len(row)
    assert first in row


def test_there_is_no_other_csv(house: House) -> None:
    """An unknown table is not found."""
    assert house.logged_in("reviewer").get("/insight/other.csv").status_code == 404


@pytest.mark.parametrize(("path", "schema"), [
    ("issues", "IssueListReply"), ("words", "EmergingWordListReply"), ("surges", "SurgeListReply"),
])  # fmt: skip
def test_the_api_says_the_same(house: House, path: str, schema: str) -> None:
    """As the published schema has it, to keys of the scope cases only."""
    service = house.service
    fill(service.database, house.add())
    headers = {"Authorization": f"Bearer {create_key(service.database, 'q', [Scope.CASES])}"}
    response = service.client.get(f"/v1/insight/{path}", headers=headers)
    assert response.status_code == 200
    assert len(response.get_json()["items"]) == 1
    assert errors_of(schema, response.get_json()) == []
    wrong = {"Authorization": f"Bearer {service.key}"}
    assert service.client.get(f"/v1/insight/{path}", headers=wrong).status_code == 403
    assert service.client.get(f"/v1/insight/{path}?days=999", headers=headers).status_code == 422


def test_a_surge_of_a_category_is_found_by_what_it_shows(house: House) -> None:
    """The category may be the surge itself or one of those that show it too."""
    fill(house.service.database, house.add())
    with house.service.database.session() as session:
        session.execute(update(Surge).values(kind="team", code="care", also=["category:refund"]))
        session.commit()
    browser = house.logged_in("reviewer")
    assert "仍在持续" in browser.get("/insight", category="refund").get_data(as_text=True)
    assert "仍在持续" not in browser.get("/insight", category="service").get_data(as_text=True)
