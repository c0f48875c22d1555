"""The real application on a real port, in a thread, with faults that can be put before it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from sqlalchemy import make_url
from werkzeug.serving import make_server

from classifier.policy_file import load_policy
from service import create_app
from service.app import Parts
from service.db import Database, upgrade
from service.keys import create_key
from service.metrics import Metrics
from service.predictor import Predictor
from service.tables import Scope
from tests.service.fakes import load_fake, make_model, make_settings

Fault = Callable[[WSGIEnvironment, StartResponse, WSGIApplication], Iterable[bytes]]


@dataclass
class Served:
    """The service at an address, with a key for everything; `faults` come before its answers."""

    address: str = ""
    key: str = ""
    faults: list[Fault] = field(default_factory=list)
    seen: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, key of the call

    def wrap(self, app: WSGIApplication) -> WSGIApplication:
        """The application, which notes each request and has the faults first."""

        def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            key = environ.get("HTTP_IDEMPOTENCY_KEY", "")
            self.seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], key))
            if self.faults:
                return self.faults.pop(0)(environ, start, app)
            return app(environ, start)

        return answer


def answering(status: str, body: bytes = b"", **headers: str) -> Fault:
    """A fault that answers instead of the service; names of headers have _ for -."""

    def fault(environ: WSGIEnvironment, start: StartResponse, app: object) -> Iterable[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        shown = [(name.replace("_", "-"), value) for name, value in headers.items()]
        start(status, [*shown, ("Content-Length", str(len(body)))])
        return [body]

    return fault


def losing(environ: WSGIEnvironment, start: StartResponse, app: WSGIApplication) -> Iterable[bytes]:
    """A fault that lets the service do its work and then loses the answer."""
    for _ in app(environ, lambda *_: lambda _: None):
        pass
    environ["CONTENT_LENGTH"] = "0"  # it has been read, and to wait for more would never end
    return answering("502 Bad Gateway", b"<html>", Content_Type="text/html")(environ, start, app)


@pytest.fixture(scope="session")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    make_model(folder / "models", "v1")
    settings = make_settings(folder)
    Path(str(make_url(settings.database_url).database)).parent.mkdir(mode=0o700)
    database = Database(settings.database_url)
    upgrade(database)
    predictor = Predictor(settings.models, load_fake, load_policy())
    app = create_app(settings, Parts(settings, database, predictor, Metrics()))
    found = Served(key=create_key(database, "client", list(Scope)))
    server = make_server("127.0.0.1", 0, found.wrap(app.wsgi_app), threaded=True)
    found.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()
    database.close()


@pytest.fixture
def served(_running: Served) -> Served:
    """The service, without faults and with nothing seen so far."""
    _running.faults.clear()
    _running.seen.clear()
    return _running


def runtime(name: str) -> str:
    """The path of a program; without it the test is skipped and says so."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed here")
    return found
