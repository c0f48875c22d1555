"""The number of new P0 cases that every page shows and keeps up to date."""

from __future__ import annotations

from flask import Blueprint, Response, g

from classifier.prediction import Priority
from service.api import json_response
from service.cases.queue import count_new
from service.pages.sessions import Office


def new_p0(office: Office) -> int:
    """How many P0 cases nobody has claimed; asked once for each page."""
    if "new_p0" not in g:
        g.new_p0 = count_new(office.database, Priority.P0)
    return int(g.new_p0)


def add(routes: Blueprint, office: Office) -> None:
    """The route that pages ask from time to time."""

    @routes.get("/live.json")
    def live() -> Response:
        """The number as JSON."""
        return json_response({"new_p0": new_p0(office)})
