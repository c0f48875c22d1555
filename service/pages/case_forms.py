"""Every change of a case as a form: one call, then back to the page.

What cannot be done is told on the page itself, with everything that was typed still in it.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, make_response, redirect, request

from service.cases.faults import (
    CaseConflictError,
    CaseError,
    CaseFieldError,
    CaseForbiddenError,
    CaseNotFoundError,
)
from service.cases.file import get_case
from service.pages import preferences, sessions
from service.pages.case import Told, case_address, case_page
from service.pages.changes import conflict_lines
from service.pages.form_values import read_opinion, read_until, read_version
from service.pages.names import names
from service.pages.sessions import Office
from service.pages.view import view_of_query
from service.tables import Role

_MAX_PLACE_CHARS = 200
Act = Callable[[int], object]


def add(routes: Blueprint, office: Office) -> None:
    """The routes of all forms on a case."""
    _add_ownership(routes, office)
    _add_work(routes, office)
    _add_ends(routes, office)


def _add_ownership(routes: Blueprint, office: Office) -> None:
    desk = office.desk

    @routes.post("/cases/<int:case_id>/claim")
    def claim_case(case_id: int) -> Response:
        """Makes the person the owner."""
        return _change(
            office, case_id, "claim", lambda v: desk.claim(case_id, sessions.actor(), version=v)
        )

    @routes.post("/cases/<int:case_id>/release")
    def release_case(case_id: int) -> Response:
        """Gives the case back."""
        return _change(
            office, case_id, "release", lambda v: desk.release(case_id, sessions.actor(), version=v)
        )

    @routes.post("/cases/<int:case_id>/assign")
    def assign_case(case_id: int) -> Response:
        """Hands the case to somebody."""
        owner = request.form.get("owner", "")

        def act(version: int) -> None:
            if owner not in names(office).people:
                raise CaseFieldError("owner", "请选择一位同事")
            desk.assign(case_id, sessions.actor(), owner, version=version)

        return _change(office, case_id, "assign", act)


def _add_work(routes: Blueprint, office: Office) -> None:
    desk = office.desk

    @routes.post("/cases/<int:case_id>/snooze")
    def snooze_case(case_id: int) -> Response:
        """Puts the case off, or brings it back."""

        def act(version: int) -> None:
            until = read_until(request.form, desk.clock(), preferences.zone())
            desk.snooze(case_id, sessions.actor(), until, version=version)

        return _change(office, case_id, "wake" if request.form.get("wake") else "snooze", act)

    stops = {"wait_for_customer": desk.wait_for_customer, "resume": desk.resume}

    @routes.post("/cases/<int:case_id>/<any(wait_for_customer, resume):stop>")
    def stop_case(case_id: int, stop: str) -> Response:
        """Stops the clock while the customer has to answer, or lets it go on."""
        return _change(
            office, case_id, stop, lambda v: stops[stop](case_id, sessions.actor(), version=v)
        )

    @routes.post("/cases/<int:case_id>/respond")
    def respond_case(case_id: int) -> Response:
        """Notes the first response."""
        return _change(
            office, case_id, "respond", lambda v: desk.respond(case_id, sessions.actor(), version=v)
        )

    @routes.post("/cases/<int:case_id>/note")
    def note_case(case_id: int) -> Response:
        """Adds a note."""
        text = request.form.get("note", "")
        return _change(
            office,
            case_id,
            "note",
            lambda v: desk.note(case_id, sessions.actor(), text, version=v),
        )

    @routes.post("/cases/<int:case_id>/verdict")
    def judge_case(case_id: int) -> Response:
        """Confirms, corrects, reviews or settles."""

        def act(version: int) -> None:
            adopts = "adopt" in request.form
            earlier = get_case(office.database, case_id).verdicts if adopts else ()
            opinion = read_opinion(request.form, earlier)
            office.verdicts.give(case_id, sessions.actor(), opinion, version=version)

        return _change(
            office, case_id, "confirm" if request.form.get("confirm") else "correct", act
        )


def _add_ends(routes: Blueprint, office: Office) -> None:
    desk = office.desk
    ends = {"resolve": desk.resolve, "dismiss": desk.dismiss, "reopen": desk.reopen}

    @routes.post("/cases/<int:case_id>/<any(resolve, dismiss, reopen):end>")
    def end_case(case_id: int, end: str) -> Response:
        """Closes the case as done or as nothing to do, or opens it again."""
        note = request.form.get("note", "").strip() or None
        return _change(
            office,
            case_id,
            end,
            lambda v: ends[end](case_id, sessions.actor(), version=v, note=note),
        )


def _change(office: Office, case_id: int, form: str, act: Act) -> Response:
    """Does it and goes back to the page; or shows the page with what went wrong."""
    sessions.need(Role.REVIEWER)
    view = view_of_query(request.form.get("view", ""))
    place = request.form.get("at", "")[:_MAX_PLACE_CHARS] or None
    try:
        act(read_version(request.form))
    except CaseNotFoundError:
        raise
    except CaseError as error:
        return case_page(office, case_id, view, place, _told(office, form, error))
    return make_response(redirect(case_address(case_id, view, place, form), 303))


def _told(office: Office, form: str, error: CaseError) -> Told:
    """What to say on the page."""
    typed = request.form
    if isinstance(error, CaseConflictError):
        lines = tuple(conflict_lines(error, names(office)))
        message = "您打开页面之后，这个案例已被他人更新。请看过变化再提交，您填写的内容都还在。"
        return Told(form, message, 409, None, lines, typed)
    if isinstance(error, CaseFieldError):
        return Told(form, str(error), 422, error.field, (), typed)
    status = 403 if isinstance(error, CaseForbiddenError) else 409
    return Told(form, str(error), status, None, (), typed)
