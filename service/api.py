"""The `/v1` endpoints: check, one call, reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson
from flask import Blueprint, Response, request

from service.actors import Actor
from service.answers import Answers, Json
from service.auth import KeyRing
from service.body import read_json
from service.checks import check_batch, check_complaint
from service.idempotency import ReplyStore, identify
from service.keys import Key
from service.observe import note_key, request_id
from service.tables import Role, Scope

REPLAY_HEADER = "Idempotent-Replay"


@dataclass(frozen=True, slots=True)
class Api:
    """What the endpoints work with."""

    keys: KeyRing
    answers: Answers
    replies: ReplyStore

    def authorise(self, *scopes: Scope) -> str:
        """The id of the key that asks, noted for the log."""
        return authorise(self.keys, *scopes).id

    def respond(self, key_id: str, body: bytes, sent: object, make: Callable[[], Json]) -> Response:
        """The reply of `make`, or the kept one of the same request."""
        header = request.environ.get("HTTP_IDEMPOTENCY_KEY")
        if header is None:
            return json_response(make())
        same = identify(header, key_id, request.path, body, sent)
        reply, is_replay = self.replies.once(same, make)
        response = json_response(reply)
        if is_replay:
            response.headers[REPLAY_HEADER] = "true"
        return response


def authorise(keys: KeyRing, *scopes: Scope) -> Key:
    """The key that asks, noted for the log."""
    key = keys.authorise(request.environ.get("HTTP_AUTHORIZATION"), *scopes)
    note_key(request, key.id)
    return key


def actor_of(key_id: str, *, name: str | None = None) -> Actor:
    """The program that asks, or the person whom it names, as one who may act on cases."""
    own = f"key:{key_id}"
    return Actor(f"{own}/{name}" if name else own, Role.ADMIN, request.remote_addr or "unknown")


def asked(key_id: str) -> tuple[str, Actor]:
    """The id of the request and who asks."""
    return request_id(request), actor_of(key_id)


def json_response(content: object) -> Response:
    """A 200 with JSON."""
    return Response(orjson.dumps(content), content_type="application/json")


def blueprint(api: Api) -> Blueprint:
    """The `/v1` routes."""
    routes = Blueprint("api", __name__, url_prefix="/v1")

    @routes.post("/classify")
    def classify() -> Response:
        """One complaint in, one reply out."""
        key_id = api.authorise(Scope.CLASSIFY)
        body, sent = read_json(request)
        complaint = check_complaint(sent)
        return api.respond(
            key_id,
            body,
            sent,
            lambda: api.answers.answer(complaint, *asked(key_id)),
        )

    @routes.post("/classify/batch")
    def classify_batch() -> Response:
        """Up to 200 complaints in, one result for each out."""
        key_id = api.authorise(Scope.CLASSIFY)
        body, sent = read_json(request)
        items = check_batch(sent)
        return api.respond(
            key_id,
            body,
            sent,
            lambda: api.answers.answer_batch(items, *asked(key_id)),
        )

    @routes.get("/model")
    def model() -> Response:
        """What is serving: the model's manifest and the policy's version."""
        api.authorise(Scope.CLASSIFY, Scope.ADMIN)
        predictor = api.answers.predictor
        policy = predictor.policy
        versions = {"policy_version": policy.version, "policy_hash": policy.content_hash}
        described = {**predictor.model.describe(), **versions}
        return json_response(described)

    return routes
