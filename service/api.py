"""What `/v1` endpoints share, and the one about the model: check, one call, reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from flask import Blueprint, Response, request

from service.actors import Actor
from service.auth import KeyRing
from service.keys import Key
from service.observe import note_key, source_of
from service.predictor import Predictor
from service.tables import Role, Scope

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def authorise(environ: WSGIEnvironment, keys: KeyRing, *scopes: Scope) -> Key:
    """The key that asks, noted for the log."""
    key = keys.authorise(environ.get("HTTP_AUTHORIZATION"), *scopes, source=source_of(environ))
    note_key(environ, key.id)
    return key


def actor_of(environ: WSGIEnvironment, key_id: str, *, name: str | None = None) -> Actor:
    """The program that asks, or the person whom it names, as one who may act on cases."""
    own = f"key:{key_id}"
    return Actor(f"{own}/{name}" if name else own, Role.ADMIN, source_of(environ))


def json_response(content: object) -> Response:
    """A 200 with JSON."""
    return Response(orjson.dumps(content), content_type="application/json")


def blueprint(keys: KeyRing, predictor: Predictor) -> Blueprint:
    """The `/v1` routes that are about none of the other modules' things."""
    routes = Blueprint("api", __name__, url_prefix="/v1")

    @routes.get("/model")
    def model() -> Response:
        """What is serving: the model's manifest and the policy's version."""
        authorise(request.environ, keys, Scope.CLASSIFY, Scope.ADMIN)
        policy = predictor.policy
        versions = {"policy_version": policy.version, "policy_hash": policy.content_hash}
        described = {**predictor.model.describe(), **versions}
        return json_response(described)

    return routes
