"""`GET /v1/customers/at-risk`: check, one call, reply."""

from __future__ import annotations

from flask import Blueprint, Response

from service.api import json_response
from service.cases.api import CaseApi, arguments
from service.cases.plain import plain
from service.cases.query import read_limit
from service.customers.find import AT_RISK, MAX_AT_RISK, AtRisk, callbacks, scale_of
from service.customers.risk import Risk

Json = dict[str, object]


def blueprint(api: CaseApi) -> Blueprint:
    """The route."""
    routes = Blueprint("customers", __name__, url_prefix="/v1/customers")

    @routes.get("/at-risk")
    def at_risk() -> Response:
        """Customers to call today."""
        api.asker()
        limit = read_limit(arguments(), most=MAX_AT_RISK, default=AT_RISK)
        desk, scale = api.desk, scale_of(api.verdicts.labels())
        found = callbacks(desk.database, desk.policy(), scale, now=desk.clock(), limit=limit)
        items = [_customer(one) for one in found.items]
        return json_response({"items": items, "found": found.found, "is_scored": found.is_scored})

    return routes


def risk_fields(risk: Risk) -> Json:
    """A risk with its reasons."""
    return {
        "score": risk.score,
        "points": risk.points,
        "band": risk.band,
        "reasons": [
            {"code": sign.code, "points": sign.points, "detail": sign.detail} for sign in risk.signs
        ],
    }


def _customer(one: AtRisk) -> Json:
    names = ("customer_tier", "contacts", "category", "level", "priority", "team", "owner",
             "created_at", "due_at")  # fmt: skip
    return {
        "case_id": one.case.id,
        "id": one.case.client_id,
        "risk": risk_fields(one.risk),
        "cases": one.cases,
        "open_cases": one.open_cases,
        **{name: plain(getattr(one.case, name)) for name in names},
        "text": one.text,
    }
