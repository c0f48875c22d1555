"""`POST /v1/classify` and its batch: check, one call, reply.

They are answered beside Flask, whose routing and contexts took a third of the time. Flask knows
their addresses too: it answers whatever goes wrong here, in the one error shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import orjson
from flask import Blueprint, Response, request

from service.actors import Actor
from service.answers import Answers, Json
from service.api import actor_of, authorise
from service.auth import KeyRing
from service.body import read_json
from service.checks import check_batch, check_complaint
from service.idempotency import Keep, ReplyStore, identify
from service.observe import note_route, request_id
from service.tables import Scope

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REPLAY_HEADER = "Idempotent-Replay"
_ONE, _BATCH = "/v1/classify", "/v1/classify/batch"
_FAULT = "triage.fault"
Headers = list[tuple[str, str]]
Make = Callable[[Keep | None], Json]


class Classify:
    """Wraps a WSGI application; answers requests to classify, all others go on to it."""

    def __init__(
        self,
        application: WSGIApplication,
        keys: KeyRing,
        answers: Answers,
        replies: ReplyStore,
        *,
        max_body_bytes: int,
    ) -> None:
        self._application = application
        self._keys = keys
        self._answers = answers
        self._replies = replies
        self._max_body_bytes = max_body_bytes
        self._makers = {_ONE: self._one, _BATCH: self._batch}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request."""
        maker = self._makers.get(environ["PATH_INFO"])
        if maker is None or environ["REQUEST_METHOD"] != "POST":
            return self._application(environ, start_response)
        note_route(environ, environ["PATH_INFO"])
        try:
            reply, is_replay = self._reply(environ, maker)
            content = orjson.dumps(reply)
        except Exception as fault:  # Flask's error handlers say what it means
            environ[_FAULT] = fault
            return self._application(environ, start_response)
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        if is_replay:
            headers.append((REPLAY_HEADER, "true"))
        start_response("200 OK", headers)
        return [content]

    def _reply(
        self, environ: WSGIEnvironment, maker: Callable[[object, str, Actor], Make]
    ) -> tuple[Json, bool]:
        """The reply, and whether it is the kept one of the same request."""
        key = authorise(environ, self._keys, Scope.CLASSIFY)
        body, sent = read_json(environ, self._max_body_bytes)
        make = maker(sent, request_id(environ), actor_of(environ, key.id))
        header = environ.get("HTTP_IDEMPOTENCY_KEY")
        if header is None:
            return make(None), False
        return self._replies.once(identify(header, key.id, environ["PATH_INFO"], body, sent), make)

    def _one(self, sent: object, request: str, by: Actor) -> Make:
        """One complaint in, one reply out."""
        complaint = check_complaint(sent)
        return lambda keep: self._answers.answer(complaint, request, by, keep)

    def _batch(self, sent: object, request: str, by: Actor) -> Make:
        """Up to 200 complaints in, one result for each out."""
        items = check_batch(sent)
        return lambda keep: self._answers.answer_batch(items, request, by, keep)


def blueprint() -> Blueprint:
    """The addresses as Flask knows them; it gets only what `Classify` could not answer."""
    routes = Blueprint("classify", __name__)

    @routes.post(_ONE)
    @routes.post(_BATCH)
    def classify() -> Response:
        fault: Exception = request.environ[_FAULT]
        raise fault

    return routes
