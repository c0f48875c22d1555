from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from tests.service.client import Service


@pytest.mark.parametrize("given", ["a", "A-1_b.c", "x" * 64])
def test_a_well_formed_request_id_is_kept(service: Service, given: str) -> None:
    """The client's id is in the header and in the body."""
    response = service.classify({"text": "服务太差"}, headers={"X-Request-ID": given})
    assert response.headers["X-Request-ID"] == given
    assert response.get_json()["request_id"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>", "a/b", "é"])
def test_a_malformed_request_id_is_replaced(service: Service, given: str) -> None:
    """Anything else gets an id of ours, and is not repeated."""
    response = service.classify({"text": "服务太差"}, headers={"X-Request-ID": given})
    assert response.headers["X-Request-ID"] != given
    assert len(response.headers["X-Request-ID"]) == 24


@pytest.mark.parametrize("path", ["/livez", "/nothing", "/v1/classify", "/openapi.json", "/docs"])
def test_every_answer_has_the_security_headers(service: Service, path: str) -> None:
    """Pages, errors and JSON alike, and nothing is shared with other origins."""
    origin = {"Origin": "https://evil.example"}
    headers = service.client.get(path, headers=origin, buffered=True).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["Referrer-Policy"] == "no-referrer"
    assert len(headers.getlist("Content-Security-Policy")) == 1
    assert "Access-Control-Allow-Origin" not in headers


def test_replies_are_not_cached(service: Service) -> None:
    """No proxy keeps a complaint's reply."""
    assert service.classify({"text": "服务太差"}).headers["Cache-Control"] == "no-store"


def test_each_request_is_one_log_event_without_its_text(service: Service) -> None:
    """The event has route, status and time; text, key and query string are not in it."""
    with capture_logs() as events:
        service.post("/v1/classify?token=秘密", {"text": "这家店的服务太差了"})
    (event,) = events
    assert event["event"] == "request_answered"
    assert (event["route"], event["status"], event["method"]) == ("/v1/classify", 200, "POST")
    assert event["key_id"] == service.key.split("_")[1]
    assert not any(part in str(event) for part in ("秘密", "服务", service.key))
