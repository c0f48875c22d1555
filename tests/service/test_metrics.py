from __future__ import annotations

from tests.service.client import Service


def lines(service: Service) -> list[str]:
    """The lines of /metrics."""
    return service.client.get("/metrics").get_data(as_text=True).splitlines()


def test_requests_and_texts_are_counted(service: Service) -> None:
    """Each answered request and each classified text is in its series."""
    service.classify({"text": "服务太差，我要举报"})
    service.post("/v1/classify/batch", {"items": [{"text": "服务太差，我要举报"}, {"text": ""}]})
    service.classify({"text": 1})
    found = lines(service)
    route = 'method="POST",route="/v1/classify"'
    assert f'triage_requests_total{{{route},status="200"}} 1.0' in found
    assert f'triage_requests_total{{{route},status="422"}} 1.0' in found
    assert 'triage_request_seconds_count{route="/v1/classify"} 2.0' in found
    texts = [line for line in found if line.startswith("triage_texts_total")]
    assert sorted(line.split()[-1] for line in texts) == ["1.0", "2.0"]
    assert any('outcome="needs_human"' in line and 'level="none"' in line for line in texts)
    assert all('model_version="v1"' in line for line in texts)


def test_labels_never_hold_what_a_client_invents(service: Service) -> None:
    """Paths, methods, keys and texts of clients make no new series."""
    service.client.get("/v1/机密投诉?text=机密投诉")
    service.client.open("/v1/classify", method="SECRETMETHOD")
    service.classify({"text": "机密投诉内容"})
    found = "\n".join(lines(service))
    assert 'route="unmatched"' in found
    assert 'method="OTHER"' in found
    for secret in ("机密", "SECRET", service.key, service.key.split("_")[1]):
        assert secret not in found
