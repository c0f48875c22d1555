"""The page of customers to call back today, and the same as CSV."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, make_response, render_template

from service.cases.api import download
from service.cases.spreadsheet import csv_table
from service.customers.find import AT_RISK, MAX_AT_RISK, AtRisk, Callbacks, callbacks, scale_of
from service.pages.names import Names, names
from service.pages.sessions import Office

BANDS = {"high": "高", "medium": "中", "low": "低"}
_COLUMNS = ("案例", "贵方编号", "流失风险", "原因", "优先级", "响应时限", "类别", "情绪强度",
            "客户等级", "负责人", "团队", "未结束案例", "近期案例", "文本（已脱敏）")  # fmt: skip


def add(routes: Blueprint, office: Office) -> None:
    """The routes of the page."""

    @routes.get("/callbacks")
    def show_callbacks() -> Response:
        """Whom to call today, and why."""
        found = _found(office, AT_RISK)
        return make_response(render_template("callbacks.html", found=found, bands=BANDS))

    @routes.get("/callbacks.csv")
    def download_callbacks() -> Response:
        """The same for a spreadsheet."""
        called = names(office)
        lines = csv_table(_COLUMNS, _rows(_found(office, MAX_AT_RISK), called))
        return download(lines, "text/csv; charset=utf-8", "callbacks.csv")


def _found(office: Office, limit: int) -> Callbacks:
    policy, labels = office.desk.policy(), office.verdicts.labels()
    now = office.desk.clock()
    return callbacks(office.database, policy, scale_of(labels), now=now, limit=limit)


def _rows(found: Callbacks, called: Names) -> Iterator[tuple[object, ...]]:
    return (_row(one, called) for one in found.items)


def _row(one: AtRisk, called: Names) -> tuple[object, ...]:
    case = one.case
    reasons = "；".join(f"{sign.detail}（+{sign.points}）" for sign in one.risk.signs)
    return (
        case.id, case.client_id or "", f"{one.risk.score:.2f}", reasons, case.priority.name,
        case.due_at.isoformat(timespec="seconds"), called.category(case.category),
        called.level(case.level),
        called.customer_tier(case.customer_tier) if case.customer_tier else "",
        called.person(case.owner), called.team(case.team), one.open_cases, one.cases, one.text,
    )  # fmt: skip
