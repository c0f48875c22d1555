"""The page on service quality: what the cases and the customers tell, beside what is aimed at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, abort, make_response, render_template, request

from classifier.policy_service import Targets
from service.cases.api import download
from service.cases.query import read_weeks
from service.cases.spreadsheet import csv_table
from service.pages.charts import Bars, Table, percent, rates
from service.pages.names import Names, names
from service.pages.sessions import Office
from service.pages.spark import Spark, spark
from service.pages.statistics import offset_of
from service.pages.words import duration
from service.quality.figures import MAX_WEEKS, WEEKS, Figures, Quality, quality
from service.quality.measures import MEASURES, Measure
from service.quality.servqual import packaged_servqual

PERIODS = ((4, "4 周"), (12, "12 周"), (26, "半年"), (53, "一年"))
_LEAST_WEEKS = 2
_SIGNS = {True: "达标", False: "未达标", None: ""}


@dataclass(frozen=True, slots=True)
class Value:
    """A figure as it is shown, and whether it is what is aimed at."""

    shown: str
    is_met: bool | None

    @property
    def verdict(self) -> str:
        """The same in a word."""
        return _SIGNS[self.is_met]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of figures by group, and the same for a download."""

    slug: str
    title: str
    first: str
    rows: tuple[tuple[str, int, tuple[Value, ...]], ...]
    table: Table


def add(routes: Blueprint, office: Office) -> None:
    """The routes of the page."""

    @routes.get("/quality")
    def show_quality() -> Response:
        """The page."""
        weeks, found = _read(office)
        targets = office.desk.policy().targets
        shown = render_template(
            "quality.html",
            weeks=weeks,
            periods=PERIODS,
            found=found,
            targets=targets,
            aims=[
                (
                    one,
                    _aim(one, targets),
                    _value(one, found.whole, targets),
                    line(one, found, targets),
                )
                for one in MEASURES
            ],
            grids=grids(found, names(office), targets),
            dimensions=dimensions(found),
            servqual=packaged_servqual(),
        )
        return make_response(shown)

    @routes.get("/quality/<slug>.csv")
    def download_quality(slug: str) -> Response:
        """The numbers of one table."""
        weeks, found = _read(office)
        shown = grids(found, names(office), office.desk.policy().targets)
        tables = {grid.slug: grid.table for grid in shown} | {"servqual": dimensions(found).table}
        if slug not in tables:
            abort(404)
        lines = csv_table(tables[slug].head, tables[slug].rows)
        return download(lines, "text/csv; charset=utf-8", f"quality-{slug}-{weeks}.csv")


def grids(found: Quality, called: Names, targets: Targets | None) -> list[Grid]:
    """The tables by week, team and channel, the newest week first."""
    by_week = {
        f"{week.year}年{week.month}月{week.day}日起": one for week, one in found.by_week.items()
    }
    by_team = {called.team(team): one for team, one in found.by_team.items()}
    by_channel = {called.channel(code): one for code, one in found.by_channel.items()}
    return [
        _grid("weeks", "按周", "周", dict(reversed(by_week.items())), targets),
        _grid("teams", "按团队", "团队", by_team, targets),
        _grid("channels", "按渠道", "渠道", by_channel, targets),
    ]


def line(measure: Measure, found: Quality, targets: Targets | None) -> Spark | None:
    """A figure by week, beside its aim; None where there is nothing to compare."""
    weeks = [measure.value(one) for one in found.by_week.values()]
    known = [value for value in weeks if value is not None]
    if len(known) < _LEAST_WEEKS:
        return None
    least, most, last = (_shown(measure, value) for value in (min(known), max(known), known[-1]))
    about = f"{measure.name}按周：最近 {last}，最低 {least}，最高 {most}"
    return spark(weeks, about, aim=measure.target(targets) if targets else None)


def dimensions(found: Quality) -> Bars:
    """Complaints by the dimension of SERVQUAL that they speak of."""
    called = {one.code: one.name for one in packaged_servqual().dimensions}
    whole = sum(found.dimensions.values())
    rows = [
        (called[code] if code else "未归类", number, whole)
        for code, number in found.dimensions.items()
        if whole
    ]
    return rates("servqual", "服务质量的五个维度（SERVQUAL）", rows, ("维度", "全部投诉", "投诉"))


def _read(office: Office) -> tuple[int, Quality]:
    arguments = {"weeks": request.args.getlist("weeks")}
    weeks, _ = read_weeks(arguments, most=MAX_WEEKS, default=WEEKS)
    now = office.desk.clock()
    return weeks, quality(office.database, now=now, weeks=weeks, utc_offset_hours=offset_of(now))


def _grid(
    slug: str, title: str, first: str, groups: Mapping[str, Figures], targets: Targets | None
) -> Grid:
    rows = tuple(
        (name, one.cases, tuple(_value(measure, one, targets) for measure in MEASURES))
        for name, one in groups.items()
    )
    head = (first, "案例", *(measure.name for measure in MEASURES), "评价数")
    table = Table(
        head,
        tuple(
            (name, one.cases, *_plain(one), one.csat_answers + one.nps_answers)
            for name, one in groups.items()
        ),
    )
    return Grid(slug, title, first, rows, table)


def _plain(figures: Figures) -> Iterable[str]:
    """Figures for a spreadsheet: seconds and shares as numbers, nothing where there is none."""
    for measure in MEASURES:
        value = measure.value(figures)
        yield "" if value is None else f"{value:.4g}" if measure.kind == "share" else f"{value:.1f}"


def _value(measure: Measure, figures: Figures, targets: Targets | None) -> Value:
    value = measure.value(figures)
    return Value(_shown(measure, value), measure.is_met(figures, targets))


def _aim(measure: Measure, targets: Targets | None) -> str:
    if targets is None:
        return ""
    sign = "至多" if measure.is_most else "至少"
    return f"{sign} {_shown(measure, measure.target(targets))}"


def _shown(measure: Measure, value: float | None) -> str:
    if value is None:
        return "—"
    if measure.kind == "seconds":
        return duration(value)
    return percent(value, 1) if measure.kind == "share" else f"{value:.1f}"
