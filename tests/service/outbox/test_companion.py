"""The event worker beside the real server."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.fakes import make_model
from tests.service.outbox.conftest import SECRET, Receiver, webhook
from tests.service.test_server import Running, until


class WithTargets(Running):
    """A server whose events go to a receiver."""

    more: dict[str, str] = {}  # noqa: RUF012  (replaced, never changed)

    @property
    def environment(self) -> dict[str, str]:
        """The settings of the process."""
        path = self.folder / "targets.toml"
        return {
            **super().environment,
            "TRIAGE_TARGETS": str(path),
            "CRM_SECRET": SECRET,
            **self.more,
        }

    def complain(self) -> None:
        """A complaint that becomes a case."""
        body = json.dumps({"text": "我要举报"}).encode()
        assert self.ask("POST", "/v1/classify", body)[0] == 200

    def workers(self) -> list[int]:
        """The event workers of this server, by the folder they work in."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
                here = str(self.folder).encode() in (entry / "environ").read_bytes()
            except OSError:
                continue
            if b"--companion" in words and here:
                found.append(int(entry.name))
        return found


@pytest.fixture
def server(tmp_path: Path, receiver: Receiver) -> Iterator[WithTargets]:
    """A server that was not started yet."""
    make_model(tmp_path / "models", "v1")
    (tmp_path / "targets.toml").write_text(webhook(receiver.url), encoding="utf-8")
    running = WithTargets(tmp_path)
    yield running
    running.kill()


def test_serve_delivers_and_starts_a_killed_worker_again(
    server: WithTargets, receiver: Receiver
) -> None:
    """One worker for all web processes; it ends with the server."""
    server.start()
    server.complain()
    until(lambda: len(receiver.requests) == 1)
    (first,) = server.workers()
    os.kill(first, signal.SIGKILL)
    server.complain()
    until(lambda: len(receiver.requests) == 2)
    assert server.workers() != [first]
    assert len(server.workers()) == 1
    assert server.stop() == 0
    assert server.workers() == []


def test_the_worker_ends_with_a_server_that_is_killed(
    server: WithTargets, receiver: Receiver
) -> None:
    """Nothing goes on in the background that nobody knows of."""
    server.start()
    until(lambda: len(server.workers()) == 1)
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    until(lambda: server.workers() == [])


def test_the_worker_can_be_switched_off(server: WithTargets, receiver: Receiver) -> None:
    """For those who run it elsewhere."""
    server.more = {"TRIAGE_EVENT_WORKER": "false"}
    server.start()
    server.complain()
    assert server.workers() == []
    assert receiver.requests == []
