"""`POST /v1/cases/{id}/feedback` and `GET /v1/quality`: check, one call, reply."""

from __future__ import annotations

from flask import Blueprint, Response, request

from classifier.policy_service import Targets
from service.api import json_response
from service.cases.api import CaseApi, arguments
from service.cases.plain import plain
from service.cases.query import read_weeks
from service.idempotency import identify
from service.quality.figures import MAX_WEEKS, WEEKS, Figures, Quality, quality
from service.quality.measures import MEASURES
from service.quality.ratings import Answer, rate
from service.quality.shapes import RatingBody
from service.quality.tables import Rating

Json = dict[str, object]


def blueprint(api: CaseApi) -> Blueprint:
    """The routes."""
    routes = Blueprint("quality", __name__, url_prefix="/v1")
    desk = api.desk

    @routes.post("/cases/<int:case_id>/feedback")
    def feedback(case_id: int) -> Response:
        """Notes what a customer answered, once."""
        by, sent = api.sent(RatingBody)
        header = _header(by.id)
        rating_id = sent.id or header
        answer = Answer(sent.csat, sent.nps, sent.at, rating_id)
        return json_response(_rating(rate(desk, case_id, by, answer)))

    @routes.get("/quality")
    def numbers() -> Response:
        """Figures by team, channel and week."""
        api.asker()
        weeks, offset = read_weeks(arguments(), most=MAX_WEEKS, default=WEEKS)
        found = quality(desk.database, now=desk.clock(), weeks=weeks, utc_offset_hours=offset)
        return json_response(_fields(found, desk.policy().targets))

    return routes


def _header(key_id: str) -> str | None:
    """The Idempotency-Key of the request, checked as elsewhere; None without one."""
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return None
    return identify(header, key_id, request.path, b"", None).idempotency_key


def _rating(rating: Rating) -> Json:
    return {
        "case_id": rating.case_id,
        "id": rating.rating_id,
        "at": plain(rating.at),
        "actor": rating.actor,
        "csat": rating.csat,
        "nps": rating.nps,
    }


def _fields(found: Quality, targets: Targets | None) -> Json:
    return {
        "weeks": [
            {"week": week.isoformat(), **_figures(one)} for week, one in found.by_week.items()
        ],
        "whole": _figures(found.whole),
        "teams": [{"team": team, **_figures(one)} for team, one in found.by_team.items()],
        "channels": [{"channel": code, **_figures(one)} for code, one in found.by_channel.items()],
        "dimensions": [
            {"dimension": code, "cases": number} for code, number in found.dimensions.items()
        ],
        "targets": {one.code: one.target(targets) for one in MEASURES} if targets else None,
    }


def _figures(figures: Figures) -> Json:
    values = {one.code: one.value(figures) for one in MEASURES}
    return {
        "cases": figures.cases,
        **{code: None if value is None else round(value, 6) for code, value in values.items()},
        "csat_answers": figures.csat_answers,
        "nps_answers": figures.nps_answers,
    }
