from __future__ import annotations

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from service import examples, openapi
from tests.service.client import Service

COMMITTED = Path(__file__).parents[2] / "openapi.json"


def errors_of(schema: str, value: object) -> list[str]:
    """What a published schema has against a value."""
    document = openapi.document()
    rooted = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    return [error.message for error in Draft202012Validator(rooted).iter_errors(value)]


def test_the_committed_document_is_the_one_served(service: Service) -> None:
    """When it drifts: `python -m service openapi --output openapi.json`."""
    assert COMMITTED.read_text(encoding="utf-8") == openapi.text()
    assert service.client.get("/openapi.json").get_json() == openapi.document()


def test_the_document_is_valid_openapi() -> None:
    """A validator of OpenAPI 3.1 has nothing against it."""
    validate(openapi.document(), cls=OpenAPIV31SpecValidator)


def test_every_route_is_in_the_document(service: Service) -> None:
    """What the application answers under /v1 and to operators is described, and nothing else."""
    rules = service.client.application.url_map.iter_rules()
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in rules
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if not rule.rule.startswith(("/docs", "/openapi"))
        and not rule.endpoint.startswith("pages.")  # for people
    }
    described = {
        (path, method)
        for path, operations in openapi.document()["paths"].items()
        for method in operations
    }
    assert served == described


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("Complaint", examples.CLASSIFY.request),
        ("ComplaintReply", examples.CLASSIFY.reply),
        ("BatchReply", examples.BATCH.reply),
        *[("ErrorReply", examples.error(status)) for status in (400, 401, 422, 500, 503)],
    ],
)
def test_the_examples_match_their_schemas(schema: str, value: object) -> None:
    """An example that a reader copies is right."""
    assert errors_of(schema, value) == []


def test_the_examples_spans_are_where_they_say() -> None:
    """Offsets of the example point at the text they show."""
    text = str(examples.CLASSIFY.request["text"])
    for name in ("signals", "evidence"):
        for piece in examples.CLASSIFY.reply[name]:
            assert text[piece["start"] : piece["end"]] == piece["text"]


def test_real_replies_match_the_published_schemas(service: Service) -> None:
    """What is served is what is promised: replies, batches, errors, model, readiness."""
    text = "等了四十分钟，我要举报"
    assert errors_of("ComplaintReply", service.classify({"text": text}).get_json()) == []
    assert errors_of("ComplaintReply", service.classify({"text": ""}).get_json()) == []
    assert errors_of("ErrorReply", service.classify({"text": 1}).get_json()) == []
    batch = service.post("/v1/classify/batch", {"items": [{"text": text}, 1]}).get_json()
    assert errors_of("BatchReply", batch) == []
    headers = {"Authorization": f"Bearer {service.key}"}
    model = service.client.get("/v1/model", headers=headers).get_json()
    assert errors_of("ModelReply", model) == []
    assert errors_of("ReadyReply", service.client.get("/readyz").get_json()) == []


def test_a_published_schema_refuses_what_the_service_refuses() -> None:
    """Unknown fields and wrong types are wrong in the document too."""
    for sent in ({}, {"text": 1}, {"text": "a", "x": 1}, {"text": "a", "metadata": {"a": []}}):
        assert errors_of("Complaint", sent)
