"""A client's connection: what has arrived of its request, and what is told without reading it."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import time
from http import HTTPStatus
from typing import Any, Protocol

import orjson
from gunicorn.workers.gthread import TConn

from service.errors import ApiError, error_body

_MAX_HEAD_BYTES = 65_536
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_CONTINUE = re.compile(rb"\r\nexpect:", re.IGNORECASE)
_LINE_BYTES = 20  # of the first line, enough to see who asks
_HEALTH = (b"GET /livez", b"GET /readyz", b"GET /metrics")
_API = b" /v1/"
_PAGE = (
    '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>请稍候</title>'
    "<p>{message}</p></html>"
)


def is_whole(received: bytes | bytearray, max_body_bytes: int) -> bool:
    """Whether a thread can answer without waiting for the client.

    True for a whole request, and for one that will be refused whatever follows: a head or body over
    the limits. A client that waits for "100 Continue" sends no more before a thread answers it.
    """
    head_end = received.find(_HEAD_END)
    if head_end < 0:
        return len(received) > _MAX_HEAD_BYTES
    head = bytes(received[: head_end + 2])
    if _CONTINUE.search(head):
        return True
    body_bytes = len(received) - head_end - len(_HEAD_END)
    if _CHUNKED.search(head):
        return body_bytes > max_body_bytes or received.endswith(b"0\r\n\r\n")
    length = _LENGTH.search(head)
    if length is None:
        return True
    wanted = int(length.group(1))
    return wanted > max_body_bytes or body_bytes >= wanted


class TimedSocket(socket.socket):
    """A client's socket on which neither reading nor writing can last longer than its limit.

    The first piece of an answer, gunicorn's head, waits for the second: between the two a killed
    process would leave a head without a body, which no proxy can take back and try elsewhere.
    """

    seconds = 10.0
    read_until = 0.0
    write_until = 0.0
    head: bytes | None = None

    def start(self, seconds: float) -> None:
        """Starts the clock of one request."""
        self.seconds = seconds
        self.read_until = time.monotonic() + seconds
        self.write_until = 0.0
        self.head = None

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Reads, within the request's time when the socket may wait."""
        if self.gettimeout() != 0.0:
            self.settimeout(max(0.001, self.read_until - time.monotonic()))
        return super().recv(bufsize, flags)

    def sendall(self, content: Any, flags: int = 0, /) -> None:
        """Writes; the clock starts with the second piece, the time to think is not the client's."""
        if self.head is None:
            self.head = bytes(content)
            return
        content, self.head = self.head + content, b""
        self.write_until = self.write_until or time.monotonic() + self.seconds
        if self.gettimeout() != 0.0:
            self.settimeout(max(0.001, self.write_until - time.monotonic()))
        super().sendall(content, flags)

    def finish(self) -> None:
        """Sends the head of an answer that has no body."""
        if self.head:
            self.sendall(b"")


class Lingering(Protocol):
    """What says goodbye to clients in its own time."""

    def linger(self, conn: Connection) -> None:
        """Waits, without a thread, until the client closes its side."""


class Connection(TConn):  # type: ignore[misc]  # gunicorn ships no types
    """A connection that says goodbye in the event loop's own time."""

    def __init__(
        self, worker: Lingering, cfg: Any, client: TimedSocket, address: Any, server: Any
    ) -> None:
        super().__init__(cfg, client, address, server)
        self.received = bytearray()
        self.asks_for_health = False
        self.is_of_a_person = False
        self.queued_at = 0.0
        self.is_gone = False
        self._worker = worker

    def close(self, graceful: bool = False) -> None:
        """Closes at once, or after the client has had time to read the last answer.

        gunicorn waits for that inside the event loop, where one client could stop all others.
        """
        if not graceful:
            super().close()
            return
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            super().close()
            return
        self.sock.setblocking(False)
        self._worker.linger(self)

    def look(self) -> None:
        """Sees from its first line who asks; the rest is read in a thread."""
        line = bytes(self.received[:_LINE_BYTES])
        self.asks_for_health = line.startswith(_HEALTH)
        self.is_of_a_person = _API not in line


def send_error(client: socket.socket, fault: ApiError, *, as_page: bool = False) -> None:
    """Sends an error, and that the connection ends, if the client can take it at once."""
    request_id = os.urandom(12).hex()
    body, kind = orjson.dumps(error_body(fault, request_id)), "application/json"
    if as_page:
        body, kind = _PAGE.format(message=fault.message).encode(), "text/html; charset=utf-8"
    own = "".join(f"{name}: {value}\r\n" for name, value in fault.headers.items())
    head = (
        f"HTTP/1.1 {fault.status} {HTTPStatus(fault.status).phrase}\r\nConnection: close\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n{own}"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
        f"X-Request-ID: {request_id}\r\n\r\n"
    )
    with contextlib.suppress(OSError):
        client.send(head.encode("ascii") + body, socket.MSG_DONTWAIT)
