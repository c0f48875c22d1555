"""The gunicorn worker: a thread is given a request only when all of it has arrived.

gunicorn's own threaded worker reads inside the thread, so that as many slow clients as there are
threads stop everyone else. Here the event loop collects the bytes without blocking, and a client
that takes longer than `TRIAGE_REQUEST_SECONDS` is answered 408 and dropped.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import socket
import time
from collections import deque
from functools import partial
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import TConn, ThreadWorker

from service.errors import ApiError, error_body

_CHUNK_BYTES = 65_536
_MAX_HEAD_BYTES = 65_536
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_CONTINUE = re.compile(rb"\r\nexpect:", re.IGNORECASE)
_LINGER_SECONDS = 2.0


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


class Connection(TConn):  # type: ignore[misc]  # gunicorn ships no types
    """A connection that says goodbye in the event loop's own time."""

    def __init__(
        self, worker: TriageWorker, client: TimedSocket, address: Any, server: Any
    ) -> None:
        super().__init__(worker.cfg, client, address, server)
        self.received = bytearray()
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


class TriageWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Threads for whole requests; `max_body_bytes` and `request_seconds` are set by the server."""

    max_body_bytes = 4_194_304
    request_seconds = 10.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._leaving: deque[Connection] = deque()

    def accept(self, listener: socket.socket) -> None:
        """Takes a connection and waits for its first request."""
        try:
            accepted, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        client = TimedSocket(fileno=accepted.detach())
        self.nr_conns += 1
        self._collect(Connection(self, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """Collects the next request of a kept-alive connection."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._collect(conn)

    def on_pending_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """Reads what has arrived; hands the request to a thread once it is whole."""
        is_open = _read(conn)
        if is_open and not is_whole(conn.received, self.max_body_bytes):
            return
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        self._submit(conn) if is_open else self._drop(conn)

    def is_parent_alive(self) -> bool:
        """Whether the parent is there; if not, the address is free at once for the one after it.

        gunicorn goes on listening until the last kept-alive connection has ended.
        """
        is_alive: bool = super().is_parent_alive()
        if not is_alive:
            self.alive = False  # what is answered from here on says "Connection: close"
            self.set_accept_enabled(False)
            for listener in self.sockets:
                listener.close()
        return is_alive

    def murder_pending(self) -> None:
        """Answers 408 to clients that did not send their request in time."""
        now = time.monotonic()
        while self.pending_conns and self.pending_conns[0].timeout <= now:
            conn = self.pending_conns.popleft()
            self.poller.unregister(conn.sock)
            if conn.received:
                _refuse(conn.sock, ApiError(408, "request_timeout", "请求发送太慢，请重试"))
            self._drop(conn)
        while self._leaving and self._leaving[0].timeout <= now:
            self._forget(self._leaving[0])

    def linger(self, conn: Connection) -> None:
        """Waits, without a thread, until the client closes its side."""
        conn.timeout = time.monotonic() + _LINGER_SECONDS
        self._leaving.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_leaving, conn))

    def handle(self, conn: Connection) -> Any:
        """Answers one request in a thread; reading and writing have their limits of time."""
        conn.sock.start(self.request_seconds)
        kept = super().handle(conn)
        try:
            conn.sock.finish()
        except OSError:
            return False
        return kept

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answers what could not be read as HTTP, in the one error shape."""
        fault = _parse_fault(exc)
        structlog.get_logger().warning("request_unreadable", status=fault.status, error=exc)
        _refuse(client, fault)

    def _collect(self, conn: Connection) -> None:
        conn.timeout = time.monotonic() + self.request_seconds
        if not _read(conn):
            self._drop(conn)
        elif is_whole(conn.received, self.max_body_bytes):
            self._submit(conn)
        else:
            self.pending_conns.append(conn)
            self.poller.register(
                conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn)
            )

    def _submit(self, conn: Connection) -> None:
        conn.init()
        conn.parser.unreader.unread(bytes(conn.received))
        conn.received.clear()
        conn.data_ready = True
        self.enqueue_req(conn)

    def _drop(self, conn: Connection) -> None:
        self.nr_conns -= 1
        conn.close()

    def _on_leaving(self, conn: Connection, _client: socket.socket) -> None:
        conn.received.clear()
        if not _read(conn):
            self._forget(conn)

    def _forget(self, conn: Connection) -> None:
        self.poller.unregister(conn.sock)
        self._leaving.remove(conn)
        conn.close()


def _read(conn: Connection) -> bool:
    """Reads without blocking; whether the client is still there."""
    try:
        received = conn.sock.recv(_CHUNK_BYTES)
    except (BlockingIOError, InterruptedError):
        return True
    except OSError:
        return False
    conn.received += received
    return bool(received)


def _parse_fault(error: Exception) -> ApiError:
    if isinstance(error, LimitRequestLine):
        return ApiError(414, "address_too_long", "请求地址过长")
    if isinstance(error, LimitRequestHeaders):
        return ApiError(431, "headers_too_large", "请求头过多或过长")
    if isinstance(error, ParseException):
        return ApiError(400, "bad_request", "请求不符合 HTTP 规范")
    return ApiError(500, "internal_error", "服务内部错误，请凭 request_id 联系管理员")


def _refuse(client: socket.socket, fault: ApiError) -> None:
    """Sends an error if the client can take it at once."""
    request_id = os.urandom(12).hex()
    body = orjson.dumps(error_body(fault, request_id))
    head = (
        f"HTTP/1.1 {fault.status} {HTTPStatus(fault.status).phrase}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        f"X-Request-ID: {request_id}\r\n\r\n"
    )
    with contextlib.suppress(OSError):
        client.send(head.encode("ascii") + body, socket.MSG_DONTWAIT)
