"""What a director must know of a week, in at most five sentences, each from a figure.

The rules stand in the order of importance; each says its sentence or nothing, and the first five
sentences are taken. The last rules say that nothing happened where the others found nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice

from service.pages.charts import percent
from service.weekly.report import Sentence, WeeklyReport
from service.weekly.wording import (
    aim_target,
    aim_value,
    cases_of,
    change,
    day,
    series_name,
    usual_range,
)

MOST = 5
_MOST_NAMED = 3


def summary(report: WeeklyReport) -> tuple[Sentence, ...]:
    """The sentences; one that says so for a week without cases."""
    if report.is_empty:
        span = f"{day(report.week.monday)}–{day(report.week.sunday)}"
        text = f"第 {report.week.number} 周（{span}）没有案例进入队列。"
        return (Sentence(text, "/statistics"),)
    return tuple(islice(chain.from_iterable(rule(report) for rule in _RULES), MOST))


def _volume(report: WeeklyReport) -> Iterator[Sentence]:
    whole, week = report.volumes.whole, report.week
    span = f"第 {week.number} 周（{day(week.monday)}–{day(week.sunday)}）"
    running = "未满一周，到目前为止" if week.is_running else ""
    said = [f"{span}{running}进来 {whole.cases:,} 件投诉", change(whole)]
    same = "（各周只计同一时段）" if week.is_running else ""
    if whole.before is None:
        said.append("这是有记录以来的第一周，还没有可以比较的历史")
    elif whole.usual is None:
        said.append("此前不足四个完整的周，还不能说多少算平常")
    else:
        number, mean = len(whole.weeks) - 1, whole.usual.mean
        said.append(f"此前 {number} 周平均 {mean:,.0f} 件{same}")
        verdict = {
            "above": "高于平常范围", "below": "低于平常范围", "usual": "在平常范围之内",
        }[whole.verdict]  # fmt: skip
        said.append(f"{verdict}（{usual_range(whole.usual)} 件）")
    yield Sentence("，".join(part for part in said if part) + "。", cases_of(week))


def _open_surges(report: WeeklyReport) -> Iterator[Sentence]:
    found = [one for one in report.news.surges if one.surge.ended_at is None]
    if found:
        shown = "、".join(
            f"{one.name}（{one.surge.window_hours} 小时内 {one.surge.seen} 件，"
            f"平时 {one.surge.expected:.0f} 件）"
            for one in found[:_MOST_NAMED]
        )
        text = f"有 {len(found)} 次激增还没有平息：{shown}。"
        yield Sentence(text, "/insight", tuple(found[0].surge.case_ids))


def _angrier(report: WeeklyReport) -> Iterator[Sentence]:
    angry = report.volumes.angry
    if angry is not None and angry.has_risen:
        yield _anger(report)


def _risen(report: WeeklyReport) -> Iterator[Sentence]:
    risen = report.volumes.risen
    if risen:
        shown = "、".join(
            f"{series_name(one)} {one.cases:,} 件（平均 {one.usual.mean:,.0f}，"
            f"平常 {usual_range(one.usual)}）"
            for one in risen[:_MOST_NAMED]
            if one.usual
        )
        more = f"等 {len(risen)} 项" if len(risen) > _MOST_NAMED else ""
        first = {risen[0].kind: risen[0].code}
        yield Sentence(f"明显多于平常的是{shown}{more}。", cases_of(report.week, **first))


def _late(report: WeeklyReport) -> Iterator[Sentence]:
    if any(one.code == "overdue_share" and one.is_met is False for one in report.aims):
        yield _overdue(report)


def _grave(report: WeeklyReport) -> Iterator[Sentence]:
    if report.pain.grave:
        shown = "、".join(f"{one.name} {one.cases:,} 件" for one in report.pain.grave)
        numbers = tuple(e.case_id for one in report.pain.grave for e in one.examples)
        address = cases_of(report.week, signal=report.pain.grave[0].code)
        yield Sentence(f"带有重大风险信号的投诉：{shown}。", address, numbers)


def _trouble(report: WeeklyReport) -> Iterator[Sentence]:
    if report.pain.troubles:
        worst = report.pain.troubles[0]
        angry = f"，其中约 {worst.found.angry:.0f} 件言辞激烈" if worst.found.angry >= 0.5 else ""
        named = f"“{worst.found.issue.name}”（{worst.category}）"
        numbers = f"{worst.found.cases:,} 件{angry}，再前一周 {worst.found.before:,} 件"
        text = f"最伤人的具体问题是{named}：{numbers}。"
        yield Sentence(text, "/insight", tuple(one.case_id for one in worst.examples))


def _callbacks(report: WeeklyReport) -> Iterator[Sentence]:
    if report.customers.at_risk:
        text = f"此刻有 {report.customers.at_risk:,} 位客户流失风险高而今天还没有人答复，应当回访。"
        yield Sentence(text, "/callbacks")


def _nothing_rose(report: WeeklyReport) -> Iterator[Sentence]:
    if not report.volumes.risen and report.volumes.whole.usual is not None:
        yield Sentence("没有哪个类别、团队、渠道、商品或地区多到平常范围之外。", "/statistics")


def _calm(report: WeeklyReport) -> Iterator[Sentence]:
    if report.volumes.angry is not None and not report.volumes.angry.has_risen:
        yield _anger(report)


def _punctual(report: WeeklyReport) -> Iterator[Sentence]:
    if not any(one.code == "overdue_share" and one.is_met is False for one in report.aims):
        yield _overdue(report)


def _anger(report: WeeklyReport) -> Sentence:
    angry, whole = report.volumes.angry, report.volumes.whole
    assert angry is not None  # noqa: S101  (both rules that call this have asked)
    share = percent(angry.cases, whole.cases)
    said = f"最激烈的两级（{angry.name}）有 {angry.cases:,} 件，占 {share}"
    if angry.usual is not None:
        where = {"above": "高于", "below": "低于"}.get(angry.verdict, "在")
        inside = "之内" if where == "在" else ""
        said += f"，{where}平常范围{inside}（{usual_range(angry.usual)} 件）"
    return Sentence(f"{said}。", "/statistics")


def _overdue(report: WeeklyReport) -> Sentence:
    done = report.done
    aim = next((one for one in report.aims if one.code == "overdue_share"), None)
    if not done.overdue:
        said = "本周进来的案例首次响应都没有超时"
    else:
        share = aim_value(aim, aim.value) if aim else percent(done.overdue, done.cases)
        said = f"本周进来的案例有 {share}首次响应超时"
        said += f"（目标{aim_target(aim)}）" if aim and aim.target is not None else ""
    if done.overdue_now:
        worst = done.teams[0]
        said += f"；此刻全队列有 {done.overdue_now:,} 件过了时限还没有人响应"
        said += f"，最多的是{worst.name}（{worst.overdue_now:,} 件）"
    return Sentence(f"{said}。", "/cases?overdue=true")


_RULES: tuple[Callable[[WeeklyReport], Iterator[Sentence]], ...] = (
    _volume, _open_surges, _angrier, _risen, _late, _grave, _trouble, _callbacks,
    _nothing_rose, _calm, _punctual,
)  # fmt: skip
