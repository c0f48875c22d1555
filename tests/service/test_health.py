from __future__ import annotations

import pytest

from service.keys import create_key
from service.tables import Scope
from tests.service.client import Service, error_of


def test_a_live_process_says_so_without_a_key(service: Service) -> None:
    """Liveness looks at nothing but the process."""
    assert service.client.get("/livez").get_json() == {"status": "alive"}


def test_ready_names_what_was_checked(service: Service) -> None:
    """Model and database are there, and the versions that serve."""
    ready = service.client.get("/readyz").get_json()
    assert ready["checks"] == {"model": "ok", "database": "ok"}
    assert ready["model_version"] == "v1"


def test_without_a_database_the_service_is_alive_but_not_ready(service: Service) -> None:
    """Readiness is 503 without any detail of the database; liveness is not touched."""
    service.database.close()
    service.database.url = "sqlite:////nowhere/at/all.sqlite3"
    response = service.client.get("/readyz")
    assert response.status_code == 503
    assert error_of(response)["code"] == "not_ready"
    assert "nowhere" not in response.get_data(as_text=True)
    assert service.client.get("/livez").status_code == 200


def test_without_a_database_classifying_is_503(service: Service) -> None:
    """A key that cannot be checked is not let in, and the client is told to come back."""
    service.database.close()
    service.database.url = "sqlite:////nowhere/at/all.sqlite3"
    response = service.classify({"text": "服务太差"})
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    assert error_of(response)["code"] == "database_unavailable"


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "1.2.3.4"}, 401),
        ("127.0.0.1", {"Forwarded": "for=1.2.3.4"}, 401),
        ("10.0.0.8", {}, 401),
    ],
)
def test_metrics_are_open_on_this_machine_only(
    service: Service, address: str, headers: dict[str, str], status: int
) -> None:
    """A proxy on this machine does not open them to the world."""
    response = service.client.get(
        "/metrics", environ_base={"REMOTE_ADDR": address}, headers=headers
    )
    assert response.status_code == status


def test_metrics_are_given_to_a_key_of_their_scope(service: Service) -> None:
    """A metrics key reads them from anywhere, a classify key does not."""
    remote = {"REMOTE_ADDR": "10.0.0.8"}
    for scope, status in ((Scope.METRICS, 200), (Scope.CLASSIFY, 403)):
        key = create_key(service.database, "m", [scope])
        headers = {"Authorization": f"Bearer {key}"}
        response = service.client.get("/metrics", environ_base=remote, headers=headers)
        assert response.status_code == status
