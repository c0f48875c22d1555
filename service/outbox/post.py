"""One HTTP request within a limit of time; redirects are answers like others, never followed."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from urllib.parse import urlsplit

from service.outbox.sending import Deadline, SendError

_MAX_ANSWER_BYTES = 65_536
_AGENT = "complaint-triage"
_USELESS = {400, 410, 413, 422}  # the same content will not be taken tomorrow either
_BUSY = {429, 503}


@dataclass(frozen=True, slots=True)
class Ask:
    """What a target is asked; of its answer no more than `max_bytes` are read."""

    method: str
    url: str
    body: bytes | None
    headers: Mapping[str, str]
    max_bytes: int = _MAX_ANSWER_BYTES


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target said."""

    status: int
    retry_after: str | None
    body: bytes


def post(url: str, body: bytes, headers: Mapping[str, str], deadline: Deadline) -> Answer:
    """The answer of a target to JSON.

    Raises:
        SendError: there is none in time.
    """
    return exchange(Ask("POST", url, body, headers), deadline)


def exchange(ask: Ask, deadline: Deadline) -> Answer:
    """The answer to a request.

    Raises:
        SendError: there is none in time.
    """
    parts = urlsplit(ask.url)
    host = parts.hostname or ""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = {"User-Agent": _AGENT, **ask.headers}
    if ask.body is not None:
        sent = {"Content-Type": "application/json; charset=utf-8", **sent}
    is_https = parts.scheme == "https"
    port = parts.port or (443 if is_https else 80)
    client = http.client.HTTPSConnection if is_https else http.client.HTTPConnection
    try:
        with (
            closing(_connect(host, port, deadline, is_https=is_https)) as connected,
            deadline.cutting(connected),
            closing(client(host, parts.port)) as connection,
        ):
            if isinstance(connected, ssl.SSLSocket):
                connected.do_handshake()
            connection.sock = connected
            connection.request(ask.method, path, ask.body, sent)
            response = connection.getresponse()
            content = response.read(ask.max_bytes)
            deadline.left()  # an answer that was cut off is none
            return Answer(response.status, response.headers.get("Retry-After"), content)
    except (OSError, http.client.HTTPException) as error:
        deadline.left()
        raise SendError(f"no connection: {type(error).__name__}", is_silent=True) from error


def _connect(host: str, port: int, deadline: Deadline, *, is_https: bool) -> socket.socket:
    """A connection on which the next step waits no longer than the deadline."""
    connected = socket.create_connection((host, port), timeout=deadline.left())
    try:
        connected.settimeout(deadline.left())
        if is_https:
            return _tls().wrap_socket(
                connected, server_hostname=host, do_handshake_on_connect=False
            )
    except BaseException:
        connected.close()
        raise
    return connected


def check(answer: Answer, now: datetime) -> None:
    """Accepts 2xx alone.

    Raises:
        SendError: anything else.
    """
    if 200 <= answer.status < 300:
        return
    if 300 <= answer.status < 400:
        raise SendError(f"HTTP {answer.status}: redirects are not followed")
    wait = retry_after(answer.retry_after, now) if answer.status in _BUSY else None
    raise SendError(f"HTTP {answer.status}", wait_seconds=wait, is_final=answer.status in _USELESS)


def retry_after(value: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, which is a number or a date (RFC 9110).

    >>> retry_after("120", datetime(2026, 1, 1, tzinfo=UTC))
    120.0
    >>> retry_after("Thu, 01 Jan 2026 00:01:00 GMT", datetime(2026, 1, 1, tzinfo=UTC))
    60.0
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
