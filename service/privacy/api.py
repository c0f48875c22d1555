"""The endpoints for admins on one customer's data; ids are in bodies, never in addresses."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response

from service.access_api import AccessApi
from service.api import json_response
from service.cases.api import read_sent
from service.cases.plain import plain
from service.privacy import customer
from service.privacy.erase import erase_customer
from service.privacy.export import export_customer
from service.privacy.shapes import CustomerBody
from service.tables import Scope


def blueprint(api: AccessApi) -> Blueprint:
    """The routes."""
    routes = Blueprint("privacy", __name__, url_prefix="/v1/customers")

    @routes.post("/erase")
    def erase() -> Response:
        """Deletes everything about a customer."""
        by, sent = read_sent(api.ring, Scope.ADMIN, CustomerBody)
        own = customer.customer_hash(api.secret, sent.customer_id)
        done = erase_customer(api.database, own, api.trail(by), datetime.now(UTC))
        return json_response(
            {"erasure_id": done.erasure_id, "at": plain(done.at), "rows": done.rows}
        )

    @routes.post("/export")
    def export() -> Response:
        """Everything held about a customer."""
        by, sent = read_sent(api.ring, Scope.ADMIN, CustomerBody)
        own = customer.customer_hash(api.secret, sent.customer_id)
        found = export_customer(api.database, own, api.trail(by), datetime.now(UTC))
        return json_response(found)

    return routes
