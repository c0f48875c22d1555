"""A ticket system on this machine: checks what it is asked and answers like the real one."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Json = dict[str, object]


@dataclass
class Request:
    """What the system was asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        """The body."""
        return json.loads(self.body)


@dataclass
class Reply:
    """What it answers."""

    status: int
    content: object = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Ticket:
    """One ticket as its system keeps it, in words that are the same for all."""

    priority: str | None = None
    group: str | None = None
    tags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    public: list[str] = field(default_factory=list)  # what the customer would see: must stay empty
    stamp: int = 0


class FakeSystem:
    """A server; `trouble` may answer in its place, before or after the request was carried out.

    What a request gets wrong is in `wrong`: an address that there is not, a field or a value that
    the real system does not know.
    """

    def __init__(self) -> None:
        self.tickets = {"81": self.new_ticket()}
        self.requests: list[Request] = []
        self.wrong: list[str] = []
        self.trouble: Callable[[Request], Reply | None] = lambda _request: None
        self.trouble_after: Callable[[Request], Reply | None] = lambda _request: None
        self._lock = threading.Lock()
        system = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._serve("GET")

            def do_POST(self) -> None:
                self._serve("POST")

            def do_PUT(self) -> None:
                self._serve("PUT")

            def _serve(self, method: str) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                reply = system.serve(Request(method, parts.path, query, headers, body))
                content = b"" if reply.content is None else json.dumps(reply.content).encode()
                self.send_response(reply.status)
                head = {"Content-Type": "application/json", "Content-Length": len(content)}
                for name, value in {**head, **reply.headers, "Connection": "close"}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_args: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Goes away."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def ticket(self) -> Ticket:
        """The one that the payloads are about."""
        return self.tickets["81"]

    @property
    def writes(self) -> list[Request]:
        """The requests that changed something."""
        return [request for request in self.requests if request.method != "GET"]

    def serve(self, request: Request) -> Reply:
        """The answer."""
        trouble = self.trouble(request)  # may take its time: not under the lock
        with self._lock:
            self.requests.append(request)
            if trouble is not None:
                return trouble
            if request.body and not request.headers["content-type"].startswith("application/json"):
                self.wrong.append("Content-Type")
            if not self.is_known(request):
                return Reply(401, {"error": "authentication failed"})
            reply = self.answer(request)
        return self.trouble_after(request) or reply

    def unknown(self, request: Request) -> Reply:
        """An address that the real system does not have."""
        self.wrong.append(f"{request.method} {request.path}")
        return Reply(404, {"error": "no such route"})

    def check(self, content: object, allowed: set[str], place: str) -> Json:
        """An object with no other fields than these."""
        assert isinstance(content, dict), place
        self.wrong += [f"{place}.{name}" for name in set(content) - allowed]
        return content

    def new_ticket(self) -> Ticket:
        """A ticket that nobody has looked at."""
        return Ticket()

    def is_known(self, request: Request) -> bool:
        """Whether the token is right."""
        raise NotImplementedError

    def answer(self, request: Request) -> Reply:
        """What the real system would say."""
        raise NotImplementedError
