"""The client: one method for each thing a program asks of the service."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self, cast

import httpx

from complaint_triage_client.batches import MAX_ITEMS, encode, split
from complaint_triage_client.exchange import Exchange, Sent
from complaint_triage_client.retries import Retries
from complaint_triage_client.shapes import BatchItem, CaseFile, CasePage, Complaint, Reply

TIMEOUT = httpx.Timeout(30.0, connect=5.0)  # seconds: a batch of 200 long texts takes a few


class TriageClient:
    """Talks to one service with one key; safe between threads, closed when it is left."""

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout: httpx.Timeout | float = TIMEOUT,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`transport` is for proxies, certificates of your own, and tests.

        Raises:
            ValueError: `base_url` is no address of the web.
        """
        if not base_url.startswith(("http://", "https://")):
            raise ValueError(f"base_url is {base_url!r}, it must begin with http:// or https://")
        http = httpx.Client(
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}", "Accept": "application/json"},
            timeout=timeout,
            transport=transport,
        )
        self._exchange = Exchange(http, retries or Retries())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._exchange.close()

    def classify(
        self, text: str | None = None, *, idempotency_key: str | None = None, **fields: Any
    ) -> Reply:
        """The answer to one complaint; `fields` are those of `Complaint` besides the text.

        For a conversation give `messages` instead of the text.

        The Idempotency-Key is made once and kept over the retries, so that a request whose answer
        was lost makes no second case. Give your own to be safe over restarts of your program too.

        Raises:
            TriageApiError: the service refused or was not available; the class tells which.
            NoAnswerError: it could not be reached.
        """
        body = encode(fields if text is None else {"text": text, **fields})
        headers = {"Idempotency-Key": idempotency_key or _new_key()}
        return cast("Reply", self._exchange.json(Sent("POST", "/v1/classify", body, headers)))

    def classify_batch(
        self,
        complaints: Iterable[Complaint],
        *,
        idempotency_key: str | None = None,
        max_items: int = MAX_ITEMS,
    ) -> Iterator[BatchItem]:
        """An answer or an error for each complaint, in order.

        Any number may be given: they are sent 200 at a time, as the answers are read. When a
        request fails for good, the answers before it have been given already.

        Raises:
            TriageApiError, NoAnswerError: as `classify`; a fault of one item raises nothing.
        """
        key = idempotency_key or _new_key()
        parts = split(complaints, max_items=min(max_items, MAX_ITEMS))
        for number, part in enumerate(parts):
            headers = {"Idempotency-Key": f"{key}-{number}"}
            sent = Sent("POST", "/v1/classify/batch", encode({"items": part}), headers)
            answer = cast("dict[str, Any]", self._exchange.json(sent))
            yield from cast("list[BatchItem]", answer["results"])

    def case(self, case_id: int) -> CaseFile:
        """A case with everything known of it, and a suggestion; needs scope `cases`."""
        return cast("CaseFile", self._exchange.json(Sent("GET", f"/v1/cases/{case_id}")))

    def cases(self, **query: str | int | list[str]) -> Iterator[CaseFile]:
        """Every case of a query, page by page; the parameters are those of `GET /v1/cases`."""
        cursor: str | None = None
        while True:
            more = {"cursor": cursor} if cursor else {}
            sent = Sent("GET", "/v1/cases", query={**query, **more})
            page = cast("CasePage", self._exchange.json(sent))
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def change_case(self, case_id: int, action: str, **body: Any) -> CaseFile:
        """Claims, releases, answers, resolves … a case: `action` is the end of the address.

        Give `version` to change only what you saw. Only what the service cannot have done already
        is tried again: after a lost answer look at the case.
        """
        path = f"/v1/cases/{case_id}/{action}"
        return cast("CaseFile", self._exchange.json(Sent("POST", path, encode(body))))

    def give_verdict(self, case_id: int, **verdict: Any) -> Mapping[str, Any]:
        """Confirms or corrects what was found in a case."""
        sent = Sent("POST", f"/v1/cases/{case_id}/verdict", encode(verdict))
        return cast("Mapping[str, Any]", self._exchange.json(sent))

    def model(self) -> Mapping[str, Any]:
        """The model and the policy that serve."""
        return cast("Mapping[str, Any]", self._exchange.json(Sent("GET", "/v1/model")))


def _new_key() -> str:
    return secrets.token_hex(16)
