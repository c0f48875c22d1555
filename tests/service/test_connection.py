from __future__ import annotations

import socket

import pytest

from service.connection import TimedSocket, is_whole

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


def test_head_and_body_of_an_answer_leave_together() -> None:
    """A process that is killed between them has sent nothing: a proxy tries another instance."""
    ours, client = socket.socketpair()
    with TimedSocket(fileno=ours.detach()) as served, client:
        client.setblocking(False)
        for number in (b"1", b"2"):  # a kept-alive connection answers again
            served.start(10.0)
            served.sendall(b"head " + number)
            with pytest.raises(BlockingIOError):
                client.recv(100)
            served.sendall(b" body")
            assert client.recv(100) == b"head " + number + b" body"
            served.sendall(b" more")
            served.finish()
            assert client.recv(100) == b" more"


def test_an_answer_without_a_body_is_its_head() -> None:
    """204, 304 and HEAD: nothing follows that it could wait for."""
    ours, client = socket.socketpair()
    with TimedSocket(fileno=ours.detach()) as served, client:
        served.start(10.0)
        served.sendall(b"head")
        served.finish()
        assert client.recv(100) == b"head"
