from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from classifier.prediction import Priority
from service.cases.states import State, VerdictKind
from service.cases.tables import Verdict
from service.insight.tables import EmergingWord, Issue, Surge
from service.quality.tables import Rating
from service.weekly.done import TeamLoad
from service.weekly.harm import Anger
from tests.service.weekly.conftest import HOUR, MONDAY, World

TUESDAY = (MONDAY + timedelta(days=1)).astimezone(UTC)
LONG = "退款拖了三个星期，" * 9


def answered(at: datetime, hours: float) -> dict[str, object]:
    """The columns of a case that was answered after some hours."""
    return {
        "first_response_at": at + hours * HOUR, "response_seconds": int(hours * 3600),
    }  # fmt: skip


def ended(at: datetime, hours: int, state: State = State.RESOLVED) -> dict[str, object]:
    """The columns of a case that ended after some hours."""
    return {
        "state": state, "is_open": False, "resolved_at": at + hours * HOUR,
        "resolution_seconds": hours * 3600,
    }  # fmt: skip


def angry_week(world: World) -> tuple[list[int], list[int]]:
    """Six calm cases in each of five weeks and this one, and nine furious ones about refunds."""
    world.past(6, 6, 6, 6, 6)
    calm = world.add(6)
    furious = world.add(9, text=LONG, category="refund", level=5, team="money", signals=" injury ")
    return calm, furious


def judged(case_id: int, at: datetime, **values: object) -> Mapping[str, object]:
    """A first review that confirms."""
    return {
        "case_id": case_id, "at": at, "actor": "user:1", "kind": VerdictKind.REVIEW,
        "category": "service", "level": 3, "signals": " ", "priority": Priority.P2,
        "predicted_category": "service", "predicted_level": 3, "predicted_signals": " ",
        "predicted_priority": Priority.P2, "is_correction": False, "agrees": None, "reason": "",
        "model_version": "v1", **values,
    }  # fmt: skip


def test_volumes_are_those_counted_by_hand(world: World) -> None:
    """Four whole weeks before; the week in which the first case came in is no past."""
    angry_week(world)
    found = world.report().volumes
    assert [day.isoformat() for day in found.mondays] == [
        "2026-05-04", "2026-05-11", "2026-05-18", "2026-05-25", "2026-06-01",
    ]  # fmt: skip
    assert found.whole.weeks == (6, 6, 6, 6, 15)
    assert (found.whole.before, found.whole.verdict) == (6, "above")
    assert found.angry is not None
    assert (found.angry.name, found.angry.weeks) == ("愤怒和失控", (0, 0, 0, 0, 9))
    assert [(one.level, one.weeks) for one in found.levels] == [
        (5, (0, 0, 0, 0, 9)), (3, (6, 6, 6, 6, 6)),
    ]  # fmt: skip
    # The channel app has all cases, so it says nothing of its own.
    assert {(one.kind, one.code): (one.cases, one.verdict) for one in found.series} == {
        ("category", "refund"): (9, "above"), ("team", "money"): (9, "above"),
        ("category", "service"): (6, "usual"), ("team", "care"): (6, "usual"),
    }  # fmt: skip
    dimensions = {one.code: one.cases for one in found.dimensions}
    assert dimensions["responsiveness"] == 9  # refunds


def test_products_and_regions_are_compared_too(world: World) -> None:
    """What no case names is counted in none."""
    world.past(6, 6, 6, 6, 6, product="会员卡")
    world.add(6, product="会员卡")
    world.add(9, region="上海", channel="web", team="b")
    report = world.report()
    found = {(one.kind, one.code): (one.weeks, one.has_risen) for one in report.volumes.series}
    assert found["product", "会员卡"] == ((6, 6, 6, 6, 6), False)
    assert found["region", "上海"] == ((0, 0, 0, 0, 9), True)
    assert any("地区或门店“上海” 9 件" in one.text for one in report.summary)


def test_what_was_done_is_counted_by_hand(world: World) -> None:
    """Answers and ends of the week whenever the case came in; times and lateness of its own."""
    calm, _ = angry_week(world)
    world.change(calm[0], **answered(TUESDAY, 1), **ended(TUESDAY, 2))
    world.change(calm[1], **answered(TUESDAY + HOUR, 30))
    world.change(calm[2], **answered(TUESDAY + 2 * HOUR, 0.5),
                 **ended(TUESDAY + 2 * HOUR, 3, State.DISMISSED))  # fmt: skip
    before = TUESDAY - timedelta(weeks=1)
    world.change(1, **ended(before, 168))  # a case of last week, this Tuesday
    world.change(2, **ended(before + HOUR, 2))  # and one that ended last week
    with world.database.session() as session:
        session.execute(
            insert(Verdict),
            [
                judged(calm[0], TUESDAY),
                judged(calm[1], TUESDAY, category="refund", is_correction=True),
                judged(calm[2], TUESDAY - timedelta(weeks=1), is_correction=True),
                judged(calm[0], TUESDAY, kind=VerdictKind.SECOND_REVIEW),
            ],
        )
        session.commit()
    done = world.report().done
    assert (done.cases, done.responded, done.resolved, done.dismissed) == (15, 3, 2, 1)
    assert (done.response.number, done.response.median_seconds) == (3, 3600)
    assert done.response.p90_seconds == 108_000
    assert (done.resolution.median_seconds, done.resolution.p90_seconds) == (7200, 10_800)
    assert (done.overdue, done.overdue_now) == (13, 40)
    assert done.teams[0] == TeamLoad("care", "care", 6, 4, 31)
    assert (done.reviews, done.corrected, done.recategorised) == (2, 1, 1)
    aims = {one.code: one for one in world.report().aims}
    assert aims["overdue_share"].value == pytest.approx(13 / 15)
    assert (aims["overdue_share"].is_met, aims["resolution_seconds"].is_met) == (False, True)


def test_examples_are_shortened_where_one_sees_it(world: World) -> None:
    """Two of the furious, two of the grave; sixty characters and the mark."""
    _, numbers = angry_week(world)
    pain = world.report().pain
    assert pain.furious is not None
    assert (pain.furious.name, pain.furious.cases) == ("失控", 9)
    assert [one.case_id for one in pain.furious.examples] == numbers[:-3:-1]
    assert {one.text for one in pain.furious.examples} == {LONG[:60] + "…"}
    assert [(one.name, one.cases, len(one.examples)) for one in pain.grave] == [("人身伤害", 9, 2)]


def test_fewer_than_five_show_no_text(world: World) -> None:
    """Four furious cases with a grave signal are counted, not quoted."""
    world.add(4, level=5, signals=" injury ")
    pain = world.report().pain
    assert pain.furious is not None
    assert (pain.furious.cases, pain.furious.examples) == (4, ())
    assert [(one.cases, one.examples) for one in pain.grave] == [(4, ())]


def test_the_summary_says_the_most_important_first(world: World) -> None:
    """Volume, anger, what rose, lateness, grave signals: each with its figures and its range."""
    angry_week(world)
    said = world.report().summary
    assert said[0].text == (
        "第 23 周（6月1日–6月7日）进来 15 件投诉，比上一周多 9 件（+150%），"
        "此前 4 周平均 6 件，高于平常范围（0–14 件）。"
    )
    assert said[1].text == "最激烈的两级（愤怒和失控）有 9 件，占 60%，高于平常范围（0–0 件）。"
    assert said[2].text == (
        "明显多于平常的是类别“退款” 9 件（平均 0，平常 0–0）、"
        "团队“money” 9 件（平均 0，平常 0–0）。"
    )
    assert said[3].text == (
        "本周进来的案例有 100%首次响应超时（目标至多 5.0%）；"
        "此刻全队列有 45 件过了时限还没有人响应，最多的是care（36 件）。"
    )
    assert said[4].text == "带有重大风险信号的投诉：人身伤害 9 件。"
    assert len(said[4].case_ids) == 2


def test_a_week_like_the_others_alarms_nobody(world: World) -> None:
    """Twelve where ten are usual is noise, and is called so."""
    world.past(*[10] * 8)
    world.add(12)
    report = world.report()
    texts = [one.text for one in report.summary]
    assert report.volumes.risen == ()
    assert "此前 7 周平均 10 件，在平常范围之内（" in texts[0]
    assert "没有哪个类别、团队、渠道、商品或地区多到平常范围之外。" in texts
    assert any(text.startswith("最激烈的两级（愤怒和失控）有 0 件") for text in texts)
    assert 3 <= len(texts) <= 5


def test_the_first_week_ever_is_compared_with_nothing(world: World) -> None:
    """No change, no range, and no alarm."""
    world.add(9)
    report = world.report()
    assert report.volumes.whole.weeks == (9,)
    assert "有记录以来的第一周" in report.summary[0].text
    assert report.volumes.risen == ()


def test_two_weeks_are_too_few_for_a_range(world: World) -> None:
    """The change is told, what is usual is not."""
    world.past(5, 5, 1)
    world.add(9)
    text = world.report().summary[0].text
    assert "比上一周多 4 件（+80%），此前不足四个完整的周" in text


@pytest.mark.parametrize("code", ["2026-W10", "2020-W53", None])
def test_a_week_without_cases_is_a_proper_report(world: World, code: str | None) -> None:
    """One sentence that says so, and no figure that divides by nothing."""
    if code:
        world.past(6, 6)
    report = world.report(code)
    assert report.is_empty
    assert len(report.summary) == 1
    assert "没有案例进入队列" in report.summary[0].text
    assert report.done.response.median_seconds is None


def test_of_a_running_week_the_same_part_is_compared(world: World) -> None:
    """On Wednesday noon the cases of later days of past weeks do not count."""
    world.past(*[60] * 6)  # Tuesday to Thursday noon, in each week 36 before Wednesday noon
    running = replace(world, monday=MONDAY + timedelta(weeks=1))
    running.add(36)
    report = world.report("2026-W24")
    assert report.week.is_running
    # 13 hours of Wednesday have begun: 24 + 13 of the 60.
    assert report.volumes.whole.weeks == (37, 37, 37, 37, 37, 0, 36)
    assert "未满一周" in report.summary[0].text
    assert "各周只计同一时段" in report.summary[0].text


def test_issues_are_ordered_by_how_many_are_angry(world: World) -> None:
    """Eight cases of which three quarters are angry hurt more than nine of which none is."""
    _, numbers = angry_week(world)
    built_at = (MONDAY + timedelta(days=7, hours=2)).astimezone(UTC)
    week = [1, 1, 1, 1, 1, 1]
    shared = {"found_at": built_at, "built_at": built_at, "is_current": True, "words": [],
              "terms": {}, "category": "refund", "team": "money"}  # fmt: skip
    issues = [
        Issue(name="甲", cases=8, daily=[0] * 76 + [0] * 5 + [3, *week, 2, 5],
              levels={"5": 6, "3": 2}, case_ids=numbers[:3], **shared),
        Issue(name="乙", cases=9, daily=[0] * 82 + [*week, 3, 0], levels={"3": 9},
              case_ids=numbers[3:], **shared),
        Issue(name="丙", cases=99, daily=[0] * 82 + [*week[:4], 0, 0, 0, 9], levels={"5": 99},
              case_ids=numbers[4:], **shared),
    ]  # fmt: skip
    with world.database.session() as session:
        session.add_all(issues)
        session.commit()
    troubles = world.report().pain.troubles
    assert [
        (one.found.issue.name, one.found.cases, one.found.before, one.found.angry)
        for one in troubles
    ] == [("甲", 8, 3, 6.0), ("乙", 9, 0, 0.0)]  # 丙 had four: too few
    assert [one.case_id for one in troubles[0].examples] == numbers[:2]
    # The week after has one day that was grouped.
    (found, *_) = world.report("2026-W24").pain.troubles
    assert (found.found.issue.name, found.found.cases, found.found.covered) == ("丙", 9, 1)


def test_surges_and_words_of_the_week_are_told(world: World) -> None:
    """An open surge without an owner is a next step; words grouped weeks ago are left out."""
    _, numbers = angry_week(world)
    at = TUESDAY + timedelta(days=1)
    told = {"kind": "category", "last_alarm_at": at, "window_hours": 24, "ratio": 0.1, "also": [],
            "words": ["退款"]}  # fmt: skip
    word = {"days": 7, "category": "", "is_compound": True, "now": 9, "before": 0, "now_of": 15,
            "before_of": 30, "z": 4.0, "case_ids": numbers[:3]}  # fmt: skip
    end = MONDAY + timedelta(days=7)
    with world.database.session() as session:
        session.add_all([
            Surge(code="refund", detected_at=at, ended_at=None, seen=9, expected=1.5,
                  case_ids=numbers[:5], **told),
            Surge(code="service", detected_at=at, ended_at=at, seen=19, expected=2.0,
                  case_ids=[], **told),
            Surge(code="old", detected_at=at - timedelta(weeks=2), seen=9, expected=1.0,
                  ended_at=at - timedelta(weeks=1), case_ids=[], **told),
            Surge(code="delivery", detected_at=at - timedelta(weeks=1), ended_at=None, seen=6,
                  expected=1.0, case_ids=[], **told),
            EmergingWord(word="雪球卡", built_at=end, **word),
        ])  # fmt: skip
        session.commit()
    world.change(numbers[0], owner="user:1")
    report = world.report()
    assert [one.name for one in report.news.surges] == [
        "类别 退款", "类别 物流", "类别 服务态度",
    ]  # fmt: skip
    assert [one.word.word for one in report.news.words] == ["雪球卡"]
    assert report.summary[1].text == (
        "有 2 次激增还没有平息：类别 退款（24 小时内 9 件，平时 2 件）、"
        "类别 物流（24 小时内 6 件，平时 1 件）。"
    )
    (step,) = [one for one in report.steps if "激增" in one.text]
    assert (step.team, step.case_ids) == ("money", tuple(numbers[1:5]))
    assert "所列 5 件中 4 件还没有人认领" in step.reason
    assert world.report("2026-W20").news.words == ()


def test_every_step_comes_from_a_figure(world: World) -> None:
    """Late teams, what rose, missed targets; the team that answers, by the policy."""
    angry_week(world)
    steps = [(one.team, one.text, one.reason) for one in world.report().steps]
    assert steps[0] == ("care", "先响应已过时限的 36 件", "此刻超时未响应：care 36 件")
    assert ("money", "先响应已过时限的 9 件", "此刻超时未响应：money 9 件") in steps
    assert ("money", "查清团队“money”为什么变多", "团队money 9 件，平常 0–0 件") in steps
    assert any(text.startswith("查为什么来不及响应") for _, text, _ in steps)


def test_customers_are_counts(world: World) -> None:
    """Repeat contacts, ratings of the week's cases, and nobody to call."""
    calm, _ = angry_week(world)
    world.change(calm[0], contacts=3)
    with world.database.session() as session:
        session.add_all([
            Rating(case_id=number, rating_id=None, at=TUESDAY, actor="x", csat=csat, nps=nps)
            for number, csat, nps in ((calm[0], 2, 0), (calm[1], 5, 10), (1, 1, 1))
        ])  # fmt: skip
        session.commit()
    found = world.report().customers
    assert (found.repeated, found.at_risk) == (1, 0)
    assert (found.csat, found.csat_answers, found.nps, found.nps_answers) == (3.5, 2, 0, 2)


def test_a_model_of_two_levels_has_no_angry_ones() -> None:
    """Anger is told from three levels on."""
    assert Anger.of({1, 2}).angry == ()
    assert Anger.of({0, 1, 2}) == Anger(2, (1, 2))
