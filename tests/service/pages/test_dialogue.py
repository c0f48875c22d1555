"""A conversation on the case page: turns, findings, the line and its numbers."""

from __future__ import annotations

import re

import pytest

from classifier.policy_file import load_policy
from service import create_app
from service.app import Parts
from service.db import Database
from service.keys import create_key
from service.metrics import Metrics
from service.pages.charts import Table
from service.pages.course import PLOT_HEIGHT, PLOT_TOP, Spot, course
from service.predictor import Predictor
from service.settings import Settings
from service.tables import Scope
from tests.service.client import Service
from tests.service.fakes import LoudTriage
from tests.service.pages.conftest import House

TALK = [
    {"role": "system", "text": "机器人小安为您服务"},
    {"role": "customer", "text": "健身卡说好能转让的", "at": "2025-06-01T12:00:00+08:00"},
    {"role": "agent", "text": "不好意思，这个没办法的哦"},
    {"role": "customer", "text": "我都说了三遍了，合同写着能转让！！", "at": "2025-06-01T05:03Z"},
    {"role": "customer", "text": "<b>再不办我就举报</b>！！！"},
    {"role": "agent", "text": "换成我也会生气的，我给您办，请留意 13900002222"},
    {"role": "customer", "text": "好，办好了告诉我"},
]  # fmt: skip


@pytest.fixture
def service(settings: Settings, database: Database) -> Service:
    """The application with a model that hears how loud a text is."""
    predictor = Predictor(settings.models, lambda folder: LoudTriage(folder.name), load_policy())
    parts = Parts(settings, database, predictor, Metrics())
    app = create_app(settings, parts)
    return Service(settings, parts, app.test_client(), create_key(database, "p", [Scope.CLASSIFY]))


def _add(house: House) -> int:
    reply = house.service.classify({"messages": TALK}).get_json()
    assert reply["stored"] is True
    return int(reply["case_id"])


def test_the_page_draws_the_conversation(house: House) -> None:
    """Roles, levels, what stands out, marks in the customer's words; all masked and escaped."""
    page = house.logged_in("viewer").get(f"/cases/{_add(house)}")
    html = page.text
    assert page.status_code == 200
    for word in (
        "<b>2 客户</b>", "<b>3 客服</b>", "<b>1 系统</b>", "[手机]", "最激烈", "从这里起平息",
        "明说已经说过", "回应情绪：共情",
        "客户的情绪从第 7 条起平息。", "最激烈的是第 5 条（4 级 愤怒）。",
        "客户说到第 3 句后，客服在第 6 条回应了情绪（共情）。", "客户不得不重复：第 4 条",
        '<small class="sig-name">监管投诉</small>', "&lt;b&gt;再不办我就",
        "charts.css", "dialogue.css",
    ):  # fmt: skip
        assert word in html, word
    for word in ("13900002222", "<b>再不办", "style=", "<script>"):
        assert word not in html, word
    refused = html.split('id="turn-3"')[1].split("</li>")[0]
    assert "回应情绪" not in refused


def test_the_line_has_a_point_for_each_turn_of_the_customer(house: House) -> None:
    """And a table with a row for every turn, and a description."""
    html = house.logged_in("viewer").get(f"/cases/{_add(house)}").text
    assert len(re.findall("<circle ", html)) == 4
    assert len(re.findall('class="dg-link"', html)) == 3
    assert '<desc id="course-about">客户的情绪从第 7 条起平息。</desc>' in html
    table = html.split('<table>\n    <caption class="unseen">客户情绪的走势')[1].split("</table>")[
        0
    ]
    assert table.count("<tr>") == 1 + len(TALK)


def test_the_numbers_come_as_csv(house: House) -> None:
    """The table's rows, without any text of the conversation."""
    browser, number = house.logged_in("viewer"), _add(house)
    response = browser.get(f"/cases/{number}/dialogue.csv")
    lines = response.get_data().decode("utf-8-sig").splitlines()
    assert lines[0] == "条,角色,情绪等级,分值,说明"
    assert lines[5] == "5,客户,4 级 愤怒,0.75,最激烈"
    assert len(lines) == 1 + len(TALK)
    assert "转让" not in "".join(lines)


def test_a_single_text_is_shown_as_ever(house: House) -> None:
    """No line, no further style sheets, no CSV."""
    number, browser = house.add(), house.logged_in("viewer")
    html = browser.get(f"/cases/{number}").text
    assert "投诉原文" in html
    assert "dg-turn" not in html
    assert "dialogue.css" not in html
    assert browser.get(f"/cases/{number}/dialogue.csv").status_code == 404


def test_the_queue_and_the_search_know_the_customers_words(house: House) -> None:
    """A conversation is found by what its customer wrote, not by the agent's words."""
    _add(house)
    browser = house.logged_in("viewer")
    assert "说好能转让的" in browser.get("/cases", q="合同写着").text
    assert "说好能转让的" not in browser.get("/cases", q="请留意").text


def test_points_stand_at_their_levels() -> None:
    """The calmest on the floor, the angriest on top; the unsure have no line to them."""
    levels = [(1, "平静"), (2, "不满"), (3, "3")]
    spots = [
        Spot(2, 1, is_sure=True, title="a"),
        Spot(4, 3, is_sure=True, title="b"),
        Spot(5, None, is_sure=False, title="c"),
        Spot(7, 2, is_sure=False, title="d"),
    ]
    found = course(spots, levels, "平稳", Table((), ()))
    assert [(p.x, p.y, p.is_sure) for p in found.points] == [
        ("12.500%", PLOT_TOP + PLOT_HEIGHT, True),
        ("37.500%", PLOT_TOP, True),
        ("87.500%", PLOT_TOP + PLOT_HEIGHT / 2, False),
    ]
    assert len(found.links) == 1
    assert [tick.label for tick in found.ticks] == ["1 平静", "2 不满", "3"]
    assert found.axis_width == 10 + 12 * 4
    assert [label.text for label in found.labels] == ["2", "4", "5", "7"]
