"""The Python client against the real application."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import httpx
import pytest
from complaint_triage_client import (
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    NoAnswerError,
    NotFoundError,
    Retries,
    TriageApiError,
    TriageClient,
    UnavailableError,
)
from complaint_triage_client import exchange as exchange_module
from complaint_triage_client.batches import split
from complaint_triage_client.retries import read_retry_after

from tests.clients.conftest import Served, answering, losing

TEXT = "等了四十分钟才上菜，我要举报"
SECRET = "我的秘密投诉内容，我要举报"
BUSY = "503 Service Unavailable"


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits before retries, which are noted instead of slept."""
    found: list[float] = []
    # The service, in the same process, keeps its own clock.
    monkeypatch.setattr(exchange_module, "time", SimpleNamespace(sleep=found.append))
    return found


def client(served: Served, **options: object) -> TriageClient:
    """A client of the served application."""
    return TriageClient(served.address, served.key, **options)


def test_one_complaint(served: Served) -> None:
    """The reply with the client's own id; a suggestion when it is asked for."""
    with client(served) as triage:
        reply = triage.classify(TEXT, id="T-1", channel="app", suggest=True)
        assert (reply["id"], reply["stored"]) == ("T-1", True)
        assert reply["priority"]["level"] == "P1"
        assert reply["suggestion"]["steps"]
        assert "suggestion" not in triage.classify(TEXT)
        assert triage.model()["version"] == "v1"


def test_a_lost_answer_makes_no_second_case(served: Served, waits: list[float]) -> None:
    """The key is made once for a call and kept over its retries; another call has another."""
    with client(served) as triage:
        before = len(list(triage.cases()))
        served.seen.clear()
        served.faults += [losing]
        first = triage.classify(TEXT)
        second = triage.classify(TEXT)
        assert len(list(triage.cases())) == before + 2
    keys = [key for method, _, key in served.seen if method == "POST"]
    assert keys[0] == keys[1] != keys[2]
    assert first["case_id"] != second["case_id"]
    assert len(waits) == 1


def test_waits_double_and_end(served: Served, waits: list[float]) -> None:
    """Half to the whole of 0.5, 1 and 2 seconds, then the error of the last try."""
    served.faults += [answering(BUSY)] * 9
    with client(served, retries=Retries(3)) as triage, pytest.raises(UnavailableError) as caught:
        triage.classify(TEXT)
    assert (caught.value.status, caught.value.code) == (503, "http_503")
    assert len(served.seen) == 4
    assert all(top / 2 <= wait <= top for wait, top in zip(waits, (0.5, 1, 2), strict=True))


def test_retry_after_is_kept(served: Served, waits: list[float]) -> None:
    """A number or a date is waited for; one that is too far away is told instead."""
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    served.faults += [
        answering("429 Too Many Requests", Retry_After="7"),
        answering(BUSY, Retry_After=later),
    ]
    with client(served) as triage:
        assert triage.classify(TEXT)["outcome"] == "ok"
        assert waits[0] == 7
        assert 17 <= waits[1] <= 20
        served.faults += [answering("429 Too Many Requests", Retry_After="3600")]
        with pytest.raises(UnavailableError) as caught:
            triage.classify(TEXT)
    assert caught.value.retry_after_seconds == 3600
    assert len(waits) == 2


@pytest.mark.parametrize(
    ("header", "seconds"), [("5", 5.0), (None, None), ("soon", None), ("-1", None), ("", None)]
)
def test_a_retry_after_that_says_nothing_is_not_one(
    header: str | None, seconds: float | None
) -> None:
    """Then the client's own wait counts."""
    assert read_retry_after(header) == seconds


def test_a_first_try_that_is_still_running_is_waited_for(
    served: Served, waits: list[float]
) -> None:
    """409 of the same Idempotency-Key passes by itself; 409 of a case does not."""
    body = b'{"error": {"code": "idempotency_in_progress", "message": "x", "request_id": "r"}}'
    served.faults += [answering("409 Conflict", body, Retry_After="1")]
    with client(served) as triage:
        number = triage.classify(TEXT)["case_id"]
        assert waits == [1.0]
        assert number is not None
        triage.change_case(number, "claim", version=1)
        with pytest.raises(ConflictError) as caught:
            triage.change_case(number, "release", version=1)
    assert caught.value.code == "case_conflict"
    assert waits == [1.0]


def test_errors_tell_code_field_and_request(served: Served, waits: list[float]) -> None:
    """What the service says is on the exception; nothing is tried again in vain."""
    with client(served) as triage:
        with pytest.raises(InvalidRequestError) as wrong:
            triage.classify(TEXT, customer={"id": 7})
        with pytest.raises(NotFoundError) as missing:
            triage.case(999_999)
    with (
        TriageClient(served.address, "ct_wrong") as stranger,
        pytest.raises(AuthenticationError) as nobody,
    ):
        stranger.classify(TEXT)
    told = wrong.value
    assert (told.status, told.code, told.field) == (422, "invalid_type", "customer.id")
    assert told.request_id
    assert missing.value.code == "case_not_found"
    assert nobody.value.status == 401
    assert waits == []


def test_no_error_holds_the_complaint_or_the_key(served: Served, waits: list[float]) -> None:
    """Not in its message, not in its attributes, not in what it was caused by."""
    faults = [
        answering("422 Unprocessable Content", b"{}"),
        answering("200 OK", b"<html>", Content_Type="text/html"),
        answering("500 Internal Server Error", b"x"),
    ]
    errors: list[BaseException] = []
    with client(served, retries=Retries(0)) as triage:
        for fault in faults:
            served.faults.append(fault)
            with pytest.raises(TriageApiError) as caught:
                triage.classify(SECRET)
            errors.append(caught.value)
        with pytest.raises(InvalidRequestError) as half:
            triage.classify(SECRET + "\ud83d")
        errors.append(half.value)
        served.faults.append(answering("200 OK", b"no gzip", Content_Encoding="gzip"))
        with pytest.raises(NoAnswerError) as garbled:
            triage.classify(SECRET)
        errors.append(garbled.value)
    nowhere = TriageClient("http://127.0.0.1:9", served.key, retries=Retries(1))
    with nowhere, pytest.raises(NoAnswerError) as lost:
        nowhere.classify(SECRET)
    errors.append(lost.value)
    for error in errors:
        assert error.__cause__ is None
        assert error.__context__ is None
        shown = "".join(traceback.format_exception(error)) + str(vars(error))
        assert SECRET not in shown
        assert served.key not in shown
    assert served.key not in repr(triage)


def test_an_address_without_its_scheme_is_refused() -> None:
    """At once, and not after retries that cannot help."""
    with pytest.raises(ValueError, match=r"base_url is '127\.0\.0\.1:8000', it must"):
        TriageClient("127.0.0.1:8000", "ct_key")


def test_a_time_out_is_tried_again(served: Served, waits: list[float]) -> None:
    """With its key a request may be sent again; a change of a case is not, as it may be done."""
    tries: list[str] = []

    def slow(request: httpx.Request) -> httpx.Response:
        tries.append(request.url.path)
        raise httpx.ReadTimeout("slow", request=request)

    transport = httpx.MockTransport(slow)
    with client(served, transport=transport, retries=Retries(2)) as triage:
        with pytest.raises(NoAnswerError, match="ReadTimeout"):
            triage.classify(TEXT)
        assert len(tries) == 3
        with pytest.raises(NoAnswerError):
            triage.change_case(1, "claim")
        assert len(tries) == 4


def test_a_batch_of_any_size(served: Served) -> None:
    """450 items are three requests; answers are in order, one bad item has its own error."""
    items = [{"text": f"第{number}次等了四十分钟", "id": str(number)} for number in range(450)]
    items[250] = {"id": "250"}
    with client(served) as triage:
        found = list(triage.classify_batch(items, idempotency_key="nightly"))
    assert [one["id"] for one in found] == [str(number) for number in range(450)]
    assert [number for number, one in enumerate(found) if one["outcome"] == "error"] == [250]
    assert found[250]["error"]["field"] == "items[50].text"
    keys = [key for _, path, key in served.seen if path == "/v1/classify/batch"]
    assert keys == ["nightly-0", "nightly-1", "nightly-2"]


def test_a_part_of_a_batch_is_tried_again_alone(served: Served, waits: list[float]) -> None:
    """What was answered already is not sent again."""
    items = [{"text": TEXT, "store": False}] * 3
    with client(served) as triage:
        found = triage.classify_batch(items, max_items=2)
        next(found)
        next(found)
        served.faults += [losing, answering(BUSY)]
        assert next(found)["outcome"] == "ok"
        assert list(found) == []
    keys = [key for _, _, key in served.seen]
    assert len(keys) == 4
    assert keys[1] == keys[2] == keys[3] != keys[0]


def test_long_texts_make_smaller_requests() -> None:
    """No request is larger than the service takes, nothing is lost, an empty batch sends none."""
    items = [{"text": "长" * 100_000}] * 40
    parts = list(split(items))
    assert sum(len(part) for part in parts) == 40
    assert max(len(part) for part in parts) == 11  # of 300,000 bytes each, within 3.5 million
    assert list(split([])) == []
    assert [len(part) for part in split([{"text": "长" * 9}] * 2, max_bytes=10)] == [1, 1]


def test_the_work_on_cases(served: Served) -> None:
    """Listed page by page, read with a suggestion, claimed, judged and resolved."""
    with client(served) as triage:
        numbers = [triage.classify(TEXT, id=f"w-{n}")["case_id"] for n in range(3)]
        listed = [one["case_id"] for one in triage.cases(limit=2, sort="newest")]
        assert listed[:3] == numbers[::-1]
        assert len(set(listed)) == len(listed)
        number = numbers[0]
        assert number is not None
        assert triage.case(number)["suggestion"]["opening"]
        claimed = triage.change_case(number, "claim")
        assert claimed["state"] == "claimed"
        assert triage.give_verdict(number)["is_correction"] is False
        assert triage.change_case(number, "resolve", note="已办")["state"] == "resolved"
