"""More than can be answered: some are told to come again, at once; nobody waits without end."""

from __future__ import annotations

import contextlib
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest

from tests.service.fakes import SLOW_SECONDS, make_model
from tests.service.test_server import Answer, Running, sockets, until

MANY = 120  # as much as two threads answer in six seconds
PATIENCE_SECONDS = 5.0  # all of the crowd's work takes six; one is the longest wait in the queue
MOST = 50  # connections, where few files may be open
SLOW_CLIENT_SECONDS = 2  # what the server of the tests gives a client
ALIVE = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW = b"POST /v1/classify HTTP/1.1\r\nX-Slow: "


@pytest.fixture
def slow_server(tmp_path: Path) -> Iterator[Running]:
    """One worker with two threads that answers twenty requests a second."""
    running = Running(tmp_path, TRIAGE_WORKERS="1", TRIAGE_QUEUE_SECONDS="1")
    make_model(tmp_path / "models", "slow")
    running.start()
    yield running
    running.kill()


@pytest.fixture
def small_server(tmp_path: Path) -> Iterator[Running]:
    """A worker that may open few files, and so takes few connections."""
    running = Running(tmp_path, TRIAGE_WORKERS="1", TRIAGE_EVENT_WORKER="false")
    make_model(tmp_path / "models", "v1")
    running.start(["prlimit", "--nofile=300:300"])
    yield running
    running.kill()


def timed(server: Running, path: str = "/v1/classify") -> tuple[float, Answer]:
    """Seconds, and the answer to one request."""
    started = time.monotonic()
    if path == "/v1/classify":
        answer = server.ask("POST", path, orjson.dumps({"text": "等了很久", "store": False}))
    else:
        answer = server.ask("GET", path)
    return time.monotonic() - started, answer


def test_who_would_wait_too_long_is_told_to_come_again(slow_server: Running) -> None:
    """All are answered within the time that they may wait; afterwards all is as before."""
    with ThreadPoolExecutor(MANY + 10) as pool:
        crowd = [pool.submit(timed, slow_server) for _ in range(MANY)]
        time.sleep(0.8)  # more than half a second, the longest wait of the first in the queue
        health = [pool.submit(timed, slow_server, path) for path in ("/livez", "/readyz")]
        late = [pool.submit(timed, slow_server) for _ in range(5)]
        page = pool.submit(timed, slow_server, "/login")
        answers = [each.result() for each in crowd]
    statuses = Counter(answer[0] for _, answer in answers)
    assert set(statuses) == {200, 503}
    assert statuses[200] >= 8
    assert max(seconds for seconds, _ in answers) < PATIENCE_SECONDS
    waits, found = zip(*(each.result() for each in health), strict=True)
    assert [status for status, _, _ in found] == [200, 200]
    assert max(waits) < PATIENCE_SECONDS
    waits, found = zip(*(each.result() for each in late), strict=True)
    assert min(waits) < 0.5 * max(seconds for seconds, _ in answers)
    for status, headers, body in found:
        assert status == 503
        assert headers["Retry-After"] == "1"
        assert orjson.loads(body)["error"]["code"] == "overloaded"
    _, (status, headers, body) = page.result()
    assert status == 503
    assert headers["Content-Type"].startswith("text/html")
    assert "请稍后重试" in body.decode()
    seconds, (status, _, _) = timed(slow_server)
    assert status == 200
    assert seconds < 10 * SLOW_SECONDS
    shown = slow_server.ask("GET", "/metrics")[2].decode()
    refused = float(
        shown.split('triage_refused_requests_total{reason="overloaded"} ')[1].split()[0]
    )
    assert refused == statuses[503] + len(late) + 1
    assert "requests_refused" in slow_server.logged


def test_more_connections_than_it_can_hold(small_server: Running) -> None:
    """Those above are refused at once; when the slow ones are gone, new ones are answered."""
    slow = [small_server.send(SLOW) for _ in range(MOST)]
    try:
        for _ in range(5):
            seconds, (status, headers, body) = timed(small_server)
            assert status == 503
            assert seconds < SLOW_CLIENT_SECONDS
            assert headers["Retry-After"] == "1"
            assert orjson.loads(body)["error"]["code"] == "too_many_connections"
        assert all(client.recv(65_536).startswith(b"HTTP/1.1 408") for client in slow)
    finally:
        for client in slow:
            client.close()
    until(lambda: timed(small_server)[1][0] == 200)


def test_idle_connections_make_room(small_server: Running) -> None:
    """Who keeps a connection without asking anything does not keep others out."""
    idle = [small_server.send(ALIVE) for _ in range(MOST)]
    assert all(client.recv(65_536).startswith(b"HTTP/1.1 200") for client in idle)
    assert timed(small_server)[1][0] == 200
    for client in idle:
        client.close()


def test_idle_connections_that_ask_while_they_make_room(small_server: Running) -> None:
    """Requests on old connections and new connections in the same moment, again and again."""
    (worker,) = set(sockets(small_server))
    old = [small_server.send(ALIVE) for _ in range(MOST)]
    for client in old:
        client.recv(65_536)
    for _ in range(10):
        new = [small_server.send(b"") for _ in range(MOST)]
        for client in (*old, *new):
            with contextlib.suppress(OSError):  # it was closed to make room
                client.sendall(ALIVE)
        for client in old:
            client.close()
        old = new
    for client in old:
        client.close()
    assert set(sockets(small_server)) == {worker}
    until(lambda: timed(small_server)[1][0] == 200)  # when it has seen that they are gone


def test_a_flood_of_connections_that_stay_silent(small_server: Running) -> None:
    """Five times as many as files may be open: it goes on, and answers when they are gone."""
    silent: list[socket.socket] = []
    try:
        for _ in range(5 * MOST):
            silent.append(small_server.send(SLOW))
        assert timed(small_server)[1][0] == 503
    finally:
        for client in silent:
            client.close()
    until(lambda: timed(small_server)[1][0] == 200)
