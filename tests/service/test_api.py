from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.keys import create_key, revoke_key
from service.tables import Scope
from tests.service.client import Service, error_of

TEXT = "等了四十分钟才上菜，我要举报"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = [
    "text",
    "messages",
    "id",
    "channel",
    "region",
    "customer",
    "occurred_at",
    "metadata",
    "store",
]


def test_a_complaint_is_answered_with_every_part_of_the_contract(service: Service) -> None:
    """The reply has intensity, category, signals, priority, route, evidence and versions."""
    response = service.classify({"text": TEXT, "id": "A-1"})
    reply = response.get_json()
    assert response.status_code == 200
    assert (reply["outcome"], reply["id"], reply["stored"]) == ("ok", "A-1", True)
    assert reply["intensity"]["level"] == 4
    assert reply["signals"] == [{"code": "regulator", "start": 12, "end": 14, "text": "举报"}]
    assert reply["evidence"][0]["text"] == "等了"
    assert reply["model_version"] == "v1"
    assert {"priority", "route", "category", "language", "truncated"} <= set(reply)


@pytest.mark.parametrize("text", ["", "   ", "差"])
def test_a_text_too_short_to_judge_goes_to_a_person(service: Service, text: str) -> None:
    """An empty text is no client error."""
    response = service.classify({"text": text})
    assert response.status_code == 200
    assert response.get_json()["outcome"] == "needs_human"


def test_a_long_text_says_that_it_was_cut(service: Service) -> None:
    """A text that is allowed but longer than the model reads is answered."""
    reply = service.classify({"text": "差" * 100_000}).get_json()
    assert (reply["truncated"], reply["chars_used"]) == (True, 20_000)


def test_statutory_clocks_follow_channel_and_metadata(service: Service) -> None:
    """They stand beside the own clock, whose due time they leave; the file's hash is there too."""
    sent = {"text": TEXT, "occurred_at": "2025-06-01T12:00:00+08:00"}
    plain = service.classify(sent).get_json()
    assert plain["statutory"] == []
    assert plain["policy_hash"] == service.parts.predictor.policy.content_hash
    for extra in ({"channel": "12300"}, {"metadata": {"industry": "telecom"}}):
        reply = service.classify({**sent, **extra}).get_json()
        clock = reply["statutory"][0]
        assert clock["code"] == "telecom"
        assert clock["stages"][0]["due_at"] == "2025-06-16T16:00:00Z"  # the 16th, 24:00 in Shanghai


def test_the_clock_starts_when_the_complaint_occurred(service: Service) -> None:
    """With occurred_at the due time counts from then, without it from now."""
    first = service.classify({"text": TEXT, "occurred_at": "2025-06-01T12:00:00+08:00"}).get_json()
    seconds = first["priority"]["respond_within_seconds"]
    due = datetime.fromisoformat(first["priority"]["due_at"])
    assert due == datetime(2025, 6, 1, 4, tzinfo=UTC) + timedelta(seconds=seconds)
    second = service.classify({"text": TEXT}).get_json()
    due = datetime.fromisoformat(second["priority"]["due_at"])
    assert abs(due - timedelta(seconds=seconds) - datetime.now(UTC)) < timedelta(seconds=60)


def test_a_batch_answers_each_item_by_itself(service: Service) -> None:
    """Bad items get their own error, good ones their reply, in the order sent."""
    sent = [{"text": TEXT, "id": "a"}, {"txet": "x"}, 7, {"text": ""}, {"text": 5, "id": "e"}]
    response = service.post("/v1/classify/batch", {"items": sent})
    results = response.get_json()["results"]
    assert response.status_code == 200
    assert [entry["outcome"] for entry in results] == [
        "ok",
        "error",
        "error",
        "needs_human",
        "error",
    ]
    assert [entry["id"] for entry in results] == ["a", None, None, None, "e"]
    assert results[4]["error"]["field"] == "items[4].text"
    assert results[0]["request_id"] == f"{response.headers['X-Request-ID']}-0"
    assert results[1]["error"]["request_id"] == f"{response.headers['X-Request-ID']}-1"


def test_a_batch_of_200_passes_and_of_201_does_not(service: Service) -> None:
    """The limit is 200 items and the message says so."""
    items = [{"text": TEXT}] * 200
    assert len(service.post("/v1/classify/batch", {"items": items}).get_json()["results"]) == 200
    refused = service.post("/v1/classify/batch", {"items": [*items, {"text": TEXT}]})
    assert refused.status_code == 422
    assert "200" in error_of(refused)["message"]


def test_a_batch_of_bad_items_only_is_answered(service: Service) -> None:
    """Nothing to predict is no reason to fail."""
    response = service.post("/v1/classify/batch", {"items": [None, []]})
    assert [entry["outcome"] for entry in response.get_json()["results"]] == ["error", "error"]


def test_the_model_describes_itself(service: Service) -> None:
    """GET /v1/model gives the manifest and the policy's version."""
    headers = {"Authorization": f"Bearer {service.key}"}
    described = service.client.get("/v1/model", headers=headers).get_json()
    assert described["version"] == "v1"
    policy = service.parts.predictor.policy
    assert described["policy_version"] == policy.version
    assert described["policy_hash"] == policy.content_hash


@pytest.mark.parametrize("path", ["/v1/classify", "/v1/classify/batch"])
def test_posting_without_a_key_is_401(service: Service, path: str) -> None:
    """The answer says which header is missing and challenges for a bearer key."""
    response = service.client.post(path, json={"text": TEXT})
    assert response.status_code == 401
    assert error_of(response)["code"] == "key_missing"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_of_another_scope_is_403(service: Service) -> None:
    """A metrics key does not classify."""
    key = create_key(service.database, "m", [Scope.METRICS])
    response = service.classify({"text": TEXT}, headers={"Authorization": f"Bearer {key}"})
    assert response.status_code == 403
    assert "classify" in error_of(response)["message"]


def test_a_revoked_key_is_401(service: Service) -> None:
    """A key that was revoked before its first use never works."""
    revoke_key(service.database, service.key.split("_")[1])
    response = service.classify({"text": TEXT})
    assert (response.status_code, error_of(response)["code"]) == (401, "key_revoked")


@pytest.mark.parametrize("path", ["/no", "/v1", "/v1/no", "//v1/model", "/v1/classify/", "/%ff"])
def test_an_unknown_address_is_404(service: Service, path: str) -> None:
    """No redirect and no page, the one shape."""
    response = service.client.get(path)
    assert response.status_code == 404
    assert error_of(response)["code"] == "not_found"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_another_method_is_405_with_the_right_ones(service: Service, method: str) -> None:
    """The Allow header lists what works."""
    response = service.client.open("/v1/classify", method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert error_of(response)["code"] == "method_not_allowed"


@given(content=JSON)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_no_json_makes_the_service_fail(service: Service, content: object) -> None:
    """Any JSON value as a body is answered with 200 or a client error."""
    assert service.classify(content if content is not None else []).status_code < 500


@given(fields=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=7), text=st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_no_value_of_a_known_field_makes_it_fail(
    service: Service, fields: dict[str, object], text: str
) -> None:
    """Nearly right requests are answered too, single and in a batch."""
    sent = {"text": text, **fields}
    assert service.classify(sent).status_code < 500
    assert service.post("/v1/classify/batch", {"items": [sent, fields]}).status_code < 500


@given(body=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
def test_no_bytes_make_it_fail(service: Service, body: bytes) -> None:
    """Random bytes are a client error."""
    assert 400 <= service.raw(body).status_code < 500
