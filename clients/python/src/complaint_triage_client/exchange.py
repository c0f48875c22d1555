"""One request with its retries, and its answer as JSON or as an error."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from complaint_triage_client.errors import NoAnswerError, TriageApiError, error_class
from complaint_triage_client.retries import Retries, is_passing, read_retry_after

# The request was not sent: to send it cannot do anything twice.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Sent:
    """A request; its body may hold complaint text and is not shown."""

    method: str
    path: str
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_repeatable(self) -> bool:
        """Whether sending it twice is the same as sending it once."""
        return self.method == "GET" or "Idempotency-Key" in self.headers


class Exchange:
    """Sends requests over one pool of connections."""

    def __init__(self, http: httpx.Client, retries: Retries) -> None:
        self._http = http
        self._retries = retries

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def json(self, sent: Sent) -> object:
        """The answer's content, after as many tries as are allowed.

        Raises:
            TriageApiError: the service answered with an error that is final.
            NoAnswerError: no answer came.
        """
        tries = 0
        while True:
            tries += 1
            found = self._once(sent)
            if not isinstance(found, _Fault):
                return found
            wait = self._retries.wait_seconds(tries, found.retry_after_seconds)
            if not found.may_pass or wait is None:
                raise found.error
            time.sleep(wait)

    def _once(self, sent: Sent) -> object:
        """The content, or what went wrong."""
        headers = dict(sent.headers)
        if sent.body is not None:
            headers["Content-Type"] = "application/json"
        try:
            response = self._http.request(
                sent.method, sent.path, content=sent.body, headers=headers, params=sent.query
            )
        except httpx.RequestError as error:
            # Not chained: an error of httpx carries the request, and with it the complaint.
            may_pass = sent.is_repeatable or isinstance(error, _NOT_SENT)
            return _Fault(NoAnswerError(f"no answer: {type(error).__name__}"), may_pass)
        if response.is_success:
            return _content(response)
        refusal = _error(response)
        is_busy = is_passing(refusal.status, refusal.code)
        may_pass = is_busy and (sent.is_repeatable or refusal.status in {429, 503})
        return _Fault(refusal, may_pass, refusal.retry_after_seconds)


@dataclass(frozen=True, slots=True)
class _Fault:
    """What went wrong in one try."""

    error: Exception
    may_pass: bool
    retry_after_seconds: float | None = None


def _content(response: httpx.Response) -> object:
    try:
        return response.json()
    except ValueError:
        # A proxy's page, or half an answer.
        request_id = response.headers.get("X-Request-ID")
        message = "the answer is no JSON"
        refusal = TriageApiError(
            response.status_code, "answer_not_json", message, request_id=request_id
        )
        return _Fault(refusal, may_pass=False)


def _error(response: httpx.Response) -> TriageApiError:
    """The error that an answer tells; of one that is not the service's own, the status."""
    try:
        body = response.json()
    except ValueError:
        body = None
    told = body.get("error") if isinstance(body, dict) else None
    told = told if isinstance(told, dict) else {}
    status = response.status_code
    return error_class(status)(
        status,
        str(told.get("code", f"http_{status}")),
        str(told.get("message", "the answer says no more")),
        field=told.get("field"),
        request_id=told.get("request_id") or response.headers.get("X-Request-ID"),
        retry_after_seconds=read_retry_after(response.headers.get("Retry-After")),
    )
