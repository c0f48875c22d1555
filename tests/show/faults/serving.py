"""A service with a fake model in a folder of its own, and clients that never rest."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import orjson
import psutil
from sqlalchemy import func, select

from service.audit import verify
from service.cases.tables import Case
from service.db import Database
from service.secret import load_secret
from tests.bench.server import free_port
from tests.conftest import ROOT
from tests.service.fakes import make_model

FILE = "triage.sqlite3"
START_SECONDS = 60.0
_CLIENTS, _ANSWER_SECONDS = 4, 15.0
_NEVER = float("inf")


@dataclass
class Service:
    """The service in a folder, and the cases that it said it had stored.

    `more` are settings and other variables of its environment.
    """

    folder: Path
    more: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    key: str = ""
    accepted: dict[int, int] = field(default_factory=dict)  # number of the request, of the case
    unstored: int = 0  # answered while the database did not: no case, and the answer says so
    refused: int = 0  # answers of 500 and more
    clients: list[threading.Thread] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def home(self) -> Path:
        """Where its database lies, if that is SQLite."""
        return self.folder / "home"

    @property
    def models(self) -> Path:
        """Where its models lie."""
        return self.folder / "models"

    @property
    def database_url(self) -> str:
        """Where its cases are."""
        return self.more.get("TRIAGE_DATABASE_URL") or f"sqlite:///{self.home / FILE}"

    @property
    def env(self) -> dict[str, str]:
        """Its settings."""
        own = {"TRIAGE_HOME": str(self.home), "TRIAGE_MODELS": str(self.models),
               "TRIAGE_PORT": str(self.port), "TRIAGE_LOG_LEVEL": "ERROR", "TRIAGE_THREADS": "2",
               "TRIAGE_EVENT_WORKER": "false"}  # fmt: skip
        return {**os.environ, **own, **self.more}

    def start(self) -> None:
        """Start without waiting."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        command = [sys.executable, "-m", "tests.service.serve_fake"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, **quiet)

    def ready_after(self, patience: float = START_SECONDS) -> float:
        """Seconds until it says that it is ready; it is started again when it has ended."""
        return self._after(lambda: self.ask("GET", "/readyz")[0] == 200, patience)

    def stores_after(self, patience: float = START_SECONDS) -> float:
        """Seconds until one more request is stored."""
        before = len(self.accepted)
        return self._after(lambda: len(self.accepted) > before, patience)

    def serves_after(self, version: str, patience: float = START_SECONDS) -> float:
        """Seconds until a version answers."""

        def serves() -> bool:
            status, answer = self.classify("哪个版本")
            return status == 200 and orjson.loads(answer)["model_version"] == version

        return self._after(serves, patience)

    def _after(self, is_so: Callable[[], bool], patience: float) -> float:
        start = time.monotonic()
        while time.monotonic() - start < patience:
            self._keep_running()
            with suppress(OSError, HTTPException):
                if is_so():
                    return time.monotonic() - start
            time.sleep(0.02)
        return _NEVER

    def _keep_running(self) -> None:
        """Start again what has ended, as systemd or a container's host does."""
        assert self.process is not None
        if self.process.poll() is not None:
            self.start()

    def classify(self, text: str, once: str = "", *, store: bool = False) -> tuple[int, bytes]:
        """Status and body of a classified text; the key makes it once however often it is sent."""
        body = orjson.dumps({"text": text, "store": store})
        return self.ask("POST", "/v1/classify", body, once)

    def ask(
        self, method: str, path: str, body: bytes | None = None, once: str = ""
    ) -> tuple[int, bytes]:
        """Status and body of one answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_SECONDS)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        try:
            connection.request(
                method, path, body, headers | ({"Idempotency-Key": once} if once else {})
            )
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def stop(self) -> None:
        """Let each client have its last request answered, then stop."""
        self.done.set()
        for client in self.clients:
            while client.is_alive():
                self._keep_running()
                client.join(0.1)
        assert self.process is not None
        self.process.terminate()
        self.process.wait()

    def processes(self) -> list[psutil.Process]:
        """The parent, then its workers."""
        assert self.process is not None
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children()]


@contextmanager
def serving(place: Path | None = None, more: Mapping[str, str] | None = None) -> Iterator[Service]:
    """A service that is asked all the time by clients that send again until they are answered.

    Its folder is made in `place`, or among temporary files.
    """
    with tempfile.TemporaryDirectory(dir=place) as folder:
        service = Service(Path(folder), more or {})
        make_model(service.models, "v0")
        make = [sys.executable, "-m", "service", "create-key", "--name", "faults",
                "--scope", "classify"]  # fmt: skip
        made = subprocess.run(
            make, cwd=ROOT, env=service.env, capture_output=True, text=True, check=True
        )
        service.key = made.stdout.strip().splitlines()[-1]
        service.start()
        try:
            if service.ready_after() > START_SECONDS:
                sys.exit("the service did not start")
            service.clients = [
                threading.Thread(target=_client, args=(service, n)) for n in range(_CLIENTS)
            ]
            for client in service.clients:
                client.start()
            yield service
        finally:
            service.stop()


def _client(service: Service, first: int) -> None:
    """Sends its requests one after the other; after the end it still has its last one answered."""
    number = first
    while not service.done.is_set():
        text = f"等了四十分钟，我要举报，{number}"
        while True:
            with suppress(OSError, HTTPException):
                status, answer = service.classify(text, f"request-{number}", store=True)
                if status == 200:
                    _note(service, number, orjson.loads(answer))
                    break
                service.refused += status >= 500
            time.sleep(0.02)
        number += _CLIENTS


def _note(service: Service, number: int, answer: dict[str, object]) -> None:
    case = answer["case_id"]
    if isinstance(case, int):
        service.accepted[number] = case
    else:
        service.unstored += 1


def check(
    url: str, home: Path, accepted: Mapping[int, int], *, most: int | None = None
) -> list[str]:
    """What is wrong with a database that should hold each accepted request once.

    It may hold up to `most` more: requests that were stored and whose answer was cut off.
    """
    found = []
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            said = connection.execute("PRAGMA integrity_check").fetchone()[0]
        connection.close()
        found += [] if said == "ok" else [f"integrity_check: {said}"]
    database = Database(url)
    with database.session() as session:
        stored = set(session.scalars(select(Case.id)))
        count = session.scalar(select(func.count()).select_from(Case)) or 0
    chain = verify(database, load_secret(home))
    database.close()
    wanted = set(accepted.values())
    if chain.broken is not None:
        found.append(f"the audit chain is broken at {chain.broken}")
    if len(wanted) < len(accepted):
        found.append(f"{len(accepted) - len(wanted)} requests share a case with another")
    if wanted - stored:
        found.append(f"{len(wanted - stored)} accepted requests are not there")
    if most is not None and count > len(accepted) + most:
        found.append(f"{count - len(accepted)} cases nobody was told of")
    return found
