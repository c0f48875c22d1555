"""The report's tables, for reading and for spreadsheets."""

from __future__ import annotations

from collections.abc import Callable

from service.pages.charts import Bar, Bars, Table, across, percent
from service.pages.columns import Columns, Series, columns
from service.weekly.report import WeeklyReport
from service.weekly.usual import Compared
from service.weekly.wording import (
    CALLED,
    VERDICTS,
    aim_target,
    aim_value,
    day,
    seconds,
    usual_range,
)

MAX_BARS = 8
_MET = {True: "达标", False: "未达标", None: ""}


def levels(report: WeeklyReport) -> Columns:
    """Cases by week and level, the angriest at the bottom."""
    found = report.volumes
    series = [Series(one.name, one.fill, one.weeks) for one in found.levels]
    return columns("levels", "每周的投诉，按情绪强度", found.mondays, series, is_weekly=True)


def categories(report: WeeklyReport) -> Bars:
    """Cases of this week by category, the most frequent first, beside what is usual."""
    rows = [one for one in report.volumes.series if one.kind == "category" and one.cases]
    rows = sorted(rows, key=lambda one: -one.cases)[:MAX_BARS]
    most = max((one.cases for one in rows), default=1)
    bars = tuple(
        Bar(one.name, across(one.cases / most), f"{one.cases:,}", f"平常 {usual_range(one.usual)}")
        for one in rows
    )
    return Bars("categories", "本周投诉，按类别", "", bars, _compared(rows), not rows)


def week_names(report: WeeklyReport) -> list[str]:
    """The weeks, as columns of a table."""
    return [f"{day(monday)}起" for monday in report.volumes.mondays]


def table(report: WeeklyReport, slug: str) -> Table | None:
    """One of the tables; None where there is none of this name."""
    make = _TABLES.get(slug)
    return make(report) if make else None


def _compared(rows: list[Compared]) -> Table:
    head = ("名称", "按", "本周", "上周", "此前平均", "平常范围", "判断")
    return Table(
        head,
        tuple(
            (
                one.name,
                CALLED.get(one.kind, ""),
                one.cases,
                "" if one.before is None else one.before,
                f"{one.usual.mean:.1f}" if one.usual else "",
                usual_range(one.usual),
                VERDICTS[one.verdict],
            )
            for one in rows
        ),
    )


def _series(report: WeeklyReport) -> Table:
    return _compared([*report.volumes.series, *report.volumes.dimensions])


def _surges(report: WeeklyReport) -> Table:
    head = (
        "激增",
        "发现时间",
        "结束时间",
        "时段（小时）",
        "案例数",
        "平时",
        "突出的词",
        "团队",
        "案例",
    )
    return Table(
        head,
        tuple(
            (
                one.name,
                one.surge.detected_at.isoformat(),
                one.surge.ended_at.isoformat() if one.surge.ended_at else "",
                one.surge.window_hours,
                one.surge.seen,
                f"{one.surge.expected:.1f}",
                " ".join(one.surge.words),
                one.team,
                " ".join(map(str, one.surge.case_ids)),
            )
            for one in report.news.surges
        ),
    )


def _words(report: WeeklyReport) -> Table:
    head = ("词", "新组合", "案例数", "占比", "此前案例数", "此前占比", "案例")
    return Table(
        head,
        tuple(
            (
                one.word.word,
                "是" if one.word.is_compound else "",
                one.word.now,
                percent(one.word.now, one.word.now_of),
                one.word.before,
                percent(one.word.before, one.word.before_of),
                " ".join(map(str, one.word.case_ids)),
            )
            for one in report.news.words
        ),
    )


def _pain(report: WeeklyReport) -> Table:
    head = ("是什么", "名称", "案例数", "再前一周", "约有多少激烈", "团队", "案例")
    rows: list[tuple[str | int, ...]] = [
        ("常见问题", one.found.issue.name, one.found.cases, one.found.before,
         f"{one.found.angry:.1f}", one.team, " ".join(str(e.case_id) for e in one.examples))
        for one in report.pain.troubles
    ]  # fmt: skip
    wild = [report.pain.furious] if report.pain.furious else []
    for kind, found in (("重大风险信号", report.pain.grave), ("最激烈的一级", wild)):
        rows += [
            (kind, one.name, one.cases, "", "", "", " ".join(str(e.case_id) for e in one.examples))
            for one in found
        ]
    return Table(head, tuple(rows))


def done_rows(report: WeeklyReport) -> tuple[tuple[str, str], ...]:
    """What was done, as names and figures."""
    done = report.done
    return (
        ("进入队列", f"{done.cases:,} 件"),
        ("本周给出首次响应", f"{done.responded:,} 件"),
        ("本周解决", f"{done.resolved:,} 件"),
        ("本周驳回", f"{done.dismissed:,} 件"),
        ("本周进来的，首次响应超时", f"{done.overdue:,} 件（{percent(done.overdue, done.cases)}）"),
        ("此刻超时未响应（全队列）", f"{done.overdue_now:,} 件"),
        ("首次响应：中位数", seconds(done.response.median_seconds)),
        ("首次响应：九成不超过", seconds(done.response.p90_seconds)),
        ("解决用时：中位数", seconds(done.resolution.median_seconds)),
        ("解决用时：九成不超过", seconds(done.resolution.p90_seconds)),
        ("人工复核", f"{done.reviews:,} 次"),
        ("其中更正了机器判断", f"{done.corrected:,} 次（{percent(done.corrected, done.reviews)}）"),
    )


def _done(report: WeeklyReport) -> Table:
    return Table(("做了什么", "数字"), done_rows(report))


def aims(report: WeeklyReport) -> Table:
    """Figures of service quality beside their targets."""
    return Table(
        ("指标", "本周", "目标", "结果"),
        tuple(
            (one.name, aim_value(one, one.value), aim_target(one), _MET[one.is_met])
            for one in report.aims
        ),
    )


def _teams(report: WeeklyReport) -> Table:
    return Table(
        ("团队", "本周案例", "本周超时", "此刻超时未响应"),
        tuple((one.name, one.cases, one.overdue, one.overdue_now) for one in report.done.teams),
    )


def _steps(report: WeeklyReport) -> Table:
    return Table(
        ("下一步", "由谁", "依据", "案例"),
        tuple(
            (one.text, one.team, one.reason, " ".join(map(str, one.case_ids)))
            for one in report.steps
        ),
    )


_TABLES: dict[str, Callable[[WeeklyReport], Table]] = {
    "levels": lambda report: levels(report).table,
    "categories": lambda report: categories(report).table,
    "series": _series,
    "surges": _surges,
    "words": _words,
    "pain": _pain,
    "done": _done,
    "aims": aims,
    "teams": _teams,
    "steps": _steps,
}
