"""The statistics page: what is going on in words, single figures, and charts with their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from urllib.parse import quote

from flask import Blueprint, Response, abort, make_response, render_template, request

from service.cases.api import download, feedback_response
from service.cases.query import read_period
from service.cases.spreadsheet import csv_table
from service.cases.statistics import BUCKET_SECONDS, Statistics, statistics
from service.pages import preferences, sessions
from service.pages.charts import Bars, histogram, rates
from service.pages.columns import FILLS, Columns, Series, columns, heat
from service.pages.findings import figures, sentences
from service.pages.names import Names, names
from service.pages.sessions import Office
from service.pages.words import duration
from service.tables import Role

PERIODS = ((7, "7 天"), (30, "30 天"), (90, "90 天"), (366, "一年"))
MAX_KINDS = 6  # categories with a colour of their own; the others are one more
Charts = Mapping[str, Columns | Bars]


def add(routes: Blueprint, office: Office) -> None:
    """The routes of the statistics page."""

    @routes.get("/statistics")
    def show_statistics() -> Response:
        """The page."""
        days, offset, found = _read(office)
        shown = render_template(
            "statistics.html",
            days=days,
            periods=PERIODS,
            zone=dict(preferences.ZONES).get(preferences.zone_name(), preferences.zone_name()),
            offset=f"UTC{offset:+d}",
            is_empty=not found.cases and not found.overrides,
            sentences=sentences(found, names(office)),
            figures=figures(found),
            charts=charts(found, names(office)),
            fills=FILLS,
        )
        return make_response(shown)

    @routes.get("/statistics/<slug>.csv")
    def download_statistics(slug: str) -> Response:
        """The numbers of one chart."""
        days, _, found = _read(office)
        shown = charts(found, names(office))
        if slug not in shown:
            abort(404)
        lines = csv_table(shown[slug].table.head, shown[slug].table.rows)
        return download(lines, "text/csv; charset=utf-8", f"{slug}-{days}.csv")

    @routes.get("/feedback.jsonl")
    def download_feedback() -> Response:
        """All verdicts, for the next training."""
        sessions.need(Role.ADJUDICATOR)
        return feedback_response(office.database, office.desk.secret)


def charts(found: Statistics, shown: Names) -> Charts:
    """Every chart by its slug, in the order of the page."""
    made = (
        columns("levels", "每天的案例，按情绪强度", found.days, _levels(found, shown)),
        columns("categories", "每天的案例，按类别", found.days, _categories(found, shown)),
        histogram("response", "首次响应用时", _ranges(), found.response.buckets),
        histogram("resolution", "解决用时", _ranges(), found.resolution.buckets),
        rates(
            "overrides",
            "各类别的改判比例",
            [(shown.category(o.category), o.overridden, o.reviewed) for o in found.overrides],
            ("模型判断的类别", "复核次数", "改判次数"),
        ),
    )
    return {chart.slug: chart for chart in made}


def _read(office: Office) -> tuple[int, int, Statistics]:
    """Days, the viewer's offset from UTC in hours, and the numbers.

    Sums are kept by the hour of UTC: in a zone with half hours days begin up to 45 minutes early.
    """
    days, _ = read_period({"days": request.args.getlist("days")})
    now = office.desk.clock()
    offset = offset_of(now)
    found = statistics(office.database, now=now, days=days, utc_offset_hours=offset)
    return days, offset, found


def offset_of(now: datetime) -> int:
    """The viewer's offset from UTC in whole hours."""
    apart = now.astimezone(preferences.zone()).utcoffset()
    return int(apart.total_seconds() // 3600) if apart is not None else 0


def _levels(found: Statistics, shown: Names) -> list[Series]:
    """The angriest at the bottom, where a column is read most exactly; not judged on top."""
    known = {level for level in (*shown.labels.levels, *found.by_level) if level is not None}
    order = sorted(known)
    series = [
        Series(
            _level_name(level, shown),
            heat(order.index(level), len(order)),
            found.by_level[level],
            f"/cases?level={level}",
        )
        for level in reversed(order)
        if level in found.by_level
    ]
    if None in found.by_level:
        series.append(Series(shown.level(None), "none", found.by_level[None]))
    return series


def _level_name(level: int, shown: Names) -> str:
    name = shown.level(level)
    return f"{level} 级" if name == str(level) else f"{level} 级 {name}"


def _categories(found: Statistics, shown: Names) -> list[Series]:
    """The largest at the bottom; what has no colour of its own is one series on top."""
    totals = {code: sum(row) for code, row in found.by_category.items()}
    order = sorted(totals, key=lambda code: (-totals[code], code or ""))
    series = [
        Series(
            shown.category(code),
            f"kind{place}",
            found.by_category[code],
            f"/cases?category={quote(code)}" if code else "",
        )
        for place, code in enumerate(order[:MAX_KINDS], start=1)
    ]
    rest = [found.by_category[code] for code in order[MAX_KINDS:]]
    if rest:
        sums = [sum(numbers) for numbers in zip(*rest, strict=True)]
        series.append(Series(f"其余 {len(rest)} 类", "none", sums))
    return series


def _ranges() -> list[str]:
    """The ranges of the two time charts in words."""
    ends = [duration(seconds) for seconds in BUCKET_SECONDS]
    between = [_between(low, high) for low, high in pairwise(ends)]
    return [f"{ends[0]}内", *between, f"{ends[-1]}以上"]


def _between(low: str, high: str) -> str:
    """Two lengths of time as a range; a unit that both have is said once."""
    number, _, unit = low.partition(" ")
    return f"{number}–{high}" if high.endswith(f" {unit}") else f"{low}–{high}"
