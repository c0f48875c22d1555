from __future__ import annotations

import pytest

from tests.service.client import Service, error_of


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "body_empty"),
        (b"not json", "body_not_json"),
        (b'{"text": NaN}', "body_not_json"),
        (b'{"text": "\xff\xfe"}', "body_not_utf8"),
        ('{"text": "投诉"}'.encode("gb18030"), "body_not_utf8"),
        (b'{"text": "\\ud800"}', "body_not_json"),
        (b'\xef\xbb\xbf{"text": "a"}', "body_not_json"),
        (b'{"text": "a",}', "body_not_json"),
        (b'{"metadata":' + b'{"a":' * 5000 + b"1" + b"}" * 5001, "body_too_deep"),
        (b"[" * 100_000, "body_too_deep"),
        (b'{"text": "a"} {"text": "b"}', "body_not_json"),
        (bytes(range(256)), "body_not_utf8"),
    ],
)
def test_a_body_that_is_not_json_is_400(service: Service, body: bytes, code: str) -> None:
    """Whatever the bytes are, the answer says what is wrong in the one shape."""
    response = service.raw(body)
    assert response.status_code == 400
    assert error_of(response)["code"] == code


def test_the_faults_place_is_told_without_quoting(service: Service) -> None:
    """Line and column help the client; the text is not repeated."""
    error = error_of(service.raw('{"text": "商家太黑心"\n  x}'.encode()))
    assert "第 2 行" in error["message"]
    assert "黑心" not in error["message"]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "", "application/x-www-form-urlencoded", "application/json; charset=gbk"],
)
def test_another_content_type_is_415(service: Service, content_type: str) -> None:
    """Only JSON in UTF-8 is read."""
    response = service.raw(b'{"text": "a"}', content_type)
    assert response.status_code == 415
    assert error_of(response)["code"] == "content_type_unsupported"


@pytest.mark.parametrize("content_type", ["application/json; charset=UTF-8", "Application/JSON"])
def test_the_usual_ways_to_write_the_content_type_pass(service: Service, content_type: str) -> None:
    """A charset that says UTF-8 and another case are fine."""
    body = '{"text": "服务太差了"}'.encode()
    assert service.raw(body, content_type).status_code == 200


def test_a_compressed_body_is_415(service: Service) -> None:
    """A zip bomb is not unpacked."""
    response = service.classify(
        data=b"x", content_type="application/json", headers={"Content-Encoding": "gzip"}
    )
    assert response.status_code == 415


def test_a_body_over_the_limit_is_413(service: Service) -> None:
    """The limit is named, for a body of known length and for one without."""
    body = b'{"text": "' + b"a" * service.settings.max_body_bytes + b'"}'
    response = service.raw(body)
    assert response.status_code == 413
    assert str(service.settings.max_body_bytes) in error_of(response)["message"]
