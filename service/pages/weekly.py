"""The weekly report's page, and the report as HTML, PDF and CSV files."""

from __future__ import annotations

from datetime import timedelta

import structlog
from flask import Blueprint, Response, abort, make_response, render_template

from service.cases.api import arguments, download
from service.cases.spreadsheet import csv_table
from service.errors import ApiError
from service.pages import preferences, sessions
from service.pages.names import names
from service.pages.sessions import Office
from service.tables import Role
from service.weekly.asked import read_asked
from service.weekly.gather import gather
from service.weekly.listed import table
from service.weekly.pdf import Printer, PrinterBusyError, PrintError
from service.weekly.render import context, render_file
from service.weekly.report import WeeklyReport
from service.weekly.weeks import Week, find_week


def add(routes: Blueprint, office: Office, printer: Printer) -> None:
    """The routes of the weekly report."""

    @routes.get("/insight/weekly")
    def show_weekly() -> Response:
        """The page."""
        report = _report(office)
        shown = render_template(
            "weekly.html",
            before=_beside(office, report.week, -1),
            after=_beside(office, report.week, 1),
            can_print=printer.is_there,
            **context(report, is_file=False),
        )
        return make_response(shown)

    @routes.get("/insight/weekly.html")
    def download_weekly() -> Response:
        """The report as a file that needs nothing beside it."""
        report = _report(office)
        content = render_file(report).encode()
        return _file(content, "text/html; charset=utf-8", report, "html")

    @routes.get("/insight/weekly.pdf")
    def print_weekly() -> Response:
        """The same on paper."""
        report = _report(office)
        return _file(_printed(printer, report), "application/pdf", report, "pdf")

    @routes.get("/insight/weekly/<slug>.csv")
    def download_weekly_table(slug: str) -> Response:
        """One of its tables."""
        report = _report(office)
        found = table(report, slug)
        if found is None:
            abort(404)
        name = f"weekly-{slug}-{report.week.code}.csv"
        return download(csv_table(found.head, found.rows), "text/csv; charset=utf-8", name)


def _report(office: Office) -> WeeklyReport:
    sessions.need(Role.REVIEWER)
    now = office.desk.clock()
    week = read_asked(arguments(), now, preferences.zone())
    return gather(office.database, names(office), week, now=now)


def _beside(office: Office, week: Week, weeks: int) -> str:
    """The week before or after; empty for one that has not begun."""
    year, number, _ = (week.monday + timedelta(weeks=weeks)).isocalendar()
    code = f"{year}-W{number:02d}"
    return code if find_week(code, office.desk.clock(), week.zone) else ""


def _printed(printer: Printer, report: WeeklyReport) -> bytes:
    try:
        return printer.pdf(render_file(report))
    except PrinterBusyError as error:
        wait = {"Retry-After": "10"}
        message = "正在生成另一份 PDF，请过一会儿再试"
        raise ApiError(429, "printer_busy", message, headers=wait) from error
    except PrintError as error:
        structlog.get_logger().error("weekly_pdf_failed", reason=str(error))
        message = "没有生成 PDF：请打开周报，用浏览器打印并存为 PDF"
        raise ApiError(500, "printer_failed", message) from error


def _file(content: bytes, content_type: str, report: WeeklyReport, ending: str) -> Response:
    response = Response(content, content_type=content_type)
    name = f"weekly-{report.week.code}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
