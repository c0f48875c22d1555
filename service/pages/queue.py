"""The queue page: what to look at next, why at a glance, and claiming many at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from flask import Blueprint, Response, make_response, redirect, render_template, request

from service.cases.api import arguments, csv_reply
from service.cases.desk import Claim
from service.cases.faults import CaseFieldError
from service.cases.file import predictions_of
from service.cases.queue import Page, count_cases, list_cases
from service.cases.search import note_on_search
from service.cases.tables import Case
from service.pages import marking, sessions
from service.pages.changes import claim_reason
from service.pages.clock import Clock, clock_of
from service.pages.filters import chips, choices, tabs
from service.pages.marking import Segment
from service.pages.names import Names, names
from service.pages.sessions import Office
from service.pages.view import View, view_of, view_of_query
from service.tables import Role

_COUNTED = 1000  # beyond this the page says "more than"


@dataclass(frozen=True, slots=True)
class Row:
    """One case as the list shows it."""

    case: Case
    clock: Clock
    segments: list[Segment]


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the form that led here."""

    claims: tuple[Claim, ...] = ()
    fault: str | None = None
    status: int = 200
    search_note: str | None = None


def add(routes: Blueprint, office: Office) -> None:
    """The routes of the queue."""

    @routes.get("/cases")
    def show_queue() -> Response:
        """A page of the queue."""
        return _page(office, view_of(arguments()), Told())

    @routes.post("/cases/claim")
    def claim_cases() -> Response:
        """Claims what was ticked; what could not be claimed is told."""
        sessions.need(Role.REVIEWER)
        view = view_of_query(request.form.get("view", ""))
        numbers = [int(n) for n in request.form.getlist("case_id") if n.isascii() and n.isdigit()]
        try:
            claims = office.desk.claim_many(numbers, sessions.actor())
        except CaseFieldError:
            return _page(office, view, Told(fault="请先勾选要认领的案例", status=422))
        if all(claim.error is None for claim in claims):
            address = view.address()
            sign = "&" if "?" in address else "?"
            return make_response(redirect(f"{address}{sign}claimed={len(claims)}", 303))
        return _page(office, view, Told(claims=tuple(claims), status=409))

    @routes.get("/cases/export.csv")
    def export_cases() -> Response:
        """All cases of the view as CSV."""
        view, now = view_of(arguments()), office.desk.clock()
        filters = view.filters(me=sessions.actor().id, now=now)
        return csv_reply(office.database, filters, view.window().sort, now)


def _page(office: Office, view: View, told: Told) -> Response:
    """The page; a filter that is not allowed is told above an empty list."""
    now, me = office.desk.clock(), sessions.actor().id
    try:
        filters = view.filters(me=me, now=now)
        window = view.window()
        page = list_cases(office.database, filters, window, now=now)
    except CaseFieldError as fault:
        told = replace(told, fault=f"筛选条件有误：{fault}", status=422)
        return _shown(office, view, Page((), None), told, 0)
    told = replace(told, search_note=note_on_search(filters.words, office.database.keeping))
    number = len(page.items)
    if page.next_cursor or view.cursor:
        number = count_cases(office.database, filters, now=now, most=_COUNTED)
    return _shown(office, view, page, told, number)


def _shown(office: Office, view: View, page: Page, told: Told, number: int) -> Response:
    now, called = office.desk.clock(), names(office)
    html = render_template(
        "queue.html",
        view=view,
        rows=_rows(office, page, now, called),
        page=page,
        told=told,
        claimed=_claimed(),
        is_end="end" in request.args,
        failed=[(c.case_id, claim_reason(c, called)) for c in told.claims if c.error],
        number=number,
        is_more=number >= _COUNTED,
        chips=chips(view, called),
        choices=choices(view, called),
        tabs=tabs(office, view, now),
        search_note=told.search_note,
        now=now,
    )
    return make_response(html, told.status)


def _rows(office: Office, page: Page, now: datetime, called: Names) -> list[Row]:
    found = predictions_of(office.database, [item.case.id for item in page.items])
    return [
        Row(
            item.case,
            clock_of(item.case, now, called.policy),
            marking.excerpt(item.text, marking.pieces(found.get(item.case.id, {})), called),
        )
        for item in page.items
    ]


def _claimed() -> int:
    """How many were claimed just now, as the address tells."""
    number = request.args.get("claimed", "")
    return int(number) if number.isascii() and number.isdigit() and len(number) <= 3 else 0
