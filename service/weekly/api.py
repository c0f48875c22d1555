"""`GET /v1/insight/weekly`: check, one call, reply."""

from __future__ import annotations

from flask import Blueprint, Response

from service.api import json_response
from service.cases.api import CaseApi, arguments
from service.pages.names import Names
from service.weekly.asked import read_asked
from service.weekly.gather import gather
from service.weekly.shown import report_fields


def blueprint(api: CaseApi) -> Blueprint:
    """The route."""
    routes = Blueprint("weekly", __name__, url_prefix="/v1/insight")

    @routes.get("/weekly")
    def weekly() -> Response:
        """The report of one week."""
        api.asker()
        now = api.desk.clock()
        week = read_asked(arguments(), now)
        names = Names(api.verdicts.labels(), {}, api.desk.policy())
        return json_response(report_fields(gather(api.desk.database, names, week, now=now)))

    return routes
