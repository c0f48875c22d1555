"""Whether the process lives, whether it can serve, and its numbers for Prometheus."""

from __future__ import annotations

from ipaddress import ip_address

import structlog
from flask import Blueprint, Request, Response, request
from sqlalchemy.exc import SQLAlchemyError

from service.api import authorise, json_response
from service.auth import KeyRing
from service.db import Database
from service.errors import ApiError
from service.metrics import CONTENT_TYPE, Metrics
from service.predictor import Predictor
from service.tables import Scope

_FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def blueprint(
    predictor: Predictor, database: Database, keys: KeyRing, metrics: Metrics
) -> Blueprint:
    """The routes that operators' programs ask."""
    routes = Blueprint("health", __name__)

    @routes.get("/livez")
    def livez() -> Response:
        """The process answers."""
        return json_response({"status": "alive"})

    @routes.get("/readyz")
    def readyz() -> Response:
        """Model and database are there; 503 when not."""
        _check_database(database)
        model_version, policy_version = predictor.versions
        return json_response(
            {
                "status": "ready",
                "checks": {"model": "ok", "database": "ok"},
                "model_version": model_version,
                "policy_version": policy_version,
            }
        )

    @routes.get("/metrics")
    def numbers() -> Response:
        """Numbers of all worker processes; open on this machine, elsewhere with a key."""
        if not _is_local(request):
            authorise(request.environ, keys, Scope.METRICS)
        return Response(metrics.render(), content_type=CONTENT_TYPE)

    return routes


def _check_database(database: Database) -> None:
    try:
        database.ping()
    except SQLAlchemyError as error:
        structlog.get_logger().error("not_ready", check="database", error=type(error).__name__)
        message = "服务尚未就绪：数据库不可用"
        raise ApiError(503, "not_ready", message, headers={"Retry-After": "1"}) from error


def _is_local(sent: Request) -> bool:
    """Whether the asker is on this machine itself, not behind a proxy on it."""
    try:
        is_loopback = ip_address(sent.remote_addr or "").is_loopback
    except ValueError:
        return False
    return is_loopback and not any(name in sent.headers for name in _FORWARDING)
