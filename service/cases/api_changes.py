"""The `/v1/cases` endpoints that change cases: check, one call, reply."""

from __future__ import annotations

from flask import Blueprint, Response

from classifier.prediction import Priority
from service.api import json_response
from service.cases import bodies
from service.cases.api import CaseApi, add_one, add_readers, tagged
from service.cases.query import owner_id
from service.cases.shown import case_fields, verdict_fields
from service.cases.tables import Case
from service.cases.verdicts import Opinion
from service.similar import api as similar_api


def blueprint(api: CaseApi) -> Blueprint:
    """All `/v1/cases` routes."""
    routes = Blueprint("cases", __name__, url_prefix="/v1/cases")
    add_readers(routes, api)
    add_one(routes, api)
    similar_api.add(routes, api)
    _add_ownership(routes, api)
    _add_work(routes, api)
    _add_ends(routes, api)
    return routes


def _add_ownership(routes: Blueprint, api: CaseApi) -> None:
    desk = api.desk

    @routes.post("/claim")
    def claim_many() -> Response:
        """Claims many cases; each that cannot be claimed says why."""
        by, sent = api.sent(bodies.ClaimManyBody)
        claims = desk.claim_many(sent.case_ids, by)
        results = [
            {"case_id": c.case_id, "claimed": c.error is None, "reason": c.reason} for c in claims
        ]
        return json_response({"results": results})

    @routes.post("/<int:case_id>/claim")
    def claim(case_id: int) -> Response:
        """Makes the asker the owner; of many at once exactly one gets 200."""
        by, sent = api.sent(bodies.ChangeBody)
        return _changed(desk.claim(case_id, by, version=sent.version))

    @routes.post("/<int:case_id>/release")
    def release(case_id: int) -> Response:
        """Gives the case back to the queue."""
        by, sent = api.sent(bodies.ChangeBody)
        return _changed(desk.release(case_id, by, version=sent.version))

    @routes.post("/<int:case_id>/assign")
    def assign(case_id: int) -> Response:
        """Makes somebody else the owner."""
        by, sent = api.sent(bodies.AssignBody)
        owner = owner_id(sent.owner, by.id)
        return _changed(desk.assign(case_id, by, owner, version=sent.version))


def _add_work(routes: Blueprint, api: CaseApi) -> None:
    desk = api.desk

    @routes.post("/<int:case_id>/snooze")
    def snooze(case_id: int) -> Response:
        """Puts the case off, or brings it back."""
        by, sent = api.sent(bodies.SnoozeBody)
        return _changed(desk.snooze(case_id, by, sent.until, version=sent.version))

    @routes.post("/<int:case_id>/note")
    def note(case_id: int) -> Response:
        """Adds a note."""
        by, sent = api.sent(bodies.NoteBody)
        return _changed(desk.note(case_id, by, sent.note, version=sent.version))

    @routes.post("/<int:case_id>/respond")
    def respond(case_id: int) -> Response:
        """Notes the first response to the customer."""
        by, sent = api.sent(bodies.ChangeBody)
        return _changed(desk.respond(case_id, by, version=sent.version))

    @routes.post("/<int:case_id>/wait_for_customer")
    def wait_for_customer(case_id: int) -> Response:
        """Stops the clock while the customer has to answer."""
        by, sent = api.sent(bodies.ChangeBody)
        return _changed(desk.wait_for_customer(case_id, by, version=sent.version))

    @routes.post("/<int:case_id>/resume")
    def resume(case_id: int) -> Response:
        """Lets the clock go on."""
        by, sent = api.sent(bodies.ChangeBody)
        return _changed(desk.resume(case_id, by, version=sent.version))

    @routes.post("/<int:case_id>/verdict")
    def verdict(case_id: int) -> Response:
        """Confirms or corrects what the model said."""
        by, sent = api.sent(bodies.VerdictBody)
        priority = Priority[sent.priority] if sent.priority else None
        opinion = Opinion(sent.category, sent.level, sent.signals, priority, sent.reason)
        given = api.verdicts.give(case_id, by, opinion, version=sent.version)
        return json_response(verdict_fields(given))


def _add_ends(routes: Blueprint, api: CaseApi) -> None:
    desk = api.desk

    @routes.post("/<int:case_id>/resolve")
    def resolve(case_id: int) -> Response:
        """Closes the case as done."""
        by, sent = api.sent(bodies.ClosingBody)
        return _changed(desk.resolve(case_id, by, version=sent.version, note=sent.note))

    @routes.post("/<int:case_id>/dismiss")
    def dismiss(case_id: int) -> Response:
        """Closes the case as one that needs nothing."""
        by, sent = api.sent(bodies.ClosingBody)
        return _changed(desk.dismiss(case_id, by, version=sent.version, note=sent.note))

    @routes.post("/<int:case_id>/reopen")
    def reopen(case_id: int) -> Response:
        """Brings a closed case back."""
        by, sent = api.sent(bodies.ClosingBody)
        return _changed(desk.reopen(case_id, by, version=sent.version, note=sent.note))


def _changed(case: Case) -> Response:
    return tagged(case_fields(case), case.version)
