"""The case page: what it shows, and every form on it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from classifier.policy_rules import Team
from classifier.prediction import Priority
from service.cases.file import get_case
from service.cases.states import State, VerdictState
from service.cases.tables import Case
from service.cases.verdicts import Opinion
from service.pages.clock import clock_of
from tests.service.cases.conftest import in_team_hours
from tests.service.pages.conftest import Browser, House


def _case(house: House, number: int) -> Case:
    return get_case(house.service.database, number).case


def _send(browser: Browser, house: House, number: int, form: str, **fields: object) -> TestResponse:
    """Submit a form of the case page as it is now."""
    fields.setdefault("version", _case(house, number).version)
    return browser.post(f"/cases/{number}/{form}", **fields)


def test_the_page_tells_why(house: House) -> None:
    """Marked text, probabilities, bands, rules in words, clock, history with names."""
    number = house.add()
    house.desk.claim(number, house.actor("second"))
    html = house.logged_in("viewer").get(f"/cases/{number}").text
    for word in (
        '<mark class="ev c4" title="类别 +1.50">等了</mark>',
        '<small class="sig-name">监管投诉</small>',
        "把握高", "90%", "风险信号 监管投诉：至少 P1", "认领</b> <bdi>second</bdi>", "进入队列",
    ):  # fmt: skip
        assert word in html, word


def test_the_daily_work(house: House) -> None:
    """Claim, answer, put off, note, confirm, resolve, open again: each leads back and is done."""
    number = house.add()
    browser = house.logged_in("reviewer")
    forms: list[tuple[str, dict[str, object]]] = [
        ("claim", {}), ("wait_for_customer", {}), ("resume", {}), ("respond", {}),
        ("snooze", {"preset": "4h"}), ("snooze", {"wake": "1"}),
        ("note", {"note": "打给 13800001111"}), ("verdict", {"confirm": "1"}),
        ("resolve", {"note": "已退款"}), ("reopen", {}), ("claim", {}), ("dismiss", {}),
    ]  # fmt: skip
    done = []
    for form, fields in forms:
        response = _send(browser, house, number, form, view="sort=newest", at="x", **fields)
        assert response.status_code == 303, (form, response.text)
        assert response.location.startswith(f"/cases/{number}?sort=newest&at=x&done=")
        done.append(response.location.rpartition("=")[2])
    assert done == ["claim", "wait_for_customer", "resume", "respond", "snooze", "wake", "note",
                    "confirm", "resolve", "reopen", "claim", "dismiss"]  # fmt: skip
    case = _case(house, number)
    assert (case.state, case.verdict_state) == (State.DISMISSED, VerdictState.REVIEWED)
    assert case.owner == house.actor("reviewer").id
    notes = [note.text for note in get_case(house.service.database, number).notes]
    assert notes == ["打给 [手机]", "已退款"]


def test_who_waits_for_the_customer_can_go_on_again(house: House) -> None:
    """One button or the other; the clock says that it stands, and later by how much it moved."""
    number = house.add()
    browser, now = house.logged_in("reviewer"), datetime.now(UTC)
    page = browser.get(f"/cases/{number}").text
    assert f'action="/cases/{number}/wait_for_customer"' not in page  # nobody works on it yet
    house.desk.claim(number, house.actor("reviewer"))
    assert f'action="/cases/{number}/wait_for_customer"' in browser.get(f"/cases/{number}").text
    house.desk.clock = lambda: now - timedelta(minutes=90)
    house.desk.wait_for_customer(number, house.actor("reviewer"))
    page = browser.get(f"/cases/{number}").text
    assert f'action="/cases/{number}/resume"' in page
    assert f'action="/cases/{number}/wait_for_customer"' not in page
    assert "等待客户，剩 3 小时" in page
    assert "时限暂停" in page
    assert "等待客户，剩 3 小时" in browser.get("/cases").text
    assert _send(browser, house, number, "resume").status_code == 303
    page = browser.get(f"/cases/{number}").text
    assert "1 小时 30 分钟（等待客户，已计入时限）" in page
    refused = _send(browser, house, number, "resume")
    assert (refused.status_code, "没有在等待客户" in refused.text) == (409, True)


def test_a_waiting_clock_shows_the_open_time_that_is_left(house: House) -> None:
    """Two hours of which one was used on Tuesday evening: one, not the night besides."""
    policy = in_team_hours("P1", "2h")
    number = house.add(occurred_at="2025-06-03T21:00:00+08:00")
    start = datetime.fromisoformat("2025-06-03T21:00:00+08:00")
    case = Case(
        is_open=True, first_response_at=None, priority=Priority.P1, team="triage",
        waiting_since=start + timedelta(hours=1), due_at=start + timedelta(hours=12),
    )  # fmt: skip
    assert clock_of(case, start + timedelta(days=3), policy).text == "等待客户，剩 1 小时"
    house.service.parts.predictor.policy = policy
    assert "（按客服时间计时）" in house.logged_in("viewer").get(f"/cases/{number}").text


def test_clocks_of_the_law_stand_beside(house: House) -> None:
    """Each stage with its end, which is the last midnight as people write it, and its source."""
    number = house.add(channel="12315", occurred_at="2025-06-03T10:00:00+08:00")
    page = house.logged_in("viewer").get(f"/cases/{number}").text
    assert "<h3>12315 投诉</h3>" in page
    found = re.search(
        "市场监管部门决定是否受理：<time[^>]*>([^<]*)</time> <span[^>]*>([^<]*)", page
    )
    assert found is not None
    assert found[1].endswith("6月12日 24:00")
    assert found[2].startswith("已过")
    assert "《市场监督管理投诉举报处理暂行办法》" in page
    plain = house.logged_in("viewer").get(f"/cases/{house.add()}").text
    assert "<h2>法定时限" not in plain


@pytest.mark.parametrize(
    ("step", "shown"), [(0, ""), (1, "已提醒"), (2, "已通报超时"), (3, "已升级到 三线技术处理")]
)
def test_how_far_the_clock_has_gone_is_seen(house: House, step: int, shown: str) -> None:
    """On the case and in the queue, there until somebody answered."""
    number, browser = house.add(), house.logged_in("reviewer")
    with house.service.database.session() as session:
        session.execute(update(Case).values(escalation_step=step, tier="L3"))
        session.commit()
    badge = f'<span class="badge step">{shown}</span>'
    for path in (f"/cases/{number}", "/cases"):
        page = browser.get(path).text
        assert (badge in page) if step else ('class="badge step"' not in page)
    house.desk.respond(number, house.actor("reviewer"))
    assert 'class="badge step"' not in browser.get("/cases").text


def test_teams_tiers_channels_and_customers_have_the_names_of_the_policy(house: House) -> None:
    """On the page and among the filters; a policy without a list of teams offers those it names."""
    policy = house.service.parts.predictor.policy
    teams = {**policy.teams, "triage": Team("首问负责组")}
    house.service.parts.predictor.policy = replace(policy, teams=teams)
    number = house.add(channel="12345", customer={"id": "c-1", "tier": "vip"})
    browser = house.logged_in("viewer")
    page = browser.get(f"/cases/{number}").text
    for name in (
        "首问负责组（二线专家处理）", "· 12345 热线转办 ·", "渠道 12345 热线转办：至少 P2",
        "客户等级 <bdi>贵宾客户</bdi>", "客户等级 贵宾客户：提高一级",
    ):  # fmt: skip
        assert name in page, name
    assert '<option value="triage">首问负责组</option>' in browser.get("/cases").text
    house.service.parts.predictor.policy = replace(policy, teams={})
    assert '<option value="risk_control">risk_control</option>' in browser.get("/cases").text


def test_a_correction_needs_a_reason_and_keeps_what_was_typed(house: House) -> None:
    """Without one the form comes back open and filled in; with one it counts."""
    number = house.add()
    browser = house.logged_in("reviewer")
    fields = {"category": "service", "level": "4", "priority": "P0", "signal": ["legal"],
              "signal_shown": ["legal", "regulator"]}  # fmt: skip
    refused = _send(browser, house, number, "verdict", **fields)
    assert refused.status_code == 422
    html = refused.text
    assert "更正需要说明理由" in html
    assert re.search(r'<details class="act" id="correct" open>', html)
    assert "<option selected>P0</option>" in html
    assert 'name="signal" value="legal" checked' in html
    assert 'name="signal" value="regulator" checked' not in html
    assert _send(browser, house, number, "verdict", **fields, reason="说要起诉").status_code == 303
    case = _case(house, number)
    assert (case.priority.name, case.signals) == ("P0", " legal ")


def test_a_stale_form_tells_what_changed_and_keeps_what_was_typed(house: House) -> None:
    """409 with the names of people and fields; sent again from that page it is saved."""
    number = house.add()
    seen = _case(house, number).version
    house.desk.claim(number, house.actor("second"))
    browser = house.logged_in("reviewer")
    late = _send(browser, house, number, "note", version=seen, note="写了很久的<备注>")
    assert late.status_code == 409
    html = late.text
    assert "负责人：<s>无人</s> → <b>second</b>（second）" in html
    assert ">写了很久的&lt;备注&gt;</textarea>" in html
    (version,) = set(re.findall(r'name="version" value="(\d+)"', html))
    again = _send(browser, house, number, "note", version=version, note="写了很久的<备注>")
    assert again.status_code == 303


def test_two_disagree_and_a_third_settles(house: House) -> None:
    """Second review, dispute, adjudication: each person sees the forms that are theirs."""
    number = house.add()
    house.verdicts.give(number, house.actor("reviewer"), Opinion())
    second = house.logged_in("second")
    page = second.get(f"/cases/{number}").text
    assert "同意这个结论" in page
    assert _send(second, house, number, "verdict", priority="P0", reason="很急").status_code == 303
    assert _case(house, number).verdict_state is VerdictState.DISPUTED
    assert 'id="confirm-form"' not in second.get(f"/cases/{number}").text
    judge = house.logged_in("adjudicator")
    page = judge.get(f"/cases/{number}").text
    adopted = re.findall(r'name="adopt" value="(\d+)"', page)
    assert len(adopted) == 2
    assert _send(judge, house, number, "verdict", adopt=adopted[1]).status_code == 303
    case = _case(house, number)
    assert (case.verdict_state, case.priority.name) == (VerdictState.FINAL, "P0")
    assert "不能再更改" in judge.get(f"/cases/{number}").text


def test_an_adjudicator_hands_a_case_of_others_on(house: House) -> None:
    """To colleagues of the list only; a reviewer is not offered another's case."""
    number = house.add()
    house.desk.claim(number, house.actor("second"))
    assert 'id="assign"' not in house.logged_in("reviewer").get(f"/cases/{number}").text
    judge = house.logged_in("adjudicator")
    wrong = _send(judge, house, number, "assign", owner="user:999")
    assert (wrong.status_code, "请选择一位同事" in wrong.text) == (422, True)
    owner = house.actor("reviewer").id
    assert _send(judge, house, number, "assign", owner=owner).status_code == 303
    assert _case(house, number).owner == owner


def test_what_the_state_does_not_allow_is_told_on_the_page(house: House) -> None:
    """A refused move is a sentence above the case, not a lost page."""
    number = house.add()
    response = _send(house.logged_in("reviewer"), house, number, "resolve", note="好了")
    assert response.status_code == 409
    assert "不能解决" in response.text


@pytest.mark.parametrize(
    ("form", "fields"),
    [("snooze", {"until": "gestern"}), ("snooze", {}), ("snooze", {"until": "2001-01-01T00:00"}),
     ("verdict", {"level": "x"}), ("verdict", {"priority": "P7"}), ("verdict", {"category": "nix"}),
     ("verdict", {"level": "77"}), ("note", {"note": " "}), ("note", {"note": "x" * 4001}),
     ("note", {"note": "x", "version": ""}), ("note", {"note": "x", "version": "１"})],
)  # fmt: skip
def test_what_was_filled_in_wrongly_is_told(
    house: House, form: str, fields: dict[str, object]
) -> None:
    """422 with a sentence, and the case stays as it is."""
    number = house.add()
    response = _send(house.logged_in("reviewer"), house, number, form, **fields)
    assert response.status_code == 422
    assert 'role="alert"' in response.text
    assert _case(house, number).version == 1


def test_the_next_case_of_the_view_follows_also_when_this_one_has_left(house: House) -> None:
    """From a resolved case the link leads on from where it stood; at the end to the beginning."""
    first, second = house.add(), house.add()
    browser = house.logged_in("reviewer")
    page = browser.get(f"/cases/{first}?state=new&sort=oldest").text
    (following,) = re.findall(r'href="(/cases/\d+/next\?[^"]+)" data-key="j"', page)
    house.desk.claim(first, house.actor("reviewer"))
    house.desk.resolve(first, house.actor("reviewer"))
    step = browser.get(following.replace("&amp;", "&"))
    assert step.location == f"/cases/{second}?state=new&sort=oldest"
    assert browser.get(f"/cases/{second}/previous?state=all&sort=oldest").location == (
        f"/cases/{first}?state=all&sort=oldest"
    )
    end = browser.get(f"/cases/{second}/next?state=new&sort=oldest")
    assert end.location == "/cases?state=new&sort=oldest&end=1"
    assert "已经看完" in browser.get(end.location).text


def test_earlier_cases_of_the_customer_are_linked(house: House) -> None:
    """The same customer's other case stands beside."""
    first = house.add(customer={"id": "c-1"})
    second = house.add(customer={"id": "c-1"})
    page = house.logged_in("viewer").get(f"/cases/{second}").text
    assert f'<a href="/cases/{first}">#{first} ' in page
    assert "第 2 次联系" in page


def test_a_case_that_is_not_there_is_a_page(house: House) -> None:
    """404 in words, for a read and for a form."""
    browser = house.logged_in("reviewer")
    assert "没有编号为 99 的案例" in browser.get("/cases/99").text
    assert browser.post("/cases/99/claim", version=1).status_code == 404
    assert browser.get("/cases/99999999999999999999").status_code == 404
