"""`POST /v1/adapters/<name>`: where the webhooks of ticket systems arrive."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, request

from service.adapters.flow import Inbox, Visit
from service.adapters.inbound import Sent
from service.api import json_response
from service.body import read_bytes
from service.observe import request_id, source_of


def blueprint(inbox: Inbox) -> Blueprint:
    """The route; there is no API key, as the system's signature says who asks."""
    routes = Blueprint("adapters", __name__, url_prefix="/v1/adapters")

    @routes.post("/<name>")
    def receive(name: str) -> Response:
        """One webhook in; what was done with it out."""
        headers = {key.lower(): value for key, value in request.headers.items()}
        sent = Sent(
            headers, read_bytes(request.environ, request.max_content_length), datetime.now(UTC)
        )
        visit = Visit(name, request_id(request.environ), source_of(request.environ))
        return json_response(inbox.receive(visit, sent))

    return routes
