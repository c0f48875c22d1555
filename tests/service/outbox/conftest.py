"""A queue whose events can be read, and targets that record what they get."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import select

from service.db import Database
from service.outbox.runner import Runner
from service.outbox.tables import OutboxDelivery, OutboxEvent
from service.outbox.targets_file import TargetsFile
from service.policy_watch import PolicyWatch
from service.secret import load_secret
from tests.service.cases.conftest import Queue, queue  # noqa: F401  (a fixture)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Request:
    """What a target got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        """The body."""
        return json.loads(self.body)


@dataclass
class Reply:
    """What a target answers."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


class Receiver:
    """A target on this machine; `answer` decides what it says."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answer: Callable[[Request], Reply] = lambda _request: Reply()
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.path, headers, body)
                with receiver._lock:
                    receiver.requests.append(request)
                reply = receiver.answer(request)
                self.send_response(reply.status)
                for name, value in {**reply.headers, "Content-Length": len(reply.body)}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *_args: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Goes away."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def types(self) -> list[str]:
        """The types of the events, as they came."""
        return [str(request.json["type"]) for request in self.requests]

    @property
    def ids(self) -> list[str]:
        """The ids of the events, as they came."""
        return [request.headers["webhook-id"] for request in self.requests]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A target that takes everything."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@dataclass
class Outbox:
    """Events of a queue and a worker for them."""

    queue: Queue
    folder: Path

    @property
    def database(self) -> Database:
        """The database of the queue."""
        return self.queue.service.database

    def events(self) -> list[OutboxEvent]:
        """All events in order."""
        with self.database.session() as session:
            return list(session.scalars(select(OutboxEvent).order_by(OutboxEvent.number)))

    def types(self) -> list[str]:
        """Their types."""
        return [event.type for event in self.events()]

    def deliveries(self) -> list[OutboxDelivery]:
        """All deliveries in order."""
        statement = select(OutboxDelivery).order_by(
            OutboxDelivery.event_number, OutboxDelivery.target
        )
        with self.database.session() as session:
            return list(session.scalars(statement))

    def write(self, text: str) -> Path:
        """The file of targets, which a worker never sees half written."""
        path = self.folder / "targets.toml"
        written = self.folder / "targets.toml.new"
        written.write_text(text, encoding="utf-8")
        return written.replace(path)

    def runner(self, text: str) -> Runner:
        """A worker for these targets."""
        secret = load_secret(self.queue.service.settings.home)
        return Runner(self.database, secret, TargetsFile(self.write(text)), PolicyWatch(None))

    def deliver(self, text: str) -> None:
        """Delivers what is due."""
        self.runner(text).run(threading.Event(), once=True)


@pytest.fixture
def outbox(queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outbox:  # noqa: F811
    """A queue and its events."""
    monkeypatch.setenv("CRM_SECRET", SECRET)
    return Outbox(queue, tmp_path)


def webhook(url: str, more: str = "", *, name: str = "crm") -> str:
    """A file with one webhook."""
    return (
        f'[targets.{name}]\nkind = "webhook"\nurl = "{url}"\nallow_http = true\n'
        f'secret_env = "CRM_SECRET"\nfirst_retry_seconds = 0.1\n{more}\n'
    )


def environment_of(outbox: Outbox, path: Path) -> dict[str, str]:
    """What a worker process needs."""
    settings = outbox.queue.service.settings
    return {
        **os.environ,
        "TRIAGE_HOME": str(settings.home),
        "TRIAGE_MODELS": str(settings.models),
        "TRIAGE_DATABASE_URL": settings.database_url,
        "TRIAGE_TARGETS": str(path),
        "CRM_SECRET": SECRET,
    }
