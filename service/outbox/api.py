"""The `/v1/outbox` endpoints: what was not delivered, and trying it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response, request

from service.api import authorise, json_response
from service.audit import Trail
from service.auth import KeyRing
from service.cases.api import arguments, read_sent
from service.cases.query import read_letters
from service.db import Database
from service.outbox.letters import LetterQuery, list_letters, replay
from service.outbox.shapes import ReplayBody
from service.secret import Secret
from service.tables import Scope


@dataclass(frozen=True, slots=True)
class OutboxApi:
    """What the endpoints work with."""

    ring: KeyRing
    database: Database
    secret: Secret


def blueprint(api: OutboxApi) -> Blueprint:
    """All routes."""
    routes = Blueprint("outbox", __name__, url_prefix="/v1/outbox")

    @routes.get("")
    def letters() -> Response:
        """A page of deliveries."""
        authorise(request.environ, api.ring, Scope.ADMIN)
        page = list_letters(api.database, read_letters(arguments()))
        return json_response({"items": page.items, "next_after": page.next_after})

    @routes.post("/replay")
    def replay_letters() -> Response:
        """Sets deliveries to be made again."""
        by, sent = read_sent(api.ring, Scope.ADMIN, ReplayBody)
        query = LetterQuery(target=sent.target, event_id=sent.event_id)
        done = replay(api.database, query, Trail(api.secret, by), datetime.now(UTC))
        return json_response({"replayed": done})

    return routes
