"""The insight page: frequent issues, emerging words and surges, each with a table and a CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, make_response, render_template

from service.cases.api import arguments, download
from service.cases.spreadsheet import csv_table
from service.insight.query import Asked, read_asked
from service.insight.read import (
    cases_in,
    current_issues,
    emerging_words,
    excerpts,
    surges_since,
)
from service.insight.tables import EmergingWord, Issue, Surge
from service.pages import sessions
from service.pages.charts import percent
from service.pages.names import Names, names
from service.pages.sessions import Office
from service.pages.spark import Spark, spark
from service.tables import Role

PERIODS = ((7, "7 天"), (30, "30 天"), (90, "90 天"))
_MAX_ISSUES = 50


@dataclass(frozen=True, slots=True)
class IssueRow:
    """A frequent issue as a row; `spark` is the small line of its days."""

    issue: Issue
    cases: int
    week: int
    week_before: int
    category: str
    team: str
    levels: str
    example: str
    spark: Spark


@dataclass(frozen=True, slots=True)
class SurgeRow:
    """A surge as a row."""

    surge: Surge
    what: str
    also: str
    times: str


def add(routes: Blueprint, office: Office) -> None:
    """The routes of the insight page."""

    @routes.get("/insight")
    def show_insight() -> Response:
        """The page."""
        asked, called = _asked(), names(office)
        issues = current_issues(office.database, category=asked.category, days=asked.days)
        words = emerging_words(office.database, days=asked.days, category=asked.category)
        shown = render_template(
            "insight.html",
            asked=asked,
            periods=PERIODS,
            categories=sorted((called.category(c), c) for c in called.labels.categories if c),
            query=urlencode({"days": asked.days, "category": asked.category or ""}),
            issues=_issue_rows(office, issues[:_MAX_ISSUES], asked, called),
            number=len(issues),
            words=[(one, *_shares(one)) for one in words],
            surges=[_surge_row(one, called) for one in _surges(office, asked)],
            built_at=_built_at(issues, words),
        )
        return make_response(shown)

    @routes.get("/insight/<slug>.csv")
    def download_insight(slug: str) -> Response:
        """One of the tables."""
        asked = _asked()
        if slug not in _TABLES:
            abort(404)
        lines = csv_table(*_TABLES[slug](office, asked, names(office)))
        return download(lines, "text/csv; charset=utf-8", f"{slug}-{asked.days}.csv")


def _asked() -> Asked:
    sessions.need(Role.REVIEWER)
    return read_asked(arguments())


def _surges(office: Office, asked: Asked) -> list[Surge]:
    now = office.desk.clock()
    return surges_since(office.database, now, days=asked.days, category=asked.category)


def _issue_rows(
    office: Office, found: Sequence[Issue], asked: Asked, called: Names
) -> list[IssueRow]:
    texts = excerpts(office.database, [one.case_ids[0] for one in found])
    rows = []
    for one in found:
        days = one.daily[-asked.days :]
        rows.append(
            IssueRow(
                issue=one,
                cases=cases_in(one, asked.days),
                week=sum(one.daily[-7:]),
                week_before=sum(one.daily[-14:-7]),
                category=called.category(one.category),
                team=called.team(one.team),
                levels=_levels(one, called),
                example=texts.get(one.case_ids[0], ""),
                spark=spark(days, _about(days)),
            )
        )
    return rows


def _about(days: Sequence[int]) -> str:
    most, last = max(days), days[-1]
    return f"{len(days)} 天里每天的案例，最多的一天 {most} 件，最近一天 {last} 件"


def _levels(issue: Issue, called: Names) -> str:
    """The levels, the angriest first, with the share of each."""
    order = sorted(issue.levels, key=lambda level: -int(level or -99))
    return " · ".join(
        f"{_level(level, called)} {percent(issue.levels[level], issue.cases)}" for level in order
    )


def _level(level: str, called: Names) -> str:
    name = called.level(int(level) if level else None)
    return f"{level} 级" if name == level else name


def _surge_row(surge: Surge, called: Names) -> SurgeRow:
    times = f"{surge.seen / surge.expected:.1f} 倍" if surge.expected >= 0.5 else "平时几乎没有"
    also = "、".join(called.series(one) for one in surge.also)
    return SurgeRow(surge, called.series(f"{surge.kind}:{surge.code}"), also, times)


def _shares(word: EmergingWord) -> tuple[str, str]:
    return percent(word.now, word.now_of), percent(word.before, word.before_of)


def _built_at(issues: Sequence[Issue], words: Sequence[EmergingWord]) -> datetime | None:
    moments = [*(one.built_at for one in issues), *(one.built_at for one in words)]
    return max(moments, default=None)


Table = tuple[Iterable[object], Iterable[Iterable[object]]]


def _issue_table(office: Office, asked: Asked, called: Names) -> Table:
    found = current_issues(office.database, category=asked.category, days=asked.days)
    head = ("编号", "问题", "类别", "案例数", "近7天", "再前7天", "团队", "情绪强度", "典型案例",
            "首次归纳", *(f"倒数第{day}天" for day in range(asked.days, 0, -1)))  # fmt: skip
    rows = [
        (one.id, one.name, called.category(one.category), cases_in(one, asked.days),
         sum(one.daily[-7:]), sum(one.daily[-14:-7]), called.team(one.team), _levels(one, called),
         one.case_ids, one.found_at.isoformat(), *one.daily[-asked.days:])
        for one in found
    ]  # fmt: skip
    return head, rows


def _word_table(office: Office, asked: Asked, _: Names) -> Table:
    found = emerging_words(office.database, days=asked.days, category=asked.category)
    head = ("词", "新组合", "天数", "案例数", "占比", "此前案例数", "此前占比", "z", "案例")
    rows = [
        (one.word, "是" if one.is_compound else "", one.days, one.now, _shares(one)[0], one.before,
         _shares(one)[1], round(one.z, 2), one.case_ids)
        for one in found
    ]  # fmt: skip
    return head, rows


def _surge_table(office: Office, asked: Asked, called: Names) -> Table:
    head = ("激增", "发现时间", "结束时间", "时段（小时）", "案例数", "平时", "同时表现在",
            "突出的词", "案例")  # fmt: skip
    rows = [
        (row.what, one.detected_at.isoformat(), one.ended_at.isoformat() if one.ended_at else "",
         one.window_hours, one.seen, round(one.expected, 1), row.also, one.words, one.case_ids)
        for one in _surges(office, asked)
        for row in [_surge_row(one, called)]
    ]  # fmt: skip
    return head, rows


_TABLES = {"issues": _issue_table, "words": _word_table, "surges": _surge_table}
