"""The soak run sends at its rate, counts waiting from when a request was due, and sees growth."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest

from tests.show.soak import Minute, judged, send_steadily

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answer(
    listener: socket.socket, pause: threading.Event, seconds: float, content: bytes = _ANSWER
) -> None:
    """Answer every connection in a thread of its own, the first request after a pause."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(
            target=_serve, args=(connection, pause, seconds, content), daemon=True
        ).start()


def _serve(
    connection: socket.socket, pause: threading.Event, seconds: float, content: bytes
) -> None:
    with connection, contextlib.suppress(OSError):  # the client went
        while connection.recv(1000):
            pause.wait(seconds)
            connection.sendall(content)


@pytest.mark.parametrize(("seconds", "least"), [(0.0, 0.0), (0.2, 0.2)])
def test_requests_are_sent_when_due_and_their_wait_is_told(seconds: float, least: float) -> None:
    """As many as the rate says, each having waited at least as long as the server took."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(
            target=answer, args=(listener, threading.Event(), seconds), daemon=True
        ).start()
        waits, refused = send_steadily(
            listener.getsockname()[1], [b"GET / HTTP/1.1\r\n\r\n"], 100, 1.0
        )
    assert (90 <= len(waits) <= 101, refused) == (True, 0)
    assert sorted(waits)[len(waits) // 2] >= least


def test_a_stalled_server_makes_all_that_was_due_wait() -> None:
    """Nothing is asked less because nothing is answered."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        waits, refused = send_steadily(
            listener.getsockname()[1], [b"GET / HTTP/1.1\r\n\r\n"], 200, 1.0
        )
    assert (len(waits) >= 190, refused) == (True, 0)
    assert max(waits) > 0.9


def test_who_is_refused_comes_again_on_another_connection() -> None:
    """Each 503 is counted, and the rate stays."""
    refusal = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        arguments = (listener, threading.Event(), 0.0, refusal)
        threading.Thread(target=answer, args=arguments, daemon=True).start()
        waits, refused = send_steadily(
            listener.getsockname()[1], [b"GET / HTTP/1.1\r\n\r\n"], 100, 1.0
        )
    assert refused >= 85
    assert 90 <= len(waits) <= 101
    assert judged([Minute(10, 1.0, 5.0, 300.0, refused=3)] * 3) == ["9 requests were answered 503"]


def test_growth_is_seen_after_the_warm_up() -> None:
    """Memory by a tenth or the median wait by a half, in the last third against the first."""
    steady = [Minute(10, 1.0, 5.0, 300.0)] * 9
    assert judged([Minute(10, 9.0, 9.0, 100.0)] * 2 + steady) == []
    assert judged(steady[:6] + [Minute(10, 1.0, 5.0, 340.0)] * 3) == [
        "memory grew from 300.00 to 340.00"
    ]
    assert judged(steady[:6] + [Minute(10, 1.6, 5.0, 300.0)] * 3) == [
        "median grew from 1.00 to 1.60"
    ]
