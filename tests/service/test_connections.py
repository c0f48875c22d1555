"""Attacks below HTTP's meaning, on the real server: slow clients, smuggled and swollen requests."""

from __future__ import annotations

import gzip
import time
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest

from tests.service.test_server import Running, posting, server

__all__ = ["server"]  # the fixture
SLOW = 500
HEAD = b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
SMUGGLED = b"GET /v1/keys HTTP/1.1\r\nHost: x\r\n\r\n"


def test_500_slow_clients_stop_nobody(server: Running) -> None:
    """Each sends a head byte by byte; everybody else is answered, and the slow are let go."""
    slow = [server.send(b"POST /v1/classify HTTP/1.1\r\nX-Slow: ") for _ in range(SLOW)]
    try:
        for _ in range(3):
            for client in slow[::10]:
                client.send(b"a")
            started = time.monotonic()
            assert server.classify()[0] == 200
            assert time.monotonic() - started < 1.5  # the slow are let go after two seconds
        assert all(client.recv(65_536).startswith(b"HTTP/1.1 408") for client in slow)
    finally:
        for client in slow:
            client.close()
    assert server.classify()[0] == 200


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 0\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 0x5\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding: \x0bchunked\r\n",
        b"Content-Length: 5\r\n folded: 1\r\n",
        b"Content-Length: 5\r\nX: a\x00b\r\n",
        b"Content_Length: 44\r\nContent-Length: 0, 0\r\n",
    ],
)
def test_a_smuggled_request_is_never_answered(server: Running, head: bytes) -> None:
    """Two ways to read where a body ends: the connection is closed after one refusal."""
    answer = server.answer_to(HEAD + head + b"\r\n0\r\n\r\n" + SMUGGLED)
    assert answer[9:12] in {b"400", b"408", b"501"}, answer[:100]
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b'"items"' not in answer


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"text":' + b"[" * 200_000 + b"]" * 200_000 + b"}", [], b"400"),
        (b'{"metadata":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, [], b"400"),
        (gzip.compress(bytes(50_000_000)), ["Content-Encoding: gzip"], b"415"),
        (gzip.compress(bytes(50_000_000)), ["Content-Encoding: deflate, gzip"], b"415"),
        (b'{"text":"' + b"a" * 999_000 + b'"}', [], b"422"),
        (b'{"a":' + b"9" * 900_000 + b"}", [], b"4"),
        (b"{" + b",".join(b'"k%d":1' % n for n in range(80_000)) + b"}", [], b"422"),
        (b'{"items":[' + b"{}," * 300_000 + b"{}]}", [], b"422"),
    ],
)
def test_swollen_bodies_are_refused_at_once(
    server: Running, body: bytes, headers: list[str], status: bytes
) -> None:
    """Deep, packed, long and wide: an answer within two seconds, and the server goes on."""
    started = time.monotonic()
    answer = server.answer_to(posting(server, f"Content-Length: {len(body)}", *headers) + body)
    assert answer.startswith(b"HTTP/1.1 " + status), answer[:200]
    assert set(orjson.loads(answer.split(b"\r\n\r\n", 1)[1])) == {"error"}
    assert time.monotonic() - started < 2


def test_a_flood_of_headers_is_refused_for_all_who_send_it(server: Running) -> None:
    """Fifty clients at once with more and longer headers than allowed; others are answered."""
    head = b"GET / HTTP/1.1\r\nHost: x\r\n"
    many, long = b"A: b\r\n" * 5_000, b"Cookie: " + b"a=b; " * 13_000 + b"\r\n"
    floods = [head + many + b"\r\n", head + long + b"\r\n"] * 25
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(server.answer_to, floods))
    assert {answer[:12] for answer in answers} == {b"HTTP/1.1 431"}
    assert server.classify()[0] == 200
