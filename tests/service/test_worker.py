from __future__ import annotations

import pytest

from service.worker import is_whole

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    "received",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        HEAD + b"Content-Length: 2\r\n\r\n{}",
        HEAD + b"content-length:2\r\n\r\n{}",
        HEAD + b"Content-Length: 0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_a_whole_request_goes_to_a_thread(received: bytes) -> None:
    """Head and body are there, however the body's length is told."""
    assert is_whole(received, 100)


@pytest.mark.parametrize(
    "received",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        HEAD + b"Content-Length: 2\r\n\r\n{",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    ],
)
def test_a_part_of_a_request_waits(received: bytes) -> None:
    """No thread waits for the rest."""
    assert not is_whole(received, 100)


@pytest.mark.parametrize(
    "received",
    [
        HEAD + b"Content-Length: 101\r\n\r\n",
        HEAD + b"Content-Length: 50\r\nExpect: 100-continue\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"x" * 101,
        b"x" * 70_000,
    ],
)
def test_what_needs_an_answer_before_it_is_whole_goes_to_a_thread(received: bytes) -> None:
    """Too large to be taken, or the client waits to be told to go on."""
    assert is_whole(received, 100)
