from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from service.errors import ApiError, error_body
from tests.service.client import Service, error_of

SECRET = "这家店的服务太差了"


class BrokenModel:
    """A model that fails and has complaint text in its message."""

    version = "broken"

    def predict(self, texts: list[str], *, with_evidence: bool = True) -> list[object]:
        """Nothing but an error."""
        raise ValueError(texts[0])


def test_an_error_has_a_field_only_when_there_is_one() -> None:
    """The one shape, with and without a field."""
    assert error_body(ApiError(422, "c", "m", field="text"), "r") == {
        "error": {"code": "c", "message": "m", "field": "text", "request_id": "r"}
    }
    assert "field" not in error_body(ApiError(400, "c", "m"), "r")["error"]


def test_an_unknown_failure_is_500_without_detail(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the answer nor the log repeats the failure's message, the log has its place."""
    monkeypatch.setattr(service.parts.predictor.model, "predict", BrokenModel().predict)
    with capture_logs() as events:
        response = service.classify({"text": SECRET})
    assert response.status_code == 500
    assert error_of(response)["code"] == "internal_error"
    assert SECRET not in response.get_data(as_text=True)
    (event,) = [event for event in events if event["event"] == "unexpected_error"]
    assert isinstance(event["error"], ValueError)  # rendered as type and frames: test_logs


def test_the_service_goes_on_after_a_failure(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bad request stops nothing."""
    with monkeypatch.context() as broken:
        broken.setattr(service.parts.predictor.model, "predict", BrokenModel().predict)
        service.classify({"text": SECRET})
    assert service.classify({"text": SECRET}).status_code == 200
