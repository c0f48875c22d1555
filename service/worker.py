"""The gunicorn worker: a thread is given a request only when all of it has arrived.

gunicorn's own threaded worker reads inside the thread, so that as many slow clients as there are
threads stop everyone else. Here the event loop collects the bytes without blocking, and a client
that takes longer than `TRIAGE_REQUEST_SECONDS` is answered 408 and dropped.

When more is asked than can be answered, a request does not wait for its thread without end: who
would wait longer than `TRIAGE_QUEUE_SECONDS` is answered 503 at once, and so is who connects when
there are too many connections. Questions after health have a thread of their own.
"""

from __future__ import annotations

import errno
import selectors
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import structlog
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import ThreadWorker

from service.balance import Balance
from service.connection import Connection, TimedSocket, is_whole, send_error
from service.errors import ApiError

_CHUNK_BYTES = 65_536
_LINGER_SECONDS = 2.0
_PAUSE_SECONDS = 0.01
# How often, and how long each time, another worker may take a new connection before this one does.
_MOST_LEFT, _LEAVE_SECONDS = 4, 0.0005
_HEALTH_THREADS = 4  # one may wait for a database that does not answer
_REFUSED = {
    "overloaded": "现在请求太多，请稍后重试",
    "too_many_connections": "现在连接太多，请稍后重试",
}


class TriageWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Threads for whole requests; the limits are set by the server.

    `note_refused` is told why a request was refused before anybody read it.
    """

    max_body_bytes = 4_194_304
    request_seconds = 10.0
    queue_seconds = 5.0
    most_connections = 1000
    balance = Balance()
    note_refused: Callable[[str], None] = staticmethod(lambda _reason: None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.worker_connections = sys.maxsize  # gunicorn would leave those above unanswered
        self._leaving: deque[Connection] = deque()
        self._n_left = 0  # times in a row that a new connection was left to others
        self._queued: deque[float] = deque()  # since when requests have waited for a thread

    def get_thread_pool(self) -> Any:
        """The threads for requests, and beside them those for questions after health."""
        self._for_health = ThreadPoolExecutor(_HEALTH_THREADS)
        return super().get_thread_pool()

    def accept(self, listener: socket.socket) -> None:
        """Takes a connection and waits for its first request, unless another has fewer."""
        if self._n_left < _MOST_LEFT and self.balance.is_anothers(self.age):
            self._n_left += 1
            time.sleep(_LEAVE_SECONDS)
            return
        self._n_left = 0
        try:
            accepted, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in {errno.EMFILE, errno.ENFILE}:
                raise
            self.note_refused("too_many_connections")
            if not self._drop_idle():
                time.sleep(_PAUSE_SECONDS)  # the connection stays where it is until files are free
            return
        client = TimedSocket(fileno=accepted.detach())
        conn = Connection(self, self.cfg, client, address, listener.getsockname())
        self.nr_conns += 1
        self.balance.note(self.age, self.nr_conns)
        if self.nr_conns > self.most_connections and not self._drop_idle():
            self._refuse(conn, "too_many_connections")
        else:
            self._collect(conn)

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """Collects the next request of a kept-alive connection."""
        if conn.is_gone:  # closed for a new one that came in the same moment
            return
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

    def run(self) -> None:
        """Serves until it is told to stop."""
        self.balance.note(self.age, 0)
        super().run()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Does what there is to do, and tells the other workers how many connections are left."""
        super().wait_for_and_dispatch_events(timeout)
        if self.alive:
            self.balance.note(self.age, self.nr_conns)
        else:  # it takes no more
            self.balance.forget(self.age)

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
                send_error(conn.sock, ApiError(408, "request_timeout", "请求发送太慢，请重试"))
            self._drop(conn)
        while self._leaving and self._leaving[0].timeout <= now:
            self._forget(self._leaving[0])

    def linger(self, conn: Connection) -> None:
        """Waits, without a thread, until the client closes its side."""
        if len(self._leaving) >= self.most_connections:
            self._forget(self._leaving[0])
        conn.timeout = time.monotonic() + _LINGER_SECONDS
        self._leaving.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_leaving, conn))

    def enqueue_req(self, conn: Connection) -> None:
        """Hands a whole request to a thread; questions after health have one of their own."""
        conn.queued_at = time.monotonic()
        if not conn.asks_for_health:
            self._queued.append(conn.queued_at)
        threads = self._for_health if conn.asks_for_health else self.tpool
        threads.submit(self.handle, conn).add_done_callback(
            lambda done: self.method_queue.defer(self.finish_request, conn, done)
        )

    def handle(self, conn: Connection) -> Any:
        """Answers one request in a thread; reading and writing have their limits of time."""
        if not conn.asks_for_health:
            self._queued.popleft()
            if time.monotonic() - conn.queued_at > self.queue_seconds:
                self._say_no(conn, "overloaded")
                return False
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
        send_error(client, fault)

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
        conn.look()
        if not conn.asks_for_health and self._is_overloaded():
            self._refuse(conn, "overloaded")
            return
        conn.init()
        conn.parser.unreader.unread(bytes(conn.received))
        conn.received.clear()
        conn.data_ready = True
        self.enqueue_req(conn)

    def _is_overloaded(self) -> bool:
        """Whether the first who waits has waited half as long as anybody may.

        Who comes now would wait at least as long, unless more threads were free than before.
        """
        try:
            return time.monotonic() - self._queued[0] > self.queue_seconds / 2
        except IndexError:  # nobody waits, or a thread has just taken the last
            return False

    def _refuse(self, conn: Connection, reason: str) -> None:
        """Tells a client to come again, without a thread."""
        self._say_no(conn, reason)
        self.nr_conns -= 1
        conn.close(graceful=True)

    def _say_no(self, conn: Connection, reason: str) -> None:
        self.note_refused(reason)
        fault = ApiError(503, reason, _REFUSED[reason], headers={"Retry-After": "1"})
        send_error(conn.sock, fault, as_page=conn.is_of_a_person)

    def _drop_idle(self) -> bool:
        """Closes the connection that has been idle longest; whether there was one."""
        if not self.keepalived_conns:
            return False
        idle = self.keepalived_conns.popleft()
        self.poller.unregister(idle.sock)
        self._drop(idle)
        return True

    def _drop(self, conn: Connection) -> None:
        conn.is_gone = True
        self.nr_conns -= 1
        conn.close()

    def _on_leaving(self, conn: Connection, _client: socket.socket) -> None:
        if conn.is_gone:
            return
        conn.received.clear()
        if not _read(conn):
            self._forget(conn)

    def _forget(self, conn: Connection) -> None:
        conn.is_gone = True
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
