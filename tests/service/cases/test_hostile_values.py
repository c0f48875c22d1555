"""Values that are legal and hostile, found by `python -m tests.show.attack`."""

from __future__ import annotations

from dataclasses import replace

from service import create_app
from service.keys import create_key
from service.tables import Scope
from tests.service.client import Service, error_of


def cases_key(service: Service) -> dict[str, str]:
    """The headers of a program that works on cases."""
    key = create_key(service.database, "c", [Scope.CASES, Scope.CLASSIFY, Scope.ADMIN])
    return {"Authorization": f"Bearer {key}"}


def test_a_nul_in_a_filter_finds_nothing(service: Service) -> None:
    """PostgreSQL refuses it in any text: it was a 500 there."""
    headers = cases_key(service)
    for name in ("category", "signal", "team", "channel", "product", "id", "owner"):
        answer = service.client.get("/v1/cases", query_string={name: "a\0b"}, headers=headers)
        assert (answer.status_code, answer.get_json()["items"]) == (200, []), name


def test_a_nul_in_the_actor_is_refused(service: Service) -> None:
    """Like every other control character."""
    answer = service.client.get(
        "/v1/cases", query_string={"actor": "li\0"}, headers=cases_key(service)
    )
    assert (answer.status_code, error_of(answer)["field"]) == (422, "actor")


def test_a_whole_number_may_have_a_point(service: Service) -> None:
    """JSON has one kind of number; half a version is still refused."""
    headers = cases_key(service)
    number = service.classify({"text": "等了很久，我要举报"}).get_json()["case_id"]
    path = f"/v1/cases/{number}/claim"
    assert service.client.post(path, json={"version": 1.5}, headers=headers).status_code == 422
    assert service.client.post(path, json={"version": 1.0}, headers=headers).status_code == 200


def test_a_malformed_idempotency_key_is_refused_beside_an_id(service: Service) -> None:
    """A rating that brings its own id has its header checked too."""
    headers = {**cases_key(service), "Idempotency-Key": "a b"}
    answer = service.client.post(
        "/v1/cases/1/feedback", json={"csat": 3, "id": "x"}, headers=headers
    )
    assert (answer.status_code, error_of(answer)["field"]) == (400, "Idempotency-Key")


def test_the_log_notes_the_address_that_the_proxy_saw(service: Service) -> None:
    """For programs as for people: the last proxy's word counts, not what the client wrote."""
    app = create_app(replace(service.settings, proxies=1), service.parts)
    headers = {**cases_key(service), "X-Forwarded-For": "1.2.3.4, 10.9.8.7"}
    number = service.classify({"text": "等了很久，我要举报"}).get_json()["case_id"]
    app.test_client().post(f"/v1/cases/{number}/claim", headers=headers)
    newest = service.client.get("/v1/audit?limit=1", headers=headers).get_json()["items"][0]
    assert (newest["action"], newest["source"]) == ("claim", "10.9.8.7")
