"""The `/v1/insight` endpoints: frequent issues, emerging words, surges."""

from __future__ import annotations

from flask import Blueprint, Response

from service.api import json_response
from service.cases.api import CaseApi, arguments
from service.insight.query import read_asked
from service.insight.read import current_issues, emerging_words, surges_since
from service.insight.shown import issue_fields, surge_fields, word_fields


def blueprint(api: CaseApi) -> Blueprint:
    """All routes."""
    routes = Blueprint("insight", __name__, url_prefix="/v1/insight")
    database = api.desk.database

    @routes.get("/issues")
    def issues() -> Response:
        """Frequent issues."""
        api.asker()
        asked = read_asked(arguments())
        found = current_issues(database, category=asked.category, days=asked.days)
        return json_response({"items": [issue_fields(one, asked.days) for one in found]})

    @routes.get("/words")
    def emerging() -> Response:
        """Emerging words."""
        api.asker()
        asked = read_asked(arguments())
        found = emerging_words(database, days=asked.days, category=asked.category)
        return json_response({"items": [word_fields(one) for one in found]})

    @routes.get("/surges")
    def surges() -> Response:
        """Surges."""
        api.asker()
        asked = read_asked(arguments())
        now = api.desk.clock()
        found = surges_since(database, now, days=asked.days, category=asked.category)
        return json_response({"items": [surge_fields(one) for one in found]})

    return routes
