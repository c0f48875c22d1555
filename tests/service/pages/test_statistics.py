from __future__ import annotations

import csv
import io
import json
import re

import pytest
from sqlalchemy import update

from classifier.policy_file import load_policy
from service.cases.labels import Labels
from service.cases.record import hour
from service.cases.statistics import Statistics, Times, Trend
from service.cases.tables import Case
from service.cases.times import recount
from service.cases.verdicts import Opinion
from service.cases.volumes import add
from service.pages.findings import figures, sentences
from service.pages.names import Names
from tests.service.pages.conftest import House

LABELS = Labels(
    categories=frozenset({"a", "b"}),
    levels=frozenset({1, 2, 3}),
    signals=frozenset(),
    category_names={"a": "甲类", "b": "乙类"},
    level_names={1: "平静", 2: "生气", 3: "狂怒"},
)
NAMES = Names(LABELS, {}, load_policy())


def numbers(**given: object) -> Statistics:
    """Statistics of one day with nothing in them, but for what is given."""
    empty = {
        "days": (), "by_level": {}, "by_category": {}, "trends": (), "cases": 0, "overdue": 0,
        "response": Times(), "resolution": Times(), "overrides": (), "second_reviews": 0,
        "agreements": 0,
    }  # fmt: skip
    return Statistics(**{**empty, **given})  # type: ignore[arg-type]  # a test's own words


def test_the_page_shows_every_chart_with_its_numbers(house: House) -> None:
    """Volumes, times, override rates: each as a picture, a table and a download."""
    number = house.add()
    house.verdicts.give(number, house.actor("reviewer"), Opinion(category="refund", reason="核对"))
    page = house.logged_in("viewer").get("/statistics").get_data(as_text=True)
    for slug in ("levels", "categories", "response", "resolution", "overrides"):
        assert f'id="{slug}-title"' in page
    assert page.count("<desc") == 2
    assert "最近 30 天有 1 件进入队列" in page
    assert "1/1" in page  # overridden, reviewed
    assert "style=" not in page
    assert "<script>" not in page


@pytest.mark.parametrize("slug", ["levels", "categories", "overrides", "response", "resolution"])
def test_every_chart_can_be_downloaded(house: House, slug: str) -> None:
    """The same table as CSV, with the mark that Excel needs."""
    house.verdicts.give(house.add(), house.actor("reviewer"), Opinion())
    reply = house.logged_in("viewer").get(f"/statistics/{slug}.csv", days="7")
    assert reply.headers["Content-Disposition"] == f'attachment; filename="{slug}-7.csv"'
    assert reply.get_data().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(reply.get_data().decode("utf-8-sig"))))
    assert len(rows) == {"levels": 8, "categories": 8, "overrides": 2}.get(slug, 10)


def test_a_downloaded_name_is_no_formula(house: House) -> None:
    """A category of somebody's own table may be called =1+1."""
    with house.service.database.session() as session:
        add(session, {(hour(house.desk.clock()), "category:=1+1"): 1})
        session.commit()
    reply = house.logged_in("viewer").get("/statistics/categories.csv")
    assert "'=1+1" in reply.get_data(as_text=True)


@pytest.mark.parametrize(("days", "status"), [("7", 200), ("366", 200), ("0", 422), ("x", 422)])
def test_a_period_is_chosen(house: House, days: str, status: int) -> None:
    """Any number of days up to a year; what is wrong is said."""
    reply = house.logged_in("viewer").get("/statistics", days=days)
    assert reply.status_code == status
    assert status == 200 or "days" in reply.get_data(as_text=True)


def test_an_empty_queue_says_so(house: House) -> None:
    """No charts of nothing, but what can be done."""
    page = house.logged_in("viewer").get("/statistics").get_data(as_text=True)
    assert "这段时间没有案例" in page
    assert "<desc" not in page


def test_days_are_the_viewers(house: House) -> None:
    """A case of 23:30 in UTC is today's in Berlin and yesterday's in New York."""
    browser = house.logged_in("viewer")
    for zone, shown in (("Asia/Tokyo", "UTC+9"), ("Asia/Kolkata", "UTC+5"), ("UTC", "UTC+0")):
        browser.post("/preferences", tz=zone)
        assert f"（{shown}）" in browser.get("/statistics").get_data(as_text=True)


def test_more_categories_than_colours_are_one_rest(house: House) -> None:
    """The largest six, and the others together; nothing is lost."""
    with house.service.database.session() as session:
        for place in range(9):
            add(session, {(hour(house.desk.clock()), f"category:c{place}"): 10 - place})
        session.commit()
    house.add()
    page = house.logged_in("viewer").get("/statistics").get_data(as_text=True)
    assert "其余 4 类" in page
    assert re.search(r"其余 4 类</span>\s*<span class=\"ch-total\">10 件", page)


def test_whoever_is_not_logged_in_sees_nothing(house: House) -> None:
    """The page, its downloads and the verdicts lead to the login."""
    for path in ("/statistics", "/statistics/levels.csv", "/feedback.jsonl"):
        assert house.browser().get(path).status_code == 303


def test_verdicts_are_for_adjudicators(house: House) -> None:
    """Everything that was judged, as JSON Lines; a reviewer does not get it."""
    house.verdicts.give(house.add(), house.actor("reviewer"), Opinion())
    reply = house.logged_in("adjudicator").get("/feedback.jsonl")
    assert json.loads(reply.get_data(as_text=True))["kind"] == "review"
    assert house.logged_in("reviewer").get("/feedback.jsonl").status_code == 403


def test_the_words_follow_from_the_numbers() -> None:
    """Most, the angriest two levels, the overdue share, what rose."""
    found = numbers(
        days=(None,) * 30,
        cases=200,
        overdue=50,
        by_level={1: [100], 2: [60], 3: [40]},
        by_category={"a": [120], "b": [80]},
        trends=(Trend("a", 30, 28), Trend("b", 40, 10)),
    )
    assert sentences(found, NAMES) == [
        "最近 30 天有 200 件进入队列，最多的是甲类（120 件，60%）。",
        "情绪最激烈的两级（生气和狂怒）占 50%。",
        "25%的案例首次响应超时。",
        "截至昨天的 7 天有 70 件，之前 7 天有 38 件；明显上升的是乙类（10 → 40 件）。",
    ]


@pytest.mark.parametrize(
    ("trends", "said"),
    [
        ((), None),
        ((Trend("a", 9, 0),), None),
        ((Trend("a", 5, 3),), "没有哪个类别明显上升"),
        ((Trend("a", 120, 100),), "没有哪个类别明显上升"),
        ((Trend("a", 160, 100),), "明显上升的是甲类（100 → 160 件）"),
        ((Trend("a", 30, 90),), "没有哪个类别明显上升"),
    ],
)
def test_only_a_clear_rise_is_told(trends: tuple[Trend, ...], said: str | None) -> None:
    """Chance and a beginning are no rise; without a week before nothing is compared."""
    told = sentences(numbers(days=(None,), cases=1, trends=trends), NAMES)[-1]
    assert said in told if said else "7 天" not in told


def test_a_figure_of_nothing_is_a_dash() -> None:
    """No cases, no reviews, no times: no number is made up."""
    shown = {figure.name: figure.value for figure in figures(numbers(days=(None,)))}
    assert set(shown.values()) == {"0 件", "—"}
    assert sentences(numbers(days=(None,)), NAMES) == []


def test_times_are_told_by_their_middle(house: House) -> None:
    """The median first, the mean beside it."""
    numbers_ = [house.add() for _ in range(3)]
    with house.service.database.session() as session:
        for number, seconds in zip(numbers_, (600, 1200, 36_000), strict=True):
            row = {"response_seconds": seconds, "first_response_at": house.desk.clock()}
            session.execute(update(Case).where(Case.id == number).values(**row))
        recount(session)
        session.commit()
    page = house.logged_in("viewer").get("/statistics").get_data(as_text=True)
    assert '<dd class="ch-figure">20 分钟</dd>' in page
    assert "平均 3 小时 30 分钟" in page
