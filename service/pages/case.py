"""The case page: why the machine says what it says, the clock, and everything that can be done."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.datastructures import MultiDict

from service.cases.api import arguments
from service.cases.file import CaseFile, get_case
from service.cases.queue import list_cases, place_of
from service.cases.textless import note_on
from service.customers.find import risk_of, scale_of
from service.pages import marking, sessions
from service.pages.allowed import allowed, verdict_step
from service.pages.answer import answer_of
from service.pages.callbacks import BANDS
from service.pages.changes import Line, event_of
from service.pages.clock import clock_of, statutory_of
from service.pages.dialogue import conversation_of
from service.pages.form_values import PRESETS, Form
from service.pages.names import everybody, names
from service.pages.sessions import Office
from service.pages.view import View, view_of
from service.pages.words import DONE
from service.privacy.explanation import explanation_of
from service.similar.find import similar_cases
from service.tables import Role

_MAX_PLACE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Told:
    """What went wrong with a form, and everything that was typed into it."""

    form: str = ""
    message: str = ""
    status: int = 200
    blamed: str | None = None  # the field
    lines: tuple[Line, ...] = ()
    typed: Form = field(default_factory=MultiDict)


def add(routes: Blueprint, office: Office) -> None:
    """The routes that show a case."""

    @routes.get("/cases/<int:case_id>")
    def show_case(case_id: int) -> Response:
        """One case."""
        return case_page(office, case_id, view_of(arguments()), request.args.get("at"), Told())

    @routes.get("/cases/<int:case_id>/next")
    def next_case(case_id: int) -> Response:
        """The case behind this one in the same view."""
        return _neighbour(office, case_id, is_back=False)

    @routes.get("/cases/<int:case_id>/previous")
    def previous_case(case_id: int) -> Response:
        """The case before this one in the same view."""
        return _neighbour(office, case_id, is_back=True)


def case_page(office: Office, case_id: int, view: View, place: str | None, told: Told) -> Response:
    """The page of a case, with what went wrong if something did.

    Raises:
        CaseNotFoundError: there is no such case.
    """
    now, actor, called = office.desk.clock(), sessions.actor(), names(office)
    file = get_case(office.database, case_id)
    pieces = marking.pieces(file.prediction)
    place = (place or "")[:_MAX_PLACE_CHARS] or place_of(file.case, view.window().sort)
    answer, answer_sources = answer_of(file, called, office.playbook())
    html = render_template(
        "case.html",
        case=file.case,
        file=file,
        clock=clock_of(file.case, now, called.policy),
        statutory=statutory_of(file, now),
        segments=marking.whole(file.text, pieces, called),
        text_note=note_on(file.text),
        conversation=conversation_of(file, pieces, called),
        pieces=pieces,
        answer=answer,
        explanation=explanation_of(file, called.labels, called.policy),
        answer_sources=answer_sources,
        events=[event_of(entry, called) for entry in reversed(file.history)],
        may=allowed(file, actor, now),
        step=verdict_step(file, actor),
        labels=called.labels,
        risk=risk_of(office.database, file.case, called.policy, scale_of(called.labels), now=now),
        risk_bands=BANDS,
        similar=similar_cases(office.database, office.verdicts.predictor.model, case_id, limit=3),
        shown_signals=_shown_signals(office, file),
        colleagues=_colleagues(office),
        presets=PRESETS,
        view=view,
        place=place,
        around=_around(view, place),
        told=told,
        done=DONE.get(request.args.get("done", "")),
        done_name=request.args.get("done", ""),
        now=now,
    )
    return make_response(html, told.status)


def case_address(case_id: int, view: View, place: str | None, done: str = "") -> str:
    """The address of a case within a view."""
    more = urlencode({k: v for k, v in (("at", place), ("done", done)) if v})
    query = "&".join(part for part in (view.query, more) if part)
    return f"/cases/{case_id}?{query}" if query else f"/cases/{case_id}"


def _around(view: View, place: str) -> str:
    """The query that leads on from here, also after the case has left the view."""
    return "&".join(part for part in (view.query, urlencode({"at": place})) if part)


def _neighbour(office: Office, case_id: int, *, is_back: bool) -> Response:
    """Leads to the next case of the view, or back to its beginning."""
    given, now = view_of(arguments()), office.desk.clock()
    sort = given.window().sort
    place = request.args.get("at", "")[:_MAX_PLACE_CHARS]
    if not place:
        place = place_of(get_case(office.database, case_id).case, sort)
    view = View(given.values, place)
    filters = view.filters(me=sessions.actor().id, now=now)
    window = view.window(limit=1, is_back=is_back)
    found = list_cases(office.database, filters, window, now=now).items
    here = View(given.values)
    if not found:
        sign = "&" if "?" in here.address() else "?"
        return make_response(redirect(f"{here.address()}{sign}end=1", 303))
    return make_response(redirect(case_address(found[0].case.id, here, None), 303))


def _shown_signals(office: Office, file: CaseFile) -> list[str]:
    """Every signal a verdict may name: those of the policy, of the case and of the model."""
    codes = names(office).signal_codes()
    own = set(file.case.signals.split())
    for verdict in file.verdicts:
        own |= {*verdict.signals.split(), *verdict.predicted_signals.split()}
    return [*codes, *sorted(own - set(codes))]


def _colleagues(office: Office) -> list[tuple[str, str]]:
    """Who a case may be handed to."""
    return [
        (f"user:{user.id}", user.name)
        for user in everybody(office)
        if user.disabled_at is None and user.role >= Role.REVIEWER
    ]
