"""The application as a client sees it, and what every error looks like."""

from __future__ import annotations

from dataclasses import dataclass

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import Parts
from service.db import Database
from service.settings import Settings


@dataclass
class Service:
    """The application as a client sees it."""

    settings: Settings
    parts: Parts
    client: FlaskClient
    key: str

    @property
    def database(self) -> Database:
        """The application's database."""
        return self.parts.database

    def post(self, path: str, content: object = None, **options: object) -> TestResponse:
        """POSTs JSON with the key; `headers` adds to it."""
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        if content is not None:
            options["json"] = content
        return self.client.post(path, headers=headers, **options)

    def classify(self, content: object = None, **options: object) -> TestResponse:
        """POST to /v1/classify."""
        return self.post("/v1/classify", content, **options)

    def raw(self, body: bytes, content_type: str = "application/json") -> TestResponse:
        """POSTs bytes to /v1/classify."""
        return self.classify(data=body, content_type=content_type)


def error_of(response: TestResponse) -> dict[str, str]:
    """The error of a response, checked to have the one shape."""
    body = response.get_json()
    assert set(body) == {"error"}
    assert (
        {"code", "message", "request_id"}
        <= set(body["error"])
        <= {
            "code",
            "field",
            "message",
            "request_id",
        }
    )
    assert body["error"]["request_id"] == response.headers["X-Request-ID"]
    return body["error"]
